"""An answer from what the search found: which of the hits are shown, what completes them, and what stood on another day.

Thresholds were set on development questions (see `docs/adr/0004-retrieval.md`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from kb.corpus import Corpus
from kb.cues import ALREADY, ASKS_START, SANCTION
from kb.former import became_notes, came_later, formerly, nowadays
from kb.generate import MAX_POINTS, Material, history_notes, superseded_figures
from kb.ids import ProvisionId
from kb.mistaken import belief_note, mistaken_belief
from kb.model import Hit, Note, Refusal, Scenario
from kb.past import Then, as_it_stood, predecessors
from kb.phrases import say
from kb.planned import Plan, date_notes
from kb.retrieve import Found, LawRetriever
from kb.several import nearest_sanctions
from kb.understand import Understanding

KEEP_SHARE = 0.8
"""Hits that score below this share of the best are not shown."""
SIMILARITY_GAP = 0.02
"""Nor those whose nearest text is this much further from the question than the nearest of all."""
MAX_HITS = 4
MANY_PARTS = 3
"""A question of so many sentences or questions asks for more than one thing: more hits are shown, and weaker ones."""
KEEP_SHARE_MANY, SIMILARITY_GAP_MANY, MAX_HITS_MANY = 0.6, 0.03, 5
MAX_POINTS_MANY = 7
"""Points of an answer to a question of several parts."""
SECOND = ((0.9, -0.005), (0.8, 0.005))
"""The second hit of a part is shown too from such a share of the score of the first on, and such a lead in cosine."""
NEAREST_LEAD = 0.02
"""An article further down whose text or ask is nearer to the question than all those shown, by this cosine, is shown too."""
SCENARIO_LEAD = 0.005
"""A scenario completes the answer where the question is nearer to its asks than to those of any article, by this cosine."""
SCENARIO_ALONE = 0.02
"""From this lead the scenario alone orders the answer: the question is one of its asks."""
LATER_GAP = 0.015
"""Where today's law is nearer to a question about the past by this cosine, the answer says which rule came later."""
NOTHING_THEN_GAP = 0.035
"""From this cosine on the rule asked for is the later one, and what stood then does not answer."""


def from_search(
    understanding: Understanding,
    corpus: Corpus,
    retriever: LawRetriever,
    found: Found,
    now: Found,
    parts: Sequence[Found] = (),
    today: Sequence[Found] = (),
) -> Plan:
    """The best of what was found; for a past day also what of today's law stood then under another number; the best of each part.

    `today` is what the parts about now found, where the question is about a past day.
    """
    notes = date_notes(understanding, corpus)
    laws = came_later(understanding, corpus)
    if laws and not (found.hits and ALREADY.search(understanding.query.text)):
        return _from_later_law(laws, notes, now, retriever.commencement(laws))
    then = as_it_stood(corpus, understanding.on, found, now)
    later_law = then.later is not None and _scenario_of_later_law(found, understanding.on, corpus)
    nothing = not found.hits  # a day before all law that is held
    if then.later and (nothing or then.gap >= LATER_GAP or later_law):
        notes += _later_notes(then, understanding, corpus)
        if not then.stood and (nothing or then.gap >= NOTHING_THEN_GAP or later_law):
            if ASKS_START.search(understanding.query.text):
                return _from_later_law((then.later.law,), notes, now, retriever.commencement((then.later.law,)))
            message = " ".join(note.message for note in notes[1:])
            return Plan(Material(refusal=Refusal("not_in_corpus", message)), frozenset())
    top = found.hits[0].score
    nearest = max((h.similarity for h in found.hits[:MAX_POINTS]), default=0.0)
    many = len(understanding.parts) >= MANY_PARTS
    keep, gap, most = (
        (KEEP_SHARE_MANY, SIMILARITY_GAP_MANY, MAX_HITS_MANY) if many else (KEEP_SHARE, SIMILARITY_GAP, MAX_HITS)
    )
    first, *others = found.hits[:most]
    good = [h for h in others if h.score >= keep * top and h.similarity >= nearest - gap]
    shown = max(h.similarity for h in (first, *good))
    good += [h for h in found.hits[most : most * 2] if h.similarity >= shown + NEAREST_LEAD][:1]
    chosen = [h.id for h in (first, *good) if isinstance(h.id, ProvisionId)]
    lead = found.scenario_similarity - nearest
    if found.scenario is not None and lead >= SCENARIO_LEAD and not understanding.laws:
        standing = _steps(found.scenario, understanding.on, corpus)
        chosen = [] if lead >= SCENARIO_ALONE and standing else chosen
        articles = {p.whole_article for p in chosen}
        chosen += [p for p in standing if p.whole_article not in articles]
    figures = superseded_figures(understanding.query.text, corpus, understanding.on)
    threshold = [f.new for f in figures if f.asked.unit == "persons" and corpus.laws[f.old.law].kind == "draft"]
    if threshold and threshold[0].whole_article not in {p.whole_article for p in chosen}:
        chosen = [threshold[0], *chosen]
    known = {p.whole_article for p in chosen}
    stood = {p.whole_article for p in then.stood}
    found_twice = [p for p in chosen if p.whole_article in stood]
    other = [p for p in then.stood if p.whole_article not in known]
    places = tuple(dict.fromkeys((*found_twice, *other, *chosen)))
    belief = mistaken_belief(understanding, found, corpus)
    if belief:
        known = {p.whole_article for p in belief.provisions}
        places = (*belief.provisions, *(p for p in places if p.whole_article not in known))
        notes = [belief_note(belief, understanding, corpus), *notes]
    kept = _with_parts(places[:MAX_POINTS], parts)
    kept = _with_sanction(kept, understanding, (*parts, found), retriever)
    history = (*retriever.commencement(laws), *formerly(kept, understanding, corpus))
    became = nowadays(kept, understanding, corpus)
    notes += became_notes(kept[:1], understanding, corpus) if became else []
    since = [p for p in _first_of_parts(today) if p.whole_article not in {k.whole_article for k in (*kept, *became)}]
    notes += [_later_note(place, understanding, corpus) for place in since]
    later = (*became, *since)
    retrieved = frozenset((*kept, *history, *later, *(h.id for h in found.hits[: MAX_POINTS * 2])))
    return Plan(Material(kept, (*history, *later), notes=tuple(notes)), retrieved, found.hits[: MAX_POINTS * 2])


