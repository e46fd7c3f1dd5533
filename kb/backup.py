"""`kb backup`, `kb restore`: the records in SQLite and the own corpus as one file, and back. Whole and checked, or not at all.

The file is a zip: `records.db` (a copy that SQLite makes while the app runs), the files of the own corpus under `corpus/`, and a manifest
with the sha256 of each and the end of the audit trail. The sums show damage, not forgery: whoever can write the file can write its manifest.
Records in PostgreSQL are PostgreSQL's own programs' to save.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import IO, Literal

from filelock import FileLock
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import delete, make_url
from sqlalchemy.exc import ArgumentError

import kb
from kb.audit import TrailReport, append, now, verify
from kb.corpus_load import load_corpus
from kb.database import Database
from kb.errors import BadInput, CorpusError, RecordsError
from kb.settings import Settings
from kb.tables import SESSIONS

MANIFEST, RECORDS, CORPUS = "manifest.json", "records.db", "corpus"
MAX_MANIFEST, MAX_FILES = 16_000_000, 100_000
TRIGGERS = {"audit_no_update", "audit_no_delete"}
"""What keeps the audit trail from being changed in SQLite; a backup without them, or with others, is not one of ours."""
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)


class Held(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size: int = Field(ge=0)


class Manifest(BaseModel):
    """What a backup holds, and where the audit trail ended. `corpus`: whether there was an own corpus."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    format: Literal[1]
    version: str
    created: str
    corpus: bool
    entries: int
    last_hash: str
    files: dict[str, Held] = Field(max_length=MAX_FILES)


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did: the manifest of the backup, and the folders in which the former files are now."""

    manifest: Manifest
    aside: tuple[Path, ...]


def records_file(settings: Settings) -> Path:
    """The file of the records; BadInput where they are in another database, with what to do there."""
    try:
        url = make_url(settings.database_url or f"sqlite:///{settings.home / RECORDS}")
    except ArgumentError:
        raise BadInput("KB_DATABASE_URL: cannot be used; write postgresql+psycopg://user@host/name") from None
    if url.get_backend_name() == "sqlite" and url.database and url.database != ":memory:":
        return Path(url.database).absolute()
    plain = url.set(drivername="postgresql", password=None).render_as_string()
    raise BadInput(
        f"the records are in PostgreSQL, whose own programs save them: pg_dump --format=custom --file=records.dump --dbname={plain}, "
        f"and pg_restore --clean --if-exists --single-transaction --dbname={plain} records.dump; copy the own corpus beside it: {settings.local}"
    )


# ------------------------------------------------------------------ backup


def back_up(file: Path, settings: Settings) -> Manifest:
    """Write a new backup; the app may run meanwhile. BadInput where the file is there already, RecordsError where the trail is broken."""
    records = records_file(settings)
    if file.exists():
        raise BadInput(f"{file}: is there already; give the new backup another name")
    Database.open(settings).close()  # whatever its form was, it is today's
    try:
        with tempfile.TemporaryDirectory(prefix=".kb-backup-", dir=file.absolute().parent) as folder:
            copy, beside = Path(folder) / RECORDS, Path(folder) / "backup.zip"
            _copy_while_used(records, copy)
            trail = _trail(copy)
            if trail.broken_at is not None:
                raise RecordsError(
                    f"the audit trail is broken ({trail.reason}): no backup was made. Copy {records} as it is, and find out who changed it"
                )
            manifest = _write(beside, copy, settings.local, trail)
            beside.chmod(0o600)  # it holds the hashes of passwords
            beside.replace(file)
    except OSError as error:
        raise BadInput(f"no backup was made: {error.filename or file}: {error.strerror or error}") from None
    return manifest


def _copy_while_used(records: Path, copy: Path) -> None:
    try:
        with closing(sqlite3.connect(records)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)
    except sqlite3.Error as error:
        raise RecordsError(f"{records}: {error}; no backup was made") from None


def _write(beside: Path, copy: Path, local: Path, trail: TrailReport) -> Manifest:
    found = {f"{CORPUS}/{path.relative_to(local).as_posix()}": path for path in _own_files(local)}
    files: dict[str, Held] = {}
    with zipfile.ZipFile(beside, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, path in {RECORDS: copy, **found}.items():
            with path.open("rb") as source, archive.open(name, "w", force_zip64=True) as target:
                files[name] = _copied(source, target)
        manifest = Manifest(
            format=1,
            version=kb.__version__,
            created=now(),
            corpus=local.is_dir(),
            entries=trail.entries,
            last_hash=trail.last_hash,
            files=files,
        )
        archive.writestr(MANIFEST, manifest.model_dump_json(indent=1))
    return manifest


def _own_files(local: Path) -> Iterator[Path]:
    for path in sorted(local.rglob("*")):
        if path.is_symlink() or not (path.is_dir() or path.is_file()):
            raise BadInput(f"{path}: is a link or no plain file; no backup was made. Put the file itself there")
        if path.is_file():
            yield path


def _copied(source: IO[bytes], target: IO[bytes], most: int | None = None) -> Held:
    """Copy to the end, or to one piece beyond `most`; size and sha256 of what was copied."""
    digest, size = hashlib.sha256(), 0
    while (piece := source.read(1 << 20)) and (most is None or size <= most):
        digest.update(piece)
        size += len(piece)
        target.write(piece)
    return Held(sha256=digest.hexdigest(), size=size)


# ------------------------------------------------------------------ restore


def restore(file: Path, settings: Settings, actor: str, replace: bool = False) -> Restored:
    """Put records and own corpus back as they were. Nothing is changed until all of the backup has been checked; where a step
    fails, everything is as before. BadInput where something is there and `replace` is not given; what was there is put aside."""
    records = records_file(settings)
    there = [p for p in (records, settings.local) if p.is_file() or (p.is_dir() and any(p.iterdir()))]
    if there and not replace:
        raise BadInput(
            f"{', '.join(map(str, there))}: is there already; --replace puts it aside and the backup in its place"
        )
    if not file.is_file():
        raise BadInput(f"{file}: there is no such file")
    try:
        with _beside(records) as new_records, _beside(settings.local) as new_corpus:
            manifest = _unpack(file, new_records / RECORDS, new_corpus)
            _check_records(new_records / RECORDS, manifest, actor)
            _check_corpus(new_corpus / CORPUS, settings)
            with FileLock(settings.home / "records.lock"):
                _quiet(records)
                aside = _swap(new_records / RECORDS, records, new_corpus / CORPUS, settings.local)
    except OSError as error:
        raise BadInput(f"nothing was restored: {error.filename or file}: {error.strerror or error}") from None
    return Restored(manifest, aside)


@contextmanager
def _beside(target: Path) -> Iterator[Path]:
    """A folder on the same disk as the target, gone afterwards."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".kb-restore-", dir=target.parent) as folder:
        yield Path(folder)


