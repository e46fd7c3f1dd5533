"""Text as data: folding with a way back to the original, quotes, sentences, language, search tokens."""

from __future__ import annotations

import sys
import threading

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from kb.corpus import Corpus
from kb.text import CJK, _stem, detect_language, find_quote, normalise, sentences, teach_chinese_words, tokens

LEGAL = st.text(
    alphabet=st.sampled_from(
        list("第二十八条不得 　\n\t\u200b（一）；。，《》“”‘’'\"abc ABC 0129é–-.;:½ﬁＡ１\u00a0\u00ad")
    ),
    max_size=80,
)
TEXTS = st.one_of(st.text(max_size=80), LEGAL)


# ------------------------------------------------------------------ folding


@given(TEXTS, st.data())
def test_every_span_leads_back_to_the_words_it_came_from(text: str, data: st.DataObject) -> None:
    folded = normalise(text)
    assume(folded.text)
    start = data.draw(st.integers(0, len(folded.text) - 1))
    end = data.draw(st.integers(start + 1, len(folded.text)))
    first, last = folded.original_span(start, end)
    assert 0 <= first < last <= len(text)
    words, again = folded.text[start:end].strip(), normalise(text[first:last]).text
    cuts_a_character = folded.starts[start] in folded.starts[:start] or folded.ends[end - 1] in folded.ends[end:]
    assert words in again if cuts_a_character else words == again


@given(TEXTS)
def test_folding_twice_changes_nothing(text: str) -> None:
    once = normalise(text).text
    assert normalise(once).text == once


@pytest.mark.parametrize(("start", "end"), [(0, 0), (2, 2), (2, 1), (-1, 2), (0, 4)])
def test_a_span_that_is_empty_or_outside_is_refused(start: int, end: int) -> None:
    with pytest.raises(ValueError, match="span"):
        normalise("abc").original_span(start, end)


# ------------------------------------------------------------------ quotes

FOUND = [
    ("separate consent", "the individual's separate consent shall", "separate consent"),
    ("the individual’s consent", "the individual's consent", "the individual's consent"),
    ("“separate” consent", '"separate" consent', '"separate" consent'),
    ("« separate »", "“ separate ”", "“ separate ”"),
    ("100,000 persons", "１００,０００\u00a0persons", "１００,０００\u00a0persons"),
    ("in\n  accordance with", "in accordance\twith law", "in accordance\twith"),
    ("in accordance", "in accor\u00addance", "in accor\u00addance"),
    ("1–3", "1-3", "1-3"),
    ("单独同意", "应当取得个人的单独同\n意，", "单独同\n意"),
    ("单独 同意", "应当取得个人的单独同意", "单独同意"),
    ("人脸信息，应当", "人脸信息\n，应当", "人脸信息\n，应当"),
    ("（一）人脸", "(一)人脸", "(一)人脸"),
    ("为 10 万人", "为10万人", "为10万人"),
    ("第一款。第二款", "第一款。\n第二款", "第一款。\n第二款"),
    (
        "下列条件：（一）合法；（二）正当",
        "下列条件：\n（一）合法；\n（二）正当",
        "下列条件：\n（一）合法；\n（二）正当",
    ),
]


@pytest.mark.parametrize(("quote", "text", "found"), FOUND, ids=[q for q, _, _ in FOUND])
def test_a_quote_is_found_where_it_stands(quote: str, text: str, found: str) -> None:
    span = find_quote(quote, text)
    assert span is not None
    assert text[slice(*span)] == found


ABSENT = [
    ("", "anything"),
    (" \n\u200b", "anything"),
    ("shall process", "shall not process"),
    ("shall not process", "shall process"),
    ("50,000 persons", "100,000 persons"),
    ("100000 persons", "100,000 persons"),
    ("Article 28", "Article 29"),
    ("shall", "may"),
    ("Shall", "shall"),
    ("separateconsent", "separate consent"),
    ("données", "donnees"),
    ("应当处理", "不得处理"),
    ("得处理", "不处理"),
    ("30个工作日", "30个日"),
    ("第二十八条", "第二十九条"),
]


@pytest.mark.parametrize(("quote", "text"), ABSENT, ids=[f"{q!r} in {t}" for q, t in ABSENT])
def test_other_words_are_not_found(quote: str, text: str) -> None:
    assert find_quote(quote, text) is None


