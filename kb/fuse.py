"""Rows of units folded to articles, and lists of articles fused by reciprocal rank, as columns of numbers.

An article (a passage, a record, a scenario …) has a number: its place in the sorted names, so that numbers tie-break as names do. What a
question found is folded among the articles that it found, not among all, so that a search costs what it finds, not what is held.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from kb.units import Group, Kind, Unit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Scores = NDArray[np.float64]
    Ranks = NDArray[np.int64]
    Rows = NDArray[np.int64]
    Ranked = tuple[Rows, Scores]
    """Rows and their scores, best first."""

GROUPS: tuple[str, ...] = get_args(Group)
KINDS: tuple[str, ...] = get_args(Kind)
KINDS_OF: Mapping[str, frozenset[str]] = {
    "ask": frozenset({"ask"}),
    "gist": frozenset({"gist"}),
    "text": frozenset(KINDS) - {"ask", "gist"},
    "words": frozenset({"part", "item", "article"}),
    "places": frozenset({"part", "item"}),
}
"""What a list is made of: asks, gists, all else (text), the words of the law (words), those of them within an article (places)."""
RANK_CONSTANT = 10.0
DAYS_KEPT = 64
"""Days (with groups) whose rows are remembered: a byte a row each."""
FILES = ("columns.npz", "columns.json")


class Columns:
    """What is known of the units, one entry a row, and of the articles, one entry an article."""

    def __init__(
        self, ids: Sequence[str], targets: Sequence[str], names: Sequence[str], numbers: Mapping[str, NDArray[np.int64]]
    ) -> None:
        self.ids, self.targets, self.names = ids, targets, names
        """Unit ids and the places that they lead to, a row; the articles by their number."""
        self.article, self.start, self.end = numbers["article"], numbers["start"], numbers["end"]
        self._group, self._kind = numbers["group"], numbers["kind"]
        self._numbers = numbers
        self._searched: dict[tuple[tuple[str, ...], int], NDArray[np.bool_]] = {}

    @classmethod
    def of_units(cls, units: Sequence[Unit]) -> Columns:
        folded = [u.target.split("__", 1)[0] for u in units]
        names = sorted(set(folded))
        number = {name: n for n, name in enumerate(names)}
        columns = {
            "article": [number[name] for name in folded],
            "start": [u.start for u in units],
            "end": [u.end for u in units],
            "group": [GROUPS.index(u.group) for u in units],
            "kind": [KINDS.index(u.kind) for u in units],
        }
        arrays = {name: np.array(column, np.int64) for name, column in columns.items()}
        return cls([u.id for u in units], [u.target for u in units], names, arrays)

    def save(self, folder: Path) -> None:
        numbers: dict[str, Any] = {name: column.astype(np.int32) for name, column in self._numbers.items()}
        np.savez(folder / FILES[0], **numbers)
        words = {"ids": list(self.ids), "targets": list(self.targets), "names": list(self.names)}
        (folder / FILES[1]).write_text(json.dumps(words, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Columns:
        with np.load(folder / FILES[0], allow_pickle=False) as held:
            numbers = {name: held[name].astype(np.int64) for name in held.files}
        return cls(**json.loads((folder / FILES[1]).read_text(encoding="utf-8")), numbers=numbers)

    def __len__(self) -> int:
        return len(self.ids)

    def groups(self) -> list[str]:
        """The group of each row."""
        return [GROUPS[n] for n in self._group.tolist()]

    # -------------------------------------------------------------- which rows

    @cached_property
    def row(self) -> Mapping[str, int]:
        """Unit id → row."""
        return {name: row for row, name in enumerate(self.ids)}

    def of(self, rows: Rows, *groups: str) -> NDArray[np.bool_]:
        """Which of the rows belong to any of the groups."""
        return _among(len(GROUPS), tuple(GROUPS.index(g) for g in groups))[self._group[rows]]

    def kind(self, rows: Rows, name: str) -> NDArray[np.bool_]:
        """Which of the rows are of a kind of `KINDS_OF`."""
        return _among(len(KINDS), tuple(KINDS.index(k) for k in KINDS_OF[name]))[self._kind[rows]]

    def standing(self, rows: Rows, on: int) -> NDArray[np.bool_]:
        """Which of the rows stand on a day (yyyymmdd)."""
        return np.asarray((self.start[rows] <= on) & (on < self.end[rows]))

    def searched(self, groups: tuple[str, ...], on: int) -> NDArray[np.bool_]:
        """For each row whether it belongs to any of the groups and stands on a day; kept for the days asked for last."""
        found = self._searched.get((groups, on))
        if found is None:
            rows = np.arange(len(self))
            found = self.of(rows, *groups) & self.standing(rows, on)
            while len(self._searched) >= DAYS_KEPT:
                self._searched.pop(next(iter(self._searched)), None)
            self._searched[groups, on] = found
        return found

    @cached_property
    def rows_of_group(self) -> Mapping[str, Rows]:
        return {name: np.flatnonzero(self._group == n) for n, name in enumerate(GROUPS)}

    @cached_property
    def _by_article(self) -> tuple[Rows, Rows]:
        """The rows in the order of their articles, and where those of each article begin."""
        order = np.argsort(self.article, kind="stable")
        return order, np.searchsorted(self.article[order], np.arange(len(self.names) + 1))

    def rows_of(self, articles: Rows) -> Rows:
        """All rows of the articles (numbers, each once), in their order."""
        order, begins = self._by_article
        first, lengths = begins[articles], begins[articles + 1] - begins[articles]
        within = np.arange(int(lengths.sum())) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        return np.sort(order[np.repeat(first, lengths) + within])

    @cached_property
    def rows_of_kind(self) -> dict[str, dict[str, list[int]]]:
        """`fact` and `note` → target → rows."""
        found: dict[str, dict[str, list[int]]] = {}
        for name in ("fact", "note"):
            of = found.setdefault(name, {})
            for row in np.flatnonzero(self._kind == KINDS.index(name)).tolist():
                of.setdefault(self.targets[row], []).append(row)
        return found

    def best_two(self, rows: Rows, scores: Scores) -> tuple[Rows, Scores]:
        """The articles of the rows, and the mean of the two best scores of each; `rows` come best first."""
        folded = Folded.of(self.article[rows])
        return folded.articles, folded.best_two((folded.places, scores))


@cache
def _among(size: int, chosen: tuple[int, ...]) -> NDArray[np.bool_]:
    """For each number below `size` whether it is among the chosen."""
    table = np.zeros(size, np.bool_)
    table[list(chosen)] = True
    return table


@dataclass(frozen=True, slots=True)
class Folded:
    """The articles that a question found, by number; `places` say of each row which of them is its own."""

    articles: Rows
    places: Rows

    @classmethod
    def of(cls, articles: Rows) -> Folded:
        there = np.zeros(int(articles.max(initial=-1)) + 1, np.bool_)
        there[articles] = True
        return cls(np.flatnonzero(there), (np.cumsum(there) - 1)[articles])

    def best(self, of: tuple[Rows, Scores]) -> Scores:
        """The best score of each article, -inf where it has none. `of`: the places of rows and their scores, best first."""
        places, scores = of
        found = np.full(len(self.articles), -np.inf)
        found[places[::-1]] = scores[::-1]  # of equal places the last assigned stays: the best
        return found

    def best_two(self, of: tuple[Rows, Scores]) -> Scores:
        """The mean of the two best scores of each article, or its only one."""
        places, scores = of
        found = self.best(of)
        first = np.zeros(len(self.articles), np.int64)
        first[places[::-1]] = np.arange(len(places))[::-1]
        rest = first[places] != np.arange(len(places))
        second = self.best((places[rest], scores[rest]))
        both = np.isfinite(second)
        found[both] = (found[both] + second[both]) / 2
        return found


def ranks(scores: Scores) -> Ranks:
    """1 for the best article of a list, 0 for those that it does not hold; equals in the order of their names."""
    held = np.flatnonzero(np.isfinite(scores))
    found = np.zeros(len(scores), np.int64)
    found[held[np.lexsort((held, -np.round(scores[held], 6)))]] = np.arange(1, len(held) + 1)
    return found


def fused(lists: Mapping[str, Ranks], weights: Mapping[str, float]) -> Scores:
    """The sum over the lists of weight / (constant + rank)."""
    total = np.zeros(len(next(iter(lists.values()))))
    for name, of in lists.items():
        total += np.where(of > 0, weights[name] / (RANK_CONSTANT + of), 0.0)
    return total