def _with_parts(places: tuple[ProvisionId, ...], parts: Sequence[Found]) -> tuple[ProvisionId, ...]:
    """The places, with the first of every part that is not among them, then seconds as good; `MAX_POINTS_MANY` at most."""
    kept = list(places)
    for place in _first_of_parts(parts):
        if place.whole_article not in {p.whole_article for p in kept}:
            kept.append(place)
    return tuple(kept[: max(len(places), MAX_POINTS_MANY)])


def _first_of_parts(parts: Sequence[Found]) -> list[ProvisionId]:
    """The first place of every part, then the second ones that are as good."""
    first = [part.hits[0] for part in parts]
    second = [hit for part in parts for hit in part.hits[1:2] if _as_good(hit, part.hits[0])]
    return list(dict.fromkeys(hit.id for hit in (*first, *second) if isinstance(hit.id, ProvisionId)))


def _as_good(hit: Hit, first: Hit) -> bool:
    """Nearly the same score, or a somewhat lesser one with words that are nearer."""
    nearer = hit.similarity - first.similarity
    return any(hit.score >= share * first.score and nearer >= lead for share, lead in SECOND)


def _with_sanction(
    places: tuple[ProvisionId, ...], understanding: Understanding, searches: Sequence[Found], retriever: LawRetriever
) -> tuple[ProvisionId, ...]:
    """The places, with the nearest article on what a breach costs where the question asks for that and none is there."""
    if not SANCTION.search(understanding.query.text) or any(p.whole_article in retriever.sanctions for p in places):
        return places
    near = nearest_sanctions((hit for one in searches for hit in one.hits), retriever)
    more = [hit.id for hit in near[:1] if isinstance(hit.id, ProvisionId)]
    return (*places, *more)[:MAX_POINTS_MANY] if more else places


def _from_later_law(
    laws: Sequence[str], notes: Sequence[Note], now: Found, commencement: Sequence[ProvisionId]
) -> Plan:
    """For a law that the question names and that came after its day: since when it applies, and what it says."""
    said = [h.id for h in now.hits if isinstance(h.id, ProvisionId) and h.id.law in laws][:1]
    places = tuple(dict.fromkeys((*commencement, *said)))
    return Plan(Material((), places, notes=tuple(notes)), frozenset(places), now.hits[:MAX_POINTS])


def _later_notes(then: Then, understanding: Understanding, corpus: Corpus) -> list[Note]:
    """That the rule asked for came after the day of the question, and what a draft of that time was worth."""
    assert then.later is not None
    notes = [_later_note(then.later, understanding, corpus)]
    for place in then.drafts[:1]:
        notes += [n for n in history_notes(place, corpus, understanding.query.language) if n.kind == "superseded"]
    return notes


def _later_note(place: ProvisionId, understanding: Understanding, corpus: Corpus) -> Note:
    language = understanding.query.language
    label = corpus.label(place, language)
    return Note("scope", say("later", language, on=understanding.on, label=label, from_=place.version), str(place))


def _scenario_of_later_law(found: Found, on: date, corpus: Corpus) -> bool:
    """Whether the question is one of a scenario, none of whose provisions stood on the day in any form."""
    nearest = max((h.similarity for h in found.hits[:MAX_POINTS]), default=0.0)
    alone = found.scenario is not None and found.scenario_similarity - nearest >= SCENARIO_ALONE
    return alone and found.scenario is not None and not _steps(found.scenario, on, corpus)


def _steps(scenario: Scenario, on: date, corpus: Corpus) -> list[ProvisionId]:
    """The steps of a scenario as the law stood on a day."""
    found: list[ProvisionId] = []
    for step in scenario.steps:
        if corpus.role(step.id, on) == "authority":
            found.append(step.id)
        else:
            found += [p for p in predecessors(step.id, corpus, on) if corpus.role(p, on) == "authority"]
    return list(dict.fromkeys(found))
