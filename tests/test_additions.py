"""What a user adds: a law of the data package or a document becomes part of the corpus, whole or not at all."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb import additions, dataset
from kb.assistant import Assistant
from kb.citation import read_citations
from kb.corpus import Corpus
from kb.corpus_load import load_corpus, write_lock
from kb.errors import BadInput, CorpusError, DataPackageError
from kb.ids import ProvisionId, article_range, article_sort_key
from kb.index_build import BuildReport, ensure_index, ship_vectors
from kb.settings import Settings
from kb.units import build_units
from kb.vectors import key_of, read_vectors

ROOT = Path(__file__).resolve().parent.parent
LABOUR = "中华人民共和国劳动合同法"
TODAY = date(2026, 11, 22)


def load(settings: Settings) -> Corpus:
    return load_corpus(settings.corpus, local=settings.local)


def build(settings: Settings, encoder: Any) -> BuildReport:
    return ensure_index(load(settings), settings, lambda: encoder)[1]


def files_of(settings: Settings) -> set[str]:
    return {p.relative_to(settings.local).as_posix() for p in settings.local.rglob("*")}


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


# ------------------------------------------------------------------ the local folder


def test_a_missing_or_empty_folder_changes_nothing(tiny_settings: Settings) -> None:
    alone = load_corpus(tiny_settings.corpus)
    assert load(tiny_settings).fingerprint == alone.fingerprint and not tiny_settings.local.exists()
    tiny_settings.local.mkdir(parents=True)
    assert list(load(tiny_settings).laws) == list(alone.laws)


def test_the_folder_is_found_by_its_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KB_HOME", str(tmp_path))
    assert Settings().local == tmp_path / "corpus"
    monkeypatch.setenv("KB_LOCAL", str(tmp_path / "own"))
    assert Settings().local == tmp_path / "own"


def test_local_files_have_no_lock_and_change_the_fingerprint(tiny_settings: Settings) -> None:
    before = load(tiny_settings).fingerprint
    added = additions.add_law(LABOUR, tiny_settings)
    first = load(tiny_settings).fingerprint
    path = added.path / "law.yaml"
    path.write_text(path.read_text("utf-8").replace("rank: 1", "rank: 2"), "utf-8")
    assert len({before, first, load(tiny_settings).fingerprint}) == 3


def quay_law(settings: Settings, slug: str = "quay-law", old: str = "", new: str = "") -> Path:
    """A local law without a name of the shipped ones, then with `old` in its file replaced by `new`."""
    shipped = settings.corpus / "laws/harbour-law"
    text = (
        (shipped / "law.yaml").read_text("utf-8").replace("港口法", "码头法").replace("Loi sur les ports", "Loi quais")
    )
    text = text.replace("Harbour Law", "Quay Law").replace("[HL], zh: [港法]", "[QL], zh: [码法]")
    text = text.replace("slug: harbour-law", f"slug: {slug}")
    assert old in text
    folder = settings.local / "laws" / slug
    write(folder / "2024-01-01.md", (shipped / "2024-01-01.md").read_text("utf-8"))
    return write(folder / "law.yaml", text.replace(old, new) if old else text)


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ("中华人民共和国码头法", "中华人民共和国港口法", "港口法"),
        ("zh: 码头法", "zh: 《港口法》", "港口法"),
        ("en: [QL]", "en: [hl]", "'hl'"),
        ("fr: Loi quais", "fr: Lamp Draft", "'Lamp Draft'"),
    ],
)
def test_a_local_law_may_not_take_a_name_of_a_shipped_one(
    tiny_settings: Settings, old: str, new: str, word: str
) -> None:
    quay_law(tiny_settings)
    assert "quay-law" in load(tiny_settings).laws
    path = quay_law(tiny_settings, old=old, new=new)
    with pytest.raises(CorpusError) as error:
        load(tiny_settings)
    other = "lamp-draft" if "Lamp" in word else "harbour-law"
    assert str(error.value).startswith(f"{path}: {word}") or word in str(error.value)
    assert str(tiny_settings.corpus / "laws" / other / "law.yaml") in str(error.value)


def test_a_local_source_may_not_take_the_slug_of_a_shipped_one(tiny_settings: Settings) -> None:
    path = quay_law(tiny_settings, "harbour-law")
    with pytest.raises(CorpusError) as error:
        load(tiny_settings)
    assert error.value.path == path and str(tiny_settings.corpus / "laws/harbour-law/law.yaml") in error.value.reason


def test_a_local_law_takes_the_name_of_a_record_but_not_its_slug(tiny_settings: Settings) -> None:
    title = "{en: Quay Law, zh: 码头法, fr: Loi quais}"
    record = f"""slug: quay-record
