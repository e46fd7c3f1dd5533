"""Files that mean harm: read or refused in one line, in little time and memory; nothing run, nothing fetched, nothing left."""

from __future__ import annotations

import time
import zipfile
import zlib
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from io import BytesIO
from multiprocessing import get_context
from pathlib import Path

import pytest
from children import read_alone
from office import word_document

from kb.errors import BadInput
from kb.uploads import MAX_CHARACTERS, read_text_file

SECONDS, MEMORY_MB = 20, 1_500
W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def package(**changed: bytes) -> bytes:
    """A sound Word file with parts replaced or added; `__` in a name stands for the slash."""
    buffer, source = BytesIO(), zipfile.ZipFile(BytesIO(word_document()))
    parts = {n: source.read(n) for n in source.namelist()}
    parts |= {
        name.replace("__", "/") + (".bin" if name.endswith("Project") else ".xml"): content
        for name, content in changed.items()
    }
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in parts.items():
            made.writestr(name, content)
    return buffer.getvalue()


def body(inner: str) -> bytes:
    return f'<?xml version="1.0"?><w:document xmlns:w="{W}"><w:body>{inner}</w:body></w:document>'.encode()


def pdf(stream: bytes, filters: str = "/FlateDecode", pages: str = "[3 0 R]", extra: bytes = b"") -> bytes:
    """A sound file of one page, except for what is given: its text, its page tree, more entries of its page."""
    objects = [
        b"<</Type/Catalog/Pages 2 0 R/OpenAction<</S/JavaScript/JS(app.launchURL\\('http://127.0.0.1:9/'\\))>>>>",
        f"<</Type/Pages/Kids{pages}/Count 1>>".encode(),
        b"<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>" + extra + b">>",
        f"<</Length {len(stream)}/Filter{filters}>>".encode() + b"\nstream\n" + stream + b"\nendstream",
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    body, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    start = len(body)
    body += b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1) + table
    return body + b"trailer <</Root 1 0 R/Size %d>>\nstartxref\n%d\n%%%%EOF\n" % (len(places) + 1, start)


SAYS = b"BT /F 12 Tf 60 700 Td (PIPL Art. 28) Tj ET "


@cache
def bomb() -> bytes:
    """300 MB of a page in 300 KB."""
    packer = zlib.compressobj(9)
    return b"".join([packer.compress(SAYS), *(packer.compress(b" " * 1_000_000) for _ in range(300)), packer.flush()])


BOMBS = {
    "bomb.pdf": lambda: pdf(bomb()),
    "bomb in a bomb.pdf": lambda: pdf(zlib.compress(bomb(), 9), "[/FlateDecode/FlateDecode]"),
}
FILES: dict[str, bytes] = {
    "many filters.pdf": pdf(SAYS, "[" + "/ASCIIHexDecode" * 2_000 + "]"),
    "pages of itself.pdf": pdf(zlib.compress(SAYS), pages="[2 0 R 2 0 R 3 0 R]"),
    "arrays.pdf": pdf(zlib.compress(b"[" * 100_000 + SAYS)),
    "names.pdf": pdf(zlib.compress(SAYS), extra=b"/X" + b"<</A" * 50_000),
    "no end.pdf": b"%PDF-1.7\n" + b"1 0 obj\n<<" * 20_000,
    "self.pdf": b"%PDF-1.4\n1 0 obj 1 0 R endobj trailer <</Root 1 0 R/Prev 9>>\nstartxref\n9\n%%EOF",
    "deep.docx": package(word__document=body("<w:sdt><w:sdtContent>" * 50_000 + "</w:sdtContent></w:sdt>" * 50_000)),
    "wide.docx": package(word__document=body("<w:p/>" * 400_000)),
    "attributes.docx": package(word__document=body("<w:p " + " ".join(f'w:a{i}="x"' for i in range(60_000)) + "/>")),
    "relations.docx": package(word___rels__evil=b"<x/>", word__document=body('<w:altChunk w:id="rId99"/>')),
    "not xml.docx": package(word__document=b"\0" * 1_000_000),
    "long run.docx": package(word__document=body(f"<w:p><w:r><w:t>{'法' * (MAX_CHARACTERS + 1)}</w:t></w:r></w:p>")),
    "yaml.md": b"---\n" + b"a: &a [x,x,x,x,x,x,x,x,x]\n" + b"".join(b"%c: &%c [*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c]\n" % (i + 1, i + 1, *[i] * 9) for i in range(97, 110)) + b"---\ntext\n",
    "yaml code.md": b'---\na: !!python/object/apply:os.system ["touch /tmp/kb-owned"]\n---\ntext\n',
    "yaml depth.md": b"---\na: " + b"[" * 15_000 + b"\n---\ntext\n",
    "marks.md": b"> " * 100_000 + b"text",
}  # fmt: skip


