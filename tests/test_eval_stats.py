"""Intervals: against published values, against what must hold of every bootstrap, and without anything to count."""

from __future__ import annotations

from math import isfinite
from statistics import mean as plain_mean

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from eval.results import Mean, Rate
from eval.stats import harmonic, mean, paired_difference, percentile, rate, ratio

scores = st.lists(st.one_of(st.none(), st.floats(0, 1)), max_size=40)


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [(10, 10, 0.7225, 1.0), (0, 10, 0.0, 0.2775), (50, 100, 0.4038, 0.5962), (81, 263, 0.2553, 0.3662), (1, 29, 0.0061, 0.1718)],
)  # fmt: skip
def test_wilson(successes: int, n: int, low: float, high: float) -> None:
    """The last two are worked examples of Newcombe (1998), method 3."""
    found = rate(successes, n)
    assert found.value == successes / n
    assert found.low == pytest.approx(low, abs=1e-4) and found.high == pytest.approx(high, abs=1e-4)


@pytest.mark.parametrize(
    "found", [rate(0, 0, "why"), mean([None], "why"), percentile([], 50, "why"), ratio([(0, 0), None], "why"), harmonic([], [], "why")]
)  # fmt: skip
def test_what_cannot_be_computed_is_none_and_says_why(found: Rate | Mean) -> None:
    assert (found.value, found.low, found.high, found.reason) == (None, None, None, "why")


@given(scores)
def test_a_mean_lies_in_its_interval_and_nothing_is_nan(values: list[float | None]) -> None:
    found = mean(values)
    known = [value for value in values if value is not None]
    if not known:
        assert found.value is None
        return
    assert found.value == pytest.approx(plain_mean(known)) and found.n == len(known)
    assert found.low is not None and found.high is not None and isfinite(found.low) and isfinite(found.high)
    assert min(known) - 1e-9 <= found.low <= found.high <= max(known) + 1e-9


def test_a_bootstrap_of_many_coins_is_as_wide_as_theory() -> None:
    found = mean([1.0, 0.0] * 200)
    assert found.low is not None and found.high is not None
    assert found.high - found.low == pytest.approx(2 * 1.96 * 0.5 / 20, rel=0.1)


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=30))
def test_f1_of_pairs_is_that_of_scikit_learn(labels: list[tuple[bool, bool]]) -> None:
    due, made = [a for a, _ in labels], [b for _, b in labels]
    f1 = ratio([(2.0 * (a and b), 2.0 * (a and b) + (a != b)) if a or b else None for a, b in labels])
    precision = [(float(a), 1.0) if b else None for a, b in labels]
    recall = [(float(b), 1.0) if a else None for a, b in labels]
    expected = float(f1_score(due, made, zero_division=0.0))
    if any(due) or any(made):
        assert f1.value == pytest.approx(expected)
    if any(due) and any(made):
        assert harmonic(precision, recall).value == pytest.approx(expected)


@pytest.mark.parametrize(("q", "value"), [(0, 1.0), (50, 3.0), (75, 4.0), (95, 4.8), (100, 5.0)])
def test_percentiles(q: float, value: float) -> None:
    assert percentile([5, 1, 4, 2, 3], q).value == pytest.approx(value)


def test_a_difference_counts_only_what_both_have_and_draws_clusters() -> None:
    found, clusters = paired_difference([1, 1, 0, None, 1], [0, 1, 0, 1, None], ["a", "a", "b", "b", "b"])
    assert found.value == pytest.approx(1 / 3) and (found.n, clusters) == (3, 2)
    assert (found.low, found.high) == (0.0, 0.5)  # only a: 1/2, only b: 0


@given(scores)
def test_a_system_does_not_differ_from_itself(values: list[float | None]) -> None:
    found, clusters = paired_difference(values, values, [str(n % 3) for n in range(len(values))])
    assert found.value in (None, 0.0) and found.low in (None, 0.0) and found.high in (None, 0.0)
    assert clusters <= 3


def test_one_cluster_has_no_interval() -> None:
    found, clusters = paired_difference([1, 0], [0, 0], ["a", "a"])
    assert (found.value, found.low, found.high, clusters) == (0.5, None, None, 1)


def test_the_draws_are_fixed() -> None:
    values = [0.1, 0.7, 0.3, 0.9]
    assert mean(values) == mean(values) and percentile(values, 95) == percentile(values, 95)
