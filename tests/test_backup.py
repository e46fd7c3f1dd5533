"""`kb backup`, `kb restore`: there and back, damaged files, names that lead elsewhere, steps that fail; PostgreSQL by its own programs."""

from __future__ import annotations

import json
import random
import sqlite3
import stat
import subprocess
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from records import postgresql, programs
from test_store import PASSWORD, record
from typer.testing import CliRunner

from kb.access import LOCAL, Accounts
from kb.audit import TrailReport, verify
from kb.backup import MANIFEST, RECORDS, back_up, restore
from kb.cli import app
from kb.corpus import Corpus
from kb.database import Database
from kb.errors import BadInput, KBError, RecordsError
from kb.settings import Settings
from kb.store import Store

OWN = {
    "documents/memo.md": "---\nslug: memo\ntitle: {en: A memo, zh: 备忘录, fr: Une note}\nshort: {en: Memo, zh: 备忘录, fr: Note}\n"
    "aliases: {en: [], zh: [], fr: []}\nauthor: Us\npublished: {from: 2020-01-01, to: 2020-01-01}\n---\n\n## 1 Boats\n\nBoats float.\n",
    "documents/memo.notes.yaml": "[]\n",
}


@contextmanager
def records(settings: Settings) -> Iterator[Database]:
    database = Database.open(settings)
    try:
        yield database
    finally:
        database.close()


def trail(settings: Settings) -> TrailReport:
    with records(settings) as database, database.read() as connection:
        return verify(connection)


def kept(settings: Settings, corpus: Corpus) -> list[str]:
    with records(settings) as database:
        return sorted(k.id for k in Store(database, corpus).history(LOCAL))


