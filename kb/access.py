"""Who may do what: people, roles, passwords, sessions, tokens, and the one question `require(person, action)`.

Passwords are kept as argon2 hashes, secrets of sessions and tokens as SHA-256 of 256 random bits. There is no default password. As long
as nobody has been added, the one who sits at the machine may do everything, and the server listens on loopback alone.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Literal, get_args

from sqlalchemy import Connection, RowMapping, delete, select, update

from kb.audit import append, now
from kb.database import Database
from kb.errors import AccessError, BadInput
from kb.tables import PEOPLE, SESSIONS, TOKENS

if TYPE_CHECKING:
    from pwdlib import PasswordHash

Role = Literal["employee", "legal", "evaluator", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)
Action = Literal[
    "ask", "search", "provision", "check", "history", "rate", "refer",
    "review", "decide", "correct", "export", "audit", "evaluate", "usage", "make_case",
]  # fmt: skip
ACTIONS: tuple[Action, ...] = get_args(Action)
_EVERYONE = frozenset(ROLES)
_LEGAL: frozenset[Role] = frozenset(("legal", "admin"))
_EVALUATOR: frozenset[Role] = frozenset(("evaluator", "admin"))
RIGHTS: Mapping[Action, frozenset[Role]] = {
    "ask": _EVERYONE,
    "search": _EVERYONE,
    "provision": _EVERYONE,
    "check": _EVERYONE,
    "history": _EVERYONE,
    "rate": _EVERYONE,
    "refer": _EVERYONE,
    "review": _LEGAL,
    "decide": _LEGAL,
    "correct": _LEGAL,
    "export": _LEGAL,
    "audit": _LEGAL,
    "evaluate": _EVALUATOR,
    "usage": _EVALUATOR,
    "make_case": _EVALUATOR,
}
"""What each role may do. Nothing else decides it."""
MIN_PASSWORD, MAX_PASSWORD = 12, 200
FAILURES, LOCKED_MINUTES, SESSION_HOURS = 5, 15, 12
NAME = re.compile(r"[\w.@-]{1,80}")


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks. `id` None: the one at this machine, while there are no accounts."""

    id: int | None
    name: str
    role: Role


LOCAL = Person(None, "local", "admin")


def require(person: Person | None, action: Action) -> Person:
    """The person, if the role allows the action; AccessError otherwise."""
    if person is None:
        raise AccessError(401, "log in first")
    if person.role not in RIGHTS[action]:
        allowed = ", ".join(role for role in ROLES if role in RIGHTS[action])
        raise AccessError(403, f"the role {person.role} may not do this ({action}); it is for: {allowed}")
    return person


