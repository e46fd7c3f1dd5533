"""What became of a rule from one text to the next: where it went, and the words that changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from kb.compare import word_diff
from kb.corpus import Corpus, Successor
from kb.ids import ProvisionId, article_sort_key
from kb.model import DiffPart


@dataclass(frozen=True, slots=True)
class Change:
    """One row of a concordance with its words: `new` is empty where the rule has no successor.

    `diffs` holds, by language, how the old words become those of the new places; None where one of the texts is not held.
    """

    old: ProvisionId
    new: tuple[ProvisionId, ...]
    change: str
    note: str
    diffs: Mapping[Literal["en", "zh"], tuple[DiffPart, ...] | None]


def changes_of(place: ProvisionId, corpus: Corpus) -> list[Change]:
    """Every change that the concordances know of an article: of its former texts first, then where today's text came from.

    A place without a version is looked up in all versions of its law.
    """
    law, article = place.law, place.article
    rows = sorted(corpus.successors.values(), key=lambda row: _order(row.old))

    def is_meant(other: ProvisionId) -> bool:
        return (other.law, other.article) == (law, article) and place.version in (None, other.version)

    went = [row for row in rows if is_meant(row.old)]
    came = [row for row in rows if row not in went and any(is_meant(new) for new in row.new)]
    return [_change(row, corpus) for row in (*went, *came)]


def _order(place: ProvisionId) -> tuple[str, tuple[int, int], int, int]:
    return place.version or "", article_sort_key(place.article), place.paragraph or 0, place.item or 0


def _change(row: Successor, corpus: Corpus) -> Change:
    old = corpus.find(row.old)
    news = [corpus.provision(new) for new in row.new]
    diffs: dict[Literal["en", "zh"], tuple[DiffPart, ...] | None] = {}
    for language in ("en", "zh"):
        before = old.text(language) if old else None
        after = [new.text(language) for new in news]
        held = before is not None and None not in after
        diffs[language] = word_diff(before or "", "\n".join(t or "" for t in after)) if held else None
    return Change(row.old, row.new, row.change, row.note, diffs)


def as_text(parts: tuple[DiffPart, ...]) -> str:
    """A word difference in plain characters: [-gone-] and {+come+}."""
    marks = {"=": "{}", "-": "[-{}-]", "+": "{{+{}+}}"}
    return "".join(marks[op].format(words) for op, words in parts)
