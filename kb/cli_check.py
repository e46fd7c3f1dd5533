"""The command `kb check`: the citations of a text, each with a verdict. It loads neither model nor index.

Standard output carries the result alone. Exit codes: 0 done, 1 with --strict unless every citation is verified (and there
is one), 2 a bad argument or file.
"""

from __future__ import annotations

import json
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kb.errors import BadInput
from kb.model import LANGUAGES, CheckReport, Language

if TYPE_CHECKING:
    from kb.corpus import Corpus
    from kb.uploads import ReadFile

app = typer.Typer(add_completion=False, rich_markup_mode=None)

PIPE_WIDTH = 120
"""Columns of the table where standard output is no terminal."""


@app.command()
def check(
    file: Annotated[
        str,
        typer.Argument(help="a .txt, .md, .docx or .pdf file, - for standard input, or a document (ds-newsletter)"),
    ],
    on: Annotated[str | None, typer.Option(metavar="DATE", help="the law of that day instead of today's")] = None,
    written: Annotated[str | None, typer.Option(metavar="DATE", help="when the text was written")] = None,
    language: Annotated[
        str | None, typer.Option(help="en, zh or fr, for the explanations; told from the text by default")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON record instead of a table")] = False,
    csv: Annotated[Path | None, typer.Option(metavar="OUT", help="also write the table as CSV")] = None,
    docx: Annotated[Path | None, typer.Option(metavar="OUT", help="also write a Word document with comments")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="exit 1 unless every citation is VERIFIED")] = False,
) -> None:
    """Say of every citation in a text whether it exists, says what is quoted, and still stands."""
    from kb.annotate import passes, report_csv, report_record, write_file
    from kb.check import check_text
    from kb.corpus_cache import open_corpus
    from kb.settings import Settings
    from kb.text import detect_language

    day, day_written = _day(on, "--on") or date.today(), _day(written, "--written")
    if language is not None and language not in LANGUAGES:
        raise BadInput(f"--language: {language!r} is not one of {', '.join(LANGUAGES)}")
    _check_outputs(file, csv, docx)
    settings = Settings()
    corpus = open_corpus(settings)
    read, published = _read(file, corpus)
    spoken: Language = language or detect_language(read.text[:20_000])
    report = check_text(read.text, corpus, day, day_written or published, spoken)
    if csv is not None:
        write_file(csv, report_csv(report, corpus, spoken), "--csv")
    if docx is not None:
        from kb.annotated_docx import report_docx

        write_file(docx, report_docx(report, corpus, spoken, read.origin, read.name), "--docx")
    if as_json:
        typer.echo(json.dumps(report_record(report, corpus), ensure_ascii=False, indent=1))
    else:
        _print(report, corpus, read, spoken)
    for note in read.notes:
        typer.echo(printable(f"kb: {read.name}: {note}"), err=True)
    if strict and not passes(report):
        raise typer.Exit(1)


def _day(text: str | None, argument: str) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise BadInput(f"{argument}: {text!r} is not a date; write it as 2025-03-01") from None


def _check_outputs(file: str, csv: Path | None, docx: Path | None) -> None:
    """No output may take the place of the text that is checked, or of the other output."""
    places: dict[Path, str] = {} if file == "-" else {Path(file).resolve(): "the text that is checked"}
    for path, argument in ((csv, "--csv"), (docx, "--docx")):
        if path is not None and path.resolve() in places:
            raise BadInput(f"{argument}: {path} is {places[path.resolve()]}; give another name")
        if path is not None:
            places[path.resolve()] = f"already the output of {argument}"


def _read(file: str, corpus: Corpus) -> tuple[ReadFile, date | None]:
    """The text of a file, of standard input or of a document of the corpus, and when the latter was published."""
    from kb.uploads import MAX_FILE_BYTES, STANDARD_INPUT, read_document, read_text_file

    if file == STANDARD_INPUT:
        return read_text_file(STANDARD_INPUT, sys.stdin.buffer.read(MAX_FILE_BYTES + 1)), None
    if file in corpus.documents and not Path(file).exists():
        document = corpus.documents[file]
        return read_document(document), document.published_to
    if not Path(file).suffix and not Path(file).exists():
        raise BadInput(f"{file}: there is no such file or document; the documents are {', '.join(corpus.documents)}")
    return read_text_file(Path(file)), None


def _print(report: CheckReport, corpus: Corpus, read: ReadFile, language: Language) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from kb.annotate import NO_CITATION, NOTICE, counts, line_numbers

    about = f"{printable(read.name)}: {len(report.text):,} characters; law as of {report.on}"
    typer.echo(about + (f"; written {report.written}" if report.written else ""))
    if not report.citations:
        typer.echo(NO_CITATION[language])
        return
    table = Table(box=SIMPLE_HEAD)
    for name, share in (("line", None), ("citation", 3), ("verdict", None), ("today", 3), ("detail", 7)):
        table.add_column(name, ratio=share, no_wrap=share is None)
    lines = line_numbers(report.text, (c.start for c in report.citations))
    for line, c in zip(lines, report.citations, strict=True):
        today = corpus.label(c.today, language) if c.today else "–"
        words = (printable(c.text), c.verdict, today, printable(c.detail))
        table.add_row(str(line), *(Text(word, overflow="fold") for word in words))
    Console(width=None if sys.stdout.isatty() else PIPE_WIDTH).print(table)
    totals = ", ".join(f"{verdict} {number}" for verdict, number in counts(report).items())
    typer.echo(f"{len(report.citations)} citations: {totals}")
    typer.echo(NOTICE[language])


def printable(text: str) -> str:
    """The text on one line, without what a terminal would obey."""
    return "".join(c if c.isprintable() else " " for c in text)
