"""Every metric against values worked out by hand, and the ranking metrics against trec_eval."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from math import log2
from typing import Any

import pytest
import pytrec_eval
from hypothesis import given
from hypothesis import strategies as st

from eval.aggregate import figures, robustness
from eval.attribution import Phrases
from eval.cases import Case
from eval.metrics import place_pairs, ranking_pairs, score_case
from eval.results import MEASURES, CaseResult, Mean, Rate, Report
from kb.assistant import render_text
from kb.corpus import Corpus
from kb.ids import ProvisionId
from kb.model import Answer, Check, Citation, Claim, Note, Query, Refusal, Role, Standing
from kb.phrases import say
from kb.record import answer_record

LAMPS, INSPECTION = "harbour-law@2024-01-01/art_2", "harbour-law@2024-01-01/art_3"
OLD_LAMPS, DRAFT = "harbour-law@2018-01-01/art_1", "lamp-draft@2023-08-01/art_1"
ON = date(2026, 11, 22)


@pytest.fixture(scope="module")
def phrases(tiny: Corpus) -> Phrases:
    return Phrases(tiny)


def case(**given: Any) -> Case:
    record: dict[str, Any] = {
        "id": "d-en-001",
        "split": "dev",
        "language": "en",
        "on": ON,
        "question": "How many lamps?",
        "tags": ("single",),
        "group": None,
        "must": ((LAMPS,),),
        "may": (INSPECTION,),
        "must_not": (),
        "facts": ({"id": LAMPS, "quote": "lamps"},),
        "refusal": None,
        "notes": (),
        "rationale": "The rule on lamps.",
    }
    return Case.model_validate(record | given)


REFUSED = {"must": (), "may": (), "facts": (), "refusal": "prediction", "tags": ("prediction",)}


# ------------------------------------------------------------------ places cited

A, B, C, X = (f"a-law@2020-01-01/art_{n}" for n in (1, 2, 3, 9))


@pytest.mark.parametrize(
    ("must", "may", "cited", "precision", "recall", "f1"),
    [
        ([[A]], [], [A], 1.0, 1.0, 1.0),
        ([[A]], [B], [A, B], 1.0, 1.0, 1.0),
        ([[A]], [B], [A, B, X], 2 / 3, 1.0, 0.8),
        ([[A], [B]], [], [A, X], 0.5, 0.5, 0.5),
        ([[A, B]], [], [B], 1.0, 1.0, 1.0),
        ([[A, B], [C]], [], [A, B], 1.0, 0.5, 2 / 3),
        ([[A]], [], [X], 0.0, 0.0, 0.0),
        ([[A]], [], [], None, 0.0, 0.0),
    ],
)
def test_citation_precision_and_recall(
    must: list[list[str]], may: list[str], cited: list[str], precision: float | None, recall: float, f1: float
) -> None:
    found: dict[str, Any] = place_pairs(case(must=must, may=may), cited)
    assert found["citation_precision"] == (None if precision is None else (pytest.approx(precision), 1))
    assert (found["citation_recall"], found["citation_f1"]) == ((recall, 1), (pytest.approx(f1), 1))
    assert found["citation_precision_micro"] == (round((precision or 0) * len(cited)), len(cited))


# ------------------------------------------------------------------ ranking


@pytest.mark.parametrize(
    ("must", "may", "ranking", "expected"),
    [
        ([[A]], [], [A], {"recall@1": 1, "recall@5": 1, "all_gold@10": 1, "mrr@10": 1, "ndcg@10": 1}),
        ([[A]], [B], [B, A], {"recall@1": 0, "recall@5": 1, "mrr@10": 0.5, "ndcg@10": (1 + 2 / log2(3)) / (2 + 1 / log2(3))}),
        ([[A], [B]], [], [X, A, X + "0"], {"recall@1": 0, "recall@5": 0.5, "recall@10": 0.5, "all_gold@10": 0, "mrr@10": 0.5}),
        ([[A, B]], [], [X, B], {"recall@5": 1, "all_gold@10": 1, "ndcg@10": (2 / log2(3)) / (2 + 2 / log2(3))}),
        ([[A]], [], [f"{X}{n}" for n in range(9)] + [A], {"recall@5": 0, "recall@10": 1, "mrr@10": 0.1}),
        ([[A]], [], [f"{X}{n}" for n in range(10)] + [A], {"recall@10": 0, "mrr@10": 0, "ndcg@10": 0, "all_gold@10": 0}),
        ([[A], ["a-record"]], [], [A], {"recall@1": 1, "all_gold@10": 1, "ndcg@10": 1}),
        ([[A]], [], [], {"recall@1": 0, "recall@10": 0, "mrr@10": 0, "ndcg@10": 0}),
    ],
)  # fmt: skip
def test_ranking(must: list[list[str]], may: list[str], ranking: list[str], expected: dict[str, float]) -> None:
    found: dict[str, Any] = ranking_pairs(case(must=must, may=may), ranking, {"a-record"})
    for metric, value in expected.items():
        assert found[metric] == (pytest.approx(value), 1), metric


def test_what_only_a_record_answers_is_not_ranked() -> None:
    assert ranking_pairs(case(must=[["a-record"]], facts=()), [A], {"a-record"}) == {}


PLACES = [f"a-law@2020-01-01/art_{n}" for n in range(1, 25)]


@given(
    st.permutations(PLACES),
    st.integers(0, 24),
    st.lists(st.sampled_from(PLACES), min_size=1, max_size=6, unique=True),
    st.lists(st.sampled_from(PLACES), max_size=6, unique=True),
)
def test_ranking_agrees_with_trec_eval(order: list[str], length: int, must: list[str], may: list[str]) -> None:
    """With one place a need, recall@k is trec_eval's recall over the places of grade 2; nDCG and reciprocal rank by definition."""
    needs, extra = [[place] for place in must[:3]], [place for place in may if place not in must[:3]]
    ranking: Sequence[str] = order[:length]
    found: dict[str, Any] = ranking_pairs(case(must=needs, may=extra), ranking, ())
    run = {"q": {place: float(len(order) - rank) for rank, place in enumerate(ranking)}}
    graded = {"q": dict.fromkeys(extra, 1) | {need[0]: 2 for need in needs}}
    vital = {"q": {need[0]: 1 for need in needs}}
    top = {"q": dict(list(run["q"].items())[:10])}
    if not ranking:
        assert all(pair == (0, 1) for pair in found.values())
        return
    ndcg = pytrec_eval.RelevanceEvaluator(graded, {"ndcg_cut.10"}).evaluate(run)["q"]["ndcg_cut_10"]
    recalls = pytrec_eval.RelevanceEvaluator(vital, {"recall.1,5,10"}).evaluate(run)["q"]
    reciprocal = pytrec_eval.RelevanceEvaluator(vital, {"recip_rank"}).evaluate(top)["q"]["recip_rank"]
    assert found["ndcg@10"] == (pytest.approx(ndcg), 1)
    assert found["mrr@10"] == (pytest.approx(reciprocal), 1)
    for k in (1, 5, 10):
        assert found[f"recall@{k}"] == (pytest.approx(recalls[f"recall_{k}"]), 1)