def files(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.fixture
def filled(tiny_settings: Settings, tiny: Corpus) -> Settings:
    """Records with an account, a session and three answers, and an own corpus."""
    with records(tiny_settings) as database:
        Accounts(database).add("lea", "legal", PASSWORD, "test")
        Accounts(database).log_in("lea", PASSWORD)
        for _ in range(3):
            Store(database, tiny).keep(record(), 0, LOCAL)
    for name, text in OWN.items():
        path = tiny_settings.local / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tiny_settings


@pytest.fixture
def elsewhere(filled: Settings, tmp_path: Path) -> Settings:
    """Another machine: the same shipped corpus, no records."""
    return Settings(home=tmp_path / "other", corpus=filled.corpus, encoder="hash")


def test_there_and_back(filled: Settings, elsewhere: Settings, tiny: Corpus, tmp_path: Path) -> None:
    before, answers = trail(filled), kept(filled, tiny)
    file = tmp_path / "backup.zip"
    manifest = back_up(file, filled)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert set(manifest.files) == {RECORDS, *(f"corpus/{name}" for name in OWN)}
    done = restore(file, elsewhere, "test")
    assert (done.aside, kept(elsewhere, tiny)) == ((), answers)
    assert files(elsewhere.local) == files(filled.local)
    after = trail(elsewhere)
    assert (after.broken_at, after.entries) == (None, before.entries + 1)
    with records(elsewhere) as database, database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM sessions").scalar_one() == 0
        last = connection.exec_driver_sql("SELECT action, detail FROM audit ORDER BY n DESC LIMIT 1").one()
    assert last[0] == "restored" and before.last_hash in last[1]
    assert [p for p in tmp_path.iterdir() if p.name.startswith(".kb-")] == []


def test_a_backup_while_others_write(filled: Settings, elsewhere: Settings, tiny: Corpus, tmp_path: Path) -> None:
    """What was kept before the backup is in it, whatever is written meanwhile, and what is in it is whole."""
    done, written = threading.Event(), []
    with records(filled) as database:
        store = Store(database, tiny)

        def write() -> None:
            while not done.is_set():
                written.append(store.keep(record(), 0, LOCAL))
                store.rate(written[-1], True, "", LOCAL)

        writer = threading.Thread(target=write)
        writer.start()
        while len(written) < 20:
            time.sleep(0.01)
        before = written[:20]
        back_up(tmp_path / "b.zip", filled)
        done.set()
        writer.join()
    restore(tmp_path / "b.zip", elsewhere, "test")
    with records(elsewhere) as database:
        found = Store(database, tiny)
        assert all(found.answer(key).id == key for key in before)
    assert trail(elsewhere).broken_at is None and trail(elsewhere).entries > 20


def test_what_is_there_is_replaced_only_when_asked(filled: Settings, tiny: Corpus, tmp_path: Path) -> None:
    file = tmp_path / "b.zip"
    back_up(file, filled)
    with pytest.raises(BadInput, match="another name"):
        back_up(file, filled)
    with records(filled) as database:
        later = Store(database, tiny).keep(record(), 0, LOCAL)
    (filled.local / "later.txt").write_text("later")
    with pytest.raises(BadInput, match="--replace"):
        restore(file, filled, "test")
    assert later in kept(filled, tiny)
    done = restore(file, filled, "test", replace=True)
    assert later not in kept(filled, tiny) and not (filled.local / "later.txt").exists()
    [aside] = done.aside
    former = Settings(home=aside, corpus=filled.corpus, encoder="hash")
    assert later in kept(former, tiny) and (aside / "corpus" / "later.txt").read_text() == "later"


def test_records_in_use_are_not_replaced(filled: Settings, tiny: Corpus, tmp_path: Path) -> None:
    back_up(tmp_path / "b.zip", filled)
    with records(filled) as database:
        key = Store(database, tiny).keep(record(), 0, LOCAL)
        with pytest.raises(RecordsError, match="stop the app"):
            restore(tmp_path / "b.zip", filled, "test", replace=True)
        assert Store(database, tiny).answer(key).id == key


def test_a_damaged_database_can_be_replaced(filled: Settings, tiny: Corpus, tmp_path: Path) -> None:
    answers = kept(filled, tiny)
    back_up(tmp_path / "b.zip", filled)
    (filled.home / RECORDS).write_bytes(b"no database at all" * 100)
    restore(tmp_path / "b.zip", filled, "test", replace=True)
    assert kept(filled, tiny) == answers


# ------------------------------------------------------------------ damaged and forged


def test_no_damage_goes_unseen(filled: Settings, elsewhere: Settings, tmp_path: Path) -> None:
    """Cut anywhere, or with one bit flipped: refused with nothing changed, or, where the zip does not use the bit, restored whole."""
    file = tmp_path / "b.zip"
    back_up(file, filled)
    whole, draw, refused = file.read_bytes(), random.Random(7), 0
    with zipfile.ZipFile(file) as archive:
        sums = {info.filename: info.CRC for info in archive.infolist()}
    for number in range(60):
        changed = bytearray(whole)
        if number % 3 == 0:
            changed = changed[: draw.randrange(len(whole))]
        else:
            changed[draw.randrange(len(whole))] ^= 1 << draw.randrange(8)
        bad = tmp_path / "bad.zip"
        bad.write_bytes(changed)
        try:
            restore(bad, elsewhere, "test", replace=True)
        except KBError as error:
            refused += 1
            assert "\n" not in str(error)
            assert not (elsewhere.home / RECORDS).exists() and not elsewhere.local.exists()
        else:
            with zipfile.ZipFile(bad) as archive:
                assert {info.filename: info.CRC for info in archive.infolist()} == sums
            assert files(elsewhere.local) == files(filled.local) and trail(elsewhere).broken_at is None
            for path in (elsewhere.home / RECORDS, *(elsewhere.local / name for name in OWN)):
                path.unlink()
            for folder in (elsewhere.local / "documents", elsewhere.local):
                folder.rmdir()
    assert refused >= 50


def forged(file: Path, change: Callable[[dict[str, bytes], dict[str, Any]], None]) -> Path:
    """A copy of a backup whose content was changed, with a manifest that fits."""
    import hashlib

    with zipfile.ZipFile(file) as archive:
        held = {name: archive.read(name) for name in archive.namelist() if name != MANIFEST}
        manifest = json.loads(archive.read(MANIFEST))
    manifest["files"] = {}
    change(held, manifest)
    manifest["files"] |= {
        name: {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)} for name, content in held.items()
    }
    made = file.with_name("forged.zip")
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in held.items():
            archive.writestr(name, content)
        archive.writestr(MANIFEST, json.dumps(manifest))
    return made


