"""What a reader takes away from a check: a Word document with comments, CSV, JSON."""

from __future__ import annotations

import csv
import json
import time
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import docx
import pytest
from docx.enum.text import WD_COLOR_INDEX
from office import cited, report_on, saved, word_document

from kb.annotate import VERDICT_WORDS, counts, line_numbers, passes, report_csv, report_record, write_file
from kb.annotated_docx import MAX_COMMENTS, report_docx
from kb.corpus import Corpus
from kb.docx_text import open_docx
from kb.errors import BadInput
from kb.ids import ProvisionId
from kb.model import VERDICTS, CheckReport, Quotation

NOW = ProvisionId.parse("harbour-law@2024-01-01/art_2")
TEXT = "Harbour Law Art. 1 says “a boat shall carry 2 lamps”.\nSee Lamp Act Art. 9\t& <Article 4>.\n"


@pytest.fixture
def report() -> CheckReport:
    start = TEXT.index("a boat")
    quote = Quotation("a boat shall carry 2 lamps", start, start + 26, True)
    return report_on(
        TEXT,
        cited(
            TEXT,
            "Harbour Law Art. 1",
            "RENUMBERED",
            id="harbour-law@2018-01-01/art_1",
            law="harbour-law",
            article="1",
            today=NOW,
            quotes=(quote,),
            diff=(("=", "a boat shall carry"), ("-", "2"), ("+", "3"), ("=", "lamps")),
        ),
        cited(TEXT, "Lamp Act Art. 9", "NOT_IN_CORPUS"),
        cited(TEXT, "Article 4", "VERIFIED", id="harbour-law@2024-01-01/art_4", law="harbour-law", article="4"),
    )


def opened(content: bytes) -> Any:
    return docx.Document(BytesIO(content))


def anchored(document: Any) -> dict[int, str]:
    """The text between the marks of each comment, read from the XML as Word reads it."""
    w = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
    running: set[int] = set()
    words: dict[int, str] = {}
    for element in document.element.body.iter():
        if element.tag == w + "commentRangeStart":
            running.add(int(element.get(w + "id")))
        elif element.tag == w + "commentRangeEnd":
            running.remove(int(element.get(w + "id")))
        elif element.tag == w + "t":
            for number in running:
                words[number] = words.get(number, "") + (element.text or "")
    assert not running
    references = [int(r.get(w + "id")) for r in document.element.body.iter(w + "commentReference")]
    assert sorted(references) == sorted(c.comment_id for c in document.comments)
    return words


# ------------------------------------------------------------------ JSON, CSV


def test_the_record_has_every_key_of_the_specification(report: CheckReport, tiny: Corpus) -> None:
    specification = Path(__file__).parent.parent / "docs" / "checker.md"
    example = json.loads(specification.read_text(encoding="utf-8").split("```json\n")[1].split("```")[0])
    record = json.loads(json.dumps(report_record(report, tiny)))
    assert record.keys() == example.keys()
    for citation in record["citations"]:
        assert citation.keys() == example["citations"][0].keys()
        assert record["characters"] == len(TEXT) and TEXT[citation["start"] : citation["end"]] == citation["text"]
    first, second, _ = record["citations"]
    assert first["today"] == {"id": "harbour-law@2024-01-01/art_2", "label": "Harbour Law Art. 2"}
    assert first["quotes"][0].keys() == example["citations"][0]["quotes"][0].keys()
    assert first["diff"][1] == ["-", "2"] and second["diff"] is None and second["today"] is None
    assert (record["on"], record["written"]) == ("2026-11-22", None)


def test_csv_opens_in_excel_and_holds_no_formula(tiny: Corpus) -> None:
    evil = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1", "PIPL 28"]
    text = "\n".join(evil).replace("\r", " ")
    citations = [cited(text, "PIPL 28", "UNCHECKED", detail=cell) for cell in evil]
    content = report_csv(report_on(text, *citations), tiny)
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(StringIO(content.decode("utf-8-sig"), newline="")))
    assert [row["detail"] for row in rows] == [*("'" + cell for cell in evil[:-1]), "PIPL 28"]
    assert {row["line"] for row in rows} == {"9"}


