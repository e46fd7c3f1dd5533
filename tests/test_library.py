"""The Library's pages: what stands at which address, in which language, on which day, and what is said where nothing does."""

from __future__ import annotations

import html
import re
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from conftest import TINY, TODAY
from fastapi import FastAPI
from fastapi.testclient import TestClient

from kb.corpus import Corpus
from kb.corpus_load import load_corpus, write_lock
from kb.errors import BadInput
from kb.ids import FactId, PassageId, ProvisionId, parse_source_id
from kb.model import LANGUAGES
from kb.settings import Settings
from kb.ui.library import Library, stylesheet
from kb.ui.library_cited import Citings
from kb.ui.library_links import permanent_link
from kb.ui.library_search import MAX_RESULTS
from kb.ui.library_words import WORDS
from kb.ui.site import Served, listen


def client_of(corpus: Corpus) -> TestClient:
    app = FastAPI()
    app.include_router(Library(corpus, lambda: TODAY).router())
    return TestClient(app, headers={"accept-language": "en"}, follow_redirects=False)


@pytest.fixture(scope="module")
def tiny_site(tiny: Corpus) -> TestClient:
    return client_of(tiny)


@pytest.fixture(scope="module")
def site(corpus: Corpus) -> TestClient:
    return client_of(corpus)


@pytest.fixture(scope="module")
def citings(corpus: Corpus) -> Citings:
    return Citings(corpus)


def page(site: TestClient, address: str, status: int = 200, language: str = "en") -> str:
    answer = site.get(address, headers={"accept-language": language})
    assert answer.status_code == status, f"{address}: {answer.status_code}"
    return answer.text


def words(text: str) -> str:
    """A page as it is read: without tags, entities resolved, white space folded."""
    plain = re.sub(r"<(?:/?(?:p|div|li|h\d|td|tr|dd|dt|span|ol|ul|br)\b[^>]*)>", " ", text)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", "", plain))).strip()


def part(text: str, heading: str) -> str:
    """The section of a page that starts with a heading of this id."""
    return text.split(f'id="{heading}"', 1)[1].split("</section>", 1)[0]


