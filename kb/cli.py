"""The command `kb`: ask, search, check, show, diff, index, serve, mcp; add-law, add-doc, fetch-official; lint, lock; eval; users, audit, records, backup, restore.

Standard output carries the result alone (text or JSON); progress and messages go to standard error. Exit codes: 0 done,
1 a failing result where one was asked for (`check --strict`, `lint --strict`, `eval --gate`), 2 a bad argument or input, with one line that says what to do.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import ValidationError

from kb.cli_check import app as check_app
from kb.cli_check import printable
from kb.cli_corpus import app as corpus_app
from kb.cli_corpus import parse_date, print_json, progress_bar
from kb.cli_doctor import app as doctor_app
from kb.cli_eval import app as eval_app
from kb.cli_records import app as records_app
from kb.cli_show import app as show_app
from kb.collector import collect_rarely
from kb.errors import BadInput, KBError
from kb.ids import ProvisionId
from kb.model import Language
from kb.settings import Settings, settings_faults

if TYPE_CHECKING:
    from kb.assistant import Assistant
    from kb.corpus import Corpus

app = typer.Typer(
    no_args_is_help=True, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, help=__doc__
)

OnOption = Annotated[
    str | None, typer.Option("--on", metavar="DATE", help="the day whose law is asked for (2025-03-01)")
]
JsonOption = Annotated[bool, typer.Option("--json", help="one JSON record instead of text")]


def parse_language(text: str | None) -> Language | None:
    if text is None or text in ("en", "zh", "fr"):
        return text  # type: ignore[return-value]
    raise BadInput(f"--language: {text!r} is not one of en, zh, fr")


def open_assistant() -> Assistant:
    from kb.assistant import Assistant

    with progress_bar() as report:
        return Assistant.open(Settings(), report)


def open_corpus() -> Corpus:
    from kb.corpus_cache import open_corpus

    return open_corpus(Settings())


@app.command()
def ask(
    question: Annotated[str | None, typer.Argument(help="the question, in English, Chinese or French")] = None,
    on: OnOption = None,
    as_json: JsonOption = False,
    language: Annotated[str | None, typer.Option(help="en, zh or fr; told from the question by default")] = None,
    batch: Annotated[Path | None, typer.Option(help='JSON lines with "id", "question" and optional "on"')] = None,
    out: Annotated[
        Path | None, typer.Option(help="where the answers of --batch are written, in the same order")
    ] = None,
) -> None:
    """Answer a question with the provisions that decide it, quoted."""
    if (question is None) == (batch is None):
        raise BadInput("ask: give a question, or --batch FILE with --out FILE")
    day, spoken = parse_date(on), parse_language(language)
    if batch is not None:
        if out is None:
            raise BadInput("--batch: say where the answers go, with --out FILE")
        _ask_batch(batch, out, day, spoken)
        return
    from kb.record import answer_record

    assistant = open_assistant()
    _say_where_questions_go(assistant)
    answer = assistant.ask(assistant.query(question or "", day, spoken))
    if as_json:
        print_json(answer_record(answer))
    else:
        typer.echo(answer.text)


def _say_where_questions_go(assistant: Assistant) -> None:
    if assistant.chat:
        typer.echo(f"questions and the provisions found for them are sent to {assistant.chat.name} (KB_LLM)", err=True)


def _ask_batch(batch: Path, out: Path, day: date | None, language: Language | None) -> None:
    """All lines are read and checked before the first answer; the output appears whole or not at all."""
    from kb.record import answer_record

    questions = list(_batch_lines(batch, day))
    assistant = open_assistant()
    _say_where_questions_go(assistant)
    beside = out.with_name(out.name + ".part")
    try:
        with beside.open("w", encoding="utf-8") as file:
            for number, (name, text, on) in enumerate(questions, 1):
                try:
                    query = assistant.query(text, on, language)
                except BadInput as error:
                    raise BadInput(f"{batch}:{number}: {error}") from None
                file.write(json.dumps(answer_record(assistant.ask(query), name), ensure_ascii=False) + "\n")
        beside.replace(out)
    except OSError as error:
        raise BadInput(f"--out: {out}: cannot be written ({error.strerror})") from None
    finally:
        beside.unlink(missing_ok=True)
    typer.echo(f"{len(questions)} answers in {out}", err=True)


def _batch_lines(batch: Path, day: date | None) -> Iterator[tuple[str | None, str, date | None]]:
    try:
        lines = batch.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"--batch: {batch}: cannot be read as UTF-8 text ({error})") from None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except json.JSONDecodeError as error:
            raise BadInput(f"{batch}:{number}: not JSON ({error.msg})") from None
        if not isinstance(record, dict) or not isinstance(record.get("question"), str):
            raise BadInput(f'{batch}:{number}: a line is an object with "id" and "question"')
        unknown = set(record) - {"id", "question", "on"}
        if unknown:
            raise BadInput(f"{batch}:{number}: unknown key {sorted(unknown)[0]!r}; the keys are id, question, on")
        name = record.get("id")
        yield (
            None if name is None else str(name),
            record["question"],
            parse_date(record.get("on"), f"{batch}:{number}: on") or day,
        )


@app.command()
def search(
    question: Annotated[str, typer.Argument(help="words to look for")],
    k: Annotated[int, typer.Option("-k", min=1, max=100, help="how many provisions")] = 10,
    on: OnOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the provisions that a question finds, best first."""
    from kb.record import hit_record

    assistant = open_assistant()
    query = assistant.query(question, parse_date(on))
    hits = assistant.search(query, k)
    if as_json:
        print_json([hit_record(hit) for hit in hits])
        return
    for hit in hits:
        provision = assistant.corpus.provision(hit.id) if isinstance(hit.id, ProvisionId) else None
        heading = provision.heading[query.language] if provision and provision.heading else ""
        typer.echo(f"{hit.score:.3f}  {assistant.corpus.label(hit.id, query.language):32} {heading}")


