"""Units → an index on disk: opened where it is whole; otherwise built beside, from the one before where little changed, and swapped in."""

from __future__ import annotations

import json
import logging
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from filelock import FileLock, Timeout

from kb import nearest, vectors
from kb.corpus import Corpus
from kb.disk import write_whole
from kb.encoder import Encoder, Progress, encoder_name
from kb.errors import IndexError_
from kb.fuse import Columns
from kb.index import FORMER, Index, check_files, digests, read_manifest
from kb.settings import Settings
from kb.text import teach_chinese_words, tokens
from kb.units import FORMAT, Unit, build_units, fingerprint

if TYPE_CHECKING:
    from numpy.typing import NDArray

LOCK_SECONDS = 900
WHOLE = f"{'?' * 20}-*/manifest.json"
"""The manifests of indexes that have their name, none of those being built."""
NO_WORDS = ("outside", "misconception")
"""Groups that are searched by vectors alone: their words would only change how rare a word is."""
MOST_CHANGED = 0.2
"""Where a greater share of the units changed, the graph of Chroma is built anew instead of changed."""

_LOG = logging.getLogger(__name__)


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


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What an index is to hold, and for whom."""

    units: Sequence[Unit]
    name: str
    corpus: Corpus
    settings: Settings

    @property
    def encoder(self) -> str:
        return encoder_name(self.settings)


def built_folder(settings: Settings, name: str) -> Path | None:
    """Where the newest whole index of that fingerprint is; None where there is none.

    Every build has a folder of its own, so that a swap disturbs no reader and no client of the folder before.
    """
    found = sorted((settings.home / "index").glob(f"{name}-*/manifest.json"))
    return found[-1].parent if found else None


def _folder_of_state(settings: Settings, state: str) -> Path | None:
    """The newest index made of a corpus in that state (see `Corpus.state`), by its manifest; units need not be built to find it."""
    for path in sorted((settings.home / "index").glob(WHOLE), reverse=True):
        try:
            manifest = read_manifest(path.parent)
        except (OSError, ValueError):
            continue
        if state and manifest.get("state") == state and manifest.get("encoder") == encoder_name(settings):
            return path.parent
    return None


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
    if not rebuild and (folder := _folder_of_state(settings, corpus.state)):
        try:
            return _opened(folder, settings, progress)
        except IndexError_:
            pass  # found again below, by its fingerprint, and made anew
    units = build_units(corpus)
    wanted = _Wanted(units, fingerprint(units, encoder_name(settings)), corpus, settings)
    found = None if rebuild else built_folder(settings, wanted.name)
    if found:
        try:
            opened = _opened(found, settings, progress)
            _mark(found, corpus.state)
            return opened
        except IndexError_:
            rebuild = True
    home = settings.home / "index"
    try:
        home.mkdir(parents=True, exist_ok=True)
        with FileLock(home / "build.lock", timeout=LOCK_SECONDS):
            # another process may have built it meanwhile
            folder = None if rebuild else built_folder(settings, wanted.name)
            report = BuildReport(wanted.name, len(units), 0, 0, built=False)
            if folder is None:
                folder, report = _build(wanted, load, progress, afresh=rebuild)
    except Timeout:
        raise IndexError_(
            f"another process has been building the index for {LOCK_SECONDS} s; stop it, or wait"
        ) from None
    except OSError as error:
        raise IndexError_(f"{home}: cannot be written ({error.strerror}); set KB_HOME to a folder you own") from None
    return _opened(folder, settings, progress)[0], report


def _opened(folder: Path, settings: Settings, progress: Progress | None) -> tuple[Index, BuildReport]:
    """An index with its Chroma: in its folder, or on the server, which is given the collection where it has none."""
    try:
        held = read_manifest(folder)
    except (OSError, ValueError) as error:
        raise IndexError_(f"{folder}: cannot be opened ({type(error).__name__}); run `kb index --rebuild`") from None
    if held.get("chroma") != _place_of_chroma(settings):
        raise IndexError_(f"{folder}: its Chroma is kept elsewhere; run `kb index --rebuild`")
    if settings.chroma_url:
        index = Index(folder, nearest.on_server(settings.chroma_url, str(held.get("fingerprint"))))
        try:
            index.share(settings.chroma_url, progress)
        except IndexError_ as error:
            _LOG.warning("%s; until then all vectors are compared", error)
    else:
        index = Index(folder)
    return index, BuildReport(index.fingerprint, len(index), 0, 0, built=False)


def _place_of_chroma(settings: Settings) -> str:
    return "server" if settings.chroma_url else "folder"


def _mark(folder: Path, state: str) -> None:
    """Note in the manifest that the index serves a corpus in that state too; it is found sooner the next time."""
    manifest = read_manifest(folder)
    if state and manifest.get("state") != state:
        try:
            _write_manifest(folder, manifest | {"state": state})
        except OSError:
            _LOG.info("%s cannot be written: the index is found by its units each time", folder)


def _write_manifest(folder: Path, manifest: Mapping[str, Any]) -> None:
    write_whole(folder / "manifest.json", json.dumps(manifest, indent=1).encode())


# ------------------------------------------------------------------ building


def _build(
    wanted: _Wanted, load: Callable[[], Encoder], progress: Progress | None, afresh: bool
) -> tuple[Path, BuildReport]:
    units, settings = wanted.units, wanted.settings
    keys = [vectors.key_of(unit.text, unit.prompt) for unit in units]
    file = vectors.file_name(wanted.encoder)
    own = settings.home / "vectors" / file
    known = vectors.read_vectors([wanted.corpus.root / "vectors" / file, own])
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
    try:
        folder = _swapped(home, wanted, keys, matrix, None if afresh else _former(home, wanted), progress)
    except _NotChanged:
        folder = _swapped(home, wanted, keys, matrix, None, progress)
    for old in home.iterdir():
        if old.is_dir() and old != folder:
            shutil.rmtree(old, ignore_errors=True)
    return folder, BuildReport(wanted.name, len(units), len(missing), len(set(keys)) - len(missing), built=True)


def _swapped(
    home: Path,
    wanted: _Wanted,
    keys: Sequence[bytes],
    matrix: NDArray[np.float32],
    former: _Former | None,
    progress: Progress | None,
) -> Path:
    """The index written beside the others, then given its name: there whole or not at all."""
    beside = Path(tempfile.mkdtemp(prefix="building-", dir=home))
    try:
        _write_index(beside, wanted, keys, matrix, former, progress)
        folder = home / f"{wanted.name}-{time.time_ns():020d}"
        beside.replace(folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return folder


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


class _NotChanged(Exception):
    """The graph of the former index could not be changed into the one wanted."""


@dataclass(frozen=True, slots=True)
class _Former:
    """An earlier index whose units are mostly those wanted: where it is, and its units' keys and words by their id."""

    folder: Path
    keys: Mapping[str, bytes]
    words: Mapping[str, Sequence[str]]