class Accounts:
    """People, sessions and tokens in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @cached_property
    def _passwords(self) -> PasswordHash:
        from pwdlib import PasswordHash

        return PasswordHash.recommended()

    @cached_property
    def _nobody(self) -> str:
        """A hash that no password has: an unknown name takes as long as a wrong password."""
        return self._passwords.hash(secrets.token_urlsafe())

    # -------------------------------------------------------------- people

    def any(self) -> bool:
        with self._database.read() as connection:
            return connection.execute(select(PEOPLE.c.id).limit(1)).first() is not None

    def add(self, name: str, role: str, password: str, actor: str) -> Person:
        """A new account; BadInput where the name is taken or malformed, the role unknown, the password weak."""
        if not NAME.fullmatch(name) or name == LOCAL.name:
            raise BadInput(f"{name!r}: a name has 1 to 80 letters, digits and . _ @ -, and is not {LOCAL.name!r}")
        if role not in ROLES:
            raise BadInput(f"--role: {role!r} is not one of {', '.join(ROLES)}")
        hashed = self._hash(password, name)
        with self._database.write() as connection:
            if connection.execute(select(PEOPLE.c.id).where(PEOPLE.c.name == name)).first():
                raise BadInput(f"{name!r} has an account already; `kb users password {name}` sets a new password")
            row = {"name": name, "role": role, "password": hashed, "active": True, "failures": 0, "created": now()}
            key = connection.execute(PEOPLE.insert().values(**row)).inserted_primary_key
            append(connection, actor, "user_added", name, {"role": role})
        assert key is not None
        return Person(key[0], name, role)

    def _hash(self, password: str, name: str) -> str:
        if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
            raise BadInput(f"a password has {MIN_PASSWORD} to {MAX_PASSWORD} characters")
        if name.casefold() in password.casefold() or len(set(password)) < 5:
            raise BadInput("choose a password without the name, of at least five different characters")
        return self._passwords.hash(password)

    def set_password(self, name: str, password: str, actor: str) -> None:
        """A new password; all sessions of the person end, and a lock is lifted."""
        hashed = self._hash(password, name)
        with self._database.write() as connection:
            row = _person(connection.execute(select(PEOPLE).where(PEOPLE.c.name == name)).mappings().first(), name)
            values = {"password": hashed, "failures": 0, "locked_until": None}
            connection.execute(update(PEOPLE).where(PEOPLE.c.id == row["id"]).values(**values))
            connection.execute(delete(SESSIONS).where(SESSIONS.c.person == row["id"]))
            append(connection, actor, "password_set", name, {})

    def change(self, name: str, actor: str, role: str | None = None, active: bool | None = None) -> None:
        """Another role, or switched off or on; the sessions of the person end."""
        if role is not None and role not in ROLES:
            raise BadInput(f"--role: {role!r} is not one of {', '.join(ROLES)}")
        values = {k: v for k, v in (("role", role), ("active", active)) if v is not None}
        with self._database.write() as connection:
            row = _person(connection.execute(select(PEOPLE).where(PEOPLE.c.name == name)).mappings().first(), name)
            connection.execute(update(PEOPLE).where(PEOPLE.c.id == row["id"]).values(**values))
            connection.execute(delete(SESSIONS).where(SESSIONS.c.person == row["id"]))
            append(connection, actor, "user_changed", name, values)

    def people(self) -> list[RowMapping]:
        with self._database.read() as connection:
            columns = (PEOPLE.c.name, PEOPLE.c.role, PEOPLE.c.active, PEOPLE.c.locked_until, PEOPLE.c.created)
            return list(connection.execute(select(*columns).order_by(PEOPLE.c.name)).mappings())

    # -------------------------------------------------------------- sessions

    def log_in(self, name: str, password: str) -> str:
        """The secret of a new session. AccessError, with the same words whatever was wrong; after five failures the account is locked."""
        with self._database.read() as connection:
            row = connection.execute(select(PEOPLE).where(PEOPLE.c.name == name[:80])).mappings().first()
        locked = bool(row and row["locked_until"] and row["locked_until"] > now())
        right = self._passwords.verify(password[:MAX_PASSWORD], row["password"] if row else self._nobody)
        if row is None or locked or not row["active"] or not right:
            self._failed(row, locked)
            raise AccessError(
                401,
                f"the name or the password is wrong, or the account is locked for {LOCKED_MINUTES} minutes after {FAILURES} failures",
            )
        secret = secrets.token_urlsafe(32)
        expires = (datetime.now(UTC) + timedelta(hours=SESSION_HOURS)).isoformat(timespec="seconds")
        with self._database.write() as connection:
            connection.execute(update(PEOPLE).where(PEOPLE.c.id == row["id"]).values(failures=0, locked_until=None))
            connection.execute(delete(SESSIONS).where(SESSIONS.c.expires <= now()))
            values = {"secret": _digest(secret), "person": row["id"], "created": now(), "expires": expires}
            connection.execute(SESSIONS.insert().values(**values))
            append(connection, row["name"], "logged_in", row["name"], {})
        return secret

    def _failed(self, row: RowMapping | None, locked: bool) -> None:
        with self._database.write() as connection:
            if row is not None and not locked:
                # counted by the database: attempts at the same time are all counted
                count = update(PEOPLE).where(PEOPLE.c.id == row["id"]).values(failures=PEOPLE.c.failures + 1)
                connection.execute(count)
                failures = connection.execute(select(PEOPLE.c.failures).where(PEOPLE.c.id == row["id"])).scalar_one()
                if failures >= FAILURES:
                    until = (datetime.now(UTC) + timedelta(minutes=LOCKED_MINUTES)).isoformat(timespec="seconds")
                    lock = update(PEOPLE).where(PEOPLE.c.id == row["id"]).values(failures=0, locked_until=until)
                    connection.execute(lock)
                    append(connection, "system", "locked", row["name"], {"until": until})
            known = row["name"] if row is not None else "(unknown name)"
            append(connection, "system", "log_in_failed", known, {"locked": locked})

    def log_out(self, secret: str) -> None:
        with self._database.write() as connection:
            row = self._by_session(connection, secret)
            if row is not None:
                connection.execute(delete(SESSIONS).where(SESSIONS.c.secret == _digest(secret)))
                append(connection, row["name"], "logged_out", row["name"], {})

    def of_session(self, secret: str) -> Person | None:
        """Who is logged in with a secret; None where the session has ended or the account is switched off."""
        with self._database.read() as connection:
            row = self._by_session(connection, secret)
        return Person(row["id"], row["name"], row["role"]) if row else None

    @staticmethod
    def _by_session(connection: Connection, secret: str) -> RowMapping | None:
        found = (
            select(PEOPLE)
            .join(SESSIONS, SESSIONS.c.person == PEOPLE.c.id)
            .where(SESSIONS.c.secret == _digest(secret), SESSIONS.c.expires > now(), PEOPLE.c.active)
        )
        return connection.execute(found).mappings().first()

    # -------------------------------------------------------------- tokens

    def add_token(self, name: str, label: str, actor: str) -> str:
        """A token for programs, with the rights of a person; it is shown once and never kept."""
        secret = "kb_" + secrets.token_urlsafe(32)
        with self._database.write() as connection:
            row = _person(connection.execute(select(PEOPLE).where(PEOPLE.c.name == name)).mappings().first(), name)
            values = {"person": row["id"], "label": label[:80], "secret": _digest(secret), "created": now()}
            connection.execute(TOKENS.insert().values(**values))
            append(connection, actor, "token_added", name, {"label": label[:80]})
        return secret

    def revoke_token(self, number: int, actor: str) -> None:
        with self._database.write() as connection:
            done = connection.execute(
                update(TOKENS).where(TOKENS.c.id == number, TOKENS.c.revoked.is_(None)).values(revoked=now())
            )
            if not done.rowcount:
                raise BadInput(f"{number}: no token in use has this number; `kb users tokens` lists them")
            append(connection, actor, "token_revoked", str(number), {})

    def tokens(self) -> list[RowMapping]:
        with self._database.read() as connection:
            found = select(
                TOKENS.c.id, PEOPLE.c.name, PEOPLE.c.role, TOKENS.c.label, TOKENS.c.created, TOKENS.c.revoked
            )
            return list(connection.execute(found.join(PEOPLE).order_by(TOKENS.c.id)).mappings())

    def of_token(self, secret: str) -> Person | None:
        with self._database.read() as connection:
            found = (
                select(PEOPLE)
                .join(TOKENS, TOKENS.c.person == PEOPLE.c.id)
                .where(TOKENS.c.secret == _digest(secret), TOKENS.c.revoked.is_(None), PEOPLE.c.active)
            )
            row = connection.execute(found).mappings().first()
        return Person(row["id"], row["name"], row["role"]) if row else None


def _person(row: RowMapping | None, name: str) -> RowMapping:
    if row is None:
        raise BadInput(f"{name!r}: nobody of this name; `kb users list` shows who is there")
    return row


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
