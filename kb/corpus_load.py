"""Corpus folder → `Corpus`: read every file, check it against the rules and against the others, refuse what breaks one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

from kb import corpus_files as files
from kb import dataset
from kb.citation import number
from kb.corpus import COUNTERPARTS, LOCK, MISCONCEPTIONS, Corpus, Successor, check_references, lock_lines
from kb.errors import CorpusError
from kb.ids import FactId, PassageId, ProvisionId, article_sort_key
from kb.model import (
    Document,
    DocumentNote,
    Fact,
    Law,
    Line,
    Misconception,
    Passage,
    Provision,
    Record,
    Scenario,
    ScenarioStep,
    Version,
)
from kb.names import names_of

GUIDE_SUFFIX = ".guide.yaml"
NOTES_SUFFIX = ".notes.yaml"


def load_corpus(root: Path, check_lock: bool = True, local: Path | None = None) -> Corpus:
    """Read and check the whole corpus folder; CorpusError names the file and line that breaks a rule.

    `local` holds what the user added (laws, documents, official Chinese texts); it is read after the shipped corpus,
    has no lock and may be missing.
    """
    if not (root / "laws").is_dir():
        raise CorpusError(
            root, None, "no corpus here (a folder `laws` is expected); set KB_CORPUS to the corpus folder"
        )
    if check_lock:
        _check_lock(root)
    local = local if local and local.is_dir() else None
    records = {r.slug: r for r in (_load_record(path) for path in sorted((root / "records").glob("*.yaml")))}
    owners = {slug: root / "records" / f"{slug}.yaml" for slug in records}
    laws: dict[str, Law] = {}
    versions: dict[str, tuple[Version, ...]] = {}
    articles: dict[tuple[str, str], Mapping[str, Provision]] = {}
    for folder in _entries("laws", "*/", root, local):
        law = _load_law(folder)
        _claim(owners, folder / "law.yaml", (law.slug, *(n.text for n in names_of([law]))), local)
        laws[law.slug] = law
        loaded = [_load_version(law, path, local) for path in sorted(folder.glob("*.md"))]
        for guide in folder.glob("*" + GUIDE_SUFFIX):
            if not guide.with_name(guide.name.removesuffix(GUIDE_SUFFIX) + ".md").exists():
                raise CorpusError(guide, None, "a guide without a version; its name is that of the version's file")
        if not loaded:
            raise CorpusError(folder, None, "no version of this law; add <in-force-date>.md")
        starts = [version.in_force_from for version, _ in loaded]
        ends = [*starts[1:], None]
        versions[law.slug] = tuple(replace(v, in_force_until=end) for (v, _), end in zip(loaded, ends, strict=True))
        for version, held in loaded:
            articles[law.slug, version.key] = held
    documents: dict[str, Document] = {}
    notes: list[DocumentNote] = []
    for path in _entries("documents", "*.md", root, local):
        document = _load_document(path)
        _claim(owners, path, (document.slug, document.title.en, document.title.zh, document.title.fr), local)
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
        successors=_load_concordances(root / "concordances"),
        counterparts=_load_counterparts(root / COUNTERPARTS),
        records=records,
        scenarios=tuple(_load_scenario(path) for path in sorted((root / "scenarios").glob("*.yaml"))),
        misconceptions=_load_misconceptions(root / MISCONCEPTIONS),
        glossary=tuple(files.read_yaml(root / "glossary.yaml", list[files.GlossaryTerm])),
        outside={language: near[language] + far[language] for language in near},
        local=local,
    )
    for path in (local / "chinese").glob("*/*.txt") if local else ():
        if (path.parent.name, path.stem) not in articles:
            raise CorpusError(path, None, "Chinese of no law and version of the corpus; remove the file")
    check_references(corpus)
    return corpus


def _entries(kind: str, pattern: str, root: Path, local: Path | None) -> list[Path]:
    """The entries of a kind: those of the shipped corpus, then the local ones, each in the order of their names."""
    return [p for base in (root, local) if base for p in sorted((base / kind).glob(pattern))]


def _claim(owners: dict[str, Path], path: Path, words: Iterable[str], local: Path | None) -> None:
    """A local file may not take the slug or a name of a file read before it."""
    for word in words:
        owner = owners.setdefault(word.lower(), path)
        if local and path.is_relative_to(local) and owner != path:
            raise CorpusError(
                path, None, f"{word!r} is also a slug or name in {owner}; choose another or remove this file"
            )


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
        earlier_texts=record.earlier_texts,
    )


def _load_version(law: Law, path: Path, local: Path | None = None) -> tuple[Version, dict[str, Provision]]:
    try:
        start = date.fromisoformat(path.stem)
        if start.isoformat() != path.stem:
            raise ValueError
    except ValueError:
        raise CorpusError(path, None, "the file name of a version is the date from which it is in force") from None
    front, rendering = files.read_version(path)
    english = {a.number: a for a in rendering}
    stored = local / "chinese" / law.slug / f"{path.stem}.txt" if local else None
    stored = stored if stored and stored.is_file() else None
    chinese = _chinese_text(path, front, stored)
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
            lines=_lines(path, article, english.get(article), chinese.get(article), stored),
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
        evidence=front.evidence,
        completeness=front.completeness,
        articles=front.articles,
        gaps=front.gaps,
        partial=front.partial,
        inferred_numbers=tuple(front.inferred_numbers),
        text_sha256=digest.hexdigest(),
    )
    return version, held


def _chinese_text(path: Path, front: files.VersionFront, stored: Path | None) -> dict[str, dataset.ChineseArticle]:
    source = front.chinese
    if source.dataset is None:
        if not source.link:
            raise CorpusError(path, 2, "chinese: give `dataset` with `version_date`, or `link`")
        found = {a.number: a for a in dataset.read_stored(stored)} if stored else {}
        expected = [a for a in front.articles if a not in front.gaps and a not in front.partial]
        if stored and list(found) != expected:
            raise CorpusError(stored, None, f"its articles are not those of {path}; run `kb fetch-official` again")
        return found
    if stored:
        raise CorpusError(stored, None, f"the Chinese of {path} is in the data package; remove this file")
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
            raise CorpusError(
                path, text.line, f"Article {article}: missing words are marked […] and explained in `partial`"
            )


def _lines(
    path: Path,
    article: str,
    english: files.ArticleText | None,
    chinese: dataset.ChineseArticle | None,
    stored: Path | None,
) -> tuple[Line, ...]:
    if chinese is None:
        assert english is not None
        return tuple(Line(*place, text, None) for place, text in english.lines)
    places = files.chinese_places(chinese.lines, number).places
    if english is None:
        return tuple(Line(*place, None, text) for place, text in zip(places, chinese.lines, strict=True))
    if places != tuple(place for place, _ in english.lines):
        raise CorpusError(
            stored or path,
            None if stored else english.line,
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


def _load_record(path: Path) -> Record:
    entry: files.RecordFile = files.read_yaml(path, files.RecordFile)
    if entry.slug != path.stem:
        raise CorpusError(path, 1, f"slug {entry.slug!r} differs from the file name {path.stem!r}")
    facts = tuple(
        Fact(FactId(entry.slug, n), fact.topic, fact.grade or entry.grade, fact.text.trilingual())
        for n, fact in enumerate(entry.facts, 1)
    )
    return Record(
        slug=entry.slug,
        title=entry.title.trilingual(),
        short=entry.short.trilingual(),
        aliases=entry.aliases.by_language(),
        described_as=tuple(entry.described_as),
        kind=entry.kind,
        issuer=entry.issuer.trilingual(),
        number=entry.number,
        status=entry.status,
        replaced_by=entry.replaced_by,
        source_url=entry.source_url,
        read_in=entry.read_in,
        grade=entry.grade,
        facts=facts,
        since=entry.since,
        cited_at=tuple(entry.cited_at),
        related=tuple(entry.related),
        asks=entry.asks.by_language(),
    )


def _load_scenario(path: Path) -> Scenario:
    record: files.ScenarioFile = files.read_yaml(path, files.ScenarioFile)
    return Scenario(
        name=path.stem,
        title=record.title.trilingual(),
        suggestion=record.suggestion.trilingual(),
        asks=record.asks.by_language(),
        steps=tuple(ScenarioStep(step.id, step.why.trilingual()) for step in record.provisions),
    )


def _load_misconceptions(path: Path) -> tuple[Misconception, ...]:
    """The file may be missing: a corpus needs none."""
    entries = files.read_yaml(path, list[files.MisconceptionEntry]) if path.exists() else []
    found: dict[str, Misconception] = {}
    for entry in entries:
        if entry.name in found:
            raise CorpusError(path, None, f"two misconceptions are named {entry.name}")
        found[entry.name] = Misconception(
            entry.name, entry.belief.trilingual(), entry.said.by_language(), tuple(entry.provisions)
        )
    return tuple(found.values())


def _load_concordances(folder: Path) -> dict[ProvisionId, Successor]:
    found: dict[ProvisionId, Successor] = {}
    for path in sorted(folder.glob("*.csv")):
        for row in files.read_rows(path, files.ConcordanceRow):
            if row.old in found:
                raise CorpusError(path, None, f"{row.old} stands twice in the concordances")
            found[row.old] = Successor(row.old, row.new, row.change, row.note, path)
    return found


def _load_counterparts(path: Path) -> dict[ProvisionId, tuple[ProvisionId, ...]]:
    """The file may be missing: a corpus needs none."""
    found: dict[ProvisionId, tuple[ProvisionId, ...]] = {}
    for row in files.read_rows(path, files.CounterpartRow) if path.exists() else ():
        if row.now in found:
            raise CorpusError(path, None, f"{row.now} stands twice")
        found[row.now] = row.then
    return found


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
