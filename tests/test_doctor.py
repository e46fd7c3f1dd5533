"""`kb doctor`: each fault is named, what can be made again is mended, and what cannot is left as it is with a word on what to do."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import HashEncoder
from filelock import FileLock
from typer.testing import CliRunner

from kb.access import LOCAL
from kb.audit import append
from kb.cli import app
from kb.corpus_cache import open_corpus
from kb.database import Database
from kb.doctor import Finding, examine
from kb.encoder import WHOLE
from kb.index_build import ensure_index
from kb.settings import Settings
from kb.store import Store

EVERY = {"settings", "home", "leftovers", "corpus", "copies of the corpus", "shipped vectors", "own vectors"} | {
    "map of the encoder",
    "adapter of the gate",
    "model",
    "index",
    "Chroma server",
    "records",
}


@pytest.fixture
def installed(tiny_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An installation in use: index, copy of the corpus, own vectors, records."""
    monkeypatch.setattr("kb.doctor.load_encoder", lambda _: HashEncoder())
    encoder: Any = HashEncoder
    corpus = open_corpus(tiny_settings)
    ensure_index(corpus, tiny_settings, encoder)
    database = Database.open(tiny_settings)
    record = {
        "question": "q",
        "language": "en",
        "on": "2026-01-01",
        "outcome": "refused",
        "citations": [],
        "claims": [],
        "notes": [],
    }
    Store(database, corpus).keep(record | {"refusal": {"kind": "too_vague", "message": "m"}, "text": "t"}, 0, LOCAL)
    with database.write() as connection:
        append(connection, "cli:somebody", "users.add", "somebody", {})
    database.close()
    return tiny_settings


def findings(settings: Settings, mend: bool = False) -> dict[str, Finding]:
    return {found.name: found for found in examine(settings, mend)}


def test_a_whole_installation_is_well(installed: Settings) -> None:
    found = findings(installed)
    assert set(found) == EVERY
    assert [f for f in found.values() if f.state != "well"] == []