@pytest.mark.parametrize(
    "name",
    [
        "../evil",
        "corpus/../../evil",
        "/tmp/evil",
        "corpus//tmp/evil",
        "corpus/./evil",
        "corpus/a\\..\\..\\evil",
        "C:/evil",
        "corpus/C:evil",
        "evil",
        "corpus",
        "corpus/",
        "corpus/\x01",
    ],
)
def test_no_name_leads_out_of_the_corpus(filled: Settings, elsewhere: Settings, tmp_path: Path, name: str) -> None:
    back_up(tmp_path / "b.zip", filled)
    made = forged(tmp_path / "b.zip", lambda held, _: held.update({name: b"evil"}))
    before = files(tmp_path)
    with pytest.raises(BadInput, match="nothing was restored"):
        restore(made, elsewhere, "test")
    assert files(tmp_path) == before and not Path("/tmp/evil").exists()


def test_links_in_a_backup_are_refused(filled: Settings, elsewhere: Settings, tmp_path: Path) -> None:
    back_up(tmp_path / "b.zip", filled)
    made = forged(tmp_path / "b.zip", lambda held, _: held.update({"corpus/link": b"/etc/passwd"}))
    with zipfile.ZipFile(made) as archive:
        held = {info.filename: archive.read(info) for info in archive.infolist()}
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in held.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = ((stat.S_IFLNK if name == "corpus/link" else stat.S_IFREG) | 0o777) << 16
            archive.writestr(info, content)
    with pytest.raises(BadInput, match="corpus/link"):
        restore(made, elsewhere, "test")
    (filled.local / "link").symlink_to("/etc/passwd")
    with pytest.raises(BadInput, match="link"):
        back_up(tmp_path / "c.zip", filled)
    assert not (tmp_path / "c.zip").exists()


def _edit(sql: str) -> Callable[[dict[str, bytes], dict[str, Any]], None]:
    """A change of the records within the backup by SQL."""

    def change(held: dict[str, bytes], _: dict[str, Any]) -> None:
        import tempfile

        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "r.db"
            path.write_bytes(held[RECORDS])
            connection = sqlite3.connect(path)
            connection.executescript(sql)
            connection.close()
            held[RECORDS] = path.read_bytes()

    return change


_OPEN = "DROP TRIGGER audit_no_update; DROP TRIGGER audit_no_delete;"
_SHUT = (
    "CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, ''); END;"
    "CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, ''); END;"
)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_edit(f"{_OPEN} UPDATE audit SET actor = 'x' WHERE n = 1; {_SHUT}"), "audit trail"),
        (
            _edit(f"{_OPEN} DELETE FROM audit WHERE n = 2; {_SHUT}"),
            "audit trail",
        ),  # the last: the chain before it is whole
        (_edit(_OPEN), "was changed"),
        (_edit("CREATE TRIGGER x AFTER INSERT ON answers BEGIN DELETE FROM people; END"), "was changed"),
        (_edit("UPDATE alembic_version SET version_num = '9999'"), "newer version"),
        (lambda held, _: held.update({RECORDS: b"x" * 5000}), "not a database"),
        (lambda held, _: held.pop(RECORDS), "other files"),
        (lambda _, manifest: manifest.update({"format": 2}), "newer version"),
        (lambda _, manifest: manifest.update({"corpus": False}), "no name of a file"),
        (lambda _, manifest: manifest["files"].update({"corpus/gone": {"sha256": "0" * 64, "size": 1}}), "other files"),
        (lambda held, _: held.update({"corpus/documents/memo.md": b"no document"}), "does not load"),
    ],
)
def test_what_is_not_whole_is_not_restored(
    filled: Settings, elsewhere: Settings, tmp_path: Path, change: Any, said: str
) -> None:
    back_up(tmp_path / "b.zip", filled)
    with pytest.raises(KBError, match=said):
        restore(forged(tmp_path / "b.zip", change), elsewhere, "test")
    assert not (elsewhere.home / RECORDS).exists() and not elsewhere.local.exists()


