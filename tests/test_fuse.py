"""Folding and fusing in columns gives what the plain definition gives."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from kb.fuse import KINDS_OF, RANK_CONSTANT, Columns, Folded, fused, ranks
from kb.units import Kind, Unit

KINDS: list[Kind] = ["ask", "gist", "part", "item", "article", "ask", "ask", "gist"] * 3
UNITS = [
    Unit(f"u{n}", f"law@2020-01-01/art_{n % 4 + 1}" + ("__para_1" if n % 3 else ""), "law" if n % 5 else "outside", kind, "en", 0, 99999999, "query", "")
    for n, kind in enumerate(KINDS)
]  # fmt: skip
COLUMNS = Columns.of_units(UNITS)
ALL = np.arange(len(UNITS))
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
    folded = Folded.of(COLUMNS.article[np.concatenate([numbers, ALL])])
    of = (folded.places[: len(numbers)], scores)
    best, two = folded.best(of), folded.best_two(of)
    for place, number in enumerate(folded.articles):
        found = sorted(plain.get(COLUMNS.names[number], []), reverse=True)
        assert best[place] == (found[0] if found else -np.inf)
        assert two[place] == (sum(found[:2]) / len(found[:2]) if found else -np.inf)


@given(ROWS)
def test_only_the_articles_found_are_folded(rows: list[int]) -> None:
    numbers, scores = scored(rows)
    articles, two = COLUMNS.best_two(numbers, scores)
    assert [COLUMNS.names[n] for n in articles] == sorted({UNITS[row].target.split("__")[0] for row in rows})
    assert np.isfinite(two).all()
    held = [n for n, unit in enumerate(UNITS) if unit.target.split("__")[0] in {COLUMNS.names[a] for a in articles}]
    assert COLUMNS.rows_of(articles).tolist() == held


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


def test_rows_of_groups_kinds_and_days() -> None:
    assert COLUMNS.of(ALL, "law", "outside").all() and not COLUMNS.of(ALL, "record").any()
    assert COLUMNS.groups() == [unit.group for unit in UNITS]
    for group, rows in COLUMNS.rows_of_group.items():
        assert rows.tolist() == [n for n, unit in enumerate(UNITS) if unit.group == group]
    for row, unit in enumerate(UNITS):
        here = np.array([row])
        assert COLUMNS.of(here, "outside")[0] == (unit.group == "outside")
        assert all(COLUMNS.kind(here, name)[0] == (unit.kind in kinds) for name, kinds in KINDS_OF.items())
    dated = Columns.of_units([replace(unit, start=20200101, end=20210101) for unit in UNITS[:2]])
    assert dated.standing(np.array([0, 1]), 20200101).all()
    assert not dated.standing(np.array([0, 1]), 20210101).any() and not dated.standing(np.array([0]), 20191231).any()


def test_columns_are_read_as_they_were_written(tmp_path: Path) -> None:
    COLUMNS.save(tmp_path)
    again = Columns.load(tmp_path)
    assert (again.ids, again.targets, again.names) == (
        list(COLUMNS.ids),
        list(COLUMNS.targets),
        list(COLUMNS.names),
    )
    assert (again.article == COLUMNS.article).all() and again.groups() == COLUMNS.groups()
    assert again.row == {unit.id: row for row, unit in enumerate(UNITS)}
