"""What an installation rests on, examined one thing after another: what is well, what is not, and what to do about it.

With `mend`, what can be made again without loss is: leftovers of killed builds, vectors of this machine, the unpacked model, the index. Never
touched are the corpus, the user's own texts and the records: there the finding says what a person has to do.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal
from urllib.parse import quote

import numpy as np
from filelock import FileLock, Timeout
from rapidfuzz import process

from kb import vectors
from kb.corpus import Corpus
from kb.corpus_cache import COPIES, read_copy
from kb.corpus_load import load_corpus
from kb.database import Database
from kb.e5_graph import graph_bytes
from kb.e5_weights import weights_path
from kb.encoder import WHOLE, bundled_name, encoder_name, load_encoder, read_map
from kb.errors import KBError
from kb.index import FORMER, GRAPH, SEARCHED, check_files, read_manifest
from kb.index_build import built_folder, ensure_index
from kb.question_encoder import GRAPH as QUESTIONS
from kb.settings import BUNDLED_ENCODER, Settings
from kb.support import read_adapter
from kb.units import build_units, fingerprint

State = Literal["well", "mended", "wrong"]
NEEDED_MB = 1_200
"""Free space that an installation needs at first: the unpacked model, the index, and a second index while one is built."""
PROBE_SECONDS = 120
QUIET_SECONDS = 900
"""A file beside its final place that nobody wrote to for so long is left by a killed process."""
OTHER_VARIABLES = frozenset(
    {"KB_ZH_REFERENCE", "KB_REQUIRE_BROWSER", "KB_REQUIRE_POSTGRESQL", "KB_WRITE_DOCS", "KB_TEST_PICTURES"}
)
"""Read by tests and `kb lint`, not by the settings."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing examined. `remedy` is what a person, or `kb doctor --mend`, does about what is wrong."""

    name: str
    state: State
    detail: str
    remedy: str = ""


class _Wrong(Exception):
    """What an examination found; `mend` makes it well again, where anything here can."""

    def __init__(self, detail: str, remedy: str, mend: Callable[[], object] | None = None) -> None:
        super().__init__(detail)
        self.detail, self.remedy, self.mend = detail, remedy, mend


def examine(settings: Settings, mend: bool = False) -> Iterator[Finding]:
    """Every finding, in the order in which one thing rests on another."""
    held: list[Corpus] = []
    examinations: list[tuple[str, Callable[[], str]]] = [
        ("settings", _settings),
        ("home", lambda: _home(settings)),
        ("leftovers", lambda: _leftovers(settings)),
        ("corpus", lambda: _corpus(settings, held)),
        ("copies of the corpus", lambda: _copies(settings)),
        ("shipped vectors", lambda: _vectors(settings.corpus, None)),
        ("own vectors", lambda: _vectors(settings.home, settings.home)),
        ("map of the encoder", lambda: f"{len(read_map())} dimensions"),
        ("adapter of the gate", lambda: f"{len(read_adapter()[1])} arrays"),
        ("model", lambda: _model(settings)),
        ("index", lambda: _index(settings, held)),
        ("Chroma server", lambda: _server(settings, held)),
        ("records", lambda: _records(settings)),
    ]
    for name, look in examinations:
        yield _examined(name, look, mend)


def _examined(name: str, look: Callable[[], str], mend: bool) -> Finding:
    try:
        return Finding(name, "well", look())
    except _Wrong as wrong:
        found = Finding(name, "wrong", wrong.detail, wrong.remedy)
        if not mend or wrong.mend is None:
            return found
        try:
            wrong.mend()
            return replace(found, state="mended", remedy=look())
        except (_Wrong, KBError, OSError) as error:
            return replace(found, remedy=f"could not be mended ({_said(error)}); {wrong.remedy}")
    except (KBError, OSError) as error:
        return Finding(name, "wrong", _said(error), "do what the message says, then run `kb doctor` again")
    except Exception as error:  # one thing that cannot be examined leaves the others
        return Finding(name, "wrong", f"cannot be examined ({type(error).__name__}: {error})", "report this")


def _said(error: Exception) -> str:
    return error.detail if isinstance(error, _Wrong) else str(error)


# ------------------------------------------------------------------ settings and folders


