"""The records that other programs read: one answer, one hit, one provision. Their shape is fixed. And what a caller names by id or citation."""

from __future__ import annotations

from datetime import date
from typing import Any

from kb.assistant import standing_text
from kb.citation import read_citations
from kb.corpus import Corpus
from kb.errors import BadInput
from kb.ids import FactId, PassageId, ProvisionId, source_of
from kb.model import Answer, Citation, Hit, Provision, Record


def answer_record(answer: Answer, id: str | None = None) -> dict[str, Any]:
    """One answer as published; `id` is the asker's own name for the question."""
    return {
        "id": id,
        "question": answer.query.text,
        "on": answer.query.on.isoformat(),
        "language": answer.query.language,
        "outcome": answer.outcome,
        "refusal": {"kind": answer.refusal.kind, "message": answer.refusal.message} if answer.refusal else None,
        "text": answer.text,
        "claims": [
            {
                "text": c.text,
                "quote": c.quote,
                "quote_language": c.quote_language,
                "citation": c.citation,
                "checks": [{"kind": k.kind, "passed": k.passed, "detail": k.detail} for k in c.checks],
            }
            for c in answer.claims
        ],
        "citations": [citation_record(c) for c in answer.citations],
        "notes": [{"kind": n.kind, "message": n.message, "id": n.id} for n in answer.notes],
        "provenance": dict(answer.provenance),
        "timing_ms": dict(answer.timing_ms),
    }


def citation_record(citation: Citation) -> dict[str, Any]:
    """A citation as published; a document's has `article` null and `section` set."""
    place = citation.id
    record: dict[str, Any] = {"id": str(place)}
    if isinstance(place, PassageId):
        record |= {"law": place.document, "version": None, "article": None, "section": place.section}
        record |= {"paragraph": place.paragraph, "item": None}
    elif isinstance(place, FactId):
        record |= {"law": place.record, "version": None, "article": None, "fact": place.number}
        record |= {"paragraph": None, "item": None}
    else:
        record |= {"law": place.law, "version": place.version, "article": place.article}
        record |= {"paragraph": place.paragraph, "item": place.item}
    return record | {
        "label": citation.label,
        "label_zh": citation.label_zh,
        "standing": citation.standing,
        "role": citation.role,
    }


def hit_record(hit: Hit) -> dict[str, Any]:
    """A place found. Ranks are 1-based, null where the list does not hold it; a document has no article."""
    place = hit.id
    return {
        "id": str(place),
        "law": source_of(place),
        "article": place.article if isinstance(place, ProvisionId) else None,
        "score": round(hit.score, 6),
        "dense_rank": hit.dense_rank,
        "bm25_rank": hit.bm25_rank,
        "cited": hit.cited,
    }


def provision_record(provision: Provision, corpus: Corpus, on: date) -> dict[str, Any]:
    """What is known of a provision, ready to print."""
    place = provision.id
    version, law = corpus.version(place.law, place.version or ""), corpus.laws[place.law]
    standing = corpus.standing(place, on)
    citation = Citation(
        place, corpus.label(place, "en"), corpus.label(place, "zh"), standing, corpus.role(place, on), 0, 0
    )
    successor = corpus.successor(place)
    went = ", ".join(corpus.label(p, "en") for p in successor.new) if successor else ""
    return {
        "id": str(place),
        "label": citation.label,
        "label_zh": citation.label_zh,
        "title": law.title.en,
        "standing": standing,
        "standing_text": standing_text(corpus, citation, "en"),
        "version": version.key,
        "chapter": provision.chapter,
        "heading": provision.heading.en if provision.heading else None,
        "gist": provision.gist.en if provision.gist else None,
        "text_en": provision.text_en,
        "text_zh": provision.text_zh,
        "incomplete": version.partial.get(place.article),
        "number_inferred": place.article in version.inferred_numbers,
        "evidence": version.evidence,
        "source_url": version.source_url,
        "successor": went + (f" ({successor.note})" if successor.note else "") if successor and went else None,
    }


def instrument_record(record: Record) -> dict[str, Any]:
    """What is known of an instrument whose text is not held."""
    return {
        "slug": record.slug,
        "title": record.title.en,
        "title_zh": record.title.zh,
        "kind": record.kind,
        "issuer": record.issuer.en,
        "number": record.number,
        "status": record.status,
        "replaced_by": record.replaced_by,
        "grade": record.grade,
        "read_in": record.read_in,
        "source_url": record.source_url,
        "facts": [
            {"id": str(f.id), "topic": f.topic, "grade": f.grade, "text": f.text.en, "text_zh": f.text.zh}
            for f in record.facts
        ],
        "cited_at": [str(p) for p in record.cited_at],
        "related": [str(p) for p in record.related],
    }


def find_record(text: str, corpus: Corpus) -> Record | None:
    """The record that a slug or a name means, where it means nothing else."""
    if text in corpus.records:
        return corpus.records[text]
    folded = text.strip("《》 ").lower()
    name = next((n for n in corpus.names if n.text.lower() == folded), None)
    return corpus.records.get(name.slug) if name else None


def find_place(text: str, corpus: Corpus, on: date) -> ProvisionId:
    """A provision id or a written citation → a place in the version of that day; BadInput where it is neither."""
    try:
        place = ProvisionId.parse(text)
    except ValueError:
        mentions = read_citations(text, corpus.names)
        found = corpus.place(mentions[0], on) if len(mentions) == 1 else None
        if found is None:
            raise BadInput(
                f"{text!r} names no provision of this corpus; write e.g. pipl/art_28__para_2 or “PIPL 28(2)”"
            ) from None
        return found
    if place.version:
        corpus.version(place.law, place.version)
        return place
    version = corpus.in_force(place.law, on)
    if version is None:
        first = corpus.versions(place.law)[0]
        raise BadInput(f"{place.law} was not in force on {on}; its first version here is of {first.key}")
    return ProvisionId(place.law, version.key, place.article, place.paragraph, place.item)
