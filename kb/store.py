"""The records: answers given, what was said of them, sign-offs, corrections. Each change is in the audit trail, or not done.

An answer is kept as its published record (kb/record.py), which names corpus, index, encoder, generator, prompt, version and date: it
can be asked again and compared. Sign-offs and corrections are never changed: a later one counts.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, delete, func, select, update

from kb.access import Person
from kb.audit import TrailReport, append, now, verify
from kb.check import check_text
from kb.corpus import Corpus
from kb.database import Database
from kb.errors import BadInput
from kb.ids import parse_source_id
from kb.model import Language
from kb.signoff import Decided, Decision, Reason, content_hash, lapsed, latest, provision_hash, question_key, standing
from kb.tables import ANSWERS, AUDIT, CLOSINGS, CORRECTIONS, DECISIONS, PEOPLE, RATINGS, REFERRALS, SESSIONS

MAX_COMMENT, MAX_CORRECTION = 2_000, 20_000
PART = 10_000
"""Answers deleted by one statement: a statement takes 65,535 values at most."""


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer as it was given. `asked_by` None: nobody was logged in, or the name has been deleted."""

    id: str
    at: str
    asked_by: str | None
    record: Mapping[str, Any]
    content_hash: str
    withheld: int

    @property
    def question(self) -> str:
        return str(self.record["question"])

    @property
    def language(self) -> Language:
        return self.record["language"]  # type: ignore[no-any-return]

    @property
    def cited(self) -> tuple[str, ...]:
        """The ids of the places cited, each once, in order."""
        return tuple(dict.fromkeys(c["id"] for c in self.record["citations"]))


@dataclass(frozen=True, slots=True)
class Correction:
    """An answer that legal staff wrote. `citations` are (place, hash of its text, its standing) when it was saved."""

    answer: str
    text: str
    by: str
    at: str
    citations: tuple[tuple[str, str, str], ...]

    def lapsed(self, corpus: Corpus, on: date) -> Reason | None:
        for place, text_hash, stood in self.citations:
            found = lapsed(Decision(place, "signed", "", "", "", text_hash, stood, ""), corpus, on)
            if found:
                return found
        return None


@dataclass(frozen=True, slots=True)
class Endorsement:
    """What legal staff said of the same question before: signed as it is answered now, corrected, or signed and lapsed since."""

    answer: str
    by: str
    at: str
    correction: str | None = None
    lapsed: Reason | None = None


@dataclass(frozen=True, slots=True)
class QueueEntry:
    """An answer that waits for legal staff, and why: referral, bad_rating, withheld, lapsed."""

    kept: Kept
    why: tuple[str, ...]
    said: tuple[str, ...]


