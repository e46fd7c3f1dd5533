"""Questions about another day: where an old number stood, what of today's law stood then under another number, what came later."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from kb.citation import as_provision_id
from kb.corpus import Corpus
from kb.ids import ProvisionId
from kb.likeness import nearness
from kb.model import Hit
from kb.retrieve import Found
from kb.understand import CitedPlace
from kb.versions import AT_LEAST, CLEARLY

MOST_BESIDE = 2
"""Older articles on the same matter that an answer shows, where no rule of theirs became that of today."""
TODAYS_SHARE = 0.85
"""Of what a search in the law of today finds, hits below this share of the best are about something else."""


def former_place(cited: CitedPlace, corpus: Corpus) -> ProvisionId | None:
    """The place that a citation had in an earlier version, where the version of the date has none of that number."""
    written = as_provision_id(cited.mention)
    if cited.place is None or written is None:
        return None
    for version in reversed(corpus.versions(cited.place.law)):
        if version.key < (cited.place.version or ""):
            named = replace(written, law=cited.place.law, version=version.key)
            found = corpus.find(corpus.numbered(named, cited.mention.number))
            if found is not None:
                return found.id
    return None


def old_numbering(
    place: ProvisionId, question: str, corpus: Corpus, meant: bool = False
) -> tuple[tuple[ProvisionId, ...], bool]:
    """Where the rule of the former article of this number went, if the words of the question fit that one as well as today's; and
    whether they clearly fit it better. With `meant` the question says itself that the number is an old one."""
    earlier = [v for v in corpus.versions(place.law) if v.key < (place.version or "")]
    if not earlier:
        return (), False
    old = ProvisionId(place.law, earlier[-1].key, place.article)
    successor = corpus.successor(old)
    if successor is None or place.whole_article in {p.whole_article for p in successor.new}:
        return (), False
    if meant:
        return successor.new, True
    former = corpus.find(old) or (corpus.find(successor.new[0].whole_article) if successor.new else None)
    near_old = nearness(question, former) if former else 0.0
    near_new = nearness(question, corpus.provision(place.whole_article))
    if near_old < max(AT_LEAST, near_new):
        return (), False
    return successor.new, near_old >= CLEARLY * near_new


def law_differs(corpus: Corpus, on: date, today: date) -> bool:
    """Whether any law held had another text on that day than it has today."""
    return any(corpus.in_force(law, on) != corpus.in_force(law, today) for law in corpus.laws)


def predecessors(place: ProvisionId, corpus: Corpus, on: date) -> list[ProvisionId]:
    """The articles of the text of a day, or of a draft published by then, whose rule now stands at a place."""
    found = []
    for old, successor in corpus.successors.items():
        if place.whole_article in {new.whole_article for new in successor.new} and corpus.find(old):
            published = (
                corpus.laws[old.law].kind == "draft" and old.version is not None and old.version <= on.isoformat()
            )
            if published or corpus.role(old, on) == "authority":
                found.append(old.whole_article)
    return list(dict.fromkeys(found))


@dataclass(frozen=True, slots=True)
class Then:
    """What a question about a past day needs beside a search in the text of that day.

    `stood` are places of that day's text whose rule today answers the question, `drafts` those of a draft of that time, `later` is
    the first of today's articles that came afterwards, `gap` how much nearer today's law is to the question (cosine).
    """

    stood: tuple[ProvisionId, ...]
    drafts: tuple[ProvisionId, ...]
    later: ProvisionId | None
    gap: float


def as_it_stood(corpus: Corpus, on: date, then: Found, now: Found) -> Then:
    """Follow what a search in today's law finds back to the day of the question."""
    stood: list[ProvisionId] = []
    drafts: list[ProvisionId] = []
    later: list[ProvisionId] = []
    beside: list[ProvisionId] = []
    for place in _best(now.hits):
        if corpus.role(place, on) == "authority":
            continue
        old = predecessors(place, corpus, on)
        stood += [p for p in old if corpus.role(p, on) == "authority"]
        drafts += [p for p in old if corpus.role(p, on) != "authority"]
        if not any(corpus.role(p, on) == "authority" for p in old):
            later.append(place)
            stands = [p for p in corpus.counterparts.get(place, ()) if corpus.role(p, on) == "authority"]
            beside += _nearest_first(stands, then.hits)
    stood += [*dict.fromkeys(beside)][:MOST_BESIDE]
    gap = _nearest(now.hits) - _nearest(then.hits)
    return Then(tuple(dict.fromkeys(stood)), tuple(dict.fromkeys(drafts)), later[0] if later else None, gap)


def _nearest_first(places: Iterable[ProvisionId], hits: tuple[Hit, ...]) -> list[ProvisionId]:
    """The places in the order in which a search found their articles; those that it did not find last, as they come."""
    rank = {h.id.whole_article: n for n, h in reversed(list(enumerate(hits))) if isinstance(h.id, ProvisionId)}
    return sorted(dict.fromkeys(places), key=lambda place: rank.get(place, len(hits)))


def _best(hits: tuple[Hit, ...]) -> Iterable[ProvisionId]:
    return [
        h.id.whole_article
        for h in hits[:3]
        if isinstance(h.id, ProvisionId) and h.score >= TODAYS_SHARE * hits[0].score
    ]


def _nearest(hits: tuple[Hit, ...]) -> float:
    return max((h.similarity for h in hits[:5]), default=0.0)