def _settings() -> str:
    known = {f"KB_{name.upper()}" for name in Settings.model_fields} | OTHER_VARIABLES
    given = sorted(name for name in os.environ if name.startswith("KB_"))
    strange = [name for name in given if name not in known]
    if strange:
        meant = process.extractOne(strange[0], known, score_cutoff=75)
        hint = f"; is {meant[0]} meant?" if meant else ""
        raise _Wrong(f"{', '.join(strange)}: no setting of that name{hint}", "correct or unset the variable")
    return ", ".join(given) or "all as shipped"


def _home(settings: Settings) -> str:
    home = settings.home
    try:
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=home):
            pass
    except OSError as error:
        raise _Wrong(f"{home}: cannot be written ({error.strerror})", "set KB_HOME to a folder you own") from None
    free = shutil.disk_usage(home).free // 2**20
    if free < NEEDED_MB and not (home / "index").exists():
        raise _Wrong(
            f"{home}: {free} MB free, {NEEDED_MB} MB needed at first", "free some space, or set KB_HOME elsewhere"
        )
    return f"{home}, {free:,} MB free"


def _leftovers(settings: Settings) -> str:
    """What killed processes left. While a build holds its lock, its own folder is no leftover."""
    lock = FileLock(settings.home / "index" / "build.lock", timeout=0)
    (settings.home / "index").mkdir(parents=True, exist_ok=True)

    def found() -> list[Path]:
        patterns = ("index/building-*", "index/*/manifest.*.tmp", "vectors/*.tmp", "corpus-read/reading-*")
        paths = [path for pattern in patterns for path in settings.home.glob(pattern)]
        paths += settings.home.glob(f"models/{_model_folder(settings).name}.*")
        now = time.time()  # only a build holds its lock: what another process may be writing is left for a while
        return [p for p in paths if p.name.startswith("building-") or now - p.stat().st_mtime > QUIET_SECONDS]

    def remove() -> None:
        with lock:
            _remove(found())

    try:
        with lock:
            paths = found()
    except Timeout:
        return "a build is running; not looked at"
    if paths:
        names = ", ".join(sorted(path.name for path in paths)[:5])
        raise _Wrong(f"{len(paths)} left by killed processes: {names}", "run `kb doctor --mend`", remove)
    return "none"


def _remove(paths: Sequence[Path]) -> None:
    for path in paths:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


# ------------------------------------------------------------------ texts


def _corpus(settings: Settings, held: list[Corpus]) -> str:
    try:
        corpus = load_corpus(settings.corpus, local=settings.local)
    except KBError as error:
        theirs = settings.local.is_dir() and str(settings.local) in str(error)
        remedy = "restore that file from a backup, or remove it" if theirs else "restore that file, or install kb again"
        raise _Wrong(str(error), remedy) from None
    held.append(corpus)
    own = len(corpus._local_slugs)
    return f"{len(corpus.laws)} laws, {len(corpus.documents)} documents, {len(corpus.records)} records; {own} of your own; as the lock says"


def _copies(settings: Settings) -> str:
    paths = sorted((settings.home / COPIES).glob("*.bin"))
    damaged = [path for path in paths if read_copy(path) is None]
    if damaged:
        raise _Wrong(
            f"{', '.join(p.name for p in damaged)}: damaged; the corpus is read from its files instead",
            "run `kb doctor --mend`: it is made again",
            lambda: _remove(damaged),
        )
    return f"{len(paths)} kept"


def _vectors(base: Path, own: Path | None) -> str:
    """Files of vectors below a folder; those made on this machine can be made again."""
    paths = sorted((base / "vectors").glob("*.npz"))
    damaged = [path for path in paths if not vectors.read_vectors([path])]
    if damaged:
        raise _Wrong(
            f"{', '.join(p.name for p in damaged)}: damaged; its texts are embedded again at the next build",
            "run `kb doctor --mend`" if own else "install kb again",
            (lambda: _remove(damaged)) if own else None,
        )
    return f"{len(paths)} files" if paths else "none yet"


# ------------------------------------------------------------------ model


def _model_folder(settings: Settings) -> Path:
    return settings.home / "models" / bundled_name().replace("@", "-")


