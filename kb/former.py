"""What the places of an answer were before, and what became of them: for questions that look back, or from a past day to now."""

from __future__ import annotations

from collections.abc import Iterable

from kb.corpus import Corpus
from kb.generate import history_notes
from kb.ids import ProvisionId
from kb.model import Note
from kb.understand import Understanding

MAX_LOOKED_AT = 2
"""Of an answer, the first so many places are followed back or on."""
MAX_FORMER = 2


def formerly(places: Iterable[ProvisionId], understanding: Understanding, corpus: Corpus) -> tuple[ProvisionId, ...]:
    """The articles of a draft or of a former text whose rule stands at the places today, for a question that looks back."""
    if not (understanding.formerly or understanding.comparison):
        return ()
    found: list[ProvisionId] = []
    for place in [*places][:MAX_LOOKED_AT]:
        former = [
            old.whole_article
            for old, successor in corpus.successors.items()
            if place.whole_article in {new.whole_article for new in successor.new} and corpus.find(old)
        ]
        found += [old for old in former if _meant(old, understanding, corpus)]
    return tuple(dict.fromkeys(found))[:MAX_FORMER]


def _meant(old: ProvisionId, understanding: Understanding, corpus: Corpus) -> bool:
    """Whether the text of an old place was published by the day, and is none of the laws of today that the question names."""
    return (old.version or "") <= understanding.on.isoformat() and corpus.role(old, understanding.on) != "authority"


def nowadays(places: Iterable[ProvisionId], understanding: Understanding, corpus: Corpus) -> tuple[ProvisionId, ...]:
    """Where the rules of a past day stand today, for a question about a past day that asks about now as well."""
    if not (understanding.past and understanding.nowadays):
        return ()
    found: list[ProvisionId] = []
    for place in [*places][:MAX_LOOKED_AT]:
        successor = corpus.successor(place) or corpus.successor(place.whole_article)
        found += successor.new if successor else ()
    return tuple(dict.fromkeys(found))[:MAX_FORMER]


def became_notes(places: Iterable[ProvisionId], understanding: Understanding, corpus: Corpus) -> list[Note]:
    """What became of places of a past day."""
    return [note for place in places for note in history_notes(place, corpus, understanding.query.language)]


def came_later(understanding: Understanding, corpus: Corpus) -> tuple[str, ...]:
    """The laws named whose first text came after the day of the question."""
    return tuple(
        law
        for law in understanding.laws
        if understanding.past and corpus.versions(law)[0].in_force_from > understanding.on
    )
