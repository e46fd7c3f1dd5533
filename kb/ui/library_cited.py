"""Who cites what: the citations written in the texts of the corpus, read once and kept."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from kb.citation import CitationMention, read_citations
from kb.corpus import Corpus
from kb.ids import PassageId, ProvisionId, article_sort_key
from kb.model import Version
from kb.names import law_mentions

_CITES = re.compile(r"\b[Aa]rt(?:icles?|s?\.)\s*\d|条")
"""What a text must hold to cite an article: reading citations is slow, most texts cite none."""


@dataclass(frozen=True, slots=True)
class Edge:
    """`source` cites `target`. The target names a version; it is an article, a paragraph or an item that exists."""

    source: ProvisionId | PassageId
    target: ProvisionId


@dataclass(frozen=True, slots=True)
class Span:
    """[start, end) of a text cites `target`."""

    start: int
    end: int
    target: ProvisionId


class Citings:
    """The citations of one corpus. Built once (about half a second for 400 articles); look-ups do not read texts."""

    def __init__(self, corpus: Corpus) -> None:
        self._corpus = corpus
        self._written: dict[ProvisionId, list[CitationMention]] = {}
        for article in corpus.all_articles():
            mentions = [m for code in ("en", "zh") for m in _mentions(article.text(code), corpus, article.id.law)]
            if mentions:
                self._written[article.id] = mentions
        self._passages: dict[PassageId, list[Span]] = {
            passage: spans for slug in corpus.documents for passage, spans in _document_spans(corpus, slug)
        }
        self._named = _named_in(corpus)

    def provisions(self, target: ProvisionId, on: date) -> tuple[ProvisionId, ...]:
        """The articles that cite the article `target` (with version), of the texts that stand with it.

        Where the target stands on the date, those are the versions of that day; else those of its own first day.
        """
        day = self._day(target, on)
        found: list[ProvisionId] = []
        for source, mentions in self._written.items():
            if source != target and _stands(self._corpus, source, target, day):
                named = (m for m in mentions if (m.law, m.article) == (target.law, target.article))
                places = (self._resolve(m, source, day) for m in named)
                if any(place and place.whole_article == target for place in places):
                    found.append(source)
        laws = self._corpus.laws
        return tuple(
            sorted(found, key=lambda p: (p.law != target.law, laws[p.law].rank, p.law, article_sort_key(p.article)))
        )

    def passages(self, target: ProvisionId) -> tuple[PassageId, ...]:
        """The passages of documents that cite the article, read with the law of the day they were published."""
        return tuple(
            place for place, spans in self._passages.items() if any(s.target.whole_article == target for s in spans)
        )

    def spans_of(self, passage: PassageId) -> tuple[Span, ...]:
        return tuple(self._passages.get(passage, ()))

    def named_in(self, law: str, on: date) -> tuple[ProvisionId, ...]:
        """The articles of other instruments, in the versions of the day, that name the instrument itself."""
        versions = {v.law: v.key for v in (self._corpus.in_force(slug, on) for slug in self._corpus.laws) if v}
        return tuple(p for p in self._named.get(law, ()) if versions.get(p.law) == p.version)

    def _day(self, target: ProvisionId, on: date) -> date:
        version = self._corpus.version(target.law, target.version or "")
        return on if version == self._corpus.in_force(target.law, on) else version.in_force_from

    def _resolve(self, mention: CitationMention, source: ProvisionId, day: date) -> ProvisionId | None:
        version = self._corpus.version(source.law, source.version or "")
        return resolve(self._corpus, mention, day, version)


def resolve(corpus: Corpus, mention: CitationMention, on: date, own: Version | None = None) -> ProvisionId | None:
    """The place that a citation means, where it exists; a citation of the own law means its `own` version."""
    day = own.in_force_from if own and mention.law == own.law else on
    place = corpus.place(mention, day)
    if place is None:
        return None
    found = corpus.find(place) or corpus.find(place.whole_article)
    return found.id if found else None


def spans(corpus: Corpus, text: str, source: ProvisionId, on: date) -> tuple[Span, ...]:
    """The citations in the text of a provision, with the places they mean."""
    own = corpus.version(source.law, source.version or "")
    day = on if own == corpus.in_force(source.law, on) else own.in_force_from
    return tuple(_spans(corpus, _mentions(text, corpus, source.law), day, own))


def _spans(corpus: Corpus, mentions: list[CitationMention], on: date, own: Version | None) -> Iterator[Span]:
    end = 0
    for mention in mentions:
        target = resolve(corpus, mention, on, own)
        if target and mention.start >= end:
            yield Span(mention.start, mention.end, target)
            end = mention.end


def _mentions(text: str | None, corpus: Corpus, own: str) -> list[CitationMention]:
    """The citations of a law's own text; one that names no instrument is of that law."""
    return read_citations(text, corpus.names, context=own, own=own) if text and _CITES.search(text) else []


def _document_spans(corpus: Corpus, slug: str) -> Iterator[tuple[PassageId, list[Span]]]:
    """In a document, a bare "Article 4" belongs to the instrument that was cited last, also in an earlier passage."""
    document, last = corpus.documents[slug], None
    for passage in document.passages:
        if _CITES.search(passage.text):
            mentions = read_citations(passage.text, corpus.names, context=last)
            last = next((m.law for m in reversed(mentions) if m.law), last)
            yield passage.id, list(_spans(corpus, mentions, document.published_to, None))


def _named_in(corpus: Corpus) -> dict[str, list[ProvisionId]]:
    """Law → the articles of others that name it. The Chinese text tells names by 《》; else the English one is read."""
    strong = {name.text.lower() for name in corpus.names if not name.weak}
    found: dict[str, list[ProvisionId]] = {}
    for article in corpus.all_articles():
        chinese = article.text_zh
        text = chinese if chinese is not None else article.text_en or ""
        lowered = text.lower()
        if (chinese is not None and "《" not in text) or not any(name in lowered for name in strong):
            continue
        named = {m.slug for m in law_mentions(text, corpus.names) if m.slug and not m.weak}
        for slug in sorted(named - {article.id.law}):
            found.setdefault(slug, []).append(article.id)
    return found


def _stands(corpus: Corpus, source: ProvisionId, target: ProvisionId, day: date) -> bool:
    """Whether a text is one to look in: the target's own version, or another instrument's version of the day."""
    if source.law == target.law:
        return source.version == target.version
    version = corpus.in_force(source.law, day)
    return version is not None and version.key == source.version
