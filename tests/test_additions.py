"""What a user adds: a law of the data package or a document becomes part of the corpus, whole or not at all."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from kb import additions, dataset
from kb.assistant import Assistant
from kb.citation import read_citations
from kb.corpus import Corpus
from kb.corpus_load import load_corpus
from kb.errors import BadInput, CorpusError
from kb.ids import PassageId, ProvisionId, article_range, article_sort_key
from kb.index import BuildReport, ensure_index
from kb.settings import Settings

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


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ("slug: quay-law", "slug: harbour-law", "'harbour-law'"),
        ("zh: 中华人民共和国码头法", "zh: 中华人民共和国港口法", "港口法"),
        ("zh: 码头法", "zh: 《港口法》", "港口法"),
        ("en: [QL]", "en: [hl]", "'hl'"),
        ("slug: quay-law", "slug: letter", "'letter'"),
    ],
)
def test_a_local_law_may_not_take_a_name_of_a_shipped_source(
    tiny_settings: Settings, old: str, new: str, word: str
) -> None:
    shipped = (tiny_settings.corpus / "laws/harbour-law/law.yaml").read_text("utf-8")
    text = shipped.replace("harbour-law", "quay-law").replace("Harbour Law", "Quay Law").replace("港口法", "码头法")
    text = text.replace("en: [HL], zh: [港法]", "en: [QL], zh: [码法]").replace(
        "Loi sur les ports", "Loi sur les quais"
    )
    folder = tiny_settings.local / "laws" / ("letter" if new == "slug: letter" else "quay-law")
    if new == "slug: harbour-law":
        folder = tiny_settings.local / "laws/harbour-law"
    version = (tiny_settings.corpus / "laws/harbour-law/2024-01-01.md").read_text("utf-8")
    write(folder / "2024-01-01.md", version)
    write(folder / "law.yaml", text if new.startswith("slug") else text)
    if not new.startswith("slug"):
        assert "quay-law" in load(tiny_settings).laws
    assert old in text
    write(folder / "law.yaml", text.replace(old, new))
    with pytest.raises(CorpusError) as error:
        load(tiny_settings)
    other = "documents/letter.md" if new == "slug: letter" else "laws/harbour-law/law.yaml"
    said = str(error.value)
    assert word in said and str(tiny_settings.corpus / other) in said
    assert said.startswith(str(tiny_settings.local)) or new == "slug: letter"


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
        ("", "may be any of"),
        ("xyz", "the nearest"),
        ("刑法", "已被修改"),
        ("环境保护法", "已废止"),
        ("全国人民代表大会常务委员会关于修改《中华人民共和国网络安全法》的决定", "not divided into articles"),
    ],
)
def test_a_title_that_cannot_be_added_is_explained(tiny_settings: Settings, title: str, says: str) -> None:
    with pytest.raises((BadInput, dataset.DataPackageError)) as error:
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


def test_an_answer_quotes_the_added_law_and_says_what_it_is(tiny_settings: Settings, hash_encoder: Any) -> None:
    additions.add_law("劳动合同法", tiny_settings, english="Labour Contract Law")
    assistant = Assistant.open(tiny_settings, encoder=hash_encoder)
    answer = assistant.ask(assistant.query("What does Article 39 of the Labour Contract Law say?", TODAY))
    assert [str(c.id) for c in answer.citations] == ["labour-contract-law@2012-12-28/art_39"]
    assert answer.claims[0].quote_language == "zh" and "严重违反用人单位的规章制度" in answer.text
    assert "No English rendering of Labour Contract Law is held" in answer.text
    assert "not by the editors" in answer.text
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


# ------------------------------------------------------------------ documents


def add_text(settings: Settings, text: str, name: str = "memo.md", **options: Any) -> additions.Added:
    path = write(settings.home.parent / name, text)
    return additions.add_document(path, settings, **options)


def test_headings_become_sections_and_paragraphs_passages(tiny_settings: Settings) -> None:
    text = "Intro line.\n\n# Lamps at sea\n\nA boat needs\nthree lamps.\n- one\n- two\n\n---\n\n## 罚款\n罚款五千元。\n另有\n规定。\n"
    added = add_text(tiny_settings, text, author="A firm", published=date(2024, 5, 6))
    document = load(tiny_settings).documents[added.slug]
    assert added.slug == "doc-lamps-at-sea" and document.published_from == date(2024, 5, 6)
    assert [(p.id.section, p.section, p.text) for p in document.passages] == [
        (1, "Lamps at sea", "Intro line."),
        (2, "Lamps at sea", "A boat needs three lamps."),
        (2, "Lamps at sea", "- one"),
        (2, "Lamps at sea", "- two"),
        (3, "罚款", "罚款五千元。"),
        (3, "罚款", "另有规定。"),
    ]
    assert load(tiny_settings).role(PassageId(added.slug, 1, 1), TODAY) == "commentary"


@pytest.mark.parametrize(
    ("text", "name", "passages"),
    [
        ("# no heading here\n\n---\n\nslug: x", "a.txt", ["\\# no heading here", "slug: x"]),
        ("#tag first\n\n####### seven", "a.md", ["\\#tag first", "\\####### seven"]),
        ("```\n# a comment\n---\n```\n\nText.", "a.md", ["\\# a comment", "Text."]),
        ("---\nslug: harbour-law\n---\nText.", "a.md", ["slug: harbour-law", "Text."]),
        ("a\x00b\x07c\u202ed\x85e", "a.txt", ["abcd e"]),
    ],
)
def test_text_cannot_break_the_format(tiny_settings: Settings, text: str, name: str, passages: list[str]) -> None:
    added = add_text(tiny_settings, text, name, title="Two words")
    assert [p.text for p in load(tiny_settings).documents[added.slug].passages] == passages


LINES = st.lists(
    st.text(max_size=40) | st.sampled_from(["---", "# a", "## 1 b", "```", "", "#", "## 7", "> x"]), max_size=12
)


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(lines=LINES, title=st.text(max_size=30), markdown=st.booleans())
def test_any_text_is_added_or_refused(tiny_settings: Settings, lines: list[str], title: str, markdown: bool) -> None:
    text = "\n".join(lines).encode("utf-8", "replace").decode()
    try:
        added = add_text(
            tiny_settings, text, f"any{'.md' if markdown else '.txt'}", slug="any", title=title, replace=True
        )
    except BadInput:
        return
    document = load(tiny_settings).documents["any"]
    assert added.slug == "any" and document.passages and all(len(p.text) <= 1_600 for p in document.passages)


def test_a_long_paragraph_is_cut_between_sentences(tiny_settings: Settings) -> None:
    text = " ".join(f"This is sentence number {n} of a long paragraph." for n in range(100)) + "字" * 4_000
    added = add_text(tiny_settings, text, "long.txt")
    passages = [p.text for p in load(tiny_settings).documents[added.slug].passages]
    assert all(len(p) <= additions.MAX_PASSAGE_CHARS for p in passages) and passages[0].endswith("paragraph.")
    assert "".join("".join(passages).split()) == "".join(text.split())


def test_a_document_is_replaced_only_where_asked_and_keeps_its_notes(tiny_settings: Settings) -> None:
    added = add_text(tiny_settings, "First text.", title="Our memo")
    notes = added.path.with_name(f"{added.slug}.notes.yaml")
    assert notes.read_text("utf-8") == "[]\n"
    with pytest.raises(BadInput, match="--replace"):
        add_text(tiny_settings, "Second text.", title="Our memo")
    note = f"- {{at: {added.slug}/sec_1__para_1, kind: mistaken, message: {{en: a, zh: b, fr: c}}, decided_by: [], source: x}}\n"
    write(notes, note)
    add_text(tiny_settings, "Second text.", title="Our memo", replace=True)
    corpus = load(tiny_settings)
    assert corpus.documents[added.slug].passages[0].text == "Second text." and notes.read_text("utf-8") == note
    assert len(corpus.notes_at(PassageId(added.slug, 1, 1))) == 1


@pytest.mark.parametrize(
    ("text", "name", "options", "says"),
    [
        ("", "a.txt", {}, "empty"),
        ("---\n\n \u200b\n", "a.md", {"slug": "letter"}, "letter|no text"),
        ("Text.", "a.md", {"slug": "letter"}, "already taken"),
        ("Text.", "a.md", {"slug": "letter", "replace": True}, "already taken"),
        ("Text.", "a.md", {"slug": "Not A Slug"}, "not a slug"),
        ("Text.", "a.md", {"title": "Harbour Law"}, "also a slug or name"),
        ("x" * 2_000_001, "a.txt", {}, "2,000,000|2000000"),
        ("Text.", "a.xyz", {}, "a.xyz"),
    ],
)
def test_a_document_that_cannot_be_added_leaves_nothing(
    tiny_settings: Settings, text: str, name: str, options: dict[str, Any], says: str
) -> None:
    with pytest.raises(BadInput, match=says):
        add_text(tiny_settings, text, name, **options)
    assert not tiny_settings.local.exists() or files_of(tiny_settings) <= {"documents"}


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
