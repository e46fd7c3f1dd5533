"""Citations on a page: what is known of each before the law is looked at, and the page they stand on."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

from kb.citation import Basis, CitationMention
from kb.names import LawMention
from kb.quotation import QuotedSpan
from kb.text import CJK, sentences

UNKNOWN = "?"
"""Begins the key of an instrument that the corpus does not know: "?Labour Contract Law"."""


@dataclass(frozen=True, slots=True)
class Cited:
    """One citation as the text has it. [start, end) covers the number and the name where they stand together.

    `mention` is None for an instrument named alone. `laws` are the slugs of the instruments it can belong to (those in reach), `unknown`
    the name of one the corpus does not know. `alone` says that its sentence cites no other article. `near` are, for a bare number
    whose paragraph names none, the instruments named in the last paragraph before it that names any.
    """

    start: int
    end: int
    mention: CitationMention | None
    laws: tuple[str, ...]
    unknown: str | None
    basis: Basis
    sentence: tuple[int, int]
    alone: bool
    near: tuple[str, ...] = ()
    quotes: tuple[QuotedSpan, ...] = ()


@dataclass
class Page:
    """A text with what was found on it so far: `plain` is the text with quotations blanked, `mentions` the names in order of place.

    `rivals` holds, by where an ordinary word ("the Measures") starts, another instrument that it may mean.
    """

    text: str
    plain: str
    quotes: list[QuotedSpan]
    mentions: list[LawMention] = field(default_factory=list)
    rivals: dict[int, LawMention] = field(default_factory=dict)

    @cached_property
    def paragraphs(self) -> list[tuple[int, int]]:
        cuts = [0, *(m.end() for m in _PARAGRAPH.finditer(self.plain)), len(self.plain)]
        return [(a, b) for a, b in pairwise(cuts) if a < b]

    @cached_property
    def _paragraph_starts(self) -> list[int]:
        return [s for s, _ in self.paragraphs]

    @cached_property
    def sentences(self) -> list[tuple[int, int]]:
        return sentences(self.plain)

    @cached_property
    def _sentence_starts(self) -> list[int]:
        return [s for s, _ in self.sentences]

    @cached_property
    def _mention_starts(self) -> list[int]:
        return [m.start for m in self.mentions]

    def sentence_at(self, at: int) -> tuple[int, int]:
        return self.sentences[max(0, bisect_right(self._sentence_starts, at) - 1)]

    def paragraphs_to(self, at: int, count: int) -> list[tuple[int, int]]:
        """The last paragraphs up to the one at an offset, at most `count`."""
        end = max(1, bisect_right(self._paragraph_starts, at))
        return self.paragraphs[max(0, end - count) : end]

    def mentions_in(self, start: int, end: int, most: int | None = None) -> list[LawMention]:
        """Names that start in a stretch, at most the last `most` of them."""
        first, last = bisect_left(self._mention_starts, start), bisect_left(self._mention_starts, end)
        return self.mentions[first if most is None else max(first, last - most) : last]


_PARAGRAPH = re.compile(r"\n\s*\n|\n(?=[^\S\n]*(?:[-*•|#]|\d{1,4}[.)、]))")


def is_statement(words: str) -> bool:
    """Whether quoted words are long enough to be more than a term: four words, or eight Chinese characters."""
    return len(words.split()) >= 4 or len(CJK.findall(words)) >= 8