def _model(settings: Settings) -> str:
    folder = _model_folder(settings)
    if settings.encoder != BUNDLED_ENCODER:
        load_encoder(settings)
        return f"{settings.encoder} loads"
    if not folder.exists():
        return "not unpacked yet: done at the first question"
    again = "run `kb doctor --mend`: it is unpacked again at the next question"

    def remove() -> None:
        weights_path()  # what it is unpacked from, before it is gone
        shutil.rmtree(folder)

    try:
        written: dict[str, str] = json.loads((folder / WHOLE).read_text(encoding="utf-8"))
        wrong = [name for name, digest in written.items() if _digest(folder / name) != digest]
    except (OSError, ValueError, AttributeError) as error:
        raise _Wrong(f"{folder}: cannot be checked ({error})", again, remove) from None
    if wrong:
        raise _Wrong(f"{folder}: {', '.join(wrong)} not as unpacked", again, remove)
    graph = folder / QUESTIONS
    if graph.exists() and graph.read_bytes() != graph_bytes():
        raise _Wrong(f"{graph}: not that of the weights", again, graph.unlink)
    return f"{folder.name}, {len(written)} files as unpacked"


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# ------------------------------------------------------------------ index


def _index(settings: Settings, held: list[Corpus]) -> str:
    if not held:
        return "not looked at: the corpus does not load"
    corpus = held[0]
    folder = built_folder(settings, fingerprint(build_units(corpus), encoder_name(settings)))
    if folder is None:
        return "none of this corpus yet: built at the next question"

    def build() -> None:
        ensure_index(corpus, settings, lambda: load_encoder(settings), rebuild=True)

    try:
        manifest = read_manifest(folder)
        check_files(folder, manifest, (*SEARCHED, *GRAPH, *FORMER))
        if manifest.get("chroma") == "folder":
            _probe(folder, np.load(folder / "vectors.npy", mmap_mode="r").shape[1])
    except (OSError, ValueError, KeyError) as error:
        raise _Wrong(f"{folder}: {error}", "run `kb doctor --mend`: it is built again", build) from None
    return f"{folder.name}, {manifest['units']} units, every file as written"


_PROBE = """
import sys
from pathlib import Path
import numpy as np
from kb.nearest import COLLECTION, local_client
found = local_client(Path(sys.argv[1])).get_collection(COLLECTION)
assert len(found.query(query_embeddings=np.ones(int(sys.argv[2]), np.float32), n_results=1)["ids"][0]) == 1
"""


def _probe(folder: Path, width: int) -> None:
    """Chroma is asked in a process of its own, which may crash on what it reads; ValueError where it does not answer."""
    command = [sys.executable, "-c", _PROBE, str(folder), str(width)]
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
        client = server_client(settings.chroma_url, BUILD_SECONDS)
        count = client.get_collection(name).count() if name in {c.name for c in client.list_collections()} else 0
    except KBError:
        raise
    except Exception as error:  # whatever the server or the way to it raises
        raise _Wrong(
            f"the server does not answer ({type(error).__name__}); all vectors are compared instead",
            "start it, or unset KB_CHROMA_URL",
        ) from None
    if count != len(units):
        raise _Wrong(
            f"the collection {name} holds {count} of {len(units)} units",
            "run `kb doctor --mend`, or `kb index`",
            lambda: ensure_index(held[0], settings, lambda: load_encoder(settings)),
        )
    return f"{name} holds {count} units"


# ------------------------------------------------------------------ records


def _no_tables(path: Path, remedy: str) -> None:
    """Says that a file of records holds none, before it is opened as the app does, which would make them anew."""
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)) as connection:
            held = connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'audit'").fetchone()[0]
    except sqlite3.Error as error:
        raise _Wrong(f"{path}: {error}", remedy) from None
    if not held:
        raise _Wrong(f"{path}: the file holds no records", remedy)


def _records(settings: Settings) -> str:
    if not settings.database_url and not (settings.home / "records.db").exists():
        return "none yet: made when the first answer is kept"
    remedy = "restore a backup (`kb restore FILE --replace`); nothing here mends records"
    if not settings.database_url:
        _no_tables(settings.home / "records.db", remedy)
    try:
        database = Database.open(settings)
    except KBError as error:
        raise _Wrong(str(error), remedy) from None
    try:
        from kb.audit import verify

        with database.read() as connection:
            if database.kind == "sqlite":
                said = connection.exec_driver_sql("PRAGMA integrity_check").scalars().all()
                if said != ["ok"]:
                    raise _Wrong(f"records.db: {said[0]}", remedy)
            trail = verify(connection)
    except KBError as error:
        raise _Wrong(str(error), remedy) from None
    finally:
        database.close()
    if trail.broken_at is not None:
        raise _Wrong(f"the audit trail is broken at entry {trail.broken_at}", "find out who changed it; " + remedy)
    return f"{database.kind}, {trail.entries} entries in an unbroken audit trail"