class Outline(HTMLParser):
    """Tags, ids, languages and links of a page; says where it is not well formed."""

    EMPTY = frozenset({"meta", "link", "input", "br"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.languages: set[str] = set()
        self.links: list[str] = []
        self.headings: list[int] = []
        self.labels: set[str] = set()
        self.inputs: set[str] = set()
        self.faults: list[str] = []
        self.texts: list[tuple[str, str]] = []
        self._language = ["en"]
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag not in self.EMPTY:
            self.open.append(tag)
            self._language.append(given.get("lang", self._language[-1]))
        self.ids += [given["id"]] if "id" in given else []
        self.languages |= {given["lang"]} if "lang" in given else set()
        self.links += [given["href"]] if tag == "a" else []
        self.headings += [int(tag[1])] if re.fullmatch(r"h\d", tag) else []
        self.labels |= {given["for"]} if tag == "label" else set()
        self.inputs |= {given.get("id", "")} if tag == "input" and given.get("type") != "hidden" else set()
        self.faults += [f"{tag} has {name}" for name in given if name == "style" or name.startswith("on")]

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> closes nothing")
        self._language.pop()

    def handle_data(self, data: str) -> None:
        self.texts.append((data, self._language[-1]))


# ------------------------------------------------------------------ every page


def test_every_address_of_the_shipped_corpus_answers(site: TestClient, corpus: Corpus) -> None:
    addresses = [
        "/law",
        *(f"/doc/{slug}" for slug in corpus.documents),
        *(f"/record/{slug}" for slug in corpus.records),
    ]
    addresses += [f"/law/{v.law}?version={v.key}" for versions in corpus.versions_by_law.values() for v in versions]
    addresses += [f"/law/{a.id.law}/{a.id.article}?version={a.id.version}" for a in corpus.all_articles()]
    assert len(addresses) > 400
    faults = {address: site.get(address).status_code for address in addresses}
    assert {address: status for address, status in faults.items() if status != 200} == {}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "address",
    [
        "/law",
        "/law/csl",
        "/law/csl?on=2024-05-01",
        "/law/frt-draft",
        "/law/pipl/13",
        "/law/csl/76?version=2017-06-01",
        "/law/frt-draft/16",
        "/doc/ds-newsletter",
        "/law?q=consent",
        "/law/pipl?q=consent",
        "/law/frt-measures/25",
        "/law?on=tomorrow",
    ],
)
def test_pages_are_well_formed_and_can_be_read_aloud(site: TestClient, address: str, language: str) -> None:
    text = site.get(address, headers={"accept-language": language}).text
    outline = Outline(text)
    assert outline.open == [] and outline.faults == []
    assert len(outline.ids) == len(set(outline.ids))
    assert outline.headings[0] == 1 and outline.headings.count(1) == 1
    assert all(after - before <= 1 for before, after in zip(outline.headings, outline.headings[1:], strict=False))
    assert outline.inputs <= outline.labels
    assert f'<html lang="{language}">' in text and '<main id="main"' in text and "<script>" not in text


def test_links_within_the_library_lead_somewhere(site: TestClient) -> None:
    """Every link of a few pages answers, and what stands behind its # is on the page it leads to."""
    seen: dict[str, str] = {}
    for start in (
        "/law",
        "/law/csl",
        "/law/csl/76?version=2017-06-01",
        "/law/frt-draft/4",
        "/law/spc-frt/7",
        "/doc/draft-article",
    ):
        for link in Outline(page(site, start)).links:
            path, _, fragment = link.partition("#")
            if not link.startswith(("/law", "/doc", "/record")):
                continue
            if path not in seen:
                seen[path] = page(site, path)
            assert not fragment or f'id="{fragment}"' in seen[path], f"{start}: {link}"
    assert len(seen) > 100


def test_headers_forbid_foreign_and_inline_code(tiny_site: TestClient) -> None:
    for address in ("/law", "/law/nothing", "/law?on=x", "/law?q=Harbour+Law+2"):
        headers = tiny_site.get(address).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff" and headers["referrer-policy"] == "same-origin"


def test_style_and_script_are_served_and_share_the_colours_of_the_other_pages(tiny_site: TestClient) -> None:
    style = tiny_site.get("/library/library.css")
    assert style.headers["content-type"].startswith("text/css") and style.text == stylesheet()
    used, defined = set(re.findall(r"var\((--[\w-]+)\)", style.text)), set(re.findall(r"(--[\w-]+):", style.text))
    assert used <= defined and "prefers-color-scheme:dark" in style.text
    assert "data-copy" in tiny_site.get("/library/page.js").text


def test_words_are_in_three_languages_with_the_same_blanks() -> None:
    for key, phrases in WORDS.items():
        assert len(phrases) == 3 and all(phrases), key
        assert len({frozenset(re.findall(r"\{(\w+)\}", p)) for p in phrases}) == 1, key


# ------------------------------------------------------------------ the list


def test_the_list_groups_by_rank_and_says_what_is_held(site: TestClient) -> None:
    text = page(site, "/law")
    order = [text.index(f'id="group_{name}"') for name in ("law", "regulation", "rule", "draft")]
    assert order == sorted(order) and order[-1] < text.index('id="documents"')
    shown = words(text)
    assert "all 74 articles" in shown and "22 of 25 articles held" in shown and "articles held: 52" in shown
    assert "draft of 2023-08-08, never in force" in part(text, "group_draft")
    assert "Should we fear facial recognition?" in part(text, "documents")


def test_the_list_on_an_earlier_day(site: TestClient) -> None:
    text = page(site, "/law?on=2020-01-01")
    assert "in force since 2017-06-01" in text and "not yet in force (from 2021-11-01)" in text
    assert "/law/csl?on=2020-01-01" in text, "the day stays in the links"


def test_records_have_their_own_group_and_page(tiny_root: Path) -> None:
    (tiny_root / "records").mkdir(exist_ok=True)
    (tiny_root / "records" / "lamp-standard.yaml").write_text(RECORD, encoding="utf-8")
    write_lock(tiny_root)
    site = client_of(load_corpus(tiny_root))
    assert "Lamp standard" in part(page(site, "/law"), "records")
    text = page(site, "/record/lamp-standard")
    assert "Lamps are &lt;b&gt;bright&lt;/b&gt;." in text and "Evidence B" in words(text)
    assert "The text of this instrument is not held here." in text
    assert 'href="/law/harbour-law/2"' in part(text, "related") and 'href="/doc/letter#sec_1__para_2"' in text
    assert "Lamp standard" in part(page(site, "/law/harbour-law/2"), "cited")
    assert 'href="/record/lamp-standard"' in page(site, "/record/no-such", 404)


RECORD = """slug: lamp-standard
title: {en: Standard on lamps, zh: 灯具标准, fr: Norme sur les lampes}
short: {en: Lamp standard, zh: 灯标, fr: Norme lampes}
aliases: {en: [], zh: [], fr: []}
kind: standard
issuer: {en: Office, zh: 办公室, fr: Bureau}
number: LS 1
status: current
replaced_by: harbour-law
source_url: https://example.invalid/standard
read_in: "Written for the tests."
grade: B
facts:
  - {topic: content, grade: B, text: {en: "Lamps are <b>bright</b>.", zh: 灯很亮。, fr: Les lampes brillent.}}
cited_at: [letter/sec_1__para_2]
related: [harbour-law@2024-01-01/art_2]
asks: {en: [How bright?, What standard?], zh: [多亮？, 什么标准？], fr: [Quelle clarté ?, Quelle norme ?]}
"""


# ------------------------------------------------------------------ a law


def test_a_law_shows_versions_changes_and_provenance(tiny_site: TestClient) -> None:
    text = page(tiny_site, "/law/harbour-law")
    versions = words(part(text, "versions"))
    assert "2018-01-01 – 2024-01-01" in versions and "2024-01-01 – open" in versions
    assert "former text, until 2024-01-01" in versions and versions.count("shown here") == 1
    assert "two lamps became three" in words(part(text, "changes"))
    assert "Written for the tests." in part(text, "provenance") and "https://example.invalid/harbour-2024" in text
    assert "A boat needs 3 lamps." in part(text, "articles") and "editorial, not law" in part(text, "articles")
    assert "The harbour is open to every boat." in part(text, "articles"), (
        "an article without a guide shows its first words"
    )


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("/law/csl", "2026-01-01"),
        ("/law/csl?on=2025-12-31", "2017-06-01"),
        ("/law/csl?on=2026-01-01", "2026-01-01"),
        ("/law/csl?version=2017-06-01", "2017-06-01"),
        ("/law/csl?version=2017-06-01&on=2026-11-22", "2017-06-01"),
    ],
)
def test_date_or_version_chooses_the_text(site: TestClient, address: str, shown: str) -> None:
    current = re.search(r'<li aria-current="true"><a href="[^"]*version=([\d-]+)', page(site, address))
    assert current and current[1] == shown