def test_csv_rows(report: CheckReport, tiny: Corpus) -> None:
    rows = list(csv.DictReader(StringIO(report_csv(report, tiny, "zh").decode("utf-8-sig"), newline="")))
    assert rows[0]["today"] == "《港口法》第二条" and rows[0]["today_id"] == "harbour-law@2024-01-01/art_2"
    assert (rows[0]["quotes"], rows[0]["quotes_found"]) == ("a boat shall carry 2 lamps", "found")
    assert [row["line"] for row in rows] == ["1", "2", "2"]


def test_lines_counts_and_passing(report: CheckReport) -> None:
    assert line_numbers("a\nb\n\nc", [0, 1, 2, 4, 5]) == [1, 1, 2, 3, 4]
    assert counts(report) == {"VERIFIED": 1, "NOT_IN_CORPUS": 1, "RENUMBERED": 1}
    assert not passes(report) and not passes(report_on("nothing"))
    assert passes(report_on("a", cited("a", "a", "VERIFIED")))
    assert set(VERDICT_WORDS) == set(VERDICTS)


# ------------------------------------------------------------------ Word


@pytest.mark.parametrize("language", ["en", "zh", "fr"])
def test_a_text_becomes_a_document_with_comments(report: CheckReport, tiny: Corpus, language: Any) -> None:
    document = opened(report_docx(report, tiny, language))
    assert list(anchored(document).values()) == [c.text for c in report.citations]
    first = next(iter(document.comments)).text
    assert first.startswith(f"RENUMBERED · {VERDICT_WORDS['RENUMBERED'][language]}")
    assert tiny.label(NOW, language) in first and "[-2-] {+3+}" in first
    words = [p.text for p in document.paragraphs]
    assert words[:2] == TEXT.split("\n")[:2]
    end = "\n".join(words[3:])
    for part in (
        "2026-11-22",
        tiny.fingerprint,
        {"en": "not legal advice", "zh": "法律意见", "fr": "juridique"}[language],
    ):
        assert part in end
    table = document.tables[-1]
    assert [len(table.rows), len(table.columns)] == [4, 5]
    assert [cell.text for cell in table.rows[2].cells][:2] == ["2", "Lamp Act Art. 9"]


def test_the_words_that_must_stand_in_it(report: CheckReport, tiny: Corpus) -> None:
    end = "\n".join(p.text for p in opened(report_docx(report, tiny)).paragraphs)
    for words in ("unofficial rendering", "the Chinese text prevails", "not legal advice"):
        assert words in end


def test_nothing_found_is_said(tiny: Corpus) -> None:
    document = opened(report_docx(report_on("No law here."), tiny))
    assert "No citation found: nothing was checked." in [p.text for p in document.paragraphs]
    assert not document.tables


def test_the_users_own_document_keeps_its_words_and_looks(tiny: Corpus) -> None:
    source = word_document()
    _, text, _ = open_docx(source, "m.docx")
    report = report_on(
        text,
        cited(text, "PIPL Art. 28(2)", "VERIFIED"),
        cited(text, "28", "AMENDED"),
        cited(text, "《网络安全法》第七十六条", "RENUMBERED"),
        cited(text, "link PIPL Art. 29", "QUOTE_MISMATCH"),
        cited(text, "CSL Art. 76", "RENUMBERED"),
        cited(text, "table", "UNCHECKED"),
    )
    content = report_docx(report, tiny, origin=source)
    document = opened(content)
    assert list(anchored(document).values()) == [c.text for c in report.citations if c.text != "CSL Art. 76"]
    runs = document.paragraphs[0].runs
    looks = [(r.text, r.bold, r.italic, r.font.highlight_color) for r in runs if r.text]
    green, yellow = WD_COLOR_INDEX.BRIGHT_GREEN, WD_COLOR_INDEX.YELLOW
    assert looks == [
        ("PIPL ", None, None, green),
        ("Art. ", True, None, green),
        ("28", True, None, yellow),
        ("(2)", None, True, green),
        (" asks for necessity.", None, True, None),
    ]
    _, after, _ = open_docx(content, "m.docx")
    assert after.startswith(text[: text.index("See CSL")]), "the words of the document have changed"
    rows = [[cell.text for cell in row.cells] for row in document.tables[-1].rows]
    assert rows[5][:2] == ["5 *", "CSL Art. 76"] and rows[4][0] == "4"
    assert any(p.text.startswith("* In a note or a text box") for p in document.paragraphs)
    assert document.sections[0].header.paragraphs[0].text == "HEADER PIPL Art. 1"


