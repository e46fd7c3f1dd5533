"""Real Word documents and PDFs for the tests, and a report made by hand."""

from __future__ import annotations

from datetime import date
from io import BytesIO
from typing import Any

import docx
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml

from kb.model import CheckedCitation, CheckReport, Verdict

NS = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_NOTES_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.{}+xml"


def add_notes(document: Any, kind: str, *texts: str) -> None:
    """Add a part of footnotes or endnotes, with Word's separator first."""
    notes = "".join(
        f'<w:{kind[:-1]} w:id="{i}"><w:p><w:r><w:t xml:space="preserve">{text}</w:t></w:r></w:p></w:{kind[:-1]}>'
        for i, text in enumerate(texts, 1)
    )
    separator = (
        f'<w:{kind[:-1]} w:type="separator" w:id="-1"><w:p><w:r><w:t>separator</w:t></w:r></w:p></w:{kind[:-1]}>'
    )
    xml = f'<?xml version="1.0" encoding="UTF-8"?><w:{kind} {NS}>{separator}{notes}</w:{kind}>'
    part = Part(PackURI(f"/word/{kind}.xml"), _NOTES_TYPE.format(kind), xml.encode(), document.part.package)
    document.part.relate_to(part, getattr(RELATIONSHIP_TYPE, kind.upper()))


def saved(document: Any) -> bytes:
    buffer = BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def word_document() -> bytes:
    """Runs with formatting, a table, tracked changes, a link, a content control, notes, a header."""
    document = docx.Document()
    document.sections[0].header.paragraphs[0].text = "HEADER PIPL Art. 1"
    first = document.add_paragraph("PIPL ")
    first.add_run("Art. 28").bold = True
    first.add_run("(2) asks for necessity.").italic = True
    table = document.add_table(1, 2)
    table.cell(0, 0).text, table.cell(0, 1).text = "cell one", "《网络安全法》第七十六条"
    mixed = document.add_paragraph("Tab\tand\nbreak, ")
    for xml in (
        f'<w:ins {NS} w:id="1" w:author="x"><w:r><w:t xml:space="preserve">inserted </w:t></w:r></w:ins>',
        f'<w:del {NS} w:id="2" w:author="x"><w:r><w:delText>deleted </w:delText></w:r></w:del>',
        f'<w:moveFrom {NS} w:id="3" w:author="x"><w:r><w:t>deleted </w:t></w:r></w:moveFrom>',
        f'<w:hyperlink {NS} w:anchor="a"><w:r><w:t xml:space="preserve">link </w:t></w:r></w:hyperlink>',
        f"<w:sdt {NS}><w:sdtContent><w:r><w:t>PIPL Art. 29.</w:t></w:r></w:sdtContent></w:sdt>",
        f"<w:r {NS}><w:instrText>deleted PAGE</w:instrText></w:r>",
    ):
        mixed._p.append(parse_xml(xml))
    document.add_paragraph()
    document.add_paragraph("After the table.")
    add_notes(document, "footnotes", "See CSL Art. 76.")
    add_notes(document, "endnotes", "尾注：第三十八条")
    return saved(document)


def pdf_of(*pages: list[str]) -> bytes:
    """A PDF with one line of text a list entry; a page without lines has a drawing only."""
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.pdfgen.canvas import Canvas

    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    buffer = BytesIO()
    canvas = Canvas(buffer)
    for lines in pages:
        canvas.rect(10, 10, 20, 20)
        for number, line in enumerate(lines):
            canvas.setFont("Helvetica" if line.isascii() else "STSong-Light", 11)
            canvas.drawString(60, 780 - 16 * number, line)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def cited(text: str, words: str, verdict: Verdict, after: int = 0, **facts: Any) -> CheckedCitation:
    """A citation of `words` where they first stand in `text` behind `after`; `facts` are further fields."""
    start = text.index(words, after)
    known: dict[str, Any] = {"id": None, "law": None, "article": None, "paragraph": None, "item": None}
    known |= {"detail": f"Said of {words}.", "today": None} | facts
    return CheckedCitation(text=words, start=start, end=start + len(words), verdict=verdict, **known)


def report_on(text: str, *citations: CheckedCitation, written: date | None = None) -> CheckReport:
    return CheckReport(text, date(2026, 11, 22), written, citations)
