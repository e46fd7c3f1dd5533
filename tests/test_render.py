"""HTML of answers and evidence: everything from outside is escaped, and the words quoted are marked exactly."""

from __future__ import annotations

import re
from datetime import date
from html import unescape

import pytest

from kb.corpus import Corpus
from kb.generate import Material, quoting_draft
from kb.ids import PassageId, ProvisionId
from kb.model import LANGUAGES, Answer, Citation, Language, Note, Query, Refusal
from kb.ui import render
from kb.ui.strings import STRINGS, browser_language
from kb.understand import understand
from kb.verify import verify_draft

TODAY = date(2026, 11, 22)
EVIL = '<img src=x onerror=alert(1)> & "quotes" </section><script>alert(1)</script> ${1+1} {{7*7}}'


def answer(
    corpus: Corpus, *places: ProvisionId | PassageId, language: Language = "en", text: str = "A question"
) -> Answer:
    query = Query(text, TODAY, language)
    laws = tuple(p for p in places if isinstance(p, ProvisionId))
    passages = tuple(p for p in places if isinstance(p, PassageId))
    draft = quoting_draft(Material(laws, (), passages), understand(query, corpus), corpus)
    shown, withheld = verify_draft(draft, corpus, TODAY, set(places))
    assert not withheld
    return Answer(query, "answered", None, "", shown, draft.citations, draft.notes, (), {}, {})


def text_of(html: str) -> str:
    return unescape(re.sub(r"<[^>]+>", "", html))


def test_a_question_is_shown_as_text(corpus: Corpus) -> None:
    shown = render.conversation([(EVIL, answer(corpus, ProvisionId("pipl", "2021-11-01", "29")))], corpus, "en")
    assert "<script" not in shown and "<img" not in shown and EVIL in text_of(shown)
    assert EVIL in text_of(render.conversation([], corpus, "en", pending=EVIL))


def test_messages_are_escaped(corpus: Corpus) -> None:
    refused = Answer(Query("q", TODAY, "en"), "refused", Refusal("out_of_scope", EVIL), "", (), (), (), (), {}, {})
    noted = answer(corpus, ProvisionId("pipl", "2021-11-01", "29"))
    noted = Answer(noted.query, "answered", None, "", noted.claims, noted.citations, (Note("scope", EVIL),), (), {}, {})
    for turn in (refused, noted):
        shown = render.conversation([("q", turn)], corpus, "en")
        assert "<img" not in shown and EVIL in text_of(shown)


@pytest.mark.parametrize(
    ("place", "language", "marked"),
    [
        ("pipl@2021-11-01/art_28__para_2", "en", "en"),
        ("pipl@2021-11-01/art_28__para_2", "zh", "zh"),
        ("pipl@2021-11-01/art_13__para_1__item_2", "fr", "en"),
        ("frt-measures@2025-06-01/art_15__para_1", "zh", "en"),
        ("pipl@2021-11-01/art_29", "zh", "zh"),
        ("csl@2026-01-01/art_78__item_5", "zh", "zh"),
    ],
)
def test_the_words_quoted_are_marked_exactly(corpus: Corpus, place: str, language: Language, marked: str) -> None:
    found = answer(corpus, ProvisionId.parse(place), language=language)
    shown = render.evidence([("q", found)], corpus, language)
    marks = "\n".join(unescape(m) for m in re.findall(r"<mark>(.*?)</mark>", shown))
    assert marks == found.claims[0].quote and found.claims[0].quote_language == marked


def test_both_languages_stand_side_by_side(corpus: Corpus) -> None:
    found = answer(corpus, ProvisionId("pipl", "2021-11-01", "29"))
    shown = render.evidence([("q", found)], corpus, "en")
    article = corpus.provision(ProvisionId("pipl", "2021-11-01", "29"))
    assert (article.text_en or "?") in text_of(shown) and (article.text_zh or "?") in text_of(shown)


def test_text_that_is_not_held_is_said_and_linked(corpus: Corpus) -> None:
    found = answer(corpus, ProvisionId("frt-measures", "2025-06-01", "4"))
    shown = render.evidence([("q", found)], corpus, "en")
    assert STRINGS["chinese_link"].en in text_of(shown) and "https://www.cac.gov.cn/" in shown


def test_chips_say_the_standing_in_words(corpus: Corpus) -> None:
    found = answer(
        corpus,
        ProvisionId("pipl", "2021-11-01", "29"),
        ProvisionId("frt-draft", "2023-08-08", "16"),
        PassageId("ds-newsletter", 3, 1),
    )
    shown = text_of(render.conversation([("q", found)], corpus, "en"))
    for words in ("in force since 2021-11-01", "draft of 2023-08-08, never in force", "commentary, not law"):
        assert words in shown
    cards = text_of(render.evidence([("q", found)], corpus, "en"))
    assert "Incomplete" in cards and "DS Avocats" in cards


def test_a_passage_is_shown_with_its_notes(corpus: Corpus) -> None:
    found = answer(corpus, PassageId("ds-newsletter", 3, 1))
    shown = text_of(render.evidence([("q", found)], corpus, "en"))
    assert corpus.notes_at(PassageId("ds-newsletter", 3, 1))[0].message.en in shown


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "ftp://example.invalid/"])
def test_only_web_links_are_links(url: str) -> None:
    assert "<a" not in render.link(url, "source")


def test_every_string_is_in_three_languages() -> None:
    for name, texts in STRINGS.items():
        assert all(texts[code].strip() for code in LANGUAGES), name


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("fr-FR,fr;q=0.9,en;q=0.8", "fr"),
        ("zh-CN", "zh"),
        ("de-DE,zh;q=0.7", "zh"),
        ("de", "en"),
        ("", "en"),
        ("en-GB,fr;q=0.5", "en"),
    ],
)
def test_the_language_of_the_browser(header: str, language: Language) -> None:
    assert browser_language(header) == language


def test_of_a_provision_only_the_words_quoted_are_marked(corpus: Corpus) -> None:
    """A chat model quotes a part: the rest of the article stays unmarked, before it, after it and in other paragraphs."""
    place = ProvisionId.parse("frt-measures@2025-06-01/art_6")
    text = corpus.provision(place).text_en or ""
    words = "the individual has the right to withdraw consent"
    start = text.index(words)
    citation = Citation(place, "x", "x", "in_force", "authority", start, start + len(words))
    marked = re.findall(r"<mark>(.*?)</mark>", render._provision_body(citation, {"en"}, corpus, "en"))
    assert marked == [words]
