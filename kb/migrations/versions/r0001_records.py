"""The first form of the records.

The audit trail cannot be changed or shortened through the database either: triggers refuse it.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SQLITE = (
    "CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END",
    "CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END",
)
POSTGRESQL = (
    "CREATE FUNCTION audit_append_only() RETURNS trigger AS $$ BEGIN RAISE EXCEPTION 'the audit trail is append-only'; END $$ LANGUAGE plpgsql",
    "CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_append_only()",
)


def _person(on_delete: str, required: bool = False) -> sa.Column[int]:
    return sa.Column("person", sa.Integer, sa.ForeignKey("people.id", ondelete=on_delete), nullable=not required)


def _answer(cascade: bool = True) -> sa.Column[str]:
    key = sa.ForeignKey("answers.id", ondelete="CASCADE") if cascade else sa.ForeignKey("answers.id")
    return sa.Column("answer", sa.String(32), key, nullable=False, index=True)


def _text(name: str, length: int | None = None, required: bool = True, **more: Any) -> sa.Column[str]:
    return sa.Column(name, sa.String(length) if length else sa.Text, nullable=not required, **more)


def upgrade() -> None:
    op.create_table(
        "people",
        sa.Column("id", sa.Integer, primary_key=True),
        _text("name", 80, unique=True),
        _text("role", 20),
        _text("password", 300),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        _text("locked_until", 25, required=False),
        _text("created", 25),
        sa.CheckConstraint("role in ('employee', 'legal', 'evaluator', 'admin')", name="role_known"),
    )
    op.create_table(
        "sessions",
        sa.Column("secret", sa.String(64), primary_key=True),
        _person("CASCADE", required=True),
        _text("created", 25),
        _text("expires", 25),
    )
    op.create_table(
        "tokens",
        sa.Column("id", sa.Integer, primary_key=True),
        _person("CASCADE", required=True),
        _text("label", 80),
        _text("secret", 64, unique=True),
        _text("created", 25),
        _text("revoked", 25, required=False),
    )
    op.create_table(
        "answers",
        sa.Column("id", sa.String(32), primary_key=True),
        _person("SET NULL"),
        _text("at", 25),
        _text("question"),
        _text("question_key", 64),
        _text("language", 2),
        _text("on_date", 10),
        _text("outcome", 20),
        _text("refusal", 30, required=False),
        sa.Column("withheld", sa.Integer, nullable=False),
        _text("content_hash", 64),
        sa.Column("record", sa.JSON, nullable=False),
        sa.Index("answers_by_question", "question_key"),
        sa.Index("answers_by_person", "person", "at"),
    )
    op.create_table(
        "ratings",
        sa.Column("id", sa.Integer, primary_key=True),
        _answer(),
        _person("SET NULL"),
        _text("at", 25),
        sa.Column("helpful", sa.Boolean, nullable=False),
        _text("reason"),
    )
    op.create_table(
        "referrals",
        sa.Column("id", sa.Integer, primary_key=True),
        _answer(),
        _person("SET NULL"),
        _text("at", 25),
        _text("comment"),
    )
    op.create_table(
        "decisions",
        sa.Column("id", sa.Integer, primary_key=True),
        _answer(cascade=False),
        _text("citation", 120),
        _text("decision", 10),
        _text("comment"),
        _text("by", 80),
        _text("at", 25),
        _text("provision_hash", 64),
        _text("standing", 20),
        _text("content_hash", 64),
        sa.CheckConstraint("decision in ('signed', 'rejected')", name="decision_known"),
    )
    op.create_table(
        "corrections",
        sa.Column("id", sa.Integer, primary_key=True),
        _answer(cascade=False),
        _text("question_key", 64, index=True),
        _text("text"),
        sa.Column("citations", sa.JSON, nullable=False),
        _text("by", 80),
        _text("at", 25),
    )
    op.create_table(
        "closings",
        sa.Column("id", sa.Integer, primary_key=True),
        _answer(),
        _text("by", 80),
        _text("at", 25),
    )
    op.create_table(
        "audit",
        sa.Column("n", sa.Integer, primary_key=True, autoincrement=False),
        _text("at", 25),
        _text("actor", 80),
        _text("action", 40),
        _text("subject", 200),
        _text("detail"),
        _text("previous", 64),
        _text("hash", 64),
    )
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("the records are not taken back to a form without an audit trail; restore a backup")