def test_the_sound_file_is_read() -> None:
    """What the others differ from: otherwise they were refused for some other fault."""
    assert read_text_file("sound.pdf", pdf(zlib.compress(SAYS))).text == "PIPL Art. 28\n"
    assert read_text_file("sound.docx", package()).text.startswith("PIPL Art. 28(2)")


@pytest.fixture(scope="module")
def alone() -> Iterator[ProcessPoolExecutor]:
    """Each file in a process of its own, so that its time and memory are its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("forkserver"), max_tasks_per_child=1) as pool:
        yield pool


@pytest.mark.parametrize("name", [*BOMBS, *FILES])
def test_a_file_is_read_or_refused(name: str, alone: ProcessPoolExecutor) -> None:
    content = BOMBS[name]() if name in BOMBS else FILES[name]
    read = alone.submit(read_alone, name, content).result(60)
    assert read.length <= MAX_CHARACTERS
    assert read.error is None or ("\n" not in read.error and read.error.startswith(f"{name}: "))
    assert read.seconds < SECONDS and read.peak_mb < MEMORY_MB
    assert not Path("/tmp/kb-owned").exists()


def test_a_file_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """3 KB, one long page shown 200 times, which takes more than a minute: its process is ended, and the time is the limit's."""
    monkeypatch.setattr("kb.pdf_text.SECONDS", 1)
    started = time.monotonic()
    with pytest.raises(
        BadInput, match=r"^slow\.pdf: the PDF takes more than 1 seconds to read; save its text as \.txt$"
    ):
        read_text_file("slow.pdf", pdf(zlib.compress(SAYS + b"q Q " * 200_000), pages="[" + "3 0 R " * 200 + "]"))
    assert time.monotonic() - started < 10


@pytest.mark.parametrize(
    "name",
    ["../../../../etc/passwd.txt", "/etc/cron.d/x.txt", "a\0b.txt", "CON.txt", "a\nb.txt", "\u202etxt.exe.txt", "x" * 5_000 + ".txt", "<script>.txt", "$(id).txt", ".txt.", "..", "\ud800.txt"],
    ids=ascii,
)  # fmt: skip
def test_a_name_is_never_a_place(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bytes are what is read, whatever file the name would lead to; nothing is written."""
    monkeypatch.chdir(tmp_path)
    try:
        assert read_text_file(name, b"PIPL Art. 28").text == "PIPL Art. 28"
    except BadInput as error:
        assert "give .txt" in str(error)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("suffix", [".docm", ".dotm", ".DOCM", ".xlsm", ".exe", ".js", ".lnk", ".zip", ".docx.exe"])
def test_what_may_hold_programs_is_refused_by_its_name(suffix: str) -> None:
    with pytest.raises(BadInput):
        read_text_file("memo" + suffix, word_document())


def test_macros_in_a_file_with_another_name_are_not_looked_at() -> None:
    with_macros = package(word__vbaProject=b'Sub AutoOpen() : Shell "touch /tmp/kb-owned" : End Sub')
    assert read_text_file("memo.docx", with_macros).text.startswith("PIPL Art. 28(2)")
    assert not Path("/tmp/kb-owned").exists()
