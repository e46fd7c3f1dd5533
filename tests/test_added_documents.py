"""A document that a user adds: commentary in the format of the corpus, whatever its text holds."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from kb import additions
from kb.corpus import Corpus
from kb.corpus_load import load_corpus
from kb.errors import BadInput
from kb.ids import PassageId
from kb.settings import Settings

TODAY = date(2026, 11, 22)


def load(settings: Settings) -> Corpus:
    return load_corpus(settings.corpus, local=settings.local)


def files_of(settings: Settings) -> set[str]:
    return {p.relative_to(settings.local).as_posix() for p in settings.local.rglob("*")}


def write(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    return path


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
        ("---\nslug: harbour-law\n---\nText.", "a.md", ["Text."]),
        ("---\nslug: harbour-law\n---\nText.", "a.txt", ["slug: harbour-law", "Text."]),
        ("a\x07b\u202ec\x85" + "d" * 400, "a.txt", ["abc " + "d" * 400]),
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
