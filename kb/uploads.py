"""A file → its text: .txt and .md in the encodings of offices, .docx with its notes, .pdf with a text layer.

Nothing in a file is run or followed: macros, fields, links and external entities stay untouched. Every refusal is one line
that names the file and says what to do. Positions count characters of the text returned.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Literal

from kb.docx_text import docx_notes, open_docx
from kb.errors import BadInput
from kb.model import Document
from kb.pdf_text import read_pdf

FileKind = Literal["text", "markdown", "docx", "pdf"]
MAX_FILE_BYTES = 20_000_000
STANDARD_INPUT = "-"
"""The name of text without a file."""
MAX_CHARACTERS = 2_000_000
KINDS: dict[str, FileKind] = {
    ".txt": "text",
    ".text": "text",
    ".md": "markdown",
    ".markdown": "markdown",
    ".docx": "docx",
    ".pdf": "pdf",
}
_TAKES = ".txt, .md, .docx or .pdf"
_OTHERS: dict[str, str] = {
    ".doc": "an old Word file; save it as .docx",
    ".docm": "a Word file with macros; save it as .docx",
    ".dotx": "a Word template; save it as .docx",
    ".rtf": "a rich text file; save it as .docx",
    ".odt": "an OpenDocument file; save it as .docx",
    ".wps": "a WPS file; save it as .docx",
    ".pages": "a Pages file; save it as .docx",
    ".html": "a web page; save its text as .txt",
    ".htm": "a web page; save its text as .txt",
}
_OTHERS |= dict.fromkeys((".xls", ".xlsx", ".csv", ".et"), "a spreadsheet; paste its text, or save it as .txt")
_OTHERS |= dict.fromkeys((".ppt", ".pptx"), "a presentation; save its text as .txt")
_OTHERS |= dict.fromkeys(
    (".png", ".jpg", ".jpeg", ".gif", ".tif", ".tiff", ".bmp", ".webp", ".heic"),
    "an image; run text recognition and save the text as .txt or .docx",
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_IMAGES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"II*\x00", b"MM\x00*", b"BM6")


@dataclass(frozen=True, slots=True)
class ReadFile:
    """The text of a file. `origin` is the .docx itself, to be annotated (None for other kinds).

    `encoding` is that of a text file; `notes` say, one sentence each, what the reader must know (pages without text).
    """

    name: str
    kind: FileKind
    text: str
    encoding: str | None = None
    origin: bytes | None = None
    notes: tuple[str, ...] = ()


def read_text_file(path: Path | str, data: bytes | None = None) -> ReadFile:
    """Read a file, or the bytes `data` of a file of that name; BadInput says what is wrong with it and what to do."""
    name = str(path)
    suffix = PurePath(name).suffix.lower()
    content = _read_bytes(Path(path)) if data is None else data
    if len(content) > MAX_FILE_BYTES:
        raise BadInput(_too_large(name, len(content)))
    if not content:
        raise BadInput(f"{name}: the file is empty")
    found = _kind_by_content(content, suffix, name)
    kind = "text" if name == STANDARD_INPUT else KINDS.get(suffix)
    if kind is None:
        reason = _OTHERS.get(suffix) or f"{suffix or 'no ending'} is not a kind of file that is read here"
        raise BadInput(f"{name}: {reason}" + ("" if suffix in _OTHERS else f"; give {_TAKES}"))
    if found in ("docx", "pdf") and found != kind:
        raise BadInput(f"{name}: by its content this is a .{found} file; give it under a name that ends in .{found}")
    if kind == "docx":
        if found != "docx":
            raise BadInput(f"{name}: not a Word document, or a damaged one; save it again as .docx")
        document, text, _ = open_docx(content, name)
        return ReadFile(name, kind, _bounded(text, name), origin=content, notes=docx_notes(document))
    if kind == "pdf":
        if found != "pdf":
            raise BadInput(f"{name}: not a PDF, or a damaged one; export it again")
        text, notes = read_pdf(content, name)
        return ReadFile(name, kind, _bounded(text, name), notes=notes)
    text, encoding = decode(content, name)
    if kind == "markdown":
        text = _blank_front_matter(text)
    notes = () if encoding.startswith("UTF-8") else (f"Read as {encoding}.",)
    return ReadFile(name, kind, _bounded(text, name), encoding=encoding, notes=notes)


def read_document(document: Document) -> ReadFile:
    """A document of the corpus as a text: its passages, parted by blank lines."""
    return ReadFile(document.slug, "text", "\n\n".join(p.text for p in document.passages))


def _read_bytes(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise BadInput(f"{path}: this is a folder; give one file")
        if not path.exists():
            raise BadInput(f"{path}: there is no such file")
        if not path.is_file():
            raise BadInput(f"{path}: this is not a regular file; pipe its text to “-” instead")
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise BadInput(_too_large(str(path), size))
        with path.open("rb") as file:
            return file.read(MAX_FILE_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise BadInput(f"{path}: the file cannot be read ({reason})") from None


def _too_large(name: str, size: int) -> str:
    return (
        f"{name}: {size / 1e6:.1f} MB is more than the {MAX_FILE_BYTES // 1_000_000} MB that are read; split the file"
    )


def _bounded(text: str, name: str) -> str:
    if not text.strip():
        raise BadInput(f"{name}: the file has no text")
    if len(text) > MAX_CHARACTERS:
        raise BadInput(f"{name}: {len(text):,} characters are more than the {MAX_CHARACTERS:,} that are read; split it")
    return text


def _kind_by_content(content: bytes, suffix: str, name: str) -> FileKind | None:
    """docx or pdf where the first bytes say so, None for anything that may be text; BadInput where it is neither."""
    if content.startswith(b"PK\x03\x04"):
        return "docx"
    if b"%PDF-" in content[:1024]:
        return "pdf"
    if content.startswith(_OLE):
        if "EncryptedPackage".encode("utf-16-le") in content:
            raise BadInput(f"{name}: the document is protected by a password; save a copy without one")
        raise BadInput(f"{name}: {_OTHERS.get(suffix) or 'by its content an old Office file; save it as .docx'}")
    if content.startswith(b"{\\rtf"):
        raise BadInput(f"{name}: by its content {_OTHERS['.rtf']}")
    if content.startswith(_IMAGES) and suffix not in _OTHERS:
        raise BadInput(f"{name}: by its content {_OTHERS['.png']}")
    return None


# ------------------------------------------------------------------ plain text

_COMMON_HAN = 0.7
"""Share of the characters beyond ASCII that must be of GB 2312, so that Western text is not taken for Chinese."""


def decode(data: bytes, name: str) -> tuple[str, str]:
    """Text and the name of its encoding: by its mark, else UTF-8, else GB18030, each strictly; line ends become "\\n"."""
    text: str | None = None
    marks = (
        (b"\xef\xbb\xbf", "utf-8-sig"),
        (b"\xff\xfe\0\0", "utf-32"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
    )
    marked = next((codec for mark, codec in marks if data.startswith(mark)), None)
    for codec in (marked,) if marked else ("utf-8", "gb18030"):
        try:
            text = data.decode(codec)
        except UnicodeError:
            continue
        if codec != "gb18030" or _is_chinese(text):
            marked = codec
            break
        text = None
    if text is None or "\0" in text or _controls(text) > 0.005:
        what = (
            "is not text" if b"\0" in data or text is not None else "is not UTF-8, UTF-16 with a mark or GB18030 text"
        )
        raise BadInput(f"{name}: this {what}; save it as UTF-8 text, .docx or .pdf")
    names = {"utf-8": "UTF-8", "utf-8-sig": "UTF-8", "utf-16": "UTF-16", "utf-32": "UTF-32", "gb18030": "GB18030"}
    return text.replace("\r\n", "\n").replace("\r", "\n"), names[marked or "utf-8"]


def _is_chinese(text: str) -> bool:
    beyond = [c for c in text if c > "\x7f"]
    return len("".join(beyond).encode("gb2312", "ignore")) / 2 >= _COMMON_HAN * len(beyond)


def _controls(text: str) -> float:
    return sum(text.count(chr(i)) for i in (*range(1, 9), *range(14, 32), 127)) / max(len(text), 1)


_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(?P<yaml>.{0,20000}?\n)---[ \t]*(?=\n|\Z)", re.DOTALL)


def _blank_front_matter(text: str) -> str:
    """The text with its YAML front matter as blanks, so that positions stay."""
    import yaml

    found = _FRONT_MATTER.match(text)
    if not found:
        return text
    try:
        record = yaml.safe_load(found["yaml"])
    except (yaml.YAMLError, ValueError, RecursionError):
        return text
    if not isinstance(record, dict) or not all(re.fullmatch(r"[\w.-]+", str(key)) for key in record):
        return text
    return re.sub(r"[^\n]", " ", found[0]) + text[found.end() :]
