"""The corpus in memory: what the law says at a place, which text of it stands on a date, and what replaced it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Literal

from kb import corpus_files as files
from kb.citation import CitationMention, as_provision_id, format_citation
from kb.errors import BadInput, CorpusError
from kb.ids import FactId, PassageId, ProvisionId, SourceId, article_sort_key
from kb.model import (
    Document,
    DocumentNote,
    Fact,
    Language,
    Law,
    Misconception,
    Passage,
    Provision,
    Record,
    Role,
    Scenario,
    Standing,
    Version,
)
from kb.names import Name, names_of
from kb.text import sentences

LOCK = "corpus.lock"
COUNTERPARTS = "counterparts.csv"
MISCONCEPTIONS = "misconceptions.yaml"


@dataclass(frozen=True, slots=True)
class Successor:
    """Where the rule of an old place went. `new` is empty where nothing replaced it; `path` is the file that says so."""

    old: ProvisionId
    new: tuple[ProvisionId, ...]
    change: str
    note: str
    path: Path


@dataclass(frozen=True)
class Corpus:
    """All sources, checked. Built by `load_corpus`; look-ups by place are exact and never guess."""

    root: Path
    laws: Mapping[str, Law]
    versions_by_law: Mapping[str, tuple[Version, ...]]
    articles_by_version: Mapping[tuple[str, str], Mapping[str, Provision]]
    documents: Mapping[str, Document]
    notes: tuple[DocumentNote, ...]
    successors: Mapping[ProvisionId, Successor]
    records: Mapping[str, Record]
    scenarios: tuple[Scenario, ...]
    misconceptions: tuple[Misconception, ...]
    glossary: tuple[files.GlossaryTerm, ...]
    outside: Mapping[Language, tuple[str, ...]]
    counterparts: Mapping[ProvisionId, tuple[ProvisionId, ...]] = field(default_factory=dict)
    """Article → older articles on the same matter, where no rule of one became that of the other: what to read for a day before it."""
    local: Path | None = None
    state: str = ""
    """Names the files that the corpus was read from, byte by byte, and the code that read them (see `kb.corpus_cache`); empty where unknown."""

    def file_of_notes(self, document: str) -> Path:
        """Where the notes on a document are kept."""
        base = self.local if self.local and self.is_local(document) else self.root
        return base / "documents" / f"{document}.notes.yaml"

    def is_local(self, slug: str) -> bool:
        """Whether a law or a document is one that the user added, not one of the shipped corpus."""
        return slug in self._local_slugs

    @cached_property
    def _local_slugs(self) -> frozenset[str]:
        if self.local is None:
            return frozenset()
        laws = {path.name for path in (self.local / "laws").glob("*/")}
        return frozenset(laws | {path.stem for path in (self.local / "documents").glob("*.md")})

    # -------------------------------------------------------------- texts

    def versions(self, law: str) -> tuple[Version, ...]:
        """The versions of a law, oldest first; BadInput where the law is not held."""
        try:
            return self.versions_by_law[law]
        except KeyError:
            known = ", ".join(sorted(self.laws))
            raise BadInput(f"{law!r} is not a law of this corpus; it holds {known}") from None

    def version(self, law: str, key: str) -> Version:
        """The version of a law that is in force from `key` (ISO date)."""
        for version in self.versions(law):
            if version.key == key:
                return version
        held = ", ".join(v.key for v in self.versions(law))
        raise BadInput(f"{law} has no version of {key}; it has {held}")

    def in_force(self, law: str, on: date) -> Version | None:
        """The version that stands on a day; for a draft, the one published by then. None before the first."""
        standing = [v for v in self.versions(law) if v.in_force_from <= on]
        return standing[-1] if standing and (standing[-1].in_force_until or date.max) > on else None

    def articles(self, version: Version) -> tuple[Provision, ...]:
        """The articles held of a version, in order."""
        return tuple(self.articles_by_version[version.law, version.key].values())

    def all_articles(self) -> Iterator[Provision]:
        for provisions in self.articles_by_version.values():
            yield from provisions.values()

    def find(self, place: ProvisionId) -> Provision | None:
        """The text at a place of a given version: a whole article, a paragraph with its items, or one item.

        None where that place does not exist or its text is not held. A paragraph number is optional where the article
        has only one paragraph; the id of the provision returned is the canonical one.
        """
        if place.version is None:
            raise ValueError(f"{place} names no version")
        article = self.articles_by_version.get((place.law, place.version), {}).get(place.article)
        if article is None:
            return None
        if place.paragraph is None and place.item is None:
            return article
        single = max(line.paragraph for line in article.lines) == 1
        paragraph = place.paragraph or (1 if single else None)
        if paragraph is None:
            with_items = {line.paragraph for line in article.lines if line.item}
            if len(with_items) != 1:
                return None
            paragraph = with_items.pop()
        lines = tuple(
            line
            for line in article.lines
            if line.paragraph == paragraph and (place.item is None or line.item == place.item)
        )
        if not lines:
            return None
        canonical = ProvisionId(place.law, place.version, place.article, None if single else paragraph, place.item)
        return article if canonical == article.id else replace(article, id=canonical, lines=lines)

    def provision(self, place: ProvisionId) -> Provision:
        """As `find`, but BadInput says what is there instead where the place is not."""
        found = self.find(place)
        if found is None:
            raise BadInput(self.why_missing(place))
        return found

    def why_missing(self, place: ProvisionId) -> str:
        version = self.version(place.law, place.version or "")
        label = format_citation(place.whole_article, self.laws[place.law], "en")
        if place.article in version.gaps:
            return f"the text of {label} is not held: {version.gaps[place.article]}"
        if place.article not in version.articles:
            return f"there is no {label} in this corpus; {self.extent(version)}"
        return f"{label} has no such paragraph or item; show {place.whole_article} to see it whole"

    def article_numbers(self, version: Version) -> tuple[str, ...] | None:
        """Every article number that a version is known to have, by its file or by a concordance; None where that is only a part."""
        moved = {old.article for old in self.successors if (old.law, old.version) == (version.law, version.key)}
        numbers = tuple(sorted({*version.articles, *moved}, key=article_sort_key))
        whole = version.completeness == "full" or numbers == tuple(str(n) for n in range(1, len(numbers) + 1))
        return numbers if whole else None

    def extent(self, version: Version) -> str:
        """In words, which articles the version consists of."""
        last = max(version.articles, key=article_sort_key)
        if version.completeness == "full":
            return f"the version of {version.key} ends with Article {last}"
        return f"of the version of {version.key} this corpus holds {len(self.articles(version))} articles"

    def place(self, mention: CitationMention, on: date) -> ProvisionId | None:
        """The place a written citation means, in the version that stands on the date (else the oldest one).

        A number in parentheses is a paragraph, or an item where the article has a single paragraph with items. The
        place need not exist: see `find`. None where the citation names no law of this corpus.
        """
        written = as_provision_id(mention)
        if written is None or written.law not in self.laws:
            return None
        version = self.in_force(written.law, on) or self.versions(written.law)[0]
        return self.numbered(replace(written, version=version.key), mention.number)

    def numbered(self, place: ProvisionId, alone: int | None) -> ProvisionId:
        article = self.find(place.whole_article)
        if (
            alone
            and article
            and max(line.paragraph for line in article.lines) == 1
            and any(line.item for line in article.lines)
        ):
            return replace(place, paragraph=None, item=alone)
        found = self.find(place)
        return found.id if found else place

    # -------------------------------------------------------------- standing

    def standing(self, place: SourceId, on: date) -> Standing:
        """How a place stands on a day."""
        if isinstance(place, PassageId | FactId):
            return "commentary"
        if self.laws[place.law].kind == "draft":
            return "draft"
        version = self.version(place.law, place.version or "")
        if on < version.in_force_from:
            return "not_yet_in_force"
        if version.in_force_until is None or on < version.in_force_until:
            return "in_force"
        return "amended"

    def role(self, place: SourceId, on: date) -> Role:
        """What a place may be in an answer given on a day. Only law in force is authority."""
        standing = self.standing(place, on)
        return {"in_force": "authority", "commentary": "commentary"}.get(standing, "history")  # type: ignore[return-value]

    def successor(self, place: ProvisionId) -> Successor | None:
        """Where the rule of an old article went, by the concordances; the narrowest entry that covers the place."""
        for candidate in (place, replace(place, item=None), place.whole_article):
            if candidate in self.successors:
                return self.successors[candidate]
        return None

    # -------------------------------------------------------------- documents, names

    def passage(self, place: PassageId) -> Passage:
        document = self.documents.get(place.document)
        found = next((p for p in document.passages if p.id == place), None) if document else None
        if found is None:
            raise BadInput(f"there is no passage {place}")
        return found

    def notes_at(self, place: PassageId) -> tuple[DocumentNote, ...]:
        return tuple(n for n in self.notes if n.at == place)

    def fact(self, place: FactId) -> Fact:
        record = self.records.get(place.record)
        if record is None or not 1 <= place.number <= len(record.facts):
            raise BadInput(f"there is no fact {place}")
        return record.facts[place.number - 1]

    @cached_property
    def sentences(self) -> Mapping[Literal["en", "zh"], Mapping[str, ProvisionId]]:
        """Every sentence of the law held, with an article in which it stands (the first of several)."""
        found: dict[Literal["en", "zh"], dict[str, ProvisionId]] = {"en": {}, "zh": {}}
        for article in self.all_articles():
            for language, held in found.items():
                for line in article.lines:
                    text = line.text(language) or ""
                    for start, end in sentences(text):
                        held.setdefault(text[start:end].strip(), article.id)
        return found

    @cached_property
    def names(self) -> tuple[Name, ...]:
        """Every name by which a law or a record is cited; a law's name wins over a record's."""
        return names_of((*self.laws.values(), *self.records.values()))

    def label(self, place: SourceId, language: Language) -> str:
        if isinstance(place, FactId):
            word = {"en": "record", "zh": "档案", "fr": "fiche"}[language]
            return f"{self.records[place.record].short[language]} · {word} {place.number}"
        if isinstance(place, PassageId):
            short = self.documents[place.document].short[language]
            paragraph = place.paragraph
            if language == "zh":
                return f"{short}第{place.section}节" + (f"第{paragraph}段" if paragraph else "")
            sign = "§" if language == "en" else "sect."
            return f"{short} {sign} {place.section}" + (f"({paragraph})" if paragraph else "")
        return format_citation(place, self.laws[place.law], language)

    @cached_property
    def fingerprint(self) -> str:
        """Changes with any text an answer can be made of. 16 hexadecimal digits."""
        digest = hashlib.sha256()
        for versions in self.versions_by_law.values():
            for version in versions:
                digest.update(f"{version.law}@{version.key} {version.text_sha256}\n".encode())
        for line in lock_lines(self.root):
            digest.update(line.encode())
        for line in lock_lines(self.local) if self.local else ():
            digest.update(f"local {line}".encode())
        return digest.hexdigest()[:16]


def lock_lines(root: Path) -> list[str]:
    """One line a corpus file: sha256, number of articles (or 0), path."""
    lines = []
    for path in sorted(p for p in root.rglob("*") if p.suffix in {".md", ".yaml", ".csv"} and p.is_file()):
        content = path.read_bytes()
        count = content.count(b"\n### Article ")
        lines.append(f"{hashlib.sha256(content).hexdigest()} {count:4d} {path.relative_to(root).as_posix()}")
    return lines


def check_references(corpus: Corpus) -> None:
    """Every place named by an editorial file exists, in its canonical form; scenarios name law in force only."""

    def check(path: Path, place: ProvisionId) -> None:
        if (
            place.law not in corpus.laws
            or place.version is None
            or (place.law, place.version) not in corpus.articles_by_version
        ):
            raise CorpusError(path, None, f"{place}: no such law or version")
        found = corpus.find(place)
        if found is None:
            raise CorpusError(path, None, f"{place}: {corpus.why_missing(place)}")
        if found.id != place:
            raise CorpusError(path, None, f"{place}: write {found.id}")

    for scenario in corpus.scenarios:
        path = corpus.root / "scenarios" / f"{scenario.name}.yaml"
        for step in scenario.steps:
            check(path, step.id)
            if (
                not corpus.laws[step.id.law].binding
                or corpus.version(step.id.law, step.id.version or "").in_force_until
            ):
                raise CorpusError(path, None, f"{step.id}: a scenario names law in force only")
    for mistaken in corpus.misconceptions:
        for place in mistaken.provisions:
            check(corpus.root / MISCONCEPTIONS, place)
    for note in corpus.notes:
        for place in note.decided_by:
            check(corpus.file_of_notes(note.at.document), place)
    for record in corpus.records.values():
        _check_record(corpus, record, check)
    for successor in corpus.successors.values():
        old = successor.old
        if (old.law, old.version) not in corpus.articles_by_version:
            raise CorpusError(successor.path, None, f"{old}: no such law or version")
        for place in successor.new:
            check(successor.path, place)
    for now, then in corpus.counterparts.items():
        for place in (now, *then):
            check(corpus.root / COUNTERPARTS, place)


def _check_record(corpus: Corpus, record: Record, check: Callable[[Path, ProvisionId], None]) -> None:
    """Its slug and names are its own, and every place it names exists."""
    path = corpus.root / "records" / f"{record.slug}.yaml"
    if record.slug in corpus.laws or record.slug in corpus.documents:
        raise CorpusError(path, 1, f"{record.slug!r} is also a law or a document of this corpus")
    if record.replaced_by and record.replaced_by not in {*corpus.laws, *corpus.records}:
        raise CorpusError(path, None, f"replaced_by: {record.replaced_by!r} is neither a law nor a record")
    passages = {p.id for d in corpus.documents.values() for p in d.passages}
    for place in record.cited_at:
        if place not in passages:
            raise CorpusError(path, None, f"cited_at: there is no passage {place}")
    for related in record.related:
        check(path, related)
    owner = {name.text.lower(): name.slug for name in corpus.names}
    for text in (record.short.en, record.short.zh, *(a for names in record.aliases.values() for a in names)):
        named = owner.get(text.strip("《》").lower(), record.slug)
        if named != record.slug and not corpus.is_local(named):  # a law that the user added takes its name
            raise CorpusError(path, None, f"{text!r} is also a name of {named}")
