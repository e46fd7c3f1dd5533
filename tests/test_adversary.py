"""A chat model that lies in every way there is, through the whole chain; `make adversary` does the same at length."""

from __future__ import annotations

import pytest

from eval.adversary import LIES, questions, run, summary
from kb.settings import Settings

DECIDED_BY_RULE = {
    "no such article",
    "no such law",
    "place not shown",
    "one character of the quotation",
    "forged quotation",
    "quotation of another source",
    "draft or former text as today's",
    "figure added",
    "obeys the question",
    "markup",
    "broken reply",
}


@pytest.mark.model
def test_what_a_lying_model_gets_shown(settings: Settings) -> None:
    turns = run(2 * len(LIES), settings)
    assert {t.lie for t in turns} == set(LIES)
    assert not [t for t in turns if t.shown and t.lie in DECIDED_BY_RULE]
    assert sum(t.shown for t in turns) <= 1, "the rest is measured: docs/chat-model.md, docs/gate.md"
    assert sum(t.true_shown for t in turns) >= 0.8 * sum(t.true_told for t in turns) > 0
    assert all(t.generator == "quoting" for t in turns if t.lie == "broken reply")
    assert len(summary(turns)) == 2 + len(LIES) + 2


def test_the_questions_are_of_the_development_half_and_hostile_ones() -> None:
    asked = questions()
    assert len(asked) >= 150 and len(set(asked)) == len(asked)
