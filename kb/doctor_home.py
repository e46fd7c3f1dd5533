"""`kb doctor` on what is around the texts: settings, the folder KB_HOME, leftovers of killed processes, the chat model, the records.

Looking changes nothing: no folder is made, no database created or brought to a newer form.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from rapidfuzz import process

from kb.audit import verify
from kb.database import Database
from kb.encoder import left_unpacking, model_folder, unpacking
from kb.errors import KBError
from kb.examination import Wrong
from kb.settings import BUNDLED_ENCODER, Settings

INDEX_MB, MODEL_MB = 300, 1_000
"""Free space for a second index while one is built, with some for the records; and for the model while it is unpacked, twice on disk."""
OTHER_VARIABLES = frozenset(
    {"KB_ZH_REFERENCE", "KB_REQUIRE_BROWSER", "KB_REQUIRE_POSTGRESQL", "KB_WRITE_DOCS", "KB_TEST_PICTURES"}
)
"""Read by tests and `kb lint`, not by the settings."""
LEFT_BY_BUILDS = ("index/building-*", "vectors/*.tmp")
LEFT_BY_OTHERS = ("index/*/manifest.*.tmp", "corpus-read/*.tmp")
"""Written without a lock."""
QUIET_SECONDS = 900
"""A file that is written without a lock is left by a killed process once nobody wrote to it for so long."""


def look_at_settings(environment: Mapping[str, str]) -> str:
    """Names alone, since values may hold passwords; the settings read them in capitals and small letters alike."""
    known = {f"KB_{name.upper()}" for name in Settings.model_fields} | OTHER_VARIABLES
    given = sorted(name for name in environment if name.upper().startswith("KB_"))
    strange = [name for name in given if name.upper() not in known]
    if strange:
        raise Wrong("; ".join(_unknown(name, known) for name in strange), "correct or unset the variable")
    return ", ".join(given) or "all as shipped"


def _unknown(name: str, known: frozenset[str] | set[str]) -> str:
    meant = process.extractOne(name.upper(), sorted(known), score_cutoff=75)
    return f"{name}: no setting of that name" + (f" (is {meant[0]} meant?)" if meant else "")


def look_at_chat(settings: Settings) -> str:
    if not settings.llm:
        return "none: provisions are quoted"
    from kb.chat import open_chat

    try:
        return f"{open_chat(settings).name}: its package is there; it was not asked anything"
    except KBError as error:
        raise Wrong(str(error), "do what the message says, or unset KB_LLM: provisions are quoted then") from None


def look_at_home(settings: Settings) -> str:
    """Whether the folder, or the nearest one above it that exists, can be written, and has space for what is still to be made."""
    home = settings.home
    there = next(path for path in (home, *home.absolute().parents) if path.exists())
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        raise Wrong(f"{home}: cannot be written ({error.strerror})", "set KB_HOME to a folder you own") from None
    free = shutil.disk_usage(there).free // 2**20
    unpacked = settings.encoder != BUNDLED_ENCODER or model_folder(settings).exists()
    needed = INDEX_MB + (0 if unpacked else MODEL_MB)
    if free < needed:
        raise Wrong(f"{home}: {free:,} MB free, {needed:,} MB needed", "free some space, or set KB_HOME elsewhere")
    return f"{home}, {free:,} MB free" + ("" if home.exists() else "; made on first use")


# ------------------------------------------------------------------ leftovers


def look_for_leftovers(settings: Settings) -> str:
    """What killed processes left. While a build or an unpacking holds its lock, what it writes is no leftover."""
    paths, busy = _each_left(settings, lambda _: None)
    if paths:
        names = ", ".join(sorted(path.name for path in paths)[:5])

        def remove() -> str:
            removed, _ = _each_left(settings, _remove)
            return f"{len(removed)} removed"

        raise Wrong(f"{len(paths)} left by killed processes: {names}", "run `kb doctor --mend`", remove)
    return f"none looked for where {' and '.join(busy)}" if busy else "none"


def _each_left(settings: Settings, do: Callable[[Path], None]) -> tuple[list[Path], list[str]]:
    """Do something to each leftover, under the lock of those who write such files: the leftovers, and who is busy with theirs."""

    def of_builds() -> list[Path]:
        builds = [path for pattern in LEFT_BY_BUILDS for path in settings.home.glob(pattern)]
        others = [path for pattern in LEFT_BY_OTHERS for path in settings.home.glob(pattern)]
        return [*builds, *(path for path in others if time.time() - path.stat().st_mtime > QUIET_SECONDS)]

    def of_unpacking() -> list[Path]:
        return left_unpacking(model_folder(settings))

    builds = ("a build is running", of_builds, building(settings))
    models = ("the model is being unpacked", of_unpacking, unpacking(settings, seconds=0))
    paths: list[Path] = []
    busy: list[str] = []
    for said, find, lock in (builds, models):
        if not find():
            continue  # without a lock, whose file would have to be made
        try:
            with lock:
                found = find()
                for path in found:
                    do(path)
                paths += found
        except Timeout:
            busy.append(said)
    return paths, busy


@contextmanager
def building(settings: Settings) -> Iterator[None]:
    """Held while an index is built and what goes with it is written; Timeout where another process builds."""
    folder = settings.home / "index"
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / "build.lock", timeout=0):
        yield


def _remove(path: Path) -> None:
    remove_all([path])


def remove_all(paths: Sequence[Path]) -> str:
    """Delete files and folders; says how many."""
    for path in paths:
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    return f"{len(paths)} deleted"


# ------------------------------------------------------------------ records


def look_at_records(settings: Settings) -> str:
    """The database as it is: opened for reading alone. Nothing of it is ever deleted or replaced here."""
    restore = "restore a backup (`kb restore FILE --replace`; see docs/operations.md); nothing here mends records"
    try:
        database = Database.look(settings)
    except KBError as error:
        raise Wrong(str(error), "correct KB_DATABASE_URL") from None
    if database is None:
        return "none yet: made when the first answer is kept"
    try:
        return _records(database, settings, restore)
    except KBError as error:
        raise Wrong(str(error), f"see that the database is there and can be read; else {restore}") from None
    finally:
        database.close()


def _records(database: Database, settings: Settings, restore: str) -> str:
    damage = database.damage()
    if damage:
        raise Wrong(f"the file of the records is damaged: {damage}", restore)
    form = database.form()
    if form == "none" and database.kind != "sqlite":
        return f"{database.kind}, answers; no tables yet: made when the first answer is kept"
    if form == "none":
        empty = "if it ever held records, " + restore + "; otherwise delete it: it is made anew"
        raise Wrong("the file of the records is there, but holds no records and no tables", empty)
    if form == "newer":
        raise Wrong("the records were written by a newer version of kb", "install that version of kb")
    if form == "older":

        def migrate() -> str:
            Database.open(settings).close()
            return "the records were brought to the form of this version"

        raise Wrong(
            "the records have the form of an older version of kb", "run `kb doctor --mend`, or any use", migrate
        )
    with database.read() as connection:
        trail = verify(connection)
    if trail.broken_at is not None:
        raise Wrong(f"the audit trail is broken: {trail.reason}", "find out who changed it; " + restore)
    return f"{database.kind}, whole and of today's form; {trail.entries} entries in an unbroken audit trail"
