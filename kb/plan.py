"""Which places an answer quotes, in which order, and when there is none: the choices, with their thresholds.

A question that cites is answered from what it cites; one that names a document or a draft also gets the law of today;
any other gets what was found, ordered by scenario where one fits. Thresholds were set on development questions (see
`docs/adr/0004-retrieval.md`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from kb.corpus import Corpus
from kb.cues import NOWADAYS
from kb.former import nowadays
from kb.generate import MAX_POINTS, Material, renumbering_notes
from kb.ids import FactId, PassageId, ProvisionId, SourceId
from kb.mistaken import belief_note, misquote_notes, misquoted, mistaken_belief
from kb.model import Hit, Language, Note, NoteKind, Record
from kb.past import former_place, old_numbering
from kb.phrases import say
from kb.plan_search import KEEP_SHARE, from_search
from kb.planned import Plan, date_notes, force_premise, is_past, not_yet, successors
from kb.refuse import MIN_MARGIN, held_laws, missing, refuse_after_search, refuse_before_search
from kb.retrieve import Found, LawRetriever
from kb.several import asked_parts, encode_all, search_parts, search_words
from kb.understand import Understanding

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LAWLIKE = ("law", "regulation", "departmental_rule", "notice")
"""Records of these kinds complete an answer from the law; others (cases, standards, circulars) are the answer."""
RECORD_LEAD = 0.016
"""A question nearer to the asks of a record than to any article by this cosine is answered from the record."""
LAWLIKE_LEAD = -0.01
"""A question as near to the asks of a lawlike record, less this cosine, has its answer completed from it."""
MAX_RECORDS = 2
MAX_FACTS = 4
FACT_GAP = 0.03
"""Facts further than this (a cosine) from the nearest one are about another side of the matter."""
MAX_CITED = 12
MAX_PASSAGES = 2
PASSAGE_SHARE = 0.9
MAX_DRAFTS = 2
DRAFT_SHARE = 0.85
MAX_NOTES = 3
NOTE_GAP = 0.03
"""Notes further than this (a cosine) from the nearest one are about another point of the passage."""


def plan(understanding: Understanding, corpus: Corpus, retriever: LawRetriever) -> Plan:
    """Choose what to quote. Searches only where the question does not say by itself where to look."""
    refusal = refuse_before_search(understanding, corpus)
    if refusal:
        return Plan(Material(refusal=refusal), frozenset())
    if understanding.cited and not understanding.documents and not understanding.records:
        return _with_premises(_from_citations(understanding, corpus), understanding, corpus, retriever)
    language = understanding.query.language
    if understanding.records or understanding.documents:
        vector = retriever.encode(understanding.text)
        if understanding.records:
            return _from_records(understanding, corpus, retriever, vector, understanding.records)
        return _from_documents(understanding, corpus, retriever, vector)
    asked = asked_parts(understanding)
    on = understanding.on
    words = search_words(understanding.text, language, on, retriever)
    vector, *own = encode_all([understanding.text, *asked], retriever)
    split = list(zip(asked, own, strict=True))
    past = is_past(understanding, corpus)
    parts = search_parts([] if past else split, vector, understanding, retriever)
    found = retriever.find(understanding.text, language, on, understanding.laws, vector, words)
    if understanding.draft:
        drafts = retriever.drafts(understanding.text, language, on, vector)
        return _with_draft(understanding, corpus, found, drafts)
    now = retriever.find(understanding.text, language, date.today(), understanding.laws, vector) if past else found
    refusal = refuse_after_search(understanding, max((found, now), key=lambda f: f.margin))
    if refusal and not (found.hits and parts()):
        return Plan(Material(refusal=refusal), frozenset())
    about_now = [part for part in split if NOWADAYS.search(part[0])] if past else []
    today = search_parts(about_now, vector, replace(understanding, on=understanding.query.on), retriever)()
    nearest = max((found.scenario_similarity, *(h.similarity for h in found.hits[:MAX_POINTS])))
    record = corpus.records[found.record] if found.record else None
    if record and not understanding.laws and _existed(record, on):
        lead = found.record_similarity - nearest
        if record.kind not in LAWLIKE and lead >= RECORD_LEAD:
            return _from_records(understanding, corpus, retriever, vector, (record.slug,))
        if record.kind in LAWLIKE and lead >= LAWLIKE_LEAD:
            return _with_facts(
                from_search(understanding, corpus, retriever, found, now, parts(), today),
                retriever,
                vector,
                record,
                bool(parts()),
            )
    return from_search(understanding, corpus, retriever, found, now, parts(), today)


# ------------------------------------------------------------------ citations


def _from_citations(understanding: Understanding, corpus: Corpus) -> Plan:
    language, on = understanding.query.language, understanding.on
    authorities: list[ProvisionId] = []
    history: list[ProvisionId] = []
    notes: list[Note] = []
    for cited in understanding.cited[:MAX_CITED]:
        place = cited.place
        if place is None:
            law = cited.mention.unknown_law or ""
            notes.append(Note("scope", say("law_not_held", language, law=law, held=held_laws(corpus, understanding))))
            continue
        provision = corpus.find(place)
        if provision is None:
            former = former_place(cited, corpus)
            if former is not None:
                history.append(former)
                authorities += successors(former, corpus, on)
            else:
                absent = missing(understanding, corpus, [cited])
                notes += [Note("premise", absent.message, str(place))] if absent else []
        elif corpus.role(provision.id, on) == "authority":
            moved, clearly = old_numbering(provision.id, understanding.text, corpus, understanding.old_number)
            authorities += [*moved, provision.id] if clearly else [provision.id, *moved]
            notes += renumbering_notes(provision.id, corpus, language)
        else:
            history.append(provision.id)
            authorities += successors(provision.id, corpus, on)
            notes += not_yet(provision.id.law, understanding, corpus)
    notes += force_premise(understanding)
    history += nowadays(authorities, understanding, corpus)
    retrieved: set[SourceId] = {*authorities, *history}
    limit = max(MAX_POINTS, len(understanding.cited))
    material = Material(
        tuple(dict.fromkeys(authorities))[:limit],
        tuple(dict.fromkeys(history)),
        notes=(*date_notes(understanding, corpus), *notes),
    )
    return Plan(
        material, frozenset(retrieved), tuple(Hit(p, 1.0, None, None, cited=True) for p in (*authorities, *history))
    )


def _with_premises(found: Plan, understanding: Understanding, corpus: Corpus, retriever: LawRetriever) -> Plan:
    """An answer from citations, with what the question puts into the mouth of an article, and a mistaken belief that it rests on."""
    wrong = misquoted(understanding, corpus)
    if not wrong and not understanding.takes_for_granted:
        return found
    searched = retriever.find(understanding.text, understanding.query.language, understanding.on, understanding.laws)
    belief = mistaken_belief(understanding, searched, corpus)
    places: list[ProvisionId] = [*belief.provisions] if belief else []
    if wrong:
        places += [hit.id for hit in searched.hits[:1] if isinstance(hit.id, ProvisionId)]
    known = {place.whole_article for place in found.material.authorities}
    more = tuple(place for place in places if place.whole_article not in known)
    notes = [
        *misquote_notes(wrong, corpus, understanding.query.language),
        *([belief_note(belief, understanding, corpus)] if belief else []),
    ]
    material = replace(
        found.material, authorities=(*found.material.authorities, *more), notes=(*found.material.notes, *notes)
    )
    return replace(found, material=material, retrieved=found.retrieved | {*more})


# ------------------------------------------------------------------ records


def _from_records(
    understanding: Understanding,
    corpus: Corpus,
    retriever: LawRetriever,
    vector: NDArray[np.float32],
    records: Sequence[str],
) -> Plan:
    """The facts that answer, always one on how the matter stands, with the provisions a reader should see beside it.

    A question that also cites provisions or names a document gets these too.
    """
    slugs = records[:MAX_RECORDS]
    near = retriever.facts(slugs, vector)
    best = max(near.values())
    facts: list[FactId] = []
    for slug in slugs:
        held = corpus.records[slug].facts
        by_nearness = sorted((f.id for f in held), key=lambda f: -near[f])
        chosen = {f for f in by_nearness if near[f] >= best - FACT_GAP}
        chosen = set(by_nearness[: MAX_FACTS // len(slugs)]) & chosen or {by_nearness[0]}
        state = next((f.id for f in held if f.topic in ("outcome", "status")), None)
        facts += [f for f in by_nearness if f in chosen or f == state]
    named = replace(understanding, records=())
    beside = Plan(Material(), frozenset())
    law: list[ProvisionId] = []
    if named.cited:
        beside = _from_citations(named, corpus)
    elif named.documents:
        beside = _from_documents(named, corpus, retriever, vector)
    elif understanding.laws or understanding.draft or understanding.takes_for_granted:
        beside, law = _law_beside(named, corpus, retriever, vector, best)
    related = [
        p for slug in slugs for p in corpus.records[slug].related if corpus.role(p, understanding.on) == "authority"
    ]
    authorities = beside.material.authorities or tuple(dict.fromkeys((*law, *related)))[: MAX_POINTS - len(facts)]
    material = replace(beside.material, authorities=authorities, facts=tuple(facts))
    if not beside.material.notes:
        material = replace(material, notes=tuple(date_notes(understanding, corpus)))
    return Plan(material, beside.retrieved | {*facts, *authorities}, beside.hits)


def _law_beside(
    understanding: Understanding,
    corpus: Corpus,
    retriever: LawRetriever,
    vector: NDArray[np.float32],
    nearest_fact: float,
) -> tuple[Plan, list[ProvisionId]]:
    """For a question that names a record and law as well: the notes on what it takes for granted, and the law that it asks about."""
    found = retriever.find(
        understanding.text, understanding.query.language, understanding.on, understanding.laws, vector
    )
    belief = mistaken_belief(understanding, found, corpus)
    law = [*belief.provisions] if belief else []
    law += [h.id for h in found.hits[:1] if isinstance(h.id, ProvisionId) and h.similarity >= nearest_fact - FACT_GAP]
    notes = (belief_note(belief, understanding, corpus), *date_notes(understanding, corpus)) if belief else ()
    return Plan(Material(notes=notes), frozenset()), law


# ------------------------------------------------------------------ drafts and documents


def _with_draft(understanding: Understanding, corpus: Corpus, found: Found, drafts: Sequence[Hit]) -> Plan:
    """The law of today on the matter first, then what the draft said."""
    on = understanding.on
    best = drafts[0].score if drafts else 0.0
    history = [h.id for h in drafts[:MAX_DRAFTS] if isinstance(h.id, ProvisionId) and h.score >= DRAFT_SHARE * best]
    authorities = [new for old in history for new in successors(old, corpus, on)]
    top = found.hits[0].score if found.hits else 0.0
    for hit in found.hits[:3]:
        wanted = len(authorities) < 2 and hit.score >= KEEP_SHARE * top
        if (
            isinstance(hit.id, ProvisionId)
            and wanted
            and hit.id.whole_article not in {a.whole_article for a in authorities}
        ):
            authorities.append(hit.id)
    kept = tuple(dict.fromkeys(authorities))[: MAX_POINTS - 1]
    whole = tuple(dict.fromkeys(p.whole_article for p in history))
    notes = (*force_premise(understanding), *date_notes(understanding, corpus))
    return Plan(
        Material(kept, whole, notes=notes), frozenset((*kept, *whole)), (*found.hits[:MAX_POINTS], *drafts[:MAX_DRAFTS])
    )


def _from_documents(
    understanding: Understanding, corpus: Corpus, retriever: LawRetriever, vector: NDArray[np.float32]
) -> Plan:
    """What the document says, and the law that decides the matter today."""
    language, on = understanding.query.language, understanding.on
    hits = retriever.passages(understanding.text, language, on, understanding.documents, vector)
    best = hits[0].score if hits else 0.0
    passages = [h.id for h in hits[:MAX_PASSAGES] if isinstance(h.id, PassageId) and h.score >= PASSAGE_SHARE * best]
    near = retriever.notes(passages, vector)
    best_note = max(near.values(), default=0.0)
    chosen = sorted((n for n, s in near.items() if s >= best_note - NOTE_GAP), key=lambda n: -near[n])[:MAX_NOTES]
    decided = [p for n in chosen for p in corpus.notes[n].decided_by]
    authorities = [p for p in dict.fromkeys(decided) if corpus.role(p, on) == "authority"]
    if not authorities and not chosen:
        found = retriever.find(understanding.text, language, on, understanding.laws, vector)
        if found.margin >= MIN_MARGIN:
            authorities = [h.id for h in found.hits[:1] if isinstance(h.id, ProvisionId)]
    kept = tuple(authorities[: MAX_POINTS - len(passages)])
    notes = (
        *force_premise(understanding),
        *date_notes(understanding, corpus),
        *_document_notes(chosen, corpus, language),
    )
    return Plan(Material(kept, (), tuple(passages), notes=notes), frozenset((*kept, *passages)), hits[:MAX_POINTS])


def _document_notes(chosen: Sequence[int], corpus: Corpus, language: Language) -> list[Note]:
    """What overtook the passages, as the notes on them say."""
    kinds: dict[str, NoteKind] = {"renumbered": "renumbered", "overtaken": "overtaken", "mistaken": "overtaken"}
    entries = [corpus.notes[n] for n in chosen]
    return [Note(kinds[e.kind], e.message[language], str(e.at)) for e in entries]


def _existed(record: Record, on: date) -> bool:
    return record.since is None or record.since <= on


def _with_facts(plan: Plan, retriever: LawRetriever, vector: NDArray[np.float32], record: Record, parts: bool) -> Plan:
    """An answer from the law, completed with the nearest facts of an instrument known by its record."""
    if plan.material.refusal:
        return plan
    near = retriever.facts([record.slug], vector)
    facts = tuple(sorted(near, key=lambda f: -near[f])[:2])
    most = max(MAX_POINTS - 1, len(plan.material.authorities)) if parts else MAX_POINTS - 1
    kept = plan.material.authorities[:most]
    return replace(
        plan,
        material=replace(plan.material, authorities=kept, closing_facts=facts),
        retrieved=plan.retrieved | {*facts},
    )