class Store:
    """Answers and what became of them, in one database, over one corpus."""

    def __init__(self, database: Database, corpus: Corpus) -> None:
        self._database, self._corpus = database, corpus

    # -------------------------------------------------------------- answers

    def keep(self, record: Mapping[str, Any], withheld: int, person: Person) -> str:
        """Keep an answer as given; its id."""
        key = uuid.uuid4().hex
        refusal = record["refusal"]
        row = {
            "id": key,
            "person": person.id,
            "at": now(),
            "question": record["question"],
            "question_key": question_key(record["question"]),
            "language": record["language"],
            "on_date": record["on"],
            "outcome": record["outcome"],
            "refusal": refusal["kind"] if refusal else None,
            "withheld": withheld,
            "content_hash": content_hash(record),
            "record": dict(record),
        }
        with self._database.write() as connection:
            connection.execute(ANSWERS.insert().values(**row))
        return key

    def answer(self, key: str, person: Person | None = None) -> Kept:
        """An answer by its id; BadInput where there is none, or where `person` (if given) is not the one who asked."""
        with self._database.read() as connection:
            row = connection.execute(_answers().where(ANSWERS.c.id == key[:32])).mappings().first()
        if row is None or (person is not None and row["person"] != person.id):
            raise BadInput("there is no such answer; it may have been deleted")
        return _kept(row)

    def history(self, person: Person, most: int = 100) -> list[Kept]:
        """The last answers that somebody got, newest first."""
        of = ANSWERS.c.person == person.id if person.id is not None else ANSWERS.c.person.is_(None)
        with self._database.read() as connection:
            rows = connection.execute(_answers().where(of).order_by(ANSWERS.c.at.desc()).limit(most)).mappings()
            return [_kept(row) for row in rows]

    def forget(self, key: str, person: Person) -> None:
        """Delete an own answer; BadInput where it was signed or corrected, since others rely on it: then only the name goes."""
        self.answer(key, person)
        with self._database.write() as connection:
            _delete(connection, [key])
            append(connection, person.name, "answer_deleted", key, {})

    # -------------------------------------------------------------- what readers say

    def rate(self, key: str, helpful: bool, reason: str, person: Person) -> None:
        self.answer(key, person)
        with self._database.write() as connection:
            row = {
                "answer": key,
                "person": person.id,
                "at": now(),
                "helpful": helpful,
                "reason": _text(reason, "the reason"),
            }
            connection.execute(RATINGS.insert().values(**row))
            append(connection, person.name, "rated", key, {"helpful": helpful})

    def refer(self, key: str, comment: str, person: Person) -> None:
        """Send an answer to the legal staff."""
        self.answer(key, person)
        with self._database.write() as connection:
            row = {"answer": key, "person": person.id, "at": now(), "comment": _text(comment, "the comment")}
            connection.execute(REFERRALS.insert().values(**row))
            append(connection, person.name, "referred", key, {})

    # -------------------------------------------------------------- what legal staff decide

    def decide(self, key: str, citation: str, decision: Decided, comment: str, person: Person, on: date) -> None:
        """Sign or reject one citation of an answer."""
        kept = self.answer(key)
        if citation not in kept.cited:
            raise BadInput(f"{citation}: this answer does not cite it; it cites: {', '.join(kept.cited) or 'nothing'}")
        if decision == "rejected" and not comment.strip():
            raise BadInput("say why the citation is rejected, in the comment")
        place = parse_source_id(citation)
        text = provision_hash(place, self._corpus)
        if text is None:
            raise BadInput(f"{citation}: is no longer held, so it cannot be signed; write a corrected answer")
        row = {
            "answer": key,
            "citation": citation,
            "decision": decision,
            "comment": _text(comment, "the comment"),
            "by": person.name,
            "at": now(),
            "provision_hash": text,
            "standing": standing(place, self._corpus, on),
            "content_hash": kept.content_hash,
        }
        with self._database.write() as connection:
            connection.execute(DECISIONS.insert().values(**row))
            detail = {"citation": citation, "provision": text, "answer": kept.content_hash}
            append(connection, person.name, decision, key, detail)

    def correct(self, key: str, text: str, person: Person, on: date) -> Correction:
        """Save a corrected answer; BadInput unless it cites something and every citation in it is verified."""
        kept = self.answer(key)
        if not text.strip() or len(text) > MAX_CORRECTION:
            raise BadInput(f"the corrected answer has {len(text)} characters; write 1 to {MAX_CORRECTION}")
        report = check_text(text, self._corpus, on, language=kept.language)
        if not report.citations:
            raise BadInput("the corrected answer cites nothing; name the article that each statement stands on")
        wrong = [f"{c.text} ({c.verdict}: {c.detail})" for c in report.citations if c.verdict != "VERIFIED"]
        if wrong:
            raise BadInput("not saved, these citations are not verified: " + "; ".join(wrong))
        citations = []
        for name in dict.fromkeys(c.id for c in report.citations if c.id):
            place = parse_source_id(name)
            held = provision_hash(place, self._corpus)
            if held:
                citations.append((name, held, standing(place, self._corpus, on)))
        row = {"answer": key, "question_key": question_key(kept.question), "text": text, "citations": citations}
        with self._database.write() as connection:
            connection.execute(CORRECTIONS.insert().values(**row, by=person.name, at=now()))
            append(connection, person.name, "corrected", key, {"citations": [c[0] for c in citations]})
        return self.corrections(key)[-1]

    def close(self, key: str, person: Person) -> None:
        """Take an answer from the queue: what was asked of it so far is dealt with."""
        self.answer(key)
        with self._database.write() as connection:
            connection.execute(CLOSINGS.insert().values(answer=key, by=person.name, at=now()))
            append(connection, person.name, "closed", key, {})

    def decisions(self, key: str) -> list[Decision]:
        """All decisions on an answer, oldest first."""
        with self._database.read() as connection:
            rows = connection.execute(select(DECISIONS).where(DECISIONS.c.answer == key).order_by(DECISIONS.c.id))
            return [_decision(row) for row in rows.mappings()]

    def corrections(self, key: str) -> list[Correction]:
        """All corrected answers written for an answer, oldest first."""
        with self._database.read() as connection:
            rows = connection.execute(select(CORRECTIONS).where(CORRECTIONS.c.answer == key).order_by(CORRECTIONS.c.id))
            return [_correction(row) for row in rows.mappings()]

    def endorsement(self, question: str, language: Language, on: date, answer_now: str | None) -> Endorsement | None:
        """What legal staff said of the same question in the same language: the newest of corrections and complete sign-offs."""
        key = question_key(question)
        found: list[Endorsement] = []
        with self._database.read() as connection:
            same = (ANSWERS.c.question_key == key, ANSWERS.c.language == language)
            join = CORRECTIONS.join(ANSWERS, ANSWERS.c.id == CORRECTIONS.c.answer)
            corrected = connection.execute(select(CORRECTIONS).select_from(join).where(*same)).mappings().all()
            join = DECISIONS.join(ANSWERS, ANSWERS.c.id == DECISIONS.c.answer)
            rows = select(DECISIONS, ANSWERS.c.record).select_from(join).where(*same).order_by(DECISIONS.c.id)
            decided: dict[str, list[RowMapping]] = {}
            for row in connection.execute(rows).mappings():
                decided.setdefault(row["answer"], []).append(row)
        for row in corrected:
            c = _correction(row)
            why = c.lapsed(self._corpus, on)
            found.append(Endorsement(c.answer, c.by, c.at, None if why else c.text, why))
        for answer, of in decided.items():
            last = latest([_decision(row) for row in of])
            cited = {c["id"] for c in of[0]["record"]["citations"]}
            if cited == set(last) and all(d.decision == "signed" for d in last.values()):
                reasons = [r for d in last.values() if (r := lapsed(d, self._corpus, on, answer_now))]
                newest = max(last.values(), key=lambda d: d.at)
                found.append(Endorsement(answer, newest.by, newest.at, None, reasons[0] if reasons else None))
        valid = [e for e in found if e.lapsed is None]
        return max(valid or found, key=lambda e: e.at, default=None)

    def queue(self, on: date, most: int = 200) -> list[QueueEntry]:
        """What waits for legal staff, oldest first: answers sent or rated badly or with withheld statements, until they are closed; and
        those whose sign-off or correction lapsed, until they are decided anew."""
        why: dict[str, dict[str, list[str]]] = {}

        def add(key: str, reason: str, said: str = "") -> None:
            why.setdefault(key, {}).setdefault(reason, []).append(said)

        with self._database.read() as connection:
            closed = {
                row.answer: row.at
                for row in connection.execute(
                    select(CLOSINGS.c.answer, func.max(CLOSINGS.c.at).label("at")).group_by(CLOSINGS.c.answer)
                )
            }
            for row in connection.execute(select(REFERRALS)).mappings():
                if row["at"] > closed.get(row["answer"], ""):
                    add(row["answer"], "referral", row["comment"])
            for row in connection.execute(select(RATINGS).where(RATINGS.c.helpful.is_(False))).mappings():
                if row["at"] > closed.get(row["answer"], ""):
                    add(row["answer"], "bad_rating", row["reason"])
            for stopped in connection.execute(select(ANSWERS.c.id, ANSWERS.c.withheld).where(ANSWERS.c.withheld > 0)):
                if stopped.id not in closed:
                    add(stopped.id, "withheld", str(stopped.withheld))
            decided: dict[str, list[Decision]] = {}
            for row in connection.execute(select(DECISIONS).order_by(DECISIONS.c.id)).mappings():
                decided.setdefault(row["answer"], []).append(_decision(row))
            for key, of in decided.items():
                for decision in latest(of).values():
                    reason = lapsed(decision, self._corpus, on) if decision.decision == "signed" else None
                    if reason:
                        add(key, "lapsed", f"{decision.citation}: {reason}")
            newest = {
                c["answer"]: c for c in connection.execute(select(CORRECTIONS).order_by(CORRECTIONS.c.id)).mappings()
            }
            for key, correction in newest.items():
                if reason := _correction(correction).lapsed(self._corpus, on):
                    add(key, "lapsed", reason)
            keys = sorted(why)
            rows = connection.execute(_answers().where(ANSWERS.c.id.in_(keys)).order_by(ANSWERS.c.at).limit(most))
            kept = [_kept(row) for row in rows.mappings()]
        return [
            QueueEntry(k, tuple(why[k.id]), tuple(said for of in why[k.id].values() for said in of if said))
            for k in kept
        ]

    # -------------------------------------------------------------- evaluators

    def usage(self, since: str = "") -> dict[str, dict[str, int]]:
        """How many answers by day, language, outcome, refusal and law cited, and how many ratings; no question, no name."""
        days: dict[str, int] = {}
        found: dict[str, dict[str, int]] = {
            "day": days,
            "language": {},
            "outcome": {},
            "refusal": {},
            "law": {},
            "rating": {},
        }

        def one(of: str, name: str) -> None:
            found[of][name] = found[of].get(name, 0) + 1

        with self._database.read() as connection:
            columns = (ANSWERS.c.at, ANSWERS.c.language, ANSWERS.c.outcome, ANSWERS.c.refusal, ANSWERS.c.record)
            for row in connection.execute(select(*columns).where(ANSWERS.c.at >= since).order_by(ANSWERS.c.at)):
                one("day", row.at[:10])
                one("language", row.language)
                one("outcome", row.outcome)
                if row.refusal:
                    one("refusal", row.refusal)
                for law in {c["law"] for c in row.record["citations"]}:
                    one("law", law)
            for row in connection.execute(select(RATINGS.c.helpful).where(RATINGS.c.at >= since)):
                one("rating", "helpful" if row.helpful else "not_helpful")
        return found

    def recent(self, most: int = 100) -> list[Kept]:
        """The last questions of everybody, without names: an evaluator makes cases of them."""
        with self._database.read() as connection:
            rows = connection.execute(_answers().order_by(ANSWERS.c.at.desc()).limit(most)).mappings()
            return [_kept({**row, "asked_by": None}) for row in rows]

    # -------------------------------------------------------------- keeping and deleting

    def purge(self, older_than_days: int, actor: str) -> dict[str, int]:
        """Delete answers older than so many days with what was said of them; signed or corrected ones lose the asker's name alone."""
        if older_than_days < 0:
            raise BadInput("--older-than: give a number of days, for example 180")
        before = (datetime.now(UTC) - timedelta(days=older_than_days)).isoformat(timespec="seconds")
        with self._database.write() as connection:
            old = [row.id for row in connection.execute(select(ANSWERS.c.id).where(ANSWERS.c.at < before))]
            parts = [_delete(connection, old[start : start + PART]) for start in range(0, len(old), PART)]
            deleted, kept = sum(d for d, _ in parts), sum(k for _, k in parts)
            connection.execute(delete(SESSIONS).where(SESSIONS.c.expires <= now()))
            done = {"deleted": deleted, "anonymised": kept}
            append(connection, actor, "purged", before, done)
        return done

    def trail(self) -> TrailReport:
        with self._database.read() as connection:
            return verify(connection)

    def trail_entries(self, most: int = 200) -> list[RowMapping]:
        with self._database.read() as connection:
            return list(connection.execute(select(AUDIT).order_by(AUDIT.c.n.desc()).limit(most)).mappings())


