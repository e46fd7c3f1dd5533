"""Corpus → search units → Chroma and BM25 on disk: build beside, verify, swap; open; search.

A unit is one text by which a place can be found: a paragraph, an item with its lead-in, a whole article, a gist, an ask,
a passage of a document. English and Chinese are separate units of the same place. The index is disposable: it is named
by the fingerprint of its units and of the encoder, and made again whenever that changes.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from filelock import FileLock, Timeout

from kb import vectors
from kb.corpus import Corpus
from kb.encoder import Encoder, Progress, encoder_name
from kb.errors import IndexError_
from kb.model import LANGUAGES, Language, Provision
from kb.settings import Settings
from kb.text import teach_chinese_words, tokens

if TYPE_CHECKING:
    from numpy.typing import NDArray

FORMAT = 1
"""Raise it when what a unit or the index holds changes: every index is then built again."""

COLLECTION = "units"
MAX_UNIT_CHARS = 1_800
LEAD_CHARS = 160
LOCK_SECONDS = 900

Group = Literal["law", "draft", "document", "scenario", "outside"]
Kind = Literal["part", "item", "article", "gist", "ask", "passage"]


@dataclass(frozen=True, slots=True)
class Unit:
    """One searchable text. `target` is the id of the place (or the name of a scenario); dates are yyyymmdd numbers.

    `prompt` is how the encoder reads it: asks are questions like those they are compared with.
    """

    id: str
    target: str
    group: Group
    kind: Kind
    language: Language
    start: int
    end: int
    prompt: Literal["query", "document"]
    text: str


def day(on: date) -> int:
    return on.year * 10_000 + on.month * 100 + on.day


ALWAYS = (0, 99_999_999)


def build_units(corpus: Corpus) -> list[Unit]:
    """Every unit of the corpus, in a fixed order, with ids that depend on nothing but their place and kind."""
    found: list[Unit] = []
    for article in corpus.all_articles():
        found += _article_units(corpus, article)
    for document in corpus.documents.values():
        for passage in document.passages:
            text = f"{document.short.en} — {passage.section}. {passage.text}"
            found.append(
                Unit(f"{passage.id}#passage.en", str(passage.id), "document", "passage", "en", *ALWAYS, "document", text[:MAX_UNIT_CHARS])
            )
    for scenario in corpus.scenarios:
        for language in LANGUAGES:
            texts = (scenario.suggestion[language], *scenario.asks[language])
            found += _asks(f"scenario/{scenario.name}", scenario.name, "scenario", language, texts, ALWAYS)
    for language in LANGUAGES:
        found += _asks("outside", "outside", "outside", language, corpus.outside[language], ALWAYS)
    repeated = [unit for unit, times in Counter(u.id for u in found).items() if times > 1]
    if repeated:
        raise IndexError_(f"two units with the id {repeated[0]}")
    return found


def _asks(
    prefix: str, target: str, group: Group, language: Language, texts: Sequence[str], dates: tuple[int, int]
) -> Iterator[Unit]:
    for i, text in enumerate(texts, 1):
        yield Unit(f"{prefix}#ask.{language}.{i}", target, group, "ask", language, *dates, "query", text)


def _article_units(corpus: Corpus, article: Provision) -> Iterator[Unit]:
    law = corpus.laws[article.id.law]
    version = corpus.version(law.slug, article.id.version or "")
    group: Group = "draft" if law.kind == "draft" else "law"
    dates = (day(version.in_force_from), day(version.in_force_until) if version.in_force_until else ALWAYS[1])
    place = str(article.id)
    for language in ("en", "zh"):
        title = law.short[language]
        heading = f" {article.heading[language]}" if article.heading else ""
        head = f"{title} Art. {article.id.article}{heading}: " if language == "en" else f"{title}第{article.id.article}条{heading}："
        if article.text(language) is None:
            continue
        parts = list(_parts(corpus, article))
        for target, kind, lead, text in parts:
            words = text(language) or ""
            before = f"{lead(language)[:LEAD_CHARS]} … " if lead else ""
            unit_text = (head + before + words)[:MAX_UNIT_CHARS]
            yield Unit(f"{target}#{kind}.{language}", target, group, kind, language, *dates, "document", unit_text)
        if sum(kind == "part" for _, kind, _, _ in parts) > 1:
            whole = (head + (article.text(language) or ""))[:MAX_UNIT_CHARS]
            yield Unit(f"{place}#article.{language}", place, group, "article", language, *dates, "document", whole)
    for language in LANGUAGES:
        if article.gist:
            heading = f"{article.heading[language]}: " if article.heading else ""
            text = heading + article.gist[language]
            yield Unit(f"{place}#gist.{language}", place, group, "gist", language, *dates, "document", text)
        yield from _asks(place, place, group, language, article.asks.get(language, ()), dates)


_TextOf = Callable[[Literal["en", "zh"]], str | None]


def _parts(corpus: Corpus, article: Provision) -> Iterator[tuple[str, Kind, Callable[[Any], str] | None, _TextOf]]:
    """The paragraphs of an article, and their items with the words that lead in to them."""
    from dataclasses import replace

    for number in sorted({line.paragraph for line in article.lines}):
        paragraph = corpus.provision(replace(article.id, paragraph=number))
        yield str(paragraph.id), "part", None, paragraph.text
        lead = paragraph.lines[0]
        for line in paragraph.lines[1:]:
            item = corpus.provision(replace(article.id, paragraph=number, item=line.item))
            yield str(item.id), "item", lambda language, lead=lead: lead.text(language) or "", item.text


def fingerprint(units: Sequence[Unit], encoder: str) -> str:
    """Names the content of an index: 20 hexadecimal digits over the format, the encoder and every unit."""
    digest = hashlib.sha256(f"{FORMAT}\0{encoder}\n".encode())
    for unit in units:
        digest.update(json.dumps(asdict(unit), ensure_ascii=False, sort_keys=True).encode())
    return digest.hexdigest()[:20]


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build did. `embedded` texts were new; `reused` vectors were at hand."""

    fingerprint: str
    units: int
    embedded: int
    reused: int
    built: bool


