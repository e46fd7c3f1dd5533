"""Files that mean harm: read or refused in one line, in little time and memory; nothing run, nothing fetched, nothing left."""

from __future__ import annotations

import resource
import time
import zipfile
import zlib
from io import BytesIO
from pathlib import Path

import pytest
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


def pdf(stream: bytes, filters: str = "/FlateDecode", pages: str = "[3 0 R]", more: bytes = b"") -> bytes:
    objects = [
        b"<</Type/Catalog/Pages 2 0 R/OpenAction<</S/JavaScript/JS(app.launchURL\\('http://127.0.0.1:9/'\\))>>>>",
        f"<</Type/Pages/Kids{pages}/Count 1>>".encode(),
        b"<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>",
        f"<</Length {len(stream)}/Filter{filters}>>".encode() + b"\nstream\n" + stream + b"\nendstream",
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    parts = b"".join(b"%d 0 obj\n%s\nendobj\n" % (i, o) for i, o in enumerate(objects, 1))
    return b"%PDF-1.4\n" + parts + more + b"trailer <</Root 1 0 R>>\n"


SAYS = b"BT /F 12 Tf 60 700 Td (PIPL Art. 28) Tj ET "
PACKED = zlib.compress(SAYS + b" " * 300_000_000, 9)
FILES: dict[str, bytes] = {
    "bomb.pdf": pdf(PACKED),
    "bomb in a bomb.pdf": pdf(zlib.compress(PACKED, 9), "[/FlateDecode/FlateDecode]"),
    "many filters.pdf": pdf(SAYS, "[" + "/ASCIIHexDecode" * 2_000 + "]"),
    "pages of itself.pdf": pdf(zlib.compress(SAYS), pages="[2 0 R 2 0 R 3 0 R]"),
    "arrays.pdf": pdf(zlib.compress(b"[" * 100_000 + SAYS)),
    "names.pdf": pdf(zlib.compress(SAYS), more=b"9 0 obj\n" + b"<</A" * 50_000 + b"\nendobj\n"),
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


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_read_or_refused(name: str) -> None:
    started = time.process_time()
    try:
        read = read_text_file(name, FILES[name])
        assert len(read.text) <= MAX_CHARACTERS
    except BadInput as error:
        assert "\n" not in str(error) and str(error).startswith(f"{name}: ")
    assert time.process_time() - started < SECONDS
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 < MEMORY_MB
    assert not Path("/tmp/kb-owned").exists()


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
