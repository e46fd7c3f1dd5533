"""Names of places: read, written, ordered."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.ids import PassageId, ProvisionId, SourceId, article_range, article_sort_key, parse_source_id

SLUGS = st.from_regex(r"[a-z][a-z0-9-]{0,11}", fullmatch=True)
NUMBERS = st.integers(1, 1260)
ARTICLES = st.one_of(NUMBERS.map(str), st.tuples(NUMBERS, st.integers(1, 9)).map(lambda t: f"{t[0]}-{t[1]}"))
PROVISIONS = st.builds(
    ProvisionId,
    law=SLUGS,
    version=st.one_of(st.none(), st.dates().map(lambda d: d.isoformat())),
    article=ARTICLES,
    paragraph=st.one_of(st.none(), NUMBERS),
    item=st.one_of(st.none(), NUMBERS),
)
PASSAGES = st.builds(PassageId, document=SLUGS, section=NUMBERS, paragraph=st.one_of(st.none(), NUMBERS))


@given(st.one_of(PROVISIONS, PASSAGES))
def test_what_is_written_is_read_back(place: SourceId) -> None:
    assert parse_source_id(str(place)) == place
    assert parse_source_id(f" {place}\n") == place


WRITTEN = [
    ("pipl/art_28", ProvisionId("pipl", None, "28")),
    ("pipl@2021-11-01/art_28__para_2", ProvisionId("pipl", "2021-11-01", "28", 2)),
    ("pipl@2021-11-01/art_13__para_1__item_2", ProvisionId("pipl", "2021-11-01", "13", 1, 2)),
    ("frt-measures@2025-06-01/art_4__item_2", ProvisionId("frt-measures", "2025-06-01", "4", None, 2)),
    ("criminal-law/art_253-1", ProvisionId("criminal-law", None, "253-1")),
    ("ds-newsletter/sec_3__para_2", PassageId("ds-newsletter", 3, 2)),
    ("ds-newsletter/sec_3", PassageId("ds-newsletter", 3)),
]


@pytest.mark.parametrize(("text", "place"), WRITTEN, ids=[t for t, _ in WRITTEN])
def test_how_places_are_written(text: str, place: SourceId) -> None:
    assert parse_source_id(text) == place
    assert str(place) == text


BAD = [
    "",
    "pipl",
    "PIPL/art_28",
    "pipl/28",
    "pipl/art_",
    "pipl/art_28_para_2",
    "pipl/art_28__para_0",
    "pipl/art_28__item_1__para_2",
    "pipl/art_253-1-2",
    "pipl@2021/art_28",
    "pipl@2021-11-01",
    "pipl/art_28 and more",
    "2pipl/art_28",
    "letter/sec_0",
    "letter/sec_1__item_1",
    "letter/sec_x",
]


@pytest.mark.parametrize("text", BAD)
def test_an_error_names_the_text_that_is_no_id(text: str) -> None:
    with pytest.raises(ValueError, match="is not a p") as caught:
        parse_source_id(text)
    assert repr(text) in str(caught.value)
    assert "\n" not in str(caught.value)


@given(PROVISIONS)
def test_the_whole_article_has_no_parts(place: ProvisionId) -> None:
    whole = place.whole_article
    assert (whole.law, whole.version, whole.article) == (place.law, place.version, place.article)
    assert whole.paragraph is whole.item is None
    assert whole.whole_article == whole


RANGES = [
    ("72", ["72"]),
    ("1-3", ["1", "2", "3"]),
    ("5-5", ["5"]),
    ("1 – 3", ["1", "2", "3"]),
    ("253-1", ["253-1"]),
    ("252, 253, 253-1, 254", ["252", "253", "253-1", "254"]),
    ("111, 989-1039", ["111", *(str(n) for n in range(989, 1040))]),
]


@pytest.mark.parametrize(("text", "expected"), RANGES, ids=[t for t, _ in RANGES])
def test_ranges(text: str, expected: list[str]) -> None:
    assert list(article_range(text)) == expected


@pytest.mark.parametrize(
    ("text", "named"),
    [("", "''"), ("all", "'all'"), ("1-", "'1-'"), ("1-2-3", "'1-2-3'"), ("1,,2", "''"), ("1; 2", "'1; 2'")],
)
def test_an_error_names_the_piece_that_is_no_range(text: str, named: str) -> None:
    with pytest.raises(ValueError, match="neither an article number nor a range") as caught:
        list(article_range(text))
    assert str(caught.value).startswith(named)


@given(st.integers(1, 600), st.integers(0, 600))
def test_a_range_holds_both_ends_and_all_between(first: int, more: int) -> None:
    assert list(article_range(f"{first}-{first + more}")) == [str(n) for n in range(first, first + more + 1)]


def test_inserted_articles_stand_after_their_base() -> None:
    shuffled = ["1000", "254", "253-10", "9", "253", "253-2", "253-1"]
    assert sorted(shuffled, key=article_sort_key) == ["9", "253", "253-1", "253-2", "253-10", "254", "1000"]


@given(st.lists(ARTICLES, unique=True))
def test_every_two_articles_have_an_order(articles: list[str]) -> None:
    assert len({article_sort_key(a) for a in articles}) == len(articles)
