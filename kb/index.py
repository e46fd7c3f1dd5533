"""Units → Chroma and BM25 on disk: build beside, verify, swap; open; search.

The index is disposable: it is named by the fingerprint of its units and of the encoder, and made again when that changes.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from filelock import FileLock, Timeout

from kb import vectors
from kb.corpus import Corpus
from kb.encoder import Encoder, Progress, encoder_name
from kb.errors import IndexError_
from kb.fuse import Columns
from kb.settings import Settings
from kb.text import teach_chinese_words, tokens
from kb.units import FORMAT, Group, Unit, build_units, day, fingerprint

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ranked = tuple[NDArray[np.int64], NDArray[np.float64]]
    """Rows and their scores, best first."""

COLLECTION = "units"
LOCK_SECONDS = 900
WRITE_BATCH = 1_000
CANDIDATES = 300
"""Units asked of Chroma for a question, before those of other groups and days are left out."""
FEW_ROWS = 2_000
NO_WORDS = ("outside", "misconception")
"""Groups that are searched by vectors alone: their words would only change how rare a word is."""


def ship_vectors(corpus: Corpus, settings: Settings) -> Path:
    """Write the vectors of the whole corpus beside it, so that a first build embeds nothing. Needs a built index."""
    file = vectors.file_name(encoder_name(settings))
    known = vectors.read_vectors([corpus.root / "vectors" / file, settings.home / "vectors" / file])
    keys = [vectors.key_of(unit.text, unit.prompt) for unit in build_units(corpus)]
    path = corpus.root / "vectors" / file
    vectors.write_vectors(path, keys, known)
    return path


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build did. `embedded` texts were new; `reused` vectors were at hand."""

    fingerprint: str
    units: int
    embedded: int
    reused: int
    built: bool


_CLIENTS = threading.Lock()


def _client(folder: Path) -> Any:
    """Chroma on a folder of its own; clients are made one at a time, since making them is not safe across threads."""
    import chromadb
    from chromadb.config import Settings as ChromaSettings

    with _CLIENTS:
        return chromadb.PersistentClient(str(folder / "chroma"), ChromaSettings(anonymized_telemetry=False))


