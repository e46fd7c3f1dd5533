"""Small plots as inline SVG. They hold no text: the numbers stand beside them in HTML, so that they can be read at any width.

Colours are left to the style sheet of the page (classes `grid`, `span`, `point`, `bar`, `mark`), which knows light, dark and print.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from markupsafe import Markup

_OPEN = Markup('<svg class="{}" viewBox="0 0 {} {}" preserveAspectRatio="none" aria-hidden="true" focusable="false">')
_LINE = Markup('<line class="{}" x1="{}" y1="{}" x2="{}" y2="{}"/>')
_RECT = Markup('<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>')


def interval(
    value: float | None, low: float | None, high: float | None, start: float = 0.0, end: float = 1.0
) -> Markup:
    """A point with its interval on a scale from `start` to `end`, with a grid line each quarter; a bare scale without a value."""

    def at(x: float) -> str:
        return f"{100 * (min(max(x, start), end) - start) / (end - start):.2f}"

    drawn = [_OPEN.format("interval", 100, 12)]
    drawn += [_LINE.format("grid", x, 0, x, 12) for x in (0, 25, 50, 75, 100)]
    if low is not None and high is not None:
        drawn.append(_LINE.format("span", at(low), 6, at(high), 6))
    if value is not None:
        drawn.append(_LINE.format("point", at(value), 2, at(value), 10))
    return Markup("").join([*drawn, Markup("</svg>")])


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts of equal bins from 0 to `end`; the last bin also counts what lies beyond (`beyond` of them)."""

    counts: tuple[int, ...]
    end: float
    beyond: int

    def svg(self, marks: Sequence[float] = ()) -> Markup:
        """Bars from left to right, the fullest as high as the plot; `marks` are values shown as lines."""
        most, width = max(self.counts, default=0), 100 / max(1, len(self.counts))
        drawn = [_OPEN.format("histogram", 100, 100)]
        for i, count in enumerate(self.counts):
            height = 100 * count / most if most else 0
            drawn.append(
                _RECT.format("bar", f"{i * width:.2f}", f"{100 - height:.2f}", f"{width * 0.9:.2f}", f"{height:.2f}")
            )
        for mark in marks:
            x = f"{100 * min(mark / self.end, 1):.2f}"
            drawn.append(_LINE.format("mark", x, 0, x, 100))
        return Markup("").join([*drawn, Markup("</svg>")])


def histogram(values: Sequence[float], bins: int = 24) -> Histogram | None:
    """Bins of a round width that reach the 99th hundredth of the values (none below 0); None without values."""
    if not values:
        return None
    ordered = sorted(values)
    reach = ordered[min(len(ordered) - 1, ceil(0.99 * len(ordered)) - 1)]
    width = _round_up(reach / bins)
    counts = [0] * max(1, ceil(reach / width) if reach else 1)
    for value in ordered:
        counts[min(int(value / width), len(counts) - 1)] += 1
    end = width * len(counts)
    return Histogram(tuple(counts), end, sum(value > end for value in ordered))


def _round_up(x: float) -> float:
    """The next of 1, 2, 5, 10, 20, 50 … that is not below x (1 at least)."""
    scale = 1.0
    while True:
        for step in (1.0, 2.0, 5.0):
            if step * scale >= x:
                return step * scale
        scale *= 10
