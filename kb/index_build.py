"""Units → an index on disk: opened where it is whole; otherwise built beside the one before and swapped in."""

from __future__ import annotations

import json
import logging
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
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
from kb.graph_process import VECTORS, GraphWriter, graph_writer
from kb.index import Index, digests, read_manifest
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
IN_PROCESS = 2_000
"""Up to so many units the graph of Chroma is written before another process would have loaded Chroma."""

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
                folder, report = _build(wanted, load, progress)
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


def _build(wanted: _Wanted, load: Callable[[], Encoder], progress: Progress | None) -> tuple[Path, BuildReport]:
    home = wanted.settings.home / "index"
    with graph_writer() if _in_another_process(wanted) else nullcontext() as writer:
        matrix, report = _vectors(wanted, load, progress)
        folder = _swapped(home, wanted, matrix, writer, progress)
    for old in home.iterdir():
        if old.is_dir() and old != folder:
            shutil.rmtree(old, ignore_errors=True)
    return folder, report


def _in_another_process(wanted: _Wanted) -> bool:
    return not wanted.settings.chroma_url and len(wanted.units) > IN_PROCESS


def _vectors(
    wanted: _Wanted, load: Callable[[], Encoder], progress: Progress | None
) -> tuple[NDArray[np.float32], BuildReport]:
    """The vector of each unit; the texts that have none yet are embedded, and their vectors kept."""
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
    report = BuildReport(wanted.name, len(units), len(missing), len(set(keys)) - len(missing), built=True)
    return np.stack([known[key] for key in keys]), report


def _swapped(
    home: Path,
    wanted: _Wanted,
    matrix: NDArray[np.float32],
    writer: GraphWriter | None,
    progress: Progress | None,
) -> Path:
    """The index written beside the others, then given its name: there whole or not at all."""
    beside = Path(tempfile.mkdtemp(prefix="building-", dir=home))
    try:
        _write_index(beside, wanted, matrix, writer, progress)
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


def _write_index(
    folder: Path, wanted: _Wanted, matrix: NDArray[np.float32], writer: GraphWriter | None, progress: Progress | None
) -> None:
    units = wanted.units
    Columns.of_units(units).save(folder)
    np.save(folder / VECTORS, matrix)
    if writer:
        writer.write(folder)
    elif not wanted.settings.chroma_url:
        nearest.write_folder(folder, [u.id for u in units], matrix, progress)
    _write_words(folder, units)
    if writer:
        writer.wait(progress)
    manifest = {
        "fingerprint": wanted.name,
        "encoder": wanted.encoder,
        "format": FORMAT,
        "chroma": _place_of_chroma(wanted.settings),
        "state": wanted.corpus.state,
        "units": len(units),
        "sha256": digests(folder),
    }
    _write_manifest(folder, manifest)


def _write_words(folder: Path, units: Sequence[Unit]) -> None:
    import bm25s

    retriever = bm25s.BM25(method="lucene")
    retriever.index([_words(unit) for unit in units], show_progress=False)
    retriever.save(str(folder / "bm25"))


def _words(unit: Unit) -> list[str]:
    return [] if unit.group in NO_WORDS else tokens(unit.text, unit.language)
