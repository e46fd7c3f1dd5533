"""The tests behind the gate: exact on small tables, blind to gains, the same again."""

from __future__ import annotations

from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.paired import corrected, p_of_drop, p_of_loss


@given(gained=st.integers(0, 12), lost=st.integers(0, 12))
def test_loss_by_counting(gained: int, lost: int) -> None:
    n = gained + lost
    tail = sum(comb(n, k) for k in range(lost, n + 1)) / 2**n
    assert p_of_loss(gained, lost) == pytest.approx(tail)


@pytest.mark.parametrize(("gained", "lost", "significant"), [(0, 4, False), (0, 5, True), (1, 7, True), (3, 7, False), (9, 0, False)])  # fmt: skip
def test_what_counts_as_a_loss(gained: int, lost: int, significant: bool) -> None:
    assert (p_of_loss(gained, lost) <= 0.05) is significant


def test_a_mean_that_drops_everywhere_is_a_drop_and_a_gain_is_none() -> None:
    high, low = [0.9] * 12 + [0.5], [0.6] * 12 + [0.5]
    assert p_of_drop(high, low) < 0.01
    assert p_of_drop(low, high) == pytest.approx(1.0)
    assert p_of_drop(high, high) == 1.0
    assert p_of_drop(high, low) == p_of_drop(high, low)


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=14))
def test_on_yes_or_no_both_tests_agree(pairs: list[tuple[bool, bool]]) -> None:
    gained, lost = sum(n > b for b, n in pairs), sum(b > n for b, n in pairs)
    assert p_of_drop([float(b) for b, _ in pairs], [float(n) for _, n in pairs]) == pytest.approx(
        p_of_loss(gained, lost), abs=0.03
    )


def test_holm() -> None:
    assert corrected([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert corrected([]) == []


@given(st.lists(st.floats(0, 1), max_size=6))
def test_a_correction_never_makes_p_smaller(p_values: list[float]) -> None:
    assert all(before <= after <= 1 for before, after in zip(p_values, corrected(p_values), strict=True))
