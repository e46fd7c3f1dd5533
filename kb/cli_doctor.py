"""`kb doctor`: examine an installation, and mend what can be made again."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from kb.cli_corpus import print_json
from kb.settings import Settings

app = typer.Typer(no_args_is_help=True)
COLOURS = {"well": "green", "mended": "yellow", "wrong": "red"}


@app.command()
def doctor(
    mend: Annotated[bool, typer.Option("--mend", help="make again what can be made again without loss")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON record instead of text")] = False,
) -> None:
    """Examine what this installation rests on; exit code 1 where something is wrong."""
    from kb.doctor import examine

    findings = []
    console = Console()
    for found in examine(Settings(), mend):
        findings.append(found)
        if not as_json:
            console.print(Text.assemble((f"{found.state:7}", COLOURS[found.state]), f" {found.name}: {found.detail}"))
            if found.remedy:
                console.print(Text(f"        {found.remedy}"))
    wrong = sum(found.state == "wrong" for found in findings)
    if as_json:
        print_json({"well": not wrong, "findings": [asdict(found) for found in findings]})
    raise typer.Exit(1 if wrong else 0)
