"""The statements on which the gate is measured: the true ones are true of their place by construction, the falsified ones false."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from eval.gate_report import ON, as_claim, without_guides
from eval.mutations import KINDS, Mutant, added_facts, mutants
from eval.split import half_of
from eval.true_claims import TrueClaim, true_claims
from kb.corpus import Corpus
from kb.model import LANGUAGES
from kb.quantities import quantities
from kb.verify import check_exists, check_in_force, check_numbers, check_verbatim

PAGE = Path(__file__).resolve().parent.parent / "docs" / "gate.md"


@pytest.fixture(scope="module")
def trues(corpus: Corpus) -> list[TrueClaim]:
    return [*true_claims(corpus, "dev"), *true_claims(corpus, "test")]


@pytest.fixture(scope="module")
def made(corpus: Corpus, trues: list[TrueClaim]) -> list[Mutant]:
    return [m for claim in trues[::5] for m in mutants(claim, corpus)]


def test_there_are_enough_true_statements_in_both_languages(corpus: Corpus, trues: list[TrueClaim]) -> None:
    assert sum(c.language != "fr" for c in trues) >= 2_000
    assert {(c.language, c.style) for c in trues} >= {
        (x, s) for x in ("en", "zh") for s in ("verbatim", "gist", "plain")
    }
    assert len({c.id for c in trues}) == len(trues)
    for claim in trues:
        assert corpus.provision(claim.place).id == claim.place
        assert claim.quote in (corpus.provision(claim.place).text(claim.quote_language) or "")


def test_the_halves_share_no_article(corpus: Corpus) -> None:
    halves = {half: {c.place.whole_article for c in true_claims(corpus, half)} for half in ("dev", "test")}
    assert not halves["dev"] & halves["test"]
    assert all(half_of(place, corpus) == half for half, places in halves.items() for place in places)


def test_every_kind_applies(made: list[Mutant]) -> None:
    counts = Counter(m.kind for m in made)
    assert set(counts) == set(KINDS)
    assert all(counts[kind] >= 50 for kind in ("wrong_article", "wrong_law", "modality", "added_fact", "actor"))


def test_a_mutant_differs_from_its_source_in_one_thing(made: list[Mutant]) -> None:
    place_kinds = {
        "wrong_article",
        "no_such_article",
        "wrong_law",
        "draft_for_final",
        "draft_as_today",
        "wrong_version",
    }
    quote_kinds = {"forged_quote", "one_character", "neighbours_quote"}
    for m in made:
        changed = {n for n in ("text", "place", "quote") if getattr(m.claim, n) != getattr(m.source, n)}
        allowed = {"place", "quote"} if m.kind in place_kinds else {"quote"} if m.kind in quote_kinds else {"text"}
        assert changed and changed <= allowed, (m.kind, m.claim)


def test_what_is_falsified_is_false(made: list[Mutant], corpus: Corpus) -> None:
    for m in made:
        claim, cited = as_claim(m.claim, m.role, corpus)
        if m.kind == "no_such_article":
            assert not check_exists(cited, corpus).passed
        elif m.kind in ("draft_for_final", "wrong_version"):
            assert not check_in_force(claim, cited, corpus, ON).passed
        elif m.kind in ("forged_quote", "one_character", "neighbours_quote"):
            assert not check_verbatim(claim, cited, corpus).passed
        elif m.kind in ("number", "date", "amount"):
            article = corpus.provision(m.claim.place.whole_article)
            held = {q for t in (article.text_en, article.text_zh) if t for q in quantities(t)}
            assert quantities(m.claim.text) - held, m.claim.text
            assert not check_numbers(claim, cited, corpus).passed


def test_a_mutant_is_the_same_on_every_run(trues: list[TrueClaim], corpus: Corpus) -> None:
    for claim in trues[:40]:
        assert [*mutants(claim, corpus)] == [*mutants(claim, corpus)]


def test_added_facts_are_many_and_nowhere_in_the_corpus(corpus: Corpus) -> None:
    facts = added_facts()
    assert all(len(set(of)) == len(of) for of in facts.values())
    assert len(facts["en"]) >= 40 and len(facts["zh"]) >= 40 and len(facts["fr"]) >= 20
    texts = " ".join(t for a in corpus.all_articles() for t in (a.text_en, a.text_zh) if t)
    assert not [fact for x in LANGUAGES for fact in facts[x] if fact.strip(" ,，") in texts]


def test_the_editors_lines_are_unknown_to_the_gate_that_is_measured(corpus: Corpus) -> None:
    assert all(article.gist is None for article in without_guides(corpus).all_articles())
    assert date(2026, 11, 22) == ON


# ------------------------------------------------------------------ docs/gate.md


def test_the_page_is_of_the_statements_that_are_made_today(corpus: Corpus) -> None:
    """Counts alone: making the page anew takes minutes (`make gate`)."""
    text = PAGE.read_text(encoding="utf-8")
    claims = true_claims(corpus, "test")
    falsified = [m for claim in claims for m in mutants(claim, corpus)]
    assert f"{len(claims)} true statements" in text and f"and {len(falsified)} false ones" in text
    for kind, about in KINDS.items():
        row = next(line for line in text.splitlines() if line.startswith(f"| {kind}: {about} |"))
        count = sum(m.kind == kind and m.claim.language != "fr" for m in falsified)
        assert f"of {count} |" in row, kind


@pytest.mark.parametrize(
    "kind", ["no_such_article", "draft_for_final", "wrong_version", "forged_quote", "one_character", "neighbours_quote"]
)
def test_what_rules_decide_is_always_stopped(kind: str) -> None:
    row = next(line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith(f"| {kind}: "))
    assert re.findall(r"(\d\.\d{3}) \[", row) == ["1.000"] * 4