def test_gaps_are_shown_with_their_reason(site: TestClient, corpus: Corpus) -> None:
    version = corpus.versions("frt-draft")[0]
    text = page(site, "/law/frt-draft")
    for number, reason in version.gaps.items():
        assert reason in words(part(text, "provenance"))
        assert f'href="/law/frt-draft/{number}"' not in text


def test_instruments_that_name_a_law_are_listed(site: TestClient) -> None:
    assert "FRT Measures Art. 1" in words(part(page(site, "/law/pipl"), "named"))


# ------------------------------------------------------------------ an article


def test_an_article_is_shown_word_for_word_in_both_languages(site: TestClient, corpus: Corpus) -> None:
    for place in ("pipl@2021-11-01/art_13", "csl@2026-01-01/art_71", "civil-code@2021-01-01/art_1035"):
        article = corpus.provision(ProvisionId.parse(place))
        text = page(site, f"/law/{article.id.law}/{article.id.article}")
        rows = re.findall(r'<div class="row.*?</div>', part(text, "text"), re.DOTALL)
        assert len(rows) == len(article.lines)
        for row, line in zip(rows, article.lines, strict=True):
            shown = dict(re.findall(r'<p lang="(en|zh)">(.*?)</p>', row, re.DOTALL))
            assert html.unescape(re.sub(r"<[^>]+>", "", shown["en"])) == line.en
            assert html.unescape(re.sub(r"<[^>]+>", "", shown["zh"])) == line.zh


