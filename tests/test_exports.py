"""Exports read back as the other tools read them."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

from eval_example import CASES, INSPECTION, LAMPS, example

from eval.exports import write_beir, write_deepeval, write_ragas
from kb.corpus import Corpus


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_beir_is_read_back(tiny: Corpus, tmp_path: Path) -> None:
    """As BEIR's loader does: documents and queries by `_id`, judgements of the queries of a split after the head line."""
    write_beir(tmp_path, CASES, tiny)
    corpus = {d["_id"]: (d["title"], d["text"]) for d in lines(tmp_path / "corpus.jsonl")}
    queries = {q["_id"]: q["text"] for q in lines(tmp_path / "queries.jsonl")}
    with (tmp_path / "qrels" / "test.tsv").open(encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_MINIMAL)
    qrels: dict[str, dict[str, int]] = {}
    for query, place, grade in rows:
        qrels.setdefault(query, {})[place] = int(grade)
    assert head == ["query-id", "corpus-id", "score"]
    assert queries == {c.id: c.question for c in CASES if c.must}
    assert qrels == {name: {INSPECTION: 1, LAMPS: 2} for name in ("t-en-001", "t-zh-001")}
    assert {place for found in qrels.values() for place in found} <= set(corpus)
    assert corpus[LAMPS] == ("Harbour Law Art. 2", "A boat shall carry 3 lamps.")
    assert len(corpus) == len({*corpus}) == len(list(tiny.all_articles())) + len(tiny.documents) + len(tiny.records)
    assert corpus["letter"][1].count("\n") == 2 and all(text for _, text in corpus.values())
    assert [p.name for p in (tmp_path / "qrels").iterdir()] == [
        "test.tsv"
    ]  # the dev case is a refusal: nothing to find


def test_ragas_samples_have_the_fields_of_a_single_turn(tiny: Corpus, tmp_path: Path) -> None:
    write_ragas(tmp_path / "r.jsonl", example(), CASES, tiny)
    samples = lines(tmp_path / "r.jsonl")
    fields = {
        "user_input", "response", "retrieved_contexts", "retrieved_context_ids", "reference_contexts",
        "reference_context_ids", "reference",
    }  # fmt: skip
    assert [set(s) for s in samples] == [fields, fields, fields - {"reference"}]
    first = samples[0]
    assert first["user_input"] == CASES[0].question and first["response"].startswith("1. A point.")
    assert first["retrieved_context_ids"] == [LAMPS, INSPECTION] and first["reference_context_ids"] == [LAMPS]
    assert first["reference_contexts"] == ["A boat shall carry 3 lamps."] and len(first["retrieved_contexts"]) == 2
    assert first["reference"] == "“A boat shall carry 3 lamps.” – Harbour Law Art. 2"


def test_deepeval_goldens_have_the_fields_of_its_loader(tiny: Corpus, tmp_path: Path) -> None:
    write_deepeval(tmp_path / "d.jsonl", example(), CASES, tiny)
    goldens = lines(tmp_path / "d.jsonl")
    fields = {
        "input",
        "actual_output",
        "expected_output",
        "context",
        "retrieval_context",
        "additional_metadata",
        "name",
    }
    assert all(set(g) == fields for g in goldens)
    assert [g["name"] for g in goldens] == [c.id for c in CASES]
    assert goldens[0]["additional_metadata"] == {
        "split": "test",
        "language": "en",
        "kind": "single",
        "verdict": "wrong",
    }
    assert goldens[2]["expected_output"] is None and goldens[2]["context"] == []


def test_what_has_no_answer_or_no_case_is_left_out(tiny: Corpus, tmp_path: Path) -> None:
    write_ragas(tmp_path / "r.jsonl", example(), CASES[1:2], tiny)
    assert [s["user_input"] for s in lines(tmp_path / "r.jsonl")] == [CASES[1].question]