def _answers() -> Select[Any]:
    return select(ANSWERS, PEOPLE.c.name.label("asked_by")).select_from(ANSWERS.outerjoin(PEOPLE))


def _kept(row: Mapping[Any, Any]) -> Kept:
    return Kept(row["id"], row["at"], row["asked_by"], row["record"], row["content_hash"], row["withheld"])


def _decision(row: Mapping[Any, Any]) -> Decision:
    names = ("citation", "decision", "comment", "by", "at", "provision_hash", "standing", "content_hash")
    return Decision(**{name: row[name] for name in names})


def _correction(row: Mapping[Any, Any]) -> Correction:
    citations = tuple((a, b, c) for a, b, c in row["citations"])
    return Correction(row["answer"], row["text"], row["by"], row["at"], citations)


def _delete(connection: Connection, keys: Sequence[str]) -> tuple[int, int]:
    """Delete answers; those that were signed or corrected stay without the asker. How many of each."""
    relied = {
        row.answer
        for table in (DECISIONS, CORRECTIONS)
        for row in connection.execute(select(table.c.answer).where(table.c.answer.in_(keys)))
    }
    gone = [key for key in keys if key not in relied]
    connection.execute(update(ANSWERS).where(ANSWERS.c.id.in_(sorted(relied))).values(person=None))
    for table in (RATINGS, REFERRALS):
        connection.execute(update(table).where(table.c.answer.in_(sorted(relied))).values(person=None))
    connection.execute(delete(ANSWERS).where(ANSWERS.c.id.in_(gone)))
    return len(gone), len(relied)


def _text(text: str, what: str) -> str:
    plain = text.replace("\0", "").strip()
    if len(plain) > MAX_COMMENT:
        raise BadInput(f"{what} has {len(plain)} characters; write at most {MAX_COMMENT}")
    return plain