def test_paragraphs_and_items_are_anchors(site: TestClient) -> None:
    ids = Outline(page(site, "/law/pipl/13")).ids
    assert [i for i in ids if re.fullmatch(r"p\d+(i\d+)?", i)] == ["p1", *(f"p1i{n}" for n in range(1, 8)), "p2"]


def test_the_guide_is_set_apart_from_the_law(site: TestClient, corpus: Corpus) -> None:
    article = corpus.provision(ProvisionId.parse("pipl@2021-11-01/art_28"))
    assert article.heading and article.gist
    for language in LANGUAGES:
        text = page(site, "/law/pipl/28", language=language)
        aside = text.split('<aside class="editorial"', 1)[1].split("</aside>", 1)[0]
        assert article.heading[language] in words(aside) and article.gist[language] in words(aside)
        assert WORDS["editorial"][LANGUAGES.index(language)] in aside
        assert article.gist[language] not in words(part(text, "text"))


@pytest.mark.parametrize(
    ("address", "standing"),
    [
        ("/law/csl/76?on=2024-05-01", "in force since 2017-06-01"),
        ("/law/csl/76?version=2017-06-01", "former text, until 2026-01-01"),
        ("/law/csl/78?version=2026-01-01&on=2024-05-01", "not yet in force (from 2026-01-01)"),
        ("/law/frt-draft/16", "draft of 2023-08-08, never in force"),
    ],
)
def test_the_standing_is_said_in_words(site: TestClient, address: str, standing: str) -> None:
    assert standing in page(site, address).split("</section>")[0]


def test_where_a_rule_went_and_came_from(site: TestClient) -> None:
    old, new = page(site, "/law/csl/76?version=2017-06-01"), page(site, "/law/csl/78")
    assert "Where the rule went" in old and 'href="/law/csl/78#p1i5"' in part(old, "moves")
    assert "Where the rule came from" in new and 'href="/law/csl/76?version=2017-06-01"' in part(new, "moves")
    assert "no successor" in part(page(site, "/law/frt-draft/10"), "moves")


def test_previous_and_next_stay_in_the_version(tiny_site: TestClient) -> None:
    text = page(tiny_site, "/law/harbour-law/2?version=2018-01-01")
    assert 'rel="prev" href="/law/harbour-law/1?version=2018-01-01"' in text
    assert 'rel="next" href="/law/harbour-law/3?version=2018-01-01"' in text
    assert 'rel="next"' not in page(tiny_site, "/law/harbour-law/4")


def test_an_incomplete_text_says_so(tiny_site: TestClient) -> None:
    text = page(tiny_site, "/law/lamp-draft/2")
    assert "The second sentence was not read." in text and "The Chinese text is not held here." in text


def test_citations_in_three_notations_and_a_permanent_link(site: TestClient) -> None:
    text = part(page(site, "/law/pipl/28"), "cite")
    for citation in ("PIPL Art. 28", "《个人信息保护法》第二十八条", "PIPL, art. 28"):
        assert f'data-copy="{citation}"' in text
    assert 'href="/law/pipl/28?on=2026-11-22"' in text


