"""Kept answers as a Word document: point by point, each citation a footnote. Only verified citations that nobody rejected are there."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any

from kb.answer_export import WORDS, Exported, footnote, made_with, points
from kb.model import Language

if TYPE_CHECKING:
    from docx.document import Document

_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_XML = "http://www.w3.org/XML/1998/namespace"
_KIND = "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml"
_RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes"
MAX_CHARACTERS = 50_000
"""Of one paragraph: what is longer is cut, and ends with an ellipsis."""


class _Footnotes:
    """The footnotes of a document, which python-docx does not know: a part of their own."""

    def __init__(self) -> None:
        self._texts: list[str] = []

    def add(self, paragraph: Any, text: str) -> None:
        """Refer to a new footnote at the end of a paragraph."""
        from docx.oxml import OxmlElement
        from docx.oxml.ns import qn

        self._texts.append(text)
        run = paragraph.add_run()
        run.font.superscript = True
        reference = OxmlElement("w:footnoteReference")
        reference.set(qn("w:id"), str(len(self._texts)))
        run._r.append(reference)

    def attach(self, document: Document) -> None:
        from docx.opc.packuri import PackURI
        from docx.opc.part import Part

        part = Part(PackURI("/word/footnotes.xml"), _KIND, self._xml(), document.part.package)
        document.part.relate_to(part, _RELATION)

    def _xml(self) -> bytes:
        from lxml import etree

        root = etree.Element(f"{{{_W}}}footnotes", nsmap={"w": _W})
        for number, kind in ((-1, "separator"), (0, "continuationSeparator")):
            note = etree.SubElement(root, f"{{{_W}}}footnote", {f"{{{_W}}}type": kind, f"{{{_W}}}id": str(number)})
            run = etree.SubElement(etree.SubElement(note, f"{{{_W}}}p"), f"{{{_W}}}r")
            etree.SubElement(run, f"{{{_W}}}{kind}")
        for number, text in enumerate(self._texts, 1):
            note = etree.SubElement(root, f"{{{_W}}}footnote", {f"{{{_W}}}id": str(number)})
            paragraph = etree.SubElement(note, f"{{{_W}}}p")
            mark = etree.SubElement(paragraph, f"{{{_W}}}r")
            raised = etree.SubElement(etree.SubElement(mark, f"{{{_W}}}rPr"), f"{{{_W}}}vertAlign")
            raised.set(f"{{{_W}}}val", "superscript")
            etree.SubElement(mark, f"{{{_W}}}footnoteRef")
            words = etree.SubElement(etree.SubElement(paragraph, f"{{{_W}}}r"), f"{{{_W}}}t")
            words.set(f"{{{_XML}}}space", "preserve")
            words.text = " " + _plain(text)
        return etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)  # type: ignore[no-any-return]


def answer_docx(answers: Sequence[Exported], language: Language) -> bytes:
    """The document; its own words are in `language`, those about an answer in the language of the answer."""
    from docx import Document

    document, notes = Document(), _Footnotes()
    document.core_properties.author = "kb"
    document.core_properties.title = WORDS["answers"][language]
    for answer in answers:
        _answer(document, notes, answer)
    document.add_paragraph(WORDS["notice"][language])
    notes.attach(document)
    out = BytesIO()
    document.save(out)
    return out.getvalue()


def _answer(document: Document, notes: _Footnotes, answer: Exported) -> None:
    record = answer.record
    spoken: Language = record["language"]
    document.add_heading(_plain(record["question"]), 1)
    document.add_paragraph(WORDS["law_of"][spoken].format(on=record["on"]))
    if answer.correction:
        document.add_heading(WORDS["corrected"][spoken].format(by=_plain(answer.correction_by or "")), 2)
        document.add_paragraph(_plain(answer.correction))
    for note in record["notes"]:
        document.add_paragraph(_plain(note["message"]), style="Intense Quote")
    if record["refusal"]:
        document.add_paragraph(f"{WORDS['refused'][spoken]} {_plain(record['refusal']['message'])}")
    held = points(answer)
    fit = [point for point in held if point.fit]
    for point in fit:
        notes.add(document.add_paragraph(_plain(point.text), style="List Number"), footnote(point, spoken))
        document.add_paragraph(_plain(point.quote), style="Quote")
    if len(fit) < len(held):
        document.add_paragraph(WORDS["left_out"][spoken].format(n=len(held) - len(fit)))
    document.add_paragraph(f"{WORDS['made_with'][spoken]}: {_plain(made_with(record))}")


def _plain(text: str) -> str:
    """Characters that XML can hold; a text beyond all use is cut."""
    kept = "".join(
        c
        for c in text
        if c in "\n\t" or (c >= " " and c != "\x7f" and not "\ud800" <= c <= "\udfff" and c not in "\ufffe\uffff")
    )
    return kept if len(kept) <= MAX_CHARACTERS else kept[:MAX_CHARACTERS] + " […]"
