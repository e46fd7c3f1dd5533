"""The cases and answers in the layouts that other evaluation tools read.

BEIR (Thakur et al. 2021): `corpus.jsonl`, `queries.jsonl`, `qrels/<split>.tsv`, for retrieval alone; a place of a need is graded 2,
one acceptable besides 1. Ragas: one sample a line, with the field names of its `SingleTurnSample`. DeepEval: one `Golden` a line,
with the outputs filled in. Their tools judge by a model; nothing here does.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

from eval.cases import Case
from eval.places import all_places, text_of, title_of
from eval.results import CaseResult, Report
from kb.corpus import Corpus

CONTEXTS = 10
"""Places found that count as retrieved contexts, best first."""


def grades(case: Case) -> dict[str, int]:
    """Each place of a case with its grade: 2 in a need, 1 acceptable besides."""
    return dict.fromkeys(case.may, 1) | {place: 2 for need in case.must for place in need}


def write_beir(folder: Path, cases: Sequence[Case], corpus: Corpus) -> None:
    """The retrieval part. Cases where a refusal is right have no query: there is nothing to find."""
    asked = [case for case in cases if case.must]
    _jsonl(
        folder / "corpus.jsonl",
        (
            {"_id": place, "title": title_of(place, corpus), "text": text_of(place, corpus) or ""}
            for place in all_places(corpus)
        ),
    )
    _jsonl(
        folder / "queries.jsonl",
        (
            {
                "_id": case.id,
                "text": case.question,
                "metadata": {"language": case.language, "on": case.on.isoformat(), "tags": list(case.tags)},
            }
            for case in asked
        ),
    )
    for split in sorted({case.split for case in asked}):
        out = StringIO()
        rows = csv.writer(out, delimiter="\t", lineterminator="\n")
        rows.writerow(["query-id", "corpus-id", "score"])
        for case in asked:
            if case.split == split:
                rows.writerows([case.id, place, grade] for place, grade in grades(case).items())
        _write(folder / "qrels" / f"{split}.tsv", out.getvalue())


def write_ragas(path: Path, report: Report, cases: Sequence[Case], corpus: Corpus) -> None:
    """One sample a case with an answer; `reference` is left out where a refusal is right."""
    _jsonl(path, (_sample(result, case, corpus) for result, case in _answered(report, cases)))


def write_deepeval(path: Path, report: Report, cases: Sequence[Case], corpus: Corpus) -> None:
    """One golden a case with an answer."""
    _jsonl(path, (_golden(result, case, corpus) for result, case in _answered(report, cases)))


def _answered(report: Report, cases: Sequence[Case]) -> Iterator[tuple[CaseResult, Case]]:
    held = {case.id: case for case in cases}
    for result in report.results:
        if result.answer is not None and result.id in held:
            yield result, held[result.id]


def _sample(result: CaseResult, case: Case, corpus: Corpus) -> dict[str, Any]:
    found, due = _contexts(result.ranking[:CONTEXTS], corpus), _contexts(_due(case), corpus)
    sample = {
        "user_input": case.question,
        "response": result.answer["text"] if result.answer else "",
        "retrieved_contexts": list(found.values()),
        "retrieved_context_ids": list(found),
        "reference_contexts": list(due.values()),
        "reference_context_ids": list(due),
        "reference": _reference(case, corpus),
    }
    return {name: value for name, value in sample.items() if value is not None}


def _golden(result: CaseResult, case: Case, corpus: Corpus) -> dict[str, Any]:
    about = {"split": case.split, "language": case.language, "kind": result.kind, "verdict": result.verdict}
    return {
        "input": case.question,
        "actual_output": result.answer["text"] if result.answer else "",
        "expected_output": _reference(case, corpus),
        "context": list(_contexts(_due(case), corpus).values()),
        "retrieval_context": list(_contexts(result.ranking[:CONTEXTS], corpus).values()),
        "additional_metadata": about,
        "name": case.id,
    }


def _due(case: Case) -> list[str]:
    return list(dict.fromkeys(place for need in case.must for place in need))


def _contexts(places: Iterable[str], corpus: Corpus) -> dict[str, str]:
    texts = ((place, text_of(place, corpus)) for place in places)
    return {place: text for place, text in texts if text is not None}


def _reference(case: Case, corpus: Corpus) -> str | None:
    """The key facts in the words of the law, each with its place; None where a case has none."""
    return "\n".join(f"“{fact.quote}” – {title_of(fact.id, corpus)}" for fact in case.facts) or None


def _jsonl(path: Path, records: Iterable[dict[str, Any]]) -> None:
    _write(path, "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records))


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
