"""The baseline read back, what a run lost against it, and the hard invariants of the gate."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from eval_example import CASES, METRICS, answered, case, example, result

from eval.baseline import AT_NOUGHT, AT_ONE, baseline_of, broken, compare, read_baseline, write_baseline
from eval.results import CaseResult, Rate, Report
from kb.errors import BadInput


def many(rights: int, wrongs: int, precision: float = 1.0) -> Report:
    """A report of so many cases right, then so many wrong."""
    results: list[CaseResult] = []
    for i in range(rights + wrongs):
        asked = case(f"t-en-{i:03}", f"Question {i}?")
        scores = {"citation_precision": precision, "recall@10": None}
        found = result(asked, answered(CASES[0].must[0][0], "x"), scores=scores)
        results.append(found if i < rights else replace(found, verdict="wrong"))
    return replace(example(), results=tuple(results))


def test_a_baseline_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "baseline.json"
    write_baseline(example(), path)
    assert read_baseline(path) == baseline_of(example())
    text = path.read_text(encoding="utf-8")
    assert "latency" not in text and '"ms"' not in text and "tag lay" not in text
    assert sum(line.startswith(('  "t-', '  "d-')) for line in text.splitlines()) == len(CASES)


def test_no_baseline_is_none_and_a_broken_one_is_refused(tmp_path: Path) -> None:
    assert read_baseline(tmp_path / "none.json") is None
    (tmp_path / "bad.json").write_text('{"corpus": 1}', encoding="utf-8")
    with pytest.raises(BadInput, match=r"bad\.json.*--write-baseline"):
        read_baseline(tmp_path / "bad.json")


def test_the_same_run_flips_nothing() -> None:
    found = compare(example(), baseline_of(example()))
    assert (found.same_corpus, found.shared, found.flips, found.drops) == (True, 3, {}, ())


def test_many_losses_are_a_drop_and_are_listed() -> None:
    found = compare(many(10, 10), baseline_of(many(20, 0)))
    assert [row.metric for row in found.drops] == ["right"]
    assert found.flips == {f"t-en-{i:03}": ("lost", "right", "wrong") for i in range(10, 20)}
    row = found.drops[0]
    assert (row.before, row.now, row.gained, row.lost, row.n) == (1.0, 0.5, 0, 10, 20)
    assert row.p == pytest.approx(2 / 2**10)  # exact, times two measures


@pytest.mark.parametrize(("before", "now"), [(many(10, 10), many(20, 0)), (many(20, 0), many(18, 2))], ids=["gains", "two losses"])  # fmt: skip
def test_gains_and_few_losses_are_no_drop(before: Report, now: Report) -> None:
    found = compare(now, baseline_of(before))
    assert found.flips and not found.drops


def test_a_mean_that_falls_everywhere_is_a_drop() -> None:
    found = compare(many(20, 0, precision=0.6), baseline_of(many(20, 0, precision=0.9)))
    assert [row.metric for row in found.drops] == ["citation_precision"] and not found.flips


def test_scores_are_compared_as_they_are_written() -> None:
    found = compare(many(20, 0, precision=2 / 3), baseline_of(many(20, 0, precision=2 / 3)))
    assert all((row.gained, row.lost, row.p) == (0, 0, 1.0) for row in found.rows)


def test_a_question_that_was_changed_is_not_compared() -> None:
    now = example()
    changed = replace(now.results[0], question="Another question?")
    found = compare(replace(now, results=(changed, *now.results[1:])), baseline_of(example()))
    assert found.shared == 2


def test_nothing_is_broken() -> None:
    assert list(broken(example())) == []


@pytest.mark.parametrize("name", [*AT_ONE, *AT_NOUGHT])
@pytest.mark.parametrize("part", ["all", "split earlier"])
def test_every_hard_invariant_is_watched(name: str, part: str) -> None:
    bad = Rate(0.5, 0.2, 0.8, 1, 2)
    said = list(broken(replace(example(), metrics={**example().metrics, part: METRICS | {name: bad}})))
    assert len(said) == 1 and part in said[0]


def test_violations_are_named_by_case() -> None:
    results = example().results
    found = replace(results[1], violations=("the quote does not stand there",))
    said = list(broken(replace(example(), results=(results[0], found, results[2]))))
    assert said == ["t-zh-001: the quote does not stand there"]
