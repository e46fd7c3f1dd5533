"""Which version of a law a citation means, and what became of the rule: on a tiny corpus whose second text amends,
renumbers and drops articles, and on the two texts of the Cybersecurity Law."""

from __future__ import annotations

import shutil
from datetime import date

import pytest
from conftest import TODAY, write_tiny

from kb.check import check_text
from kb.corpus import Corpus
from kb.corpus_load import load_corpus, write_lock
from kb.model import CheckedCitation, Version
from kb.versions import is_french, language_of, marked_version

HEAD = """---
adopted_on: {adopted}
source_url: https://example.invalid/harbour
retrieved_on: 2026-01-01
evidence: "Written for the tests."
articles: 1-4
completeness: full
chinese: {{link: https://example.invalid/harbour}}
---

# Chapter I Boats
"""
OLD = (
    "A boat shall carry 2 lamps at night on open water.",
    "A harbour master may inspect every raft that carries passengers.",
    "Whoever moors without a permit pays CNY 1,000 to the harbour office.",
    "Whistles are blown twice before a vessel leaves the pier.",
)
NEW = (
    "A boat shall carry 3 lamps at night on open water.",
    "Anchors must be painted red by their owners.",
    "A harbour master may inspect every raft that carries passengers.",
    "Whoever moors without a permit pays CNY 5,000 to the harbour office.",
)
ROWS = """old,new,change,note
harbour-law@2018-01-01/art_1,harbour-law@2024-01-01/art_1,changed,lamps
harbour-law@2018-01-01/art_2,harbour-law@2024-01-01/art_3,same,inspection
harbour-law@2018-01-01/art_3,harbour-law@2024-01-01/art_4,changed,mooring
harbour-law@2018-01-01/art_4,,dropped,whistles
"""
BEFORE, FIRST, SECOND = date(2017, 6, 1), date(2020, 6, 1), TODAY