def test_no_backup_of_a_broken_trail(filled: Settings, tmp_path: Path) -> None:
    with sqlite3.connect(filled.home / RECORDS) as connection:
        connection.executescript(f"{_OPEN} UPDATE audit SET actor = 'x' WHERE n = 1; {_SHUT}")
    connection.close()
    with pytest.raises(RecordsError, match="entry 1 was changed"):
        back_up(tmp_path / "b.zip", filled)
    assert not (tmp_path / "b.zip").exists()


@pytest.mark.parametrize("step", range(4))
def test_a_step_that_fails_changes_nothing(
    filled: Settings, tiny: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """The four moves of a restore: each in turn fails, and everything is as before."""
    back_up(tmp_path / "b.zip", filled)
    with records(filled) as database:
        later = Store(database, tiny).keep(record(), 0, LOCAL)
    before, own, rename, moved = kept(filled, tiny), files(filled.local), Path.rename, []

    def failing(self: Path, target: Path) -> Path:
        moved.append(self)
        if len(moved) == step + 1:
            raise OSError(28, "No space left on device", str(self))
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(BadInput, match="No space left"):
        restore(tmp_path / "b.zip", filled, "test", replace=True)
    monkeypatch.undo()
    assert len(moved) > step and later in before
    assert (kept(filled, tiny), files(filled.local)) == (before, own)
    assert not [p for p in filled.home.iterdir() if p.name.startswith((".kb-", "replaced-"))]
    restore(tmp_path / "b.zip", filled, "test", replace=True)
    assert later not in kept(filled, tiny)


# ------------------------------------------------------------------ the commands, and PostgreSQL


def test_the_commands(filled: Settings, elsewhere: Settings, tiny: Corpus, tmp_path: Path) -> None:
    def run(settings: Settings, *words: str) -> Any:
        environment = {"KB_HOME": str(settings.home), "KB_CORPUS": str(settings.corpus), "KB_DATABASE_URL": ""}
        return CliRunner().invoke(app, list(words), env=environment)

    file = str(tmp_path / "b.zip")
    made = run(filled, "backup", file)
    assert made.exit_code == 0 and trail(filled).last_hash in made.stdout
    assert isinstance(run(filled, "backup", file).exception, BadInput)
    back = run(elsewhere, "restore", file)
    assert back.exit_code == 0 and "kb users tokens" in back.stderr
    assert isinstance(run(elsewhere, "restore", file).exception, BadInput)
    again = run(elsewhere, "restore", file, "--replace")
    assert again.exit_code == 0 and "before is in" in again.stderr
    assert kept(elsewhere, tiny) == kept(filled, tiny)


def test_postgresql_is_saved_by_its_own_programs(tiny: Corpus, tmp_path: Path) -> None:
    """What the refusal tells to do, done: two databases of a real server."""
    with postgresql() as url:
        settings = Settings(home=tmp_path, corpus=tiny.root, database_url=url.replace("kb@", "kb:geheim@"))
        with records(settings) as database:
            Accounts(database).add("lea", "legal", PASSWORD, "test")
            Store(database, tiny).keep(record(), 0, LOCAL)
        for refused in (back_up, lambda file, of: restore(file, of, "test")):
            with pytest.raises(BadInput, match="pg_dump --format=custom") as said:
                refused(tmp_path / "b.zip", settings)
        assert "geheim" not in str(said.value)
        folder, plain = programs(), url.replace("+psycopg", "")
        assert folder
        dump = str(tmp_path / "records.dump")
        other = plain.replace("/postgres", "/other")
        commands = [
            ["psql", f"--dbname={plain}", "--command=CREATE DATABASE other"],
            ["pg_dump", "--format=custom", f"--file={dump}", f"--dbname={plain}"],
            *[["pg_restore", "--clean", "--if-exists", "--single-transaction", f"--dbname={other}", dump]] * 2,
        ]  # restored into an empty database, and over what is there
        for program, *words in commands:
            subprocess.run([folder / program, *words], check=True, capture_output=True)
        there = settings.model_copy(update={"database_url": url.replace("/postgres", "/other")})
        assert trail(there) == trail(settings) and kept(there, tiny) == kept(settings, tiny)
