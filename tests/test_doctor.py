"""`kb doctor`: each fault is named, what can be made again is mended, and what cannot is left as it is with a word on what to do."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from conftest import HashEncoder
from filelock import FileLock
from installation import cut, finding, findings, flip, install, no_encoder, one, texts_and_records

from kb.corpus_cache import open_corpus
from kb.encoder import bundled_folder, model_folder, unpacking
from kb.errors import EncoderError
from kb.index_build import ensure_index
from kb.settings import Settings

EVERY = [
    "settings",
    "home",
    "leftovers",
    "corpus",
    "own corpus",
    "copies of the corpus",
    "shipped vectors",
    "own vectors",
    "map of the encoder",
    "adapter of the gate",
    "model",
    "other models",
    "index",
    "Chroma server",
    "chat model",
    "records",
]


@pytest.fixture
def installed(tiny_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    return install(tiny_settings, monkeypatch)


def test_a_whole_installation_is_well(installed: Settings) -> None:
    found = findings(installed)
    assert list(found) == EVERY
    assert [f for f in found.values() if f.state != "well"] == []


def test_an_empty_home_is_well(tiny_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kb.doctor.load_encoder", lambda _: HashEncoder())
    found = findings(tiny_settings)
    assert [f for f in found.values() if f.state != "well"] == [] and "none" in found["index"].detail


def test_looking_changes_nothing(installed: Settings) -> None:
    """Nothing is made, removed or written, whether all is well or not."""
    for damage in (lambda _: None, leave_by_unpacking, lambda s: cut(one(s, "index/*/columns.json")), newer_form):
        damage(installed)
        held = {p: p.read_bytes() for p in installed.home.rglob("*") if p.is_file() and "chroma" not in p.parts}
        findings(installed)
        now = {p: p.read_bytes() for p in installed.home.rglob("*") if p.is_file() and "chroma" not in p.parts}
        locks = {p for p in now if p.name.endswith((".lock", "-shm", "-wal"))}
        assert {p: now[p] for p in now.keys() - locks} == {p: held[p] for p in held.keys() - locks}


def test_an_empty_home_is_left_empty(tiny_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kb.doctor.load_encoder", lambda _: HashEncoder())
    findings(tiny_settings, mend=True)
    assert not tiny_settings.home.exists()


def change_manifest(settings: Settings, **more: Any) -> None:
    path = one(settings, "index/*/manifest.json")
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | more), "utf-8")


def empty_collection(settings: Settings) -> None:
    with closing(sqlite3.connect(one(settings, "index/*/chroma/chroma.sqlite3"))) as connection:
        connection.execute("DELETE FROM embeddings_queue")
        connection.execute("DELETE FROM embeddings")
        connection.commit()


def model(settings: Settings, name: str) -> Path:
    return one(settings, f"models/*/{name}")


def leave_reading(settings: Settings) -> None:
    path = settings.home / "corpus-read" / "y.bin.1.tmp"
    path.write_text("")
    os.utime(path, (0, 0))


def leave_by_unpacking(settings: Settings) -> None:
    folder = model_folder(settings)
    (folder.with_name(f"{folder.name}.abc") / "unpacked").mkdir(parents=True)
    (folder / "questions.onnx.def").write_text("")


MENDED: list[tuple[str, str, Callable[[Settings], object]]] = [
    ("index", "vectors.npy", lambda s: flip(one(s, "index/*/vectors.npy"))),
    ("index", "columns.json", lambda s: cut(one(s, "index/*/columns.json"))),
    ("index", "columns.npz", lambda s: one(s, "index/*/columns.npz").unlink()),
    (
        "index",
        "file is not a database",
        lambda s: one(s, "index/*/chroma/chroma.sqlite3").write_bytes(b"no database" * 99),
    ),
    ("index", "Chroma", lambda s: one(s, "index/*/chroma/chroma.sqlite3").write_bytes(b"")),
    ("index", "expected", empty_collection),
    ("index", "incomplete", lambda s: change_manifest(s, units=3)),
    ("index", "list", lambda s: change_manifest(s, sha256=[])),
    ("model", "model.safetensors not as unpacked", lambda s: flip(model(s, "model.safetensors"))),
    ("model", "config.json not as unpacked", lambda s: cut(model(s, "config.json"))),
    ("model", "modules.json not as unpacked", lambda s: model(s, "modules.json").unlink()),
    ("model", "whole", lambda s: model(s, "whole.json").unlink()),
    ("model", "whole", lambda s: model(s, "whole.json").write_text("[]")),
    ("model", "all files", lambda s: model(s, "whole.json").write_text("{}")),
    ("leftovers", "2 left", leave_by_unpacking),
    ("leftovers", "npz.7.tmp", lambda s: (s.home / "vectors" / "x.npz.7.tmp").write_text("")),
    ("copies of the corpus", "damaged", lambda s: flip(one(s, "corpus-read/*.bin"))),
    ("own vectors", "damaged", lambda s: cut(one(s, "vectors/*.npz"))),
    ("leftovers", "building-x", lambda s: (s.home / "index" / "building-x").mkdir()),
    ("leftovers", "y.bin.1.tmp", leave_reading),
]


@pytest.mark.parametrize(("name", "said", "damage"), MENDED, ids=[f"{n}: {s}" for n, s, _ in MENDED])
def test_what_can_be_made_again_is_mended(
    installed: Settings, name: str, said: str, damage: Callable[[Settings], object]
) -> None:
    kept = texts_and_records(installed)
    damage(installed)
    seen = finding(installed, name)
    assert (seen.state, said in seen.detail) == ("wrong", True) and "--mend" in seen.remedy
    assert finding(installed, name, mend=True).state == "mended"
    assert [f for f in findings(installed).values() if f.state != "well"] == []
    assert texts_and_records(installed) == kept
    assert (
        bundled_folder(installed).exists()
        and ensure_index(open_corpus(installed), installed, no_encoder)[1].embedded == 0
    )


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


def newer_form(settings: Settings) -> None:
    with closing(sqlite3.connect(settings.home / "records.db")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()


def a_file_in_its_place(settings: Settings) -> None:
    shutil.rmtree(settings.local)
    settings.local.write_text("")


LEFT: list[tuple[str, str, Callable[[Settings], object]]] = [
    ("corpus", "glossary.yaml", lambda s: flip(s.corpus / "glossary.yaml")),
    ("corpus", "harbour-law", lambda s: (s.corpus / "laws/harbour-law/2024-01-01.md").unlink()),
    ("own corpus", "memo.md", lambda s: cut(s.local / "documents/memo.md")),
    ("own corpus", "no folder", a_file_in_its_place),
    ("shipped vectors", "install kb again", lambda s: cut(next((s.corpus / "vectors").glob("*.npz")))),
    ("records", "malformed", corrupt_database),
    ("records", "not a database", lambda s: (s.home / "records.db").write_bytes(b"no database" * 999)),
    ("records", "no records and no tables", lambda s: (s.home / "records.db").write_bytes(b"")),
    ("records", "newer version", newer_form),
    ("records", "entry 1 was changed", break_trail),
]


@pytest.mark.parametrize(("name", "said", "damage"), LEFT, ids=[f"{n}: {s}" for n, s, _ in LEFT])
def test_texts_and_records_are_never_mended(
    installed: Settings, name: str, said: str, damage: Callable[[Settings], object]
) -> None:
    damage(installed)
    held = texts_and_records(installed)
    seen = finding(installed, name, mend=True)
    assert seen.state == "wrong" and said in f"{seen.detail} {seen.remedy}" and "--mend" not in seen.remedy
    assert any(word in seen.remedy for word in ("restore", "install", "move it away"))
    assert texts_and_records(installed) == held


def test_a_running_build_is_not_disturbed(installed: Settings) -> None:
    (installed.home / "index" / "building-x").mkdir()
    with FileLock(installed.home / "index" / "build.lock"):
        assert "a build is running" in finding(installed, "leftovers", mend=True).detail
    assert (installed.home / "index" / "building-x").exists()
    (installed.home / "corpus-read" / "now.bin.1.tmp").write_text("")
    assert finding(installed, "leftovers", mend=True).state == "mended"
    assert (installed.home / "corpus-read" / "now.bin.1.tmp").exists(), "another process may be writing it"


def test_a_running_unpacking_is_not_disturbed(installed: Settings) -> None:
    leave_by_unpacking(installed)
    with unpacking(installed):
        assert "the model is being unpacked" in finding(installed, "leftovers", mend=True).detail
    assert len(list(installed.home.glob("models/*.abc"))) == 1


def test_a_model_that_cannot_be_unpacked_again_stays(installed: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that nobody noted may be whole: it is not given up for one that cannot be made."""
    model(installed, "whole.json").unlink()
    held = {p: p.read_bytes() for p in model_folder(installed).rglob("*") if p.is_file()}

    def full(folder: Path, _: Path) -> None:
        (folder / "half").write_text("")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("kb.encoder._unpack_into", full)
    found = finding(installed, "model", mend=True)
    assert found.state == "wrong" and "No space left" in found.remedy
    assert {p: p.read_bytes() for p in installed.home.glob("models/*/**/*") if p.is_file()} == held

    def missing() -> None:
        raise EncoderError("the model package is not installed")

    monkeypatch.setattr("kb.e5_weights.weights_path", missing)
    assert "not installed" in finding(installed, "model", mend=True).remedy and held.keys() == {
        *filter(Path.exists, held)
    }


@pytest.mark.parametrize("place", ["kb.encoder.MAP", "kb.support.ADAPTER"])
def test_a_shipped_file_of_the_models_is_damaged(
    installed: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, place: str
) -> None:
    module, name = place.rsplit(".", 1)
    copy = tmp_path / "copy.npz"
    shutil.copy(getattr(sys.modules[module], name), copy)
    cut(copy)
    monkeypatch.setattr(place, copy)
    wrong = [f for f in findings(installed, mend=True).values() if f.state != "well"]
    assert [f.name for f in wrong] == ["map of the encoder" if "MAP" in place else "adapter of the gate"]
    assert "install kb again" in wrong[0].detail
