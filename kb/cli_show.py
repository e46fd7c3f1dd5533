"""The commands that show what is held: `kb show`, `kb diff`."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kb.cli_corpus import parse_date, print_json
from kb.errors import BadInput
from kb.ids import ProvisionId
from kb.settings import Settings

if TYPE_CHECKING:
    from kb.changes import Change
    from kb.corpus import Corpus
    from kb.model import DiffPart, Record

app = typer.Typer()

OnOption = Annotated[
    str | None, typer.Option("--on", metavar="DATE", help="the day whose law is asked for (2025-03-01)")
]
JsonOption = Annotated[bool, typer.Option("--json", help="one JSON record instead of text")]


def _open_corpus() -> Corpus:
    from kb.corpus_cache import open_corpus

    settings = Settings()
    return open_corpus(settings)


@app.command()
def show(
    place: Annotated[
        str,
        typer.Argument(
            help='an id (pipl/art_28__para_2, csl@2017-06-01/art_76), a citation ("PIPL 28(2)") or an instrument known by a record (GB/T 35273)'
        ),
    ],
    on: OnOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print a provision in both languages, with its version and standing; or a record."""
    from kb.record import find_place, find_record, instrument_record, provision_record

    corpus = _open_corpus()
    day = parse_date(on) or date.today()
    known = find_record(place, corpus)
    if known is not None:
        _show_record(known, as_json, instrument_record(known))
        return
    provision = corpus.provision(find_place(place, corpus, day))
    record = provision_record(provision, corpus, day)
    if as_json:
        print_json(record)
        return
    typer.echo(f"{record['label']} — {record['label_zh']}\n{record['id']}")
    typer.echo(f"{record['standing_text']} · {record['source_url']}")
    typer.echo(f"Read in: {record['evidence']}")
    if record["chapter"]:
        typer.echo(str(record["chapter"]))
    if record["incomplete"]:
        typer.echo(f"Incomplete: {record['incomplete']}")
    typer.echo(f"\n{record['text_en'] or 'No English rendering is held.'}")
    typer.echo(f"\n{record['text_zh'] or 'The Chinese text is not held here; read it at ' + str(record['source_url'])}")
    if record["successor"]:
        typer.echo(f"\nWhere the rule went: {record['successor']}")


def _show_record(known: Record, as_json: bool, record: dict[str, Any]) -> None:
    if as_json:
        print_json(record)
        return
    typer.echo(
        f"{known.title.en} — {known.title.zh}\n{known.slug} · record, evidence grade {known.grade} · {known.status}"
    )
    typer.echo("The text of this instrument is not held here. Read in: " + known.read_in)
    for fact in known.facts:
        typer.echo(f"\n{fact.id.number}. [{fact.topic}, {fact.grade}] {fact.text.en}\n   {fact.text.zh}")


@app.command()
def diff(
    place: Annotated[
        str, typer.Argument(help='an article: csl/art_64, csl@2017-06-01/art_76, frt-draft/art_16, "CSL 64"')
    ],
    as_json: JsonOption = False,
) -> None:
    """Show where the rule of an article went or came from, with the words that changed, in both languages."""
    from kb.changes import changes_of

    corpus = _open_corpus()
    article = _find_article(place, corpus)
    changes = changes_of(article, corpus)
    if as_json:
        print_json([_change_record(c, corpus) for c in changes])
        return
    if not changes:
        typer.echo(f"No concordance knows {article}: its law is held in one version, or the article has no other.")
    for change in changes:
        _show_change(change, corpus)


def _find_article(text: str, corpus: Corpus) -> ProvisionId:
    """The article meant, without a version unless the id names one: an old number may have ended with its version."""
    from kb.citation import read_citations

    try:
        place = ProvisionId.parse(text).whole_article
    except ValueError:
        mentions = read_citations(text, corpus.names)
        if len(mentions) != 1 or mentions[0].law not in corpus.laws:
            raise BadInput(f"{text!r} names no article of this corpus; write e.g. csl/art_64 or “CSL 64”") from None
        return ProvisionId(mentions[0].law or "", None, mentions[0].article)
    versions = [corpus.version(place.law, place.version)] if place.version else corpus.versions(place.law)
    known = {old.article for old in corpus.successors if old.law == place.law}
    if not any(place.article in v.articles for v in versions) and place.article not in known:
        raise BadInput(f"there is no {place}; {corpus.extent(versions[-1])}")
    return place


def _label(place: ProvisionId, corpus: Corpus) -> str:
    return f"{corpus.label(place, 'en')} ({place.version})"


def _show_change(change: Change, corpus: Corpus) -> None:
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    went = ", ".join(_label(new, corpus) for new in change.new) or "no successor"
    console.print(f"{_label(change.old, corpus)} → {went}", style="bold", markup=False)
    console.print(f"{change.change}: {change.note}" if change.note else change.change, markup=False)
    for language, parts in change.diffs.items():
        if parts is None:
            name = {"en": "English", "zh": "Chinese"}[language]
            why = "the rule has no successor" if not change.new else f"the {name} of one of the texts is not held"
            console.print(f"  {name}: {why}", markup=False)
        else:
            console.print(_coloured(parts, plain=not console.is_terminal), soft_wrap=True)
    console.print()


def _coloured(parts: tuple[DiffPart, ...], plain: bool) -> Any:
    from rich.text import Text

    from kb.changes import as_text

    if plain:
        return Text(as_text(parts))
    styles = {"=": "", "-": "red strike", "+": "green"}
    return Text.assemble(*((words, styles[op]) for op, words in parts))


def _change_record(change: Change, corpus: Corpus) -> dict[str, Any]:
    return {
        "old": {"id": str(change.old), "label": corpus.label(change.old, "en")},
        "new": [{"id": str(new), "label": corpus.label(new, "en")} for new in change.new],
        "change": change.change,
        "note": change.note,
        "diff": {language: [list(p) for p in parts] if parts else None for language, parts in change.diffs.items()},
    }
