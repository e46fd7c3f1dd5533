"""Two labellings of a small pool: agreement, what is left to settle, and cases that say something else."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from eval.agreement import LABELS, Label, agreement, differences, kappa, read_labels, unsettled
from kb.errors import CorpusError

FILES = {
    "pool.yaml": "t-en-001: [pipl@2021-11-01/art_6, pipl@2021-11-01/art_28, ds-newsletter]\n"
    "t-zh-001: [pipl@2021-11-01/art_29, pipl@2021-11-01/art_30]\n",
    "a.yaml": "t-en-001: {must: [pipl@2021-11-01/art_28], may: [pipl@2021-11-01/art_6]}\nt-zh-001: {must: [pipl@2021-11-01/art_29]}\n",
    "b.yaml": "t-en-001: {must: [pipl@2021-11-01/art_28]}\nt-zh-001: {may: [pipl@2021-11-01/art_29]}\n",
    "adjudication.yaml": """t-en-001:
  pipl@2021-11-01/art_6: {a: may, b: "no", final: may, why: Purpose limits every processing.}
t-zh-001:
  pipl@2021-11-01/art_29: {a: must, b: may, final: must, why: It is the rule asked for.}
""",
}
SIX, EIGHT, NINE, THIRTY = (f"pipl@2021-11-01/art_{n}" for n in (6, 28, 29, 30))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def change(folder: Path, name: str, old: str, new: str) -> None:
    text = (folder / name).read_text(encoding="utf-8")
    assert old in text
    (folder / name).write_text(text.replace(old, new), encoding="utf-8")


def case(name: str, must: Sequence[Sequence[str]], may: Sequence[str] = ()) -> Any:
    """What is read of a case."""
    return SimpleNamespace(id=name, must=tuple(tuple(need) for need in must), may=tuple(may))


def test_what_is_not_listed_is_no(folder: Path) -> None:
    labelling = read_labels(folder)
    assert list(labelling.pairs("t-en-001")) == [
        (SIX, "may", "no"),
        (EIGHT, "must", "must"),
        ("ds-newsletter", "no", "no"),
    ]
    assert labelling.final("t-en-001") == {SIX: "may", EIGHT: "must", "ds-newsletter": "no"}


def test_agreement_counts_places(folder: Path) -> None:
    found = agreement(read_labels(folder), ["t-en-001", "t-zh-001"])
    assert (found.cases, found.pairs, found.same) == (2, 5, 3)
    a, b = [1, 2, 0, 2, 0], [0, 2, 0, 1, 0]
    assert found.plain.value == pytest.approx(cohen_kappa_score(a, b))
    assert found.quadratic.value == pytest.approx(cohen_kappa_score(a, b, weights="quadratic"))
    assert (found.quadratic.value or 0) > (found.plain.value or 0)  # both differences are of one step


def by_hand(pairs: Sequence[tuple[Label, Label]], squared: bool) -> float | None:
    """κ from its definition: 1 − observed ÷ expected disagreement."""

    def far(a: Label, b: Label) -> float:
        apart = abs(LABELS.index(a) - LABELS.index(b))
        return float(apart**2 if squared else apart > 0)

    observed = sum(far(a, b) for a, b in pairs) / len(pairs)
    expected = sum(far(a, b) for a, _ in pairs for _, b in pairs) / len(pairs) ** 2
    return None if expected == 0 else 1 - observed / expected


@pytest.mark.parametrize("weights", [None, "quadratic"])
@given(pairs=st.lists(st.tuples(st.sampled_from(LABELS), st.sampled_from(LABELS)), min_size=1, max_size=12))
def test_kappa_is_that_of_the_definition(
    weights: Literal["quadratic"] | None, pairs: list[tuple[Label, Label]]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("eval.agreement.RESAMPLES", 3)
        found = kappa([pairs], weights)
    assert found.value == (None if (k := by_hand(pairs, weights is not None)) is None else pytest.approx(k))


def test_the_interval_holds_the_value_and_is_the_same_again() -> None:
    cases: list[list[tuple[Label, Label]]] = [
        [("must", "must"), ("no", "may")],
        [("may", "may"), ("no", "no")],
        [("must", "may")],
    ] * 6
    found = kappa(cases, "quadratic")
    assert found.value is not None and found.interval is not None
    assert -1 <= found.interval[0] < found.value < found.interval[1] <= 1
    assert kappa(cases, "quadratic") == found


@pytest.mark.parametrize(
    "cases", [[], [[]], [[("no", "no")], [("no", "no")]]], ids=["no case", "no place", "one label"]
)
def test_kappa_without_variation_is_undefined(cases: list[list[tuple[Label, Label]]]) -> None:
    assert str(kappa(cases, None)) == "undefined"


def test_all_settled(folder: Path) -> None:
    assert list(unsettled(read_labels(folder))) == []


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("adjudication.yaml", "  pipl@2021-11-01/art_29: {a: must, b: may, final: must, why: It is the rule asked for.}", "  {}", "t-zh-001: pipl@2021-11-01/art_29: labelled must/may, not settled"),
        ("adjudication.yaml", "{a: must, b: may", "{a: may, b: must", "t-zh-001: pipl@2021-11-01/art_29: settled as may/must, but labelled must/may"),
        ("b.yaml", "t-zh-001: {may: [pipl@2021-11-01/art_29]}", "", "t-zh-001: not labelled by b; write {} if no place is on the point"),
    ],
    ids=["missing", "other labels", "a case left out"],
)  # fmt: skip
def test_what_is_left_to_settle(folder: Path, name: str, old: str, new: str, said: str) -> None:
    change(folder, name, old, new)
    assert said in list(unsettled(read_labels(folder)))


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("a.yaml", "t-zh-001", "t-zh-002", "t-zh-002 is not in pool.yaml"),
        ("a.yaml", "art_29", "art_31", "art_31 is not in the pool of this case"),
        ("a.yaml", "may: [pipl@2021-11-01/art_6]", "may: [pipl@2021-11-01/art_28]", "art_28 is labelled must and may"),
        ("adjudication.yaml", "art_6", "art_7", "art_7 is not in the pool of this case"),
        ("adjudication.yaml", "final: may", "final: perhaps", "final"),
        ("adjudication.yaml", "why: Purpose limits every processing.", "why: ''", "why"),
    ],
)
def test_files_are_read_strictly(folder: Path, name: str, old: str, new: str, said: str) -> None:
    change(folder, name, old, new)
    with pytest.raises(CorpusError, match=name) as error:
        read_labels(folder)
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("given_case", "said"),
    [
        (case("t-en-001", [[EIGHT]], [SIX]), []),
        (case("t-en-001", [[EIGHT, SIX]]), []),
        (case("d-en-001", [["anything"]]), []),
        (case("t-en-001", [[EIGHT]]), [f"t-en-001: {SIX} is settled as may, but the case does not accept it"]),
        (case("t-en-001", [[EIGHT]], [SIX, "ds-newsletter"]), ["t-en-001: ds-newsletter is settled as no, but the case accepts it"]),
        (case("t-en-001", [[SIX], [EIGHT]]), [f"t-en-001: no place of the need {SIX} is settled as must"]),
        (case("t-en-001", [], [SIX, EIGHT]), [f"t-en-001: {EIGHT} is settled as must, but is in no need"]),
        (case("t-en-001", [[EIGHT, THIRTY]], [SIX]), [f"t-en-001: {THIRTY} is not in the pool"]),
    ],
)  # fmt: skip
def test_cases_say_what_was_settled(folder: Path, given_case: Any, said: list[str]) -> None:
    assert list(differences(read_labels(folder), [given_case])) == said