@pytest.mark.parametrize(
    ("place", "on", "link"),
    [
        ("pipl@2021-11-01/art_28__para_2", "2026-11-22", "/law/pipl/28?on=2026-11-22#p2"),
        ("csl@2026-01-01/art_78__item_5", "2026-11-22", "/law/csl/78?on=2026-11-22#p1i5"),
        ("csl@2017-06-01/art_76", "2026-11-22", "/law/csl/76?on=2026-11-22&version=2017-06-01"),
        ("csl@2017-06-01/art_76", "2024-05-01", "/law/csl/76?on=2024-05-01"),
        ("pipl@2021-11-01/art_28", "2020-01-01", "/law/pipl/28?on=2020-01-01&version=2021-11-01"),
        ("ds-newsletter/sec_3__para_1", "2026-11-22", "/doc/ds-newsletter?on=2026-11-22#sec_3__para_1"),
        ("gbt-35273-2020/fact_2", "2026-11-22", "/record/gbt-35273-2020?on=2026-11-22#fact_2"),
    ],
)
def test_permanent_links(corpus: Corpus, site: TestClient, place: str, on: str, link: str) -> None:
    found = parse_source_id(place)
    assert permanent_link(found, corpus, date.fromisoformat(on)) == link
    if not isinstance(found, FactId):
        path, _, fragment = link.partition("#")
        text = page(site, path)
        assert not fragment or f'id="{fragment}"' in text


# ------------------------------------------------------------------ cited by

PAIRS = [
    ("spc-frt@2021-08-01/art_1", "civil-code@2021-01-01/art_1034"),
    ("spc-frt@2021-08-01/art_3", "civil-code@2021-01-01/art_998"),
    ("pipl@2021-11-01/art_45", "pipl@2021-11-01/art_18"),
    ("pipl@2021-11-01/art_45", "pipl@2021-11-01/art_35"),
    ("csl@2026-01-01/art_61", "csl@2026-01-01/art_23"),
    ("csl@2017-06-01/art_64", "csl@2017-06-01/art_41"),
]


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_known_citations_between_provisions(citings: Citings, source: str, target: str) -> None:
    assert ProvisionId.parse(source) in citings.provisions(ProvisionId.parse(target), TODAY)


def test_only_texts_that_stand_together_cite_each_other(citings: Citings, corpus: Corpus) -> None:
    for article in corpus.all_articles():
        for source in citings.provisions(article.id, TODAY):
            assert source != article.id
            assert source.law != article.id.law or source.version == article.id.version
    old = ProvisionId.parse("csl@2017-06-01/art_76")
    assert all(source.version != "2026-01-01" for source in citings.provisions(old, TODAY))


def test_a_document_is_read_with_the_law_of_its_day(citings: Citings) -> None:
    passage = PassageId.parse("ds-newsletter/sec_3__para_1")
    assert citings.passages(ProvisionId.parse("csl@2017-06-01/art_76")) == (passage,)
    assert passage not in citings.passages(ProvisionId.parse("csl@2026-01-01/art_76"))


def test_a_bare_number_in_a_document_belongs_to_the_instrument_cited_last(citings: Citings) -> None:
    found = citings.passages(ProvisionId.parse("frt-draft@2023-08-08/art_11"))
    assert found == (PassageId.parse("draft-article/sec_9__para_1"),)


def test_documents_notes_and_scenarios_that_rest_on_an_article(tiny_site: TestClient) -> None:
    assert 'href="/doc/letter#sec_1__para_1"' in part(page(tiny_site, "/law/harbour-law/1?version=2018-01-01"), "cited")
    cited = words(part(page(tiny_site, "/law/harbour-law/2"), "cited"))
    assert "Now Article 2 asks for 3 lamps." in cited and "Sailing: lamps first" in cited
    assert "Nothing held here cites it." in part(page(tiny_site, "/law/lamp-draft/1"), "cited")


