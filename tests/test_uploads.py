"""Files as they come from offices: read whole, or refused in one line that says what to do."""

from __future__ import annotations

import os
import random
import time
import zipfile
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from office import pdf_of, word_document

from kb.docx_text import open_docx
from kb.errors import BadInput
from kb.pdf_text import join_lines
from kb.uploads import MAX_CHARACTERS, MAX_FILE_BYTES, read_text_file

CHINESE = "根据《个人信息保护法》第二十八条第二款，处理敏感个人信息应当取得个人的单独同意。"
FRENCH = "L’article 28 de la PIPL exige un consentement séparé ; il a été modifié à l’été 2021."


def refusal(name: str, data: bytes) -> str:
    with pytest.raises(BadInput) as caught:
        read_text_file(name, data)
    message = str(caught.value)
    assert "\n" not in message and message.startswith(f"{name}: ")
    return message


# ------------------------------------------------------------------ plain text


@pytest.mark.parametrize(
    ("data", "encoding", "text"),
    [
        (CHINESE.encode(), "UTF-8", CHINESE),
        (b"\xef\xbb\xbf" + FRENCH.encode(), "UTF-8", FRENCH),
        (CHINESE.encode("utf-16"), "UTF-16", CHINESE),
        (b"\xfe\xff" + CHINESE.encode("utf-16-be"), "UTF-16", CHINESE),
        (CHINESE.encode("gb18030"), "GB18030", CHINESE),
        (b"PIPL\r\nArt. 28\rend\n", "UTF-8", "PIPL\nArt. 28\nend\n"),
    ],
)
def test_the_encodings_of_offices(data: bytes, encoding: str, text: str) -> None:
    read = read_text_file("memo.txt", data)
    assert (read.text, read.encoding, read.kind) == (text, encoding, "text")
    assert read.notes == (() if encoding == "UTF-8" else (f"Read as {encoding}.",))


def test_western_text_in_an_old_encoding_is_not_read_as_chinese() -> None:
    western = "Loi réglementée, modifiée par décret.".encode("cp1252")
    assert western.decode("gb18030")  # strict decoding alone would take it
    assert "save it as UTF-8" in refusal("memo.txt", western)


def test_front_matter_is_blank_and_positions_stay() -> None:
    source = "---\ntitle: PIPL Art. 28\ntags: [law]\n---\n\nPIPL Art. 29 applies.\n"
    text = read_text_file("memo.md", source.encode()).text
    assert len(text) == len(source) and text.index("PIPL") == source.index("PIPL Art. 29")


@pytest.mark.parametrize(
    "source", ["---\nPIPL Art. 28 applies.\n---\nrest\n", "---\nNote [x: PIPL 28\n---\n", "PIPL\n---\na: b\n---\n"]
)
def test_what_only_looks_like_front_matter_stays(source: str) -> None:
    assert read_text_file("memo.md", source.encode()).text == source


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("memo.txt", b"", "empty"),
        ("memo.txt", b" \n\t\n", "no text"),
        ("memo.txt", bytes(range(256)) * 20, "not text"),
        ("memo.txt", "PIPL".encode("utf-16-le") * 9, "not text"),
        ("memo.txt", b"\x1b\x02\x03abc" * 50, "not text"),
        ("memo.txt", b"\xff\xfeP", "not"),
        ("memo", b"PIPL 28", "give .txt"),
        ("memo.exe", b"MZ", "give .txt"),
        ("-", b"%PDF-1.4\n", "a name that ends in .pdf"),
        ("memo.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "save it as .docx"),
        ("memo.rtf", rb"{\rtf1 PIPL}", "save it as .docx"),
        ("memo.txt", rb"{\rtf1 PIPL}", "save it as .docx"),
        ("memo.xlsx", b"PK\x03\x04" + b"\0" * 99, "spreadsheet"),
        ("memo.docm", b"PK\x03\x04" + b"\0" * 99, "save it as .docx"),
        ("memo.odt", b"PK\x03\x04" + b"\0" * 99, "save it as .docx"),
        ("memo.png", b"\x89PNG\r\n", "text recognition"),
        ("memo.docx", b"\x89PNG\r\n", "text recognition"),
        ("memo.txt", b"%PDF-1.4\n", "a name that ends in .pdf"),
        ("memo.docx", b"%PDF-1.4\n", "a name that ends in .pdf"),
        ("memo.pdf", b"PIPL 28", "not a PDF"),
        ("memo.docx", b"PIPL 28", "not a Word document"),
        ("memo.docx", b"PK\x03\x04 cut off", "damaged"),
        ("memo.pdf", b"%PDF-1.4\ncut off", "damaged"),
        ("memo.txt", b"a" * (MAX_CHARACTERS + 1), "split it"),
        ("memo.txt", b"a" * (MAX_FILE_BYTES + 1), "split the file"),
    ],
)
def test_refused_in_one_line(name: str, data: bytes, says: str) -> None:
    assert says in refusal(name, data)


