"""The graph of a large index, written by a process of its own: whole, or an error; and never longer there than who asked for it."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from children import begin, ended, worker
from conftest import HashEncoder
from test_faults import BUILDER, found, opened

from kb.corpus_load import load_corpus
from kb.errors import IndexError_
from kb.fuse import Columns
from kb.graph_process import VECTORS, graph_writer
from kb.index_build import ensure_index
from kb.nearest import in_folder
from kb.settings import Settings

KILLS = 8
LEFT_ALONE = """
import os, sys
from pathlib import Path
from kb.graph_process import GraphWriter
writer = GraphWriter()
writer.write(Path(sys.argv[1]))
print(writer.process.pid, writer.process.stdout.readline().strip(), flush=True)
os._exit(1)
"""


def units(folder: Path, count: int, width: int = 16) -> np.ndarray:
    vectors = np.random.default_rng(5).standard_normal((count, width)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    ids = [f"unit-{n}" for n in range(count)]
    numbers = {name: np.zeros(count, np.int64) for name in ("article", "start", "end", "group", "kind")}
    Columns(ids, ids, ids[:1], numbers).save(folder)
    np.save(folder / VECTORS, vectors)
    return vectors


def test_the_collection_is_whole_and_progress_is_told(tmp_path: Path) -> None:
    vectors, told = units(tmp_path, 12_000), list[tuple[int, int]]()
    with graph_writer() as writer:
        writer.write(tmp_path)
        writer.wait(lambda done, total: told.append((done, total)))
    assert told == [(5_000, 12_000), (10_000, 12_000), (12_000, 12_000)]
    nearest = in_folder(tmp_path, lambda: None)
    assert nearest.collection().count() == 12_000
    assert (nearest.ids(vectors[777], 12_000) or [""])[0] == "unit-777"


def test_what_fails_is_one_line(tmp_path: Path) -> None:
    units(tmp_path, 10)
    (tmp_path / VECTORS).write_bytes(b"no vectors")
    with graph_writer() as writer:
        writer.write(tmp_path)
        with pytest.raises(IndexError_, match=r"Chroma could not write its graph .* run `kb index --rebuild`"):
            writer.wait(None)


def test_a_writer_that_died_is_noticed(tmp_path: Path) -> None:
    units(tmp_path, 10)
    with graph_writer() as writer:
        writer.process.kill()
        writer.process.wait()
        with pytest.raises(IndexError_, match=f"code {-signal.SIGKILL}"):
            writer.write(tmp_path)
            writer.wait(None)


def test_a_writer_that_is_not_needed_ends() -> None:
    with graph_writer() as writer:
        pass
    assert writer.process.returncode is not None


def test_it_ends_with_the_process_that_began_it(tmp_path: Path) -> None:
    units(tmp_path, 60_000)
    run = subprocess.run(
        [sys.executable, "-c", LEFT_ALONE, str(tmp_path)], capture_output=True, text=True, timeout=60, check=False
    )
    number, done, total = map(int, run.stdout.split())
    assert (done, total) == (5_000, 60_000), "it was in the midst of its work"
    until = time.monotonic() + 20
    while Path(f"/proc/{number}").exists() and time.monotonic() < until:
        time.sleep(0.05)
    assert not Path(f"/proc/{number}").exists()


def test_a_build_killed_while_another_process_writes_the_graph(tiny_settings: Settings) -> None:
    expected = found(opened(tiny_settings))
    code = BUILDER.format(
        tests=str(Path(__file__).parent), home=str(tiny_settings.home), corpus=str(tiny_settings.corpus)
    )
    with worker(code + "\nimport kb.index_build\nkb.index_build.IN_PROCESS = 0\n") as builder:
        for _ in range(2):  # the first one also reads Chroma from the disk
            started = time.perf_counter()
            begin(builder)
            assert ended(builder) == 0
        took, rng, codes = time.perf_counter() - started, random.Random(11), []
        for _ in range(KILLS):
            child = begin(builder)
            time.sleep(rng.uniform(0, took * 0.7))
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
            codes.append(ended(builder))
            assert found(opened(tiny_settings)) == expected
        assert codes.count(-signal.SIGKILL) > KILLS / 2, "most builds were killed, not done"
    ensure_index(load_corpus(tiny_settings.corpus), tiny_settings, HashEncoder, rebuild=True)  # type: ignore[arg-type]
    assert len([p for p in (tiny_settings.home / "index").iterdir() if p.is_dir()]) == 1
    assert found(opened(tiny_settings)) == expected
