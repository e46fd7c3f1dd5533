"""A checked text to take away: CSV, the JSON of docs/checker.md, and the words that every form of it shares."""

from __future__ import annotations

import csv
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

from kb.corpus import Corpus
from kb.errors import BadInput
from kb.model import VERDICTS, CheckReport, DiffPart, Language, Trilingual, Verdict

VERDICT_WORDS: dict[Verdict, Trilingual] = {
    "VERIFIED": Trilingual("verified", "已核实", "vérifié"),
    "QUOTE_MISMATCH": Trilingual("words differ", "引文不符", "mots inexacts"),
    "ARTICLE_NOT_FOUND": Trilingual("no such article", "无此条文", "article inexistant"),
    "NOT_IN_CORPUS": Trilingual("not held here", "本库未收", "hors de ce corpus"),
    "AMENDED": Trilingual("amended", "已修改", "modifié"),
    "RENUMBERED": Trilingual("renumbered", "条号已变", "renuméroté"),
    "REPEALED": Trilingual("repealed", "已废止", "abrogé"),
    "DRAFT": Trilingual("draft", "草案", "projet"),
    "AMBIGUOUS": Trilingual("ambiguous", "指代不明", "ambigu"),
    "UNCHECKED": Trilingual("not checked", "未能核对", "non contrôlé"),
}
"""A short word a verdict, for readers."""
NO_CITATION = Trilingual(
    "No citation found: nothing was checked.",
    "未发现任何引用，因此没有核对任何内容。",
    "Aucune référence trouvée : rien n’a été vérifié.",
)
NOTICE = Trilingual(
    "English texts are an unofficial rendering; the Chinese text prevails. This is not legal advice.",
    "英文为非官方译文（unofficial rendering），以中文文本为准；本结果不构成法律意见。",
    "Les textes anglais sont une traduction non officielle ; le texte chinois fait foi. Ceci n’est pas un conseil juridique.",
)
SEVERITY: tuple[Verdict, ...] = (
    "VERIFIED",
    "UNCHECKED",
    "NOT_IN_CORPUS",
    "DRAFT",
    "AMENDED",
    "RENUMBERED",
    "REPEALED",
    "AMBIGUOUS",
    "ARTICLE_NOT_FOUND",
    "QUOTE_MISMATCH",
)
"""Where citations overlap, the colour is that of the last in this order."""


def counts(report: CheckReport) -> dict[Verdict, int]:
    """How many citations have each verdict, in the order of docs/checker.md, without zeros."""
    found = Counter(c.verdict for c in report.citations)
    return {verdict: found[verdict] for verdict in VERDICTS if found[verdict]}


def passes(report: CheckReport) -> bool:
    """Whether there is a citation and every one is verified."""
    return bool(report.citations) and all(c.verdict == "VERIFIED" for c in report.citations)


# ------------------------------------------------------------------ JSON, CSV


def report_record(report: CheckReport, corpus: Corpus) -> dict[str, Any]:
    """The report as published (docs/checker.md)."""
    return {
        "on": report.on.isoformat(),
        "written": report.written.isoformat() if report.written else None,
        "characters": len(report.text),
        "citations": [
            {
                "text": c.text,
                "start": c.start,
                "end": c.end,
                "id": c.id,
                "law": c.law,
                "article": c.article,
                "paragraph": c.paragraph,
                "item": c.item,
                "verdict": c.verdict,
                "detail": c.detail,
                "today": {"id": str(c.today), "label": corpus.label(c.today, "en")} if c.today else None,
                "quotes": [{"text": q.text, "start": q.start, "end": q.end, "found": q.found} for q in c.quotes],
                "diff": [list(part) for part in c.diff] or None,
            }
            for c in report.citations
        ],
    }


_CSV_COLUMNS = (
    "line",
    "citation",
    "verdict",
    "detail",
    "today",
    "today_id",
    "id",
    "law",
    "article",
    "paragraph",
    "item",
    "quotes",
    "quotes_found",
    "start",
    "end",
)
_FORMULA = re.compile(r"^[\s\0]*[=+\-@＝＋－＠|]|^[\t\r]")


def report_csv(report: CheckReport, corpus: Corpus, language: Language = "en") -> bytes:
    """One row a citation, in UTF-8 with a mark so that Excel reads it.

    A cell that a spreadsheet would take for a formula begins with an apostrophe.
    """
    out = StringIO(newline="")
    rows = csv.writer(out)
    rows.writerow(_CSV_COLUMNS)
    for number, c in zip(line_numbers(report.text, (c.start for c in report.citations)), report.citations, strict=True):
        cells: list[object] = [number, c.text, c.verdict, c.detail, corpus.label(c.today, language) if c.today else ""]
        cells += [c.today or "", c.id or "", c.law or "", c.article or "", c.paragraph or "", c.item or ""]
        cells += [" | ".join(q.text for q in c.quotes), " | ".join(_found(q.found) for q in c.quotes), c.start, c.end]
        rows.writerow([safe_cell(str(cell)) for cell in cells])
    return b"\xef\xbb\xbf" + out.getvalue().encode("utf-8", "replace")


def safe_cell(cell: str) -> str:
    """A cell that a spreadsheet does not take for a formula."""
    return "'" + cell if _FORMULA.match(cell) else cell


def _found(found: bool | None) -> str:
    return {True: "found", False: "not found", None: "not compared"}[found]


def line_numbers(text: str, positions: Iterable[int]) -> list[int]:
    """The 1-based lines of positions in a text."""
    ends = [i for i, char in enumerate(text) if char == "\n"]
    return [bisect_right(ends, position - 1) + 1 for position in positions]


def diff_text(diff: Sequence[DiffPart]) -> str:
    """A word diff in one line: [-only quoted-] {+only held+}."""
    shown = {"=": "{}", "-": "[-{}-]", "+": "{{+{}+}}"}
    return " ".join(shown[op].format(words.strip()) for op, words in diff)


# ------------------------------------------------------------------ files


def write_file(path: Path, content: bytes, argument: str) -> None:
    """Write beside and rename, so that the file appears whole or not at all; BadInput names the argument."""
    beside = path.with_name(path.name + ".part")
    try:
        beside.write_bytes(content)
        beside.replace(path)
    except OSError as error:
        raise BadInput(f"{argument}: {path}: cannot be written ({error.strerror})") from None
    finally:
        if beside.is_file():
            beside.unlink()
