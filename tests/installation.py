"""An installation in use, for the tests of `kb doctor`: small, with everything that is examined; ways to look at it and to damage it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from conftest import HashEncoder

from kb.access import LOCAL
from kb.audit import append
from kb.corpus_cache import open_corpus
from kb.database import Database
from kb.doctor import examinations, examine
from kb.encoder import unpack
from kb.examination import Finding, examined
from kb.index_build import ensure_index, ship_vectors
from kb.settings import Settings
from kb.store import Store


def write_small_model(folder: Path, _: Path) -> None:
    (folder / "1_Pooling").mkdir()
    for name in ("config.json", "modules.json", "model.safetensors", "1_Pooling/config.json"):
        (folder / name).write_text(name * 99)


def install(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An installation in use: own corpus, a model (small files in place of the real ones), index, copy of the corpus, vectors, records."""
    monkeypatch.setattr("kb.doctor.load_encoder", lambda _: HashEncoder())
    monkeypatch.setattr("kb.encoder._unpack_into", write_small_model)
    for name in [name for name in os.environ if name.upper().startswith("KB_")]:
        monkeypatch.delenv(name)
    encoder: Any = HashEncoder
    letter = (settings.corpus / "documents/letter.md").read_text("utf-8")
    own = settings.local / "documents" / "memo.md"
    own.parent.mkdir(parents=True)
    own.write_text(letter.replace("letter", "memo").replace("信", "函").replace("ettre", "ote"), "utf-8")
    own.with_name("memo.notes.yaml").write_text("[]\n", "utf-8")
    unpack(settings)
    corpus = open_corpus(settings)
    ensure_index(corpus, settings, encoder)
    ship_vectors(corpus, settings)
    database = Database.open(settings)
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
    return settings


def findings(settings: Settings, mend: bool = False) -> dict[str, Finding]:
    return {found.name: found for found in examine(settings, mend)}


def finding(settings: Settings, name: str, mend: bool = False) -> Finding:
    """One finding; of the others only those that it needs."""
    looks = examinations(settings)
    for needed in ("corpus", "own corpus"):
        examined(needed, looks[needed], mend=False)
    return examined(name, looks[name], mend)


def no_encoder() -> Any:
    raise AssertionError("nothing is embedded again: its vectors were not lost")


def texts_and_records(settings: Settings) -> dict[Path, bytes]:
    files = [*settings.corpus.rglob("*.*"), *settings.local.rglob("*.*"), settings.home / "records.db"]
    return {path: path.read_bytes() for path in files if path.is_file()}


def one(settings: Settings, pattern: str) -> Path:
    return next(path for path in sorted(settings.home.glob(pattern)) if path.is_file())


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0x10
    path.write_bytes(data)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
