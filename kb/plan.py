"""Which places an answer quotes, in which order, and when there is none: the choices, with their thresholds.

A question that cites is answered from what it cites; one that names a document or a draft also gets the law of today;
any other gets what was found, ordered by scenario where one fits. Thresholds were set on development questions (see
`docs/adr/0004-retrieval.md`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from kb.corpus import Corpus
from kb.generate import MAX_POINTS, Material, renumbering_notes, superseded_figures
from kb.ids import FactId, PassageId, ProvisionId, SourceId, article_sort_key
from kb.model import Hit, Language, Note, NoteKind, Refusal, RefusalKind
from kb.phrases import say
from kb.retrieve import Found, LawRetriever
from kb.understand import CitedPlace, Understanding

KEEP_SHARE = 0.7
"""Hits that score below this share of the best are not shown."""
SIMILARITY_GAP = 0.03
"""Nor those whose nearest text is this much further from the question than the nearest of all."""
MAX_HITS = 4
SCENARIO_LEAD = 0.005
"""A scenario completes the answer where the question is nearer to its asks than to those of any article, by this cosine."""
SCENARIO_ALONE = 0.02
"""From this lead the scenario alone orders the answer: the question is one of its asks."""
MIN_MARGIN = 0.012
"""Below this margin (see `retrieve.Found`) a question that names no source is outside the scope."""
RECORD_LEAD = 0.008
"""A question nearer to the asks of a record than to any article by this cosine is answered from the record."""
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


def plan(understanding: Understanding, corpus: Corpus, retriever: LawRetriever) -> Plan:
    """Choose what to quote. Searches only where the question does not say by itself where to look."""
    refusal = refuse_before_search(understanding, corpus)
    if refusal:
        return Plan(Material(refusal=refusal), frozenset())
    if understanding.cited and not understanding.documents and not understanding.records:
        return _from_citations(understanding, corpus)
    language = understanding.query.language
    vector = retriever.encode(understanding.text)
    on = understanding.on
    if understanding.records:
        return _from_records(understanding, corpus, retriever, vector, understanding.records)
    if understanding.documents:
        return _from_documents(understanding, corpus, retriever, vector)
    found = retriever.find(understanding.text, language, on, understanding.laws, vector)
    if understanding.draft:
        drafts = retriever.drafts(understanding.text, language, on, vector)
        return _with_draft(understanding, corpus, found, drafts)
    refusal = refuse_after_search(understanding, found)
    if refusal:
        return Plan(Material(refusal=refusal), frozenset())
    nearest = max(h.similarity for h in found.hits[:MAX_POINTS])
    if found.record and found.record_similarity - nearest >= RECORD_LEAD and not understanding.laws:
        return _from_records(understanding, corpus, retriever, vector, (found.record,))
    return _from_search(understanding, corpus, found)


# ------------------------------------------------------------------ refusals


def _refuse(kind: RefusalKind, understanding: Understanding, phrase: str | None = None, **values: object) -> Refusal:
    return Refusal(kind, say(phrase or kind, understanding.query.language, **values))


def refuse_before_search(understanding: Understanding, corpus: Corpus) -> Refusal | None:
    """What the words of the question alone rule out."""
    unknown = [c for c in understanding.cited if c.place is None]
    known = [c for c in understanding.cited if c.place]
    if unknown and not known:
        law = unknown[0].mention.unknown_law or ""
        return _refuse("not_in_corpus", understanding, "law_not_held", law=law, held=_held(corpus, understanding))
    if understanding.bare and not known and not understanding.documents:
        return _which_instrument(understanding, corpus)
    if known and all(corpus.find(c.place) is None for c in known if c.place):
        return _missing(understanding, corpus, known)
    if not understanding.names_a_source:
        if understanding.foreign:
            return _refuse("out_of_scope", understanding)
        titled = [name for name in understanding.unknown_laws if f"《{name}》" in understanding.query.text]
        if titled:
            return _refuse(
                "not_in_corpus",
                understanding,
                "law_not_held",
                law=f"《{titled[0]}》",
                held=_held(corpus, understanding),
            )
    if understanding.prediction:
        return _refuse("prediction", understanding)
    if understanding.vague:
        return _refuse("too_vague", understanding)
    return None


def refuse_after_search(understanding: Understanding, found: Found) -> Refusal | None:
    """What the search shows to be about something else."""
    outside = found.margin < MIN_MARGIN and not understanding.names_a_source and not understanding.past
    return _refuse("out_of_scope", understanding) if outside or not found.hits else None


def _held(corpus: Corpus, understanding: Understanding) -> str:
    language = understanding.query.language
    return ("、" if language == "zh" else ", ").join(law.short[language] for law in corpus.laws.values() if law.binding)


def _which_instrument(understanding: Understanding, corpus: Corpus) -> Refusal:
    article, language = understanding.bare[0], understanding.query.language
    candidates = []
    for law in sorted(corpus.laws.values(), key=lambda x: (x.kind != "draft" and "frt" not in x.slug, x.rank, x.slug)):
        version = corpus.in_force(law.slug, understanding.on)
        provision = corpus.find(ProvisionId(law.slug, version.key, article)) if version else None
        if provision and provision.heading:
            heading = provision.heading[language]
            candidates.append(
                f"{law.short[language]}：{heading}" if language == "zh" else f"{law.short[language]} ({heading})"
            )
    shown = ("；" if language == "zh" else "; ").join(candidates[:6])
    return _refuse("too_vague", understanding, "which_instrument", article=article, candidates=shown)


def _missing(understanding: Understanding, corpus: Corpus, known: Sequence[CitedPlace]) -> Refusal | None:
    """The first place cited does not exist, or its text is not held; None where an earlier version has it."""
    place, language = known[0].place, understanding.query.language
    assert place is not None and place.version is not None
    if _former(place, corpus) is not None:
        return None
    version, law = corpus.version(place.law, place.version), corpus.laws[place.law]
    label = corpus.label(place, language)
    if place.article in version.gaps:
        return _refuse("not_in_corpus", understanding, "draft_gap", old=corpus.label(place.whole_article, language))
    article = corpus.find(place.whole_article)
    if article is not None:
        paragraphs = max(line.paragraph for line in article.lines)
        items = sum(line.item is not None for line in article.lines)
        extent = say("has_parts", language, p=paragraphs, i=items)
        return _refuse("no_such_provision", understanding, "no_such_part", label=label, extent=extent)
    numbers = sorted(version.articles, key=article_sort_key)
    contiguous = numbers == [str(n) for n in range(1, len(numbers) + 1)]
    if not contiguous:
        why = say("only_part_held", language)
        return _refuse("not_in_corpus", understanding, "not_held", label=label, why=why)
    extent = say("has_articles", language, n=len(numbers))
    name = law.short[language]
    return _refuse("no_such_provision", understanding, law=name, article=place.article, extent=extent)


def _former(place: ProvisionId, corpus: Corpus) -> ProvisionId | None:
    """The same place in the version before, where it existed then."""
    for version in reversed(corpus.versions(place.law)):
        if version.key < (place.version or ""):
            found = corpus.find(replace(place, version=version.key))
            if found is not None:
                return found.id
    return None


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
            notes.append(Note("scope", say("law_not_held", language, law=law, held=_held(corpus, understanding))))
            continue
        provision = corpus.find(place)
        if provision is None:
            former = _former(place, corpus)
            if former is not None:
                history.append(former)
                authorities += _successors(former, corpus, on)
            else:
                missing = _missing(understanding, corpus, [cited])
                notes += [Note("premise", missing.message, str(place))] if missing else []
        elif corpus.role(provision.id, on) == "authority":
            authorities.append(provision.id)
            notes += renumbering_notes(provision.id, corpus, language)
        else:
            history.append(provision.id)
            authorities += _successors(provision.id, corpus, on)
    notes += _force_premise(understanding)
    retrieved: set[SourceId] = {*authorities, *history}
    limit = max(MAX_POINTS, len(understanding.cited))
    material = Material(
        tuple(dict.fromkeys(authorities))[:limit],
        tuple(dict.fromkeys(history)),
        notes=(*_date_notes(understanding, corpus), *notes),
    )
    return Plan(
        material, frozenset(retrieved), tuple(Hit(p, 1.0, None, None, cited=True) for p in (*authorities, *history))
    )


def _successors(place: ProvisionId, corpus: Corpus, on: date) -> list[ProvisionId]:
    successor = corpus.successor(place)
    return [p for p in successor.new if corpus.role(p, on) == "authority"] if successor else []


def _force_premise(understanding: Understanding) -> list[Note]:
    """A question that takes the Draft for law in force is told that it is none."""
    text, language = understanding.query.text, understanding.query.language
    if understanding.draft and _CLAIMS_FORCE.search(text) and not _DENIES_FORCE.search(text):
        return [Note("premise", say("draft_in_force", language), None)]
    return []


def _date_notes(understanding: Understanding, corpus: Corpus) -> list[Note]:
    """Said where the question names an earlier day, or is put for a day whose law is not that of today."""
    today, on = date.today(), understanding.on
    other = on < today and any(corpus.in_force(law, on) != corpus.in_force(law, today) for law in corpus.laws)
    if understanding.past or other:
        return [Note("scope", say("past", understanding.query.language, on=understanding.on), None)]
    return []


# ------------------------------------------------------------------ records


def _from_records(
    understanding: Understanding, corpus: Corpus, retriever: LawRetriever, vector: object, records: Sequence[str]
) -> Plan:
    """The facts that answer, always one on how the matter stands, with the provisions a reader should see beside it.

    A question that also cites provisions or names a document gets these too.
    """
    slugs = records[:MAX_RECORDS]
    near = retriever.facts(slugs, vector)  # type: ignore[arg-type]
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
    if named.cited:
        beside = _from_citations(named, corpus)
    elif named.documents:
        beside = _from_documents(named, corpus, retriever, vector)
    related = [
        p for slug in slugs for p in corpus.records[slug].related if corpus.role(p, understanding.on) == "authority"
    ]
    authorities = beside.material.authorities or tuple(related[: MAX_POINTS - len(facts)])
    material = replace(beside.material, authorities=authorities, facts=tuple(facts))
    if not beside.material.notes:
        material = replace(material, notes=tuple(_date_notes(understanding, corpus)))
    return Plan(material, beside.retrieved | {*facts, *authorities}, beside.hits)


# ------------------------------------------------------------------ drafts and documents


def _with_draft(understanding: Understanding, corpus: Corpus, found: Found, drafts: Sequence[Hit]) -> Plan:
    """The law of today on the matter first, then what the draft said."""
    on = understanding.on
    best = drafts[0].score if drafts else 0.0
    history = [h.id for h in drafts[:MAX_DRAFTS] if isinstance(h.id, ProvisionId) and h.score >= DRAFT_SHARE * best]
    authorities = [new for old in history for new in _successors(old, corpus, on)]
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
    notes = (*_force_premise(understanding), *_date_notes(understanding, corpus))
    return Plan(
        Material(kept, whole, notes=notes), frozenset((*kept, *whole)), (*found.hits[:MAX_POINTS], *drafts[:MAX_DRAFTS])
    )


def _from_documents(understanding: Understanding, corpus: Corpus, retriever: LawRetriever, vector: object) -> Plan:
    """What the document says, and the law that decides the matter today."""
    language, on = understanding.query.language, understanding.on
    hits = retriever.passages(understanding.text, language, on, understanding.documents, vector)  # type: ignore[arg-type]
    best = hits[0].score if hits else 0.0
    passages = [h.id for h in hits[:MAX_PASSAGES] if isinstance(h.id, PassageId) and h.score >= PASSAGE_SHARE * best]
    near = retriever.notes(passages, vector)  # type: ignore[arg-type]
    best_note = max(near.values(), default=0.0)
    chosen = sorted((n for n, s in near.items() if s >= best_note - NOTE_GAP), key=lambda n: -near[n])[:MAX_NOTES]
    decided = [p for n in chosen for p in corpus.notes[n].decided_by]
    authorities = [p for p in dict.fromkeys(decided) if corpus.role(p, on) == "authority"]
    if not authorities and not chosen:
        found = retriever.find(understanding.text, language, on, understanding.laws, vector)  # type: ignore[arg-type]
        if found.margin >= MIN_MARGIN:
            authorities = [h.id for h in found.hits[:1] if isinstance(h.id, ProvisionId)]
    kept = tuple(authorities[: MAX_POINTS - len(passages)])
    notes = (
        *_force_premise(understanding),
        *_date_notes(understanding, corpus),
        *_document_notes(chosen, corpus, language),
    )
    return Plan(Material(kept, (), tuple(passages), notes=notes), frozenset((*kept, *passages)), hits[:MAX_POINTS])


def _document_notes(chosen: Sequence[int], corpus: Corpus, language: Language) -> list[Note]:
    """What overtook the passages, as the notes on them say."""
    kinds: dict[str, NoteKind] = {"renumbered": "renumbered", "overtaken": "overtaken", "mistaken": "overtaken"}
    entries = [corpus.notes[n] for n in chosen]
    return [Note(kinds[e.kind], e.message[language], str(e.at)) for e in entries]


# ------------------------------------------------------------------ search


def _from_search(understanding: Understanding, corpus: Corpus, found: Found) -> Plan:
    top = found.hits[0].score
    nearest = max(h.similarity for h in found.hits[:MAX_POINTS])
    first, *others = found.hits[:MAX_HITS]
    good = [h for h in others if h.score >= KEEP_SHARE * top and h.similarity >= nearest - SIMILARITY_GAP]
    chosen = [h.id for h in (first, *good) if isinstance(h.id, ProvisionId)]
    lead = found.scenario_similarity - nearest
    if found.scenario is not None and lead >= SCENARIO_LEAD and not understanding.laws:
        standing = [s.id for s in found.scenario.steps if corpus.role(s.id, understanding.on) == "authority"]
        chosen = [] if lead >= SCENARIO_ALONE and standing else chosen
        articles = {p.whole_article for p in chosen}
        chosen += [p for p in standing if p.whole_article not in articles]
    figures = superseded_figures(understanding.query.text, corpus, understanding.on)
    threshold = [f.new for f in figures if f.asked.unit == "persons" and corpus.laws[f.old.law].kind == "draft"]
    if threshold and threshold[0].whole_article not in {p.whole_article for p in chosen}:
        chosen = [threshold[0], *chosen]
    places = tuple(dict.fromkeys(chosen))
    kept = places[:MAX_POINTS]
    retrieved = frozenset((*kept, *(h.id for h in found.hits[: MAX_POINTS * 2])))
    return Plan(
        Material(kept, notes=tuple(_date_notes(understanding, corpus))), retrieved, found.hits[: MAX_POINTS * 2]
    )