def test_paths_that_are_no_readable_file(tmp_path: Path) -> None:
    for path, says in [(tmp_path, "folder"), (tmp_path / "none.txt", "no such file"), (Path("/dev/zero"), "regular")]:
        with pytest.raises(BadInput, match=says):
            read_text_file(path)
    with pytest.raises(BadInput, match="cannot be read"):
        read_text_file(tmp_path / ("long" * 100 + ".txt"))


def test_a_sparse_file_of_100_mb_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "big.txt"
    with path.open("wb") as file:
        os.truncate(file.fileno(), 100_000_000)
    started = time.perf_counter()
    with pytest.raises(BadInput, match=r"100\.0 MB"):
        read_text_file(path)
    assert time.perf_counter() - started < 0.2


# ------------------------------------------------------------------ .docx


def test_a_word_document_in_document_order(tmp_path: Path) -> None:
    path = tmp_path / "备忘录.docx"
    path.write_bytes(word_document())
    read = read_text_file(path)
    assert read.kind == "docx" and read.origin == path.read_bytes()
    paragraphs = read.text.split("\n\n")
    assert paragraphs == [
        "PIPL Art. 28(2) asks for necessity.",
        "cell one",
        "《网络安全法》第七十六条",
        "Tab\tand\nbreak, inserted link PIPL Art. 29.",
        "After the table.",
        "See CSL Art. 76.",
        "尾注：第三十八条",
        "",
    ]


def test_every_run_is_where_the_map_says() -> None:
    _, text, spans = open_docx(word_document(), "memo.docx")
    assert [text[s.start : s.end] for s in spans][:3] == ["PIPL ", "Art. 28", "(2) asks for necessity."]
    assert {s.part for s in spans} == {"body", "footnotes", "endnotes"}
    assert all(a.end <= b.start for a, b in pairwise(spans))


def test_deleted_text_headers_and_fallbacks_are_left_out() -> None:
    assert "deleted" not in read_text_file("m.docx", word_document()).text
    assert "HEADER" not in read_text_file("m.docx", word_document()).text


def zipped(**parts: bytes) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in parts.items():
            package.writestr(name, content)
    return buffer.getvalue()


def replaced(data: bytes, part: str, content: bytes) -> bytes:
    source = zipfile.ZipFile(BytesIO(data))
    parts = {n: source.read(n) for n in source.namelist()} | {part: content}
    return zipped(**parts)


def test_decompression_bombs_are_not_unpacked() -> None:
    many = zipped(**{f"word/{i}.xml": b"" for i in range(5_001)})
    assert "5,000 parts" in refusal("m.docx", many)
    big = zipped(**{"[Content_Types].xml": b"", "word/media/x.bin": bytes(200_000_001)})
    assert len(big) < 1_000_000 and "200 MB" in refusal("m.docx", big)
    assert "64 MB" in refusal("m.docx", replaced(word_document(), "word/document.xml", b" " * 64_000_001))


def test_entities_are_neither_expanded_nor_fetched(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("SECRET")
    xml = zipfile.ZipFile(BytesIO(word_document())).read("word/document.xml").decode()
    lol = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))
    for entities in (f'<!ENTITY x SYSTEM "{secret.as_uri()}">', f'<!ENTITY l0 "lol">{lol}<!ENTITY x "&l9;">'):
        head, rest = xml.split("?>", 1)
        evil = f"{head}?><!DOCTYPE d [{entities}]>{rest.replace('After the table.', '&x;After the table.', 1)}"
        started = time.perf_counter()
        try:
            text = read_text_file("m.docx", replaced(word_document(), "word/document.xml", evil.encode())).text
        except BadInput:
            text = ""
        assert "SECRET" not in text and "lollol" not in text and time.perf_counter() - started < 2


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (zipped(**{"[Content_Types].xml": b"", "xl/workbook.xml": b""}), "spreadsheet"),
        (zipped(**{"META-INF/manifest.xml": b"", "content.xml": b""}), "OpenDocument"),
        (zipped(**{"a.txt": b"PIPL"}), "ZIP archive"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le"), "password"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "save it as .docx"),
        (replaced(word_document(), "[Content_Types].xml", b"<Types/>"), "damaged"),
        (replaced(word_document(), "word/document.xml", b"<w:document"), "damaged"),
    ],
)
def test_word_documents_that_are_none(data: bytes, says: str) -> None:
    assert says in refusal("memo.docx", data)


