"""What an installation rests on, examined one thing after another: what is well, what is not, and what to do about it.

With `mend`, what can be made again without loss is: leftovers of killed builds, vectors of this machine, the unpacked model, the index. Never
touched are the corpus, the user's own texts and the records: there the finding says what a person has to do.
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from kb import vectors
from kb.corpus import Corpus
from kb.corpus_cache import COPIES, read_copy
from kb.corpus_load import load_corpus
from kb.disk import file_digest
from kb.doctor_home import (
    building,
    look_at_chat,
    look_at_home,
    look_at_records,
    look_at_settings,
    look_for_leftovers,
    remove_all,
)
from kb.e5_graph import graph_bytes
from kb.encoder import WHOLE, encoder_name, load_encoder, model_folder, read_map, unpack, unpacking
from kb.errors import CorpusError, KBError
from kb.examination import Finding, Wrong, examined
from kb.index import GRAPH, SEARCHED, Index, check_files, read_manifest
from kb.index_build import built_folder, ensure_index
from kb.question_encoder import GRAPH as QUESTIONS
from kb.settings import BUNDLED_ENCODER, BUNDLED_SUPPORT, Settings, settings_faults
from kb.support import load_support, read_adapter
from kb.units import build_units, fingerprint

PROBE_SECONDS = 120


def examine_here(mend: bool = False) -> Iterator[Finding]:
    """Every finding on the installation that the environment describes; one alone where its settings cannot be read."""
    try:
        settings = Settings()
    except ValidationError as error:
        yield Finding(
            "settings", "wrong", settings_faults(error), "correct or unset the variable; nothing else was looked at"
        )
        return
    yield from examine(settings, mend)


def examine(settings: Settings, mend: bool = False) -> Iterator[Finding]:
    """Every finding, in the order in which one thing rests on another."""
    for name, look in examinations(settings).items():
        yield examined(name, look, mend)


def examinations(settings: Settings) -> dict[str, Callable[[], str]]:
    """What is examined, in order; some need that the corpus was read by those before. Each says what is well, or raises `Wrong`."""
    shipped: list[Corpus] = []
    held: list[Corpus] = []
    return {
        "settings": lambda: look_at_settings(os.environ),
        "home": lambda: look_at_home(settings),
        "leftovers": lambda: look_for_leftovers(settings),
        "corpus": lambda: _corpus(settings, shipped),
        "own corpus": lambda: _own_corpus(settings, shipped, held),
        "copies of the corpus": lambda: _copies(settings),
        "shipped vectors": lambda: _vectors(settings, settings.corpus),
        "own vectors": lambda: _vectors(settings, settings.home),
        "map of the encoder": lambda: f"{len(read_map())} dimensions",
        "adapter of the gate": lambda: f"{len(read_adapter()[1])} arrays",
        "model": lambda: _model(settings),
        "other models": lambda: _other_models(settings),
        "index": lambda: _index(settings, held),
        "Chroma server": lambda: _server(settings, held),
        "chat model": lambda: look_at_chat(settings),
        "records": lambda: look_at_records(settings),
    }


# ------------------------------------------------------------------ texts


def _corpus(settings: Settings, shipped: list[Corpus]) -> str:
    """The shipped corpus, which goes into `shipped` for what is examined later."""
    try:
        corpus = load_corpus(settings.corpus)
    except CorpusError as error:
        raise Wrong(str(error), "restore that file, or install kb again") from None
    shipped.append(corpus)
    return (
        f"{len(corpus.laws)} laws, {len(corpus.documents)} documents, {len(corpus.records)} records; as the lock says"
    )


def _own_corpus(settings: Settings, shipped: list[Corpus], held: list[Corpus]) -> str:
    """The corpus with what the user added, which goes into `held`."""
    local = settings.local
    if not local.is_dir():
        held += shipped
        if local.exists():
            raise Wrong(f"{local}: is no folder, and is not read", "move it away, or set KB_LOCAL to your folder")
        return "none"
    if not shipped:
        return "not looked at: the shipped corpus does not load"
    try:
        corpus = load_corpus(settings.corpus, check_lock=False, local=local)
    except KBError as error:
        raise Wrong(str(error), "restore that file from a backup (`kb restore`), or correct or remove it") from None
    held.append(corpus)
    laws, documents = corpus.laws.keys() - shipped[0].laws.keys(), corpus.documents.keys() - shipped[0].documents.keys()
    return f"{local}: {len(laws)} laws, {len(documents)} documents"


def _copies(settings: Settings) -> str:
    paths = sorted((settings.home / COPIES).glob("*.bin"))
    damaged = [path for path in paths if read_copy(path) is None]
    if damaged:
        raise Wrong(
            f"{', '.join(p.name for p in damaged)}: damaged; the corpus is read from its files instead",
            "run `kb doctor --mend`: it is made again",
            lambda: remove_all(damaged),
        )
    return f"{len(paths)} kept"


def _vectors(settings: Settings, base: Path) -> str:
    """Files of vectors below a folder; those made on this machine can be made again."""

    def damaged() -> list[Path]:
        return [path for path in sorted((base / "vectors").glob("*.npz")) if not vectors.read_vectors([path])]

    def remove() -> str:
        with building(settings):
            return remove_all(damaged())

    found, own = damaged(), base == settings.home
    if found:
        raise Wrong(
            f"{', '.join(p.name for p in found)}: damaged; its texts are embedded again at the next build",
            "run `kb doctor --mend`: it is deleted, and made again when it is needed" if own else "install kb again",
            remove if own else None,
        )
    count = len(list((base / "vectors").glob("*.npz")))
    return f"{count} files" if count else "none yet"


# ------------------------------------------------------------------ models


def _model(settings: Settings) -> str:
    """The unpacked bundled model, compared file by file with what was written."""
    folder = model_folder(settings)
    if not folder.exists():
        return "not unpacked yet: done on first use"
    again = "run `kb doctor --mend`: it is unpacked again"

    def anew() -> str:
        unpack(settings, anew=True)
        return "unpacked again"

    def graph_anew() -> str:
        with unpacking(settings):
            graph.unlink()
        return "deleted, and made again at the next question"

    try:
        written: dict[str, str] = json.loads((folder / WHOLE).read_text(encoding="utf-8"))
        wrong = [name for name, digest in written.items() if _digest(folder / name) != digest]
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise Wrong(f"{folder}: nobody noted whether its files are whole ({error})", again, anew) from None
    if wrong or not written:
        raise Wrong(f"{folder}: {', '.join(wrong) or 'all files'} not as unpacked", again, anew)
    graph = folder / QUESTIONS
    if graph.exists() and graph.read_bytes() != graph_bytes():
        raise Wrong(f"{graph}: not that of the weights", "run `kb doctor --mend`: it is made again", graph_anew)
    return f"{folder.name}, {len(written)} files as unpacked"


def _digest(path: Path) -> str:
    return file_digest(path) if path.is_file() else ""


def _other_models(settings: Settings) -> str:
    """Models that the settings name instead of the bundled ones are loaded, since nobody knows their files."""
    said = []
    if settings.encoder != BUNDLED_ENCODER:
        load_encoder(settings)
        said.append(f"KB_ENCODER={settings.encoder} loads")
    if settings.support != BUNDLED_SUPPORT:
        load_support(settings)
        said.append(f"KB_SUPPORT={settings.support} loads")
    return "; ".join(said) or "none"


# ------------------------------------------------------------------ index


def _index(settings: Settings, held: list[Corpus]) -> str:
    if not held:
        return "not looked at: the corpus does not load"
    corpus = held[0]
    folder = built_folder(settings, fingerprint(build_units(corpus), encoder_name(settings)))
    if folder is None:
        return "none of this corpus yet: built at the next question"

    def build() -> str:
        ensure_index(corpus, settings, lambda: load_encoder(settings), rebuild=True)
        return "built again"

    try:
        manifest = read_manifest(folder)
        check_files(folder, manifest, (*SEARCHED, *GRAPH))
        Index(folder)
        if manifest.get("chroma") == "folder":
            _probe(folder, *np.load(folder / "vectors.npy", mmap_mode="r").shape)
    except Exception as error:  # whatever a damaged index raises
        raise Wrong(f"{folder}: {error}", "run `kb doctor --mend`: it is built again", build) from None
    return f"{folder.name}, {manifest['units']} units, every file as written"


_PROBE = """
import sys
from pathlib import Path
import numpy as np
from kb.nearest import COLLECTION, local_client
found = local_client(Path(sys.argv[1])).get_collection(COLLECTION)
count, width = int(sys.argv[2]), int(sys.argv[3])
if found.count() != count:
    sys.exit(f"{found.count()} units, {count} expected")
