"""What breaks: a build killed at any moment, files cut or changed, two builds at once, a folder that cannot be written.

Whatever happens, the next start gives right results or one line that says what to do: never a mixed index.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from children import begin, ended, worker
from conftest import HashEncoder

from kb.corpus_load import load_corpus
from kb.errors import CorpusError, IndexError_, KBError
from kb.index import GRAPH, Index, check_files, digests
from kb.index_build import ensure_index
from kb.nearest import in_folder, write_folder
from kb.settings import Settings

KILLS = 60
ENCODER: Any = HashEncoder
BUILDER = """
import os, sys
sys.path.insert(0, {tests!r})
from pathlib import Path
from conftest import HashEncoder
from kb.corpus_load import load_corpus
from kb.index_build import ensure_index
from kb.settings import Settings
import bm25s, chromadb, chromadb.config
settings = Settings(home=Path({home!r}), corpus=Path({corpus!r}), encoder="hash")
corpus = load_corpus(settings.corpus)

def work():
    ensure_index(corpus, settings, HashEncoder, rebuild=True)
"""


def opened(settings: Settings) -> Index:
    return ensure_index(load_corpus(settings.corpus), settings, ENCODER)[0]


def found(index: Index) -> list[tuple[str, float]]:
    """What a search finds: the same for the same index, whatever went before."""
    vector = HashEncoder().encode_queries(["How many lamps do I need on my boat?"])[0]
    rows, cosines = index.dense(vector, ("law", "scenario"), date(2026, 11, 22))
    return [(index.columns.ids[row], round(float(c), 5)) for row, c in zip(rows.tolist(), cosines, strict=True)]


@pytest.fixture
def expected(tiny_settings: Settings) -> list[tuple[str, float]]:
    return found(opened(tiny_settings))


@pytest.fixture
def builder(tiny_settings: Settings) -> Iterator[subprocess.Popen[str]]:
    """A process that builds the index anew, in a child, for each line that it reads."""
    code = BUILDER.format(
        tests=str(Path(__file__).parent), home=str(tiny_settings.home), corpus=str(tiny_settings.corpus)
    )
    with worker(code) as process:
        yield process


def folders(settings: Settings) -> list[Path]:
    return [p for p in (settings.home / "index").iterdir() if p.is_dir()]


def test_a_build_killed_at_any_moment(
    tiny_settings: Settings, expected: list[tuple[str, float]], builder: subprocess.Popen[str]
) -> None:
    """Sixty kills (-9) spread over the time that a build takes; after each the index opens whole, and the next build leaves no litter."""
    begin(builder)
    assert ended(builder) == 0
    started = time.perf_counter()
    begin(builder)
    assert ended(builder) == 0
    took = time.perf_counter() - started
    rng, codes = random.Random(7), []
    for _ in range(KILLS):
        child = begin(builder)
        time.sleep(rng.uniform(0, took))
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        codes.append(ended(builder))
        assert found(opened(tiny_settings)) == expected
    assert codes.count(-signal.SIGKILL) > KILLS / 2, "most builds were killed, not done"
    ensure_index(load_corpus(tiny_settings.corpus), tiny_settings, ENCODER, rebuild=True)
    assert len(folders(tiny_settings)) == 1


def test_two_builds_at_once(
    tiny_settings: Settings, expected: list[tuple[str, float]], builder: subprocess.Popen[str]
) -> None:
    """Two processes that build the same index wait for each other; both end with a whole one."""
    for _ in range(5):
        begin(builder)
        ensure_index(load_corpus(tiny_settings.corpus), tiny_settings, ENCODER, rebuild=True)
        assert ended(builder) == 0
        assert found(opened(tiny_settings)) == expected


FILES = [
    "columns.json",
    "columns.npz",
    "vectors.npy",
    "manifest.json",
    "bm25/params.index.json",
    "bm25/data.csc.index.npy",
    "chroma/chroma.sqlite3",
]


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("how", ["cut", "emptied", "gone", "flipped"])
def test_a_file_of_the_index_is_damaged(
    tiny_settings: Settings, expected: list[tuple[str, float]], name: str, how: str
) -> None:
    """Twelve bits flipped at different places, or the file cut: found out, and the index made again; or the results are right all the same."""
    rng = random.Random(name + how)
    for _ in range(12 if how == "flipped" else 1):
        folder = folders(tiny_settings)[0]
        path = folder / name
        data = bytearray(path.read_bytes())
        if how == "flipped":
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
            path.write_bytes(data)
        elif how == "gone":
            path.unlink()
        else:
            path.write_bytes(data[: len(data) // 2 if how == "cut" else 0])
        assert found(opened(tiny_settings)) == expected


def test_a_damaged_graph_of_chroma_is_never_read(tmp_path: Path) -> None:
    """Chroma can crash on a damaged graph: 40 bits flipped, and each file cut; every one is noticed before Chroma reads it."""
    drawn = np.random.default_rng(5)
    matrix = drawn.standard_normal((2_500, 16)).astype(np.float32)
    write_folder(tmp_path, [f"u{n}" for n in range(len(matrix))], matrix, None)
    written = {"sha256": digests(tmp_path)}
    graph = [tmp_path / name for name in written["sha256"]]
    assert {"data_level0.bin", "link_lists.bin", "header.bin", "index_metadata.pickle"} <= {p.name for p in graph}

    def answers() -> bool:
        return (
            in_folder(tmp_path, lambda: check_files(tmp_path, written, GRAPH)).ids(matrix[0], len(matrix)) is not None
        )

    assert answers()
    rng = random.Random(9)
    for turn in range(40 + len(graph)):
        path = graph[turn % len(graph)]
        whole = path.read_bytes()
        damaged = bytearray(whole)
        damaged[rng.randrange(len(damaged))] ^= 1 << rng.randrange(8)
        path.write_bytes(damaged if turn < 40 else whole[: len(whole) // 2])
        assert not answers()
        path.write_bytes(whole)
    assert answers()


@pytest.mark.parametrize("name", ["laws/harbour-law/2024-01-01.md", "glossary.yaml", "concordances/harbour.csv"])
def test_a_file_of_the_corpus_is_damaged(tiny_settings: Settings, name: str) -> None:
    """One bit anywhere in a corpus file: the lock says which file it is."""
    rng = random.Random(name)
    path = tiny_settings.corpus / name
    whole = path.read_bytes()
    for _ in range(20):
        data = bytearray(whole)
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        path.write_bytes(data)
        with pytest.raises(CorpusError, match=path.name):
            load_corpus(tiny_settings.corpus)
    path.write_bytes(whole)
    load_corpus(tiny_settings.corpus)


@pytest.mark.parametrize("count", [0, 3, 40])
def test_the_disk_is_full(
    tiny_settings: Settings, expected: list[tuple[str, float]], monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    """The n-th file of a build cannot be written: one line says so, the index that was there goes on."""
    written = 0
    plain = Path.write_text

    def full(self: Path, *given: Any, **more: Any) -> int:
        nonlocal written
        written += 1
        if "building-" in str(self) and written > count:
            raise OSError(28, "No space left on device")
        return plain(self, *given, **more)

    monkeypatch.setattr(Path, "write_text", full)
    corpus = load_corpus(tiny_settings.corpus)
    if count < 2:
        with pytest.raises(IndexError_, match="No space left"):
            ensure_index(corpus, tiny_settings, ENCODER, rebuild=True)
    else:
        ensure_index(corpus, tiny_settings, ENCODER, rebuild=True)
    monkeypatch.undo()
    assert found(opened(tiny_settings)) == expected
    assert len(folders(tiny_settings)) == 1


def test_a_home_that_is_a_file(tmp_path: Path, tiny_settings: Settings) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(KBError, match="KB_HOME"):
        opened(tiny_settings.model_copy(update={"home": tmp_path / "taken" / "home"}))


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Etc/GMT+12"])
def test_the_clock_and_the_zone_change_no_index(
    tiny_settings: Settings, expected: list[tuple[str, float]], zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Folders are named by a time: with a clock set back, the newest by name is still one whole index of the same fingerprint."""
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    monkeypatch.setattr(time, "time_ns", lambda: 1)
    ensure_index(load_corpus(tiny_settings.corpus), tiny_settings, ENCODER, rebuild=True)
    assert found(opened(tiny_settings)) == expected
    monkeypatch.undo()
    time.tzset()
