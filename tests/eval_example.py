"""A small evaluation, made by hand on the tiny corpus of the tests: three cases, an answer each, one of them wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from eval.cases import Case
from eval.results import CaseResult, Mean, Rate, Report, SystemResult, Value

LAMPS, INSPECTION, OLD_LAMPS = (
    "harbour-law@2024-01-01/art_2",
    "harbour-law@2024-01-01/art_3",
    "harbour-law@2018-01-01/art_1",
)
HOSTILE = "<script>document.title='hacked'</script> “lamps” & <b>bold</b> [red]\x07 {{ 7*7 }}"


def case(name: str, question: str, **given: Any) -> Case:
    letters = {"d": "dev", "t": "test"}
    record: dict[str, Any] = {
        "id": name,
        "split": letters[name[0]],
        "language": name[2:4],
        "on": date(2026, 11, 22),
        "question": question,
        "tags": ("single", "lay"),
        "group": None,
        "must": ((LAMPS,),),
        "may": (INSPECTION,),
        "must_not": (OLD_LAMPS,),
        "facts": ({"id": LAMPS, "quote": "A boat shall carry 3 lamps."},),
        "refusal": None,
        "notes": (),
        "rationale": "It is the rule on lamps.",
    }
    return Case.model_validate(record | given)


CASES = (
    case("t-en-001", HOSTILE),
    case("t-zh-001", "船上要几盏灯？"),
    case("d-en-001", "What is the weather?", tags=("out_of_scope", "far"), must=(), may=(), must_not=(), facts=(), refusal="out_of_scope"),
)  # fmt: skip


def answered(place: str, quote: str) -> dict[str, Any]:
    """An answer of one claim, in the shape of `kb.record.answer_record` where a report reads it."""
    return {
        "text": f"1. A point. “{quote}” {HOSTILE}",
        "refusal": None,
        "claims": [{"text": "A point.", "quote": quote, "quote_language": "en", "citation": 0, "checks": []}],
        "citations": [{"id": place, "label": "Harbour Law Art. 2", "role": "authority", "standing": "in_force"}],
    }


REFUSAL = {
    "text": "This is not about harbours.",
    "refusal": {"kind": "out_of_scope", "message": "no"},
    "claims": [],
    "citations": [],
}


def result(asked: Case, answer: dict[str, Any] | None, **given: Any) -> CaseResult:
    cited = tuple(c["id"] for c in answer["citations"]) if answer else ()
    found = CaseResult(
        id=asked.id,
        split=asked.split,
        language=asked.language,
        kind=asked.kind,
        tags=asked.tags,
        group=None,
        question=asked.question,
        on=asked.on.isoformat(),
        answer=answer,
        cited=cited,
        ranking=(LAMPS, INSPECTION) if asked.must else (),
        scores={"citation_precision": 1.0 if asked.must else None, "recall@10": 1.0 if asked.must else None},
        violations=(),
        verdict="right",
        reasons=(),
        ms=80.0,
    )
    return replace(found, **given)


def rate(successes: int, n: int) -> Rate:
    return Rate(successes / n, 0.2, 0.9, successes, n)


METRICS: dict[str, Value] = {
    "right": rate(2, 3),
    "citation_existence": rate(2, 2),
    "quote_fidelity": rate(2, 2),
    "unattributed_text": Rate(0.0, 0.0, 0.6, 0, 3),
    "temporal_validity": rate(2, 2),
    "superseded_as_authority": Rate(0.0, 0.0, 0.6, 0, 3),
    "citation_precision": Mean(0.75, 0.5, 1.0, 2),
    "recall@10": Mean(1.0, 1.0, 1.0, 2),
    "span_recall": Mean(None, None, None, 0, "no key facts"),
    "truthfulness": Mean(0.25, -0.5, 0.75, 3),
    "latency_p50": Mean(80.0, 70.0, 90.0, 3),
}


def example() -> Report:
    return Report(
        configuration={"on": "2026-11-22", "seed": 1},
        corpus="corpus-1",
        index="index-1",
        encoder="hash",
        generator="quoting",
        version="0",
        split="all",
        results=(
            result(
                CASES[0],
                answered(INSPECTION, "longer than 10 metres"),
                verdict="wrong",
                reasons=("Harbour Law Art. 2 is not cited",),
                scores={"citation_precision": 0.5, "recall@10": 1.0},
            ),
            result(CASES[1], answered(LAMPS, "A boat shall carry 3 lamps.")),
            result(CASES[2], REFUSAL, ms=20.0),
        ),
        metrics={
            "all": METRICS,
            "split test": METRICS,
            "split dev": {"right": rate(1, 1)},
            "language en": {"right": rate(1, 2), "citation_precision": Mean(0.5, 0.5, 0.5, 1)},
            "kind single": {"right": rate(1, 2)},
            "tag lay": {"right": rate(1, 2)},
        },
        baselines=(SystemResult("bm25", "Words alone.", {"all": {"recall@10": Mean(0.5, 0.2, 0.8, 2)}}),),
    )