if len(found.query(query_embeddings=np.ones(width, np.float32), n_results=1)["ids"][0]) != 1:
    sys.exit("nothing is found")
"""


def _probe(folder: Path, count: int, width: int) -> None:
    """Chroma is asked in a process of its own, which may crash on what it reads; ValueError where it does not answer as it should."""
    with closing(
        sqlite3.connect(f"{(folder / 'chroma' / 'chroma.sqlite3').absolute().as_uri()}?mode=ro", uri=True)
    ) as file:
        said = file.execute("PRAGMA integrity_check").fetchone()[0]
    if said != "ok":
        raise ValueError(f"Chroma's SQLite file is damaged: {said}")
    command = [sys.executable, "-c", _PROBE, str(folder), str(count), str(width)]
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=PROBE_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise ValueError(f"Chroma does not answer within {PROBE_SECONDS} s") from None
    if run.returncode:
        last = (run.stderr.strip().splitlines() or ["no message"])[-1]
        raise ValueError(f"Chroma cannot read its files (exit code {run.returncode}: {last[:200]})")


def _server(settings: Settings, held: list[Corpus]) -> str:
    if not settings.chroma_url:
        return "not used"
    if not held:
        return "not looked at: the corpus does not load"
    from kb.nearest import BUILD_SECONDS, collection_name, server_client

    units = build_units(held[0])
    name = collection_name(fingerprint(units, encoder_name(settings)))
    try:
        with closing(server_client(settings.chroma_url, BUILD_SECONDS)) as client:
            count = client.get_collection(name).count() if name in {c.name for c in client.list_collections()} else 0
    except KBError:
        raise
    except Exception as error:  # whatever the server or the way to it raises
        raise Wrong(
            f"the server does not answer ({type(error).__name__}); all vectors are compared instead",
            "start it, or unset KB_CHROMA_URL",
        ) from None

    def fill() -> str:
        ensure_index(held[0], settings, lambda: load_encoder(settings))
        return "filled again"

    if count != len(units):
        raise Wrong(
            f"the collection {name} holds {count} of {len(units)} units",
            "run `kb doctor --mend`, or `kb index`",
            fill,
        )
    return f"{name} holds {count} units"
