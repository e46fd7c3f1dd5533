"""Rows of units folded to articles, and lists of articles fused by reciprocal rank, as columns of numbers.

An article (a passage, a record, a scenario …) has a number: its place in the sorted names, so that numbers tie-break as names do. A list
is an array with a score for each article, -inf for those that it does not hold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from kb.units import Unit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Scores = NDArray[np.float64]
    Ranks = NDArray[np.int64]
    Rows = NDArray[np.int64]

TEXT_KINDS = frozenset({"part", "item", "article"})
RANK_CONSTANT = 10.0


class Columns:
    """What is known of the units, one entry a row."""

    def __init__(self, units: Sequence[Unit]) -> None:
        self._units = units
        self.names = tuple(sorted({u.target.split("__", 1)[0] for u in units}))
        """The articles by their number."""

    @cached_property
    def article(self) -> Rows:
        numbers = {name: number for number, name in enumerate(self.names)}
        return np.array([numbers[u.target.split("__", 1)[0]] for u in self._units], np.int64)

    @cached_property
    def _kinds(self) -> dict[str, NDArray[np.bool_]]:
        kinds = np.array([u.kind for u in self._units])
        return {
            "ask": kinds == "ask",
            "gist": kinds == "gist",
            "text": ~np.isin(kinds, ["ask", "gist"]),
            "words": np.isin(kinds, list(TEXT_KINDS)),
        }

    def kind(self, name: str) -> NDArray[np.bool_]:
        """Rows of asks, of gists, of all else (text), of the words of the law (words)."""
        return self._kinds[name]

    @cached_property
    def _groups(self) -> dict[str, NDArray[np.bool_]]:
        groups = np.array([u.group for u in self._units])
        return {str(name): groups == name for name in np.unique(groups)}

    def of(self, *groups: str) -> NDArray[np.bool_]:
        """Rows of any of the groups."""
        none = np.zeros(len(self._units), np.bool_)
        found: NDArray[np.bool_] = np.logical_or.reduce([none, *(self._groups[g] for g in groups if g in self._groups)])
        return found

    @cached_property
    def rows_of_kind(self) -> dict[str, dict[str, list[int]]]:
        """Kind → target → rows."""
        found: dict[str, dict[str, list[int]]] = {}
        for row, unit in enumerate(self._units):
            found.setdefault(unit.kind, {}).setdefault(unit.target, []).append(row)
        return found

    # -------------------------------------------------------------- lists

    def best(self, rows: Rows, scores: Scores) -> Scores:
        """The best score of each article; `rows` come best first."""
        found = np.full(len(self.names), -np.inf)
        articles, first = np.unique(self.article[rows], return_index=True)
        found[articles] = scores[first]
        return found

    def best_two(self, rows: Rows, scores: Scores) -> Scores:
        """The mean of the two best scores of each article, or its only one; `rows` come best first."""
        articles = self.article[rows]
        found = self.best(rows, scores)
        named, first = np.unique(articles, return_index=True)
        rest = np.ones(len(rows), np.bool_)
        rest[first] = False
        second = np.full(len(self.names), -np.inf)
        others, at = np.unique(articles[rest], return_index=True)
        second[others] = scores[rest][at]
        both = named[np.isfinite(second[named])]
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
