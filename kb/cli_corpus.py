"""Commands on the corpus: add-law, add-doc and fetch-official for a user's own folder, lint and lock for an editor.

They are part of the command `kb` (see `kb.cli`): standard output carries the result alone, messages go to standard error.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kb.errors import BadInput
from kb.settings import Settings

if TYPE_CHECKING:
    from kb.encoder import Progress

app = typer.Typer(add_completion=False, rich_markup_mode=None)

NoIndexOption = Annotated[
    bool, typer.Option("--no-index", help="leave the index as it is; the next question or `kb index` updates it")
]


def print_json(record: Any) -> None:
    typer.echo(json.dumps(record, ensure_ascii=False, indent=1))


def parse_date(text: str | None, where: str = "--on") -> date | None:
    """An ISO date; BadInput names the argument otherwise."""
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadInput(f"{where}: {text!r} is not a date; write it as 2025-03-01") from None


@contextmanager
def progress_bar(about: str = "building the index", unit: str = "texts") -> Iterator[Progress]:
    """A progress bar on standard error that appears with the first report (of an index: texts embedded, then texts written)."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    bar = Progress(
        TextColumn(about),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(unit),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    tasks: list[Any] = []

    def report(done: int, total: int) -> None:
        if not tasks:
            bar.start()
            tasks.append(bar.add_task("", total=total))
        bar.update(tasks[0], completed=done, total=total)

    try:
        yield report
    finally:
        if tasks:
            bar.stop()


@app.command("add-law")
def add_law(
    title: Annotated[
        str | None, typer.Argument(help="the Chinese title, with or without 中华人民共和国; with --list, a word of it")
    ] = None,
    slug: Annotated[str | None, typer.Option(help="its short name in ids, for example labour-contract-law")] = None,
    english: Annotated[str | None, typer.Option(help='its English title, for example "Labour Contract Law"')] = None,
    in_force: Annotated[
        str | None, typer.Option("--in-force", metavar="DATE", help="the day from which its present text is in force")
    ] = None,
    no_index: NoIndexOption = False,
    listing: Annotated[
        bool, typer.Option("--list", help="list the titles of the data package; not all have numbered articles")
    ] = False,
) -> None:
    """Add a national law of the data package, in Chinese, to your own corpus folder (KB_LOCAL)."""
    from kb import additions

    if listing:
        for name in additions.titles(title):
            typer.echo(name)
        return
    if title is None:
        raise BadInput("add-law: give the Chinese title of a law, or --list to see them all")
    settings = Settings()
    added = additions.add_law(title, settings, slug, english, parse_date(in_force, "--in-force"))
    typer.echo(f"{added.slug}: {added.path}")
    for remark in added.remarks:
        typer.echo(remark)
    _update_index(settings, no_index)


@app.command("add-doc")
def add_doc(
    file: Annotated[Path, typer.Argument(help="a text: .txt, .md, .docx, .pdf")],
    slug: Annotated[str | None, typer.Option(help="its short name in ids, for example memo-2024")] = None,
    title: Annotated[str | None, typer.Option(help="its title; the first heading or the file name by default")] = None,
    author: Annotated[str | None, typer.Option(help="who wrote it")] = None,
    published: Annotated[str | None, typer.Option("--date", metavar="DATE", help="the day it was published")] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="replace the document added before under that slug")
    ] = False,
    no_index: NoIndexOption = False,
) -> None:
    """Add a text as commentary, never as law, to your own corpus folder (KB_LOCAL)."""
    from kb import additions

    settings = Settings()
    added = additions.add_document(file, settings, slug, title, author, parse_date(published, "--date"), replace)
    typer.echo(f"{added.slug}: {added.path}")
    for remark in added.remarks:
        typer.echo(remark)
    _update_index(settings, no_index)