@app.command()
def index(
    rebuild: Annotated[bool, typer.Option("--rebuild", help="build again even if nothing changed")] = False,
    as_json: JsonOption = False,
    ship: Annotated[
        bool, typer.Option("--ship", help="also write the vectors beside the corpus (an editor does this)")
    ] = False,
) -> None:
    """Build the search index if the corpus or the encoder changed, and summarise it."""
    from collections import Counter

    from rich.console import Console
    from rich.table import Table

    from kb import corpus_cache
    from kb.corpus_load import load_corpus
    from kb.encoder import load_encoder
    from kb.index_build import ensure_index, ship_vectors

    settings = Settings()
    corpus = corpus_cache.open_corpus(settings)
    with progress_bar() as report_progress:
        opened, report = ensure_index(corpus, settings, lambda: load_encoder(settings), report_progress, rebuild)
    if ship:
        typer.echo(f"vectors written to {ship_vectors(load_corpus(settings.corpus), settings)}", err=True)
    counts: Counter[str] = Counter(
        group if group in ("scenario", "misconception", "outside") else target.split("/")[0].split("@")[0]
        for group, target in zip(opened.columns.groups(), opened.columns.targets, strict=True)
    )
    if as_json:
        print_json(
            {
                "fingerprint": report.fingerprint,
                "built": report.built,
                "embedded": report.embedded,
                "units": dict(counts),
            }
        )
        return
    table = Table("source", "units")
    for name, count in sorted(counts.items()):
        table.add_row(name, str(count))
    table.add_row("all", str(report.units))
    Console().print(table)
    typer.echo(f"index {report.fingerprint}: {'built' if report.built else 'up to date'}")
    typer.echo(f"{report.embedded} texts embedded, {report.reused} vectors reused, in {settings.home}")


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="address to listen on (KB_HOST)")] = None,
    port: Annotated[int | None, typer.Option(help="port to listen on (KB_PORT)")] = None,
) -> None:
    """Serve the web page."""
    from kb.ui import launch

    given = {"host": host, "port": port}
    settings = Settings().model_copy(update={name: value for name, value in given.items() if value is not None})
    launch(settings, open_assistant())


@app.command()
def mcp() -> None:
    """Serve the tools ask, search, get_provision and check_citations to an MCP client, over standard input and output."""
    from kb.mcp_server import serve as serve_tools

    settings = Settings()
    if settings.llm:
        typer.echo(f"questions and the provisions found for them are sent to {settings.llm} (KB_LLM)", err=True)
    serve_tools(settings)


app.add_typer(check_app)
app.add_typer(corpus_app)
app.add_typer(doctor_app)
app.add_typer(eval_app)
app.add_typer(records_app)
app.add_typer(show_app)


def guarded(act: Callable[[], object]) -> None:
    """Do it; every error raised on purpose, and a setting that cannot be read, becomes one line and exit code 2."""
    collect_rarely()
    try:
        act()
    except KBError as error:
        typer.echo(printable(f"kb: {error}"), err=True)
        sys.exit(2)
    except ValidationError as error:
        if error.title != Settings.__name__:
            raise
        typer.echo(printable(f"kb: {settings_faults(error)}; correct or unset the variable"), err=True)
        sys.exit(2)
    except BrokenPipeError:
        sys.exit(0)


def main() -> None:
    """Run the command."""
    guarded(app)