# ------------------------------------------------------------------ answers


def record(
    corpus: Corpus, *places: str, refusal: str | None = None, notes: tuple[Note, ...] = (), role: Role | None = None,
    language: str = "en", cut: slice | None = None,
) -> dict[str, Any]:  # fmt: skip
    """An answer that quotes whole places as the assistant does, unless told otherwise."""
    claims, citations = [], []
    for n, name in enumerate(places):
        place = ProvisionId.parse(name)
        provision = corpus.provision(place)
        words = provision.text("zh" if language == "zh" else "en") or ""
        gist = provision.gist[language] if provision.gist else say("says", language)  # type: ignore[index, arg-type]
        standing: Standing = corpus.standing(place, ON)
        citations.append(
            Citation(place, corpus.label(place, "en"), corpus.label(place, "zh"), standing, role or corpus.role(place, ON), 0, 0)
        )  # fmt: skip
        claims.append(
            Claim(gist, words[cut] if cut else words, "zh" if language == "zh" else "en", n, (Check("exists", True),))
        )
    query = Query("How many lamps?", ON, language)  # type: ignore[arg-type]
    refused = Refusal(refusal, say("prediction", "en")) if refusal else None  # type: ignore[arg-type]
    text = render_text(corpus, query, tuple(claims), tuple(citations), notes, refused)
    outcome = "refused" if refused else "answered"
    return answer_record(
        Answer(query, outcome, refused, text, tuple(claims), tuple(citations), notes, (), {}, {"total": 5.0})  # type: ignore[arg-type]
    )


DRAFT_NOTE = Note("premise", say("draft_in_force", "en"))


