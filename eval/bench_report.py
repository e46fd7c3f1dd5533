"""Figures of a benchmark: medians with their spread, ratios, targets; the table, the page docs/performance.md and its plot.

Nothing here measures anything. Times are in seconds or milliseconds as the unit of a row says, memory and disk in MiB.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from html import escape
from math import log10
from typing import Any

import numpy as np

MARKS = ("<!-- measured: begin -->", "<!-- measured: end -->")
"""What stands between these lines of the page is written by `python -m eval.bench --write`."""


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of some values, the least and the greatest of them, and how many there are."""

    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class Target:
    """What a figure should be: its `limit`, in the unit of `of`; `least` where the limit is to be reached, not kept."""

    limit: float
    of: str = "ratio"
    least: bool = False

    def met(self, value: float) -> bool:
        return value >= self.limit if self.least else value <= self.limit


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: what was measured of the knowledge base, what of the thing `beside` it, and the one by the other."""

    measure: str
    about: str
    unit: str
    ours: Spread
    beside: str = ""
    theirs: Spread | None = None
    ratio: Spread | None = None
    target: Target | None = None
    note: str = ""
    """What else there is to say of the figure, in a few words."""

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None where there is none, or nothing to judge it by."""
        if self.target is None:
            return None
        judged = self.ratio if self.target.of == "ratio" else self.ours
        return None if judged is None else self.target.met(judged.value)


# ------------------------------------------------------------------ figures


def spread(values: Sequence[float]) -> Spread:
    """The median with the least and the greatest; ValueError where nothing was measured."""
    if not values:
        raise ValueError("nothing was measured")
    return Spread(float(np.median(values)), float(min(values)), float(max(values)), len(values))


def percentile(values: Sequence[float], q: float) -> float:
    """The q-th hundredth of the values, by linear interpolation."""
    return float(np.percentile(np.asarray(values, float), q))


def percentiles(rounds: Sequence[Sequence[float]], q: float) -> Spread:
    """The q-th hundredth of each round, as one figure with the spread of the rounds."""
    return spread([percentile(values, q) for values in rounds])


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> Spread:
    """The one by the other, round by round: what disturbs a round disturbs both, so the spread is that of the quotients."""
    return spread([a / b for a, b in zip(ours, theirs, strict=True)])


def compared(
    measure: str,
    about: str,
    unit: str,
    ours: Sequence[float],
    beside: str,
    theirs: Sequence[float],
    target: Target | None = None,
) -> Row:
    """A row of pairs that were measured in turn, one value of each a round."""
    return Row(measure, about, unit, spread(ours), beside, spread(theirs), ratio(ours, theirs), target)


# ------------------------------------------------------------------ words

HEAD = ("what", "knowledge base", "beside it", "ratio", "target", "")


def number(value: float) -> str:
    """Three digits that count, without an exponent."""
    if value == 0:
        return "0"
    digits = max(0, 2 - int(np.floor(log10(abs(value)))))
    return f"{value:,.{digits}f}"


def spread_words(found: Spread | None, unit: str = "") -> str:
    """12.3 ms (11.9–12.8): the median, and the least and the greatest where there are several."""
    if found is None:
        return "–"
    if unit == "" and found.low.is_integer() and found.high.is_integer():  # a count
        return (
            f"{found.value:,.0f}" if found.low == found.high else f"{found.value:,g} ({found.low:,g}–{found.high:,g})"
        )
    said = f"{number(found.value)}{'' if unit in ('', '×') else ' '}{unit}"
    return said if found.n == 1 or found.low == found.high else f"{said} ({number(found.low)}–{number(found.high)})"


def target_words(row: Row) -> str:
    if row.target is None:
        return "–"
    unit = "×" if row.target.of == "ratio" else f" {row.unit}".rstrip()
    return f"{'≥' if row.target.least else '≤'} {number(row.target.limit)}{unit}"


def verdict(row: Row) -> str:
    return {True: "met", False: "missed", None: ""}[row.met]


def cells(row: Row) -> tuple[str, ...]:
    """A row of the table, as HEAD names its cells."""
    theirs = f"{row.beside}: {spread_words(row.theirs, row.unit)}" if row.theirs else "–"
    return (
        row.about,
        spread_words(row.ours, row.unit) + (f" {row.note}" if row.note else ""),
        theirs,
        spread_words(row.ratio, "×"),
        target_words(row),
        verdict(row),
    )


def markdown(rows: Sequence[Row]) -> str:
    lines = [HEAD, ("---",) * len(HEAD), *map(cells, rows)]
    return "\n".join("| " + " | ".join(line).rstrip() + " |" for line in lines)


def summary(rows: Sequence[Row]) -> str:
    """How many targets are met, and which are missed, in a sentence."""
    judged = [row for row in rows if row.met is not None]
    missed = [row for row in judged if not row.met]
    if not judged:
        return "No figure here has a target."
    said = f"{len(judged) - len(missed)} of {len(judged)} targets are met."
    if missed:
        said += " Missed: " + "; ".join(f"{row.about} ({_judged(row)}, {target_words(row)})" for row in missed) + "."
    return said


