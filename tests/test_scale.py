"""docs/scale.md: its table is what the arithmetic gives with today's figures, and the arithmetic is right."""

from __future__ import annotations

import re

import pytest

from eval.scale import PAGE, SPEED, USERS, Assumed, Measured, measured, needed, written


def test_the_page_is_what_the_figures_give() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert written(page, SPEED.read_text(encoding="utf-8")) == page, "run python -m eval.scale --write"


def test_the_figures_are_those_that_the_page_tells() -> None:
    page, m = PAGE.read_text(encoding="utf-8"), measured(SPEED.read_text(encoding="utf-8"))
    for said in (
        f"{m.answer:,} bytes",
        f"{m.answer_sqlite:,} bytes",
        f"{m.entry} bytes",
        f"{m.log_in} s",
        f"at most {m.connections}",
    ):
        assert said in re.split(r"<!-- derived", page)[0], said
    assert f"| {m.entries_a_second} |" in page
    a = Assumed()
    for what in (
        f"| {a.questions:g} |",
        f"| {a.days}; 8 ",
        f"| {a.peak:g} |",
        f"| {a.load} |",
        f"| {a.keep_days} days |",
    ):
        assert what in page, what


def test_the_arithmetic_by_hand() -> None:
    """288,000 users: 10 questions a second on average, 50 at the peak, 5 of 20 for each copy."""
    n = needed(288_000, Assumed(load=0.25), Measured(rate=20.0, memory=1024.0, answer=1_000, entry=100, log_in=0.2))
    assert (n.a_day, n.mean, n.peak, n.busy, n.copies, n.cores, n.memory) == (288_000, 10, 50, 10, 11, 22, 11)
    assert n.connections == 165
    assert (n.answers_a_year, n.grows) == (72_000_000, 72)
    assert n.kept == pytest.approx(72 * 180 / 365) and n.trail == pytest.approx(14.4)
    assert (n.entries, n.log_in_cores) == (100, 10)


def test_what_is_said_to_break_breaks_there() -> None:
    """The statements of the text that rest on the table."""
    m = measured(SPEED.read_text(encoding="utf-8"))
    few, some, many = (needed(users, Assumed(), m) for users in USERS)
    assert few.busy == 1 and some.busy == 1
    assert many.log_in_cores > many.cores and many.entries > m.entries_a_second
    assert many.connections > 100 and 6 * m.connections <= 100 < 7 * m.connections
    assert 700 < many.grows < 1_200


def test_a_page_without_figures_is_refused() -> None:
    with pytest.raises(ValueError, match="8 clients"):
        measured("nothing")
