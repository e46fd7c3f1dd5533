"""A checked text as a Word document: a comment on each citation, and a table of all verdicts at the end."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from html import escape
from io import BytesIO
from typing import TYPE_CHECKING, Any

from kb.annotate import NO_CITATION, NOTICE, SEVERITY, VERDICT_WORDS, counts, diff_text
from kb.corpus import Corpus
from kb.docx_text import RunSpan, child_text, open_docx
from kb.model import CheckedCitation, CheckReport, Language, Trilingual, Verdict

if TYPE_CHECKING:
    from docx.document import Document

_TITLE = Trilingual("Citations checked", "引用核对结果", "Références vérifiées")
_FACTS = Trilingual(
    "Law as of {on}. Corpus {corpus}. Citations: {count}.",
    "法律日期：{on}。语料库：{corpus}。引用：{count} 处。",
    "Droit en vigueur au {on}. Corpus {corpus}. Références : {count}.",
)
_WRITTEN = Trilingual(" Text written on {day}.", "文本写成日期：{day}。", " Texte écrit le {day}.")
_UNANCHORED = Trilingual(
    "* In a note or a text box, or beyond the first {most} comments: listed here, without a comment in the text.",
    "* 位于脚注、尾注或文本框，或超出前 {most} 条批注：仅列于此，正文中无批注。",
    "* Dans une note ou une zone de texte, ou au-delà des {most} premiers commentaires : dans cette liste seulement.",
)
_COLUMNS = (
    Trilingual("No.", "序号", "N°"),
    Trilingual("Citation", "引用", "Référence"),
    Trilingual("Verdict", "结论", "Résultat"),
    Trilingual("Today", "现行位置", "Aujourd’hui"),
    Trilingual("Detail", "说明", "Détail"),
)
_QUOTED = Trilingual("Quoted", "引文", "Cité")
_FOUND = Trilingual("stands there", "原文如此", "y figure")
_NOT_FOUND = Trilingual("does not stand there", "原文并非如此", "n’y figure pas")
_DIFF = Trilingual(
    "Word diff ([-quoted-] {+held+})", "逐字比较（[-引文-]{+原文+}）", "Comparaison ([-cité-] {+texte+})"
)
_MARK: dict[Verdict, str] = {
    "VERIFIED": "green",
    "QUOTE_MISMATCH": "magenta",
    "ARTICLE_NOT_FOUND": "magenta",
    "NOT_IN_CORPUS": "lightGray",
    "AMENDED": "yellow",
    "RENUMBERED": "yellow",
    "REPEALED": "yellow",
    "DRAFT": "cyan",
    "AMBIGUOUS": "lightGray",
    "UNCHECKED": "lightGray",
}
MAX_COMMENTS = 1_000
_AUTHOR = "kb check"


def report_docx(
    report: CheckReport, corpus: Corpus, language: Language = "en", origin: bytes | None = None, name: str = "text"
) -> bytes:
    """A .docx with a comment on each citation, the citation marked in the colour of its verdict, and a table at the end.

    `origin` is the .docx that the text was read from: then a copy of it is annotated. Citations in its notes and text boxes
    are in the table only, as Word allows no comment there.
    """
    if origin is None:
        document, spans = _plain_document(report.text)
    else:
        document, text, read = open_docx(origin, name)
        if text != report.text:
            raise ValueError(f"{name}: the report is of another text")
        spans = list(read)
    spans = _split_at(spans, {p for c in report.citations for p in (c.start, c.end)})
    anchored = _comment(document, spans, report, corpus, language)
    _append_table(document, report, corpus, language, anchored)
    out = BytesIO()
    document.save(out)
    return out.getvalue()


_NOT_XML = re.compile(r"[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _plain_document(text: str) -> tuple[Document, list[RunSpan]]:
    """A new document with one paragraph a line."""
    import docx
    from docx.oxml import OxmlElement

    document = docx.Document()
    last: Any = document.element.body.sectPr
    spans: list[RunSpan] = []
    at = 0
    for line in _NOT_XML.sub("\ufffd", text).split("\n"):
        paragraph: Any = OxmlElement("w:p")
        if line:
            paragraph.add_r().text = line
            spans.append(RunSpan(at, at + len(line), "body", paragraph[0]))
        last.addprevious(paragraph)
        at += len(line) + 1
    return document, spans


def _split_at(spans: Sequence[RunSpan], positions: set[int]) -> list[RunSpan]:
    """Runs cut so that none crosses a position; a run and its right part keep their formatting."""
    cuts = sorted(positions)
    split: list[RunSpan] = []
    for span in spans:
        rest = span
        for cut in cuts[bisect_right(cuts, span.start) :]:
            if cut >= span.end:
                break
            right = _split_run(rest.element, cut - rest.start)
            split.append(replace(rest, end=cut))
            rest = replace(rest, start=cut, element=right)
        split.append(rest)
    return split


def _split_run(run: Any, at: int) -> Any:
    """Cut a `w:r` after `at` characters (0 < at < its length); the new right part, standing behind it, is returned."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    right: Any = OxmlElement("w:r")
    if run.rPr is not None:
        right.append(deepcopy(run.rPr))
    seen = 0
    for child in [c for c in run if c is not run.rPr]:
        text = child_text(child)
        if seen >= at:
            right.append(child)
        elif seen + len(text) > at:
            tail = deepcopy(child)
            child.text, tail.text = text[: at - seen], text[at - seen :]
            for part in (child, tail):
                part.set(qn("xml:space"), "preserve")
            right.append(tail)
        seen += len(text)
    run.addnext(right)
    return right