def _unpack(file: Path, records: Path, corpus: Path) -> Manifest:
    """Every file of the backup as its manifest says; BadInput otherwise."""
    try:
        with zipfile.ZipFile(file) as archive:
            with archive.open(MANIFEST) as held:
                manifest = Manifest.model_validate_json(held.read(MAX_MANIFEST))
            _check_names(file, archive.infolist(), manifest)
            if sum(f.size for f in manifest.files.values()) > shutil.disk_usage(records.parent).free:
                raise BadInput(f"{file}: holds more than there is room for at {records.parent}")
            for name, said in manifest.files.items():
                target = records if name == RECORDS else corpus / name
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(name) as source, target.open("xb") as written:
                    if _copied(source, written, said.size) != said:
                        raise BadInput(f"{file}: {name} is not the one that was saved; nothing was restored")
    except (KeyError, ValidationError):
        raise BadInput(f"{file}: is no backup of kb, or of a newer version; nothing was restored") from None
    except _BROKEN as error:
        raise BadInput(
            f"{file}: is damaged or no backup of kb ({type(error).__name__}); nothing was restored"
        ) from None
    if manifest.corpus:
        (corpus / CORPUS).mkdir(exist_ok=True)
    return manifest


def _check_names(file: Path, infos: list[zipfile.ZipInfo], manifest: Manifest) -> None:
    names = [info.filename for info in infos]
    if sorted(names) != sorted([MANIFEST, *manifest.files]) or RECORDS not in names:
        raise BadInput(f"{file}: holds other files than its manifest names; nothing was restored")
    for info in infos:
        plain = stat.S_IFMT(info.external_attr >> 16) in (0, stat.S_IFREG)
        if not plain or not (info.filename in (MANIFEST, RECORDS) or (manifest.corpus and _safe(info.filename))):
            raise BadInput(f"{file}: {info.filename[:80]!r} is no name of a file of the corpus; nothing was restored")


