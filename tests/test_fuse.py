"""Folding and fusing in columns gives what the plain definition gives."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from kb.fuse import RANK_CONSTANT, Columns, fused, ranks
from kb.units import Kind, Unit

KINDS: list[Kind] = ["ask", "gist", "part", "item", "article", "ask", "ask", "gist"] * 3
UNITS = [
    Unit(f"u{n}", f"law@2020-01-01/art_{n % 4 + 1}" + ("__para_1" if n % 3 else ""), "law" if n % 5 else "outside", kind, "en", 0, 99999999, "query", "")
    for n, kind in enumerate(KINDS)
]  # fmt: skip
COLUMNS = Columns(UNITS)
ROWS = st.lists(st.integers(0, len(UNITS) - 1), unique=True)


def scored(rows: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """The rows with falling scores, some of them equal."""
    return np.array(rows, np.int64), np.array([1.0 - (n // 2) / 10 for n in range(len(rows))])


@given(ROWS)
def test_the_best_and_the_best_two_of_an_article(rows: list[int]) -> None:
    numbers, scores = scored(rows)
    plain: defaultdict[str, list[float]] = defaultdict(list)
    for row, score in zip(rows, scores, strict=True):
        plain[UNITS[row].target.split("__")[0]].append(float(score))
    best, two = COLUMNS.best(numbers, scores), COLUMNS.best_two(numbers, scores)
    for number, name in enumerate(COLUMNS.names):
        found = sorted(plain.get(name, []), reverse=True)
        assert best[number] == (found[0] if found else -np.inf)
        assert two[number] == (sum(found[:2]) / len(found[:2]) if found else -np.inf)


@given(st.lists(st.sampled_from([0.5, 0.25, 0.2500000001, -np.inf]), min_size=1, max_size=12))
def test_ranks_are_by_score_then_name(scores: list[float]) -> None:
    found = ranks(np.array(scores))
    held = sorted((n for n, s in enumerate(scores) if np.isfinite(s)), key=lambda n: (-round(scores[n], 6), n))
    assert [int(found[n]) for n in held] == list(range(1, len(held) + 1))
    assert all(found[n] == 0 for n in range(len(scores)) if n not in held)


def test_lists_are_fused_by_reciprocal_rank() -> None:
    lists = {"a": np.array([1, 0, 2]), "b": np.array([0, 1, 1])}
    found = fused(lists, {"a": 2.0, "b": 1.0})
    expected = [2 / (RANK_CONSTANT + 1), 1 / (RANK_CONSTANT + 1), 2 / (RANK_CONSTANT + 2) + 1 / (RANK_CONSTANT + 1)]
    assert np.allclose(found, expected)


def test_rows_of_groups_and_kinds() -> None:
    assert [UNITS[i].group for i in np.flatnonzero(COLUMNS.of("outside"))] == ["outside"] * int(
        COLUMNS.of("outside").sum()
    )
    assert COLUMNS.of("law", "outside").all() and not COLUMNS.of("record").any()
    for row, unit in enumerate(UNITS):
        assert COLUMNS.kind("ask")[row] == (unit.kind == "ask")
        assert COLUMNS.kind("words")[row] == (unit.kind in ("part", "item", "article"))
