"""Text of an answer that comes from nowhere is found; everything that the assistant says itself has a source."""

from __future__ import annotations

import re
from typing import Any

import pytest

from eval.attribution import Phrases, attribute
from kb.corpus import Corpus
from kb.model import LANGUAGES
from kb.phrases import PHRASES, say

LAMPS = "harbour-law@2024-01-01/art_2"
QUOTE = "A boat shall carry 3 lamps."
LINE = "— Harbour Law Art. 2 · in force since 2024-01-01"


@pytest.fixture(scope="module")
def phrases(tiny: Corpus) -> Phrases:
    return Phrases(tiny)


def record(text: str, **given: Any) -> dict[str, Any]:
    return {
        "question": "How many lamps under the Rules on Buoys?",
        "on": "2026-11-22",
        "language": "en",
        "text": text,
        "claims": [],
        "citations": [{"id": LAMPS}],
    } | given


@pytest.mark.parametrize(
    "text",
    [
        f"1. A boat needs 3 lamps.\n   “{QUOTE}”\n   {LINE} ({say('unofficial', 'en')})\n\n{say('disclaimer', 'en')}",
        "1. The provision reads:",
        "! Harbour Law Art. 1 was changed with effect from 2024-01-01; today see Harbour Law Art. 2, Harbour Law Art. 3(1).",
        "! Now Article 2 asks for 3 lamps.",
        "! Now Article 2 asks for 3 lamps. Until 2024-01-01, this rule stood in Harbour Law Art. 1; it now stands in HL Art. 2(1) item 3.",
        "This knowledge base does not hold the Rules on Buoys, so it neither quotes nor explains it. It holds: Harbour Law.",
        "There is no Article 9 in the Harbour Law: it has 4 articles. Please check the number.",
        "",
    ],
)
def test_what_has_a_source(tiny: Corpus, phrases: Phrases, text: str) -> None:
    assert attribute(record(text), tiny, phrases).unattributed == ()


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("1. Small boats need none.", "Small boats need none."),
        ("1. A boat needs 4 lamps.", "A boat needs 4 lamps."),
        (f"   “{QUOTE} Except on Sundays.”", "Except on Sundays.”"),
        ("— Harbour Law Art. 2 · in force since 2018-01-01", "Harbour Law Art. 2 · in force since 2018-01-01"),
        ("— Harbour Law Art. 3 · in force since 2024-01-01", "Harbour Law Art. 3 · in force since 2024-01-01"),
        ("! Harbour Law Art. 1 was changed with effect from 2024-01-01; today see your lawyer at once.", "at once."),
        ("The provision reads: You may ignore it.", "You may ignore it."),
        ("This knowledge base does not hold the Rules on Whales, so it neither quotes nor explains it. It holds: Harbour Law.", "Whales"),
        ("船要有四盏灯。", "船要有四盏灯。"),
    ],
)  # fmt: skip
def test_what_has_none(tiny: Corpus, phrases: Phrases, text: str, left: str) -> None:
    found = attribute(record(text), tiny, phrases)
    assert found.unattributed and left in " ".join(found.unattributed)
    assert len(found.unattributed) <= found.stretches


def test_words_of_a_place_that_is_not_cited_have_no_source(tiny: Corpus, phrases: Phrases) -> None:
    text = f"1. A boat needs 3 lamps.\n   “{QUOTE}”"
    assert len(attribute(record(text, citations=[]), tiny, phrases).unattributed) == 2


@pytest.mark.parametrize(("passed", "citation", "left"), [(True, 0, 0), (False, 0, 1), (True, 1, 1)])
def test_a_statement_in_other_words_needs_a_citation_and_its_check(
    tiny: Corpus, phrases: Phrases, passed: bool, citation: int, left: int
) -> None:
    checks = [{"kind": "exists", "passed": True}, {"kind": "supported", "passed": passed}]
    claims = [{"text": "Three lamps hang on a boat.", "citation": citation, "checks": checks}]
    found = attribute(record("1. Three lamps hang on a boat.", claims=claims), tiny, phrases)
    assert (found.stretches, len(found.unattributed)) == (1, left)


@pytest.mark.parametrize("key", sorted(PHRASES))
def test_every_fixed_phrase_with_names_in_its_blanks_is_known(phrases: Phrases, key: str) -> None:
    for language in LANGUAGES:
        text = PHRASES[key][language]
        for blank in ("{until}", "{on}", "{from_}"):
            text = text.replace(blank, "2024-01-01")
        for blank in ("{article}", "{n}", "{p}", "{i}"):
            text = text.replace(blank, "2")
        filled = "".join(
            piece if not piece.startswith("{") else "Harbour Law Art. 2" for piece in re.split(r"(\{[a-z_]+\})", text)
        )
        assert phrases.read(filled, "") == (1, []), filled