def _judged(row: Row) -> str:
    by_ratio = row.target is not None and row.target.of == "ratio"
    return spread_words(row.ratio, "×") if by_ratio else spread_words(row.ours, row.unit)


# ------------------------------------------------------------------ page


def measured_part(rows: Sequence[Row], machine: Mapping[str, str]) -> str:
    """What stands between the marks: the machine, the verdict, the table of each measure."""
    about = "\n".join(f"- {name}: {value}" for name, value in machine.items())
    return f"{about}\n\n**{summary(rows)}**\n\n{markdown(rows)}\n"


def with_part(page: str, part: str) -> str:
    """The page with its measured part written anew; ValueError where the marks are not there, once each and in order."""
    begin, end = MARKS
    if page.count(begin) != 1 or page.count(end) != 1 or page.index(begin) > page.index(end):
        raise ValueError(f"the page needs {begin} and {end}, once each")
    return f"{page[: page.index(begin)]}{begin}\n\n{part}\n{page[page.index(end) :]}"


def record(rows: Sequence[Row], machine: Mapping[str, str]) -> dict[str, Any]:
    """A run as JSON; `met` is null where a figure has no target."""
    return {"machine": dict(machine), "rows": [asdict(row) | {"met": row.met} for row in rows]}


# ------------------------------------------------------------------ plot

_WIDTH, _LINE, _LEFT, _RIGHT = 860, 26, 420, 120
_DECADES = (-2, -1, 0, 1)
"""The scale goes from a hundredth to ten times the limit."""
_STYLE = """
text { font: 13px system-ui, sans-serif; fill: #1f2937 } .small { font-size: 11px; fill: #4b5563 }
.grid { stroke: #d1d5db } .limit { stroke: #1f2937; stroke-width: 1.5 } .met { fill: #047857; stroke: #047857 }
.missed { fill: #b45309; stroke: #b45309 } .back { fill: #ffffff } .span { stroke-width: 2 }
"""


def plot(rows: Sequence[Row]) -> str:
    """An SVG: every figure with a target, by its target, on a logarithmic scale; left of the line is better.

    The colour says nothing that the shape does not: a met target is a dot, a missed one a square.
    """
    shown = [(row, *shares) for row in rows if (shares := _shares(row))]
    height = _LINE * (len(shown) + 2) + 10
    bottom = height - _LINE
    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" viewBox="0 0 {_WIDTH} {height}" role="img">',
        f"<title>{escape(summary(rows))}</title>",
        f"<style>{_STYLE}</style>",
        f'<rect class="back" width="{_WIDTH}" height="{height}"/>',
    ]
    for decade in _DECADES:
        x, word = _x(10.0**decade), "the target" if decade == 0 else f"{10.0**decade:g}×"
        kind = "limit" if decade == 0 else "grid"
        drawn.append(f'<line class="{kind}" x1="{x:.1f}" x2="{x:.1f}" y1="8" y2="{bottom}"/>')
        drawn.append(f'<text class="small" x="{x:.1f}" y="{bottom + 16}" text-anchor="middle">{word}</text>')
    for line, (row, value, low, high) in enumerate(shown):
        drawn += _drawn(row, value, low, high, 8 + _LINE * line + _LINE / 2)
    return "\n".join([*drawn, "</svg>"]) + "\n"


def _drawn(row: Row, value: float, low: float, high: float, y: float) -> list[str]:
    kind = "met" if row.met else "missed"
    shape = (
        f'<circle class="{kind}" cx="{_x(value):.1f}" cy="{y:.1f}" r="5"/>'
        if row.met
        else f'<rect class="{kind}" x="{_x(value) - 5:.1f}" y="{y - 5:.1f}" width="10" height="10"/>'
    )
    return [
        f'<text x="{_LEFT - 14}" y="{y + 4:.1f}" text-anchor="end">{escape(row.about)}</text>',
        f'<line class="span {kind}" x1="{_x(low):.1f}" x2="{_x(high):.1f}" y1="{y:.1f}" y2="{y:.1f}"/>',
        shape,
        f'<text class="small" x="{_WIDTH - _RIGHT + 20}" y="{y + 4:.1f}">{escape(_judged(row).split(" (")[0])} {kind}</text>',
    ]


def _shares(row: Row) -> tuple[float, float, float] | None:
    """Value, least and greatest by the limit, so that less is better; None where that cannot be told."""
    judged = row.ratio if row.target and row.target.of == "ratio" else row.ours
    if row.target is None or judged is None:
        return None
    values = (judged.value, judged.low, judged.high)
    if row.target.least:
        value, high, low = (row.target.limit / v if v else float("inf") for v in values)
        return value, low, high
    if row.target.limit == 0:  # none may happen: at the line where none did, else beyond the scale
        return (1.0, 1.0, 1.0) if judged.value == 0 else (10.0, 10.0, 10.0)
    value, low, high = (v / row.target.limit for v in values)
    return value, low, high


def _x(share: float) -> float:
    least, most = _DECADES[0], _DECADES[-1]
    at = min(max(log10(share) if share > 0 else least, least), most) if share != float("inf") else most
    return _LEFT + (_WIDTH - _LEFT - _RIGHT) * (at - least) / (most - least)