def test_citations_in_a_text_are_links(site: TestClient) -> None:
    assert re.search(r'<a class="ref" href="/law/pipl/35"[^>]*>35</a>', page(site, "/law/pipl/45"))
    assert re.search(r'<a class="ref" href="/law/csl/76\?version=2017-06-01#p1i5"', page(site, "/doc/ds-newsletter"))


# ------------------------------------------------------------------ documents


def test_a_document_is_marked_as_commentary_with_its_notes(tiny_site: TestClient) -> None:
    text = page(tiny_site, "/doc/letter")
    assert "commentary, not law" in text and "never law" in text
    passage = text.split('id="sec_1__para_1"', 1)[1].split('id="sec_1__para_2"', 1)[0]
    assert "asks for two lamps" in words(passage) and "Renumbered. Now Article 2 asks for 3 lamps." in words(passage)
    assert 'href="/law/harbour-law/2"' in passage


def test_every_passage_of_the_documents_is_there(site: TestClient, corpus: Corpus) -> None:
    for document in corpus.documents.values():
        text = page(site, f"/doc/{document.slug}")
        shown = re.findall(r'<p lang="en" class="words">(.*?)</p>', text, re.DOTALL)
        assert [html.unescape(re.sub(r"<[^>]+>", "", p)) for p in shown] == [p.text for p in document.passages]


# ------------------------------------------------------------------ search


@pytest.mark.parametrize(
    ("address", "leads_to"),
    [
        ("/law?q=PIPL+28(2)", "/law/pipl/28#p2"),
        ("/law?q=个保法第二十八条第二款", "/law/pipl/28#p2"),
        ("/law?q=article+28+de+la+PIPL", "/law/pipl/28"),
        ("/law?q=CSL+76&on=2024-05-01", "/law/csl/76?on=2024-05-01"),
        ("/law?q=PIPL+99", "/law/pipl/99"),
        ("/law/pipl?q=28(2)", "/law/pipl/28#p2"),
        ("/law/pipl?q=28&lang=fr", "/law/pipl/28?lang=fr"),
        ("/law/csl?q=76&version=2017-06-01", "/law/csl/76?version=2017-06-01"),
    ],
)
def test_a_citation_leads_to_its_place(site: TestClient, address: str, leads_to: str) -> None:
    answer = site.get(address)
    assert (answer.status_code, answer.headers["location"]) == (303, leads_to)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("separate consent", "PIPL Art. 29"),
        ("Separate  CONSENT", "PIPL Art. 29"),
        ("单独同意", "PIPL Art. 29"),
        ("consentement distinct", "PIPL Art. 29"),
        ("minors parents consent", "PIPL Art. 31"),
        ("100,000", "FRT Measures Art. 15"),
    ],
)
def test_words_are_found_as_written(site: TestClient, query: str, found: str) -> None:
    text = page(site, f"/law?q={query.replace(' ', '+')}")
    assert found in words(text)
    marked = {re.sub(r"\s+", " ", html.unescape(m)).lower() for m in re.findall(r"<mark>(.*?)</mark>", text, re.DOTALL)}
    phrase = re.sub(r"\s+", " ", query).lower()
    assert marked and marked <= {phrase, *phrase.split()}


def test_a_search_is_cut_and_says_so(site: TestClient) -> None:
    text = page(site, "/law?q=information")
    assert text.count("<li><h2>") == MAX_RESULTS and f"The first {MAX_RESULTS} are shown" in text


def test_a_search_within_a_law_stays_there(site: TestClient) -> None:
    found = [x for x in Outline(page(site, "/law/crpl?q=consent")).links if re.match(r"/law/[\w-]+/\d", x)]
    assert found and all(link.startswith("/law/crpl/") for link in found)


def test_a_search_finds_the_text_of_the_day(tiny_site: TestClient) -> None:
    assert "Harbour Law Art. 1" in words(page(tiny_site, "/law?q=2+lamps&on=2020-01-01"))
    assert "Nothing here has these words" in page(tiny_site, "/law?q=2+lamps")