def test_comments_of_the_user_stay_and_styles_may_be_missing(tiny: Corpus) -> None:
    source = docx.Document()
    source.add_comment(source.add_paragraph("PIPL Art. 28").runs, "mine", "me")
    for style in list(source.styles.element):
        source.styles.element.remove(style)
    _, text, _ = open_docx(saved(source), "m.docx")
    document = opened(report_docx(report_on(text, cited(text, "Art. 28", "DRAFT")), tiny, origin=saved(source)))
    assert [(c.text.split("\n")[0], c.author) for c in document.comments] == [
        ("mine", "me"),
        ("DRAFT · draft", "kb check"),
    ]


def test_a_text_box_has_no_comment(tiny: Corpus) -> None:
    from docx.oxml import parse_xml
    from office import NS

    source = docx.Document()
    box = f"<w:pict {NS}><w:txbxContent><w:p><w:r><w:t>PIPL Art. 28</w:t></w:r></w:p></w:txbxContent></w:pict>"
    source.add_paragraph().add_run()._r.append(parse_xml(box))
    _, text, _ = open_docx(saved(source), "m.docx")
    document = opened(report_docx(report_on(text, cited(text, "PIPL Art. 28", "VERIFIED")), tiny, origin=saved(source)))
    assert len(document.comments) == 0 and document.tables[-1].rows[1].cells[0].text == "1 *"


def test_characters_that_xml_cannot_hold(tiny: Corpus) -> None:
    text = "PIPL\x0b Art.\x01 28\x0c says \ufffe “x\x1f”"
    report = report_on(text, cited(text, "Art.\x01 28", "QUOTE_MISMATCH", diff=(("-", "x\x1f"), ("+", "]]>&<"))))
    document = opened(report_docx(report, tiny))
    assert list(anchored(document).values()) == ["Art.\ufffd 28"]
    assert "]]>&<" in next(iter(document.comments)).text


def test_a_report_of_another_text_is_refused(tiny: Corpus) -> None:
    with pytest.raises(ValueError, match="another text"):
        report_docx(report_on("other"), tiny, origin=word_document())


def test_many_citations_end_in_time_and_the_rest_is_listed(tiny: Corpus) -> None:
    text = "PIPL Art. 28.\n" * (MAX_COMMENTS + 500)
    report = report_on(text, *(cited(text, "PIPL Art. 28", "VERIFIED", after=i) for i in range(0, len(text), 14)))
    started = time.perf_counter()
    document = opened(report_docx(report, tiny))
    assert time.perf_counter() - started < 30
    assert len(document.comments) == MAX_COMMENTS
    assert document.tables[-1].rows[-1].cells[0].text == f"{MAX_COMMENTS + 500} *"


# ------------------------------------------------------------------ files


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    out = tmp_path / "r.csv"
    out.write_bytes(b"old")
    write_file(out, b"new", "--csv")
    assert out.read_bytes() == b"new" and [p.name for p in tmp_path.iterdir()] == ["r.csv"]
    for bad in (tmp_path / "none" / "r.csv", tmp_path):
        with pytest.raises(BadInput, match=r"--csv: .*cannot be written"):
            write_file(bad, b"new", "--csv")
    assert [p.name for p in tmp_path.iterdir()] == ["r.csv"]
