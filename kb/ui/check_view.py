"""A checked text as HTML: the text with its citations marked, a table of verdicts, and a card a citation.

Every text that comes from outside this module is escaped here, once. Long texts are cut for the screen, and it is said.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from datetime import date
from html import escape

from kb.annotate import NO_CITATION, SEVERITY, VERDICT_WORDS, counts, line_numbers
from kb.corpus import Corpus
from kb.generate import contains
from kb.ids import ProvisionId
from kb.model import CheckedCitation, CheckReport, Language, Line, Provision, Quotation, Verdict
from kb.ui.library_links import address, permanent_link
from kb.ui.strings import word

MAX_SHOWN = 200_000
"""Characters of a text that are shown; all of it is checked."""
MAX_CARDS = 150
MAX_ROWS = 1_000
CHIP: dict[Verdict, str] = {
    "VERIFIED": "ok",
    "QUOTE_MISMATCH": "bad",
    "ARTICLE_NOT_FOUND": "bad",
    "AMENDED": "moved",
    "RENUMBERED": "moved",
    "REPEALED": "moved",
    "DRAFT": "draft",
    "NOT_IN_CORPUS": "draft",
    "AMBIGUOUS": "open",
    "UNCHECKED": "open",
}
"""Colours mean verdicts: stands, fails, moved on, never law or not held, open."""


def result(report: CheckReport, corpus: Corpus, language: Language, name: str, notes: tuple[str, ...] = ()) -> str:
    """What was checked, the counts as filters, the text with its citations, the table."""
    facts = [f"{len(report.text):,} {word('check_characters', language)}", f"{word('as_of', language)} {report.on}"]
    if report.written:
        facts.append(f"{word('check_written_short', language)} {report.written}")
    about = f'<p class="kb-facts"><b>{escape(name)}</b> · {escape(" · ".join(facts))}</p>'
    about += "".join(f'<p class="kb-note">{escape(note)}</p>' for note in notes)
    if not report.citations:
        none = f'<p class="kb-note kb-none" role="status"><b>{escape(NO_CITATION[language])}</b></p>'
        return f'<div class="kb-checked-text">{about}{none}{marked(report, language)}</div>'
    return (
        f'<div class="kb-checked-text">{about}{_filters(report, language)}{marked(report, language)}'
        f"{table(report, corpus, language)}</div>"
    )


def _filters(report: CheckReport, language: Language) -> str:
    total = len(report.citations)
    buttons = [_filter("", f"{word('check_all', language)} {total}", "all", pressed=True)]
    for verdict, number in counts(report).items():
        buttons.append(_filter(verdict, f"{VERDICT_WORDS[verdict][language]} {number}", CHIP[verdict]))
    label = escape(word("check_filter", language), quote=True)
    return f'<p class="kb-filters" role="group" aria-label="{label}">{"".join(buttons)}</p>'


def _filter(verdict: str, text: str, chip: str, pressed: bool = False) -> str:
    return (
        f'<button type="button" class="kb-chip kb-{chip}" data-filter="{verdict}" title="{verdict}" '
        f'aria-pressed="{"true" if pressed else "false"}">{escape(text)}</button>'
    )


# ------------------------------------------------------------------ the text


def marked(report: CheckReport, language: Language) -> str:
    """The text with each citation in the colour of its verdict; a click opens its card."""
    shown = report.text[:MAX_SHOWN]
    pieces: list[str] = []
    at = 0
    for start, end, html in _marks(report, language):
        if end > len(shown):
            break
        pieces += [escape(shown[at:start], quote=False), html]
        at = end
    pieces.append(escape(shown[at:], quote=False))
    cut = ""
    if len(report.text) > MAX_SHOWN:
        said = word("check_cut", language).format(shown=f"{MAX_SHOWN:,}", all=f"{len(report.text):,}")
        cut = f'<p class="kb-note">{escape(said)}</p>'
    return f'{cut}<div class="kb-text" tabindex="0">{"".join(pieces)}</div>'


def _marks(report: CheckReport, language: Language) -> Iterator[tuple[int, int, str]]:
    """Stretches of the text in order, none overlapping, with what is shown in their place.

    Citations that overlap share one stretch, in the colour of the gravest, with a number for each.
    """
    groups: list[list[int]] = []
    reach = -1
    order = sorted(range(len(report.citations)), key=lambda i: (report.citations[i].start, -report.citations[i].end))
    for i in order:
        if report.citations[i].start < reach:
            groups[-1].append(i)
        else:
            groups.append([i])
        reach = max(reach, report.citations[i].end)
    marks: list[tuple[int, int, str]] = []
    for group in groups:
        start = min(report.citations[i].start for i in group)
        end = max(report.citations[i].end for i in group)
        marks.append((start, end, _cite(group, report, report.text[start:end], language)))
    starts = [start for start, _, _ in marks]
    ends = [end for _, end, _ in marks]
    for quote in (q for c in report.citations for q in c.quotes if q.found is not None):
        if bisect_right(ends, quote.start) == bisect_left(starts, quote.end):  # no citation within
            marks.append((quote.start, quote.end, _quoted(quote, language)))
    at = 0
    for start, end, html in sorted(marks):
        if start >= at:
            yield start, end, html
            at = end


def _cite(group: list[int], report: CheckReport, text: str, language: Language) -> str:
    gravest = max(group, key=lambda i: SEVERITY.index(report.citations[i].verdict))
    verdict = report.citations[gravest].verdict
    title = " / ".join(f"{report.citations[i].verdict}: {report.citations[i].detail}" for i in group[:5])
    numbers = "".join(_number(i, i == gravest) for i in group)
    inside = f'{escape(text, quote=False)} <span class="kb-word">{escape(VERDICT_WORDS[verdict][language])}</span>'
    opened = f'<a href="#ck-{gravest}" data-open="ck-{gravest}">{inside}</a>' if gravest < MAX_CARDS else inside
    verdicts = " ".join(sorted({report.citations[i].verdict for i in group}))
    return (
        f'<span class="kb-cite kb-{CHIP[verdict]}" data-verdicts="{verdicts}" title="{escape(title, quote=True)}">'
        f"{opened}{numbers}</span>"
    )


def _number(i: int, opened: bool) -> str:
    link = "" if opened or i >= MAX_CARDS else f' href="#ck-{i}" data-open="ck-{i}"'
    return f"<sup>{f'<a{link}>{i + 1}</a>' if link else i + 1}</sup>"


def _quoted(quote: Quotation, language: Language) -> str:
    title = word("check_found" if quote.found else "check_not_found", language)
    kind = "found" if quote.found else "lost"
    return (
        f'<span class="kb-said kb-{kind}" title="{escape(title, quote=True)}">{escape(quote.text, quote=False)}</span>'
    )


# ------------------------------------------------------------------ the table


def table(report: CheckReport, corpus: Corpus, language: Language) -> str:
    heads = "".join(
        f"<th>{escape(word(key, language))}</th>"
        for key in ("check_line", "check_citation", "check_verdict", "check_today", "check_detail")
    )
    citations = report.citations[:MAX_ROWS]
    lines = line_numbers(report.text, (c.start for c in citations))
    rows = "".join(
        _row(i, c, line, report.on, corpus, language) for i, (c, line) in enumerate(zip(citations, lines, strict=True))
    )
    cut = ""
    if len(report.citations) > MAX_ROWS:
        cut = f'<p class="kb-note">{escape(word("check_rows_cut", language).format(shown=MAX_ROWS))}</p>'
    return f'<div class="kb-table"><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>{cut}'


def _row(i: int, c: CheckedCitation, line: int, on: date, corpus: Corpus, language: Language) -> str:
    text = escape(c.text)
    opener = f'<a href="#ck-{i}" data-open="ck-{i}">{text}</a>' if i < MAX_CARDS else text
    today = place_link(c.today, on, corpus, language) if c.today else "–"
    return (
        f'<tr data-verdict="{c.verdict}"><td>{line}</td><td>{opener}</td>'
        f'<td><span class="kb-chip kb-{CHIP[c.verdict]}" title="{c.verdict}">{escape(VERDICT_WORDS[c.verdict][language])}</span></td>'
        f"<td>{today}</td><td>{escape(c.detail)}</td></tr>"
    )


def place_link(place: ProvisionId, on: date, corpus: Corpus, language: Language) -> str:
    """A link to the place in the Library, in the version that it names."""
    href = permanent_link(place, corpus, on, language)
    return f'<a href="{escape(href, quote=True)}">{escape(corpus.label(place, language))}</a>'


# ------------------------------------------------------------------ the cards


def cards(report: CheckReport, corpus: Corpus, language: Language) -> str:
    """One card a citation: what was found, the words quoted, and the provision in both languages."""
    if not report.citations:
        return f'<div class="kb-empty">{escape(NO_CITATION[language])}</div>'
    made = "".join(card(i, report, corpus, language) for i in range(min(len(report.citations), MAX_CARDS)))
    cut = ""
    if len(report.citations) > MAX_CARDS:
        cut = f'<p class="kb-note">{escape(word("check_cards_cut", language).format(shown=MAX_CARDS))}</p>'
    return f'<h2 class="kb-side">{escape(word("check_cards", language))}</h2>{cut}<div class="kb-cards">{made}</div>'


def card(i: int, report: CheckReport, corpus: Corpus, language: Language) -> str:
    c = report.citations[i]
    place = _place(c, corpus)
    parts = [f'<p class="kb-detail">{escape(c.detail)}</p>']
    if c.today:
        link = place_link(c.today, report.on, corpus, language)
        parts.append(f'<p class="kb-today"><b>{escape(word("check_today", language))} ({report.on}):</b> {link}</p>')
    if c.quotes:
        parts.append(f'<ul class="kb-quotes">{"".join(_quote(q, language) for q in c.quotes)}</ul>')
    if c.diff:
        shown = {"=": "{}", "-": "<del>{}</del>", "+": "<ins>{}</ins>"}
        words = " ".join(shown[op].format(escape(text)) for op, text in c.diff)
        parts.append(f'<p class="kb-diff"><b>{escape(word("check_diff", language))}</b><br>{words}</p>')
    if place:
        parts.append(provision(place, report.on, corpus, language, "check_cited"))
    if c.today and c.today != place:
        parts.append(provision(c.today, report.on, corpus, language, "check_today"))
    if c.id is not None and c.id in corpus.records:
        parts.append(_library(f"/record/{c.id}", report.on, language))
    elif place is None and c.today is None and c.law in corpus.laws:
        parts.append(_library(f"/law/{c.law}", report.on, language))
    head = (
        f'<summary>{i + 1} · <b>{escape(c.text)}</b> <span class="kb-chip kb-{CHIP[c.verdict]}" title="{c.verdict}">'
        f"{escape(VERDICT_WORDS[c.verdict][language])}</span></summary>"
    )
    opened = " open" if i == 0 else ""
    return f'<details class="kb-card" id="ck-{i}" data-verdict="{c.verdict}"{opened}>{head}{"".join(parts)}</details>'


def _library(path: str, on: date, language: Language) -> str:
    href = address(path, {"on": on.isoformat(), "lang": language})
    return (
        f'<p class="kb-facts"><a href="{escape(href, quote=True)}">{escape(word("open_in_library", language))}</a></p>'
    )


def _place(c: CheckedCitation, corpus: Corpus) -> ProvisionId | None:
    """The place cited where its text is held."""
    if c.id is None or "/art_" not in c.id:
        return None
    place = ProvisionId.parse(c.id)
    return place if place.version and corpus.find(place) else None


def _quote(quote: Quotation, language: Language) -> str:
    key, sign, kind = {
        True: ("check_found", "✓", "found"),
        False: ("check_not_found", "✗", "lost"),
        None: ("check_not_compared", "–", "open"),
    }[quote.found]
    return f'<li class="kb-{kind}"><q>{escape(quote.text)}</q> <b>{sign} {escape(word(key, language))}</b></li>'


def provision(place: ProvisionId, on: date, corpus: Corpus, language: Language, key: str) -> str:
    """An article in both languages, the place within it marked, with a link to the Library."""
    article = corpus.find(place.whole_article)
    if article is None:
        return ""
    version = corpus.version(place.law, place.version or "")
    columns = "".join(_column(article, place, code, language) for code in ("en", "zh"))
    heading = f" · {escape(article.heading[language])}" if article.heading else ""
    partial = version.partial.get(place.article)
    warned = f'<p class="kb-note">{escape(word("incomplete", language))} {escape(partial)}</p>' if partial else ""
    return (
        f"<h3>{escape(word(key, language))}: {place_link(place, on, corpus, language)}{heading} <small>{version.key}</small></h3>"
        f'{warned}<div class="kb-columns">{columns}</div>'
    )


def _column(article: Provision, place: ProvisionId, code: str, language: Language) -> str:
    title = escape(word("english" if code == "en" else "chinese", language))
    if article.text("zh" if code == "zh" else "en") is None:
        missing = escape(word("chinese_link" if code == "zh" else "no_english", language))
        return f'<div><h4>{title}</h4><p class="kb-missing">{missing}</p></div>'
    single = max(line.paragraph for line in article.lines) == 1
    text = "".join(_line(line, place, single, code) for line in article.lines)
    note = f'<p class="kb-unofficial">{escape(word("unofficial", language))}</p>' if code == "en" else ""
    return f'<div lang="{code}"><h4>{title}</h4>{text}{note}</div>'


def _line(line: Line, place: ProvisionId, single: bool, code: str) -> str:
    here = ProvisionId(place.law, place.version, place.article, None if single else line.paragraph, line.item)
    inside = contains(place, here) and place != place.whole_article
    kind = "item" if line.item else "paragraph"
    content = escape((line.zh if code == "zh" else line.en) or "")
    return f'<p class="kb-{kind}">{f"<mark>{content}</mark>" if inside else content}</p>'
