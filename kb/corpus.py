"""The corpus in memory: what the law says at a place, which text of it stands on a date, and what replaced it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import Path

from kb import corpus_files as files
from kb import dataset
from kb.citation import CitationMention, Name, as_provision_id, format_citation, names_of, number
from kb.errors import BadInput, CorpusError
from kb.model import (
    Document,
    DocumentNote,
    Language,
    Law,
    Line,
    Passage,
    PassageId,
    Provision,
    ProvisionId,
    Role,
    Scenario,
    ScenarioStep,
    SourceId,
    Standing,
    Version,
    article_sort_key,
)

GUIDE_SUFFIX = ".guide.yaml"
NOTES_SUFFIX = ".notes.yaml"
LOCK = "corpus.lock"


@dataclass(frozen=True, slots=True)
class Successor:
    """Where the rule of an old place went. `new` is empty where nothing replaced it."""

    old: ProvisionId
    new: tuple[ProvisionId, ...]
    change: str
    note: str


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
    scenarios: tuple[Scenario, ...]
    glossary: tuple[files.GlossaryTerm, ...]
    outside: Mapping[Language, tuple[str, ...]]

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
            line for line in article.lines if line.paragraph == paragraph and (place.item is None or line.item == place.item)
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
        return self._numbered(replace(written, version=version.key), mention.number)

    def _numbered(self, place: ProvisionId, alone: int | None) -> ProvisionId:
        article = self.find(place.whole_article)
        if alone and article and max(line.paragraph for line in article.lines) == 1 and any(line.item for line in article.lines):
            return replace(place, paragraph=None, item=alone)
        found = self.find(place)
        return found.id if found else place

    # -------------------------------------------------------------- standing

    def standing(self, place: SourceId, on: date) -> Standing:
        """How a place stands on a day."""
        if isinstance(place, PassageId):
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

    @cached_property
    def names(self) -> tuple[Name, ...]:
        return names_of(self.laws.values())

    def label(self, place: SourceId, language: Language) -> str:
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
        return digest.hexdigest()[:16]


# ------------------------------------------------------------------ loading


def load_corpus(root: Path, check_lock: bool = True) -> Corpus:
    """Read and check the whole corpus folder; CorpusError names the file and line that breaks a rule."""
    if not (root / "laws").is_dir():
        raise CorpusError(root, None, "no corpus here (a folder `laws` is expected); set KB_CORPUS to the corpus folder")
    if check_lock:
        _check_lock(root)
    laws: dict[str, Law] = {}
    versions: dict[str, tuple[Version, ...]] = {}
    articles: dict[tuple[str, str], Mapping[str, Provision]] = {}
    for folder in sorted(p for p in (root / "laws").iterdir() if p.is_dir()):
        law = _load_law(folder)
        laws[law.slug] = law
        loaded = [_load_version(law, path) for path in sorted(folder.glob("*.md"))]
        if not loaded:
            raise CorpusError(folder, None, "no version of this law; add <in-force-date>.md")
        starts = [version.in_force_from for version, _ in loaded]
        ends = [*starts[1:], None]
        versions[law.slug] = tuple(replace(v, in_force_until=end) for (v, _), end in zip(loaded, ends, strict=True))
        for version, held in loaded:
            articles[law.slug, version.key] = held
    documents: dict[str, Document] = {}
    notes: list[DocumentNote] = []
    for path in sorted((root / "documents").glob("*.md")):
        document = _load_document(path)
        documents[document.slug] = document
        notes += _load_notes(path.with_name(document.slug + NOTES_SUFFIX), document)
    scope: files.ScopeFile = files.read_yaml(root / "scope.yaml", files.ScopeFile)
    near, far = scope.near.by_language(), scope.far.by_language()
    corpus = Corpus(
        root=root,
        laws=laws,
        versions_by_law=versions,
        articles_by_version=articles,
        documents=documents,
        notes=tuple(notes),
        successors={s.old: s for path in sorted((root / "concordances").glob("*.csv")) for s in _load_concordance(path)},
        scenarios=tuple(_load_scenario(path) for path in sorted((root / "scenarios").glob("*.yaml"))),
        glossary=tuple(files.read_yaml(root / "glossary.yaml", list[files.GlossaryTerm])),
        outside={language: near[language] + far[language] for language in near},
    )
    _check_references(corpus)
    return corpus


def _load_law(folder: Path) -> Law:
    path = folder / "law.yaml"
    record: files.LawFile = files.read_yaml(path, files.LawFile)
    if record.slug != folder.name:
        raise CorpusError(path, 1, f"slug {record.slug!r} differs from the folder name {folder.name!r}")
    if (record.kind == "draft") == record.binding:
        raise CorpusError(path, None, "a draft is never binding, and every other instrument here is")
    return Law(
        slug=record.slug,
        title=record.title.trilingual(),
        short=record.short.trilingual(),
        aliases=record.aliases.by_language(),
        kind=record.kind,
        issuer=record.issuer.trilingual(),
        rank=record.rank,
        binding=record.binding,
        url=record.url,
    )


def _load_version(law: Law, path: Path) -> tuple[Version, dict[str, Provision]]:
    try:
        start = date.fromisoformat(path.stem)
    except ValueError:
        raise CorpusError(path, None, "the file name of a version is the date from which it is in force") from None
    front, rendering = files.read_version(path)
    english = {a.number: a for a in rendering}
    chinese = _chinese_text(path, front)
    guide_path = path.with_suffix("").with_name(path.stem + GUIDE_SUFFIX)
    guides: dict[str, files.GuideEntry] = (
        files.read_yaml(guide_path, dict[str, files.GuideEntry]) if guide_path.exists() else {}
    )
    _check_declared(path, front, english, chinese)
    held: dict[str, Provision] = {}
    for article in front.articles:
        if article in front.gaps:
            continue
        guide = guides.pop(article, None)
        held[article] = Provision(
            id=ProvisionId(law.slug, start.isoformat(), article),
            chapter=english[article].chapter if article in english else chinese[article].chapter,
            lines=_lines(path, article, english.get(article), chinese.get(article)),
            heading=guide.heading.trilingual() if guide else None,
            gist=guide.gist.trilingual() if guide else None,
            asks=guide.asks.by_language() if guide else {},
        )
    if guides:
        stray = next(iter(guides))
        raise CorpusError(guide_path, None, f"a guide for Article {stray}, whose text this version does not hold")
    digest = hashlib.sha256()
    for provision in held.values():
        for line in provision.lines:
            digest.update(f"{provision.id} {line.paragraph} {line.item} {line.en} {line.zh}\n".encode())
    version = Version(
        law=law.slug,
        in_force_from=start,
        in_force_until=None,
        adopted_on=front.adopted_on,
        promulgated_on=front.promulgated_on,
        document_no=front.document_no,
        source_url=front.source_url,
        retrieved_on=front.retrieved_on,
        completeness=front.completeness,
        articles=front.articles,
        gaps=front.gaps,
        partial=front.partial,
        inferred_numbers=tuple(front.inferred_numbers),
        text_sha256=digest.hexdigest(),
    )
    return version, held


def _chinese_text(path: Path, front: files.VersionFront) -> dict[str, dataset.ChineseArticle]:
    source = front.chinese
    if source.dataset is None:
        if not source.link:
            raise CorpusError(path, 2, "chinese: give `dataset` with `version_date`, or `link`")
        return {}
    if source.version_date is None:
        raise CorpusError(path, 2, "chinese: `dataset` needs `version_date`")
    wanted = set(front.articles)
    held = dataset.chinese_articles(source.dataset, source.version_date.isoformat())
    return {a.number: a for a in held if a.number in wanted}


def _check_declared(
    path: Path,
    front: files.VersionFront,
    english: Mapping[str, files.ArticleText],
    chinese: Mapping[str, dataset.ChineseArticle],
) -> None:
    """Every article declared is held or a declared gap, and nothing else is."""
    declared = set(front.articles)
    if len(declared) != len(front.articles):
        raise CorpusError(path, 2, "articles: an article is declared twice")
    for article, text in english.items():
        if article not in declared:
            raise CorpusError(path, text.line, f"Article {article} is not among the `articles` declared above")
        if article in front.gaps:
            raise CorpusError(path, text.line, f"Article {article} is declared a gap, yet stands here")
    if list(english) != sorted(english, key=article_sort_key):
        raise CorpusError(path, None, "the articles do not stand in their order")
    for article in front.articles:
        missing = article not in english if english or not chinese else article not in chinese
        if missing and article not in front.gaps:
            raise CorpusError(path, None, f"Article {article} is missing; add it or declare it under `gaps`")
    for listed in (*front.gaps, *front.partial, *front.inferred_numbers):
        if listed not in declared:
            raise CorpusError(path, 2, f"Article {listed} is not among the `articles` declared")
    for article, text in english.items():
        marked = any("[…]" in line for _, line in text.lines)
        if marked != (article in front.partial):
            raise CorpusError(path, text.line, f"Article {article}: missing words are marked […] and explained in `partial`")


def _lines(
    path: Path, article: str, english: files.ArticleText | None, chinese: dataset.ChineseArticle | None
) -> tuple[Line, ...]:
    if chinese is None:
        assert english is not None
        return tuple(Line(*place, text, None) for place, text in english.lines)
    places = files.chinese_places(chinese.lines, number).places
    if english is None:
        return tuple(Line(*place, None, text) for place, text in zip(places, chinese.lines, strict=True))
    if places != tuple(place for place, _ in english.lines):
        raise CorpusError(
            path,
            english.line,
            f"Article {article}: paragraphs and items differ from the Chinese ({len(english.lines)} lines, Chinese {len(places)})",
        )
    pairs = zip(english.lines, chinese.lines, strict=True)
    return tuple(Line(*place, en, zh) for (place, en), zh in pairs)


def _load_document(path: Path) -> Document:
    front, sections = files.read_document(path)
    if front.slug != path.stem:
        raise CorpusError(path, 2, f"slug {front.slug!r} differs from the file name {path.stem!r}")
    passages = tuple(
        Passage(PassageId(front.slug, section, n), title, text)
        for section, title, paragraphs in sections
        for n, text in enumerate(paragraphs, 1)
    )
    return Document(
        slug=front.slug,
        title=front.title.trilingual(),
        short=front.short.trilingual(),
        aliases=front.aliases.by_language(),
        author=front.author,
        published_from=front.published.from_,
        published_to=front.published.to,
        passages=passages,
    )


def _load_notes(path: Path, document: Document) -> list[DocumentNote]:
    entries: list[files.NoteEntry] = files.read_yaml(path, list[files.NoteEntry])
    places = {p.id for p in document.passages}
    for entry in entries:
        if entry.at not in places:
            raise CorpusError(path, None, f"there is no passage {entry.at}")
        if not entry.decided_by and not entry.source:
            raise CorpusError(path, None, f"the note at {entry.at} needs `decided_by` or a `source`")
    return [DocumentNote(e.at, e.kind, e.message.trilingual(), tuple(e.decided_by), e.source) for e in entries]


def _load_scenario(path: Path) -> Scenario:
    record: files.ScenarioFile = files.read_yaml(path, files.ScenarioFile)
    return Scenario(
        name=path.stem,
        title=record.title.trilingual(),
        suggestion=record.suggestion.trilingual(),
        asks=record.asks.by_language(),
        steps=tuple(ScenarioStep(step.id, step.why.trilingual()) for step in record.provisions),
    )


def _load_concordance(path: Path) -> Iterable[Successor]:
    return [Successor(row.old, row.new, row.change, row.note) for row in files.read_rows(path)]


def _check_references(corpus: Corpus) -> None:
    """Every place named by an editorial file exists, in its canonical form; scenarios name law in force only."""

    def check(path: Path, place: ProvisionId) -> None:
        if place.law not in corpus.laws or place.version is None or (place.law, place.version) not in corpus.articles_by_version:
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
            if not corpus.laws[step.id.law].binding or corpus.version(step.id.law, step.id.version or "").in_force_until:
                raise CorpusError(path, None, f"{step.id}: a scenario names law in force only")
    for note in corpus.notes:
        for place in note.decided_by:
            check(corpus.root / "documents" / (note.at.document + NOTES_SUFFIX), place)
    for successor in corpus.successors.values():
        for place in successor.new:
            check(corpus.root / "concordances", place)


# ------------------------------------------------------------------ lock


def lock_lines(root: Path) -> list[str]:
    """One line a corpus file: sha256, number of articles (or 0), path."""
    lines = []
    for path in sorted(p for p in root.rglob("*") if p.suffix in {".md", ".yaml", ".csv"} and p.is_file()):
        content = path.read_bytes()
        count = content.count(b"\n### Article ")
        lines.append(f"{hashlib.sha256(content).hexdigest()} {count:4d} {path.relative_to(root).as_posix()}")
    return lines


def write_lock(root: Path) -> int:
    """Record the corpus as it is; the number of files recorded."""
    lines = lock_lines(root)
    (root / LOCK).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return len(lines)


def _check_lock(root: Path) -> None:
    path = root / LOCK
    recorded = files.read_text(path).splitlines() if path.exists() else []
    if not recorded:
        raise CorpusError(path, None, "the file is missing; run `kb lock` to record the corpus as it is")
    found = lock_lines(root)
    if recorded == found:
        return
    changed = {line[70:] for line in set(recorded) ^ set(found)}
    names = ", ".join(sorted(changed)[:3])
    raise CorpusError(path, None, f"does not match {names}; if the change is meant, run `kb lock` and commit the lock")
