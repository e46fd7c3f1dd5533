"""The light encoder of questions gives the vectors of sentence-transformers, without it and without torch."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from eval.cases import all_cases
from kb.encoder import Encoder, bundled_folder
from kb.errors import EncoderError
from kb.question_encoder import GRAPH, QuestionEncoder, load_question_encoder
from kb.settings import Settings

pytestmark = pytest.mark.model


def test_the_vectors_are_those_of_sentence_transformers(settings: Settings, encoder: Encoder) -> None:
    light = load_question_encoder(settings)
    assert light is not None and light.name == encoder.name
    texts = [case.question for case in all_cases()[::9]] + ["a", "人", "\0", "�" * 50, "x " * 3_000, "打卡" * 1_000]
    ours, theirs = light.encode_queries(texts), encoder.encode_queries(texts)
    assert (ours * theirs).sum(1).min() > 0.9999
    assert np.abs(ours - theirs).max() < 1e-4
    assert np.allclose(np.linalg.norm(ours, axis=1), 1, atol=1e-6)


def test_another_model_has_no_light_encoder(settings: Settings) -> None:
    assert load_question_encoder(settings.model_copy(update={"encoder": "hash"})) is None


def test_a_damaged_model_is_said(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(EncoderError, match="delete it"):
        QuestionEncoder(tmp_path, None, "x")


def test_threads_and_order_change_nothing(settings: Settings) -> None:
    light = load_question_encoder(settings)
    assert light is not None
    texts = [case.question for case in all_cases()[::40]]
    alone = [light.encode_queries([text])[0].tobytes() for text in texts]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda text: light.encode_queries([text])[0].tobytes(), texts * 3))
    assert together == alone * 3
    assert [vector.tobytes() for vector in light.encode_queries(texts)] == alone


def test_a_damaged_graph_is_said(settings: Settings, tmp_path: Path) -> None:
    folder = bundled_folder(settings)
    for name in ("tokenizer.json", "model.safetensors"):
        (tmp_path / name).symlink_to(folder / name)
    (tmp_path / GRAPH).write_bytes((folder / GRAPH).read_bytes()[:-1_000])
    with pytest.raises(EncoderError, match="delete it"):
        QuestionEncoder(tmp_path, None, "x")


def test_the_graph_is_made_where_it_is_missing(settings: Settings, tmp_path: Path) -> None:
    held = bundled_folder(settings)
    folder = tmp_path / "models" / held.name
    folder.mkdir(parents=True)
    for path in held.iterdir():
        if path.name != GRAPH:
            (folder / path.name).symlink_to(path)
    assert load_question_encoder(settings.model_copy(update={"home": tmp_path})) is not None
    assert (folder / GRAPH).read_bytes() == (held / GRAPH).read_bytes()


def test_a_question_is_answered_without_torch(settings: Settings) -> None:
    code = (
        "import sys; from datetime import date; from pathlib import Path; from kb.assistant import Assistant; from kb.settings import Settings\n"
        f"a = Assistant.open(Settings(home=Path({str(settings.home)!r}), local=Path('/none')))\n"
        "x = a.ask(a.query('May we use face recognition for attendance?', date(2026, 11, 22)))\n"
        "assert x.claims; print([m for m in ('torch', 'sentence_transformers', 'transformers') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout.strip()) == (0, "[]"), run.stderr[-500:]


def test_the_server_ends_while_threads_encode(settings: Settings) -> None:
    """An interpreter that is taken down under them is aborted, so the server does not leave by that door."""
    code = (
        "import sys, threading, time; from pathlib import Path; from kb.settings import Settings; from kb.ui import end\n"
        "from kb.question_encoder import load_question_encoder\n"
        f"e = load_question_encoder(Settings(home=Path({str(settings.home)!r})))\n"
        "def encode():\n    while True: e.encode_queries(['how long may we keep faces of visitors ' * 8])\n"
        "for _ in range(4): threading.Thread(target=encode, daemon=True).start()\n"
        "time.sleep(0.5); print('said last'); end()"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout.strip(), run.stderr) == (0, "said last", "")
