"""The audit trail: who did what, each entry bound to the one before by a hash.

Entry n is hashed with the hash of entry n-1, so that a changed, missing or exchanged entry breaks the chain from there on. What is
cut off at the end leaves a whole chain: compare the last hash with one that was written down elsewhere (`kb audit verify` prints it).
Questions are never written here, only the ids of answers, so that a purge of personal data need not touch the trail.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, select, text

from kb.tables import AUDIT

START = "0" * 64


@dataclass(frozen=True, slots=True)
class TrailReport:
    """Whether the chain is whole: the number of entries, the hash of the last, and the first entry that does not fit."""

    entries: int
    last_hash: str
    broken_at: int | None
    reason: str = ""


def now() -> str:
    """This moment, as every table holds it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def append(connection: Connection, actor: str, action: str, subject: str, detail: Mapping[str, Any]) -> None:
    """One more entry, in the caller's transaction: what is not done is not in the trail, and the other way round."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(7203601)"))  # one writer at a time
    last = connection.execute(select(AUDIT.c.n, AUDIT.c.hash).order_by(AUDIT.c.n.desc()).limit(1)).first()
    entry = {
        "n": last.n + 1 if last else 1,
        "at": now(),
        "actor": actor,
        "action": action,
        "subject": subject,
        "detail": json.dumps(detail, ensure_ascii=False, sort_keys=True),
        "previous": last.hash if last else START,
    }
    connection.execute(AUDIT.insert().values(**entry, hash=_hash(entry)))


def verify(connection: Connection) -> TrailReport:
    """Read the whole chain."""
    previous, number = START, 0
    for row in connection.execute(select(AUDIT).order_by(AUDIT.c.n)).mappings():
        number += 1
        if row["n"] != number:
            return TrailReport(number - 1, previous, number, f"entry {number} is missing")
        if row["previous"] != previous or _hash(row) != row["hash"]:
            return TrailReport(number - 1, previous, number, f"entry {number} was changed")
        previous = row["hash"]
    return TrailReport(number, previous, None)


def _hash(entry: Mapping[str, Any] | RowMapping) -> str:
    names = ("n", "at", "actor", "action", "subject", "detail", "previous")
    return hashlib.sha256(json.dumps([entry[name] for name in names], ensure_ascii=False).encode()).hexdigest()
