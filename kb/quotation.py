"""Quotations in a text: where they are, and whether their words stand in a provision.

Words match exactly after normalisation (`kb.text.normalise`), never by likeness; see docs/checker.md for what may differ.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from kb.text import CJK, normalise

MAX_QUOTATION = 6_000
"""Characters of one quotation; an opening mark without its closing one within them opens none."""


@dataclass(frozen=True, slots=True)
class QuotedSpan:
    """Words in quotation marks: [outer_start, outer_end) with the marks, [start, end) the words.

    `text` are the words, cleaned; `negated` a negation that stands right before them in the text that quotes.
    """

    outer_start: int
    outer_end: int
    start: int
    end: int
    text: str
    negated: str = ""


_PAIRS = {"“": "”", "«": "»", "「": "」", "『": "』", "‘": "’", "‹": "›"}
_OPENING = re.compile(r"[“«「『‹]|(?<![\w’'])‘|(?<![\w\"])\"(?=\S)|(?<=[\u3400-\u9fff：:，,（(])\"(?=\S)")
_BLANK_LINE = re.compile(r"\n\s*\n")
_BLOCK_QUOTE = re.compile(r"(?:^[ \t]*>[^\n]*(?:\n|\Z))+", re.MULTILINE)


def quoted_spans(text: str) -> list[QuotedSpan]:
    """Quotations of a text in order, the outermost where they nest; single marks count around two words or more."""
    blocks = list(_block_quotes(text))
    starts = [b.outer_start for b in blocks]
    found = list(blocks)
    at = 0
    while opening := _OPENING.search(text, at):
        before = bisect_right(starts, opening.start()) - 1
        if before >= 0 and opening.start() < blocks[before].outer_end:
            at = blocks[before].outer_end
            continue
        end = _closing(text, opening.start())
        if end is None:
            at = opening.end()
            continue
        inside = bisect_right(starts, end) - 1
        if inside > before:  # it would close inside a block quote
            at = opening.end()
            continue
        words = text[opening.end() : end]
        single = opening[0] in "‘‹"
        if words.strip() and not (single and len(words.split()) < 2 and len(CJK.findall(words)) < 2):
            denied = NEGATED_OUTSIDE.search(text[max(0, opening.start() - 16) : opening.start()])
            negated = denied[0].strip() if denied else ""
            found.append(QuotedSpan(opening.start(), end + 1, opening.end(), end, words.strip(), negated))
        at = end + 1
    return sorted(found, key=lambda q: q.outer_start)


def _block_quotes(text: str) -> Iterator[QuotedSpan]:
    for found in _BLOCK_QUOTE.finditer(text):
        words = re.sub(r"^[ \t]*>[ \t]?", "", found[0], flags=re.MULTILINE).strip()
        if words:
            start = found.start() + re.match(r"[ \t]*>[ \t]*", found[0]).end()  # type: ignore[union-attr]
            yield QuotedSpan(found.start(), found.end(), start, found.start() + len(found[0].rstrip()), words)


def _closing(text: str, start: int) -> int | None:
    """Where the mark that opens at `start` closes. A straight mark closes within its paragraph; a curly one may run over
    paragraphs, but not over the opening of the next quotation of its kind."""
    mark = text[start]
    limit = min(len(text), start + MAX_QUOTATION)
    if mark == '"':
        end = text.find('"', start + 1, limit)
        return end if end > 0 and not _BLANK_LINE.search(text, start, end) else None
    closing, depth = _PAIRS[mark], 0
    for at in range(start, limit):
        if text[at] == mark and not (mark == "‘" and at > start and text[at - 1].isalnum()):
            depth += 1
            if depth > 2:
                return None
        elif text[at] == closing and not (mark == "‘" and at + 1 < len(text) and text[at + 1].isalpha()):
            depth -= 1
            if depth == 0:
                return at
    return None


# ------------------------------------------------------------------ matching

_OMISSION = re.compile(
    r"\s{0,9}[\[(（【]?\s{0,9}(?:…+|\.{3,}|。{3,}|\. \. \.)\s{0,9}[\])）】]?\s{0,9}"
    r"|\s{0,9}\[[^\]]{0,80}\]\s{0,9}|\s{0,9}【[^】]{0,80}】\s{0,9}"
)
_EDGES = " \t\n.,;:。，；：、!?！？\"'"
NEGATED_OUTSIDE = re.compile(
    r"(?:\b(?:not|never|cannot|no longer|neither|nor|without)\s*(?:be\s+)?|n['’]t\s+|\b(?:pas|jamais|ni|sans)\s+(?:de\s+)?|不得|不应|不能|不可|不必|无需|无须|不需要?|不用|不|未|无)\s*[“\"「『«‘]?$",
    re.IGNORECASE,
)
"""A negation right before a quotation, in the text that quotes."""
_NEGATION_BEFORE = re.compile(
    r"(?:\b(?:not|no|never|neither|nor|without|unless|cannot|non)\s*-?\s*|(?:不得|不应|不能|不可|不|未|无|非|禁止|没有|除非))$",
    re.IGNORECASE,
)
_EXCEPTION = re.compile(r"\b(?:except|unless|save|provided that|but)\b|除外|除非|但是?(?!书)", re.IGNORECASE)
_MODAL_AT_END = re.compile(r"\b(?:shall|may|must|can|will|is|are|does|do)$", re.IGNORECASE)
_NEGATION_AFTER = re.compile(r"\s+(?:not|never|neither|no)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Match:
    """How a quotation fits a text. `negated` are the words of the text that the quotation cut off and that turn its sense;
    `goes_on` is an exception or condition of the same sentence that follows the words quoted."""

    found: bool
    negated: str = ""
    goes_on: str = ""


def parts_of(quotation: str) -> list[str]:
    """The words of a quotation between its omissions and bracketed additions, without marks at their outer ends."""
    pieces = [piece.strip(_EDGES) for piece in _OMISSION.split(quotation)]
    return [piece for piece in pieces if piece]


def match_quotation(quotation: str, text: str) -> Match:
    """Whether every part of the quotation stands in the text, in order, cutting no word and no negation."""
    hay = _words_in(text)
    parts = [_words_in(part) for part in parts_of(quotation)]
    if not parts:
        return Match(False)
    after_bracket = [bool(re.search(r"\][ \t]*$", before)) for before in _before_parts(quotation, parts)]
    at, negated = 0, ""
    for part, bracketed in zip(parts, after_bracket, strict=True):
        place, cut = _place(part, hay, at, bracketed)
        if place is None:
            return Match(False)
        negated = negated or cut
        at = place + len(part)
    return Match(not negated, negated, _exception_behind(hay[at:]))


@lru_cache(maxsize=2_048)
def _words_in(text: str) -> str:
    """The text normalised, quotation marks of every kind alike: a quotation turns double marks inside it to single ones."""
    return normalise(text).text.replace('"', "'")


def _exception_behind(rest: str) -> str:
    """The rest of the sentence where it holds an exception or a condition."""
    sentence = re.match(r"[^.;。；]*", rest)
    words = sentence[0].strip(_EDGES) if sentence else ""
    return words if _EXCEPTION.search(words) else ""


def _before_parts(quotation: str, parts: list[str]) -> list[str]:
    """What stands right before each part in the quotation."""
    plain, at, found = _words_in(quotation), 0, []
    for part in parts:
        place = plain.find(part, at)
        found.append(plain[at:place])
        at = place + len(part)
    return found


def _place(part: str, source: str, after: int, bracketed: bool) -> tuple[int | None, str]:
    """The first place of a part that cuts neither word nor negation; else the first that cuts a negation, with it."""
    first_cut: tuple[int | None, str] = (None, "")
    folded = part[:1].lower() + part[1:]
    at = after
    while True:
        found = [p for p in (source.find(part[:1].upper() + part[1:], at), source.find(folded, at)) if p >= 0]
        if not found:
            return first_cut
        place = min(found)
        end = place + len(part)
        at = place + 1
        if (not bracketed and _cuts_word(source, place)) or _cuts_word(source, end):
            continue
        before = _NEGATION_BEFORE.search(source[max(0, place - 14) : place])
        behind = _NEGATION_AFTER.match(source[end : end + 10]) if _MODAL_AT_END.search(part) else None
        if not before and not behind:
            return place, ""
        if first_cut[0] is None:
            cut = (before[0] if before else behind[0] if behind else "").strip()
            first_cut = (place, cut)


def _cuts_word(text: str, at: int) -> bool:
    """Whether the border at an offset lies inside a Latin word or a number."""
    if not 0 < at < len(text):
        return False
    left, right = text[at - 1], text[at]
    if CJK.match(left) or CJK.match(right):
        return False
    if left.isalnum() and right.isalnum():
        return True
    inside_number = right in ",." and text[at + 1 : at + 2].isdigit() and left.isdigit()
    return inside_number or (left in ",." and right.isdigit() and text[at - 2 : at - 1].isdigit())
