"""What a Library page shows, gathered from the corpus: dictionaries for the templates, no HTML but marked text."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from markupsafe import Markup

from kb.citation import format_citation
from kb.corpus import Corpus, Successor
from kb.errors import BadInput
from kb.ids import PassageId, ProvisionId, SourceId
from kb.model import LANGUAGES, DocumentNote, Language, Law, Line, Provision, Version
from kb.phrases import STANDINGS
from kb.ui.library_cited import Citings, Span, spans
from kb.ui.library_links import address, anchor, other_version, permanent_link
from kb.ui.library_markup import linked
from kb.ui.library_words import text as word
from kb.ui.render import CHIP


class PageError(BadInput):
    """An address that leads nowhere. `status` is that of HTTP; `links` are the places that are there instead."""

    def __init__(self, status: int, message: str, links: Iterable[tuple[str, str]] = (), note: str = "") -> None:
        super().__init__(message)
        self.status, self.message, self.links, self.note = status, message, tuple(links), note


@dataclass(frozen=True)
class Reader:
    """Who reads: language, date, and what of it stood in the address (`kept`) and so stays in the links."""

    corpus: Corpus
    who_cites: Callable[[], Citings]
    language: Language
    on: date
    kept: dict[str, str] = field(default_factory=dict)

    @property
    def citings(self) -> Citings:
        return self.who_cites()

    def t(self, key: str, /, **values: object) -> str:
        return word(key, self.language, **values)

    def url(self, path: str, fragment: str = "", **more: str | None) -> str:
        """A link to a page of the library: the date and language of this address stay, `more` overrides (None: drops)."""
        given = {**self.kept, **more}
        return address(path, {name: value for name, value in given.items() if value}, fragment)

    def place(self, place: SourceId) -> str:
        """The link to a place, with its version where another one stands on the date."""
        if isinstance(place, ProvisionId):
            version = other_version(place, self.corpus, self.on)
            return self.url(f"/law/{place.law}/{place.article}", fragment=anchor(place), **version)
        kind, name = ("doc", place.document) if isinstance(place, PassageId) else ("record", place.record)
        return self.url(f"/{kind}/{name}", fragment=anchor(place))

    def label(self, place: SourceId) -> str:
        return self.corpus.label(place, self.language)

    def span(self, span: Span) -> tuple[str, str]:
        """Address and name of what a stretch of text cites."""
        return self.place(span.target), self.label(span.target)

    def link(self, place: SourceId) -> dict[str, Any]:
        """A place as the templates print it: label, link, heading, standing where it is a provision."""
        shown: dict[str, Any] = {"label": self.label(place), "href": self.place(place), "heading": "", "chip": None}
        if isinstance(place, ProvisionId):
            article = self.corpus.find(place.whole_article)
            shown["heading"] = article.heading[self.language] if article and article.heading else ""
            shown["chip"] = self.chip(place)
        return shown

    def chip(self, place: ProvisionId | PassageId) -> dict[str, str]:
        """The standing of a place on the date: its colour and its words."""
        standing = self.corpus.standing(place, self.on)
        words = STANDINGS[standing][self.language]
        if isinstance(place, ProvisionId):
            version = self.corpus.version(place.law, place.version or "")
            words = words.format(from_=version.key, until=version.in_force_until)
        return {"colour": CHIP[standing], "words": words}


def web(url: str) -> str | None:
    """The address of an official page; None for anything but http(s)."""
    return url if urlsplit(url).scheme in ("http", "https") else None


# ------------------------------------------------------------------ which text


def law_of(reader: Reader, slug: str) -> Law:
    if slug in reader.corpus.laws:
        return reader.corpus.laws[slug]
    held = [(law.short[reader.language], reader.url(f"/law/{law.slug}")) for law in reader.corpus.laws.values()]
    raise PageError(404, reader.t("no_law", slug=slug), held)


def version_of(reader: Reader, law: Law, key: str | None) -> Version:
    """The version asked for, else the one that stands on the date; PageError says which there are."""
    corpus, versions = reader.corpus, reader.corpus.versions(law.slug)
    links = [(v.key, reader.url(f"/law/{law.slug}", version=v.key)) for v in versions]
    name = law.short[reader.language]
    if key is not None:
        found = next((v for v in versions if v.key == key), None)
        if found is None:
            raise PageError(404, reader.t("no_version", law=name, key=key), links)
        return found
    standing = corpus.in_force(law.slug, reader.on)
    if standing is None:
        message = reader.t("before_first", on=reader.on, law=name, first=versions[0].key)
        raise PageError(404, message, links[:1])
    return standing


def article_of(reader: Reader, law: Law, version: Version, number: str) -> Provision:
    found = reader.corpus.find(ProvisionId(law.slug, version.key, number))
    if found:
        return found
    name = law.short[reader.language]
    whole = [(name, reader.url(f"/law/{law.slug}"))]
    if number in version.gaps:
        label = format_citation(ProvisionId(law.slug, version.key, number), law, reader.language)
        raise PageError(404, reader.t("gap", label=label), whole, note=version.gaps[number])
    held = reader.corpus.articles(version)
    if version.completeness == "full":
        message = reader.t("no_article_full", article=number, law=name, key=version.key, n=len(version.articles))
        raise PageError(404, message, whole)
    message = reader.t("no_article_partial", article=number, law=name, key=version.key, n=len(held))
    raise PageError(404, message, [(a.id.article, reader.place(a.id)) for a in held])


# ------------------------------------------------------------------ pages


def laws_page(reader: Reader) -> dict[str, Any]:
    """All instruments by rank, drafts, documents and records in groups of their own."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for law in sorted(reader.corpus.laws.values(), key=lambda law: (law.rank, law.slug)):
        name = "rule" if law.kind in ("departmental_rule", "judicial_interpretation") else law.kind
        groups.setdefault(f"group_{name}", []).append(_law_card(reader, law))
    documents = [
        {
            "href": reader.url(f"/doc/{d.slug}"),
            "document": d,
            "held": reader.t("passages_n", n=len(d.passages)),
            "chip": {"colour": "draft", "words": STANDINGS["commentary"][reader.language]},
        }
        for d in reader.corpus.documents.values()
    ]
    records = [
        {
            "href": reader.url(f"/record/{r.slug}"),
            "record": r,
            "chip": {"colour": "draft", "words": reader.t(f"status_{r.status}")},
            "held": reader.t("facts_n", n=len(r.facts)),
        }
        for r in reader.corpus.records.values()
    ]
    return {"groups": groups, "documents": documents, "records": records}


