"""Texts made to keep a program busy: near-matches of its patterns by the hundred thousand take seconds, never minutes.

Times are of the processor, so that a busy machine fails no test. Before they were mended, the worst of these took from minutes to
hours: they grew with the square of the length.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date

import pytest
from conftest import TODAY

from kb.check import check_text
from kb.citation import MAX_CITED, MAX_LIST, read_citations
from kb.corpus import Corpus
from kb.errors import BadInput
from kb.model import Query
from kb.quantities import quantities
from kb.quotation import match_quotation, quoted_spans
from kb.text import MAX_SENTENCE, detect_language, normalise, sentences, tokens
from kb.understand import understand

LONG = 200_000


def seconds(act: Callable[[], object]) -> float:
    """Processor time of one call, without what other threads do; a text that is refused in one line is dealt with."""
    started = time.thread_time()
    try:
        act()
    except BadInput as error:
        assert "\n" not in str(error)
    return time.thread_time() - started


def of(unit: str, length: int = LONG) -> str:
    return (unit * (length // len(unit) + 1))[:length]


NEAR = (
    "1,", "2024-", "第十条", "第", "第一", "第一百", "第1、", "《", "“", "” “", "(", "（一", "« ", "> ", "1. ", "a. ", "art. ", "Articles 1 to ",
    "Law of the ", "Foo Act ", "A B C D E F G ", "\u200b", "\u202e\n1", "\x1b]", "\x1b[", "不得“", "1 000 ", "年1月", "亿", "法", "百", "&", "[", "…",
    "\n", "\n\n", "\t", "e-", "ou ", "de la loi ", "PIPL ", "the Measures ", "s. 5 ", "art. 5 ", "art. 1 para. ", "(2020) ", "以下简称“", "{", "<b>", "9", "000 ", "一十", "九", " ", "1 ", "un ", "three ", "not ", "shall ", "不", "未", "' ", "’", "\u0301", "-", "- ", "—", "unless ", "除外",
)  # fmt: skip
NAMED = (
    "PIPL. Art. 5. ", "PIPL Art. 5. Art. 5. ", "PIPL, Art. 5, ", "# PIPL\n\nart 5\n\n", "“PIPL Art. 5” ", "\u202ePIPL Art. 5\n",
    "Foo Measures Art. 5, the Measures ", "“a b c d e” PIPL Art. 5 ", "Article 5 of the Foo Bar Baz Qux Act ", "第5条和第6条",
)  # fmt: skip
"""With a place in every few characters: each costs a comparison with the law, so these are shorter."""


WORST = ("1,", "2024-", "第十条", "第1、", "Articles 1 to ", "s. 5 ", "9", "\n", "PIPL ")


@pytest.mark.parametrize("unit", WORST, ids=ascii)
def test_a_check_of_a_long_text_of_the_worst(unit: str, corpus: Corpus) -> None:
    assert seconds(lambda: check_text(of(unit), corpus, TODAY)) < 20


def test_a_check_of_near_matches(corpus: Corpus) -> None:
    for unit in NEAR:
        took = seconds(lambda unit=unit: check_text(of(unit, LONG // 10), corpus, TODAY))  # type: ignore[misc]
        assert took < 3, (unit, took)


@pytest.mark.parametrize("unit", NAMED, ids=ascii)
def test_a_check_of_many_places(unit: str, corpus: Corpus) -> None:
    assert seconds(lambda: check_text(of(unit, LONG // 10), corpus, TODAY)) < 5


@pytest.mark.parametrize(
    "act",
    [
        lambda text: tokens(text, "en"),
        lambda text: tokens(text, "zh"),
        lambda text: tokens(text, "fr"),
        detect_language,
        normalise,
        sentences,
        quantities,
        quoted_spans,
        lambda text: match_quotation(text[:6_000], text),
    ],
    ids=[
        "tokens-en",
        "tokens-zh",
        "tokens-fr",
        "language",
        "normalise",
        "sentences",
        "quantities",
        "quotations",
        "match",
    ],
)
def test_reading_of_near_matches(act: Callable[[str], object]) -> None:
    worst = {unit: seconds(lambda unit=unit: act(of(unit, LONG // 10))) for unit in NEAR}  # type: ignore[misc]
    assert max(worst.values()) < 2, sorted(worst.items(), key=lambda pair: -pair[1])[:3]


@pytest.mark.parametrize(
    "frame",
    ["PIPL Art. 28 {}. ", "PIPL Art. 28 says “a{}b”. ", "《个人信息保护法》第二十八条规定：“人{}脸”。"],
    ids=ascii,
)
def test_a_sentence_and_a_quotation_of_near_matches(frame: str, corpus: Corpus) -> None:
    """What is looked at closely: the sentence of a citation and the words that are ascribed to it."""
    for unit in NEAR:
        text = frame.format(of(unit, 2_900 if frame.endswith("{}. ") else 5_900))
        took = seconds(lambda text=text: check_text(text, corpus, TODAY))  # type: ignore[misc]
        assert took < 2, (unit, took)


def test_a_question_of_near_matches(corpus: Corpus) -> None:
    """A question is at most 2,000 characters, and so is each of its history."""
    for unit in NEAR + NAMED:
        text = of(unit, 2_000)
        assert seconds(lambda text=text: understand(Query(text, TODAY, "en", (text,) * 4), corpus)) < 2, unit  # type: ignore[misc]


def test_more_places_than_anybody_cites_are_refused_before_they_are_compared(corpus: Corpus) -> None:
    with pytest.raises(BadInput, match=f"at most {MAX_CITED:,}"):
        check_text(of("PIPL Art. 5 ", 12 * (MAX_CITED + 2)), corpus, TODAY)


def test_lists_up_to_the_bound_are_read_whole(corpus: Corpus) -> None:
    for text in (
        "PIPL Articles " + ", ".join(str(n) for n in range(1, MAX_LIST + 1)),
        "《个人信息保护法》第" + "、".join(str(n) for n in range(1, MAX_LIST + 1)) + "条",
    ):
        found = [c for c in read_citations(text, corpus.names) if c.law == "pipl"]
        assert [c.article for c in found] == [str(n) for n in range(1, MAX_LIST + 1)]


def test_what_is_cut_is_whole_together() -> None:
    text = "word " * MAX_SENTENCE
    spans = sentences(text)
    assert "".join(text[a:b] for a, b in spans) == text and max(b - a for a, b in spans) == MAX_SENTENCE
    run = "个人信息" * 1_000
    assert set(tokens(run, "zh")) == set(tokens("个人信息" * 3, "zh"))


@pytest.mark.parametrize(
    "text",
    [
        "PIPL Article 99999999999999999999",
        "《个人信息保护法》第一万亿条",
        "《个人信息保护法》第" + "九" * 5_000 + "条",
        "PIPL Art. " + "9" * 5_000,
        "PIPL " + "9" * 5_000,
        "PIPL Art. 28(" + "9" * 5_000 + ")",
        "A fine of CNY " + "9" * 5_000 + " under PIPL Art. 66",
        "PIPL Art. 28 of 99999-99-99, on 31 February 2024, 2024年13月45日, 0000-00-00",
        "PIPL (" + "2" * 5_000 + ") Art. 28",
        "GB/T " + "3" * 5_000,
    ],
    ids=lambda text: ascii(text[:30]),
)
def test_enormous_numbers_and_days_that_are_none(text: str, corpus: Corpus) -> None:
    report = check_text(text, corpus, date(2026, 11, 22))
    assert all(c.verdict != "VERIFIED" or (c.article or "") in ("28", "66") for c in report.citations)
    understand(Query(text[:2_000], TODAY, "en"), corpus)
    assert all(len(str(quantity)) < 200 for quantity in quantities(text))
