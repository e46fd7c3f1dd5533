"""What a sign-off is tied to, and when it lapses. Pure functions on a corpus.

Legal staff sign one citation of one answer. The sign-off holds the hash of the text at the place cited, its standing then, and the hash
of the answer. It lapses by itself, and visibly, when the text changes, when the place stands otherwise (a newer version came into force,
a repeal), or when the same question gets another answer.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from kb.corpus import Corpus
from kb.errors import BadInput
from kb.ids import FactId, PassageId, ProvisionId, SourceId, parse_source_id

Decided = Literal["signed", "rejected"]
Reason = Literal["text_changed", "standing_changed", "not_held", "answer_changed"]


@dataclass(frozen=True, slots=True)
class Decision:
    """One citation of one answer, signed or rejected. `at` is UTC, ISO form."""

    citation: str
    decision: Decided
    comment: str
    by: str
    at: str
    provision_hash: str
    standing: str
    content_hash: str


def content_hash(record: Mapping[str, Any]) -> str:
    """What a reader sees of an answer: outcome, refusal, statements with their quotations and places, notes. Not when or how fast."""
    cited = [c["id"] for c in record["citations"]]
    seen = {
        "outcome": record["outcome"],
        "refusal": record["refusal"],
        "claims": [[c["text"], c["quote"], cited[c["citation"]]] for c in record["claims"]],
        "notes": [[n["kind"], n["message"], n["id"]] for n in record["notes"]],
    }
    return hashlib.sha256(json.dumps(seen, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def question_key(question: str) -> str:
    """The same for questions that differ in capitals, spaces and punctuation alone."""
    plain = re.sub(r"[\W_]+", " ", unicodedata.normalize("NFKC", question).casefold()).strip()
    return hashlib.sha256(plain.encode("utf-8", "replace")).hexdigest()


def provision_hash(place: SourceId, corpus: Corpus) -> str | None:
    """The hash of the text at a place, in all languages held; None where it is not held."""
    try:
        if isinstance(place, PassageId):
            text = corpus.passage(place).text
        elif isinstance(place, FactId):
            fact = corpus.fact(place)
            text = "\n".join((fact.text.en, fact.text.zh, fact.text.fr))
        else:
            found = corpus.find(place)
            if found is None:
                return None
            text = f"{found.text_en}\n{found.text_zh}"
    except (BadInput, KeyError):
        return None
    return hashlib.sha256(text.encode()).hexdigest()


def standing(place: SourceId, corpus: Corpus, on: date) -> str:
    """How a place stands on a day; commentary for what is no law."""
    return corpus.standing(place, on) if isinstance(place, ProvisionId) else "commentary"


def lapsed(decision: Decision, corpus: Corpus, on: date, answer_now: str | None = None) -> Reason | None:
    """Why a decision no longer holds on a day; None where it does. `answer_now` is the hash of what the question gets today."""
    place = parse_source_id(decision.citation)
    text = provision_hash(place, corpus)
    if text is None:
        return "not_held"
    if text != decision.provision_hash:
        return "text_changed"
    if standing(place, corpus, on) != decision.standing:
        return "standing_changed"
    return "answer_changed" if answer_now is not None and answer_now != decision.content_hash else None


def latest(decisions: Sequence[Decision]) -> dict[str, Decision]:
    """The last decision on each citation; `decisions` are in the order in which they were taken."""
    return {d.citation: d for d in decisions}
