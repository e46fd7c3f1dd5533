"""The database of the records: opened, brought to its newest form by Alembic, read and written in transactions.

SQLite in `KB_HOME` by default, PostgreSQL where `KB_DATABASE_URL` says so. Every failure of the database becomes a RecordsError
that says what to do; a transaction is whole or not at all.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from filelock import FileLock
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from kb.errors import RecordsError
from kb.settings import Settings

MIGRATIONS = Path(__file__).with_name("migrations")
BUSY_SECONDS = 10

Form = Literal["none", "older", "newest", "newer"]
"""Which migration the tables are of: there are no tables, an older one, the newest, or one that only a newer kb knows."""


class Database:
    """One database, safe to use from several threads; every copy of the app opens its own."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @classmethod
    def open(cls, settings: Settings) -> Database:
        """Open it, creating or migrating its tables; RecordsError where it cannot be."""
        with _usable():
            url = _url(settings)
            engine = _sqlite(url) if url.get_backend_name() == "sqlite" else _server(url)
        shown = url.render_as_string(hide_password=True)
        try:
            with _said(shown):
                try:
                    settings.home.mkdir(parents=True, exist_ok=True)
                except OSError as error:
                    raise RecordsError(f"{settings.home}: cannot be written ({error.strerror}); set KB_HOME") from None
                with FileLock(settings.home / "records.lock"):
                    _migrate(engine, shown)
        except BaseException:
            engine.dispose()
            raise
        return cls(engine)

    @classmethod
    def look(cls, settings: Settings) -> Database | None:
        """The database as it is, for reading alone: nothing is made, migrated or repaired. None where SQLite has no file yet."""
        with _usable():
            url = _url(settings)
            if url.get_backend_name() != "sqlite":
                return cls(_server(url))
            file = Path(url.database or "").absolute()
            return cls(_sqlite(url, read_only=file)) if file.is_file() else None

    def form(self) -> Form:
        """Which migration the tables are of; RecordsError where they cannot be read."""
        with self.read() as connection:
            held = MigrationContext.configure(connection).get_current_revision()
        script = ScriptDirectory.from_config(_alembic())
        if held is None:
            return "none"
        if held == script.get_current_head():
            return "newest"
        return "older" if held in {r.revision for r in script.walk_revisions()} else "newer"

    def damage(self) -> str:
        """What SQLite finds wrong with its file; empty where nothing is, and for PostgreSQL, whose own programs examine its files."""
        if self.kind != "sqlite":
            return ""
        with self.read() as connection:
            said = connection.exec_driver_sql("PRAGMA integrity_check").scalars().all()
        return "" if said == ["ok"] else str(said[0])

    @property
    def kind(self) -> str:
        return self._engine.dialect.name

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with _said(self._name()), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction: done when the block ends, undone where it raises."""
        with (
            _said(self._name()),
            self._engine.connect().execution_options(kb_writes=True) as connection,
            connection.begin(),
        ):
            yield connection

    def close(self) -> None:
        self._engine.dispose()

    def _name(self) -> str:
        return self._engine.url.render_as_string(hide_password=True)


@contextmanager
def _said(name: str) -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise RecordsError(
            f"{name}: {reason}; nothing was changed. See that the database is there, writable and not locked, and try again"
        ) from error
    except OSError as error:
        raise RecordsError(f"{name}: {error}; nothing was changed") from error


def _url(settings: Settings) -> URL:
    return make_url(settings.database_url or f"sqlite:///{settings.home / 'records.db'}")


@contextmanager
def _usable() -> Iterator[None]:
    try:
        yield
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise RecordsError(
            f"KB_DATABASE_URL: cannot be used ({error}); write postgresql+psycopg://user@host/name"
        ) from None


def _server(url: URL) -> Engine:
    return create_engine(url, pool_pre_ping=True, hide_parameters=True, connect_args={"connect_timeout": BUSY_SECONDS})


def _sqlite(url: URL, read_only: Path | None = None) -> Engine:
    """The engine of a file; with `read_only`, its path, the file is opened for reading alone."""
    if read_only:
        address = f"{read_only.as_uri()}?mode=ro"
        engine = create_engine(
            url, hide_parameters=True, creator=lambda: sqlite3.connect(address, timeout=BUSY_SECONDS, uri=True)
        )
    else:
        engine = create_engine(url, hide_parameters=True, connect_args={"timeout": BUSY_SECONDS})

    def connected(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # transactions are begun below
        for pragma in () if read_only else ("journal_mode=WAL", "foreign_keys=ON", "synchronous=FULL"):
            connection.execute(f"PRAGMA {pragma}")

    def begun(connection: Connection) -> None:
        writes = connection.get_execution_options().get("kb_writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    event.listen(engine, "connect", connected)
    event.listen(engine, "begin", begun)
    return engine


def _alembic() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _migrate(engine: Engine, name: str) -> None:
    config = _alembic()
    script = ScriptDirectory.from_config(config)
    with engine.connect().execution_options(kb_writes=True) as connection, connection.begin():
        if engine.dialect.name == "postgresql":  # two copies of the app that start at once migrate one after the other
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7203602)")
        held = MigrationContext.configure(connection).get_current_revision()
        if held == script.get_current_head():
            return
        if held is not None and held not in {r.revision for r in script.walk_revisions()}:
            raise RecordsError(
                f"{name}: was written by a newer version of kb (its form is {held}); install that version, or give another database"
            )
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