def _safe(name: str) -> bool:
    """Whether a name leads to a file below `corpus/` and nowhere else, on every system."""
    path = PurePosixPath(name)
    return (
        str(path) == name
        and len(path.parts) > 1
        and path.parts[0] == CORPUS
        and ".." not in path.parts
        and not any(c in "\\:" or ord(c) < 32 for c in name)
    )


def _check_records(records: Path, manifest: Manifest, actor: str) -> None:
    """The copy is a whole database of a form that is known, with the trail that the manifest names; sessions of then are ended."""
    trail = _trail(records)
    if trail.broken_at is not None or (trail.entries, trail.last_hash) != (manifest.entries, manifest.last_hash):
        raise BadInput(
            f"the audit trail of the backup is not whole ({trail.reason or 'another end'}); nothing was restored"
        )
    database = _opened(records)
    try:
        with database.write() as connection:
            connection.execute(delete(SESSIONS))
            append(connection, actor, "restored", manifest.created, {"entries": trail.entries, "last": trail.last_hash})
    finally:
        database.close()
    _quiet(records)


def _opened(records: Path) -> Database:
    return Database.open(Settings(home=records.parent, database_url=f"sqlite:///{records}"))


def _trail(records: Path) -> TrailReport:
    """The trail of a copy; RecordsError where it is no whole database of ours."""
    database = _opened(records)
    try:
        with database.read() as connection:
            found = connection.exec_driver_sql("PRAGMA integrity_check").scalar_one()
            triggers = set(
                connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").scalars()
            )
            if found != "ok" or triggers != TRIGGERS:
                raise RecordsError("the copy of the records is damaged or was changed; nothing was done")
            return verify(connection)
    finally:
        database.close()


def _check_corpus(local: Path, settings: Settings) -> None:
    try:
        load_corpus(settings.corpus, local=local)
    except CorpusError as error:
        raise BadInput(f"the own corpus of the backup does not load ({error}); nothing was restored") from None


def _quiet(records: Path) -> None:
    """Nobody uses the database, and all of it is in its one file; RecordsError where somebody does. A damaged one is let be."""
    if not records.exists():
        return
    try:
        with closing(sqlite3.connect(records, timeout=1)) as connection:
            connection.execute("PRAGMA journal_mode=DELETE").fetchall()
    except sqlite3.OperationalError as error:
        raise RecordsError(
            f"{records}: is in use ({error}); stop the app and try again. Nothing was restored"
        ) from None
    except sqlite3.DatabaseError:
        return


def _swap(records: Path, to_records: Path, corpus: Path, to_corpus: Path) -> tuple[Path, ...]:
    """Put what is there aside and what is new in its place, in steps that are undone where one fails."""
    stamp = datetime.now(UTC).strftime("replaced-%Y%m%dT%H%M%S%f")
    old = [to_records.with_name(to_records.name + end) for end in ("", "-wal", "-shm")] + [to_corpus]
    moves = [(path, path.parent / stamp / path.name) for path in old if path.exists()]
    aside = tuple(dict.fromkeys(target.parent for _, target in moves))
    moves.append((records, to_records))
    if corpus.is_dir():
        moves.append((corpus, to_corpus))
    done: list[tuple[Path, Path]] = []
    try:
        for source, target in moves:
            target.parent.mkdir(parents=True, exist_ok=True)
            source.rename(target)
            done.append((source, target))
    except BaseException:
        for source, target in reversed(done):
            target.rename(source)
        for folder in aside:
            with suppress(OSError):
                folder.rmdir()
        raise
    os.sync()
    return aside
