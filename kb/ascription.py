"""Which citation a quotation belongs to; the rules are those of docs/checker.md."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import replace

from kb.cited import Cited, Page, is_statement
from kb.quotation import QuotedSpan

_BEHIND = re.compile(r"[ \t,，.。;；]*(?:[(（\[]|—+|–|-)[^()（）\[\]\n。]{0,60}")
_POINTS_BACK = re.compile(
    r"\s*(?:It|This|That|The (?:article|provision|paragraph|law|text)|Its|Under it|该|其|此|该条|条文|原文|Il|Elle|L['’]article|Cet article|Le texte)",
    re.IGNORECASE,
)


MAX_BEHIND = 100


def with_quotes(page: Page, cited: list[Cited]) -> list[Cited]:
    """Each quotation given to the one citation it belongs to."""
    owners: dict[int, list[QuotedSpan]] = {}
    starts = [c.start for c in cited]
    for quote in page.quotes:
        owner = _owner(page, quote, cited, starts)
        if owner is not None:
            owners.setdefault(owner, []).append(quote)
    return [replace(one, quotes=tuple(owners.get(i, ()))) for i, one in enumerate(cited)]


def _owner(page: Page, quote: QuotedSpan, cited: list[Cited], starts: list[int]) -> int | None:
    behind = bisect_left(starts, quote.outer_end)
    between = (
        page.plain[quote.outer_end : min(cited[behind].start, quote.outer_end + MAX_BEHIND)]
        if behind < len(cited)
        else ""
    )
    if behind < len(cited) and quote.outer_end + len(between) == cited[behind].start and _BEHIND.fullmatch(between):
        return behind
    start, end = page.sentence_at(quote.outer_start)
    first, here = bisect_left(starts, start), bisect_left(starts, quote.outer_start)
    before = [i for i in range(first, here) if cited[i].end <= quote.outer_start]
    after = list(range(behind, bisect_left(starts, end)))
    near = [i for i in before if cited[i].mention] or before or [i for i in after if cited[i].mention] or after
    if near:
        return near[-1] if before else near[0]
    return _owner_before(page, quote, cited, here, start)


def _owner_before(page: Page, quote: QuotedSpan, cited: list[Cited], here: int, sentence: int) -> int | None:
    """The last citation before a quotation that a colon introduces, that fills its sentence, or whose sentence points back."""
    last = next((i for i in range(here - 1, max(-1, here - 4), -1) if cited[i].end <= quote.outer_start), None)
    if last is None:
        return None
    lead = page.plain[max(0, quote.outer_start - 200) : quote.outer_start].rstrip()
    paragraphs = page.paragraphs_to(quote.outer_start, 2)
    near = cited[last].start >= paragraphs[0][0]
    if near and (lead.endswith((":", "：")) or page.text[quote.outer_start] in " \t>"):
        return last
    said = page.plain[sentence : quote.outer_start]
    same_paragraph = cited[last].start >= paragraphs[-1][0]
    if same_paragraph and is_statement(quote.text) and (not said.strip() or _POINTS_BACK.match(said)):
        return last
    return None
