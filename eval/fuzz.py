"""Coverage-guided fuzzing of what reads untrusted texts and files: `make fuzz`, or `python -m eval.fuzz TARGET --seconds 300`.

A target takes bytes and may only return or raise `BadInput`; anything else is a find, and so is an input that takes longer than
`TIMEOUT` seconds. Needs atheris, which is no dependency (`pip install atheris`). Numbers of runs are in docs/security.md.
"""

from __future__ import annotations

import argparse
import sys
import zipfile
from collections.abc import Callable
from datetime import date
from functools import cache
from importlib import import_module
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from kb.errors import BadInput

if TYPE_CHECKING:
    from kb.corpus import Corpus

ROOT = Path(__file__).parent.parent
ON = date(2026, 11, 22)
TIMEOUT = 10
MAX_BYTES = 4_000
"""Of one input: long ones are timed in tests/test_hostile.py, one by one."""
Target = Callable[[bytes], None]


@cache
def _corpus() -> Corpus:
    from kb.corpus_load import load_corpus

    return load_corpus(ROOT / "corpus")


def _text(data: bytes) -> str:
    """Bytes as a text, one that may hold unpaired surrogates as JSON does; every input is some text."""
    try:
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return data.decode("utf-8", "replace")


def citations(data: bytes) -> None:
    """Whatever is found lies within the text."""
    from kb.citation import read_citations
    from kb.reading import read

    text, names = _text(data), _corpus().names
    for mention in read_citations(text, names):
        assert 0 <= mention.start < mention.end <= len(text), mention
    reading = read(text, names)
    assert len(reading.plain) == len(text)
    assert all(0 <= cited.start < cited.end <= len(text) for cited in reading.cited)


def checks(data: bytes) -> None:
    """A whole check; what is called verified is a place that is held."""
    from kb.check import check_text
    from kb.ids import ProvisionId

    text = _text(data)
    for found in check_text(text, _corpus(), ON).citations:
        assert text[found.start : found.end] == found.text
        if found.verdict == "VERIFIED":
            assert _corpus().find(ProvisionId.parse(found.id or "")) is not None


def quotations(data: bytes) -> None:
    """Quotations are stretches of the text, in order; before the first NUL is a quotation, behind it a provision."""
    from kb.quotation import match_quotation, quoted_spans

    head, _, tail = _text(data).partition("\0")
    spans = quoted_spans(head)
    assert all(0 <= s.outer_start <= s.start <= s.end <= s.outer_end <= len(head) for s in spans), spans
    assert all(a.outer_end <= b.outer_start for a, b in pairwise(spans)), spans
    match_quotation(head, tail)


def _read(name: str, data: bytes) -> None:
    from kb.pdf_text import pages_of
    from kb.uploads import MAX_CHARACTERS, read_text_file

    try:
        if name.endswith(".pdf"):  # its process is out of the fuzzer's sight
            pages_of(data)
            return
        read = read_text_file(name, data)
    except BadInput as error:
        assert "\n" not in str(error)
        return
    assert read.text.strip() and len(read.text) <= MAX_CHARACTERS


def uploads(data: bytes) -> None:
    """The first byte chooses the ending; a file is read, or refused in one line."""
    _read("f" + (".txt", ".md", ".docx", ".pdf")[data[0] % 4 if data else 0], data[1:])


@cache
def _package() -> dict[str, bytes]:
    import docx

    buffer = BytesIO()
    docx.Document().save(buffer)
    with zipfile.ZipFile(buffer) as package:
        return {name: package.read(name) for name in package.namelist()}


def documents(data: bytes) -> None:
    """The bytes as the main part of a sound Word package: the mutations reach the XML and not the checksum of the archive."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        for name, content in (_package() | {"word/document.xml": data}).items():
            package.writestr(name, content)
    _read("f.docx", buffer.getvalue())


TARGETS: dict[str, Target] = {f.__name__: f for f in (citations, checks, quotations, uploads, documents)}
INSTRUMENTED = ("kb.check", "kb.reading", "kb.uploads", "kb.corpus_load", "pypdf", "docx")


def seeds(target: str, folder: Path) -> None:
    """Real texts and files to start from, each short."""
    import docx
    import yaml

    folder.mkdir(parents=True, exist_ok=True)
    entries = yaml.safe_load((ROOT / "tests" / "data" / "injections.yaml").read_text("utf-8"))
    texts = [entry["text"].encode("utf-8", "surrogatepass") for entry in entries]
    texts += [p.read_bytes()[:MAX_BYTES] for p in sorted((ROOT / "corpus" / "documents").glob("*.md"))]
    if target == "documents":
        texts = [_package()["word/document.xml"]]
    if target == "uploads":
        document, buffer = docx.Document(), BytesIO()
        document.add_paragraph("PIPL Art. 28")
        document.save(buffer)
        texts = [b"\0" + texts[0], b"\1---\na: b\n---\n" + texts[1], b"\2" + buffer.getvalue(), b"\3" + SMALL_PDF]
    for number, text in enumerate(texts):
        (folder / f"seed-{number:03}").write_bytes(text)


SMALL_PDF = b"""%PDF-1.4
1 0 obj <</Type/Catalog/Pages 2 0 R>> endobj
2 0 obj <</Type/Pages/Kids[3 0 R]/Count 1>> endobj
3 0 obj <</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>> endobj
4 0 obj <</Length 40>> stream
BT /F 12 Tf 60 700 Td (PIPL Art. 28) Tj ET
endstream endobj
5 0 obj <</Type/Font/Subtype/Type1/BaseFont/Helvetica>> endobj
trailer <</Root 1 0 R>>
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--seconds", type=int, default=300)
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "fuzz", help="inputs found, and what broke")
    given = parser.parse_args()
    try:
        import atheris
    except ImportError:
        sys.exit("fuzzing needs atheris, which is not installed here: pip install atheris, then again")
    with atheris.instrument_imports(include=["kb", "pypdf", "docx"]):
        for module in INSTRUMENTED:
            import_module(module)
    folder = given.folder / given.target
    seeds(given.target, folder / "inputs")
    limits = [f"-max_total_time={given.seconds}", f"-max_len={MAX_BYTES * 10}", f"-timeout={TIMEOUT}"]
    shown = ["-rss_limit_mb=4096", "-print_final_stats=1", f"-artifact_prefix={folder}/"]
    atheris.Setup([sys.argv[0], *limits, *shown, str(folder / "inputs")], TARGETS[given.target])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
