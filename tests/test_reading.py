"""What a text cites: which instrument a number belongs to, which quotation belongs to which citation, what is listed."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb.cited import Cited, is_statement
from kb.corpus import Corpus
from kb.reading import read

Seen = tuple[str, tuple[str, ...], str | None, str]


def articles(corpus: Corpus, text: str) -> list[Seen]:
    return [
        (c.mention.article, c.laws, c.unknown, c.basis) for c in read(text, corpus.names).cited if c.mention is not None
    ]


def written(*pairs: tuple[str, str]) -> list[Seen]:
    return [(article, (law,), None, "written") for article, law in pairs]


def reach(article: str, *laws: str) -> list[Seen]:
    return [(article, laws, None, "inferred")]


# ------------------------------------------------------------------ a name beside the number


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("PIPL Art. 28(2) applies.", written(("28", "pipl"))),
        ("Article 28 of the PIPL applies.", written(("28", "pipl"))),
        ("Articles 28 and 55 of the PIPL apply.", written(("28", "pipl"), ("55", "pipl"))),
        ("Articles 28 to 30 of the PIPL apply.", written(("28", "pipl"), ("29", "pipl"), ("30", "pipl"))),
        ("PIPL Art. 28 and 29, CSL Art. 21.", written(("28", "pipl"), ("29", "pipl"), ("21", "csl"))),
        ("Art. 5(2) PIPL; art. 6 DSL", written(("5", "pipl"), ("6", "dsl"))),
        ("PIPL 28(2) says so.", written(("28", "pipl"))),
        ("the “Personal Information Protection Law”, Article 28", written(("28", "pipl"))),
        ("“PIPL Art. 28” is cited.", written(("28", "pipl"))),
        ("Article 253-1 of the Criminal Law", written(("253-1", "criminal-law"))),
        ("Article 9999 of the PIPL", written(("9999", "pipl"))),
        ("《个人信息保护法》第二十八条第二款", written(("28", "pipl"))),
        ("《个人信息保护法》第二十八条、第五十五条", written(("28", "pipl"), ("55", "pipl"))),
        ("《个人信息保护法》第二十八条至第三十条", written(("28", "pipl"), ("29", "pipl"), ("30", "pipl"))),
        ("个保法第28条和数据安全法第27条", written(("28", "pipl"), ("27", "dsl"))),
        ("《刑法》第二百五十三条之一", written(("253-1", "criminal-law"))),
        ("« PIPL, art. 28, al. 2 »", written(("28", "pipl"))),
        ("l’article 28 de la PIPL et l’article 21 de la CSL", written(("28", "pipl"), ("21", "csl"))),
        # an instrument that the corpus does not know
        ("Article 5 GDPR and Article 5 of the PIPL", [("5", (), "GDPR", "written"), *written(("5", "pipl"))]),
        ("《电子商务法》第五条", [("5", (), "电子商务法", "written")]),
        # nothing is a citation of numbers that are none
        ("within 5 days, 100 persons, 5%, Order No. 5 of 2020", []),
        ("第一章、三十日内、二〇二一年", []),
    ],
)
def test_a_name_beside_the_number_decides(corpus: Corpus, text: str, expected: list[Seen]) -> None:
    assert articles(corpus, text) == expected


@pytest.mark.parametrize(
    ("text", "article", "law"),
    [
        ("The DSL. PIPL Art. 5 holds. Ibid., Article 8.", "8", "pipl"),
        ("The DSL. PIPL Art. 5 holds. The same law, Article 8, adds more.", "8", "pipl"),
        ("The DSL. 《个人信息保护法》第五条。同法第六条。", "6", "pipl"),
        ("The DSL. 《个人信息保护法》第五条。该法第六条。", "6", "pipl"),
    ],
)
def test_words_that_point_back_come_next(corpus: Corpus, text: str, article: str, law: str) -> None:
    assert articles(corpus, text)[-1] == (article, (law,), None, "pointed")


# ------------------------------------------------------------------ instruments in reach


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # the sentence
        ("The DSL is one. The PIPL is strict, and Article 29 asks for consent.", reach("29", "pipl")),
        ("Article 29 asks for what the PIPL wants. The DSL is another.", reach("29", "pipl")),
        ("The PIPL and the DSL are strict, and Article 29 asks.", reach("29", "pipl", "dsl")),
        ("个人信息保护法和数据安全法很严格，第二十九条要求同意。", reach("29", "pipl", "dsl")),
        ("La PIPL et la DSL sont strictes et l’article 29 exige cela.", reach("29", "pipl", "dsl")),
        # before the number in its paragraph
        ("The PIPL is strict. Article 29 asks for consent. The DSL too.", reach("29", "pipl")),
        ("个人信息保护法很严格。第二十九条要求同意。数据安全法亦然。", reach("29", "pipl")),
        ("La PIPL est stricte. L’article 29 exige le consentement. La DSL aussi.", reach("29", "pipl")),
        ("The GDPR is strict. Article 5 says so.", [("5", (), "GDPR", "inferred")]),
        # in its paragraph
        ("Article 29 asks for consent. The DSL says so.", reach("29", "dsl")),
        ("第二十九条要求同意。数据安全法如此。", reach("29", "dsl")),
        ("L’article 29 exige le consentement. La DSL le dit.", reach("29", "dsl")),
        # the heading above
        ("# PIPL\n\nThe DSL is another law.\n\nNow for Article 29.", reach("29", "pipl")),
        ("Personal Information Protection Law\n\nThe DSL is another law.\n\nNow for Article 29.", reach("29", "pipl")),
        ("一、个人信息保护法\n\n数据安全法也很重要。\n\n第二十九条要求同意。", reach("29", "pipl")),
        ("# DSL\n\nA.\n\n# PIPL\n\nB.\n\nNow for Article 29.", reach("29", "pipl")),
        # the same number cited before with one instrument alone
        ("The PIPL and the DSL are read here.\n\nPIPL Art. 29 is one.\n\nLater Article 29 again.", reach("29", "pipl")),
        # all that the text before names
        ("The PIPL and the DSL are read here.\n\nNow for Article 29.", reach("29", "pipl", "dsl")),
        ("个人信息保护法和数据安全法都重要。\n\n现在看第二十九条。", reach("29", "pipl", "dsl")),
        ("The PIPL is read here.\n\nNow for Article 29.", reach("29", "pipl")),
        # nothing
        ("Article 29 asks for consent.", reach("29")),
        ("第二十九条要求同意。", reach("29")),
        ("L’article 29 exige le consentement.", reach("29")),
        ("Article 29 asks for consent.\n\nThe PIPL is named later.", reach("29")),
        # a quotation names nothing that the text itself would cite
        ("Article 29 asks “what the PIPL wants in such a case”.", reach("29")),
    ],
)
def test_instruments_in_reach_of_a_bare_number(corpus: Corpus, text: str, expected: list[Seen]) -> None:
    assert articles(corpus, text)[-1:] == expected


def test_the_last_paragraph_that_names_an_instrument_is_kept_as_a_hint(corpus: Corpus) -> None:
    text = "The PIPL and the DSL are read here.\n\nNow the PIPL again.\n\nNothing named.\n\nNow for Article 29."
    one = read(text, corpus.names).cited[-1]
    assert (one.laws, one.near) == (("pipl", "dsl"), ("pipl",))


# ------------------------------------------------------------------ definitions and ordinary words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The Labour Contract Law (“LCL”) is old. LCL Art. 8.", ("8", (), "Labour Contract Law", "written")),
        ("The Labour Contract Law (the “LCL”) is old. Article 8 LCL.", ("8", (), "Labour Contract Law", "written")),
        (
            "The Personal Information Protection Law (hereinafter “Info Law”) is strict. Info Law Art. 29.",
            ("29", ("pipl",), None, "written"),
        ),
        (
            "《生成式人工智能服务管理暂行办法》（以下简称“《办法》”）很新。《办法》第四条。",
            ("4", (), "生成式人工智能服务管理暂行办法", "written"),
        ),
        (
            "《中华人民共和国个人信息保护法》（以下简称“个保”）很严格。《数据安全法》也是。依照个保第二十九条。",
            ("29", ("pipl",), None, "written"),
        ),
        (
            "La loi sur la protection des informations personnelles (ci-après « LPI ») est stricte. Article 29 LPI.",
            ("29", ("pipl",), None, "written"),
        ),
        # ordinary words
        ("Article 10 of the Measures applies.", ("10", ("frt-measures",), None, "written")),
        ("依照办法第十条。", ("10", ("frt-measures",), None, "written")),
        ("《办法》第十条适用。", ("10", ("frt-measures",), None, "written")),
        ("Article 5 of the Draft applies.", ("5", ("frt-draft",), None, "written")),
        ("The FRT Measures took measures. Article 4 applies.", ("4", ("frt-measures",), None, "inferred")),
        ("We took measures and made provisions. Article 4 applies.", ("4", (), None, "inferred")),
        (
            "《生成式人工智能服务管理暂行办法》很新。《办法》第四条适用。",
            ("4", (), "生成式人工智能服务管理暂行办法", "written"),
        ),
        (
            "《生成式人工智能服务管理暂行办法》与《人脸识别技术应用安全管理办法》不同。《办法》第四条适用。",
            ("4", ("frt-measures",), "生成式人工智能服务管理暂行办法", "written"),
        ),
    ],
)
def test_definitions_and_ordinary_words(corpus: Corpus, text: str, expected: Seen) -> None:
    assert articles(corpus, text)[-1] == expected


@pytest.mark.parametrize(
    "title", ["Measures for Generative AI Services", "Interim Measures for Generative AI Services"]
)
def test_measures_that_the_corpus_does_not_know_are_not_ours(corpus: Corpus, title: str) -> None:
    [one] = articles(corpus, f"The {title} are new. Article 4 of the Measures applies.")
    assert one[1] == ()
    assert one[2] is not None and "Generative AI" in one[2]


def test_a_definition_does_not_hide_the_name_it_defines(corpus: Corpus) -> None:
    first, second = read(
        "The Personal Information Protection Law (the “Law”) binds. Article 29 of the Law.", corpus.names
    ).cited
    assert (first.laws, first.start) == (("pipl",), 4)
    assert second.laws == ("pipl",)


# ------------------------------------------------------------------ instruments named alone


@pytest.mark.parametrize(
    ("text", "listed"),
    [
        ("The PIPL applies. The PIPL is a law.", ["PIPL"]),
        ("The PIPL applies. The DSL too.", ["PIPL", "DSL"]),
        ("PIPL Art. 13 applies, and the PIPL is a law.", []),
        ("The PIPL is a law. PIPL Art. 13 applies.", ["PIPL"]),
        ("The PIPL is a law. The PIPL says “one two three four five”.", ["PIPL", "PIPL"]),
        ("GB/T 35273-2020 applies. GB/T 35273-2020 is old.", ["GB/T 35273-2020"]),
        ("The Guo Bing case was decided.", ["Guo Bing case"]),
        ("The Electronic Commerce Law applies.", ["Electronic Commerce Law"]),
        ("《电子商务法》适用。《电子商务法》很新。", ["《电子商务法》"]),
        ("《最后的武士》是电影。", []),
        ("The measures and provisions, the House Rules and the applicable law.", []),
        ("These General Provisions apply.", []),
        ("He said “the PIPL is the law that applies here”.", []),
        ("No instrument here.", []),
    ],
)
def test_an_instrument_named_alone_is_listed_once(corpus: Corpus, text: str, listed: list[str]) -> None:
    assert [text[c.start : c.end] for c in read(text, corpus.names).cited if c.mention is None] == listed


# ------------------------------------------------------------------ which quotation belongs to which citation


def ascribed(corpus: Corpus, text: str) -> dict[str, list[str]]:
    """The quotations of each citation that has some, by article number or slug."""
    return {
        (c.mention.article if c.mention else c.laws[0]): [q.text for q in c.quotes]
        for c in read(text, corpus.names).cited
        if c.quotes
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # in parentheses or after a dash right behind
        ("DSL Art. 6 matters, but “a b c d” (PIPL Art. 5).", {"5": ["a b c d"]}),
        ("“A b c d” – PIPL Art. 5 and DSL Art. 6.", {"5": ["A b c d"]}),
        ("“A b c d” [PIPL Art. 5].", {"5": ["A b c d"]}),
        ("“A b c d.” (See PIPL Art. 5.)", {"5": ["A b c d."]}),
        ("“甲乙丙丁戊己庚辛”（《个人信息保护法》第五条）。", {"5": ["甲乙丙丁戊己庚辛"]}),
        ("« un deux trois quatre » (PIPL, art. 5)", {"5": ["un deux trois quatre"]}),
        # the nearest before it in the sentence
        ("PIPL Art. 5 says “a b c d” and DSL Art. 6 says “e f g h”.", {"5": ["a b c d"], "6": ["e f g h"]}),
        ("PIPL Art. 5 and 6 say “a b c d”.", {"6": ["a b c d"]}),
        ("PIPL Art. 5 says “a b” and “c d”.", {"5": ["a b", "c d"]}),
        ("依照《个人信息保护法》第五条，“甲乙丙丁戊己庚辛”。", {"5": ["甲乙丙丁戊己庚辛"]}),
        # else the next one there
        ("“A b c d”, says PIPL Art. 5.", {"5": ["A b c d"]}),
        ("As to “a b c d”, PIPL Art. 5 rules, not DSL Art. 6.", {"5": ["a b c d"]}),
        # a colon, a block quote
        ("PIPL Art. 5 reads:\n\n“A b c d e.”", {"5": ["A b c d e."]}),
        ("PIPL Art. 5 reads:\n\n> A b c d e.\n> F g.", {"5": ["A b c d e.\nF g."]}),
        ("《个人信息保护法》第五条：“甲乙”。", {"5": ["甲乙"]}),
        # a quotation that fills its sentence
        ("PIPL Art. 5 is important. “A b c d e.” It is law.", {"5": ["A b c d e."]}),
        # a sentence that points back
        ("PIPL Art. 5 is important. It says “a b c d e”.", {"5": ["a b c d e"]}),
        ("《个人信息保护法》第五条很重要。该条规定“甲乙丙丁戊己庚辛”。", {"5": ["甲乙丙丁戊己庚辛"]}),
        ("La PIPL, art. 5, est là. Elle ajoute « cinq six sept huit ».", {"5": ["cinq six sept huit"]}),
        # none of these
        ("PIPL Art. 5 is important. Someone once wrote “a b c d e”.", {}),
        ("PIPL Art. 5 is important.\n\nSomeone once wrote “a b c d e”.", {}),
        ("“a b c d”", {}),
        # a name, a citation, a defined term
        ("PIPL Art. 5 and the “Data Security Law” differ.", {}),
        ("PIPL Art. 5 asks for assessments (“PIPIA”).", {}),
        ("“PIPL Art. 28” and DSL Art. 6.", {}),
        # an instrument without an article
        ("The PIPL says “a b c d e”.", {"pipl": ["a b c d e"]}),
        ("Under the PIPL, Article 5 says “a b c d”.", {"5": ["a b c d"]}),
        # a citation inside quoted words is not one of the text
        ("PIPL Art. 5 says “see Article 9 of the DSL for all this”.", {"5": ["see Article 9 of the DSL for all this"]}),
    ],
)
def test_a_quotation_belongs_to_one_citation(corpus: Corpus, text: str, expected: dict[str, list[str]]) -> None:
    assert ascribed(corpus, text) == expected


@pytest.mark.parametrize(
    ("words", "statement"),
    [
        ("one two three four", True),
        ("one two three", False),
        ("甲乙丙丁戊己庚辛", True),
        ("甲乙丙丁戊己庚", False),
        ("", False),
    ],
)
def test_a_statement_has_four_words_or_eight_characters(words: str, statement: bool) -> None:
    assert is_statement(words) is statement


# ------------------------------------------------------------------ any text

PIECES = [
    "PIPL",
    " Art. 28",
    "Article 5",
    "《个人信息保护法》",
    "第二十八条",
    "第二款",
    "the Measures",
    "DSL",
    " of the ",
    "“",
    "”",
    '"',
    "> ",
    "\n",
    "\n\n",
    ". ",
    "。",
    "（以下简称“《办法》”）",
    " (the “Law”)",
    "It ",
    "art. 6, al. 2",
    "同法",
    "ibid. ",
    "# ",
    "GDPR",
    "\0",
    "\u202e",
    "\u2066",
    "\ufeff",
    "a b c d",
    "条",
    "百",
    "(",
    ")",
]


def check_spans(text: str, cited: tuple[Cited, ...]) -> None:
    before = (0, 0)
    for one in cited:
        assert before <= (one.start, one.end)
        assert 0 <= one.start < one.end <= len(text)
        assert 0 <= one.sentence[0] <= one.sentence[1] <= len(text)
        before = (one.start, one.end)
        for quote in one.quotes:
            assert 0 <= quote.outer_start <= quote.start <= quote.end <= quote.outer_end <= len(text)
    owned = [q for one in cited for q in one.quotes]
    assert len(owned) == len(set(owned))


@given(pieces=st.lists(st.sampled_from(PIECES), max_size=25))
@settings(max_examples=300, deadline=None)
def test_citations_lie_in_the_text_in_order_and_share_no_quotation(corpus: Corpus, pieces: list[str]) -> None:
    text = "".join(pieces)
    reading = read(text, corpus.names)
    assert len(reading.plain) == len(reading.text)
    check_spans(text, reading.cited)


@given(text=st.text(max_size=300))
@settings(deadline=None)
def test_any_text_can_be_read(corpus: Corpus, text: str) -> None:
    check_spans(text, read(text, corpus.names).cited)


@given(text=st.text(alphabet="abcxyz ,.;\n“”()é海山木", max_size=200))
@settings(deadline=None)
def test_a_text_without_digits_and_names_cites_nothing(corpus: Corpus, text: str) -> None:
    assert read(text, corpus.names).cited == ()


@pytest.mark.parametrize(
    "text",
    [
        "PIPL Art. 28 " + "x" * 100_000,
        "PIPL " * 10_000,
        "第" * 50_000,
        "一" * 5_000 + "条",
        "Article 1, " * 2_500,
        "(" * 50_000,
        "PIPL Art. 28: “a b c d e”. " * 1_000,
        "《" * 50_000,
        "A " * 20_000,
        "\n" * 100_000,
        "Article 5 says so.\n\n" * 500,
    ],
    ids=lambda text: text[:12],
)
def test_long_and_repetitive_texts_take_seconds_at_most(corpus: Corpus, text: str) -> None:
    start = time.process_time()
    check_spans(text, read(text, corpus.names).cited)
    assert time.process_time() - start < 4