def test_an_empty_home_is_well(tiny_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kb.doctor.load_encoder", lambda _: HashEncoder())
    found = findings(tiny_settings)
    assert [f for f in found.values() if f.state != "well"] == [] and "none" in found["index"].detail


def one(settings: Settings, pattern: str) -> Path:
    return next(path for path in sorted(settings.home.glob(pattern)) if path.is_file())


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0x10
    path.write_bytes(data)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def leave_reading(settings: Settings) -> None:
    path = settings.home / "corpus-read" / "reading-y"
    path.write_text("")
    os.utime(path, (0, 0))


MENDED: list[tuple[str, str, Callable[[Settings], object]]] = [
    ("index", "vectors.npy", lambda s: flip(one(s, "index/*/vectors.npy"))),
    ("index", "columns.json", lambda s: cut(one(s, "index/*/columns.json"))),
    ("index", "words.json", lambda s: one(s, "index/*/words.json").unlink()),
    ("index", "Chroma cannot read", lambda s: one(s, "index/*/chroma/chroma.sqlite3").write_bytes(b"no database" * 99)),
    ("copies of the corpus", "damaged", lambda s: flip(one(s, "corpus-read/*.bin"))),
    ("own vectors", "damaged", lambda s: cut(one(s, "vectors/*.npz"))),
    ("leftovers", "building-x", lambda s: (s.home / "index" / "building-x").mkdir()),
    (
        "leftovers",
        "reading-y",
        leave_reading,
    ),
]


@pytest.mark.parametrize(("name", "said", "damage"), MENDED, ids=[f"{n}: {s}" for n, s, _ in MENDED])
def test_what_can_be_made_again_is_mended(
    installed: Settings, name: str, said: str, damage: Callable[[Settings], object]
) -> None:
    records = (installed.home / "records.db").read_bytes()
    damage(installed)
    seen = findings(installed)[name]
    assert (seen.state, said in seen.detail) == ("wrong", True) and "--mend" in seen.remedy
    assert findings(installed, mend=True)[name].state == "mended"
    assert [f for f in findings(installed).values() if f.state != "well"] == []
    assert (installed.home / "records.db").read_bytes() == records


def empty_database(settings: Settings) -> None:
    for path in settings.home.glob("records.db*"):
        path.unlink()
    (settings.home / "records.db").write_bytes(b"")


def corrupt_database(settings: Settings) -> None:
    path = settings.home / "records.db"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    path.write_bytes(data)


def break_trail(settings: Settings) -> None:
    with sqlite3.connect(settings.home / "records.db") as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("UPDATE audit SET actor = 'somebody else' WHERE n = 1")
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


LEFT: list[tuple[str, str, Callable[[Settings], object]]] = [
    ("corpus", "glossary.yaml", lambda s: flip(s.corpus / "glossary.yaml")),
    ("corpus", "harbour-law", lambda s: (s.corpus / "laws/harbour-law/2024-01-01.md").unlink()),
    ("records", "holds no records", empty_database),
    ("records", "restore", corrupt_database),
    ("records", "broken at entry 1", break_trail),
]


@pytest.mark.parametrize(("name", "said", "damage"), LEFT, ids=[f"{n}: {s}" for n, s, _ in LEFT])
def test_texts_and_records_are_never_mended(
    installed: Settings, name: str, said: str, damage: Callable[[Settings], object]
) -> None:
    damage(installed)
    held = {p: p.read_bytes() for p in (*installed.corpus.rglob("*.*"), installed.home / "records.db") if p.is_file()}
    seen = findings(installed, mend=True)[name]
    assert seen.state == "wrong" and said in f"{seen.detail} {seen.remedy}" and "restore" in seen.remedy
    assert {p: p.read_bytes() for p in held} == held


def test_a_running_build_is_not_disturbed(installed: Settings) -> None:
    (installed.home / "index" / "building-x").mkdir()
    (installed.home / "corpus-read" / "reading-now").write_text("")
    with FileLock(installed.home / "index" / "build.lock"):
        assert "a build is running" in findings(installed, mend=True)["leftovers"].detail
    assert (installed.home / "index" / "building-x").exists()
    assert findings(installed, mend=True)["leftovers"].state == "mended"
    assert (installed.home / "corpus-read" / "reading-now").exists(), "another process may be writing it"


def test_a_setting_of_no_such_name_is_pointed_out(installed: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KB_DATABSE_URL", "x")
    assert "is KB_DATABASE_URL meant?" in findings(installed)["settings"].detail


def test_a_home_that_cannot_be_written(tiny_settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    found = findings(tiny_settings.model_copy(update={"home": tmp_path / "file" / "x"}))["home"]
    assert found.state == "wrong" and "KB_HOME" in found.remedy


def test_a_server_that_is_not_there(installed: Settings) -> None:
    found = findings(installed.model_copy(update={"chroma_url": "http://name:secret@127.0.0.1:9"}))["Chroma server"]
    assert found.state == "wrong" and "secret" not in found.detail + found.remedy


def test_the_command(installed: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("HOME", installed.home), ("CORPUS", installed.corpus), ("ENCODER", "hash")):
        monkeypatch.setenv(f"KB_{name}", str(value))
    run = CliRunner()
    assert run.invoke(app, ["doctor"]).exit_code == 0
    cut(one(installed, "index/*/columns.json"))
    said = run.invoke(app, ["doctor", "--json"])
    record = json.loads(said.stdout)
    assert said.exit_code == 1 and record["well"] is False
    assert {f["name"] for f in record["findings"] if f["state"] == "wrong"} == {"index"}
    mended = run.invoke(app, ["doctor", "--mend"])
    assert mended.exit_code == 0 and "mended" in mended.stdout
    assert run.invoke(app, ["doctor"]).exit_code == 0 and run.invoke(app, ["doctor", "--no"]).exit_code == 2


@pytest.mark.model
def test_the_model_is_compared_file_by_file(settings: Settings, tmp_path: Path) -> None:
    from kb.encoder import bundled_folder

    held = bundled_folder(settings)
    folder = tmp_path / "models" / held.name
    folder.mkdir(parents=True)
    for path in held.iterdir():
        (folder / path.name).symlink_to(path)
    copied = settings.model_copy(update={"home": tmp_path, "local": tmp_path / "none"})
    assert findings(copied)["model"].state == "well"
    config = (folder / "config.json").read_text("utf-8")
    (folder / "config.json").unlink()
    (folder / "config.json").write_text(config + " ", "utf-8")
    seen = findings(copied)["model"]
    assert seen.state == "wrong" and "config.json" in seen.detail and folder.exists()
    assert findings(copied, mend=True)["model"].state == "mended" and not folder.exists()
    assert (held / WHOLE).exists()
