"""`kb doctor`: examine an installation, and mend what can be made again.

Exit codes: 0 all is well or was mended, 1 something is wrong, 2 a bad argument.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from typing import Annotated

import typer

from kb.cli_check import printable

app = typer.Typer(no_args_is_help=True)
COLOURS = {"well": typer.colors.GREEN, "mended": typer.colors.YELLOW, "wrong": typer.colors.RED}


@app.command()
def doctor(
    mend: Annotated[bool, typer.Option("--mend", help="make again what can be made again without loss")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON record instead of text")] = False,
) -> None:
    """Examine what this installation rests on; exit code 1 where something is wrong."""
    from kb.doctor import examine_here

    findings = []
    for found in examine_here(mend):
        findings.append(found)
        if not as_json:
            state = typer.style(f"{found.state:7}", fg=COLOURS[found.state])
            typer.echo(f"{state} {found.name:20} {printable(found.detail)}")
            if found.remedy:
                typer.echo(f"{'':28} {printable(found.remedy)}")
    states = Counter(found.state for found in findings)
    if as_json:
        record = {"well": not states["wrong"], "findings": [asdict(found) for found in findings]}
        typer.echo(json.dumps(record, ensure_ascii=False, indent=1))
    else:
        typer.echo(f"{len(findings)} examined: {', '.join(f'{n} {state}' for state, n in sorted(states.items()))}")
    if states["wrong"]:
        raise typer.Exit(1)
