"""The practice questions are sound, and what was learnt from them is not lost."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from conftest import TODAY

from eval.practice import FOLDER, PracticeQuestion, ask_all, is_right, measure, practice_questions
from kb.assistant import Assistant
from kb.corpus import Corpus
from kb.ids import ProvisionId

SETS = sorted(path.stem for path in FOLDER.glob("*.yaml"))
FLOORS = {"all": 0.80, "several": 0.60, "temporal": 0.75, "premise": 0.80, "single": 0.90, "too_vague": 0.75}
"""Some points below what was found: a change that costs more than that is to be looked at."""


@pytest.mark.parametrize("name", SETS)
def test_a_set_is_sound(name: str, corpus: Corpus) -> None:
    questions = practice_questions(name)
    assert len({q.id for q in questions}) == len(questions) >= 100
    assert {q.language for q in questions} == {"en", "zh", "fr"}
    for question in questions:
        assert bool(question.must) == (question.kind not in ("too_vague", "out_of_scope")), question.id
        for place in (place for need in question.must for place in need):
            held = corpus.find(ProvisionId.parse(place)) if "@" in place else corpus.records.get(place)
            assert held is not None, (question.id, place)


@pytest.mark.model
@pytest.mark.timeout(300)
def test_what_was_learnt_is_not_lost(assistant: Assistant) -> None:
    counts = measure(ask_all([q for name in SETS for q in practice_questions(name)], assistant))
    found = {kind: counts[kind]["right"] / counts[kind]["n"] for kind in FLOORS}
    assert all(found[kind] >= floor for kind, floor in FLOORS.items()), found


@pytest.mark.model
def test_right_needs_every_need_and_no_refusal(assistant: Assistant) -> None:
    def asked(text: str, *must: tuple[str, ...]) -> bool:
        question = PracticeQuestion(id="x", kind="single", language="en", on=TODAY, question=text, must=must)
        return is_right(question, assistant.ask(assistant.query(text, TODAY)))

    text = "What does Article 28 of the PIPL say?"
    assert asked(text, ("pipl@2021-11-01/art_28",))
    assert asked(text, ("pipl@2021-11-01/art_5", "pipl@2021-11-01/art_28"))
    assert not asked(text, ("pipl@2021-11-01/art_28",), ("pipl@2021-11-01/art_66",))
    assert not asked(text, ("pipl@2021-11-01/art_2",))
    assert not asked(text)
    assert asked("What is the weather in Beijing?")
    assert not asked("What is the weather in Beijing?", ("pipl@2021-11-01/art_28",))


def test_an_unknown_set_is_said() -> None:
    command = [sys.executable, "-m", "eval.practice", "z"]
    run = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parent.parent)
    assert run.returncode == 2 and f"no set z; there are {', '.join(SETS)}" in run.stderr