@pytest.fixture(scope="module")
def harbour(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """One law in two versions, with one article of each fate."""
    root = write_tiny(tmp_path_factory.mktemp("versions") / "corpus")
    for name in ("documents", "scenarios", "concordances", "laws/lamp-draft"):
        shutil.rmtree(root / name)
    (root / "documents").mkdir()
    (root / "scenarios").mkdir()
    (root / "concordances").mkdir()
    (root / "concordances" / "harbour.csv").write_text(ROWS, encoding="utf-8")
    law = root / "laws" / "harbour-law"
    (law / "2024-01-01.guide.yaml").unlink()
    for key, adopted, articles in (("2018-01-01", "2017-10-01", OLD), ("2024-01-01", "2023-10-01", NEW)):
        body = "".join(f"\n### Article {n}\n\n{text}\n" for n, text in enumerate(articles, 1))
        (law / f"{key}.md").write_text(HEAD.format(adopted=adopted) + body, encoding="utf-8")
    write_lock(root)
    return load_corpus(root)


def only(text: str, corpus: Corpus, on: date = SECOND, written: date | None = None) -> CheckedCitation:
    [one] = check_text(text, corpus, on, written).citations
    return one


def told(one: CheckedCitation) -> tuple[str, str | None, str | None]:
    """Verdict, place read, place of today; without the name of the law."""
    short = [
        str(p).removeprefix("harbour-law@").replace("-01-01/art_", "/") if p else None for p in (one.id, one.today)
    ]
    return one.verdict, short[0], short[1]


def quote(n: int, texts: tuple[str, ...]) -> str:
    return f"Harbour Law Art. {n} says “{texts[n - 1]}”."


# ------------------------------------------------------------------ what became of the rule


@pytest.mark.parametrize(
    ("text", "on", "expected"),
    [
        # the first text, while it stood
        (quote(1, OLD), FIRST, ("VERIFIED", "2018/1", "2018/1")),
        (quote(2, OLD), FIRST, ("VERIFIED", "2018/2", "2018/2")),
        (quote(4, OLD), FIRST, ("VERIFIED", "2018/4", "2018/4")),
        # the first text, quoted after the second came
        (quote(1, OLD), SECOND, ("AMENDED", "2018/1", "2024/1")),
        (quote(2, OLD), SECOND, ("RENUMBERED", "2018/2", "2024/3")),
        (quote(3, OLD), SECOND, ("RENUMBERED", "2018/3", "2024/4")),
        (quote(4, OLD), SECOND, ("REPEALED", "2018/4", None)),
        # the second text
        *((quote(n, NEW), SECOND, ("VERIFIED", f"2024/{n}", f"2024/{n}")) for n in (1, 2, 3, 4)),
        # the second text, on a day before it
        (quote(2, NEW), FIRST, ("UNCHECKED", "2024/2", None)),
        # before any text
        (quote(1, OLD), BEFORE, ("UNCHECKED", "2018/1", None)),
        # words of neither
        (
            "Harbour Law Art. 1 says “A boat shall carry 9 lamps at night”.",
            FIRST,
            ("QUOTE_MISMATCH", "2018/1", "2018/1"),
        ),
        # no such article in either
        ("Harbour Law Art. 5 says so.", SECOND, ("ARTICLE_NOT_FOUND", None, None)),
        ("Harbour Law Art. 5 says so.", FIRST, ("ARTICLE_NOT_FOUND", None, None)),
        ("Harbour Law Art. 1(7) says so.", FIRST, ("ARTICLE_NOT_FOUND", None, None)),
    ],
)
def test_what_became_of_a_rule(
    harbour: Corpus, text: str, on: date, expected: tuple[str, str | None, str | None]
) -> None:
    assert told(only(text, harbour, on)) == expected


def test_renumbered_and_changed_says_both(harbour: Corpus) -> None:
    moved, changed = (only(quote(n, OLD), harbour).detail for n in (2, 3))
    assert "now stands in Harbour Law Art. 3" in moved and "was changed" not in moved
    assert "now stands in Harbour Law Art. 4" in changed and "was changed" in changed


def test_the_day_on_which_a_text_comes_into_force_belongs_to_it(harbour: Corpus) -> None:
    assert only(quote(1, OLD), harbour, date(2023, 12, 31)).verdict == "VERIFIED"
    assert only(quote(1, NEW), harbour, date(2023, 12, 31)).verdict == "UNCHECKED"
    assert only(quote(1, OLD), harbour, date(2024, 1, 1)).verdict == "AMENDED"
    assert only(quote(1, NEW), harbour, date(2024, 1, 1)).verdict == "VERIFIED"


# ------------------------------------------------------------------ which version is meant


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # marked beside the name or the number
        ("Harbour Law (2017) Art. 2 matters.", ("RENUMBERED", "2018/2", "2024/3")),
        ("Harbour Law (2018) Art. 4 matters.", ("REPEALED", "2018/4", None)),
        ("The 2018 Harbour Law Art. 2 matters.", ("RENUMBERED", "2018/2", "2024/3")),
        ("Article 2 of the Harbour Law (as amended 2023) matters.", ("VERIFIED", "2024/2", "2024/2")),
        ("Article 2 of the Harbour Law as amended matters.", ("VERIFIED", "2024/2", "2024/2")),
        ("The former Harbour Law Art. 2 matters.", ("RENUMBERED", "2018/2", "2024/3")),
        ("2018年《港口法》第二条如此。", ("RENUMBERED", "2018/2", "2024/3")),
        ("《港口法》（2024年）第二条如此。", ("VERIFIED", "2024/2", "2024/2")),
        ("修正后的《港口法》第二条如此。", ("VERIFIED", "2024/2", "2024/2")),
        ("修正前的《港口法》第二条如此。", ("RENUMBERED", "2018/2", "2024/3")),
        # a mark beats the words
        (f"The Harbour Law (2024) Art. 2 says “{OLD[1]}”.", ("QUOTE_MISMATCH", "2024/2", "2024/2")),
        # a year before the first text
        ("Harbour Law (1999) Art. 2 matters.", ("UNCHECKED", None, None)),
        # figures
        ("Under Harbour Law Art. 3, mooring costs CNY 1,000.", ("RENUMBERED", "2018/3", "2024/4")),
        ("Under Harbour Law Art. 4, mooring costs CNY 5,000.", ("VERIFIED", "2024/4", "2024/4")),
        # words of the sentence
        (
            "Under Harbour Law Art. 2, harbour masters inspect rafts with passengers.",
            ("RENUMBERED", "2018/2", "2024/3"),
        ),
        ("Under Harbour Law Art. 2, owners have anchors painted red.", ("VERIFIED", "2024/2", "2024/2")),
        # nothing tells
        ("See Harbour Law Art. 2.", ("AMBIGUOUS", None, None)),
        # the number means the same rule in both
        ("See Harbour Law Art. 1.", ("VERIFIED", "2024/1", "2024/1")),
    ],
)
def test_which_version_is_meant(harbour: Corpus, text: str, expected: tuple[str, str | None, str | None]) -> None:
    assert told(only(text, harbour)) == expected


@pytest.mark.parametrize("word", ["former", "old", "original", "2017", "2018"])
def test_a_mark_between_the_number_and_the_name(harbour: Corpus, word: str) -> None:
    first = check_text(f"Article 2 of the {word} Harbour Law matters.", harbour, SECOND).citations[0]
    assert told(first) == ("RENUMBERED", "2018/2", "2024/3")


