"""Questions that look back at a draft or a former text, that go from a past day to now, or that name a law of a later day."""

from __future__ import annotations

from datetime import date

import pytest

from kb.assistant import Assistant
from kb.model import Answer

pytestmark = pytest.mark.model

TODAY = date(2026, 11, 22)


def ask(assistant: Assistant, text: str) -> Answer:
    return assistant.ask(assistant.query(text, TODAY))


def cited(answer: Answer) -> set[str]:
    return {str(c.id).split("__")[0] for c in answer.citations}


@pytest.mark.parametrize(
    ("text", "places", "kind"),
    [
        (
            "Filing: compare the proposal of 2023 with the rule of today, number of people and deadline.",
            {"frt-measures@2025-06-01/art_15", "frt-draft@2023-08-08/art_16"},
            "superseded",
        ),
        (
            "What was the former article of the Cybersecurity Law on keeping network logs for six months, and which is it now?",
            {"csl@2026-01-01/art_23", "csl@2017-06-01/art_21"},
            "renumbered",
        ),
        (
            "In 2019, which article made operators keep network logs, and where does it stand today?",
            {"csl@2017-06-01/art_21", "csl@2026-01-01/art_23"},
            "renumbered",
        ),
        ("网安法里侵害个人信息的罚则，旧条文和新条文各是怎么写的？", {"csl@2026-01-01/art_71"}, "amended"),
    ],
)
def test_then_and_now_are_both_shown(assistant: Assistant, text: str, places: set[str], kind: str) -> None:
    answer = ask(assistant, text)
    assert places <= cited(answer), answer.text
    assert kind in {note.kind for note in answer.notes}
    assert all(c.role != "authority" for c in answer.citations if str(c.id).startswith("frt-draft"))


def test_a_plain_question_is_not_given_history(assistant: Assistant) -> None:
    answer = ask(assistant, "From how many faces must we file?")
    assert {c.role for c in answer.citations} == {"authority"}


def test_a_law_of_a_later_day_is_shown_with_its_start(assistant: Assistant) -> None:
    answer = ask(assistant, "They scanned me in May 2021. Do the SPC Provisions on facial recognition apply?")
    assert "spc-frt@2021-08-01/art_16" in cited(answer), answer.text
    assert any("not yet in force" in note.message for note in answer.notes)
    assert all(c.role != "authority" for c in answer.citations)


@pytest.mark.parametrize(
    ("question", "then", "now"),
    [
        (
            "In 2023 we put in face gates. Did we need separate consent then, and do we have to file now that we hold 120,000 faces?",
            "pipl@2021-11-01/art_29",
            "frt-measures@2025-06-01/art_15",
        ),
        ("我们食堂2022年春天装了刷脸，当时需要单独同意吗？现在要备案吗？", "pipl@2021-11-01/art_29", "frt-measures@2025-06-01/art_15"),
    ],
    ids=["en", "zh"],
)  # fmt: skip
def test_a_part_about_now_gets_the_law_of_today(assistant: Assistant, question: str, then: str, now: str) -> None:
    """Beside the law of the day, shown as what came later, and said so."""
    answer = ask(assistant, question)
    roles = {str(c.id).partition("__")[0]: (c.role, c.standing) for c in answer.citations}
    assert roles[then] == ("authority", "in_force") and roles[now] == ("history", "not_yet_in_force")
    assert any((note.id or "").startswith(now) and "2025-06-01" in note.message for note in answer.notes)