def _former(home: Path, wanted: _Wanted) -> _Former | None:
    """The newest whole index of another corpus that was built by the same rules; None where there is none."""
    for path in sorted(home.glob(WHOLE), key=lambda p: p.parent.name[-20:], reverse=True):
        folder = path.parent
        try:
            manifest = read_manifest(folder)
            if any(manifest.get(key) != value for key, value in _rules(wanted).items()):
                continue
            check_files(folder, manifest, FORMER)
            ids = Columns.load(folder).ids
            keys = [bytes(key) for key in np.load(folder / "keys.npy")]
            words = json.loads((folder / "words.json").read_text(encoding="utf-8"))
            return _Former(folder, dict(zip(ids, keys, strict=True)), dict(zip(ids, words, strict=True)))
        except (OSError, ValueError, KeyError):
            continue
    return None


def _rules(wanted: _Wanted) -> dict[str, Any]:
    """What an index is built by, besides its units. `taught` are words by which Chinese is cut: with others there are other tokens."""
    return {
        "format": FORMAT,
        "encoder": wanted.encoder,
        "chroma": _place_of_chroma(wanted.settings),
        "taught": sorted({term.zh for term in wanted.corpus.glossary}),
    }


def _write_index(
    folder: Path,
    wanted: _Wanted,
    keys: Sequence[bytes],
    matrix: NDArray[np.float32],
    former: _Former | None,
    progress: Progress | None,
) -> None:
    import bm25s

    units = wanted.units
    same = {u.id for u, key in zip(units, keys, strict=True) if former and former.keys.get(u.id) == key}
    if not wanted.settings.chroma_url:
        _write_chroma(folder, [u.id for u in units], matrix, former, same, progress)
    words = [list(former.words[u.id]) if former and u.id in same else _words(u) for u in units]
    retriever = bm25s.BM25(method="lucene")
    retriever.index(words, show_progress=False)
    retriever.save(str(folder / "bm25"))
    Columns.of_units(units).save(folder)
    np.save(folder / "vectors.npy", matrix)
    np.save(folder / "keys.npy", np.frombuffer(b"".join(keys), np.uint8).reshape(len(keys), -1))
    (folder / "words.json").write_text(json.dumps(words, ensure_ascii=False), encoding="utf-8")
    manifest = _rules(wanted) | {
        "fingerprint": wanted.name,
        "state": wanted.corpus.state,
        "units": len(units),
        "sha256": digests(folder),
    }
    _write_manifest(folder, manifest)


def _words(unit: Unit) -> list[str]:
    return [] if unit.group in NO_WORDS else tokens(unit.text, unit.language)


def _write_chroma(
    folder: Path,
    ids: Sequence[str],
    matrix: NDArray[np.float32],
    former: _Former | None,
    same: set[str],
    progress: Progress | None,
) -> None:
    """The collection in the folder: a copy of the former one with what changed, or a new one."""
    if former is None or len(same) < (1 - MOST_CHANGED) * max(len(ids), len(former.keys)):
        nearest.write_folder(folder, ids, matrix, progress)
        return
    shutil.copytree(former.folder / "chroma", folder / "chroma")
    rows = [row for row, name in enumerate(ids) if name not in same]
    gone = [name for name in former.keys if name not in same]
    try:
        nearest.change_folder(folder, gone, [ids[row] for row in rows], matrix[rows], len(ids), progress)
    except Exception as error:  # whatever Chroma raises of a copy: a graph built anew needs none
        raise _NotChanged from error
