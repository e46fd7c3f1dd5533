"""Answers to take away: what is passed on, what is left out, and that hostile text stays text."""

from __future__ import annotations

import csv
import json
from io import BytesIO, StringIO
from typing import Any
from zipfile import ZipFile

import pytest
from docx import Document
from lxml import etree
from test_store import LAMPS, record

from kb.answer_docx import MAX_CHARACTERS, answer_docx
from kb.answer_export import COLUMNS, Exported, Signature, csv_table, json_records, markdown
from kb.model import LANGUAGES

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
EVIL = [
    "=cmd|'/c calc'!A1",
    "<w:p><w:r/></w:p>&amp;",
    "# [x](javascript:alert(1)) <script>",
    "\x00\x07\x1b[31m\ufffe",
    "x" * 200_000,
]


def exported(passed: bool = True, **more: Any) -> Exported:
    found = record(**more)
    found["claims"][0]["checks"] = [{"kind": "verbatim", "passed": passed, "detail": ""}]
    found["citations"][0] |= {"label_zh": "《港口法》第二条", "role": "authority"}
    return Exported(found)


def signed(answer: Exported, decision: Any = "signed", lapsed: bool = False) -> Exported:
    return Exported(
        answer.record, (Signature(LAMPS, "lea", "2026-11-22", decision, "seen", lapsed),), "Corrected text.", "lea"
    )


def footnotes(made: bytes) -> dict[str, str]:
    """Footnotes of a document by their number; every reference in the text leads to one."""
    with ZipFile(BytesIO(made)) as parts:
        notes = etree.fromstring(parts.read("word/footnotes.xml"))
        body = etree.fromstring(parts.read("word/document.xml"))
        assert "footnotes.xml" in parts.read("word/_rels/document.xml.rels").decode()
        assert "/word/footnotes.xml" in parts.read("[Content_Types].xml").decode()
    found = {n.get(f"{W}id"): "".join(n.itertext()).strip() for n in notes if n.get(f"{W}type") is None}
    assert [r.get(f"{W}id") for r in body.iter(f"{W}footnoteReference")] == list(found)
    return found


def test_a_word_document_has_a_footnote_a_verified_citation() -> None:
    made = answer_docx([signed(exported()), exported(question="And at night?")], "en")
    assert footnotes(made) == {
        "1": f"Harbour Law Art. 2 — 《港口法》第二条; in force; {LAMPS}; signed off by lea on 2026-11-22",
        "2": f"Harbour Law Art. 2 — 《港口法》第二条; in force; {LAMPS}",
    }
    words = [p.text for p in Document(BytesIO(made)).paragraphs]
    for text in (
        "How many lamps?",
        "A boat needs 3 lamps.",
        "A boat shall carry 3 lamps.",
        "Corrected text.",
        "Law as of 2026-11-22",
    ):
        assert text in words


@pytest.mark.parametrize(
    "answer", [signed(exported(), "rejected"), exported(passed=False)], ids=["rejected", "failed a check"]
)
def test_what_is_not_fit_to_be_passed_on_is_left_out_and_counted(answer: Exported) -> None:
    made = answer_docx([answer], "en")
    assert footnotes(made) == {}
    words = "\n".join(p.text for p in Document(BytesIO(made)).paragraphs)
    for text in (words, markdown([answer])):
        assert "A boat needs 3 lamps." not in text and "not verified: 1." in text
    assert "A boat needs 3 lamps." in csv_table([answer]) and "A boat needs 3 lamps." in json_records([answer])


def test_a_lapsed_sign_off_is_said_to_be_lapsed() -> None:
    assert "lapsed" in footnotes(answer_docx([signed(exported(), lapsed=True)], "en"))["1"]


def test_a_refusal_is_exported_as_such() -> None:
    answer = exported(outcome="refused", refusal={"kind": "prediction", "message": "Nobody knows."})
    bare = Exported({**answer.record, "claims": [], "citations": []})
    assert "Not answered:** Nobody knows." in markdown([bare])
    assert "Not answered: Nobody knows." in [p.text for p in Document(BytesIO(answer_docx([bare], "en"))).paragraphs]
    assert next(csv.DictReader(StringIO(csv_table([bare]).lstrip("\ufeff"))))["outcome"] == "refused"


@pytest.mark.parametrize("evil", EVIL, ids=range(len(EVIL)))
def test_hostile_text_is_data(evil: str) -> None:
    answer = signed(exported(question=evil, claim=evil))
    made = answer_docx([answer], "zh")
    assert len(footnotes(made)) == 1 and len(made) < 200_000
    assert max(len(p.text) for p in Document(BytesIO(made)).paragraphs) <= MAX_CHARACTERS + 5
    table = list(csv.reader(StringIO(csv_table([answer]).lstrip("\ufeff"))))
    assert len(table) == 2 and len(table[1]) == len(COLUMNS) and not table[1][0].startswith(("=", "+", "@"))
    assert max(map(len, table[1])) <= 32_767  # what a cell of Excel holds
    assert json.loads(json_records([answer]))[0]["answer"]["question"] == evil
    shown = markdown([answer])
    assert "<script>" not in shown and "[x](" not in shown and "\x1b" not in shown


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language(language: str) -> None:
    answer = signed(exported(language=language))
    assert "lea" in markdown([answer]) and footnotes(answer_docx([answer], language))  # type: ignore[arg-type]
