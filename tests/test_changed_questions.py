"""Questions whose right answer depends on the day, answered by the whole chain on each of their days."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from kb.assistant import Assistant
from kb.ids import ProvisionId, source_of
from kb.model import Answer, Citation, Language

pytestmark = pytest.mark.model

TODAY = date(2026, 11, 22)
DAYS = ("2020-06-01", "2023-10-01", "2026-11-22")
FILE = Path(__file__).parent / "data" / "changed_questions.yaml"
QUESTIONS: list[dict[str, Any]] = yaml.safe_load(FILE.read_text("utf-8"))

STATEMENTS: dict[str, dict[Language, str]] = {
    "not yet in force": {
        "en": r"not (?:yet )?in force",
        "zh": r"尚未(?:施行|生效)|未(?:施行|生效)",
        "fr": r"pas (?:encore )?en vigueur",
    },
    "never in force": {
        "en": r"never (?:came into|in) force|never was",
        "zh": r"从未(?:施行|生效)",
        "fr": r"jamais (?:entré )?en vigueur",
    },
}
FOR_COUNSEL: dict[Language, str] = {"en": "for counsel", "zh": "请咨询律师", "fr": "de votre conseil"}


@dataclass(frozen=True)
class Case:
    """One question on one day. `asked_on` is the date of the query: today where the question names the day itself."""

    id: str
    question: str
    language: Language
    day: date
    asked_on: date
    in_words: bool
    expected: dict[str, Any]

    @property
    def name(self) -> str:
        return f"{self.id} on {self.day}"


def cases() -> list[Case]:
    return [
        Case(
            id=q["id"],
            question=q["question"],
            language=q["language"],
            day=date.fromisoformat(day),
            asked_on=TODAY if q.get("on_in_words") else date.fromisoformat(day),
            in_words=q.get("on_in_words", False),
            expected=expected,
        )
        for q in QUESTIONS
        for day, expected in q["on"].items()
    ]


CASES = cases()


@pytest.fixture(scope="module")
def answers(assistant: Assistant) -> dict[str, Answer]:
    return {c.name: assistant.ask(assistant.query(c.question, c.asked_on, c.language)) for c in CASES}


def places(citation: Citation) -> set[str]:
    """What a citation stands for: its article, its version and its law."""
    if not isinstance(citation.id, ProvisionId):
        return {source_of(citation.id)}
    return {str(citation.id.whole_article), f"{citation.id.law}@{citation.id.version}", citation.id.law}


def wrong(case: Case, answer: Answer) -> list[str]:
    """Every reason why an answer is not what a careful lawyer asks for on that day."""
    expected, faults = case.expected, []
    authorities = [c for c in answer.citations if c.role == "authority"]
    cited = {place for c in authorities if c.standing == "in_force" for place in places(c)}
    never = {place for c in authorities for place in places(c)} & set(expected.get("never", []))
    if never:
        faults.append(f"authority on that day: {sorted(never)}")
    sources = {source_of(c.id) for c in answer.citations}
    faults += [f"cites {slug}, which came later" for slug in sorted(sources & set(expected.get("absent", [])))]
    faults += [f"authority without force: {c.id}" for c in authorities if c.standing != "in_force"]
    faults += _outcome_faults(case, answer, cited)
    faults += [f"does not say {words!r}" for words in expected.get("mentions", []) if words not in answer.text]
    faults += [f"says {words!r}" for words in expected.get("avoids", []) if words in answer.text]
    if case.in_words and answer.query.on != case.day:
        faults.append(f"answered for {answer.query.on}")
    if case.day < TODAY and answer.outcome == "answered" and not _left_to_counsel(case, answer):
        faults.append("no note says that the transition is for counsel")
    failed = [check for claim in answer.claims for check in claim.checks if not check.passed]
    return faults + ([f"failed checks: {failed}"] if failed else [])


def _outcome_faults(case: Case, answer: Answer, cited: set[str]) -> list[str]:
    expected = case.expected
    must, refusals = set(expected.get("must", [])), expected.get("refuse", [])
    if answer.refusal and answer.refusal.kind in refusals:
        return []
    faults = []
    if "or_says" in expected:
        if not _states(expected["or_says"], case, answer):
            faults.append(f"neither refuses nor says {expected['or_says']!r}{_outcome(answer, cited)}")
    elif "says" in expected and not _states(expected["says"], case, answer):
        faults.append(f"does not say {expected['says']!r}{_outcome(answer, cited)}")
    recorded = {source_of(c.id) for c in answer.citations} & set(expected.get("records", []))
    if not must & cited and not recorded and (must or not {"says", "or_says"} & set(expected)):
        wanted = " or ".join([*sorted(must), *(f"refusal {kind}" for kind in refusals)])
        faults.append(f"wanted {wanted}{_outcome(answer, cited)}")
    return faults


def _states(statement: str, case: Case, answer: Answer) -> bool:
    """Whether the answer says so in its own words; the standing beside a quotation is not enough."""
    words = [answer.refusal.message] if answer.refusal else [n.message for n in answer.notes]
    words += [claim.text for claim in answer.claims]
    return any(re.search(STATEMENTS[statement][case.language], text) for text in words)


def _outcome(answer: Answer, cited: set[str]) -> str:
    if answer.refusal:
        return f"; refused: {answer.refusal.kind}"
    return f"; authority: {sorted(place for place in cited if '/' in place)}"


def _left_to_counsel(case: Case, answer: Answer) -> bool:
    return any(n.kind == "scope" and FOR_COUNSEL[case.language] in n.message for n in answer.notes)


def test_the_table_is_whole(assistant: Assistant) -> None:
    """Every question has its days, every article expected is held and in force on its day, every law named exists."""
    for language, at_least in (("en", 12), ("zh", 8), ("fr", 4)):
        assert sum(q["language"] == language for q in QUESTIONS) >= at_least
    assert len({q["id"] for q in QUESTIONS}) == len(QUESTIONS)
    for question in QUESTIONS:
        assert question.get("on_in_words") or tuple(question["on"]) == DAYS, question["id"]
    corpus = assistant.corpus
    for case in CASES:
        keys = {"must", "refuse", "says", "or_says", "mentions", "avoids", "never", "records", "absent", "why"}
        assert set(case.expected) <= keys and case.expected["why"], case.name
        assert {"must", "refuse", "says"} & set(case.expected), case.name
        for article in case.expected.get("must", []):
            assert corpus.standing(corpus.provision(ProvisionId.parse(article)).id, case.day) == "in_force", case.name
        for slug in (*case.expected.get("records", ()), *case.expected.get("absent", ())):
            assert slug in corpus.records, (case.name, slug)
        for place in case.expected["never"]:
            if "/" in place:
                corpus.provision(ProvisionId.parse(place))
            else:
                law, _, version = place.partition("@")
                assert law in corpus.laws and (not version or corpus.version(law, version)), (case.name, place)


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name.replace(" ", "-"))
def test_the_answer_is_that_of_its_day(case: Case, answers: dict[str, Answer]) -> None:
    assert not wrong(case, answers[case.name]), answers[case.name].text
