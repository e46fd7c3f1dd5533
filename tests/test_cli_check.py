"""`kb check` as a user runs it: a process, its output and its exit code."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import docx
import pytest
from conftest import write_tiny
from office import pdf_of, saved, word_document

Run = Callable[..., subprocess.CompletedProcess[bytes]]

GOOD = "Harbour Law (2024) Article 2 says “A boat shall carry 3 lamps.”\n"
OLD = "Harbour Law (2018) Article 1 says “A boat shall carry 2 lamps.”\n"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny(tmp_path_factory.mktemp("check") / "corpus")


@pytest.fixture
def kb(root: Path, tmp_path: Path) -> Run:
    """A function that runs `kb check` in an empty folder."""

    def run(*arguments: str, given: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [sys.executable, "-c", "from kb.cli import main; main()", "check", *arguments],
            input=given,
            capture_output=True,
            cwd=tmp_path,
            env=os.environ | {"KB_CORPUS": str(root), "KB_HOME": str(tmp_path / "home"), "PYTHONIOENCODING": "utf-8"},
            timeout=120,
            check=False,
        )

    return run


@pytest.fixture
def memo(tmp_path: Path) -> Path:
    path = tmp_path / "memo.txt"
    path.write_text(f"{GOOD}\n{OLD}", encoding="utf-8")
    return path


def failure(done: subprocess.CompletedProcess[bytes]) -> str:
    """The one line of a run that was refused."""
    assert (done.returncode, done.stdout) == (2, b"")
    line = done.stderr.decode()
    assert line.startswith("kb: ") and line.count("\n") == 1
    return line


@pytest.mark.usefixtures("memo")
def test_a_table_of_verdicts_with_lines_and_totals(kb: Run) -> None:
    done = kb("memo.txt", "--on", "2026-11-22")
    assert (done.returncode, done.stderr) == (0, b"")
    text = done.stdout.decode()
    rows = {line.split()[0]: line for line in text.splitlines() if line.split()[:1] in (["1"], ["3"])}
    assert "VERIFIED" in rows["1"] and "RENUMBERED" in rows["3"] and "Harbour Law Art. 2" in rows["3"]
    assert "2 citations: VERIFIED 1, RENUMBERED 1" in text and "law as of 2026-11-22" in text


def test_json_alone_on_standard_output(kb: Run, memo: Path) -> None:
    done = kb("memo.txt", "--json", "--on", "2026-11-22", "--written", "2020-01-01")
    record = json.loads(done.stdout)
    assert (record["on"], record["written"], record["characters"]) == (
        "2026-11-22",
        "2020-01-01",
        len(memo.read_text()),
    )
    assert [c["verdict"] for c in record["citations"]] == ["VERIFIED", "RENUMBERED"]


@pytest.mark.parametrize(
    ("text", "code"), [(GOOD, 0), (GOOD + OLD, 1), ("No law here.", 1), ("Lamp Act Article 3 applies.", 1)]
)
def test_strict(kb: Run, text: str, code: int) -> None:
    assert kb("-", "--strict", given=text.encode()).returncode == code
    assert kb("-", given=text.encode()).returncode == 0


def test_no_citation_found_is_said(kb: Run) -> None:
    assert "No citation found" in kb("-", given=b"Boats are nice and that is all there is to it.").stdout.decode()
    assert "未发现任何引用" in kb("-", "--language", "zh", given=b"Boats are nice.").stdout.decode()
    assert json.loads(kb("-", "--json", given=b"Boats.").stdout)["citations"] == []


def test_standard_input_in_an_office_encoding(kb: Run) -> None:
    done = kb("-", "--json", given="《港口法》第七十七条规定了灯的数量。".encode("gb18030"))
    assert [c["verdict"] for c in json.loads(done.stdout)["citations"]] == ["ARTICLE_NOT_FOUND"]
    assert done.stderr.decode() == "kb: -: Read as GB18030.\n"


@pytest.mark.usefixtures("memo")
def test_csv_and_docx_beside_the_table(kb: Run, tmp_path: Path) -> None:
    assert kb("memo.txt", "--csv", "out.csv", "--docx", "out.docx").returncode == 0
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [row["verdict"] for row in csv.DictReader(file)] == ["VERIFIED", "RENUMBERED"]
    assert len(docx.Document(BytesIO((tmp_path / "out.docx").read_bytes())).comments) == 2
    assert {p.name for p in tmp_path.iterdir()} <= {"memo.txt", "out.csv", "out.docx", "home"}


def test_word_and_pdf(kb: Run, tmp_path: Path) -> None:
    (tmp_path / "m.docx").write_bytes(word_document())
    (tmp_path / "m.pdf").write_bytes(pdf_of(["Harbour Law Article 77"], []))
    assert kb("m.docx", "--docx", "n.docx").returncode == 0
    assert docx.Document(BytesIO((tmp_path / "n.docx").read_bytes())).paragraphs[0].runs[1].bold
    done = kb("m.pdf", "--json")
    assert json.loads(done.stdout)["citations"][0]["verdict"] == "ARTICLE_NOT_FOUND"
    assert b"No text layer on page 2" in done.stderr


def test_a_document_of_the_corpus_is_read_as_of_its_date(kb: Run) -> None:
    record = json.loads(kb("letter", "--json").stdout)
    assert record["written"] == "2019-12-31"
    assert [(c["id"], c["verdict"]) for c in record["citations"]] == [("harbour-law@2018-01-01/art_1", "RENUMBERED")]
    assert json.loads(kb("letter", "--json", "--written", "2024-05-01").stdout)["written"] == "2024-05-01"


def test_what_is_refused(kb: Run, memo: Path) -> None:
    assert "letter" in failure(kb("nothing"))
    assert "no such file" in failure(kb("nothing.txt"))
    assert "folder" in failure(kb("."))
    assert "--on: 'soon'" in failure(kb("memo.txt", "--on", "soon"))
    assert "--written: '2020'" in failure(kb("memo.txt", "--written", "2020"))
    assert "--language: 'de'" in failure(kb("memo.txt", "--language", "de"))
    assert "the text that is checked" in failure(kb("memo.txt", "--csv", "./memo.txt"))
    assert "--docx: o.csv" in failure(kb("memo.txt", "--csv", "o.csv", "--docx", "o.csv"))
    assert "--csv: none/o.csv" in failure(kb("memo.txt", "--csv", "none/o.csv"))
    assert "empty" in failure(kb("-", given=b""))
    assert memo.read_text(encoding="utf-8") == f"{GOOD}\n{OLD}"


def test_a_text_cannot_speak_to_the_terminal(kb: Run) -> None:
    done = kb("-", given=b"Harbour Law\x1b[31m Article 77 and [bold]Harbour Law Article 78[/bold].")
    assert b"\x1b" not in done.stdout


@pytest.mark.usefixtures("memo")
def test_it_loads_neither_model_nor_index(root: Path, tmp_path: Path) -> None:
    heavy = ("torch", "chromadb", "gradio", "transformers", "sentence_transformers", "langchain_core", "fastapi")
    code = (
        f"import sys; from kb.cli import app; app(['check', 'memo.txt', '--docx', 'o.docx'], standalone_mode=False); "
        f"print([m for m in {heavy} if m in sys.modules])"
    )
    environment = os.environ | {"KB_CORPUS": str(root), "KB_HOME": str(tmp_path / "home")}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, env=environment, check=False
    )
    assert done.stdout.splitlines()[-1] == "[]", done.stderr


def test_fifty_pages_of_word_are_checked_in_time(kb: Run, tmp_path: Path) -> None:
    document = docx.Document()
    for _ in range(50):
        for line in (OLD, GOOD, "The master of a boat shall look after the lamps and keep them clean. " * 20) * 2:
            paragraph = document.add_paragraph(line[:40])
            paragraph.add_run(line[40:]).italic = True
    (tmp_path / "long.docx").write_bytes(saved(document))
    started = time.perf_counter()
    assert kb("long.docx", "--docx", "o.docx", "--csv", "o.csv").returncode == 0
    assert time.perf_counter() - started < 20  # about 4 s on an idle machine
    assert len(docx.Document(BytesIO((tmp_path / "o.docx").read_bytes())).comments) == 200
