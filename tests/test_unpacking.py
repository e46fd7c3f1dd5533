"""The bundled model is whole or absent, whatever becomes of the processes that unpack it: killed at any moment, two at once, a full disk."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from children import begin, ended, worker

from kb.disk import file_digest
from kb.doctor import examinations
from kb.encoder import WHOLE, bundled_folder, left_unpacking, model_folder
from kb.errors import EncoderError
from kb.examination import Wrong
from kb.question_encoder import load_question_encoder
from kb.settings import Settings

KILLS = 25
SLOW = """
import os, sys, time
from pathlib import Path
from kb import e5_weights, encoder
from kb.settings import Settings

def slow(folder, _):  # many small files in place of a few big ones
    for number in range(20):
        (folder / f"{number}.part").write_bytes(os.urandom(4096))
        time.sleep(0.005)
    (folder / "modules.json").write_text("[]")

encoder._unpack_into = slow
e5_weights.weights_path = lambda: Path()  # reading the real ones to check them would take most of the time
settings = Settings(home=Path(sys.argv[1]))

def work():
    encoder.unpack(settings, anew=True)
"""
REAL = "import sys; from pathlib import Path; from kb.encoder import bundled_folder; from kb.settings import Settings; bundled_folder(Settings(home=Path(sys.argv[1])))"


def is_whole(folder: Path) -> bool:
    """Every file is there as it was noted, and none besides."""
    noted = json.loads((folder / WHOLE).read_text("utf-8"))
    held = {p.relative_to(folder).as_posix(): file_digest(p) for p in folder.rglob("*") if p.is_file()}
    held.pop(WHOLE)
    return bool(noted) and noted == held


@pytest.fixture
def fresh(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home")


def test_unpacking_killed_at_any_moment(fresh: Settings) -> None:
    """Kills (-9) spread over the time that an unpacking takes: the model is whole or absent after each, and the next leaves no litter."""
    folder = model_folder(fresh)
    with worker(SLOW, str(fresh.home)) as process:
        begin(process)
        assert ended(process) == 0 and is_whole(folder)
        started = time.perf_counter()
        begin(process)
        assert ended(process) == 0
        took = time.perf_counter() - started
        rng, codes, left = random.Random(7), [], 0
        for _ in range(KILLS):
            child = begin(process)
            time.sleep(rng.uniform(0, took))
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
            codes.append(ended(process))
            assert not folder.exists() or is_whole(folder)
            left += bool(left_unpacking(folder))
        assert codes.count(-signal.SIGKILL) > KILLS / 2 and left > KILLS / 4, "most were killed, many half-way"
        begin(process)
        assert ended(process) == 0 and is_whole(folder) and left_unpacking(folder) == []


def test_two_unpackings_at_once(fresh: Settings) -> None:
    with worker(SLOW, str(fresh.home)) as one, worker(SLOW, str(fresh.home)) as other:
        for _ in range(5):
            begin(one), begin(other)
            assert ended(one) == ended(other) == 0
            assert is_whole(model_folder(fresh)) and left_unpacking(model_folder(fresh)) == []


def test_a_folder_of_the_model_without_its_files_is_exchanged(fresh: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def quick(folder: Path, _: Path) -> None:
        (folder / "modules.json").write_text("[]")

    monkeypatch.setattr("kb.encoder._unpack_into", quick)
    (model_folder(fresh) / "1_Pooling").mkdir(parents=True)
    assert is_whole(bundled_folder(fresh))


def test_a_full_disk_is_said_and_leaves_nothing(fresh: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(folder: Path, _: Path) -> None:
        (folder / "half").write_text("")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("kb.encoder._unpack_into", full)
    with pytest.raises(EncoderError, match=r"No space left on device.*KB_HOME"):
        bundled_folder(fresh)
    assert [p.name for p in model_folder(fresh).parent.iterdir() if p.is_dir()] == []


def test_a_lock_that_is_held_too_long_is_said(fresh: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    from kb import encoder

    plain = encoder.unpacking
    monkeypatch.setattr(encoder, "unpacking", lambda settings: plain(settings, seconds=0.01))
    with plain(fresh), pytest.raises(EncoderError, match="another process"):
        bundled_folder(fresh)


@pytest.mark.model
def test_the_real_model_killed_half_way_and_by_two_at_once(fresh: Settings) -> None:
    command = [sys.executable, "-c", REAL, str(fresh.home)]
    folder = model_folder(fresh)
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as first:
        while first.poll() is None and not list(folder.parent.glob("*/unpacked/*")):
            time.sleep(0.02)
        first.kill()
    assert first.returncode == -signal.SIGKILL and not folder.exists() and len(left_unpacking(folder)) == 1
    with (
        subprocess.Popen(command, stderr=subprocess.DEVNULL) as one,
        subprocess.Popen(command, stderr=subprocess.DEVNULL) as other,
    ):
        assert (one.wait(), other.wait()) == (0, 0)
    assert is_whole(folder) and left_unpacking(folder) == []
    assert load_question_encoder(fresh) is not None  # writes its graph beside
    look = examinations(fresh)["model"]
    assert "files as unpacked" in look()
    for name, says in (("config.json", "config.json not as unpacked"), ("questions.onnx", "not that of the weights")):
        content = bytearray((folder / name).read_bytes())
        (folder / name).write_bytes(content[:-9] + bytes([content[-9] ^ 1]) + content[-8:])
        with pytest.raises(Wrong, match=says):
            look()
        (folder / name).write_bytes(content)
    assert "files as unpacked" in look()
