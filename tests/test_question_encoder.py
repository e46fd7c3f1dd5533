"""The light encoder of questions gives the vectors of sentence-transformers, without it and without torch."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from eval.cases import all_cases
from kb.encoder import Encoder
from kb.errors import EncoderError
from kb.question_encoder import QuestionEncoder, load_question_encoder
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


def test_a_question_is_answered_without_torch(settings: Settings) -> None:
    code = (
        "import sys; from datetime import date; from pathlib import Path; from kb.assistant import Assistant; from kb.settings import Settings\n"
        f"a = Assistant.open(Settings(home=Path({str(settings.home)!r}), local=Path('/none')))\n"
        "x = a.ask(a.query('May we use face recognition for attendance?', date(2026, 11, 22)))\n"
        "assert x.claims; print([m for m in ('torch', 'sentence_transformers', 'transformers') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout.strip()) == (0, "[]"), run.stderr[-500:]
