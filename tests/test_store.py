"""The records, on SQLite and on a real PostgreSQL: the same tests on both."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from conftest import write_tiny
from records import postgresql
from sqlalchemy import create_engine, inspect, text

from kb.access import LOCAL, Accounts, Person
from kb.audit import append
from kb.corpus import Corpus
from kb.corpus_load import load_corpus, write_lock
from kb.database import Database
from kb.errors import AccessError, BadInput, RecordsError
from kb.settings import Settings
from kb.signoff import content_hash, question_key
from kb.store import MAX_COMMENT, Store
from kb.tables import METADATA

ON = date(2026, 11, 22)
LAMPS = "harbour-law@2024-01-01/art_2"
PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgresql() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    if request.param == "sqlite":
        return Settings(home=tmp_path / "home")
    url = request.getfixturevalue("server")
    name = f"kb_{abs(hash(str(tmp_path)))}"
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return Settings(home=tmp_path / "home", database_url=url.removesuffix("postgres") + name)


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    opened = Database.open(settings)
    yield opened
    opened.close()


@pytest.fixture
def store(database: Database, tiny: Corpus) -> Store:
    return Store(database, tiny)


def record(question: str = "How many lamps?", claim: str = "A boat needs 3 lamps.", **more: Any) -> dict[str, Any]:
    citation = {
        "id": LAMPS,
        "law": "harbour-law",
        "label": "Harbour Law Art. 2",
        "label_zh": "",
        "standing": "in_force",
    }
    found = {
        "question": question,
        "on": ON.isoformat(),
        "language": "en",
        "outcome": "answered",
        "refusal": None,
        "text": claim,
        "claims": [
            {"text": claim, "quote": "A boat shall carry 3 lamps.", "quote_language": "en", "citation": 0, "checks": []}
        ],
        "citations": [citation],
        "notes": [],
        "provenance": {"corpus": "c", "version": "0"},
        "timing_ms": {"total": 1.0},
    }
    return found | more


def somebody(database: Database, name: str = "ann", role: str = "employee") -> Person:
    return Accounts(database).add(name, role, PASSWORD, "test")


# ------------------------------------------------------------------ answers


def test_an_answer_comes_back_as_it_was_given(store: Store) -> None:
    given = record("午夜能出港吗？")
    kept = store.answer(store.keep(given, 2, LOCAL))
    assert kept.record == given
    assert (kept.question, kept.withheld, kept.asked_by, kept.cited) == ("午夜能出港吗？", 2, None, (LAMPS,))
    assert kept.content_hash == content_hash(given)


def test_a_history_is_its_owners_alone(store: Store, database: Database) -> None:
    ann, bob = somebody(database), somebody(database, "bob")
    key = store.keep(record(), 0, ann)
    assert [k.id for k in store.history(ann)] == [key]
    assert store.history(bob) == []
    with pytest.raises(BadInput, match="no such answer"):
        store.answer(key, bob)
    with pytest.raises(BadInput, match="no such answer"):
        store.rate(key, True, "", bob)
    assert store.answer(key, ann).asked_by == "ann"


def test_what_is_asked_about_an_answer_that_is_not_there(store: Store) -> None:
    for act in (
        lambda: store.answer("nothing"),
        lambda: store.rate("nothing", True, "", LOCAL),
        lambda: store.refer("nothing", "", LOCAL),
        lambda: store.decide("nothing", LAMPS, "signed", "", LOCAL, ON),
        lambda: store.correct("nothing", "x", LOCAL, ON),
    ):
        with pytest.raises(BadInput, match="no such answer"):
            act()
    assert store.trail().entries == 0


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("How many lamps?", "  how MANY lamps", True),
        ("刷脸打卡合法吗？", "刷脸打卡合法吗", True),
        ("ＡＢ?", "ab", True),
        ("How many lamps?", "How many boats?", False),
    ],
)
def test_which_questions_are_the_same(one: str, other: str, same: bool) -> None:
    assert (question_key(one) == question_key(other)) is same


def test_the_hash_of_an_answer_is_of_what_is_seen() -> None:
    base = record()
    assert content_hash(base) == content_hash(record(timing_ms={"total": 9.0}, on="2020-01-01", text="other"))
    for changed in (
        record(claim="A boat needs 2 lamps."),
        record(outcome="refused"),
        record(notes=[{"kind": "scope", "message": "m", "id": None}]),
    ):
        assert content_hash(changed) != content_hash(base)


# ------------------------------------------------------------------ sign-offs


def test_a_sign_off_is_shown_to_the_next_who_asks(store: Store, database: Database) -> None:
    lea = somebody(database, "lea", "legal")
    key = store.keep(record(), 0, LOCAL)
    assert store.endorsement("How many lamps?", "en", ON, content_hash(record())) is None
    store.decide(key, LAMPS, "signed", "", lea, ON)
    found = store.endorsement("how many lamps", "en", ON, content_hash(record()))
    assert found and (found.by, found.lapsed, found.answer) == ("lea", None, key)
    assert store.endorsement("How many lamps?", "fr", ON, content_hash(record())) is None
    assert store.queue(ON) == []


def test_a_sign_off_lapses_with_another_answer(store: Store) -> None:
    key = store.keep(record(), 0, LOCAL)
    store.decide(key, LAMPS, "signed", "", LOCAL, ON)
    found = store.endorsement("How many lamps?", "en", ON, content_hash(record(claim="Other words.")))
    assert found and found.lapsed == "answer_changed"


def test_a_sign_off_lapses_when_the_text_changes(store: Store, database: Database, tmp_path: Path) -> None:
    key = store.keep(record(), 0, LOCAL)
    store.decide(key, LAMPS, "signed", "", LOCAL, ON)
    root = write_tiny(tmp_path / "changed")
    law = root / "laws/harbour-law/2024-01-01.md"
    law.write_text(law.read_text().replace("carry 3 lamps", "carry 3 green lamps"))
    write_lock(root)
    later = Store(database, load_corpus(root))
    found = later.endorsement("How many lamps?", "en", ON, content_hash(record()))
    assert found and found.lapsed == "text_changed"
    waiting = later.queue(ON)
    assert [(w.kept.id, w.why) for w in waiting] == [(key, ("lapsed",))]
    later.decide(key, LAMPS, "signed", "read anew", LOCAL, ON)
    assert later.queue(ON) == []


def test_a_sign_off_lapses_when_a_newer_version_comes_into_force(store: Store) -> None:
    before = "harbour-law@2018-01-01/art_1"
    old = record(citations=[{"id": before, "law": "harbour-law"}])
    key = store.keep(old, 0, LOCAL)
    store.decide(key, before, "signed", "", LOCAL, date(2020, 1, 1))
    assert store.queue(date(2023, 12, 31)) == []
    assert [w.why for w in store.queue(date(2024, 1, 1))] == [("lapsed",)]


def test_a_rejection_needs_a_reason_and_is_no_sign_off(store: Store) -> None:
    key = store.keep(record(), 0, LOCAL)
    with pytest.raises(BadInput, match="say why"):
        store.decide(key, LAMPS, "rejected", " ", LOCAL, ON)
    store.decide(key, LAMPS, "rejected", "not the point", LOCAL, ON)
    assert store.endorsement("How many lamps?", "en", ON, None) is None
    store.decide(key, LAMPS, "signed", "it is", LOCAL, ON)
    assert store.endorsement("How many lamps?", "en", ON, content_hash(record())) is not None
    assert [d.decision for d in store.decisions(key)] == ["rejected", "signed"]


def test_only_what_an_answer_cites_is_signed(store: Store) -> None:
    key = store.keep(record(), 0, LOCAL)
    with pytest.raises(BadInput, match="does not cite it"):
        store.decide(key, "harbour-law@2024-01-01/art_1", "signed", "", LOCAL, ON)


# ------------------------------------------------------------------ corrections


def test_a_correction_is_served_and_its_citations_were_checked(store: Store) -> None:
    key = store.keep(record(), 0, LOCAL)
    for wrong in ("Three lamps.", "Article 9 of the Harbour Law says so.", "The Harbour Law says so."):
        with pytest.raises(BadInput):
            store.correct(key, wrong, LOCAL, ON)
    assert store.corrections(key) == []
    saved = store.correct(key, "Three lamps are needed (Harbour Law Art. 2).", LOCAL, ON)
    assert [c[0] for c in saved.citations] == [LAMPS]
    found = store.endorsement("How many lamps?", "en", ON, "whatever the answer is now")
    assert found and found.correction == saved.text


def test_a_correction_lapses_too(store: Store, database: Database, tmp_path: Path) -> None:
    key = store.keep(record(), 0, LOCAL)
    store.correct(key, "Three lamps are needed (Harbour Law Art. 2).", LOCAL, ON)
    root = write_tiny(tmp_path / "changed")
    law = root / "laws/harbour-law/2024-01-01.md"
    law.write_text(law.read_text().replace("carry 3 lamps", "carry 4 lamps"))
    write_lock(root)
    found = Store(database, load_corpus(root)).endorsement("How many lamps?", "en", ON, None)
    assert found and (found.correction, found.lapsed) == (None, "text_changed")


# ------------------------------------------------------------------ the queue


def test_what_waits_and_until_when(store: Store) -> None:
    quiet, sent, bad = (store.keep(record(f"Question {n}?"), 0, LOCAL) for n in range(3))
    withheld = store.keep(record("Question 4?"), 3, LOCAL)
    store.rate(quiet, True, "", LOCAL)
    store.rate(bad, False, "wrong law", LOCAL)
    store.refer(sent, "please look", LOCAL)
    waiting = {w.kept.id: w for w in store.queue(ON)}
    assert {key: w.why for key, w in waiting.items()} == {
        sent: ("referral",),
        bad: ("bad_rating",),
        withheld: ("withheld",),
    }
    assert waiting[sent].said == ("please look",)
    for key in (sent, bad, withheld):
        store.close(key, LOCAL)
    assert store.queue(ON) == []


def test_a_comment_is_bounded_and_kept_as_it_is(store: Store) -> None:
    key = store.keep(record(), 0, LOCAL)
    store.refer(key, "<b>'; DROP TABLE answers; --\0", LOCAL)
    assert store.queue(ON)[0].said == ("<b>'; DROP TABLE answers; --",)
    with pytest.raises(BadInput, match="at most"):
        store.refer(key, "x" * (MAX_COMMENT + 1), LOCAL)


# ------------------------------------------------------------------ deletion


def test_purge_deletes_what_nobody_relies_on(store: Store, database: Database) -> None:
    ann = somebody(database)
    plain, signed = store.keep(record(), 0, ann), store.keep(record("And rafts?"), 0, ann)
    store.rate(plain, False, "bad", ann)
    store.refer(signed, "look", ann)
    store.decide(signed, LAMPS, "signed", "", LOCAL, ON)
    assert store.purge(30, "test") == {"deleted": 0, "anonymised": 0}
    with database.write() as connection:
        connection.execute(text("UPDATE answers SET at = '2020-01-01T00:00:00+00:00'"))
    assert store.purge(30, "test") == {"deleted": 1, "anonymised": 1}
    assert store.answer(signed).asked_by is None
    assert store.history(ann) == []
    with pytest.raises(BadInput):
        store.answer(plain)
    with database.read() as connection:
        held = (
            connection.execute(text("SELECT person FROM referrals UNION ALL SELECT person FROM ratings"))
            .scalars()
            .all()
        )
    assert held == [None]
    assert "How many lamps?" not in str([dict(row) for row in store.trail_entries()])
    assert store.trail().broken_at is None


def test_somebody_deletes_an_own_answer(store: Store, database: Database) -> None:
    ann, bob = somebody(database), somebody(database, "bob")
    key = store.keep(record(), 0, ann)
    with pytest.raises(BadInput):
        store.forget(key, bob)
    store.forget(key, ann)
    assert store.history(ann) == []


def test_usage_counts_and_names_nobody(store: Store, database: Database) -> None:
    ann = somebody(database)
    key = store.keep(record(), 0, ann)
    store.keep(
        record(
            "Weather?", outcome="refused", refusal={"kind": "out_of_scope", "message": "no"}, claims=[], citations=[]
        ),
        0,
        ann,
    )
    store.rate(key, False, "", ann)
    found = store.usage()
    assert found["outcome"] == {"answered": 1, "refused": 1}
    assert found["refusal"] == {"out_of_scope": 1}
    assert found["law"] == {"harbour-law": 1}
    assert found["rating"] == {"not_helpful": 1}
    assert "ann" not in str(found) + str(store.recent())


# ------------------------------------------------------------------ the trail


def test_the_trail_tells_what_was_changed_or_taken_out(store: Store, database: Database) -> None:
    for n in range(5):
        with database.write() as connection:
            append(connection, "ann", "did", str(n), {})
    whole = store.trail()
    assert (whole.entries, whole.broken_at) == (5, None)
    for change in ("UPDATE audit SET actor = 'bob' WHERE n = 3", "DELETE FROM audit WHERE n = 3"):
        with pytest.raises(RecordsError, match="append-only"), database.write() as connection:
            connection.execute(text(change))
    assert store.trail() == whole
    drop = "DROP TRIGGER audit_no_update" if database.kind == "sqlite" else "DROP TRIGGER audit_no_change ON audit"
    with database.write() as connection:
        connection.execute(text(drop))
        connection.execute(text("UPDATE audit SET actor = 'bob' WHERE n = 3"))
    assert (store.trail().entries, store.trail().broken_at) == (2, 3)


def test_what_fails_is_not_in_the_trail(store: Store, database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.write() as connection:
        append(connection, "ann", "did", "x", {})
        raise ZeroDivisionError
    assert store.trail().entries == 0


def test_many_writers_make_one_chain(store: Store) -> None:
    keys = [store.keep(record(f"Question {n}?"), 0, LOCAL) for n in range(4)]

    def rate(key: str) -> None:
        for _ in range(10):
            store.rate(key, True, "", LOCAL)

    threads = [threading.Thread(target=rate, args=[key]) for key in keys]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (store.trail().entries, store.trail().broken_at) == (40, None)


# ------------------------------------------------------------------ accounts


def test_log_in_log_out(database: Database) -> None:
    ann = somebody(database)
    accounts = Accounts(database)
    secret = accounts.log_in("ann", PASSWORD)
    assert accounts.of_session(secret) == ann
    with database.read() as connection:
        dump = str([connection.execute(text(f"SELECT * FROM {t}")).all() for t in ("people", "sessions", "audit")])
    assert secret not in dump and PASSWORD not in dump and "$argon2" in dump
    accounts.log_out(secret)
    assert accounts.of_session(secret) is None
    assert accounts.of_session("") is None


def test_a_session_ends_by_itself(database: Database) -> None:
    somebody(database)
    secret = Accounts(database).log_in("ann", PASSWORD)
    with database.write() as connection:
        connection.execute(text("UPDATE sessions SET expires = '2020-01-01T00:00:00+00:00'"))
    assert Accounts(database).of_session(secret) is None


def test_five_failures_lock_an_account(database: Database) -> None:
    somebody(database)
    accounts = Accounts(database)
    for _ in range(5):
        with pytest.raises(AccessError) as failed:
            accounts.log_in("ann", "wrong password")
    with pytest.raises(AccessError) as locked:
        accounts.log_in("ann", PASSWORD)
    assert str(locked.value) == str(failed.value)  # an attacker learns nothing
    accounts.set_password("ann", PASSWORD + "!", "admin")
    assert accounts.log_in("ann", PASSWORD + "!")


def test_an_unknown_name_is_refused_in_the_same_words(database: Database) -> None:
    somebody(database)
    messages = set()
    for name in ("ann", "nobody", "ann' OR 1=1 --", "x" * 10_000):
        with pytest.raises(AccessError) as failed:
            Accounts(database).log_in(name, "wrong password")
        messages.add(str(failed.value))
    assert len(messages) == 1


def test_switched_off_or_given_another_role(database: Database) -> None:
    somebody(database)
    accounts = Accounts(database)
    secret, token = accounts.log_in("ann", PASSWORD), accounts.add_token("ann", "script", "test")
    assert accounts.of_token(token) is not None
    accounts.change("ann", "test", role="legal")
    assert accounts.of_session(secret) is None
    found = accounts.of_token(token)
    assert found and found.role == "legal"
    accounts.change("ann", "test", active=False)
    assert accounts.of_token(token) is None
    with pytest.raises(AccessError):
        accounts.log_in("ann", PASSWORD)


def test_a_token_is_revoked(database: Database) -> None:
    somebody(database)
    accounts = Accounts(database)
    token = accounts.add_token("ann", "script", "test")
    accounts.revoke_token(accounts.tokens()[0]["id"], "test")
    assert accounts.of_token(token) is None
    with pytest.raises(BadInput, match="no token"):
        accounts.revoke_token(99, "test")


@pytest.mark.parametrize(
    ("name", "role", "password", "said"),
    [
        ("ann b", "legal", PASSWORD, "letters, digits"),
        ("local", "legal", PASSWORD, "not 'local'"),
        ("ann", "boss", PASSWORD, "not one of"),
        ("ann", "legal", "short", "12 to 200"),
        ("ann", "legal", "ann ann ann ann", "without the name"),
        ("ann", "legal", "aaaaaaaaaaaaaaa", "five different"),
    ],
)
def test_what_is_no_account(database: Database, name: str, role: str, password: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        Accounts(database).add(name, role, password, "test")
    assert not Accounts(database).any()


# ------------------------------------------------------------------ the database


def test_the_migrations_make_the_tables_of_the_code(database: Database) -> None:
    with database.read() as connection:
        look = inspect(connection)
        for table in METADATA.sorted_tables:
            held = {c["name"]: c["nullable"] for c in look.get_columns(table.name)}
            assert held == {c.name: bool(c.nullable) for c in table.columns}, table.name
            names = {i["name"] for i in look.get_indexes(table.name)}
            assert {i.name for i in table.indexes} <= names, table.name


def test_opening_again_changes_nothing(settings: Settings, database: Database, tiny: Corpus) -> None:
    key = Store(database, tiny).keep(record(), 0, LOCAL)
    again = Database.open(settings)
    assert Store(again, tiny).answer(key).id == key
    again.close()


def test_a_database_of_a_newer_kb_is_left_alone(settings: Settings, database: Database) -> None:
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(RecordsError, match="newer version"):
        Database.open(settings)


def test_a_locked_or_broken_database_is_said_and_nothing_is_lost(tmp_path: Path, tiny: Corpus) -> None:
    settings = Settings(home=tmp_path)
    opened = Database.open(settings)
    store = Store(opened, tiny)
    key = store.keep(record(), 0, LOCAL)
    opened.close()
    file = tmp_path / "records.db"
    whole = file.read_bytes()
    file.write_bytes(b"this is no database" + whole[19:])
    with pytest.raises(RecordsError, match="not a database"):
        Database.open(settings)
    file.write_bytes(whole)
    assert Store(Database.open(settings), tiny).answer(key).id == key


@pytest.mark.parametrize("url", ["nonsense", "nosuch://x", "postgresql+psycopg://kb@127.0.0.1:9/none"])
def test_a_url_that_leads_nowhere(tmp_path: Path, url: str) -> None:
    with pytest.raises(RecordsError) as error:
        Database.open(Settings(home=tmp_path, database_url=url))
    assert len(str(error.value).splitlines()) == 1


def test_a_password_in_the_url_is_not_shown(tmp_path: Path) -> None:
    with pytest.raises(RecordsError) as error:
        Database.open(Settings(home=tmp_path, database_url="postgresql+psycopg://kb:geheim@127.0.0.1:9/none"))
    assert "geheim" not in str(error.value)


def test_copies_of_the_app_that_start_at_once(server: str, tmp_path: Path) -> None:
    """On an empty database that they share, each with a home of its own: one makes the tables, the others wait."""
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("CREATE DATABASE shared"))
    engine.dispose()
    url = server.rsplit("/", 1)[0] + "/shared"
    opened, failed = [], []

    def start(number: int) -> None:
        try:
            opened.append(Database.open(Settings(home=tmp_path / str(number), database_url=url)))
        except RecordsError as error:
            failed.append(str(error))

    copies = [threading.Thread(target=start, args=(number,)) for number in range(6)]
    for copy in copies:
        copy.start()
    for copy in copies:
        copy.join()
    for database in opened:
        database.close()
    assert (failed, len(opened)) == ([], 6)


def test_purge_of_more_than_a_statement_takes(store: Store, database: Database) -> None:
    """70,000 old answers: PostgreSQL takes 65,535 values in a statement."""
    key = store.keep(record(), 0, LOCAL)
    with database.write() as connection:
        names = [c.name for c in METADATA.tables["answers"].columns if c.name != "id"]
        columns = ", ".join(names)
        connection.execute(
            text(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 70000) "
                f"INSERT INTO answers (id, {columns}) SELECT CAST(n.i AS TEXT), {columns} FROM n, answers WHERE answers.id = :key"
            ),
            {"key": key},
        )
        connection.execute(text("UPDATE answers SET at = '2020-01-01T00:00:00+00:00'"))
    assert store.purge(30, "test") == {"deleted": 70_001, "anonymised": 0}