@given(TEXTS, st.data())
def test_any_piece_of_a_text_is_found_in_it(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    piece = text[start : data.draw(st.integers(start, len(text)))]
    assume(normalise(piece).text)
    span = find_quote(piece, text)
    assert span is not None
    assert normalise(piece).text in normalise(text[slice(*span)]).text


def lines_of(corpus: Corpus) -> list[tuple[str, str]]:
    """Every line of every article, with the text of the whole article."""
    return [
        (line, text)
        for article in corpus.all_articles()
        for language in ("en", "zh")
        for line in [x.text(language) for x in article.lines]
        for text in [article.text(language)]
        if line and text and any(char.isalnum() for char in line)
    ]


@given(data=st.data())
def test_one_changed_letter_or_digit_and_the_quote_is_gone(corpus: Corpus, data: st.DataObject) -> None:
    line, text = data.draw(st.sampled_from(lines_of(corpus)))
    at = data.draw(st.sampled_from([i for i, char in enumerate(line) if char.isalnum()]))
    other = data.draw(st.sampled_from([c for c in "aestT0159不得应可一二十é" if c != line[at]]))
    assert find_quote(line, text) is not None
    assert find_quote(line[:at] + other + line[at + 1 :], text) is None


@given(data=st.data())
def test_a_line_break_beside_a_chinese_character_is_no_difference(corpus: Corpus, data: st.DataObject) -> None:
    line = data.draw(st.sampled_from([line for line, _ in lines_of(corpus) if CJK.match(line)]))
    at = data.draw(st.sampled_from([i for i in range(1, len(line)) if CJK.search(line[i - 1 : i + 1])]))
    broken = line[:at] + data.draw(st.sampled_from(["\n", "\r\n", " ", "\n　　"])) + line[at:]
    assert find_quote(line, broken) == (0, len(broken))
    assert find_quote(broken, line) == (0, len(line))


# ------------------------------------------------------------------ sentences


@given(TEXTS)
def test_sentences_cover_the_text(text: str) -> None:
    spans = sentences(text)
    assert "".join(text[start:end] for start, end in spans) == text
    assert all(start < end for start, end in spans)


SENTENCES = [
    ("Consent is needed. Without it, stop.", ["Consent is needed. ", "Without it, stop."]),
    ("Is it? Yes! Good.", ["Is it? ", "Yes! ", "Good."]),
    ("See Art. 28 of that law.", ["See Art. 28 of that law."]),
    ("Voir art. 28 de la loi. Il s’applique.", ["Voir art. 28 de la loi. ", "Il s’applique."]),
    ("Arts. 28 and 29 apply. Others do not.", ["Arts. 28 and 29 apply. ", "Others do not."]),
    ("See Art. A 28 and para. B of it.", ["See Art. A 28 and para. B of it."]),
    ("Order No. 19 of that day, cf. Article 3.", ["Order No. 19 of that day, cf. Article 3."]),
    ("A fine of CNY 1,000.50 is due.", ["A fine of CNY 1,000.50 is due."]),
    ("不得处理。应当删除；可以保存", ["不得处理。", "应当删除；", "可以保存"]),
    ("(1) first item;\n(2) second item.", ["(1) first item;\n", "(2) second item."]),
    ("one sentence without an end", ["one sentence without an end"]),
    ("", []),
]


@pytest.mark.parametrize(("text", "expected"), SENTENCES, ids=[t for t, _ in SENTENCES])
def test_sentences_end_where_a_reader_would_end_them(text: str, expected: list[str]) -> None:
    assert [text[start:end] for start, end in sentences(text)] == expected


# ------------------------------------------------------------------ language

LANGUAGES = [
    ("Do we need consent?", "en"),
    ("May we film visitors at the door", "en"),
    ("Faut-il un consentement ?", "fr"),
    ("Que dit l'article 28 ?", "fr"),
    ("L’entrée de l’immeuble", "fr"),
    ("Peut-on filmer les visiteurs", "fr"),
    ("Which rules apply to the café?", "en"),
    ("需要同意吗？", "zh"),
    ("人脸", "zh"),
    ("PIPL第28条怎么说", "zh"),
    ("GDPR和PIPL有什么区别？", "zh"),
    ("What does 单独同意 mean?", "en"),
    ("Que veut dire 单独同意 dans la loi ?", "fr"),
]


@pytest.mark.parametrize(("text", "expected"), LANGUAGES, ids=[t for t, _ in LANGUAGES])
@pytest.mark.parametrize("default", ["en", "zh", "fr"])
def test_language_of_a_question(text: str, expected: str, default: str) -> None:
    assert detect_language(text, default) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["PIPL", "PIPL 28(2)", "consent", "OK"])
