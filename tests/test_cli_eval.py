"""`kb eval` as a user runs it: its files, its gate and its refusals. The run itself is taken from a small evaluation made by hand."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from eval_example import CASES, example

import kb.cli_eval
from eval.baseline import read_baseline, write_baseline
from eval.results import Report
from kb.cli import main
from kb.corpus import Corpus

Run = Callable[..., int]
ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def report() -> Report:
    return example()


@pytest.fixture
def run(tiny: Corpus, report: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A function that runs `kb eval` and gives its exit code; the baseline is one of the temporary folder."""
    monkeypatch.setenv("KB_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("eval.baseline.PATH", tmp_path / "baseline.json")
    monkeypatch.setattr(kb.cli_eval, "_measure", lambda *_: report)
    monkeypatch.setattr(kb.cli_eval, "_cases", lambda *_: (list(CASES), tiny))

    def call(*arguments: str) -> int:
        monkeypatch.setattr(sys, "argv", ["kb", "eval", *arguments])
        try:
            main()
        except SystemExit as ended:
            return int(ended.code or 0)
        return 0

    return call


def test_a_run_prints_its_table_and_writes_its_files(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str], report: Report
) -> None:
    files = {name: tmp_path / "out" / f"r.{name}" for name in ("html", "json", "xml")}
    assert run("--html", str(files["html"]), "--json", str(files["json"]), "--junit", str(files["xml"])) == 0
    said = capsys.readouterr()
    assert "answers right" in said.out and said.err == ""
    assert Report.from_json(files["json"].read_text(encoding="utf-8")) == report
    assert files["html"].read_text(encoding="utf-8").startswith("<!doctype html>")
    assert ElementTree.parse(files["xml"]).getroot().tag == "testsuites"
    kept = tmp_path / "home" / "eval"
    assert {p.name for p in kept.iterdir()} == {"report.html", "report.json", "report.xml", "runs"}


def test_a_baseline_is_written_and_compared_with(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--write-baseline") == 0
    assert read_baseline(tmp_path / "baseline.json") is not None
    capsys.readouterr()
    assert run("--gate") == 0
    assert "against the baseline" in capsys.readouterr().out


def many(verdict: str) -> Report:
    results = tuple(replace(example().results[1], id=f"t-zh-{i:03}", verdict=verdict) for i in range(20))  # type: ignore[arg-type]
    return replace(example(), results=results)


class TestGate:
    @pytest.fixture
    def report(self) -> Report:
        return many("wrong")

    def test_a_significant_drop_fails_and_names_the_lost(
        self, run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        write_baseline(many("right"), tmp_path / "other.json")
        assert run("--gate", "--baseline", str(tmp_path / "other.json")) == 1
        said = capsys.readouterr().err
        assert "gate: answers right dropped: 1.000 → 0.000 on 20 cases" in said
        assert "gate: lost cases: t-zh-000, t-zh-001" in said

    def test_without_the_gate_a_drop_is_only_shown(
        self, run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        write_baseline(many("right"), tmp_path / "baseline.json")
        assert run() == 0
        assert "dropped" in capsys.readouterr().out


class TestViolation:
    @pytest.fixture
    def report(self) -> Report:
        first, *others = example().results
        return replace(example(), results=(replace(first, violations=("the quote does not stand there",)), *others))

    def test_a_violation_fails_the_gate_even_without_a_drop(
        self, run: Run, tmp_path: Path, report: Report, capsys: pytest.CaptureFixture[str]
    ) -> None:
        write_baseline(report, tmp_path / "baseline.json")
        assert run("--gate") == 1
        assert "gate: t-en-001: the quote does not stand there" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--split", "train"], "--split: 'train' is not one of all, dev, test, earlier"),
        (["--gate", "--write-baseline"], "give one of them"),
        (["--write-baseline", "--split", "dev"], "leave --split out"),
        (["--export", "csv", "x"], "--export: 'csv' is not one of beir, ragas, deepeval"),
        (["--export", "beir", "x", "--gate"], "--export writes no report"),
        (["--json", "x", "--html", "x"], "give each a file of its own"),
        (["--gate"], "--gate: there is no baseline to compare with"),
        (["--baseline", "/none.json"], "--baseline: there is no /none.json"),
        (["--json", "/proc/none/x.json"], "--json: /proc/none/x.json: cannot be written"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_arguments_are_one_line(
    run: Run, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*arguments) == 2
    err = capsys.readouterr().err
    assert err.startswith("kb: ") and said in err and err.count("\n") == 1


@pytest.mark.parametrize("name", ["ragas", "deepeval"])
def test_exports_hold_the_answers(run: Run, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "out.jsonl"
    assert run("--export", name, str(path)) == 0
    assert len([json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]) == len(CASES)
    assert capsys.readouterr().out == ""
    assert not (tmp_path / "home" / "eval").exists()


def test_the_export_for_retrieval_asks_nothing(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kb.cli_eval, "_measure", lambda *_: pytest.fail("the questions were asked"))
    assert run("--export", "beir", str(tmp_path / "beir")) == 0
    assert (tmp_path / "beir" / "qrels" / "test.tsv").is_file()


def test_outside_a_checkout_it_says_so(tmp_path: Path) -> None:
    """The program alone, as an installation has it."""
    shutil.copytree(ROOT / "kb", tmp_path / "kb", ignore=shutil.ignore_patterns("__pycache__"))
    ended = subprocess.run(
        [
            sys.executable,
            "-c",
            f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from kb.cli import main; main()",
            "eval",
        ],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 2 and ended.stdout == ""
    assert (
        ended.stderr == "kb: eval: the questions are not part of an installation; run it in a checkout of the project\n"
    )
