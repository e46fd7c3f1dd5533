"""The checked text as HTML: every citation reachable, everything escaped, long texts bounded."""

from __future__ import annotations

import re
from html import unescape

import pytest
from office import cited, report_on

from kb.corpus import Corpus
from kb.ids import ProvisionId
from kb.model import VERDICTS, Quotation, Verdict
from kb.ui import check_view as view

NOW = ProvisionId.parse("harbour-law@2024-01-01/art_2")
TEXT = "See Harbour Law Arts. 1 and 2, then “lamps & boats” <b>."


def words(html: str) -> str:
    """The text of the page without our own words and numbers."""
    html = re.sub(r' <span class="kb-word">.*?</span>|<sup>.*?</sup>', "", html)
    return unescape(re.sub(r"<[^>]*>", "", html))


def test_citations_that_overlap_share_a_mark_in_the_gravest_colour() -> None:
    report = report_on(
        TEXT,
        cited(TEXT, "Harbour Law Arts. 1", "VERIFIED"),
        cited(TEXT, "Harbour Law Arts. 1 and 2", "ARTICLE_NOT_FOUND"),
        cited(TEXT, "2", "AMENDED"),
    )
    html = view.marked(report, "en")
    assert html.count('class="kb-cite') == 1 and 'class="kb-cite kb-bad"' in html
    assert {f'data-open="ck-{i}"' in html for i in range(3)} == {True}
    assert words(html) == TEXT


def test_the_text_is_shown_as_it_is_whatever_stands_in_it() -> None:
    start = TEXT.index("lamps")
    quote = Quotation("lamps & boats", start, start + 13, False)
    report = report_on(TEXT, cited(TEXT, "Harbour Law", "QUOTE_MISMATCH", detail='"><script>', quotes=(quote,)))
    html = view.marked(report, "fr")
    assert words(html) == TEXT and "<b>" not in html and "<script>" not in html
    assert 'class="kb-said kb-lost"' in html


@pytest.mark.parametrize("verdict", VERDICTS)
def test_only_a_verified_citation_is_green(verdict: Verdict, tiny: Corpus) -> None:
    report = report_on(TEXT, cited(TEXT, "Harbour Law", verdict))
    html = view.marked(report, "en") + view.table(report, tiny, "en") + view.cards(report, tiny, "en")
    assert ("kb-ok" in html) == (verdict == "VERIFIED")
    assert html.count(verdict) >= 3


def test_a_card_shows_both_places_and_links_to_the_versions_meant(tiny: Corpus) -> None:
    moved = cited(TEXT, "Harbour Law", "RENUMBERED", id="harbour-law@2018-01-01/art_1", law="harbour-law", today=NOW)
    html = view.card(0, report_on(TEXT, moved), tiny, "en")
    assert "2 lamps" in html and "3 lamps" in html
    assert 'href="/law/harbour-law/1?on=2026-11-22&amp;version=2018-01-01&amp;lang=en"' in html
    assert 'href="/law/harbour-law/2?on=2026-11-22&amp;lang=en"' in html


def test_a_law_without_an_article_links_to_the_law(tiny: Corpus) -> None:
    named = cited(TEXT, "Harbour Law", "UNCHECKED", id=None, law="harbour-law")
    assert 'href="/law/harbour-law?on=2026-11-22&amp;lang=zh"' in view.card(0, report_on(TEXT, named), tiny, "zh")


def test_long_results_are_cut_and_it_is_said(tiny: Corpus) -> None:
    text = "PIPL Art. 28.\n" * 20_000
    citations = [cited(text, "PIPL Art. 28", "UNCHECKED", after=i) for i in range(0, 14 * 2_000, 14)]
    citations.append(cited(text, "PIPL Art. 28", "VERIFIED", after=view.MAX_SHOWN + 100))
    report = report_on(text, *citations)
    html, cards = view.result(report, tiny, "en", "memo"), view.cards(report, tiny, "en")
    assert "The first 200,000 of 280,000 characters are shown" in html
    assert html.count("<tr data-verdict") == view.MAX_ROWS and "The first 1000 citations are listed" in html
    assert cards.count("<details") == view.MAX_CARDS and "Cards of the first 150 citations" in cards
    assert "verified 1" in html and words(view.marked(report, "en")).endswith(text[: view.MAX_SHOWN])
    opened = {int(n) for n in re.findall(r'data-open="ck-(\d+)"', html)}
    assert opened == set(range(view.MAX_CARDS))


def test_a_text_without_citations_is_shown_and_no_pass(tiny: Corpus) -> None:
    html = view.result(report_on("Boats <i>."), tiny, "en", "<memo>")
    assert "No citation found: nothing was checked." in html and "kb-ok" not in html
    assert "Boats &lt;i&gt;." in html and "&lt;memo&gt;" in html
