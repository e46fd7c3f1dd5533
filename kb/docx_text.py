"""A .docx → its text and its runs, so that a stretch of the text can be found again in the document.

Nothing in the document is run or followed: macros, fields, links and external entities stay untouched.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any, Literal

from kb.errors import BadInput

if TYPE_CHECKING:
    from docx.document import Document

MAX_CHARACTERS = 2_000_000
MAX_UNPACKED_BYTES = 200_000_000
MAX_XML_BYTES = 64_000_000
"""An XML part takes many times its size in memory; 2,000,000 characters of Word text are well below this."""
MAX_ENTRIES = 5_000

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MC_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_NOTES = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
_HOLDS_RUNS = {
    _W + t
    for t in ("hyperlink", "ins", "moveTo", "smartTag", "sdt", "sdtContent", "fldSimple", "customXml", "dir", "bdo")
}
PARAGRAPH_END = "\n\n"
DocxPart = Literal["body", "textbox", "footnotes", "endnotes"]


@dataclass(frozen=True, slots=True)
class RunSpan:
    """One run of a .docx and the stretch [start, end) of the text that it holds. `element` is its `w:r`."""

    start: int
    end: int
    part: DocxPart
    element: Any


def child_text(element: Any) -> str:
    """The text of one child of a run: its words, a tab, a line break; empty for anything else (drawings, field codes)."""
    tag = element.tag
    if tag == _W + "t":
        return element.text or ""
    if tag in (_W + "tab", _W + "ptab"):
        return "\t"
    if tag in (_W + "br", _W + "cr"):
        return "\n"
    return "-" if tag == _W + "noBreakHyphen" else ""


def open_docx(data: bytes, name: str) -> tuple[Document, str, tuple[RunSpan, ...]]:
    """A .docx opened, its text, and its runs in the order of the text.

    The text is that of the body with its tables and text boxes in document order, then of footnotes and endnotes; paragraphs
    end in a blank line. Deleted text (tracked changes), headers, footers and comments are left out.
    """
    import docx
    from docx.opc.exceptions import OpcError
    from lxml import etree

    _check_package(data, name)
    try:
        document = docx.Document(BytesIO(data))
        text, spans = _walk(document, name)
    except (*_DOCX_ERRORS, OpcError, etree.LxmlError):
        raise BadInput(f"{name}: not a Word document, or a damaged one; open it in Word and save it as .docx") from None
    return document, text, spans


_DOCX_ERRORS = (
    AttributeError,
    AssertionError,
    EOFError,
    IndexError,
    KeyError,
    NotImplementedError,
    OSError,
    RecursionError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)
"""What python-docx lets through of the libraries below it when a package is damaged."""


_FOREIGN = {
    "xl/": "a spreadsheet; paste its text, or save it as .txt",
    "ppt/": "a presentation; save its text as .txt",
    "META-INF/": "an OpenDocument file; save it as .docx",
}


def _check_package(data: bytes, name: str) -> None:
    """Refuse what would unpack to too much, before anything is unpacked."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as package:
            entries = package.infolist()
    except _DOCX_ERRORS:
        raise BadInput(f"{name}: not a Word document, or a damaged one; open it in Word and save it as .docx") from None
    names = {entry.filename for entry in entries}
    if len(entries) > MAX_ENTRIES or sum(entry.file_size for entry in entries) > MAX_UNPACKED_BYTES:
        raise BadInput(
            f"{name}: the document unpacks to more than {MAX_UNPACKED_BYTES // 1_000_000} MB or {MAX_ENTRIES:,} parts; "
            "take out its pictures, or save its text as .txt"
        )
    if any(e.file_size > MAX_XML_BYTES for e in entries if e.filename.lower().endswith((".xml", ".rels"))):
        raise BadInput(
            f"{name}: a part of the document is above {MAX_XML_BYTES // 1_000_000} MB; save its text as .txt"
        )
    if any(entry.flag_bits & 1 for entry in entries):
        raise BadInput(f"{name}: the document is protected by a password; save a copy without one")
    for folder, what in _FOREIGN.items():
        if any(n.startswith(folder) for n in names) and not any(n.startswith("word/") for n in names):
            raise BadInput(f"{name}: by its content {what}")
    if "[Content_Types].xml" not in names:
        raise BadInput(f"{name}: by its content a ZIP archive, not a Word document; give .txt, .md, .docx or .pdf")


def _walk(document: Document, name: str) -> tuple[str, tuple[RunSpan, ...]]:
    from docx.oxml import parse_xml

    pieces: list[str] = []
    spans: list[RunSpan] = []
    at = 0
    roots: list[tuple[DocxPart, Any]] = [("body", document.element.body)]
    kinds: tuple[DocxPart, DocxPart] = ("footnotes", "endnotes")
    for kind in kinds:
        for relation in document.part.rels.values():
            if relation.reltype == _NOTES + kind and not relation.is_external:
                roots += [
                    (kind, note) for note in parse_xml(relation.target_part.blob) if note.get(_W + "type") is None
                ]
    for part, root in roots:
        for paragraph in root.iter(_W + "p"):
            above = {ancestor.tag for ancestor in paragraph.iterancestors()}
            if _MC_FALLBACK in above:
                continue
            where: DocxPart = "textbox" if part == "body" and _W + "txbxContent" in above else part
            before = at
            for run in _runs(paragraph):
                text = "".join(child_text(child) for child in run)
                if text:
                    spans.append(RunSpan(at, at + len(text), where, run))
                    pieces.append(text)
                    at += len(text)
            if at > before:
                pieces.append(PARAGRAPH_END)
                at += len(PARAGRAPH_END)
            if at > 2 * MAX_CHARACTERS:
                raise BadInput(f"{name}: more than the {MAX_CHARACTERS:,} characters that are read; split it")
    return "".join(pieces), tuple(spans)


def _runs(element: Any) -> Iterator[Any]:
    """The runs of a paragraph in order, those in links and insertions too, without deleted ones."""
    for child in element:
        if child.tag == _W + "r":
            yield child
        elif child.tag in _HOLDS_RUNS:
            yield from _runs(child)


def docx_notes(document: Document) -> tuple[str, ...]:
    """What the reader must know of the document besides its text, one sentence each."""
    if next(document.element.body.iter(_W + "altChunk"), None) is not None:
        return ("The document embeds another file, which was not read.",)
    return ()