def _law_card(reader: Reader, law: Law) -> dict[str, Any]:
    versions = reader.corpus.versions(law.slug)
    standing = reader.corpus.in_force(law.slug, reader.on)
    shown = standing or versions[0]
    return {
        "law": law,
        "href": reader.url(f"/law/{law.slug}", version=None if standing else shown.key),
        "chip": reader.chip(ProvisionId(law.slug, shown.key, shown.articles[0])),
        "held": _held(reader, shown),
        "versions": [(v.key, reader.url(f"/law/{law.slug}", version=v.key)) for v in versions],
    }


def _held(reader: Reader, version: Version) -> str:
    held, of = len(reader.corpus.articles(version)), len(version.articles)
    if version.completeness == "full":
        return reader.t("all_articles", n=held)
    return reader.t("held_of", n=held, of=of) if held < of else reader.t("some_articles", n=held)


def law_page(reader: Reader, law: Law, version: Version) -> dict[str, Any]:
    """One version of an instrument: chapters and articles, the other versions, what changed, where the text is from."""
    corpus = reader.corpus
    chapters: list[tuple[str | None, list[dict[str, Any]]]] = []
    held = {a.id.article: a for a in corpus.articles(version)}
    for number in version.articles:
        article = held.get(number)
        chapter = article.chapter if article else (chapters[-1][0] if chapters else None)
        if not chapters or chapters[-1][0] != chapter:
            chapters.append((chapter, []))
        place = ProvisionId(law.slug, version.key, number)
        opening = _opening(article, reader.language) if article and not article.gist else None
        chapters[-1][1].append({"number": number, "article": article, "href": reader.place(place), "opening": opening})
    moves = [s for s in corpus.successors.values() if s.old.law == law.slug or any(n.law == law.slug for n in s.new)]
    return {
        "law": law,
        "version": version,
        "standing": reader.chip(ProvisionId(law.slug, version.key, version.articles[0])),
        "held": _held(reader, version),
        "chapters": chapters,
        "timeline": timeline(reader, law, version),
        "changes": [_move(reader, s) for s in moves],
        "named_in": [reader.link(p) for p in reader.citings.named_in(law.slug, reader.on)],
        "official": web(version.source_url),
        "home": web(law.url),
    }


