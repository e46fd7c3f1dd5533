"""A corpus that breaks a rule is refused with file, line and reason; one that loads says what stands where and when."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.citation import read_citations
from kb.corpus import Corpus
from kb.corpus_load import load_corpus, write_lock
from kb.errors import BadInput, CorpusError
from kb.ids import PassageId, ProvisionId, parse_source_id

LAW = "laws/harbour-law/law.yaml"
OLD = "laws/harbour-law/2018-01-01.md"
NEW = "laws/harbour-law/2024-01-01.md"
GUIDE = "laws/harbour-law/2024-01-01.guide.yaml"
DRAFT = "laws/lamp-draft/2022-05-05.md"
DRAFT_LAW = "laws/lamp-draft/law.yaml"
LETTER = "documents/letter.md"
NOTES = "documents/letter.notes.yaml"
ROWS = "concordances/harbour.csv"
SAILING = "scenarios/sailing.yaml"
SCOPE = "scope.yaml"

Edit = Callable[[Path], None]


def swap(old: str, new: str) -> Edit:
    def edit(path: Path) -> None:
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    return edit


def becomes(content: bytes) -> Edit:
    def edit(path: Path) -> None:
        path.write_bytes(content)

    return edit


def moved(name: str) -> Edit:
    def edit(path: Path) -> None:
        path.rename(path.with_name(name))

    return edit


def copied(name: str) -> Edit:
    def edit(path: Path) -> None:
        path.with_name(name).write_bytes(path.read_bytes())

    return edit


def gone(path: Path) -> None:
    path.unlink()


def all_of(*edits: Edit) -> Edit:
    def edit(path: Path) -> None:
        for one in edits:
            one(path)

    return edit


ORDER = all_of(
    swap("Article 1\n", "Article 9\n"), swap("Article 2\n", "Article 1\n"), swap("Article 9\n", "Article 2\n")
)

# name: (file, edit, part of the message, line or None where none is asked for)
BROKEN: dict[str, tuple[str, Edit, str, int | None]] = {
    "missing article": (NEW, swap("articles: 1-4", "articles: 1-5"), "Article 5 is missing", None),
    "article not declared": (NEW, swap("articles: 1-4", "articles: 1-3"), "Article 4 is not among", 31),
    "article declared twice": (NEW, swap("articles: 1-4", "articles: 1-4, 2"), "declared twice", 2),
    "article twice": (NEW, swap("### Article 4", "### Article 3"), "Article 3 stands twice (first on line 21)", 31),
    "article of another number": (OLD, swap("### Article 2", "### Article 30"), "Article 30 is not among", 17),
    "articles out of order": (NEW, ORDER, "do not stand in their order", None),
    "article without text": (
        OLD,
        swap("This Law comes into force on 1 January 2018.", ""),
        "Article 3 has no text",
        27,
    ),
    "no article heading": (NEW, swap("### Article 2", "### Art. 2"), "'Art. 2' is not an article heading", 17),
    "no range of articles": (NEW, swap("articles: 1-4", "articles: all"), "'all' is neither", 6),
    "text outside an article": (NEW, swap("# Chapter I Boats\n", "# Chapter I Boats\n\nBoats."), "outside an", 13),
    "item numbers that skip": (NEW, swap("(2) rafts", "(3) rafts"), "item (3) follows item (1)", 27),
    "item before any paragraph": (NEW, swap("The harbour is", "(1) The harbour is"), "before any paragraph", 15),
    "no front matter": (NEW, swap("---", "--"), "must start with front matter", 1),
    "front matter not closed": (NEW, swap("---\n\n#", "\n#"), "not closed", 1),
    "unknown key in a version": (NEW, swap("articles:", "pages: 3\narticles:"), "pages: unknown key", 6),
    "key missing in a version": (NEW, swap("retrieved_on: 2026-01-01\n", ""), "retrieved_on", None),
    "no Chinese named": (NEW, swap("link: https://example.invalid/harbour-2024", ""), "`dataset`", 2),
    "unknown completeness": (NEW, swap("completeness: full", "completeness: most"), "completeness", 7),
    "undeclared gap": (DRAFT, swap('gaps: {"3": Not found.}', "gaps: {}"), "Article 3 is missing", None),
    "gap that has text": (DRAFT, swap('gaps: {"3"', 'gaps: {"1": Lost., "3"'), "declared a gap, yet stands here", 13),
    "gap that is no article": (DRAFT, swap('gaps: {"3"', 'gaps: {"4": Lost., "3"'), "Article 4 is not among", 2),
    "missing words without `partial`": (NEW, swap("3 lamps.", "3 lamps […]"), "explained in `partial`", 17),
    "`partial` without missing words": (DRAFT, swap(" […]", ""), "marked […]", 17),
    "bad date in a file name": (NEW, moved("2024-1-1.md"), "file name of a version", None),
    "date in another notation in a file name": (NEW, moved("20240101.md"), "file name of a version", None),
    "impossible date": (NEW, swap("retrieved_on: 2026-01-01", "retrieved_on: 2026-02-30"), "", None),
    "version not UTF-8": (NEW, becomes("---\nevidence: Été\n".encode("latin-1")), "not UTF-8", 2),
    "guide not UTF-8": (GUIDE, becomes('"2":\n  heading: Été\n'.encode("latin-1")), "not UTF-8", 2),
    "not YAML": (LAW, swap("rank: 1", "rank: [1"), "not valid YAML", None),
    "a control character": (GUIDE, swap("Lamps", "La\x07mps"), "not valid YAML", None),
    "a list as a key": (GUIDE, swap('"2":', "[2]:"), "", None),
    "key given twice": (LAW, swap("rank: 1", "rank: 1\nrank: 2"), "the key 'rank' is given twice", 8),
    "inner key given twice": (GUIDE, swap("{en: Lamps,", "{en: Lamps, en: Lights,"), "'en' is given twice", 2),
    "unknown key in a law": (LAW, swap("rank: 1", "rank: 1\ncolour: red"), "colour: unknown key", 8),
    "rank out of range": (LAW, swap("rank: 1", "rank: 12"), "rank", 7),
    "unknown kind": (LAW, swap("kind: law", "kind: custom"), "kind", 5),
    "text missing in a language": (LAW, swap(", fr: Loi sur les ports}\nshort", "}\nshort"), "title.fr", 2),
    "slug that is not the folder": (LAW, swap("slug: harbour-law", "slug: harbor-law"), "differs from the folder", 1),
    "binding draft": (DRAFT_LAW, swap("binding: false", "binding: true"), "a draft is never binding", None),
    "law without law.yaml": (LAW, gone, "the file is missing", None),
    "unknown key in a guide": (GUIDE, swap("  gist:", "  summary: x\n  gist:"), "unknown key", 3),
    "empty text in a guide": (GUIDE, swap("zh: 灯,", 'zh: "",'), "2.heading.zh", 2),
    "guide for an absent article": (GUIDE, swap('"3":', '"7":'), "a guide for Article 7", None),
    "guide of no version": (GUIDE, copied("2025-01-01.guide.yaml"), "", None),
    "unknown key in a document": (LETTER, swap("author:", "mood: x\nauthor:"), "mood: unknown key", 6),
    "slug that is not the file": (LETTER, swap("slug: letter", "slug: note"), "differs from the file name", 2),
    "section numbers that skip": (LETTER, swap("## 2 Fines", "## 3 Fines"), "section 3 where section 2", 16),
    "heading without a number": (LETTER, swap("## 2 Fines", "## Fines"), "a section heading is written", 16),
    "text before the first section": (LETTER, swap("## 1 Lamps", "Hello\n\n## 1 Lamps"), "before the first", 10),
    "document without notes": (NOTES, gone, "the file is missing", None),
    "unknown key in a note": (NOTES, swap("  kind:", "  tone: x\n  kind:"), "tone: unknown key", 2),
    "note at an absent passage": (NOTES, swap("para_1", "para_3"), "no passage letter/sec_1__para_3", None),
    "note at no passage id": (NOTES, swap("letter/sec_1__para_1", "letter 1"), "'letter 1' is not a passage id", 1),
    "note that nothing decides": (NOTES, swap("[harbour-law@2024-01-01/art_2]", "[]"), "needs `decided_by` or a `source`", None),
    "note decided by an absent article": (NOTES, swap("/art_2", "/art_9"), "no Harbour Law Art. 9", None),
    "unknown key in a scenario": (SAILING, swap("provisions:", "law: x\nprovisions:"), "law: unknown key", 4),
    "scenario without provisions": (SAILING, all_of(swap("  - {id: harbour-law@2024-01-01/art_3", "#"), swap("\n  - {id:", " []\n#")), "provisions", 4),
    "scenario with the draft": (
        SAILING,
        swap("harbour-law@2024-01-01/art_2", "lamp-draft@2022-05-05/art_1"),
        "law in force only",
        None,
    ),
    "scenario with an old version": (
        SAILING,
        swap("harbour-law@2024-01-01/art_2", "harbour-law@2018-01-01/art_1"),
        "law in force only",
        None,
    ),
    "scenario without a version": (SAILING, swap("@2024-01-01/art_2", "/art_2"), "no such law or version", None),
    "scenario with an absent paragraph": (SAILING, swap("__para_2", "__para_3"), "no such paragraph", None),
    "scenario in another form of the id": (SAILING, swap("/art_2,", "/art_2__para_1,"), "/art_2", None),
    "concordance with a bad id": (ROWS, swap("art_3,changed", "article 3,changed"), "is not a provision id", 3),
    "concordance with an unknown change": (ROWS, swap("replaced", "moved"), "change", 4),
    "concordance without a column": (ROWS, swap("old,new", "old,now"), "new", 2),
    "concordance to an absent article": (ROWS, swap("01-01/art_2,changed", "01-01/art_9,changed"), "Art. 9", None),
    "concordance to a gap": (ROWS, swap("harbour-law@2024-01-01/art_3,replaced", "lamp-draft@2022-05-05/art_3,replaced"), "is not held: Not found.", None),
    "concordance from no law": (ROWS, swap("\nharbour-law", "\nharbor-law"), "harbor-law@2018-01-01/art_1", None),
    "concordance with a place twice": (ROWS, swap("2018-01-01/art_2", "2018-01-01/art_1"), "art_1", None),
    "no scope": (SCOPE, gone, "the file is missing", None),
    "empty scope": (SCOPE, becomes(b""), "the file", 1),
    "unknown key in the scope": (SCOPE, swap("far:", "other: {}\nfar:"), "other: unknown key", 2),
    "unknown language in the scope": (SCOPE, swap("far: {en", "far: {de: [Wie ist das Wetter], en"), "unknown", 2),
    "glossary term without French": ("glossary.yaml", swap(", fr: phare", ""), "0.fr", 1),
}  # fmt: skip


@pytest.mark.parametrize(("name", "edit", "message", "line"), BROKEN.values(), ids=BROKEN)
def test_a_broken_rule_is_refused(tiny_root: Path, name: str, edit: Edit, message: str, line: int | None) -> None:
    before = set(tiny_root.rglob("*"))
    edit(tiny_root / name)
    with pytest.raises(CorpusError) as caught:
        load_corpus(tiny_root, check_lock=False)
    added = {p for p in tiny_root.rglob("*") if p.is_file()} - before
    text, path = str(caught.value), min(added, default=tiny_root / name)
    where = r"(:\d+)?" if line is None else f":{line}"
    assert re.match(rf"{re.escape(str(path))}{where}: ", text), text
    assert message in text
    assert "\n" not in text
    assert caught.value.path == path
    assert line is None or caught.value.line == line


def test_a_folder_without_laws_is_no_corpus(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="no corpus here") as caught:
        load_corpus(tmp_path)
    assert str(caught.value).startswith(f"{tmp_path}: ")
    assert "\n" not in str(caught.value)


def test_a_law_without_a_version_is_refused(tiny_root: Path) -> None:
    for file in (DRAFT, ROWS):
        (tiny_root / file).unlink()
    with pytest.raises(CorpusError, match="no version of this law"):
        load_corpus(tiny_root, check_lock=False)


# ------------------------------------------------------------------ the lock


def test_the_lock_names_what_changed(tiny_root: Path) -> None:
    load_corpus(tiny_root)
    swap("3 lamps", "4 lamps")(tiny_root / NEW)
    with pytest.raises(CorpusError, match=rf"does not match {re.escape(NEW)};.*kb lock") as caught:
        load_corpus(tiny_root)
    assert str(caught.value).startswith(f"{tiny_root / 'corpus.lock'}: ")
    write_lock(tiny_root)
    load_corpus(tiny_root)


@pytest.mark.parametrize("edit", [gone, copied("2024-01-01.old.yaml")], ids=["file gone", "file added"])
def test_the_lock_names_files_gone_and_added(tiny_root: Path, edit: Edit) -> None:
    edit(tiny_root / GUIDE)
    with pytest.raises(CorpusError, match="does not match laws/harbour-law/2024-01-01"):
        load_corpus(tiny_root)


@pytest.mark.parametrize("edit", [gone, becomes(b"")], ids=["missing", "empty"])
def test_a_corpus_needs_its_lock(tiny_root: Path, edit: Edit) -> None:
    edit(tiny_root / "corpus.lock")
    with pytest.raises(CorpusError, match="run `kb lock`") as caught:
        load_corpus(tiny_root)
    assert str(caught.value).startswith(f"{tiny_root / 'corpus.lock'}: ")


def test_a_changed_text_changes_the_fingerprint(tiny_root: Path, tiny: Corpus) -> None:
    assert load_corpus(tiny_root).fingerprint == tiny.fingerprint
    swap("3 lamps", "4 lamps")(tiny_root / NEW)
    assert load_corpus(tiny_root, check_lock=False).fingerprint != tiny.fingerprint


# ------------------------------------------------------------------ which text stands when

FIRST, SECOND = date(2018, 1, 1), date(2024, 1, 1)


@given(st.dates(FIRST, date(2100, 1, 1)))
def test_one_version_is_in_force_on_any_day(tiny: Corpus, on: date) -> None:
    standing = [
        v for v in tiny.versions("harbour-law") if tiny.standing(ProvisionId(v.law, v.key, "1"), on) == "in_force"
    ]
    assert standing == [tiny.in_force("harbour-law", on)]
    assert standing[0].key == ("2018-01-01" if on < SECOND else "2024-01-01")


@given(st.dates(date(1900, 1, 1), FIRST - timedelta(days=1)))
def test_no_version_is_in_force_before_the_first(tiny: Corpus, on: date) -> None:
    assert tiny.in_force("harbour-law", on) is None
    assert {tiny.standing(ProvisionId("harbour-law", v.key, "1"), on) for v in tiny.versions("harbour-law")} == {
        "not_yet_in_force"
    }


STANDING = [
    ("harbour-law@2018-01-01/art_1", "2017-12-31", "not_yet_in_force", "history"),
    ("harbour-law@2018-01-01/art_1", "2018-01-01", "in_force", "authority"),
    ("harbour-law@2018-01-01/art_1", "2023-12-31", "in_force", "authority"),
    ("harbour-law@2018-01-01/art_1", "2024-01-01", "amended", "history"),
    ("harbour-law@2024-01-01/art_1", "2023-12-31", "not_yet_in_force", "history"),
    ("harbour-law@2024-01-01/art_1", "2024-01-01", "in_force", "authority"),
    ("lamp-draft@2022-05-05/art_1", "2021-01-01", "draft", "history"),
    ("lamp-draft@2022-05-05/art_1", "2026-01-01", "draft", "history"),
    ("letter/sec_1__para_1", "2019-06-01", "commentary", "commentary"),
]


@pytest.mark.parametrize(("place", "on", "standing", "role"), STANDING, ids=[f"{c[0]} {c[1]}" for c in STANDING])
def test_standing_and_role(tiny: Corpus, place: str, on: str, standing: str, role: str) -> None:
    assert tiny.standing(parse_source_id(place), date.fromisoformat(on)) == standing
    assert tiny.role(parse_source_id(place), date.fromisoformat(on)) == role


def test_an_unknown_law_or_version_is_named_with_what_is_held(tiny: Corpus) -> None:
    with pytest.raises(BadInput, match="'harbor-law' is not a law of this corpus; it holds harbour-law, lamp-draft"):
        tiny.versions("harbor-law")
    with pytest.raises(BadInput, match="no version of 2020-01-01; it has 2018-01-01, 2024-01-01"):
        tiny.version("harbour-law", "2020-01-01")


# ------------------------------------------------------------------ places

H18, H24, DRAFT_ID = "harbour-law@2018-01-01", "harbour-law@2024-01-01", "lamp-draft@2022-05-05"

FINDS = [
    (f"{H24}/art_1", f"{H24}/art_1", "The harbour is open to every boat."),
    (f"{H24}/art_1__para_1", f"{H24}/art_1", "The harbour is open to every boat."),
    (f"{H24}/art_3__para_2", f"{H24}/art_3__para_2", "A fine of CNY 5,000 may be imposed."),
    (f"{H24}/art_3__para_1__item_2", f"{H24}/art_3__para_1__item_2", "(2) rafts with more than 900 persons."),
    (f"{H24}/art_3__item_2", f"{H24}/art_3__para_1__item_2", "(2) rafts with more than 900 persons."),
    (
        f"{H18}/art_2__para_1",
        f"{H18}/art_2__para_1",
        "A harbour master may inspect:\n(1) boats longer than 10 metres;\n(2) rafts with more than 500 persons.",
    ),
]


@pytest.mark.parametrize(("asked", "canonical", "text"), FINDS, ids=[c[0] for c in FINDS])
def test_find_gives_the_text_under_its_canonical_id(tiny: Corpus, asked: str, canonical: str, text: str) -> None:
    found = tiny.find(ProvisionId.parse(asked))
    assert found is not None
    assert (str(found.id), found.text_en, found.text_zh) == (canonical, text, None)
    assert found.chapter == "Chapter I Boats"


ABSENT = [
    (f"{H24}/art_9", "the version of 2024-01-01 ends with Article 4"),
    (f"{H18}/art_4", "the version of 2018-01-01 ends with Article 3"),
    (f"{H24}/art_1__para_2", "no such paragraph or item"),
    (f"{H24}/art_1__item_1", "no such paragraph or item"),
    (f"{H24}/art_3__para_2__item_1", "no such paragraph or item"),
    (f"{H24}/art_3__para_1__item_3", "no such paragraph or item"),
    (f"{DRAFT_ID}/art_3", "the text of Lamp Draft Art. 3 is not held: Not found."),
    (f"{DRAFT_ID}/art_4", "this corpus holds 2 articles"),
]


@pytest.mark.parametrize(("asked", "why"), ABSENT, ids=[c[0] for c in ABSENT])
def test_what_is_not_there_is_not_found_and_the_reason_given(tiny: Corpus, asked: str, why: str) -> None:
    place = ProvisionId.parse(asked)
    assert tiny.find(place) is None
    with pytest.raises(BadInput, match=re.escape(why)):
        tiny.provision(place)


def test_find_wants_a_version(tiny: Corpus) -> None:
    with pytest.raises(ValueError, match="names no version"):
        tiny.find(ProvisionId("harbour-law", None, "1"))


PLACES = [
    ("Harbour Law Art. 3(2)", 2026, f"{H24}/art_3__para_2"),
    ("Harbour Law Art. 2(2)", 2020, f"{H18}/art_2__para_2"),
    ("Harbour Law Art. 2", 2020, f"{H18}/art_2"),
    ("Harbour Law Art. 2", 2026, f"{H24}/art_2"),
    ("Harbour Law Art. 2(1)", 2026, f"{H24}/art_2"),
    ("Harbour Law Art. 3 item 2", 2026, f"{H24}/art_3__para_1__item_2"),
    ("《港口法》第三条第二款", 2026, f"{H24}/art_3__para_2"),
    ("港法第三条第一款第一项", 2026, f"{H24}/art_3__para_1__item_1"),
    ("Loi sur les ports, art. 3, al. 2", 2026, f"{H24}/art_3__para_2"),
    ("HL Art. 1", 2000, f"{H18}/art_1"),
    ("HL Art. 40", 2026, f"{H24}/art_40"),
    ("Article 2 of the Lamp Draft", 2026, f"{DRAFT_ID}/art_2"),
]


@pytest.mark.parametrize(("written", "year", "expected"), PLACES, ids=[f"{c[0]} {c[1]}" for c in PLACES])
def test_a_written_citation_means_the_text_of_its_day(tiny: Corpus, written: str, year: int, expected: str) -> None:
    (mention,) = read_citations(written, tiny.names)
    assert str(tiny.place(mention, date(year, 6, 1))) == expected


def test_a_number_in_parentheses_is_an_item_where_the_article_has_one_paragraph(tiny_root: Path) -> None:
    swap("\nA fine of CNY 5,000 may be imposed.\n", "")(tiny_root / NEW)
    swap("art_3__para_2", "art_3")(tiny_root / SAILING)
    corpus = load_corpus(tiny_root, check_lock=False)
    (mention,) = read_citations("Harbour Law Art. 3(2)", corpus.names)
    assert str(corpus.place(mention, date(2026, 1, 1))) == f"{H24}/art_3__item_2"


@pytest.mark.parametrize("written", ["Article 3", "GDPR Article 9", "《刑法》第三条"])
def test_a_citation_of_no_law_held_has_no_place(tiny: Corpus, written: str) -> None:
    (mention,) = read_citations(written, tiny.names)
    assert tiny.place(mention, date(2026, 1, 1)) is None


SUCCESSORS = [
    (f"{H18}/art_1", [f"{H24}/art_2"], "changed"),
    (f"{H18}/art_2__para_1__item_2", [f"{H24}/art_3"], "changed"),
    (f"{H18}/art_2__para_2", [f"{H24}/art_3"], "changed"),
    (f"{DRAFT_ID}/art_1", [f"{H24}/art_3"], "replaced"),
    (f"{DRAFT_ID}/art_2", [], "dropped"),
]


@pytest.mark.parametrize(("old", "new", "change"), SUCCESSORS, ids=[c[0] for c in SUCCESSORS])
def test_successor_of_a_place_or_of_its_article(tiny: Corpus, old: str, new: list[str], change: str) -> None:
    found = tiny.successor(ProvisionId.parse(old))
    assert found is not None
    assert ([str(p) for p in found.new], found.change) == (new, change)


def test_the_narrowest_successor_counts(tiny_root: Path) -> None:
    swap("lamp-draft@2022-05-05/art_1", f"{H18}/art_2__para_2,{H24}/art_3__para_2,same,\nlamp-draft@2022-05-05/art_1")(
        tiny_root / ROWS
    )
    corpus = load_corpus(tiny_root, check_lock=False)
    fine = corpus.successor(ProvisionId.parse(f"{H18}/art_2__para_2"))
    assert fine is not None
    assert [str(p) for p in fine.new] == [f"{H24}/art_3__para_2"]
    assert corpus.successor(ProvisionId.parse(f"{H18}/art_3")) is None


# ------------------------------------------------------------------ documents, labels


def test_passages_in_order(tiny: Corpus) -> None:
    assert [(str(p.id), p.section) for p in tiny.documents["letter"].passages] == [
        ("letter/sec_1__para_1", "Lamps"),
        ("letter/sec_1__para_2", "Lamps"),
        ("letter/sec_2__para_1", "Fines"),
    ]
    assert tiny.passage(PassageId("letter", 1, 2)).text == "- Lamps are cheap."
    assert [n.kind for n in tiny.notes_at(PassageId("letter", 1, 1))] == ["renumbered"]
    assert tiny.notes_at(PassageId("letter", 1, 2)) == ()
    for absent in ("letter/sec_3", "letter/sec_1__para_3", "lettre/sec_1__para_1"):
        with pytest.raises(BadInput, match=f"there is no passage {absent}"):
            tiny.passage(PassageId.parse(absent))


LABELS = [
    (f"{H24}/art_3__para_2", "Harbour Law Art. 3(2)", "《港口法》第三条第二款", "Loi sur les ports, art. 3, al. 2"),
    (f"{H24}/art_3__para_1__item_2", "Harbour Law Art. 3(1) item 2", "《港口法》第三条第一款第二项", "Loi sur les ports, art. 3, al. 1, pt 2"),
    (f"{DRAFT_ID}/art_1", "Lamp Draft Art. 1", "《灯具规定（征求意见稿）》第一条", "Projet lampes, art. 1"),
    ("letter/sec_1__para_2", "Lamp letter § 1(2)", "灯信第1节第2段", "Lettre sect. 1(2)"),
    ("letter/sec_1", "Lamp letter § 1", "灯信第1节", "Lettre sect. 1"),
]  # fmt: skip


@pytest.mark.parametrize(("place", "en", "zh", "fr"), LABELS, ids=[c[0] for c in LABELS])
def test_labels(tiny: Corpus, place: str, en: str, zh: str, fr: str) -> None:
    source = parse_source_id(place)
    assert (tiny.label(source, "en"), tiny.label(source, "zh"), tiny.label(source, "fr")) == (en, zh, fr)