def test_a_search_that_is_too_long_is_refused(tiny_site: TestClient) -> None:
    assert "The search has 201 characters" in page(tiny_site, f"/law?q={'x' * 201}", 400)


@pytest.mark.parametrize("query", ["(", "[a-z]+", "\\", "%00", "*", ".", "😀", "'", "<script>"])
def test_signs_in_a_search_are_only_signs(tiny_site: TestClient, query: str) -> None:
    assert tiny_site.get("/law", params={"q": query}).status_code == 200


# ------------------------------------------------------------------ nothing there


@pytest.mark.parametrize(
    ("address", "status", "said"),
    [
        ("/law/gdpr", 404, "This library holds no instrument “gdpr”. It holds: Civil Code"),
        ("/law/frt-measures/25", 404, "no Article 25 in FRT Measures, version of 2025-06-01: it has 20 articles"),
        ("/law/civil-code/1", 404, "Article 1 of Civil Code, version of 2021-01-01, is not among the 52 articles held"),
        ("/law/frt-draft/22", 404, "The text of FRT Draft Art. 22 is not held"),
        ("/law/pipl/28?version=2020-01-01", 404, "PIPL has no version of 2020-01-01. It has: 2021-11-01"),
        ("/law/pipl?on=2015-01-01", 404, "On 2015-01-01, PIPL had no text yet: its first version is of 2021-11-01."),
        ("/law/pipl/28?on=2015-01-01", 404, "On 2015-01-01, PIPL had no text yet"),
        ("/law/pipl?on=yesterday", 400, "“yesterday” is not a date; write it as 2025-03-01."),
        ("/law/pipl?on=2026-02-30", 400, "“2026-02-30” is not a date"),
        ("/law/pipl?on=20260101", 400, "“20260101” is not a date"),
        ("/law/pipl/28/2", 404, "There is no such page."),
        ("/law/pipl/xxviii", 404, "no Article xxviii in PIPL"),
        ("/doc/letter", 404, "This library holds no document “letter”. It holds: 2023 Draft article"),
        ("/record/nothing", 404, "This library holds no record “nothing”."),
        ("/doc", 404, "There is no such page."),
    ],
)
def test_an_address_that_leads_nowhere_says_what_is_there(
    site: TestClient, address: str, status: int, said: str
) -> None:
    text = page(site, address, status)
    assert said in words(text) and 'class="tabs"' in text


def test_a_stroke_too_many_is_forgiven(site: TestClient) -> None:
    answer = site.get("/law/pipl/28/?on=2026-11-22")
    assert (answer.status_code, answer.headers["location"]) == (307, "/law/pipl/28?on=2026-11-22")
    assert site.get("/law//example.invalid/").headers.get("location", "/").startswith("/law")


# ------------------------------------------------------------------ language, escaping


@pytest.mark.parametrize(
    ("address", "accept", "language"),
    [
        ("/law", "fr-CH,fr;q=0.9,en", "fr"),
        ("/law", "zh-CN", "zh"),
        ("/law", "de", "en"),
        ("/law?lang=zh", "fr", "zh"),
        ("/law?lang=xx", "fr", "fr"),
    ],
)
def test_the_address_decides_the_language_else_the_browser(
    tiny_site: TestClient, address: str, accept: str, language: str
) -> None:
    text = page(tiny_site, address, language=accept)
    assert f'<html lang="{language}">' in text
    assert ("lang=zh" in part(text, "group_law")) == ("lang=zh" in address), "a chosen language stays in the links"


def test_chinese_words_say_that_they_are_chinese(site: TestClient, corpus: Corpus) -> None:
    addresses = [
        "/law",
        "/law/csl",
        "/law/spc-frt",
        "/law/pipl/28",
        "/law?q=同意",
        "/doc/ds-newsletter",
        "/law/frt-draft/16",
    ]
    for address in [*addresses, *(f"/record/{slug}" for slug in corpus.records)]:
        main = "<main" + page(site, address).split("<main", 1)[1].split("</main>")[0]
        assert {
            text for text, language in Outline(main).texts if re.search(r"[\u4e00-\u9fff]", text) and language != "zh"
        } == set(), address


