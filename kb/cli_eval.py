"""The command `kb eval`: measure the answers on questions whose answers are known. It works in a checkout.

Standard output carries the result alone. Exit codes: 0 done, 1 with --gate where something happened that must never happen or
something was lost against the baseline, 2 a bad argument, or no questions beside the program.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kb.checkout import require_evaluation
from kb.cli_corpus import progress_bar
from kb.errors import BadInput
from kb.settings import Settings

if TYPE_CHECKING:
    from eval.baseline import Baseline, Comparison
    from eval.cases import Case
    from eval.results import Report
    from kb.corpus import Corpus

app = typer.Typer(add_completion=False, rich_markup_mode=None)
SPLITS = ("all", "dev", "test", "earlier")
EXPORTS = ("beir", "ragas", "deepeval")
PIPE_WIDTH = 150
"""Columns of the tables where standard output is no terminal."""
FileOption = Path | None


@app.command("eval")
def evaluate(
    split: Annotated[str, typer.Option(help="all, dev, test or earlier")] = "all",
    gate: Annotated[bool, typer.Option("--gate", help="exit 1 on a broken invariant or a significant drop")] = False,
    json: Annotated[FileOption, typer.Option(metavar="FILE", help="also write the report as JSON")] = None,
    html: Annotated[FileOption, typer.Option(metavar="FILE", help="also write the report as one page")] = None,
    junit: Annotated[FileOption, typer.Option(metavar="FILE", help="also write the report as JUnit XML")] = None,
    baseline: Annotated[
        FileOption, typer.Option(metavar="FILE", help="the baseline to compare with; eval/baseline.json by default")
    ] = None,
    no_baselines: Annotated[
        bool, typer.Option("--no-baselines", help="leave out the simple searches run for comparison")
    ] = False,
    write_baseline: Annotated[
        bool, typer.Option("--write-baseline", help="keep this run as the baseline, instead of comparing with it")
    ] = False,
    export: Annotated[
        tuple[str, Path] | None,
        typer.Option(
            metavar="FORMAT PATH",
            help="write for other tools instead of a report: beir to a folder, ragas or deepeval to a file",
        ),
    ] = None,
) -> None:
    """Ask the questions whose answers are known and report with intervals; needs a checkout."""
    _check_arguments(split, gate, write_baseline, export, {"--json": json, "--html": html, "--junit": junit})
    require_evaluation()
    from eval.baseline import PATH, compare, read_baseline
    from eval.baseline import write_baseline as write
    from eval.report import forms, keep, print_report

    held = None if write_baseline or export else _baseline(read_baseline(baseline or PATH), baseline, gate)
    settings = Settings()
    cases, corpus = _cases(split, settings)
    if export and export[0] == "beir":
        _export(export, None, cases, corpus)
        return
    report = _measure(split, not no_baselines and not export, settings)
    if export:
        _export(export, report, cases, corpus)
        return
    comparison = compare(report, held) if held else None
    made = forms(report, corpus, cases, comparison)
    keep(made, settings.home / "eval")
    for path, form, option in ((json, "json", "--json"), (html, "html", "--html"), (junit, "xml", "--junit")):
        if path is not None:
            _write(path, made[form], option)
    from rich.console import Console

    print_report(report, comparison, Console(width=None if sys.stdout.isatty() else PIPE_WIDTH))
    if write_baseline:
        write(report, baseline or PATH)
        typer.echo(f"baseline written to {baseline or PATH}", err=True)
    if gate and not _passes(report, comparison):
        raise typer.Exit(1)


def _check_arguments(
    split: str, gate: bool, write_baseline: bool, export: tuple[str, Path] | None, files: dict[str, FileOption]
) -> None:
    if split not in SPLITS:
        raise BadInput(f"--split: {split!r} is not one of {', '.join(SPLITS)}")
    if gate and write_baseline:
        raise BadInput("--gate compares with a baseline, --write-baseline makes a new one; give one of them")
    if write_baseline and split != "all":
        raise BadInput("--write-baseline: a baseline holds all questions; leave --split out")
    if export and export[0] not in EXPORTS:
        raise BadInput(f"--export: {export[0]!r} is not one of {', '.join(EXPORTS)}")
    if export and (gate or write_baseline or any(files.values())):
        raise BadInput(
            "--export writes no report; give it without --gate, --write-baseline, --json, --html and --junit"
        )
    given = [path.resolve() for path in files.values() if path]
    if len(set(given)) < len(given):
        raise BadInput("--json, --html and --junit: give each a file of its own")


def _baseline(held: Baseline | None, path: Path | None, gate: bool) -> Baseline | None:
    if held is None and path is not None:
        raise BadInput(f"--baseline: there is no {path}; write it with --write-baseline --baseline {path}")
    if held is None and gate:
        raise BadInput("--gate: there is no baseline to compare with; write one with `kb eval --write-baseline`")
    return held


def _cases(split: str, settings: Settings) -> tuple[list[Case], Corpus]:
    """The cases of a split (all of them for "all"), checked against the corpus."""
    from eval.cases import all_cases, check_cases
    from kb.corpus_cache import open_corpus

    corpus = open_corpus(settings)
    cases = all_cases()
    check_cases(cases, corpus)
    return [case for case in cases if split in ("all", case.split)], corpus


def _measure(split: str, baselines: bool, settings: Settings) -> Report:
    from eval.run import measure
    from kb.assistant import Assistant

    with progress_bar() as progress:
        assistant = Assistant.open(settings, progress)
    with progress_bar("asking", "questions") as progress:
        return measure(assistant, split, baselines, progress)


def _export(export: tuple[str, Path], report: Report | None, cases: Sequence[Case], corpus: Corpus) -> None:
    from eval.exports import write_beir, write_deepeval, write_ragas

    name, path = export
    try:
        if report is None:
            write_beir(path, cases, corpus)
        elif name == "ragas":
            write_ragas(path, report, cases, corpus)
        else:
            write_deepeval(path, report, cases, corpus)
    except OSError as error:
        raise BadInput(f"--export: {path}: cannot be written ({error.strerror})") from None
    typer.echo(f"{name} written to {path}", err=True)


def _write(path: Path, text: str, option: str) -> None:
    from eval.report import write_whole

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, text)
    except OSError as error:
        raise BadInput(f"{option}: {path}: cannot be written ({error.strerror})") from None


def _passes(report: Report, comparison: Comparison | None) -> bool:
    """The gate; what fails is said on standard error."""
    from eval.baseline import broken
    from eval.paired import ALPHA
    from eval.results import MEASURES

    failures = list(broken(report))
    for row in comparison.drops if comparison else ():
        change = f"{row.before:.3f} → {row.now:.3f} on {row.n} cases"
        failures.append(f"{MEASURES[row.metric].title} dropped: {change}, p = {row.p:.4f} ≤ {ALPHA}")
    for failure in failures:
        typer.echo(f"gate: {failure}", err=True)
    if failures and comparison:
        lost = [name for name, (flip, _, _) in comparison.flips.items() if flip == "lost"]
        typer.echo(f"gate: lost cases: {', '.join(lost) or 'none'}", err=True)
    return not failures
