"""The evaluation runs, its cases are sound, and it would notice what must never happen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from eval.cases import FOLDER, Case, load_cases
from eval.metrics import Rate, acceptable, decided, violations
from eval.run import ON, evaluate
from kb.assistant import Assistant
from kb.corpus import Corpus
from kb.errors import CorpusError
from kb.ids import PassageId, ProvisionId, parse_source_id

CASES = load_cases(FOLDER / "development.yaml")


def test_the_cases_name_places_that_exist(corpus: Corpus) -> None:
    for case in CASES:
        for name in (*case.must, *case.also):
            if "/" not in name:
                assert name in corpus.documents, (case.id, name)
                continue
            place = parse_source_id(name)
            if isinstance(place, ProvisionId):
                version = corpus.version(place.law, place.version or "")
                assert corpus.find(place) or place.article in version.articles, (case.id, name)
            elif isinstance(place, PassageId):
                assert place.document in corpus.documents


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"), [(10, 10, 0.722, 1.0), (0, 10, 0.0, 0.278), (50, 100, 0.404, 0.596)]
)
def test_wilson_intervals(hits: int, n: int, low: float, high: float) -> None:
    interval = Rate(hits, n).interval
    assert interval is not None
    assert interval[0] == pytest.approx(low, abs=0.001) and interval[1] == pytest.approx(high, abs=0.001)


def test_nothing_is_no_rate() -> None:
    assert Rate(0, 0).value is None and str(Rate(0, 0)) == "none"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("- {id: a, language: en}\n", "kind"),
        ("- {id: a, language: xx, kind: single, question: q, must: [x], also: [], refusal: null}\n", "language"),
        ("- {id: a, language: en, kind: single, question: q, must: [], also: [], refusal: null}\n", "must"),
        ("- &c {id: a, language: en, kind: single, question: q, must: [x], also: [], refusal: null}\n- *c\n", "twice"),
    ],
)
def test_a_bad_case_is_refused(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "cases.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(CorpusError, match=says):
        load_cases(path)


@pytest.mark.model
def test_the_report_counts_and_holds_the_invariants(assistant: Assistant) -> None:
    report = evaluate(assistant, CASES)
    assert report["cases"] == len(CASES) == 150 and report["violations"] == {}
    assert report["rates"]["all"]["decided"].endswith(f"({150 - len(report['misses'])}/150)")
    assert len(report["misses"]) <= 18, report["misses"]


@pytest.mark.model
def test_what_must_never_happen_is_noticed(assistant: Assistant) -> None:
    case = Case(
        id="x",
        language="en",
        kind="citation",
        question="PIPL 29",
        must=("pipl@2021-11-01/art_29",),
        also=(),
        refusal=None,
    )
    answer = assistant.ask(assistant.query(case.question, ON))
    assert decided(case, answer) and acceptable(case, answer).value == 1 and violations(answer, assistant) == []
    forged = replace(answer, claims=(replace(answer.claims[0], quote=answer.claims[0].quote[:-2] + "!."),))
    assert violations(forged, assistant)
    draft = replace(answer.citations[0], id=ProvisionId("frt-draft", "2023-08-08", "5"), role="authority")
    assert len(violations(replace(answer, citations=(draft,)), assistant)) == 2
    assert not decided(case, replace(answer, citations=(draft,)))
