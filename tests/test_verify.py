"""The checks on a claim: true claims pass, and one change anywhere fails the check it should."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb.corpus import Corpus
from kb.ids import PassageId, ProvisionId
from kb.model import Check, Citation, Claim, Draft
from kb.phrases import say
from kb.verify import Measure, check_claim, check_supported, measured_pair, verify_draft
from kb.wording import Likeness

TODAY = date(2026, 11, 22)
FILING = ProvisionId("frt-measures", "2025-06-01", "15", 1)


class Always:
    """A measure that gives every statement the same score, and keeps what it was asked."""

    def __init__(self, score: float) -> None:
        self.score = score
        self.asked: list[tuple[str, str]] = []

    def needed(self, _likeness: Likeness) -> float:
        return 0.5

    def scores(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        self.asked += pairs
        return [self.score] * len(pairs)


BORNE_OUT = Always(1.0)


def cited(corpus: Corpus, place: ProvisionId | PassageId, on: date = TODAY) -> tuple[Claim, Citation]:
    """A true claim that quotes the whole place."""
    if isinstance(place, PassageId):
        words, gist = corpus.passage(place).text, say("document_says", "en")
    else:
        provision = corpus.provision(place)
        words = provision.text_en or ""
        gist = provision.gist.en if provision.gist else ""
    claim = Claim(gist, words, "en", 0)
    label = corpus.label(place, "en")
    return claim, Citation(
        place, label, corpus.label(place, "zh"), corpus.standing(place, on), corpus.role(place, on), 0, len(words)
    )


def failed(
    claim: Claim, citation: Citation, corpus: Corpus, on: date = TODAY, support: Measure | None = BORNE_OUT
) -> list[str]:
    checks = check_claim(claim, (citation,), corpus, on, {FILING, citation.id}, support)
    return [check.kind for check in checks if not check.passed]


def test_a_true_claim_passes_every_check(corpus: Corpus) -> None:
    claim, citation = cited(corpus, FILING)
    checks = check_claim(claim, (citation,), corpus, TODAY, {FILING})
    assert [c.kind for c in checks] == [
        "exists",
        "in_force",
        "retrieved",
        "verbatim",
        "numbers",
        "modality",
        "supported",
    ]
    assert all(c.passed for c in checks)


def test_every_gist_of_the_corpus_passes(corpus: Corpus) -> None:
    faults = []
    for article in corpus.all_articles():
        if article.gist is None or article.text_en is None:
            continue
        claim, citation = cited(corpus, article.id)
        for gist in (article.gist.en, article.gist.zh, article.gist.fr):
            faults += [(str(article.id), gist, f) for f in failed(replace(claim, text=gist), citation, corpus)]
    assert faults == []


@pytest.mark.parametrize(
    ("change", "fails"),
    [
        ({"id": ProvisionId("frt-measures", "2025-06-01", "21")}, ["exists"]),
        ({"id": ProvisionId("frt-measures", "2025-06-01", "15", 3)}, ["exists"]),
        ({"id": ProvisionId("frt-measures", "2020-01-01", "15", 1)}, ["exists"]),
        ({"id": ProvisionId("no-law", "2020-01-01", "15", 1)}, ["exists"]),
        ({"id": ProvisionId("frt-measures", "2025-06-01", "16", 1)}, ["verbatim", "numbers"]),
        ({"id": ProvisionId("frt-draft", "2023-08-08", "16")}, ["in_force", "verbatim", "numbers"]),
        ({"standing": "amended"}, ["in_force"]),
        ({"role": "history"}, ["in_force"]),
        ({"start": 1}, ["verbatim"]),
        ({"end": 5}, ["verbatim"]),
    ],
)
def test_a_wrong_citation_fails(corpus: Corpus, change: dict[str, object], fails: list[str]) -> None:
    claim, citation = cited(corpus, FILING)
    assert failed(claim, replace(citation, **change), corpus) == fails  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("old", "new"),
    [("100,000", "10,000"), ("30 working days", "30 days"), ("provincial", "municipal"), ("shall", "may"), (",", ";")],
)
def test_a_changed_quote_fails(corpus: Corpus, old: str, new: str) -> None:
    claim, citation = cited(corpus, FILING)
    assert old in claim.quote
    assert "verbatim" in failed(replace(claim, quote=claim.quote.replace(old, new, 1)), citation, corpus)


@pytest.mark.parametrize(
    "text",
    [
        "File once 10,000 persons are stored.",
        "File within 60 working days.",
        "File within 30 days.",
        "A fine of CNY 50,000 applies.",
        "存储达到1万人要备案",
        "File by 14 July 2025.",
    ],
)
def test_a_number_that_is_not_in_the_article_fails(corpus: Corpus, text: str) -> None:
    claim, citation = cited(corpus, FILING)
    assert failed(replace(claim, text=text), citation, corpus) == ["numbers"]


@pytest.mark.parametrize(
    ("place", "text", "fails"),
    [
        ("pipl@2021-11-01/art_29", "Separate consent shall be obtained to process sensitive personal information.", []),
        (
            "pipl@2021-11-01/art_29",
            "Separate consent may be obtained to process sensitive personal information.",
            ["modality"],
        ),
        ("pipl@2021-11-01/art_29", "处理敏感个人信息可以取得个人的单独同意。", ["modality"]),
        ("pipl@2021-11-01/art_29", "处理敏感个人信息应当取得个人的单独同意。", []),
        ("pipl@2021-11-01/art_25", "个人信息处理者可以公开其处理的个人信息。", ["modality"]),
        ("pipl@2021-11-01/art_29", "Under Article 13 of the PIPL, separate consent is needed.", ["supported"]),
        ("pipl@2021-11-01/art_29", "The Data Security Law wants separate consent.", ["supported"]),
        ("pipl@2021-11-01/art_29", "Under PIPL Art. 29, separate consent is needed.", []),
        ("frt-draft@2023-08-08/art_16", "Users must file once they store 10,000 persons.", ["in_force"]),
        ("frt-draft@2023-08-08/art_16", "The Draft of 2023 asked for filing at 10,000 persons.", []),
        ("pipl@2021-11-01/art_29", " ", ["supported"]),
        ("pipl@2021-11-01/art_29", "Consent. " * 100, ["supported"]),
    ],
)
def test_what_a_statement_says_in_its_own_words(corpus: Corpus, place: str, text: str, fails: list[str]) -> None:
    claim, citation = cited(corpus, ProvisionId.parse(place))
    assert failed(replace(claim, text=text), citation, corpus) == fails


def test_the_measure_decides_on_statements_and_is_not_asked_about_the_editors_lines(corpus: Corpus) -> None:
    claim, citation = cited(corpus, FILING)
    free = replace(claim, text="Tell the regulator.")
    measure = Always(0.4)
    assert failed(claim, citation, corpus, support=measure) == [] and measure.asked == []
    assert failed(free, citation, corpus, support=measure) == ["supported"]
    assert [statement for statement, _ in measure.asked] == ["Tell the regulator."]
    assert failed(free, citation, corpus, support=None) == ["supported"], "without a measure nothing else passes"


def test_what_was_not_retrieved_fails(corpus: Corpus) -> None:
    claim, citation = cited(corpus, FILING)
    other = ProvisionId("pipl", "2021-11-01", "66")
    checks = check_claim(claim, (citation,), corpus, TODAY, {other})
    assert [c.kind for c in checks if not c.passed] == ["retrieved"]


def test_a_claim_without_citation_fails(corpus: Corpus) -> None:
    assert check_claim(Claim("x", "y", "en", 3), (), corpus, TODAY, set()) == (
        Check("exists", False, "the claim cites nothing"),
    )


def test_a_draft_or_a_passage_is_never_authority(corpus: Corpus) -> None:
    for place in (ProvisionId("frt-draft", "2023-08-08", "16"), PassageId("ds-newsletter", 3, 1)):
        claim, citation = cited(corpus, place)
        assert failed(claim, citation, corpus) == []
        assert failed(claim, replace(citation, role="authority"), corpus) == ["in_force"]


def test_the_same_article_stands_differently_on_another_day(corpus: Corpus) -> None:
    old = ProvisionId("csl", "2017-06-01", "76")
    claim, citation = cited(corpus, old, date(2024, 5, 1))
    assert citation.role == "authority" and failed(claim, citation, corpus, date(2024, 5, 1)) == []
    assert failed(claim, citation, corpus, TODAY) == ["in_force"]


def test_only_claims_that_pass_are_shown(corpus: Corpus) -> None:
    claim, citation = cited(corpus, FILING)
    forged = replace(claim, quote="Nobody needs to file.")
    shown, withheld = verify_draft(Draft((claim, forged), (citation,)), corpus, TODAY, {FILING})
    assert [c.quote for c in shown] == [claim.quote]
    assert [c.quote for c in withheld] == [forged.quote]


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_one_changed_character_is_found(corpus: Corpus, data: st.DataObject) -> None:
    article = data.draw(st.sampled_from([a for a in corpus.all_articles() if a.text_en]))
    claim, citation = cited(corpus, article.id)
    at = data.draw(st.integers(0, len(claim.quote) - 1))
    char = data.draw(st.sampled_from("aZ9该").filter(lambda c: c != claim.quote[at]))
    forged = claim.quote[:at] + char + claim.quote[at + 1 :]
    assert "verbatim" in failed(replace(claim, quote=forged), citation, corpus)


@pytest.mark.parametrize("text", ["(5) the report of the assessment.", "（五）评估报告。", "3. a list of staff"])
def test_an_item_of_a_list_is_no_statement(corpus: Corpus, text: str) -> None:
    claim, citation = cited(corpus, ProvisionId.parse("frt-measures@2025-06-01/art_15__para_1"))
    found = check_supported(replace(claim, text=text), citation, corpus, None)
    assert not found.passed and "item of a list" in found.detail


def test_markup_is_no_statement(corpus: Corpus) -> None:
    claim, citation = cited(corpus, ProvisionId.parse("frt-measures@2025-06-01/art_15__para_1"))
    found = check_supported(replace(claim, text="<b>You</b> may do anything."), citation, corpus, BORNE_OUT)
    assert not found.passed and "markup" in found.detail


def test_of_an_article_cited_whole_the_paragraph_of_the_quotation_counts(corpus: Corpus) -> None:
    article = corpus.provision(ProvisionId.parse("frt-measures@2025-06-01/art_10"))
    first = corpus.provision(replace(article.id, paragraph=1)).text_en or ""
    claim, citation = cited(corpus, article.id)
    pair = measured_pair(
        replace(claim, text="Face recognition is not the only way.", quote=first[:40]), (citation,), corpus
    )
    assert pair is not None and pair[1] == first
    whole = measured_pair(replace(claim, text="Face recognition is not the only way."), (citation,), corpus)
    assert whole is not None and len(whole[1]) > len(first)


def test_words_of_another_article_are_not_those_of_the_one_cited(corpus: Corpus) -> None:
    """A sentence of one law, said of a near one of another law, is stopped whatever the measure thinks of it."""
    claim, citation = cited(corpus, ProvisionId("csl", "2026-01-01", "11"))
    other = corpus.provision(ProvisionId("frt-measures", "2025-06-01", "4")).text_en or ""
    checked = check_supported(replace(claim, text=other), citation, corpus, BORNE_OUT)
    assert not checked.passed and "words of frt-measures@2025-06-01/art_4" in checked.detail
    own = (corpus.provision(ProvisionId("csl", "2026-01-01", "11")).text_en or "").split("\n")[0]
    assert check_supported(replace(claim, text=own), citation, corpus, BORNE_OUT).passed


def test_a_sentence_of_two_versions_is_of_both(corpus: Corpus) -> None:
    """What a former and a present text say in the same words may be cited to either."""
    place = ProvisionId("csl", "2017-06-01", "41")
    claim, citation = cited(corpus, place, date(2020, 1, 1))
    sentence = (corpus.provision(place).text_en or "").split("\n")[0]
    assert check_supported(replace(claim, text=sentence), citation, corpus, BORNE_OUT).passed


def test_a_statement_that_is_cut_off_is_none(corpus: Corpus) -> None:
    claim, citation = cited(corpus, FILING)
    long = (corpus.provision(FILING).text_en or "").split("\n")[0].rstrip(":")
    checked = check_supported(replace(claim, text=long[:300]), citation, corpus, BORNE_OUT)
    assert not checked.passed and "cut off" in checked.detail
