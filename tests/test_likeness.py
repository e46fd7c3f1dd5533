"""Hints of the checker: the nearest words, another place where the words stand, which article a sentence is about."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.corpus import Corpus
from kb.ids import ProvisionId
from kb.likeness import content_words, nearest_words, nearness, stands_elsewhere
from kb.model import Language

TEXT = "A harbour master may inspect boats longer than 10 metres. A fine of CNY 1,000 may be imposed."
TEXT_ZH = "处理者应当取得个人的单独同意。法律另有规定的，从其规定。"


@pytest.mark.parametrize(
    ("words", "text", "near"),
    [
        ("may inspect boats longer than 12 metres", TEXT, "may inspect boats longer than 10 metres"),
        ("A fine of CNY 5,000 may be imposed", TEXT, "A fine of CNY 1,000 may be imposed"),
        ("inspect boats longer", TEXT, "inspect boats longer"),
        ("处理者可以取得个人的单独同意", TEXT_ZH, "处理者应当取得个人的单独同意"),
        ("zebras juggle quietly by moonlight", TEXT, None),
        ("海山木石竹", TEXT_ZH, None),
        ("", TEXT, None),
        ("words", "", None),
    ],
)
def test_nearest_words(words: str, text: str, near: str | None) -> None:
    assert nearest_words(words, text) == near


@given(st.text(max_size=40), st.text(max_size=80))
def test_nearest_words_are_words_of_the_text(words: str, text: str) -> None:
    near = nearest_words(words, text)
    assert near is None or near in text


SENSITIVE = "pipl@2021-11-01/art_28"


@pytest.mark.parametrize(
    ("place", "language", "near", "elsewhere"),
    [
        ("pipl@2021-11-01/art_29", "en", "pipl@2021-11-01/art_28", "pipl@2021-11-01/art_29"),
        ("pipl@2021-11-01/art_29", "zh", "dsl@2021-09-01/art_21", "pipl@2021-11-01/art_29"),
        ("pipl@2021-11-01/art_28__para_2", "en", "pipl@2021-11-01/art_29", "pipl@2021-11-01/art_28__para_2"),
        (
            "frt-measures@2025-06-01/art_13__para_2",
            "en",
            "pipl@2021-11-01/art_28",
            "frt-measures@2025-06-01/art_13__para_2",
        ),
        # the place itself is not elsewhere
        ("pipl@2021-11-01/art_29", "en", "pipl@2021-11-01/art_29", None),
    ],
)
def test_words_that_stand_elsewhere_are_found_at_the_narrowest_place(
    corpus: Corpus, place: str, language: Language, near: str, elsewhere: str | None
) -> None:
    words = corpus.provision(ProvisionId.parse(place)).text("zh" if language == "zh" else "en") or ""
    found = stands_elsewhere(words, corpus, language, ProvisionId.parse(near))
    assert (str(found) if found else None) == elsewhere


@pytest.mark.parametrize(
    ("words", "language"),
    [
        ("personal information", "en"),
        ("个人信息", "zh"),
        ("Whoever sells lamps by night shall paint them green.", "en"),
        ("夜间出售灯具的应当将其漆成绿色。", "zh"),
        ("", "en"),
    ],
)
def test_few_words_and_unknown_words_stand_nowhere_else(corpus: Corpus, words: str, language: Language) -> None:
    assert stands_elsewhere(words, corpus, language, ProvisionId.parse(SENSITIVE)) is None


def test_the_same_version_comes_first(corpus: Corpus) -> None:
    """Words that stand in both texts of the CSL are found in the text cited."""
    old, new = (corpus.provision(ProvisionId.parse(p)) for p in ("csl@2017-06-01/art_41", "csl@2026-01-01/art_43"))
    language: Language = "en" if old.text_en else "zh"
    words = (old.text_en or old.text_zh or "")[:60].rsplit(" ", 1)[0]
    for version in ("2017-06-01", "2026-01-01"):
        found = stands_elsewhere(words, corpus, language, ProvisionId("csl", version, "21"))
        assert found is not None and found.version == version, (words, new.text_en)


@pytest.mark.parametrize(
    ("sentence", "nearer", "further"),
    [
        ("Separate consent is needed for sensitive personal information.", "29", "66"),
        ("A fine of up to 50 million yuan or 5 percent of turnover.", "66", "29"),
        ("处理敏感个人信息应当取得个人的单独同意。", "29", "66"),
        ("Le consentement séparé pour les informations sensibles", "29", "66"),
    ],
)
def test_a_sentence_is_nearer_to_the_article_it_is_about(
    corpus: Corpus, sentence: str, nearer: str, further: str
) -> None:
    near, far = (corpus.provision(ProvisionId("pipl", "2021-11-01", n)) for n in (nearer, further))
    assert 1 >= nearness(sentence, near) > nearness(sentence, far) >= 0


def test_function_words_and_words_of_any_law_say_nothing(corpus: Corpus) -> None:
    article = corpus.provision(ProvisionId.parse(SENSITIVE))
    assert content_words("The law shall be an Article, and it may.") == frozenset()
    assert nearness("The law shall be an Article, and it may.", article) == 0
    assert content_words("harbours harbour") == {"harbo"}
    assert {"单独", "独同", "同意"} <= content_words("单独同意")