@pytest.mark.parametrize("kind", ["docx", "pdf"])
def test_damaged_files_are_read_or_refused_never_anything_else(kind: str) -> None:
    sound = word_document() if kind == "docx" else pdf_of(["PIPL Art. 28(2) asks for necessity.", CHINESE])
    chance = random.Random(7)
    for _ in range(120):
        data = bytearray(sound)
        for _ in range(chance.choice((1, 5, 40))):
            data[chance.randrange(len(data))] = chance.randrange(256)
        if chance.random() < 0.3:
            del data[chance.randrange(len(data)) :]
        try:
            read_text_file(f"m.{kind}", bytes(data))
        except BadInput as error:
            assert "\n" not in str(error)


# ------------------------------------------------------------------ .pdf


def test_a_pdf_in_english_and_chinese() -> None:
    lines = [
        "Under PIPL Art. 28(2), sensitive personal infor-",
        "mation may be processed only where there is a specific",
        "purpose and sufficient necessity.",
        "根据《个人信息保护法》",
        "第二十八条第二款，处理敏感个人信息应当取得个人的",
        "单独同意。",
    ]
    text = read_text_file("memo.pdf", pdf_of(lines)).text
    assert "sensitive personal information may be processed only where there is a specific purpose" in text
    assert "《个人信息保护法》第二十八条第二款，处理敏感个人信息应当取得个人的单独同意。" in text


def test_headers_and_page_numbers_do_not_cut_a_sentence() -> None:
    pages = [
        ["Firm memorandum 2026", "The controller shall comply with", f"{i} / 3"]
        if i == 1
        else ["Firm memorandum 2026", "PIPL Art. 29 and obtain separate consent in the case.", f"{i} / 3"]
        for i in (1, 2, 3)
    ]
    text = read_text_file("memo.pdf", pdf_of(*pages)).text
    assert "comply with PIPL Art. 29" in text and "Firm" not in text and "/ 3" not in text


def test_an_encrypted_pdf() -> None:
    from pypdf import PdfReader, PdfWriter

    def encrypted(password: str) -> bytes:
        writer = PdfWriter(clone_from=PdfReader(BytesIO(pdf_of(["PIPL Art. 28"]))))
        writer.encrypt(password, "owner", algorithm="AES-256")
        buffer = BytesIO()
        writer.write(buffer)
        return buffer.getvalue()

    assert "password" in refusal("memo.pdf", encrypted("secret"))
    assert "PIPL Art. 28" in read_text_file("memo.pdf", encrypted("")).text


def test_a_scanned_pdf_and_a_page_without_text() -> None:
    assert "scanned" in refusal("memo.pdf", pdf_of([], []))
    read = read_text_file("memo.pdf", pdf_of(["PIPL Art. 28"], []))
    assert read.notes == ("No text layer on page 2: not read.",)


LONG = "The controller shall obtain separate consent before it goes on"


@pytest.mark.parametrize(
    ("lines", "joined"),
    [
        ([LONG, "and then some."], [f"{LONG} and then some."]),
        ([LONG, "End of it.", "A new paragraph begins here and is as long as the first is"], 2),
        ([LONG, "it stops.", "Heading", LONG], 3),
        ([LONG, "as the PIPL,", "Art. 28, says."], 1),
        ([LONG, "", LONG], 2),
        ([f"{LONG} non-", "EU data."], [f"{LONG} non-EU data."]),
        (
            ["处理敏感个人信息应当取得个人的单独同意", "并告知必要性。"],
            ["处理敏感个人信息应当取得个人的单独同意并告知必要性。"],
        ),
        (["第二十八条规定了敏感个人信息的处理规则，应当遵守。", "第二十九条规定了单独同意。"], 2),
        ([], [""]),
    ],
)
def test_lines_become_paragraphs(lines: list[str], joined: Any) -> None:
    paragraphs = join_lines(lines).strip("\n").split("\n\n")
    assert paragraphs == joined if isinstance(joined, list) else len(paragraphs) == joined