def _opening(article: Provision, language: Language) -> tuple[Language, str]:
    """The first words of an article that no guide describes: in Chinese for a Chinese reader, where it is held."""
    line = article.lines[0]
    if line.zh is not None and (language == "zh" or line.en is None):
        return "zh", line.zh if len(line.zh) <= 60 else line.zh[:60] + "……"
    text = line.en or ""
    return "en", text if len(text) <= 120 else text[:120].rsplit(" ", 1)[0] + " …"


def timeline(reader: Reader, law: Law, shown: Version) -> dict[str, Any]:
    """The versions as a list, and as bars on a line 1000 wide; `mark` is where the date stands on it."""
    versions = reader.corpus.versions(law.slug)
    first, last = versions[0].in_force_from, max(reader.on, versions[-1].in_force_from)
    first = min(first, reader.on)
    span = max((last - first).days, 365) * 1.08

    def x(day: date) -> int:
        return round((day - first).days / span * 1000)

    rows = [
        {
            "version": v,
            "href": reader.url(f"/law/{law.slug}", version=v.key),
            "shown": v == shown,
            "chip": reader.chip(ProvisionId(law.slug, v.key, v.articles[0])),
            "x": x(v.in_force_from),
            "width": max(6, (x(v.in_force_until) if v.in_force_until else 1000) - x(v.in_force_from) - 4),
        }
        for v in versions
    ]
    return {"rows": rows, "mark": min(x(reader.on), 998)}


def _move(reader: Reader, s: Successor) -> dict[str, Any]:
    old = reader.corpus.find(s.old)
    return {
        "old": reader.link(s.old),
        "held": old is not None,
        "new": [reader.link(n) for n in s.new],
        "versions": (s.old.version, s.new[0].version if s.new else None),
        "change": reader.t(f"change_{s.change}"),
        "note": s.note,
    }


def article_page(reader: Reader, law: Law, version: Version, article: Provision) -> dict[str, Any]:
    """One article: editorial, text line by line, where the rule went or came from, who cites it, how to cite it."""
    corpus, place = reader.corpus, article.id
    numbers = [a.id for a in corpus.articles(version)]
    at = numbers.index(place)
    moves = corpus.successors.values()
    notes = [n for n in corpus.notes if any(d.whole_article == place for d in n.decided_by)]
    scenarios = [s for s in corpus.scenarios if any(step.id.whole_article == place for step in s.steps)]
    records = [r for r in corpus.records.values() if any(p.whole_article == place for p in r.related)]
    return {
        "law": law,
        "version": version,
        "article": article,
        "label": reader.label(place),
        "standing": reader.chip(place),
        "rows": [_row(reader, place, line) for line in article.lines],
        "has_zh": article.text_zh is not None,
        "has_en": article.text_en is not None,
        "partial": version.partial.get(place.article),
        "inferred": place.article in version.inferred_numbers,
        "previous": reader.link(numbers[at - 1]) if at else None,
        "next": reader.link(numbers[at + 1]) if at + 1 < len(numbers) else None,
        "went": [_move(reader, s) for s in moves if s.old.whole_article == place],
        "came": [_move(reader, s) for s in moves if any(n.whole_article == place for n in s.new)],
        "cited": {
            "provisions": [reader.link(p) for p in reader.citings.provisions(place, reader.on)],
            "passages": [reader.link(p) for p in reader.citings.passages(place)],
            "notes": [{**reader.link(n.at), "message": n.message[reader.language]} for n in notes],
            "scenarios": [
                {"title": s.title[reader.language], "why": step.why[reader.language]}
                for s in scenarios
                for step in s.steps
                if step.id.whole_article == place
            ],
            "records": [(r.short[reader.language], reader.url(f"/record/{r.slug}")) for r in records],
        },
        "citations": [(code, format_citation(place, law, code)) for code in LANGUAGES],
        "permanent": permanent_link(place, corpus, reader.on),
        "official": web(version.source_url),
    }