@pytest.mark.parametrize(
    ("expects", "places", "made", "verdict", "credit"),
    [
        ({}, [LAMPS], {}, "right", 1.0),
        ({}, [LAMPS, INSPECTION], {}, "right", 1.0),
        ({}, [INSPECTION], {}, "wrong", -1.0),
        ({"must": ((LAMPS,), (INSPECTION,)), "may": ()}, [LAMPS], {}, "wrong", 0.5),
        ({"must": ((LAMPS, INSPECTION),), "may": ()}, [INSPECTION], {}, "right", 1.0),
        ({"notes": ("premise",)}, [LAMPS], {}, "wrong", 0.5),
        ({"notes": ("premise",)}, [LAMPS], {"notes": (DRAFT_NOTE,)}, "right", 1.0),
        ({"must_not": (INSPECTION,), "may": ()}, [LAMPS, INSPECTION], {}, "wrong", -1.0),
        ({}, [LAMPS, OLD_LAMPS], {"role": "authority"}, "wrong", -1.0),
        ({}, [], {"refusal": "prediction"}, "refused", 0.0),
        (REFUSED, [], {"refusal": "prediction"}, "right", 1.0),
        (REFUSED, [], {"refusal": "too_vague"}, "wrong", 0.5),
        (REFUSED, [LAMPS], {}, "wrong", -1.0),
    ],
)
def test_verdicts(
    tiny: Corpus, phrases: Phrases, expects: dict[str, Any], places: list[str], made: dict[str, Any], verdict: str, credit: float
) -> None:  # fmt: skip
    found = score_case(case(**expects), record(tiny, *places, **made), (), tiny, phrases)
    assert (found.verdict, found.pairs["truthfulness"]) == (verdict, (credit, 1)), found.reasons
    assert bool(found.reasons) == (verdict != "right")
    assert found.pairs[verdict] == (1.0, 1)
    assert sum(pair[0] for name in ("right", "wrong", "refused") if (pair := found.pairs[name])) == 1


def test_no_answer_is_unscored_and_counts_nowhere(tiny: Corpus, phrases: Phrases) -> None:
    found = score_case(case(), None, (LAMPS,), tiny, phrases)
    assert found.verdict == "unscored" and found.pairs.keys() == ranking_pairs(case(), (LAMPS,), ()).keys()


@pytest.mark.parametrize(
    ("expects", "made", "expected"),
    [
        ({}, {}, {"false_refusals": (0, 1), "abstention_precision": None, "abstention_recall": None, "abstention_f1": None}),
        ({}, {"refusal": "prediction"}, {"false_refusals": (1, 1), "abstention_precision": (0, 1), "abstention_f1": (0, 1)}),
        (REFUSED, {}, {"false_refusals": None, "abstention_recall": (0, 1), "abstention_f1": (0, 1), "refusal_kind": None}),
        (REFUSED, {"refusal": "prediction"}, {"abstention_recall": (1, 1), "abstention_f1": (2, 2), "refusal_kind": (1, 1)}),
        (REFUSED, {"refusal": "too_vague"}, {"abstention_recall": (1, 1), "abstention_precision": (1, 1), "refusal_kind": (0, 1)}),
        ({"notes": ("premise",)}, {"notes": (DRAFT_NOTE,)}, {"premise_recall": (1, 1)}),
        ({"notes": ("premise",)}, {}, {"premise_recall": (0, 1)}),
        ({"notes": ("premise",), "must": ((INSPECTION,),), "may": ()}, {"notes": (DRAFT_NOTE,)}, {"premise_recall": (0, 1)}),
    ],
)  # fmt: skip
def test_outcomes(
    tiny: Corpus, phrases: Phrases, expects: dict[str, Any], made: dict[str, Any], expected: dict[str, Any]
) -> None:
    places = () if made.get("refusal") else (LAMPS,)
    found = score_case(case(**expects), record(tiny, *places, **made), (), tiny, phrases).pairs
    assert {metric: found[metric] for metric in expected} == expected


# ------------------------------------------------------------------ key facts


@pytest.mark.parametrize(
    ("quote", "places", "made", "shown"),
    [
        ("lamps", [LAMPS], {}, 1),
        ("lamps", [INSPECTION], {}, 0),
        ("lamps", [LAMPS], {"cut": slice(0, 6)}, 0),
    ],
)
def test_key_facts(
    tiny: Corpus, phrases: Phrases, quote: str, places: list[str], made: dict[str, Any], shown: int
) -> None:
    asked = case(facts=({"id": LAMPS, "quote": quote},))
    assert score_case(asked, record(tiny, *places, **made), (), tiny, phrases).pairs["span_recall"] == (shown, 1)


