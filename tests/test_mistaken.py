"""What a question takes for granted and is not so: mistaken beliefs, words and figures put into the mouth of an article."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from kb.assistant import Assistant
from kb.corpus import MISCONCEPTIONS, Corpus
from kb.corpus_load import load_corpus, write_lock
from kb.errors import CorpusError
from kb.model import LANGUAGES, Answer

TODAY = date(2026, 11, 22)


def ask(assistant: Assistant, text: str, on: date = TODAY) -> Answer:
    return assistant.ask(assistant.query(text, on))


def premises(answer: Answer) -> list[str]:
    return [note.message for note in answer.notes if note.kind == "premise"]


def test_every_belief_is_said_in_three_languages_and_corrected_by_law_in_force(corpus: Corpus) -> None:
    assert len(corpus.misconceptions) >= 60
    for mistaken in corpus.misconceptions:
        assert all(mistaken.belief[language] and mistaken.said[language] for language in LANGUAGES), mistaken.name
        assert {corpus.role(place, TODAY) for place in mistaken.provisions} == {"authority"}, mistaken.name


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("- name: x\n  belief: {en: a, zh: b, fr: c}\n  said: {}\n  provisions: [alpha@1999-01-01/art_1]\n", "no such"),
        ("- name: x\n  belief: {en: a, zh: b, fr: c}\n  said: {}\n  provisions: []\n", "provisions"),
        (
            "- name: Two Words\n  belief: {en: a, zh: b, fr: c}\n  said: {}\n  provisions: [alpha@1999-01-01/art_1]\n",
            "should match pattern",
        ),
        ("- name: x\n  opinion: true\n", "belief: Field required"),
    ],
)
def test_a_misconception_that_cannot_be_used_is_refused(tiny_root: Path, entry: str, message: str) -> None:
    (tiny_root / MISCONCEPTIONS).write_text(entry, encoding="utf-8")
    write_lock(tiny_root)
    with pytest.raises(CorpusError, match=message) as error:
        load_corpus(tiny_root)
    assert MISCONCEPTIONS in str(error.value)


def test_a_name_is_given_once(tiny_root: Path, tiny: Corpus) -> None:
    place = next(tiny.all_articles()).id
    entry = f"- name: x\n  belief: {{en: a, zh: b, fr: c}}\n  said: {{}}\n  provisions: ['{place}']\n"
    (tiny_root / MISCONCEPTIONS).write_text(entry * 2, encoding="utf-8")
    write_lock(tiny_root)
    with pytest.raises(CorpusError, match="two misconceptions are named x"):
        load_corpus(tiny_root)


@pytest.mark.model
@pytest.mark.parametrize(
    ("text", "belief", "provision"),
    [
        (
            "As our turnstiles know 11,000 faces, we have to register them, right?",
            "10,000",
            "frt-measures@2025-06-01/art_15",
        ),
        (
            "Since visitors saw the poster at reception they agreed to the face scan, didn't they?",
            "sign",
            "pipl@2021-11-01/art_29",
        ),
        ("既然门口有告示，进来的人就算同意刷脸了吧？", "告示", "pipl@2021-11-01/art_29"),
        (
            "Puisque l’adhérent a donné son accord une fois pour toutes, il ne peut plus le retirer, n’est-ce pas ?",
            "retiré",
            "pipl@2021-11-01/art_15",
        ),
        (
            "The Measures make level three compulsory for our face gate, correct?",
            "level three",
            "frt-measures@2025-06-01/art_14",
        ),
    ],
)
def test_a_mistaken_belief_is_named_and_corrected(assistant: Assistant, text: str, belief: str, provision: str) -> None:
    answer = ask(assistant, text)
    assert any(belief in message for message in premises(answer)), answer.text
    assert provision in {str(c.id).split("__")[0] for c in answer.citations}


@pytest.mark.model
@pytest.mark.parametrize(
    "text",
    [
        "How long may we keep the faces of visitors?",
        "Who has to sign the impact assessment?",
        "刷脸支付要注意什么？",
        "Combien de temps garder les visages des visiteurs ?",
        "What must a contract with a camera vendor say?",
    ],
)
def test_a_plain_question_is_told_of_no_mistake(assistant: Assistant, text: str) -> None:
    assert not premises(ask(assistant, text))


@pytest.mark.model
def test_a_belief_is_no_mistake_on_a_day_without_the_law_that_corrects_it(assistant: Assistant) -> None:
    text = "As our turnstiles know 11,000 faces, we have to register them, right?"
    assert not any("common mistake" in message for message in premises(ask(assistant, text, date(2024, 1, 1))))


@pytest.mark.model
@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("PIPL Article 29 says “a signature on paper is always required”. Is that so?", "words that you quote"),
        ("Article 15 of the Measures has a threshold of 10,000 persons, right?", "figure"),
    ],
)
def test_words_and_figures_that_do_not_stand_there(assistant: Assistant, text: str, says: str) -> None:
    assert any(says in message for message in premises(ask(assistant, text))), ask(assistant, text).text


@pytest.mark.model
def test_a_true_quotation_is_not_objected_to(assistant: Assistant) -> None:
    text = "Article 15 of the Measures speaks of 100,000 persons, is that right?"
    assert not any(
        "does not stand" in message or "do not stand" in message for message in premises(ask(assistant, text))
    )
