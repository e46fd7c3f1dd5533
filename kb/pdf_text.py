"""A PDF → the text of its text layer, lines joined to paragraphs."""

from __future__ import annotations

import json
import re
import struct
import subprocess
import sys
import unicodedata
import zlib
from contextlib import suppress
from io import BytesIO
from typing import Any

from kb.errors import BadInput

MAX_CHARACTERS = 2_000_000
MAX_PAGES = 2_000
SECONDS, MEMORY = 60, 1 << 30
"""What the reading of one file may take: seconds, and bytes of memory."""
DAMAGED = "the PDF is damaged; export it again, or save its text as .txt"
PARAGRAPH_END = "\n\n"

_PDF_ERRORS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    NotImplementedError,
    OSError,
    RecursionError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)
"""What pypdf lets through when a file is damaged, besides its own errors."""


def read_pdf(data: bytes, name: str) -> tuple[str, tuple[str, ...]]:
    """The text of a PDF, and what the reader must know of it (pages without text); BadInput where it has none.

    A small file can ask for hours and for all memory, so it is read in a process of its own that is ended after `SECONDS`.
    """
    command = [sys.executable, "-P", "-m", "kb.pdf_text"]
    try:
        run = subprocess.run(command, input=data, capture_output=True, timeout=SECONDS, check=True)
        reply = json.loads(run.stdout)
    except subprocess.TimeoutExpired:
        raise BadInput(f"{name}: the PDF takes more than {SECONDS} seconds to read; save its text as .txt") from None
    except (subprocess.CalledProcessError, ValueError):
        reply = {"error": DAMAGED}
    if "error" in reply:
        raise BadInput(f"{name}: {reply['error']}")
    pages: list[list[str]] = reply["pages"]
    empty = [str(number) for number, lines in enumerate(pages, 1) if not any(lines)]
    if len(empty) == len(pages):
        raise BadInput(f"{name}: the PDF has no text layer (it is scanned); run text recognition first")
    notes = (f"No text layer on page {', '.join(empty)}: not read.",) if empty else ()
    return join_lines(_without_headers(pages)), notes


def _read_alone() -> None:
    """What the process does: a PDF from standard input, the lines of its pages or an error to standard output."""
    with suppress(ImportError):  # not on every system
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    try:
        reply: dict[str, Any] = {"pages": pages_of(sys.stdin.buffer.read())}
    except BadInput as error:
        reply = {"error": str(error)}
    json.dump(reply, sys.stdout)


def pages_of(data: bytes) -> list[list[str]]:
    """The lines of each page, in this process, which a harmful file can keep busy; BadInput, without a name, where it cannot be read."""
    import logging

    from pypdf import PdfReader
    from pypdf.errors import DependencyError, PyPdfError

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it warns of every oddity; what matters is said here
    pages: list[list[str]] = []
    try:
        reader = PdfReader(BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise BadInput("the PDF is protected by a password; save a copy without one")
        if len(reader.pages) > MAX_PAGES:
            raise BadInput(f"{len(reader.pages):,} pages are more than the {MAX_PAGES:,} that are read; split it")
        size = 0
        for page in reader.pages:
            text = _plain(page.extract_text())
            size += len(text)
            if size > 2 * MAX_CHARACTERS:
                raise BadInput(f"more than the {MAX_CHARACTERS:,} characters that are read; split it")
            pages.append([line.strip() for line in text.splitlines()])
    except DependencyError:
        raise BadInput("the PDF is encrypted in a way that is not read here; save a copy without it") from None
    except (*_PDF_ERRORS, PyPdfError):
        raise BadInput(DAMAGED) from None
    return pages


def _plain(text: str) -> str:
    """Ligatures and radicals as letters and characters, no soft hyphens, no NULs, no blanks between Chinese characters."""
    text = re.sub(r"[\u2e80-\u2fdf\uf900-\ufaff\ufb00-\ufb06]", lambda m: unicodedata.normalize("NFKC", m[0]), text)
    text = re.sub(r"[\u00ad\0]", "", text)
    return re.sub(rf"(?<=[{_WIDE}])[ \u3000]+(?=[{_WIDE}])", "", text)


_WIDE = r"\u3000-\u303f\u3400-\u9fff\uff00-\uffef"
_PAGE_NUMBER = re.compile(
    r"[-–—\s]*(?:page\s*|第\s*)?\d{1,4}\s*页?(?:\s*(?:/|of|sur|共|,|，)+\s*\d{1,4}\s*页?)?[-–—\s]*", re.I
)


def _without_headers(pages: list[list[str]]) -> list[str]:
    """All lines, without page numbers and without first and last lines that return on at least half of three or more pages."""
    from collections import Counter

    shown = [[line for line in lines if line] for lines in pages]
    ends = Counter(re.sub(r"\d+", "#", line) for lines in shown for line in {*lines[:1], *lines[-1:]})
    often = {line for line, times in ends.items() if times >= max(3, len(pages) / 2)}
    kept: list[str] = []
    for lines in pages:
        body = list(lines)
        for at in (0, -1):
            while body and not body[at]:
                del body[at]
            if len(body) > 1 and (_PAGE_NUMBER.fullmatch(body[at]) or re.sub(r"\d+", "#", body[at]) in often):
                del body[at]
        kept += body
    return kept


_GOES_ON = re.compile(
    r"(?:[,、，(（《]|》|\b(?:arts?\.|articles?|of|the|and|or|et|de|du|la|l’article))$", re.IGNORECASE
)
_ENDS = re.compile(r"[.!?。！？：:；;][”’\"』」»)）]?$")
_STARTS = re.compile(
    r"(?:第[一二三四五六七八九十百零〇\d]+[条章节]|[（(][一二三四五六七八九十\d]+[）)]|[•·▪*–-]\s|\d+[.、)])"
)


def join_lines(lines: list[str]) -> str:
    """Lines as a page shows them → paragraphs, parted by a blank line.

    A paragraph ends at a blank line, at a line well below the usual width, and at the end of a sentence that is below it or
    before a numbered line. A word divided at a line end is put together; Chinese lines are joined without a blank.
    """
    widths = sorted(_width(line) for line in lines if line)
    usual = widths[int(0.9 * (len(widths) - 1))] if widths else 0
    paragraphs: list[list[str]] = [[]]
    last = ""
    for line in lines:
        if last and line and not _breaks(last, line, usual):
            divided = re.search(r"[^\W\d_]-$", last) and line[0].islower()
            if divided:
                paragraphs[-1][-1] = last[:-1]
            wide = re.search(rf"[{_WIDE}]$", last) and re.match(rf"[{_WIDE}]", line)
            paragraphs[-1].append(line if divided or wide or last.endswith("-") else " " + line)
        elif line:
            paragraphs.append([line])
        last = line
    return PARAGRAPH_END.join("".join(p) for p in paragraphs if p) + "\n"


def _breaks(last: str, line: str, usual: int) -> bool:
    if _GOES_ON.search(last):
        return False
    share = _width(last) / usual
    if _ENDS.search(last):
        return share < 0.85 or _STARTS.match(line) is not None
    return share < 0.6


def _width(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


if __name__ == "__main__":
    _read_alone()