@pytest.mark.parametrize(
    ("cited", "cut", "shown"),
    [
        ("pipl@2021-11-01/art_28", None, 1),
        ("pipl@2021-11-01/art_28__para_2", None, 1),
        ("pipl@2021-11-01/art_28__para_1", None, 0),
        ("pipl@2021-11-01/art_29", None, 0),
        ("pipl@2021-11-01/art_28__para_2", slice(0, -4), 0),
    ],
)
def test_a_chinese_quote_shows_a_key_fact_with_the_whole_line(
    corpus: Corpus, cited: str, cut: slice | None, shown: int
) -> None:
    article = "pipl@2021-11-01/art_28"
    words = "only where there is a specific purpose and sufficient necessity"
    assert words in (corpus.provision(ProvisionId.parse(f"{article}__para_2")).text_en or "")
    asked = case(must=((article,),), facts=({"id": article, "quote": words},))
    found = score_case(asked, record(corpus, cited, language="zh", cut=cut), (), corpus, Phrases(corpus))
    assert found.pairs["span_recall"] == (shown, 1)


# ------------------------------------------------------------------ figures


def result(name: str, cited: Sequence[str], **given: Any) -> CaseResult:
    fields: dict[str, Any] = {
        "id": name, "split": "dev", "language": "en", "kind": "single", "tags": ("single",), "group": None, "question": "?",
        "on": "2026-11-22", "answer": {}, "cited": tuple(cited), "ranking": (), "scores": {}, "violations": (), "verdict": "right",
        "reasons": (), "ms": 10.0,
    }  # fmt: skip
    return CaseResult(**fields | given)


@pytest.mark.parametrize(
    ("cited", "value"),
    [
        ([[A], [A]], 1.0),
        ([[A], [B]], 0.0),
        ([[A, B], [A], [B]], 1 / 3),
        ([[], []], 1.0),
        ([[], [A]], 0.0),
        ([[A]], None),
    ],
)
def test_robustness_of_a_group(cited: list[list[str]], value: float | None) -> None:
    found = robustness([result(str(n), c, group="g-a") for n, c in enumerate(cited)])
    assert found.value == (None if value is None else pytest.approx(value))
    assert (found.reason is None) == (value is not None)


def test_figures_of_slices(tiny: Corpus, phrases: Phrases) -> None:
    """Four cases: one right, one wrong, one refused, and one of the split "earlier", which counts in no other slice."""
    cases = [
        case(),
        case(id="t-zh-002", split="test", language="zh", tags=("several", "lay")),
        case(id="d-en-003"),
        case(id="en-004", split="earlier", facts=()),
    ]
    answers = [
        record(tiny, LAMPS),
        record(tiny, INSPECTION),
        record(tiny, refusal="prediction"),
        record(tiny, INSPECTION),
    ]
    scored = [score_case(c, a, (LAMPS,), tiny, phrases) for c, a in zip(cases, answers, strict=True)]
    results = {c.id: result(c.id, (), verdict=s.verdict) for c, s in zip(cases, scored, strict=True)}
    found = figures(cases, {c.id: s.pairs for c, s in zip(cases, scored, strict=True)}, results)
    assert set(found) == {
        "all", "split dev", "split test", "split earlier", "language en", "language zh", "kind single", "kind several", "tag lay",
    }  # fmt: skip
    whole = found["all"]
    counts = {m: (v.successes, v.n) for m, v in whole.items() if isinstance(v, Rate)}
    assert [counts[m] for m in ("right", "wrong", "refused")] == [(1, 3)] * 3
    assert counts["citation_precision_micro"] == (2, 2) and counts["citation_recall_micro"] == (1, 3)
    assert counts["abstention_precision"] == (0, 1) and counts["false_refusals"] == (1, 3)
    assert whole["abstention_recall"].value is None and whole["abstention_recall"].reason == "no refusal was due"
    assert isinstance(whole["truthfulness"], Mean) and whole["truthfulness"].value == 0.0
    assert whole["citation_precision"].value == 1.0 and whole["citation_precision"].n == 2
    assert whole["citation_f1_micro"].value == pytest.approx(0.5)
    assert set(whole) <= set(MEASURES)
    report = Report({}, "c", "i", "e", "g", "v", "all", tuple(results.values()), found)
    assert Report.from_json(report.to_json()) == report


def test_a_report_with_a_number_that_is_none_is_refused() -> None:
    report = Report({}, "c", "i", "e", "g", "v", "all", (), {"all": {"x": Mean(float("nan"), 0.0, 0.0, 1)}})
    with pytest.raises(ValueError, match="not JSON compliant"):
        report.to_json()
