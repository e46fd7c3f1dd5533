"""The places that a case may name, with their texts: whole articles by id, documents and records by slug."""

from __future__ import annotations

from kb.corpus import Corpus
from kb.errors import BadInput
from kb.ids import FactId, PassageId, ProvisionId, parse_source_id, source_of


def title_of(name: str, corpus: Corpus) -> str:
    """How a place is called in English; the name itself where it is of nothing held."""
    if name in corpus.documents:
        return corpus.documents[name].short.en
    if name in corpus.records:
        return corpus.records[name].short.en
    try:
        return corpus.label(parse_source_id(name), "en")
    except (ValueError, KeyError):
        return name


def text_of(name: str, corpus: Corpus) -> str | None:
    """What stands at a place: English, and Chinese under it where both are held. None where nothing is held under this name."""
    if name in corpus.documents:
        return "\n".join(passage.text for passage in corpus.documents[name].passages)
    if name in corpus.records:
        return "\n".join(fact.text.en for fact in corpus.records[name].facts)
    try:
        place = parse_source_id(name)
        if isinstance(place, PassageId):
            return corpus.passage(place).text
        if isinstance(place, FactId):
            return corpus.fact(place).text.en
        provision = corpus.provision(place)
    except (BadInput, ValueError):
        return None
    texts = [text for text in (provision.text_en, provision.text_zh) if text]
    return "\n".join(texts) or None


def all_places(corpus: Corpus) -> list[str]:
    """Every article of every version, every document and every record."""
    return [*(str(p.id) for p in corpus.all_articles()), *corpus.documents, *corpus.records]


def names_at(place: str) -> frozenset[str]:
    """The names under which a case may hold a place: the place itself, its article, or its document or record."""
    try:
        parsed = parse_source_id(place)
    except ValueError:
        return frozenset({place})
    whole = str(parsed.whole_article) if isinstance(parsed, ProvisionId) else source_of(parsed)
    return frozenset({place, whole})