class Index:
    """An opened index. Rows are positions in `units`."""

    def __init__(self, folder: Path) -> None:
        import bm25s
        import chromadb
        from chromadb.config import Settings as ChromaSettings

        try:
            manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
            self.units = [Unit(**u, text="") for u in json.loads((folder / "units.json").read_text(encoding="utf-8"))]
            self._bm25 = bm25s.BM25.load(str(folder / "bm25"))
            client = chromadb.PersistentClient(str(folder / "chroma"), ChromaSettings(anonymized_telemetry=False))
            self._collection = client.get_collection(COLLECTION)
            stored = self._collection.count()
        except Exception as error:  # whatever is wrong with a damaged index: it is made again
            raise IndexError_(f"{folder}: cannot be opened ({type(error).__name__}); run `kb index --rebuild`") from error
        if not len(self.units) == stored == manifest["units"]:
            raise IndexError_(f"{folder}: incomplete ({stored} of {manifest['units']} units); run `kb index --rebuild`")
        self.fingerprint: str = manifest["fingerprint"]
        self.encoder: str = manifest["encoder"]
        self._row = {unit.id: row for row, unit in enumerate(self.units)}

    @cached_property
    def _columns(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.str_]]:
        starts = np.array([u.start for u in self.units])
        ends = np.array([u.end for u in self.units])
        return starts, ends, np.array([u.group for u in self.units])

    def allowed(self, groups: Sequence[Group], on: date) -> NDArray[np.bool_]:
        """Which rows belong to the groups and stand on the date."""
        starts, ends, groups_of = self._columns
        today = day(on)
        return np.asarray((starts <= today) & (today < ends) & np.isin(groups_of, list(groups)))

    def dense(self, vector: NDArray[np.float32], groups: Sequence[Group], on: date, k: int) -> list[tuple[int, float]]:
        """The `k` nearest rows with their cosine, best first."""
        today = day(on)
        where: Any = {"$and": [{"group": {"$in": list(groups)}}, {"start": {"$lte": today}}, {"end": {"$gt": today}}]}
        k = min(k, int(self.allowed(groups, on).sum()))
        if k == 0:
            return []
        try:
            found = self._collection.query(query_embeddings=[vector], n_results=k, where=where, include=["distances"])
            pairs = zip(found["ids"][0], (found["distances"] or [[]])[0], strict=True)
            scored = [(self._row[i], 1.0 - float(d)) for i, d in pairs]
        except Exception:  # Chroma issue 7032: a filtered query can fail to find its own ids
            scored = self._exact(vector, where)[:k]
        return sorted(scored, key=lambda pair: (-round(pair[1], 6), pair[0]))

    def _exact(self, vector: NDArray[np.float32], where: Any) -> list[tuple[int, float]]:
        found = self._collection.get(where=where, include=["embeddings"])
        scores = np.asarray(found["embeddings"], np.float32) @ vector
        return sorted(((self._row[i], float(s)) for i, s in zip(found["ids"], scores, strict=True)), key=lambda p: -p[1])

    def lexical(self, words: Sequence[str], groups: Sequence[Group], on: date) -> list[tuple[int, float]]:
        """Rows that share a word with the query, by BM25, best first."""
        known = [w for w in dict.fromkeys(words) if w in self._bm25.vocab_dict]
        if not known:
            return []
        scores = np.asarray(self._bm25.get_scores(known)) * self.allowed(groups, on)
        rows = np.flatnonzero(scores > 0)
        return sorted(((int(r), float(scores[r])) for r in rows), key=lambda pair: (-round(pair[1], 6), pair[0]))

    def vocabulary(self) -> frozenset[str]:
        return frozenset(self._bm25.vocab_dict)


def index_folder(settings: Settings, name: str) -> Path:
    return settings.home / "index" / name