@pytest.mark.parametrize(("default", "expected"), [("en", "en"), ("fr", "fr"), ("zh", "en")])
def test_words_of_no_language_take_the_default_but_latin_ones_are_never_chinese(
    text: str, default: str, expected: str
) -> None:
    assert detect_language(text, default) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize("default", ["en", "zh", "fr"])
@pytest.mark.parametrize("text", ["", "?", " … "])
def test_no_words_take_the_default(text: str, default: str) -> None:
    assert detect_language(text, default) == default  # type: ignore[arg-type]


# ------------------------------------------------------------------ tokens

SAME = [
    ("en", "camera", "cameras"),
    ("en", "company", "companies"),
    ("en", "penalty", "Penalties"),
    ("en", "assessment", "assessments"),
    ("en", "employee's face", "employees' faces"),
    ("en", "the lamp", "a LAMP"),
    ("en", "café", "cafe"),
    ("fr", "visage", "visages"),
    ("fr", "caméra", "caméras"),
    ("fr", "hôpital", "hôpitaux"),
    ("fr", "l’employé", "les employés"),
    ("fr", "une donnée biométrique", "des données biométriques"),
    ("fr", "vidéo", "video"),
    ("fr", "hôtel", "hotel"),
    ("fr", "sécurité", "securite"),
    ("fr", "données enregistrées", "donnees enregistrees"),
    ("fr", "caméra", "camera"),
    ("zh", "ＰＩＰＬ", "PIPL"),
]


@pytest.mark.parametrize(("language", "one", "other"), SAME, ids=[f"{a} = {b}" for _, a, b in SAME])
def test_forms_of_a_word_are_one_token(language: str, one: str, other: str) -> None:
    assert tokens(one, language) == tokens(other, language) != []  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("language", "text"), [("en", "What is the"), ("fr", "Qu’est-ce que le"), ("zh", "的"), ("en", "?! …")]
)
def test_function_words_are_no_tokens(language: str, text: str) -> None:
    assert tokens(text, language) == []  # type: ignore[arg-type]


def test_chinese_is_read_as_words_and_as_pairs_of_characters() -> None:
    found = tokens("人脸识别技术", "zh")
    assert {"人脸", "脸识", "识别", "别技", "技术"} <= set(found)
    assert "处理" in tokens("How to 处理 it", "en")


def test_taught_words_stay_whole() -> None:
    assert "雾灯守望费" not in tokens("雾灯守望费是什么", "zh")
    teach_chinese_words(["雾灯守望费"])
    assert "雾灯守望费" in tokens("雾灯守望费是什么", "zh")


@given(TEXTS, st.sampled_from(["en", "zh", "fr"]))
def test_tokens_are_folded_and_never_empty(text: str, language: str) -> None:
    for token in tokens(text, language):  # type: ignore[arg-type]
        assert token
        assert not set(token) & set(" \n,.;:()。，；：（）《》éèêàçùôîûÉ")


def test_many_threads_find_the_same_tokens() -> None:
    """As the server does: a stemmer that two threads use at once gives the stem of another word, or fails."""
    ends = ("ations", "issements", "erions", "ables", "euses", "ements", "ingly", "fulness")
    words = [f"{chr(97 + a)}{chr(97 + b)}ar{end}" for a in range(12) for b in range(12) for end in ends]
    shares = [words[n::4] for n in range(4)]
    found: dict[str, list[str]] = {}

    def read(share: list[str]) -> None:
        found.update({word: tokens(word, "fr") for word in share})

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=read, args=(share,)) for share in shares]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    _stem.cache_clear()
    assert found == {word: tokens(word, "fr") for word in words}
