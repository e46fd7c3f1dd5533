"""How quick it is, beside a plain LangChain pipeline on the same texts: `python -m eval.bench` (`make bench`).

`--quick` takes some three minutes instead of twenty, for less sure figures and without the measures that take longest; `--only NAME` runs one measure (several may be named); `--growth 100` also
searches a hundred times the units, which takes long and much memory and disk. `--write` writes docs/performance.md and its plot anew.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from eval.bench_measures import FULL, MEASURES, NOT_QUICK, QUICK, Bench, machine
from eval.bench_report import HEAD, Row, cells, measured_part, plot, record, summary, with_part
from kb.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "performance.md"
PLOT = ROOT / "docs" / "performance.svg"


def print_rows(rows: Sequence[Row]) -> None:
    """The table on the terminal, as wide as it needs."""
    from rich.console import Console
    from rich.table import Table

    table = Table(*HEAD)
    for row in rows:
        table.add_row(*cells(row))
    console = Console()
    Console(width=max(console.width, 150) if not console.is_terminal else None).print(table)
    print(summary(rows))


def measure(bench: Bench, names: Sequence[str]) -> tuple[list[Row], bool]:
    """The rows of the measures named, and whether all of them ran to their end; one that fails is said and left out."""
    rows: list[Row] = []
    whole = True
    for name in names:
        try:
            rows += MEASURES[name](bench)
        except RuntimeError as error:
            whole = False
            print(f"{name}: {error}", file=sys.stderr)
    return rows, whole


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m eval.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help=f"few rounds; without {', '.join(NOT_QUICK)} unless named")
    parser.add_argument("--only", action="append", choices=list(MEASURES), metavar="NAME", help=", ".join(MEASURES))
    parser.add_argument(
        "--growth", type=int, action="append", default=[], metavar="N", help="also a search of N times the units"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures")
    parser.add_argument("--write", action="store_true", help="write docs/performance.md (a whole run only)")
    given = parser.parse_args()
    if given.write and (given.quick or given.only):
        parser.error("--write publishes a whole run; leave --quick and --only out")
    if any(times < 2 for times in given.growth):
        parser.error("--growth: a number of 2 or more")
    return given


def main() -> int:
    """Run, print, write; 1 where a measure failed."""
    given = options()
    scale = QUICK if given.quick else FULL
    scale = replace(scale, growth=tuple(sorted({*scale.growth, *given.growth})))
    left_out = NOT_QUICK if given.quick and not given.only else ()
    names = given.only or [name for name in MEASURES if name not in left_out]
    about = {"measured on": date.today().isoformat(), **machine()}
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="kb-bench-") as work:
        bench = Bench(scale, Settings(), Path(work), lambda text: print(text, file=sys.stderr, flush=True))
        rows, whole = measure(bench, names)
    if rows:
        print_rows(rows)
    for name in left_out:
        print(f"left out of a quick run: {name} (--only {name})")
    print(f"measured in {time.perf_counter() - started:.0f} s")
    if given.json:
        given.json.write_text(json.dumps(record(rows, about), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    if given.write and whole:
        PAGE.write_text(with_part(PAGE.read_text(encoding="utf-8"), measured_part(rows, about)), encoding="utf-8")
        PLOT.write_text(plot(rows), encoding="utf-8")
    return 0 if whole else 1


if __name__ == "__main__":
    sys.exit(main())