def ensure_index(
    corpus: Corpus,
    settings: Settings,
    load: Callable[[], Encoder],
    progress: Progress | None = None,
    rebuild: bool = False,
) -> tuple[Index, BuildReport]:
    """Open the index of this corpus and encoder; build it first where it is missing, damaged or `rebuild` is asked.

    The encoder is loaded only if a text must be embedded. Two builders wait for each other; readers are not disturbed.
    """
    teach_chinese_words(term.zh for term in corpus.glossary)
    units = build_units(corpus)
    name = fingerprint(units, encoder_name(settings))
    folder = index_folder(settings, name)
    if not rebuild and (folder / "manifest.json").exists():
        try:
            return Index(folder), BuildReport(name, len(units), 0, 0, built=False)
        except IndexError_:
            rebuild = True
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.parent / "build.lock", timeout=LOCK_SECONDS):
            if rebuild or not (folder / "manifest.json").exists():
                report = _build(units, name, corpus, settings, load, progress)
            else:  # another process built it while this one waited
                report = BuildReport(name, len(units), 0, 0, built=False)
    except Timeout:
        raise IndexError_(f"another process has been building the index for {LOCK_SECONDS} s; stop it, or wait") from None
    except OSError as error:
        raise IndexError_(f"{folder.parent}: cannot be written ({error.strerror}); set KB_HOME to a folder you own") from None
    return Index(folder), report


def _build(
    units: Sequence[Unit], name: str, corpus: Corpus, settings: Settings, load: Callable[[], Encoder], progress: Progress | None
) -> BuildReport:
    keys = [vectors.key_of(unit.text, unit.prompt) for unit in units]
    file = vectors.file_name(encoder_name(settings))
    own = settings.home / "vectors" / file
    known = vectors.read_vectors([corpus.root / "vectors" / file, own])
    missing = list(dict.fromkeys((k, u.prompt, u.text) for k, u in zip(keys, units, strict=True) if k not in known))
    if missing:
        encoder = load()
        for prompt in ("document", "query"):
            chosen = [(k, text) for k, p, text in missing if p == prompt]
            done = 0 if prompt == "document" else len(missing) - len(chosen)
            known |= _embed(encoder, prompt, chosen, lambda n, _, done=done: progress(done + n, len(missing)) if progress else None)
        vectors.write_vectors(own, keys, known)
    matrix = np.stack([known[key] for key in keys])
    folder = index_folder(settings, name)
    beside = Path(tempfile.mkdtemp(prefix="building-", dir=folder.parent))
    try:
        _write_index(beside, units, matrix, name, encoder_name(settings))
        Index(beside)
        if folder.exists():
            shutil.rmtree(folder)
        os.replace(beside, folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    for old in folder.parent.iterdir():
        if old.is_dir() and old != folder:
            shutil.rmtree(old, ignore_errors=True)
    return BuildReport(name, len(units), len(missing), len(set(keys)) - len(missing), built=True)


def _embed(
    encoder: Encoder, prompt: str, chosen: Sequence[tuple[bytes, str]], progress: Progress
) -> dict[bytes, NDArray[np.float32]]:
    if not chosen:
        return {}
    texts = [text for _, text in chosen]
    if prompt == "document":
        matrix = encoder.encode_passages(texts, progress)
    else:
        blocks = []
        for start in range(0, len(texts), 64):
            blocks.append(encoder.encode_queries(texts[start : start + 64]))
            progress(min(start + 64, len(texts)), len(texts))
        matrix = np.concatenate(blocks)
    return {key: vector.astype(np.float16).astype(np.float32) for (key, _), vector in zip(chosen, matrix, strict=True)}


def _write_index(folder: Path, units: Sequence[Unit], matrix: NDArray[np.float32], name: str, encoder: str) -> None:
    import bm25s
    import chromadb
    from chromadb.config import Settings as ChromaSettings

    client = chromadb.PersistentClient(str(folder / "chroma"), ChromaSettings(anonymized_telemetry=False))
    collection = client.create_collection(
        COLLECTION,
        embedding_function=None,
        configuration={"hnsw": {"space": "cosine", "ef_construction": 200, "ef_search": 400, "max_neighbors": 32}},
    )
    step = client.get_max_batch_size()
    for start in range(0, len(units), step):
        chunk = units[start : start + step]
        collection.add(
            ids=[u.id for u in chunk],
            embeddings=matrix[start : start + step],
            metadatas=[{"target": u.target, "group": u.group, "kind": u.kind, "start": u.start, "end": u.end} for u in chunk],
        )
    retriever = bm25s.BM25(method="lucene")
    retriever.index([tokens(u.text, u.language) if u.group != "outside" else [] for u in units], show_progress=False)
    retriever.save(str(folder / "bm25"))
    plain = [{k: v for k, v in asdict(u).items() if k != "text"} for u in units]
    (folder / "units.json").write_text(json.dumps(plain, ensure_ascii=False), encoding="utf-8")
    manifest = {"format": FORMAT, "fingerprint": name, "encoder": encoder, "units": len(units)}
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    del client