title: {title}
short: {title}
kind: law
issuer: {{en: Assembly, zh: 大会, fr: Assemblée}}
number: null
status: current
replaced_by: null
source_url: null
read_in: "Written for the tests."
grade: B
facts:
  - {{topic: identity, text: {{en: It exists., zh: 有此法。, fr: Elle existe.}}}}
cited_at: []
related: []
asks: {{en: [What is it?, Is there one?], zh: [是什么？, 有吗？], fr: [Qu’est-ce ?, Existe-t-elle ?]}}
"""
    write(tiny_settings.corpus / "records/quay-record.yaml", record)
    write_lock(tiny_settings.corpus)
    quay_law(tiny_settings)
    (mention,) = read_citations("码头法第二条", load(tiny_settings).names)
    assert mention.law == "quay-law"
    path = quay_law(tiny_settings, "quay-record")
    with pytest.raises(CorpusError) as error:
        load(tiny_settings)
    assert error.value.path == path and "records/quay-record.yaml" in error.value.reason


# ------------------------------------------------------------------ laws


@pytest.mark.parametrize("title", ["劳动合同法", "《劳动合同法》", LABOUR, " 《中华人民共和国劳动合同法》 "])
def test_a_law_is_found_by_its_title_however_written(tiny_settings: Settings, title: str) -> None:
    added = additions.add_law(title, tiny_settings, english="Labour Contract Law")
    corpus = load(tiny_settings)
    assert added.slug == "labour-contract-law" and corpus.laws[added.slug].title.zh == LABOUR
    version = corpus.versions(added.slug)[0]
    assert len(corpus.articles(version)) == 98 and version.completeness == "full"
    held = dataset.chinese_articles(LABOUR, "2012-12-28")
    for article, source in zip(corpus.articles(version), held, strict=True):
        assert article.id.article == source.number and article.text_en is None
        assert tuple(line.zh for line in article.lines) == source.lines


@pytest.mark.parametrize(
    ("title", "says"),
    [
        ("劳动合同管理法", "《中华人民共和国劳动合同法》"),
        ("劳动合同", "the nearest: 《中华人民共和国劳动合同法》"),
        ("安全法", "may be any of"),
        ("", "holds no law"),
        ("xyz", "the nearest"),
        ("刑法", "已被修改"),
        ("环境保护法", "已废止"),
        ("全国人民代表大会常务委员会关于修改《中华人民共和国网络安全法》的决定", "not divided into articles"),
    ],
)
def test_a_title_that_cannot_be_added_is_explained(tiny_settings: Settings, title: str, says: str) -> None:
    with pytest.raises((BadInput, DataPackageError)) as error:
        additions.add_law(title, tiny_settings)
    assert says in str(error.value) and "\n" not in str(error.value)
    assert not tiny_settings.local.exists() or files_of(tiny_settings) == set()


@pytest.mark.parametrize(
    ("title", "in_force", "start", "says"),
    [
        ("劳动合同法", None, "2012-12-28", "was not verified"),
        ("劳动合同法", date(2013, 7, 1), "2013-07-01", "given by the person"),
        ("电子商务法", None, "2019-01-01", "was not verified"),
    ],
)
def test_the_commencement_is_given_or_said_to_be_unverified(
    tiny_settings: Settings, title: str, in_force: date | None, start: str, says: str
) -> None:
    added = additions.add_law(title, tiny_settings, in_force=in_force)
    version = load(tiny_settings).versions(added.slug)[-1]
    assert version.key == start and says in version.evidence and any(says in r for r in added.remarks)
    assert (f"{start} is the later" in version.evidence) == (in_force is None)


@pytest.mark.parametrize(
    ("title", "keys", "today"),
    [
        ("仲裁法", ["2017-09-01", "2026-03-01"], "2026-03-01"),
        ("农业法", ["2012-12-28", "2027-01-01"], "2012-12-28"),
        ("宪法", ["2018-03-11"], "2018-03-11"),  # five amendments stand between its text of 1982 and that of 2018
    ],
)
def test_a_law_amended_since_is_held_in_both_texts(
    tiny_settings: Settings, title: str, keys: list[str], today: str
) -> None:
    added = additions.add_law(title, tiny_settings)
    corpus = load(tiny_settings)
    assert [v.key for v in corpus.versions(added.slug)] == keys
    standing = corpus.in_force(added.slug, TODAY)
    assert standing is not None and standing.key == today


def test_a_commencement_before_the_text_before_is_refused(tiny_settings: Settings) -> None:
    with pytest.raises(BadInput, match="--in-force: 2017-01-01 is not after 2017-09-01"):
        additions.add_law("仲裁法", tiny_settings, in_force=date(2017, 1, 1))
    assert files_of(tiny_settings) == set()


@pytest.fixture(scope="module")
def enlarged(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """The shipped corpus with three laws added."""
    settings = Settings(home=tmp_path_factory.mktemp("enlarged"), corpus=ROOT / "corpus")
    additions.add_law("劳动合同法", settings, english="Labour Contract Law")
    additions.add_law("仲裁法", settings, "arbitration")
    additions.add_law("农业法", settings)
    return load(settings)


@given(day=st.dates(date(1980, 1, 1), date(2060, 1, 1)))
def test_exactly_one_version_of_each_law_is_in_force_on_any_day(enlarged: Corpus, day: date) -> None:
    for law in enlarged.laws:
        versions = enlarged.versions(law)
        inside = [
            v for v in versions if v.in_force_from <= day and (v.in_force_until is None or day < v.in_force_until)
        ]
        assert len(inside) == (1 if day >= versions[0].in_force_from else 0)
        assert enlarged.in_force(law, day) == (inside[0] if inside else None)


def test_each_version_ends_on_the_day_the_next_begins(enlarged: Corpus) -> None:
    old, new = enlarged.versions("arbitration")
    assert old.in_force_until == new.in_force_from and new.in_force_until is None
    place = ProvisionId("arbitration", old.key, "1")
    assert enlarged.role(place, new.in_force_from) == "history"
    assert enlarged.role(place, new.in_force_from - timedelta(1)) == "authority"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("劳动合同法第三十九条", "labour-contract-law@2012-12-28/art_39"),
        ("《中华人民共和国劳动合同法》第三十九条第二项", "labour-contract-law@2012-12-28/art_39__item_2"),
        ("Article 39 of the PRC Labour Contract Law", "labour-contract-law@2012-12-28/art_39"),
        ("Labour Contract Law Art. 19(4)", "labour-contract-law@2012-12-28/art_19__para_4"),
        ("仲裁法第一条", "arbitration@2026-03-01/art_1"),
        ("PIPL Art. 28(2)", "pipl@2021-11-01/art_28__para_2"),
    ],
)
def test_a_citation_by_name_finds_the_added_law(enlarged: Corpus, text: str, place: str) -> None:
    (mention,) = read_citations(text, enlarged.names)
    found = enlarged.place(mention, TODAY)
    assert str(found) == place and found is not None and enlarged.find(found) is not None


@pytest.mark.parametrize(
    ("title", "slug", "english", "says"),
    [
        ("个人信息保护法", None, None, "already held, as pipl"),
        ("劳动合同法", "pipl", None, "already taken"),
        ("劳动合同法", "Labour Law", None, "not a slug"),
        ("劳动合同法", "../up", None, "not a slug"),
        ("劳动合同法", None, "pipl", "a name of pipl"),
    ],
)
def test_what_is_held_is_not_added_again(
    tmp_path: Path, title: str, slug: str | None, english: str | None, says: str
) -> None:
    settings = Settings(home=tmp_path, corpus=ROOT / "corpus")
    with pytest.raises(BadInput, match=says):
        additions.add_law(title, settings, slug, english)
    assert not settings.local.exists() or files_of(settings) == set()


def test_a_law_added_twice_is_refused(tiny_settings: Settings) -> None:
    added = additions.add_law("劳动合同法", tiny_settings)
    before = files_of(tiny_settings)
    with pytest.raises(BadInput, match=f"already held, as {added.slug}"):
        additions.add_law(f"《{LABOUR}》", tiny_settings, "other")
    assert (
        files_of(tiny_settings)
        == before
        == {
            "laws",
            f"laws/{added.slug}",
            f"laws/{added.slug}/law.yaml",
            f"laws/{added.slug}/2012-12-28.md",
        }
    )


def test_without_an_english_title_the_slug_is_stable_and_the_file_says_so(tiny_settings: Settings) -> None:
    added = additions.add_law("劳动合同法", tiny_settings)
    assert added.slug == additions._hashed("zh", "劳动合同法") and added.slug.startswith("zh-")
    assert "No English or French title was given" in (added.path / "law.yaml").read_text("utf-8")
    assert load(tiny_settings).laws[added.slug].title.fr == LABOUR


def test_only_the_units_of_what_is_new_are_embedded(tiny_settings: Settings, hash_encoder: Any) -> None:
    build(tiny_settings, hash_encoder)
    for title, other in (("劳动合同法", "电子商务法"), ("电子商务法", "劳动合同法")):
        hash_encoder.embedded.clear()
        additions.add_law(title, tiny_settings)
        report = build(tiny_settings, hash_encoder)
        assert report.embedded == len(hash_encoder.embedded) > 89
        assert all(title in t and not t.startswith(other) for t in hash_encoder.embedded)


def test_the_vectors_shipped_are_those_of_the_shipped_corpus(tiny_settings: Settings, hash_encoder: Any) -> None:
    additions.add_law("劳动合同法", tiny_settings)
    build(tiny_settings, hash_encoder)
    alone = load_corpus(tiny_settings.corpus)
    shipped = read_vectors([ship_vectors(alone, tiny_settings)])
    assert set(shipped) == {key_of(unit.text, unit.prompt) for unit in build_units(alone)}


def test_a_folder_that_cannot_be_written_is_named(tiny_settings: Settings) -> None:
    tiny_settings.home.mkdir()
    tiny_settings.local.write_text("in the way", "utf-8")
    with pytest.raises(BadInput, match="set KB_LOCAL"):
        additions.add_law("劳动合同法", tiny_settings)


def test_an_answer_quotes_the_added_law_and_says_what_it_is(tiny_settings: Settings, hash_encoder: Any) -> None:
    additions.add_law("劳动合同法", tiny_settings, english="Labour Contract Law")
    build(tiny_settings, hash_encoder)
    assistant = Assistant.open(tiny_settings, encoder=hash_encoder)
    answer = assistant.ask(assistant.query("What does Article 39 of the Labour Contract Law say?", TODAY))
    assert [str(c.id) for c in answer.citations] == ["labour-contract-law@2012-12-28/art_39"]
    assert answer.claims[0].quote_language == "zh" and "严重违反用人单位的规章制度" in answer.text
    assert "No English rendering of Labour Contract Law is held" in answer.text
    assert "not by the editors" in answer.text
    hits = assistant.search(assistant.query("试用期的工资和期限", TODAY), 3)
    assert isinstance(hits[0].id, ProvisionId) and hits[0].id.law == "labour-contract-law"
    chinese = assistant.ask(assistant.query("劳动合同法第三十九条怎么规定", TODAY))
    assert "用户在本机添加" in chinese.text and "英文译文" not in chinese.text


NUMBERS = st.sets(
    st.integers(1, 300).map(str)
    | st.integers(2, 300).flatmap(lambda n: st.integers(1, n - 1).map(lambda m: f"{n}-{m}"))
)


@given(NUMBERS)
def test_ranges_give_the_articles_back(numbers: set[str]) -> None:
    articles = sorted(numbers, key=article_sort_key)
    assert not articles or list(article_range(additions.ranges(articles))) == articles


# ------------------------------------------------------------------ the command


def kb(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"KB_HOME": str(settings.home), "KB_CORPUS": str(settings.corpus)}
    environment |= {"KB_LOCAL": str(settings.local)}
    return subprocess.run(
        [sys.executable, "-c", "from kb.cli import main; main()", *arguments],
        capture_output=True, text=True, env=environment, cwd=ROOT, timeout=120, check=False,
    )  # fmt: skip


def test_the_command_adds_lists_and_shows(tiny_settings: Settings, tmp_path: Path) -> None:
    listed = kb(tiny_settings, "add-law", "--list", "劳动")
    assert listed.stdout.splitlines() == sorted(listed.stdout.splitlines()) and LABOUR in listed.stdout.splitlines()
    done = kb(tiny_settings, "add-law", "劳动合同法", "--english", "Labour Contract Law", "--no-index")
    assert done.returncode == 0, done.stderr
    assert "was not verified" in done.stdout and not (tiny_settings.home / "index").exists()
    shown = kb(tiny_settings, "show", "劳动合同法第三十九条")
    assert "No English rendering is held." in shown.stdout and "（二）严重违反" in shown.stdout
    again = kb(tiny_settings, "add-law", "劳动合同法", "--no-index")
    assert again.returncode == 2 and again.stderr.count("\n") == 1 and "already held" in again.stderr
    memo = write(tmp_path / "memo.txt", "Lamps are cheap.")
    assert kb(tiny_settings, "add-doc", str(memo), "--title", "Lamp memo", "--no-index").returncode == 0
    assert kb(tiny_settings, "add-doc", str(memo), "--date", "soon").returncode == 2
    assert kb(tiny_settings, "add-law").returncode == 2
