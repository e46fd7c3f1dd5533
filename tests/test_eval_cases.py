"""The cases of the evaluation: strict files, the right half, facts that stand there, no question twice."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from eval.cases import Case, all_cases, check_cases, load_cases, main, problems
from kb.corpus import Corpus
from kb.errors import CorpusError

DEV, TEST = "frt-measures@2025-06-01/art_10", "frt-measures@2025-06-01/art_4"
GOOD: dict[str, Any] = {
    "id": "d-en-901",
    "split": "dev",
    "language": "en",
    "on": "2026-11-22",
    "question": "Our canteen reads faces at the till and takes nothing else. Do we need a second way to pay?",
    "tags": ["single", "lay"],
    "group": None,
    "must": [[DEV]],
    "may": [TEST],
    "must_not": [],
    "facts": [{"id": DEV, "quote": "shall not be made the only method of verification"}],
    "refusal": None,
    "notes": [],
    "rationale": "Another way must be there.",
}
REFUSED = {"must": [], "may": [], "facts": [], "refusal": "out_of_scope", "tags": ["out_of_scope"]}


def changed(**given: Any) -> Case:
    return Case.model_validate(GOOD | given)


def test_the_shipped_cases_are_sound(corpus: Corpus) -> None:
    cases = all_cases()
    check_cases(cases, corpus)
    assert Counter(case.split for case in cases if case.old) == {"dev": 116, "earlier": 34}
    assert not [case.id for case in cases if case.split == "earlier" and not case.old]


def test_a_good_case_passes(corpus: Corpus) -> None:
    assert (
        list(problems([changed(), changed(id="d-en-902", question="What is the time in Oslo?", **REFUSED)], corpus))
        == []
    )


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"id": "x-1"}, "an id reads"),
        ({"id": "t-en-901"}, "the split is dev"),
        ({"id": "d-fr-901"}, "the id says fr"),
        ({"id": "en-901", "split": "test"}, "was used for tuning"),
        ({"tags": ["lay"]}, "one tag of a kind"),
        ({"tags": ["single", "several"]}, "one tag of a kind"),
        ({"must": []}, "`must` or `refusal`"),
        ({"refusal": "prediction"}, "`must` or `refusal`"),
        ({"facts": []}, "give one to three `facts`"),
        ({"may": [DEV]}, "two of must, may, must_not"),
        ({"must_not": [TEST]}, "two of must, may, must_not"),
        ({"rationale": "  "}, "rationale"),
        ({"language": "de"}, "language"),
        ({"must": [[DEV], [TEST], ["guo-bing"], ["ds-newsletter"]]}, "must"),
        ({"group": "Group 1"}, "group"),
        ({"surprise": 1}, "unknown key"),
    ],
)
def test_a_bad_case_names_its_file_and_line(tmp_path: Path, given: dict[str, Any], says: str) -> None:
    path = tmp_path / "cases.yaml"
    path.write_text("# questions\n" + yaml.safe_dump([GOOD | given], allow_unicode=True), "utf-8")
    with pytest.raises(CorpusError, match=says) as caught:
        load_cases(path)
    assert str(path) in str(caught.value) and any(f":{n}:" in str(caught.value) for n in range(2, 40))


def test_an_id_stands_once_in_all_files(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump([GOOD], sort_keys=False), "utf-8")
    with pytest.raises(CorpusError, match=r"b\.yaml:1: the id d-en-901 is given twice"):
        all_cases(tmp_path)


ASK = "Can we install cameras inside fitting rooms to stop theft?"


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"must": [["frt-measures@2025-06-01/art_99"]], "facts": GOOD["facts"], "may": [DEV]}, "no article"),
        ({"may": ["frt-measures@2025-06-01/art_4__para_1"]}, "no article"),
        ({"may": ["frt-measures/art_4"]}, "no article"),
        ({"must_not": ["no-such-document"]}, "no article"),
        ({"must": [[TEST]], "may": [DEV]}, "lies in the test half"),
        ({"facts": [{"id": DEV, "quote": "shall never be the only method"}]}, "do not stand in"),
        ({"facts": [{"id": TEST, "quote": "sufficient necessity"}], "may": []}, "does not accept"),
        ({"question": ASK}, "repeats an ask of civil-code"),
        ({"question": "can we instal cameras inside a fitting room to stop a theft"}, "repeats an ask of civil-code"),
    ],
)  # fmt: skip
def test_a_case_that_does_not_fit_the_corpus_is_found(corpus: Corpus, given: dict[str, Any], says: str) -> None:
    assert any(says in problem for _, problem in problems([changed(**given)], corpus)), list(
        problems([changed(**given)], corpus)
    )


QUESTIONS = {
    "en": ("Our canteen reads faces at the till and takes nothing else.", "Our canteens read faces at the till, and take nothing else!"),
    "zh": ("食堂结账只认脸，不给用饭卡，这样行吗？", "食堂结账只认脸不给用饭卡，这样可以吗"),
    "fr": ("La cantine lit les visages à la caisse et ne prend rien d’autre.", "La cantine lit les visages en caisse et ne prend rien d'autre"),
}  # fmt: skip


@pytest.mark.parametrize("language", ["en", "zh", "fr"])
def test_a_question_asked_twice_is_found_but_in_a_group(corpus: Corpus, language: str) -> None:
    first, second = QUESTIONS[language]
    one = changed(id=f"d-{language}-901", language=language, question=first)
    two = changed(id=f"d-{language}-902", language=language, question=second)
    test = changed(id=f"t-{language}-901", language=language, question=second, split="test", **REFUSED)
    assert [name for name, _ in problems([one, two], corpus)] == [two.id]
    assert [name for name, _ in problems([one, test], corpus)] == [test.id]
    grouped = [case.model_copy(update={"group": "g-canteen"}) for case in (one, two)]
    assert list(problems(grouped, corpus)) == []


def test_questions_of_one_mould_on_other_numbers_are_two(corpus: Corpus) -> None:
    cases = [
        changed(id=f"d-en-90{n}", question=f"What exactly does Article {n} of the Measures on face recognition demand of a shop?")
        for n in (3, 7)
    ]  # fmt: skip
    assert list(problems(cases, corpus)) == []


def test_variants_of_a_question_have_the_same_needs(corpus: Corpus) -> None:
    one = changed(group="g-a")
    other = changed(
        id="d-en-902", group="g-a", question="May the till know me by my face alone?", must=[[DEV, TEST]], may=[]
    )
    assert [problem for _, problem in problems([one, other], corpus)] == [
        "is of g-a like d-en-901, but needs or split differ"
    ]


def test_an_unsound_case_is_told_with_its_line(tmp_path: Path, corpus: Corpus) -> None:
    path = tmp_path / "cases.yaml"
    records = [GOOD, GOOD | {"id": "d-en-902", "question": "Who audits us?", "may": ["no-such-record"]}]
    path.write_text(yaml.safe_dump(records, sort_keys=False), "utf-8")
    line = path.read_text("utf-8").splitlines().index("- id: d-en-902") + 1
    with pytest.raises(CorpusError, match=rf"cases\.yaml:{line}: d-en-902: no-such-record"):
        check_cases(load_cases(path), corpus, tmp_path)


def test_the_command_lists_every_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "cases.yaml"
    path.write_text(yaml.safe_dump([GOOD | {"may": ["no-such-record", "nor-this"]}], sort_keys=False), "utf-8")
    monkeypatch.setattr("eval.cases.FOLDER", tmp_path)
    monkeypatch.setattr("eval.cases.all_cases", lambda: load_cases(path))
    assert main() == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.startswith(f"{path}:1: d-en-901: ") for line in lines] == [True, True, False]
    assert lines[-1] == "1 cases, 2 problems"