def _row(reader: Reader, place: ProvisionId, line: Line) -> dict[str, Any]:
    key = "item_n" if line.item else "paragraph_n"
    return {
        "anchor": f"p{line.paragraph}" + (f"i{line.item}" if line.item else ""),
        "mark": f"{line.paragraph}.{line.item}" if line.item else str(line.paragraph),
        "name": reader.t(key, p=line.paragraph, n=line.item or line.paragraph),
        "item": line.item is not None,
        "en": _linked(reader, line.en, place, "en"),
        "zh": _linked(reader, line.zh, place, "zh"),
    }


def _linked(reader: Reader, text: str | None, place: ProvisionId, language: Language) -> Markup | None:
    if text is None:
        return None
    return linked(text, spans(reader.corpus, text, place, reader.on), reader.span, language)


def document_page(reader: Reader, slug: str) -> dict[str, Any]:
    """A source document by section, with the notes beside each passage."""
    document = reader.corpus.documents.get(slug)
    if document is None:
        held = [(d.short[reader.language], reader.url(f"/doc/{d.slug}")) for d in reader.corpus.documents.values()]
        raise PageError(404, reader.t("no_document", slug=slug), held)
    sections: list[tuple[int, str, list[dict[str, Any]]]] = []
    for passage in document.passages:
        if not sections or sections[-1][0] != passage.id.section:
            sections.append((passage.id.section, passage.section, []))
        shown = {
            "anchor": str(passage.id).partition("/")[2],
            "paragraph": passage.id.paragraph,
            "text": linked(passage.text, reader.citings.spans_of(passage.id), reader.span, "en"),
            "notes": [_note(reader, n) for n in reader.corpus.notes_at(passage.id)],
        }
        sections[-1][2].append(shown)
    return {"document": document, "sections": sections, "standing": STANDINGS["commentary"][reader.language]}


def _note(reader: Reader, note: DocumentNote) -> dict[str, Any]:
    return {
        "kind": reader.t(f"note_{note.kind}"),
        "message": note.message[reader.language],
        "decided_by": [reader.link(p) for p in note.decided_by],
        "source": note.source,
    }


def record_page(reader: Reader, slug: str) -> dict[str, Any]:
    """What is known of an instrument, standard or case whose text is not held."""
    corpus = reader.corpus
    record = corpus.records.get(slug)
    if record is None:
        held = [(r.short[reader.language], reader.url(f"/record/{r.slug}")) for r in corpus.records.values()]
        raise PageError(404, reader.t("no_record", slug=slug), held)
    replaced = None
    if record.replaced_by:
        by = corpus.laws.get(record.replaced_by)
        kind, other = ("law", by) if by else ("record", corpus.records[record.replaced_by])
        name = other.short[reader.language]
        replaced = (name, reader.url(f"/{kind}/{record.replaced_by}"))
    return {
        "record": record,
        "replaced": replaced,
        "standing": reader.t(f"status_{record.status}"),
        "kind": reader.t(f"kind_{record.kind}"),
        "facts": record.facts,
        "cited_at": [reader.link(p) for p in record.cited_at],
        "related": [reader.link(p) for p in record.related],
        "named_in": [reader.link(p) for p in reader.citings.named_in(slug, reader.on)],
        "official": web(record.source_url) if record.source_url else None,
    }