@pytest.mark.parametrize(
    ("text", "written", "expected"),
    [
        ("See Harbour Law Art. 2.", FIRST, ("RENUMBERED", "2018/2", "2024/3")),
        ("See Harbour Law Art. 2.", date(2024, 1, 1), ("VERIFIED", "2024/2", "2024/2")),
        ("See Harbour Law Art. 4.", FIRST, ("REPEALED", "2018/4", None)),
        # a mark beats the date, and so do words that stand in one version only
        ("Harbour Law (2024) Art. 2 matters.", FIRST, ("VERIFIED", "2024/2", "2024/2")),
        (quote(2, NEW), FIRST, ("VERIFIED", "2024/2", "2024/2")),
        # words of neither are a mismatch with the text of that day
        (
            "Harbour Law Art. 1 says “A boat shall carry 9 lamps at night”.",
            FIRST,
            ("QUOTE_MISMATCH", "2018/1", "2024/1"),
        ),
    ],
)
def test_the_date_of_writing(
    harbour: Corpus, text: str, written: date, expected: tuple[str, str | None, str | None]
) -> None:
    assert told(only(text, harbour, written=written)) == expected


@pytest.mark.parametrize(
    ("before", "inside", "behind", "key"),
    [
        ("", "", " (2017)", "2017-06-01"),
        ("the 2017 ", "", "", "2017-06-01"),
        ("2016年《", "", "", "2017-06-01"),
        ("", "（2016年）", "", "2017-06-01"),
        ("", "", " as amended in 2025", "2026-01-01"),
        ("", "", "（2025年修正）", "2026-01-01"),
        ("the old ", "", "", "2017-06-01"),
        ("现行《", "", "", "2026-01-01"),
        ("原《", "", "", "2017-06-01"),
        ("", "", " applies", None),
        ("In 2017 all was new. The ", "", "", None),
    ],
)
def test_marks_beside_a_name(corpus: Corpus, before: str, inside: str, behind: str, key: str | None) -> None:
    found = marked_version(before, inside, behind, corpus, "csl")
    assert (found.key if isinstance(found, Version) else found) == key


def test_a_year_before_any_text_is_not_held(corpus: Corpus) -> None:
    assert marked_version("the 2001 ", "", "", corpus, "csl") == "not held"


@pytest.mark.parametrize(
    ("text", "verdict", "today"),
    [
        ("CSL (2017) Art. 42 matters.", "RENUMBERED", "csl@2026-01-01/art_44"),
        ("2016年《网络安全法》第四十二条如此。", "RENUMBERED", "csl@2026-01-01/art_44"),
        ("CSL Art. 76 item 5 defines personal information.", "RENUMBERED", "csl@2026-01-01/art_78__item_5"),
        ("《网络安全法》（2025年修正）第四十四条如此。", "VERIFIED", "csl@2026-01-01/art_44"),
        ("See CSL Art. 42.", "AMBIGUOUS", None),
        ("See CSL Art. 1.", "VERIFIED", "csl@2026-01-01/art_1"),
        ("See CSL Art. 99.", "ARTICLE_NOT_FOUND", None),
    ],
)
def test_the_cybersecurity_law(corpus: Corpus, text: str, verdict: str, today: str | None) -> None:
    one = only(text, corpus)
    assert (one.verdict, str(one.today) if one.today else None) == (verdict, today)


# ------------------------------------------------------------------ languages of quotations


@pytest.mark.parametrize(
    ("words", "language", "french"),
    [
        ("应当取得单独同意", "zh", False),
        ("separate consent is needed", "en", False),
        ("le consentement séparé de la personne", "en", True),
        ("consentement", "en", False),
        ("单独同意 (separate consent)", "zh", False),
        ("", "en", False),
    ],
)
def test_the_text_a_quotation_is_compared_with(words: str, language: str, french: bool) -> None:
    assert (language_of(words), is_french(words)) == (language, french)


def test_french_words_are_not_compared(harbour: Corpus) -> None:
    one = only("L’article 1 de la loi sur les ports dit « le bateau porte trois lampes de nuit ».", harbour)
    assert one.quotes[0].found is None
    assert one.verdict in ("UNCHECKED", "AMBIGUOUS")


def test_chinese_words_are_not_compared_where_no_chinese_text_is_held(harbour: Corpus) -> None:
    one = only("《港口法》（2024年）第二条规定：“锚应当由所有人漆成红色”。", harbour)
    assert (one.verdict, one.quotes[0].found) == ("UNCHECKED", None)
