"""What every way to an answer shares: the plan, and the notes on the day and on what is no law (yet)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from kb.corpus import Corpus
from kb.generate import Material
from kb.ids import ProvisionId, SourceId
from kb.model import Hit, Note
from kb.past import law_differs
from kb.phrases import say
from kb.understand import Understanding

_CLAIMS_FORCE = re.compile(
    r"in force|en vigueur|applicable today|now (?:law|binding)|effective|现行有效|已经?生效|已施行|正在施行|有效的",
    re.IGNORECASE,
)
_DENIES_FORCE = re.compile(
    r"never|not (?:yet )?in force|jamais|pas (?:encore )?en vigueur|从未|没有生效|未生效|是否|有没有", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Plan:
    """The material of an answer, and everything that was retrieved for it (what a claim may cite)."""

    material: Material
    retrieved: frozenset[SourceId]
    hits: tuple[Hit, ...] = ()


def successors(place: ProvisionId, corpus: Corpus, on: date) -> list[ProvisionId]:
    successor = corpus.successor(place)
    return [p for p in successor.new if corpus.role(p, on) == "authority"] if successor else []


def force_premise(understanding: Understanding) -> list[Note]:
    """A question that takes the Draft for law in force is told that it is none."""
    text, language = understanding.query.text, understanding.query.language
    if understanding.draft and _CLAIMS_FORCE.search(text) and not _DENIES_FORCE.search(text):
        return [Note("premise", say("draft_in_force", language), None)]
    return []


def not_yet(law: str, understanding: Understanding, corpus: Corpus) -> list[Note]:
    """Says that a law asked for was not in force on the date."""
    first = corpus.versions(law)[0]
    if not corpus.laws[law].binding or first.in_force_from <= understanding.on:
        return []
    language = understanding.query.language
    name = corpus.laws[law].short[language]
    phrase = "earlier_text" if corpus.laws[law].earlier_texts == "not_held" else "not_yet"
    return [Note("scope", say(phrase, language, on=understanding.on, law=name, from_=first.key), None)]


def date_notes(understanding: Understanding, corpus: Corpus) -> list[Note]:
    """Said where the question names an earlier day, or is put for a day whose law is not that of today."""
    notes = []
    if understanding.past or is_past(understanding, corpus):
        notes.append(Note("scope", say("past", understanding.query.language, on=understanding.on), None))
    for law in understanding.laws:
        notes += not_yet(law, understanding, corpus)
    return notes


def is_past(understanding: Understanding, corpus: Corpus) -> bool:
    today = date.today()
    return understanding.on < today and law_differs(corpus, understanding.on, today)
