"""The corpus opened from its copy is the corpus; a copy of another state, a damaged one or one that brings code is not read."""

from __future__ import annotations

import hashlib
import os
import pickle
from pathlib import Path
from typing import Any

import pytest

from kb.corpus_cache import COPIES, KEPT, open_corpus, read_copy
from kb.corpus_load import load_corpus, write_lock
from kb.errors import CorpusError
from kb.settings import Settings

GUIDE = "laws/harbour-law/2024-01-01.guide.yaml"


def copies(settings: Settings) -> list[Path]:
    return sorted((settings.home / COPIES).glob("*.bin"))


def test_the_copy_is_the_corpus(tiny_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    first = open_corpus(tiny_settings)
    monkeypatch.setattr("kb.corpus_cache.load_corpus", lambda *_, **__: pytest.fail("read from its files"))
    again = open_corpus(tiny_settings)
    assert again == first and again.state == first.state and len(first.state) == 20
    monkeypatch.undo()
    read = load_corpus(tiny_settings.corpus, local=tiny_settings.local)
    assert (read.laws, read.articles_by_version, read.successors) == (
        again.laws,
        again.articles_by_version,
        again.successors,
    )


def test_a_change_makes_another_state(tiny_settings: Settings) -> None:
    states = [open_corpus(tiny_settings).state]
    for number in range(KEPT + 1):
        path = tiny_settings.corpus / GUIDE
        path.write_text(path.read_text("utf-8") + f"# {number}\n", "utf-8")
        with pytest.raises(CorpusError, match="does not match"):
            open_corpus(tiny_settings)
        write_lock(tiny_settings.corpus)
        states.append(open_corpus(tiny_settings).state)
    assert len(set(states)) == KEPT + 2 and len(copies(tiny_settings)) == KEPT


def test_the_users_own_texts_are_part_of_the_state(tiny_settings: Settings) -> None:
    before = open_corpus(tiny_settings).state
    folder = tiny_settings.local / "documents"
    folder.mkdir(parents=True)
    (folder / "readme.txt").write_text("mine")
    assert open_corpus(tiny_settings).state != before


@pytest.mark.parametrize("how", ["flipped", "cut", "emptied"])
def test_a_damaged_copy_is_made_again(tiny_settings: Settings, how: str) -> None:
    first = open_corpus(tiny_settings)
    (path,) = copies(tiny_settings)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes({"flipped": bytes(data), "cut": bytes(data[:500]), "emptied": b""}[how])
    assert read_copy(path) is None
    assert open_corpus(tiny_settings) == first
    assert read_copy(path) == first


class Evil:
    def __reduce__(self) -> Any:
        return os.mkdir, ("owned",)


@pytest.mark.parametrize("evil", [Evil(), os.system, Path.unlink])
def test_a_copy_that_brings_code_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, evil: object) -> None:
    monkeypatch.chdir(tmp_path)
    content = pickle.dumps(evil)
    path = tmp_path / "x.bin"
    path.write_bytes(hashlib.sha256(content).digest() + content)
    assert read_copy(path) is None and not (tmp_path / "owned").exists()


def test_a_home_that_cannot_be_written_is_no_obstacle(tiny_settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    settings = tiny_settings.model_copy(update={"home": tmp_path / "file" / "x"})
    assert open_corpus(settings).laws
