"""The tables of the records: people, answers, what was said and decided of them, and the audit trail.

Times are UTC in ISO form to the second ("2026-11-26T09:30:00+00:00"), so that they sort as text in every database. A change of this
file needs a migration in `kb/migrations/versions/`; a test compares the two.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)

METADATA = MetaData()

PEOPLE = Table(
    "people",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("name", String(80), nullable=False, unique=True),
    Column("role", String(20), nullable=False),
    Column("password", String(300), nullable=False),
    Column("active", Boolean, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("locked_until", String(25)),
    Column("created", String(25), nullable=False),
    CheckConstraint("role in ('employee', 'legal', 'evaluator', 'admin')", name="role_known"),
)
SESSIONS = Table(
    "sessions",
    METADATA,
    Column("secret", String(64), primary_key=True),
    Column("person", Integer, ForeignKey("people.id", ondelete="CASCADE"), nullable=False),
    Column("created", String(25), nullable=False),
    Column("expires", String(25), nullable=False),
)
TOKENS = Table(
    "tokens",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("person", Integer, ForeignKey("people.id", ondelete="CASCADE"), nullable=False),
    Column("label", String(80), nullable=False),
    Column("secret", String(64), nullable=False, unique=True),
    Column("created", String(25), nullable=False),
    Column("revoked", String(25)),
)
ANSWERS = Table(
    "answers",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("person", Integer, ForeignKey("people.id", ondelete="SET NULL")),
    Column("at", String(25), nullable=False),
    Column("question", Text, nullable=False),
    Column("question_key", String(64), nullable=False),
    Column("language", String(2), nullable=False),
    Column("on_date", String(10), nullable=False),
    Column("outcome", String(20), nullable=False),
    Column("refusal", String(30)),
    Column("withheld", Integer, nullable=False),
    Column("content_hash", String(64), nullable=False),
    Column("record", JSON, nullable=False),
    Index("answers_by_question", "question_key"),
    Index("answers_by_person", "person", "at"),
)
RATINGS = Table(
    "ratings",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("answer", String(32), ForeignKey("answers.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("person", Integer, ForeignKey("people.id", ondelete="SET NULL")),
    Column("at", String(25), nullable=False),
    Column("helpful", Boolean, nullable=False),
    Column("reason", Text, nullable=False),
)
REFERRALS = Table(
    "referrals",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("answer", String(32), ForeignKey("answers.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("person", Integer, ForeignKey("people.id", ondelete="SET NULL")),
    Column("at", String(25), nullable=False),
    Column("comment", Text, nullable=False),
)
DECISIONS = Table(
    "decisions",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("answer", String(32), ForeignKey("answers.id"), nullable=False, index=True),
    Column("citation", String(120), nullable=False),
    Column("decision", String(10), nullable=False),
    Column("comment", Text, nullable=False),
    Column("by", String(80), nullable=False),
    Column("at", String(25), nullable=False),
    Column("provision_hash", String(64), nullable=False),
    Column("standing", String(20), nullable=False),
    Column("content_hash", String(64), nullable=False),
    CheckConstraint("decision in ('signed', 'rejected')", name="decision_known"),
)
CORRECTIONS = Table(
    "corrections",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("answer", String(32), ForeignKey("answers.id"), nullable=False, index=True),
    Column("question_key", String(64), nullable=False, index=True),
    Column("text", Text, nullable=False),
    Column("citations", JSON, nullable=False),
    Column("by", String(80), nullable=False),
    Column("at", String(25), nullable=False),
)
CLOSINGS = Table(
    "closings",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("answer", String(32), ForeignKey("answers.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("by", String(80), nullable=False),
    Column("at", String(25), nullable=False),
)
AUDIT = Table(
    "audit",
    METADATA,
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("at", String(25), nullable=False),
    Column("actor", String(80), nullable=False),
    Column("action", String(40), nullable=False),
    Column("subject", String(200), nullable=False),
    Column("detail", Text, nullable=False),
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
)
