"""Word differences: they spell both texts, and show what a reader looks for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.compare import MAX_WORDS, word_diff, words_of

TEXTS = st.text(alphabet="ab c,.不得应当10万\n", max_size=60)


@given(TEXTS)
def test_words_joined_are_the_text(text: str) -> None:
    assert "".join(words_of(text)) == text


@given(TEXTS, TEXTS)
def test_a_diff_spells_both_texts(old: str, new: str) -> None:
    parts = word_diff(old, new)
    assert "".join(words for op, words in parts if op in "=-") == old
    assert "".join(words for op, words in parts if op in "=+") == new


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("shall not process", "shall process", [("=", "shall "), ("-", "not "), ("=", "process")]),
        ("不得处理", "可以处理", [("-", "不得"), ("+", "可以"), ("=", "处理")]),
        ("10,000 persons", "100,000 persons", [("-", "10,000"), ("+", "100,000"), ("=", " persons")]),
        ("same", "same", [("=", "same")]),
        ("", "", []),
    ],
)
def test_what_a_reader_looks_for(old: str, new: str, expected: list[tuple[str, str]]) -> None:
    assert list(word_diff(old, new)) == expected


def test_very_long_texts_are_not_aligned() -> None:
    long = "word " * MAX_WORDS
    assert [op for op, _ in word_diff(long, long + "more")] == ["-", "+"]