class Index:
    """An opened index. Rows are positions in `units`."""

    def __init__(self, folder: Path) -> None:
        import bm25s

        try:
            manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
            if manifest["sha256"] != _digests(folder):
                raise ValueError("a file is not the one that was written")
            self.units = [Unit(**u, text="") for u in json.loads((folder / "units.json").read_text(encoding="utf-8"))]
            self._bm25 = bm25s.BM25.load(str(folder / "bm25"))
            client = _client(folder)
            self._collection = client.get_collection(COLLECTION)
            stored = self._collection.count()
            self._vectors = np.load(folder / "vectors.npy")
        except Exception as error:  # whatever is wrong with a damaged index: it is made again
            raise IndexError_(
                f"{folder}: cannot be opened ({type(error).__name__}); run `kb index --rebuild`"
            ) from error
        if not len(self.units) == stored == len(self._vectors) == manifest["units"]:
            raise IndexError_(f"{folder}: incomplete ({stored} of {manifest['units']} units); run `kb index --rebuild`")
        self.fingerprint: str = manifest["fingerprint"]
        self.encoder: str = manifest["encoder"]
        self._row = {unit.id: row for row, unit in enumerate(self.units)}

    @cached_property
    def _dates(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        return np.array([u.start for u in self.units]), np.array([u.end for u in self.units])

    def allowed(self, groups: Sequence[Group], on: date) -> NDArray[np.bool_]:
        """Which rows belong to the groups and stand on the date."""
        starts, ends = self._dates
        today = day(on)
        return np.asarray((starts <= today) & (today < ends) & self.columns.of(*groups))

    @cached_property
    def columns(self) -> Columns:
        """What is known of the units, folded to articles."""
        return Columns(self.units)

    def dense(self, vector: NDArray[np.float32], groups: Sequence[Group], on: date) -> Ranked:
        """The rows of every article, passage or name that has a unit near the vector, with their exact cosine, best first.

        Chroma names what is near, among all groups and days: a filter on them inside Chroma costs ten times the search, so it is
        applied here. Then all units of what was named are compared, so that its lesser ones count as well. Groups of few units are
        compared whole.
        """
        allowed = self.allowed(groups, on)
        if allowed.sum() > FEW_ROWS:
            allowed &= self._near(vector)
        rows = np.flatnonzero(allowed)
        cosines = np.round(
            (self._vectors @ vector)[rows], 6
        )  # all of them: picking rows first copies more than it saves
        order = np.argsort(-cosines, kind="stable")
        return rows[order], cosines[order].astype(np.float64)

    def _near(self, vector: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Which rows are of a place that has one among the nearest that Chroma knows; all rows where it cannot answer."""
        try:
            count = min(CANDIDATES, len(self.units))
            found = self._collection.query(query_embeddings=vector, n_results=count, include=["distances"])
        except Exception:  # whatever ails Chroma: comparing all vectors is slower, not worse
            return np.ones(len(self.units), np.bool_)
        near = np.zeros(len(self.columns.names), np.bool_)
        near[self.columns.article[[self._row[i] for i in found["ids"][0]]]] = True
        return np.asarray(near[self.columns.article])

    def lexical(self, words: Sequence[str], groups: Sequence[Group], on: date) -> Ranked:
        """Rows that share a word with the query, with their BM25 score, best first."""
        known = [w for w in dict.fromkeys(words) if w in self._bm25.vocab_dict]
        if not known:
            return np.zeros(0, np.int64), np.zeros(0)
        scores = np.asarray(self._bm25.get_scores(known), np.float64) * self.allowed(groups, on)
        rows = np.flatnonzero(scores > 0)
        order = np.lexsort((rows, -np.round(scores[rows], 6)))
        return rows[order], scores[rows][order]

    def similarities(self, vector: NDArray[np.float32], rows: Sequence[int]) -> dict[int, float]:
        """The exact cosine of given rows with a vector."""
        cosines = self._vectors[list(rows)] @ vector if rows else ()
        return {row: float(cosine) for row, cosine in zip(rows, cosines, strict=True)}

    @cached_property
    def rows_of_article(self) -> dict[str, list[int]]:
        """Article id → the rows of its paragraphs and items."""
        found: dict[str, list[int]] = {}
        for row, unit in enumerate(self.units):
            if unit.kind in ("part", "item"):
                found.setdefault(unit.target.split("__", 1)[0], []).append(row)
        return found


def _digests(folder: Path) -> dict[str, str]:
    """The sha256 of every file that decides a result. Chroma's are not among them: it only names what is near, and is doubted anyway."""
    files = [folder / "units.json", folder / "vectors.npy", *sorted((folder / "bm25").iterdir())]
    found = {}
    for path in files:
        with path.open("rb") as file:
            found[path.relative_to(folder).as_posix()] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


def built_folder(settings: Settings, name: str) -> Path | None:
    """Where the newest whole index of that fingerprint is; None where there is none.

    Every build has a folder of its own, so that a swap disturbs no reader and no client of the folder before.
    """
    found = sorted((settings.home / "index").glob(f"{name}-*/manifest.json"))
    return found[-1].parent if found else None


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
    folder = None if rebuild else built_folder(settings, name)
    if folder:
        try:
            return Index(folder), BuildReport(name, len(units), 0, 0, built=False)
        except IndexError_:
            rebuild = True
    home = settings.home / "index"
    try:
        home.mkdir(parents=True, exist_ok=True)
        with FileLock(home / "build.lock", timeout=LOCK_SECONDS):
            folder = None if rebuild else built_folder(settings, name)  # another process may have built it meanwhile
            report = BuildReport(name, len(units), 0, 0, built=False)
            if folder is None:
                folder, report = _build(units, name, corpus, settings, load, progress)
    except Timeout:
        raise IndexError_(
            f"another process has been building the index for {LOCK_SECONDS} s; stop it, or wait"
        ) from None
    except OSError as error:
        raise IndexError_(f"{home}: cannot be written ({error.strerror}); set KB_HOME to a folder you own") from None
    return Index(folder), report


def _build(
    units: Sequence[Unit],
    name: str,
    corpus: Corpus,
    settings: Settings,
    load: Callable[[], Encoder],
    progress: Progress | None,
) -> tuple[Path, BuildReport]:
    keys = [vectors.key_of(unit.text, unit.prompt) for unit in units]
    file = vectors.file_name(encoder_name(settings))
    own = settings.home / "vectors" / file
    known = vectors.read_vectors([corpus.root / "vectors" / file, own])
    missing = list(dict.fromkeys((k, u.prompt, u.text) for k, u in zip(keys, units, strict=True) if k not in known))
    if missing:
        encoder = load()
        for prompt in ("document", "query"):
            chosen = [(k, text) for k, p, text in missing if p == prompt]
            before = 0 if prompt == "document" else len(missing) - len(chosen)
            known |= _embed(encoder, prompt, chosen, _shifted(progress, before, len(missing)))
        vectors.write_vectors(own, keys, known)
    matrix = np.stack([known[key] for key in keys])
    home = settings.home / "index"
    beside = Path(tempfile.mkdtemp(prefix="building-", dir=home))
    try:
        _write_index(beside, units, matrix, name, encoder_name(settings), progress)
        folder = home / f"{name}-{time.time_ns():020d}"
        beside.replace(folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    for old in home.iterdir():
        if old.is_dir() and old != folder:
            shutil.rmtree(old, ignore_errors=True)
    return folder, BuildReport(name, len(units), len(missing), len(set(keys)) - len(missing), built=True)


def _shifted(progress: Progress | None, before: int, total: int) -> Progress:
    """A progress call for a part of the texts, as one for all of them."""
    return lambda done, _: progress(before + done, total) if progress else None


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
    return {key: vector for (key, _), vector in zip(chosen, vectors.packed(matrix), strict=True)}


def _write_index(
    folder: Path, units: Sequence[Unit], matrix: NDArray[np.float32], name: str, encoder: str, progress: Progress | None
) -> None:
    import bm25s

    client = _client(folder)
    collection = client.create_collection(
        COLLECTION,
        embedding_function=None,
        configuration={
            "hnsw": {"space": "cosine", "ef_construction": 200, "ef_search": CANDIDATES, "max_neighbors": 32}
        },
    )
    step = min(WRITE_BATCH, client.get_max_batch_size())
    for start in range(0, len(units), step):
        chunk = units[start : start + step]
        collection.add(
            ids=[u.id for u in chunk],
            embeddings=matrix[start : start + step],
            metadatas=[
                {"target": u.target, "group": u.group, "kind": u.kind, "start": u.start, "end": u.end} for u in chunk
            ],
        )
        if progress:
            progress(min(start + step, len(units)), len(units))
    retriever = bm25s.BM25(method="lucene")
    retriever.index([tokens(u.text, u.language) if u.group not in NO_WORDS else [] for u in units], show_progress=False)
    retriever.save(str(folder / "bm25"))
    plain = [{k: v for k, v in asdict(u).items() if k != "text"} for u in units]
    np.save(folder / "vectors.npy", matrix)
    (folder / "units.json").write_text(json.dumps(plain, ensure_ascii=False), encoding="utf-8")
    manifest = {
        "format": FORMAT,
        "fingerprint": name,
        "encoder": encoder,
        "units": len(units),
        "sha256": _digests(folder),
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    del client