NASTY = '<script>alert("x")</script><img src=x onerror=alert(1)>{{7*7}}'


@pytest.mark.parametrize("address", ["/law", "/law/harbour-law", "/law/harbour-law/2", "/doc/letter"])
@pytest.mark.parametrize("name", ["q", "on", "version", "lang"])
def test_what_stands_in_the_address_is_text(tiny_site: TestClient, address: str, name: str) -> None:
    text = tiny_site.get(address, params={name: NASTY}).text
    assert "<script>alert" not in text and "<img" not in text and "49" not in text
    assert Outline(text).open == []


@pytest.mark.parametrize("address", ["/law/%3Cscript%3E", "/law/harbour-law/%3Cimg%20src=x%3E", "/doc/%22%3E%3Cb%3E"])
def test_what_stands_in_the_path_is_text(tiny_site: TestClient, address: str) -> None:
    text = page(tiny_site, address, 404)
    assert not re.search(r"<(?:script>|img|b>)", text)


def test_what_stands_in_the_corpus_is_text(tiny_root: Path) -> None:
    """Texts, titles, guides, notes and addresses of a corpus are escaped; only http(s) addresses become links."""
    nasty = '"<script>alert(1)</script>"'
    for path in ("laws/harbour-law/law.yaml", "laws/harbour-law/2024-01-01.guide.yaml", "documents/letter.notes.yaml"):
        file = tiny_root / path
        file.write_text(
            TINY[path]
            .replace("en: Harbour Law,", f"en: {nasty},", 1)
            .replace("en: Lamps,", f"en: {nasty},")
            .replace("en: Now Article 2 asks for 3 lamps.,", f"en: {nasty},")
            .replace("https://example.invalid/harbour\n", "'javascript:alert(1)'\n"),
            encoding="utf-8",
        )
    text = TINY["laws/harbour-law/2024-01-01.md"].replace("open to every boat", "open <script>alert(1)</script>")
    (tiny_root / "laws/harbour-law/2024-01-01.md").write_text(text, encoding="utf-8")
    write_lock(tiny_root)
    site = client_of(load_corpus(tiny_root))
    shown = ""
    for address in (
        "/law",
        "/law/harbour-law",
        "/law/harbour-law/1",
        "/law/harbour-law/2",
        "/doc/letter",
        "/law?q=open",
    ):
        shown += page(site, address)
    assert "<script>alert" not in shown and shown.count("&lt;script&gt;alert(1)") >= 6
    assert 'href="javascript' not in shown


# ------------------------------------------------------------------ the server


def test_a_taken_port_is_said_in_one_line_and_freed_when_the_server_closes(tiny: Corpus) -> None:
    app = FastAPI()
    app.include_router(Library(tiny, lambda: TODAY).router())
    listening = listen(Settings(port=0))
    port = listening.getsockname()[1]
    served = Served(app, listening)
    with pytest.raises(BadInput) as raised:
        listen(Settings(port=port))
    assert f"127.0.0.1:{port}" in str(raised.value) and "KB_PORT" in str(raised.value)
    assert "\n" not in str(raised.value)
    with urlopen(f"http://127.0.0.1:{port}/law/harbour-law") as answer:
        assert "Harbour Law" in answer.read().decode()
    served.close()
    listen(Settings(port=port)).close()


@pytest.mark.parametrize("address", [{"host": "192.0.2.1"}, {"port": 70000}])
def test_an_address_that_cannot_be_listened_on_is_bad_input(address: dict[str, Any]) -> None:
    with pytest.raises(BadInput, match="cannot listen on"):
        listen(Settings().model_copy(update=address))