@app.command("fetch-official")
def fetch_official(
    law: Annotated[str, typer.Argument(help="a law whose Chinese is only linked: its slug or a name (frt-measures)")],
    version: Annotated[
        str | None, typer.Option(metavar="DATE", help="which of its versions, where there are several")
    ] = None,
    source: Annotated[
        str | None,
        typer.Option("--from", metavar="FILE|URL", help="a saved page, or another address of the official text"),
    ] = None,
    no_index: NoIndexOption = False,
) -> None:
    """Read the official Chinese of a law from its page, check it against the rendering, keep it on this machine."""
    from kb import official

    settings = Settings()
    found = official.fetch_official(law, settings, version, source)
    typer.echo(
        f"{found.version.law}@{found.version.key}: {found.articles} articles compared and stored in {found.path}"
    )
    if found.left_out:
        typer.echo(f"Left out, since the rendering lacks words or the whole article: {', '.join(found.left_out)}")
    _update_index(settings, no_index)


def _update_index(settings: Settings, skip: bool) -> None:
    """Embed what is new and write the index again; what was embedded before is taken from the vectors kept."""
    from kb.corpus_cache import open_corpus

    corpus = open_corpus(settings)
    if skip:
        typer.echo("index: left as it is", err=True)
        return
    from kb.encoder import load_encoder
    from kb.index_build import ensure_index

    with progress_bar() as report_progress:
        _, report = ensure_index(corpus, settings, lambda: load_encoder(settings), report_progress)
    typer.echo(f"index: {report.embedded} texts embedded, {report.reused} vectors reused", err=True)


@app.command()
def lint(
    strict: Annotated[bool, typer.Option("--strict", help="exit 1 if there is a remark")] = False,
    reference: Annotated[
        Path | None, typer.Option(envvar="KB_ZH_REFERENCE", help="folder of Chinese reference texts")
    ] = None,
) -> None:
    """Compare every English rendering with its Chinese."""
    from rich.console import Console
    from rich.table import Table

    from kb.corpus_load import load_corpus
    from kb.lint import COUNTED, lint_corpus, read_reference

    corpus = load_corpus(Settings().corpus, check_lock=False)
    if reference is not None and not reference.is_dir():
        raise BadInput(f"KB_ZH_REFERENCE: {reference} is not a folder")
    report = lint_corpus(corpus, read_reference(reference) if reference else None)
    table = Table("version", "held", *COUNTED, "remarks")
    for column in table.columns:
        column.no_wrap = True
        column.justify = "right" if column.header != "version" else "left"
    for law in corpus.laws:
        for version in corpus.versions(law):
            key = f"{law}@{version.key}"
            remarks = sum(f"{r.place.law}@{r.place.version}" == key for r in report.remarks)
            counts = report.compared.get(key, {})
            cells = (str(counts.get(kind, 0)) for kind in COUNTED)
            table.add_row(key, str(len(corpus.articles(version))), *cells, str(remarks))
    totals = {kind: sum(counts.get(kind, 0) for counts in report.compared.values()) for kind in COUNTED}
    held = sum(len(corpus.articles(v)) for law in corpus.laws for v in corpus.versions(law))
    table.add_section()
    table.add_row("all", str(held), *(str(totals[kind]) for kind in COUNTED), str(len(report.remarks)))
    Console(width=max(Console().width, 110)).print(table)
    for remark in report.remarks:
        typer.echo(f"{remark.place}: {remark.check}: {remark.detail}")
    missing = (
        "" if reference else " (versions without Chinese in the data package are compared only with KB_ZH_REFERENCE)"
    )
    typer.echo(
        f"{totals['articles']} articles compared, {len(report.remarks)} remarks, {report.explained} explained{missing}"
    )
    if strict and report.remarks:
        raise typer.Exit(1)


@app.command()
def lock() -> None:
    """Record the corpus files as they are (corpus.lock); an editor does this after a change."""
    from kb.corpus_load import load_corpus, write_lock

    root = Settings().corpus
    load_corpus(root, check_lock=False)
    typer.echo(f"{write_lock(root)} files recorded in {root / 'corpus.lock'}")
