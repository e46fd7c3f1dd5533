"""What a question takes for granted and is not so: common mistaken beliefs, and words put into the mouth of an article."""

from __future__ import annotations

from kb.check import check_text
from kb.corpus import Corpus
from kb.generate import labels
from kb.ids import ProvisionId
from kb.model import CheckedCitation, Language, Misconception, Note
from kb.phrases import say
from kb.retrieve import Found
from kb.understand import Understanding

GRANTED_LEAD = -0.006
"""A question that takes something for granted is told of a mistaken belief as near to it as the law, less this cosine."""
ASKED_LEAD = 0.02
"""Any other question only where the belief is nearer than the law by this cosine: it is the belief, put as a question."""


def mistaken_belief(understanding: Understanding, found: Found, corpus: Corpus) -> Misconception | None:
    """The mistaken belief that a question rests on; None where there is none, or where the law that corrects it did not stand."""
    if found.misconception is None or not found.hits:
        return None
    nearest = max(found.scenario_similarity, *(hit.similarity for hit in found.hits[:5]))
    needed = GRANTED_LEAD if understanding.takes_for_granted else ASKED_LEAD
    if found.misconception_similarity - nearest < needed:
        return None
    belief = next(m for m in corpus.misconceptions if m.name == found.misconception)
    stands = all(corpus.role(place, understanding.on) == "authority" for place in belief.provisions)
    return belief if stands else None


def belief_note(belief: Misconception, understanding: Understanding, corpus: Corpus) -> Note:
    """Says that the belief is mistaken, and where it is decided."""
    language = understanding.query.language
    shown = labels(belief.provisions, corpus, language)
    return Note(
        "premise", say("mistaken", language, belief=belief.belief[language], labels=shown), str(belief.provisions[0])
    )


def misquoted(understanding: Understanding, corpus: Corpus) -> list[CheckedCitation]:
    """The citations of a question to which it ties words or figures that do not stand there. None in French, of which no text is held."""
    if understanding.query.language == "fr":
        return []
    report = check_text(understanding.query.text, corpus, understanding.on, language=understanding.query.language)
    return [cited for cited in report.citations if cited.verdict == "QUOTE_MISMATCH"]


def misquote_notes(found: list[CheckedCitation], corpus: Corpus, language: Language) -> list[Note]:
    """One note a citation: the words, or the figures, of the question do not stand there."""
    notes = []
    for cited in found[:2]:
        phrase = "misquoted" if any(quote.found is False for quote in cited.quotes) else "misfigured"
        notes.append(Note("premise", say(phrase, language, label=_label(cited, corpus, language)), cited.id))
    return notes


def _label(cited: CheckedCitation, corpus: Corpus, language: Language) -> str:
    return corpus.label(ProvisionId.parse(cited.id), language) if cited.id else cited.text
