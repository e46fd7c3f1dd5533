"""The command line: clean output, exact records, one-line errors."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kb.settings import Settings

ROOT = Path(__file__).resolve().parent.parent


def kb(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a user does, in a process of its own."""
    import os

    environment = os.environ | {"KB_HOME": str(settings.home), "KB_CORPUS": str(settings.corpus)}
    return subprocess.run(
        [sys.executable, "-c", "from kb.cli import main; main()", *arguments],
        capture_output=True,
        text=True,
        env=environment,
        cwd=ROOT,
        timeout=300,
        check=False,
    )


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["ask"], "--batch"),
        (["ask", "x", "--batch", "f.jsonl"], "--batch"),
        (["ask", "--batch", "no.jsonl"], "--out"),
        (["ask", "--batch", "no.jsonl", "--out", "o.jsonl"], "no.jsonl"),
        (["ask", "x", "--on", "yesterday"], "--on"),
        (["ask", "x", "--language", "de"], "--language"),
        (["show", "nonsense"], "nonsense"),
        (["show", "pipl/art_99"], "Article 74"),
        (["show", "pipl@1999-01-01/art_1"], "1999-01-01"),
        (["show", "frt-measures/art_15", "--on", "2024-01-01"], "2025-06-01"),
        (["show", "no-law/art_1"], "no-law"),
        (["show", "frt-draft/art_22"], "not held"),
    ],
)
def test_errors_are_one_line_with_exit_code_2(settings: Settings, arguments: list[str], says: str) -> None:
    done = kb(settings, *arguments)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.count("\n") == 1 and says in done.stderr and done.stderr.startswith("kb: ")


def test_a_broken_corpus_stops_with_file_and_line(tiny_settings: Settings) -> None:
    path = tiny_settings.corpus / "laws/harbour-law/2024-01-01.md"
    path.write_text(path.read_text("utf-8").replace("### Article 3", "### Article 2"), "utf-8")
    done = kb(tiny_settings, "lock")
    assert done.returncode == 2 and f"{path}:" in done.stderr and "stands twice" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "place", "words"),
    [
        (["show", "csl/art_76", "--on", "2024-05-01", "--json"], "csl@2017-06-01/art_76", "Personal information"),
        (["show", "csl/art_76", "--json"], "csl@2026-01-01/art_76", "criminal liability"),
        (["show", "PIPL 28(2)", "--json"], "pipl@2021-11-01/art_28__para_2", "specific purpose"),
        (
            ["show", "《人脸识别技术应用安全管理办法》第十五条第一款", "--json"],
            "frt-measures@2025-06-01/art_15__para_1",
            "100,000",
        ),
    ],
)
def test_show(settings: Settings, arguments: list[str], place: str, words: str) -> None:
    done = kb(settings, *arguments)
    assert done.returncode == 0, done.stderr
    record: dict[str, Any] = json.loads(done.stdout)
    assert record["id"] == place and words in record["text_en"] and done.stderr == ""


def test_help_is_quick_to_load() -> None:
    code = (
        "import sys, kb.cli; print([m for m in ('torch', 'chromadb', 'gradio', 'langchain_core') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.model
@pytest.mark.usefixtures("assistant")
def test_ask_gives_one_clean_record(settings: Settings) -> None:
    done = kb(settings, "ask", "From how many faces must we file?", "--on", "2026-11-22", "--json")
    record = json.loads(done.stdout)
    assert record["outcome"] == "answered" and record["on"] == "2026-11-22" and done.stderr == ""
    assert record["citations"][0]["id"] == "frt-measures@2025-06-01/art_15__para_1"
    assert record["citations"][0]["label"] == "FRT Measures Art. 15(1)"


@pytest.mark.model
@pytest.mark.usefixtures("assistant")
def test_batch_keeps_order_and_ids(settings: Settings, tmp_path: Path) -> None:
    lines = [
        {"id": "b", "question": "PIPL 29"},
        {"id": "a", "question": "网络安全法第七十六条", "on": "2024-05-01"},
        {"question": "What is the weather?"},
    ]
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in lines), "utf-8")
    done = kb(settings, "ask", "--batch", str(source), "--out", str(out))
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert [a["id"] for a in answers] == ["b", "a", None]
    assert [a["outcome"] for a in answers] == ["answered", "answered", "refused"]
    assert answers[1]["citations"][0]["version"] == "2017-06-01"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ('{"question": "x"}\nnot json\n', ":2: not JSON"),
        ('{"id": 1}\n', ":1: a line is an object"),
        ('{"question": "x", "when": "y"}\n', "'when'"),
        ('{"question": "x", "on": "soon"}\n', ":1: on"),
        ("[]\n", ":1: a line is an object"),
    ],
)
def test_a_bad_batch_writes_nothing(settings: Settings, tmp_path: Path, content: str, says: str) -> None:
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text(content, "utf-8")
    done = kb(settings, "ask", "--batch", str(source), "--out", str(out))
    assert done.returncode == 2 and says in done.stderr and not out.exists()


@pytest.mark.model
@pytest.mark.usefixtures("assistant")
def test_search_lists_hits(settings: Settings) -> None:
    done = kb(settings, "search", "separate consent for face data", "-k", "5", "--json")
    hits = json.loads(done.stdout)
    assert len(hits) == 5
    assert set(hits[0]) == {"id", "law", "article", "score", "dense_rank", "bm25_rank", "cited"}
    cited = json.loads(kb(settings, "search", "Article 66 PIPL fines", "-k", "3", "--json").stdout)
    assert cited[0]["id"] == "pipl@2021-11-01/art_66" and cited[0]["cited"]


@pytest.mark.model
@pytest.mark.usefixtures("assistant")
def test_index_is_up_to_date_and_summarised(settings: Settings) -> None:
    done = kb(settings, "index")
    assert done.returncode == 0 and "up to date" in done.stdout and "frt-measures" in done.stdout


def test_lint_prints_its_table(settings: Settings) -> None:
    done = kb(settings, "lint", "--strict")
    assert done.returncode == 0 and "0 remarks" in done.stdout and "pipl@2021-11-01" in done.stdout


@pytest.mark.parametrize(
    "program", [["-c", "from kb.cli import main; main()", "index"], ["app.py"]], ids=["kb", "app.py"]
)
def test_a_setting_that_cannot_be_read_is_one_line(program: list[str], settings: Settings) -> None:
    done = subprocess.run(
        [sys.executable, *program],
        env={**os.environ, "KB_HOME": str(settings.home), "KB_PORT": "abc", "KB_LIMIT_WAITING": "0"},
        cwd=Path(__file__).parent.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1
    assert "KB_PORT: Input should be a valid integer" in done.stderr and "KB_LIMIT_WAITING" in done.stderr