def _comment(
    document: Document, spans: list[RunSpan], report: CheckReport, corpus: Corpus, language: Language
) -> set[int]:
    """Mark and comment each citation; the numbers (from 0) of those that could be anchored."""
    from docx.enum.text import WD_COLOR_INDEX
    from docx.text.run import Run

    ends = [span.end for span in spans]
    anchored: set[int] = set()
    shade: dict[int, Verdict] = {}
    for number, citation in enumerate(report.citations):
        first = bisect_right(ends, citation.start)
        last = first
        while last < len(spans) and spans[last].start < citation.end:
            last += 1
        runs = [i for i in range(first, last) if spans[i].part == "body"]
        if not runs or len(runs) < last - first or len(anchored) >= MAX_COMMENTS:
            continue
        for i in runs:
            shade[i] = max(shade.get(i, citation.verdict), citation.verdict, key=SEVERITY.index)
        ranges = [Run(spans[i].element, document) for i in (runs[0], runs[-1])]
        document.add_comment(ranges, _xml_text(comment_text(citation, corpus, language, report)), _AUTHOR, "kb")
        anchored.add(number)
    for i, verdict in shade.items():
        Run(spans[i].element, document).font.highlight_color = WD_COLOR_INDEX.from_xml(_MARK[verdict])
    return anchored


def comment_text(citation: CheckedCitation, corpus: Corpus, language: Language, report: CheckReport) -> str:
    """What the comment on a citation says, a few lines."""
    word = VERDICT_WORDS[citation.verdict][language]
    lines = [f"{citation.verdict} · {word}", citation.detail]
    if citation.today:
        lines.append(f"{_COLUMNS[3][language]} ({report.on}): {corpus.label(citation.today, language)}")
    for quote in citation.quotes:
        if quote.found is not None:
            state = (_FOUND if quote.found else _NOT_FOUND)[language]
            lines.append(f"{_QUOTED[language]}: “{_short(quote.text)}” – {state}")
    if citation.diff:
        lines.append(f"{_DIFF[language]}: {_short(diff_text(citation.diff), 1_500)}")
    return "\n".join(line for line in lines if line)


def _short(text: str, most: int = 300) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _xml_text(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)


def _append_table(
    document: Document, report: CheckReport, corpus: Corpus, language: Language, anchored: set[int]
) -> None:
    """The table of verdicts behind the text, without any style, as a user's document may lack them."""
    from docx.oxml import parse_xml

    body: Any = document.element.body

    def add(xml: str) -> None:
        body.insert_element_before(parse_xml(xml.replace(">", f" {_NS}>", 1)), "w:sectPr")

    facts = _FACTS[language].format(on=report.on, corpus=corpus.fingerprint, count=len(report.citations))
    if report.written:
        facts += _WRITTEN[language].format(day=report.written)
    add('<w:p><w:r><w:br w:type="page"/></w:r></w:p>')
    add(_paragraph(_TITLE[language], bold=True))
    add(_paragraph(facts))
    add(_paragraph(NOTICE[language]))
    if not report.citations:
        add(_paragraph(NO_CITATION[language], bold=True))
        return
    totals = " · ".join(f"{VERDICT_WORDS[v][language]} ({v}): {n}" for v, n in counts(report).items())
    add(_paragraph(totals))
    rows = [_row([c[language] for c in _COLUMNS], None)]
    for number, c in enumerate(report.citations):
        today = corpus.label(c.today, language) if c.today else "–"
        sign = "" if number in anchored else " *"
        verdict = f"{c.verdict}\n{VERDICT_WORDS[c.verdict][language]}"
        rows.append(_row([f"{number + 1}{sign}", c.text, verdict, today, c.detail], _MARK[c.verdict]))
    borders = "".join(
        f'<w:{side} w:val="single" w:sz="4" w:color="999999"/>'
        for side in ("top", "left", "bottom", "right", "insideH", "insideV")
    )
    grid = "".join(f'<w:gridCol w:w="{width}"/>' for width in _WIDTHS)
    add(
        f'<w:tbl><w:tblPr><w:tblW w:w="5000" w:type="pct"/><w:tblBorders>{borders}</w:tblBorders></w:tblPr>'
        f"<w:tblGrid>{grid}</w:tblGrid>{''.join(rows)}</w:tbl>"
    )
    add(_paragraph(_UNANCHORED[language].format(most=MAX_COMMENTS) if len(anchored) < len(report.citations) else ""))


_NS = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_WIDTHS = (600, 2400, 1900, 1800, 2900)


def _paragraph(text: str, bold: bool = False, mark: str | None = None, size: int | None = None) -> str:
    look = ("<w:b/>" if bold else "") + (f'<w:sz w:val="{size}"/>' if size else "")
    look += f'<w:highlight w:val="{mark}"/>' if mark else ""
    lines = "<w:br/>".join(
        f'<w:t xml:space="preserve">{escape(_xml_text(line), quote=False)}</w:t>' for line in text.split("\n")
    )
    return f"<w:p><w:r><w:rPr>{look}</w:rPr>{lines}</w:r></w:p>"


def _row(cells: Sequence[str], mark: str | None) -> str:
    """A row of the table; the verdict (third cell) is marked in its colour, a row without a colour is the head."""
    made = "".join(
        f'<w:tc><w:tcPr><w:tcW w:w="{_WIDTHS[i]}" w:type="dxa"/></w:tcPr>'
        f"{_paragraph(cell, bold=mark is None, mark=mark if i == 2 else None, size=18)}</w:tc>"
        for i, cell in enumerate(cells)
    )
    return f"<w:tr>{'' if mark else '<w:trPr><w:tblHeader/></w:trPr>'}{made}</w:tr>"
