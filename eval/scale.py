"""What 100, 10,000 and 1,000,000 users need: arithmetic over measured figures. `python -m eval.scale --write` writes docs/scale.md.

The figures of speed and memory are read from docs/performance.md; those below were measured once, as docs/scale.md says. Nothing here
measures anything.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from math import ceil
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE, SPEED = ROOT / "docs" / "scale.md", ROOT / "docs" / "performance.md"
MARKS = ("<!-- derived: begin -->", "<!-- derived: end -->")
USERS = (100, 10_000, 1_000_000)
DAY = 8 * 3600
"""Seconds of a working day."""


@dataclass(frozen=True, slots=True)
class Assumed:
    """What is not known. Each is an argument: put your own in."""

    questions: float = 1.0
    """Questions a user and working day."""
    days: int = 250
    """Working days a year."""
    peak: float = 5.0
    """Questions a second at the worst hour, by those of the mean."""
    load: float = 0.5
    """The share of what a copy can do that it is asked to do at the worst."""
    log_ins: float = 1.0
    """Log-ins a user and working day."""
    entries: float = 2.0
    """Entries of the audit trail a user and working day: log-in and log-out."""
    keep_days: int = 180
    """After so many days answers are purged."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured. `rate` and `memory` (MiB) are those of one process in docs/performance.md."""

    rate: float
    memory: float
    cores: int = 2
    """Of the machine on which `rate` was measured, the load program included."""
    answer: int = 3_668
    """Bytes of an answer in PostgreSQL, indexes included."""
    answer_sqlite: int = 8_855
    entry: int = 374
    """Bytes of an entry of the audit trail in PostgreSQL."""
    log_in: float = 0.27
    """Seconds of processor time of a log-in (argon2)."""
    entries_a_second: int = 294
    """Entries of the trail that one connection wrote."""
    connections: int = 15
    """Connections that a copy opens at most (SQLAlchemy's pool: 5 kept, 10 more)."""


@dataclass(frozen=True, slots=True)
class Needed:
    """What so many users need."""

    users: int
    a_day: float
    mean: float
    peak: float
    busy: int
    copies: int
    cores: int
    memory: float
    connections: int
    answers_a_year: float
    grows: float
    grows_sqlite: float
    trail: float
    kept: float
    log_in_cores: float
    entries: float


def measured(page: str) -> Measured:
    """The figures of docs/performance.md."""
    rate = re.search(r"^\| answers over HTTP, 8 clients \| ([\d.,]+) answers/s", page, re.MULTILINE)
    memory = re.search(r"^\| peak memory of the app \| ([\d.,]+) MiB", page, re.MULTILINE)
    if not rate or not memory:
        raise ValueError("docs/performance.md has no figure for 8 clients, or for the memory of the app")
    return Measured(rate=float(rate[1].replace(",", "")), memory=float(memory[1].replace(",", "")))


def needed(users: int, a: Assumed, m: Measured) -> Needed:
    a_day = users * a.questions
    mean = a_day / DAY
    peak = mean * a.peak
    busy = max(1, ceil(peak / (m.rate * a.load)))
    copies = busy + 1
    a_year = a_day * a.days
    return Needed(
        users=users,
        a_day=a_day,
        mean=mean,
        peak=peak,
        busy=busy,
        copies=copies,
        cores=copies * m.cores,
        memory=copies * m.memory / 1024,
        connections=copies * m.connections,
        answers_a_year=a_year,
        grows=a_year * m.answer / 1e9,
        grows_sqlite=a_year * m.answer_sqlite / 1e9,
        trail=users * a.entries * a.days * m.entry / 1e9,
        kept=a_year * a.keep_days / 365 * m.answer / 1e9,
        log_in_cores=users * a.log_ins / DAY * a.peak * m.log_in,
        entries=users * a.entries / DAY * a.peak,
    )


def number(value: float) -> str:
    """Two figures that count below ten, whole numbers above."""
    return f"{value:.2g}" if value < 10 else f"{value:,.0f}"


def table(a: Assumed, m: Measured) -> str:
    found = [needed(users, a, m) for users in USERS]
    rows: tuple[tuple[str, str, list[float]], ...] = (
        ("questions a day", "users × questions", [n.a_day for n in found]),
        ("questions a second, mean", "questions a day ÷ 28,800 s", [n.mean for n in found]),
        ("questions a second, peak", "mean × peak factor", [n.peak for n in found]),
        ("copies that are busy at the peak", f"peak ÷ ({m.rate:g} × load), rounded up", [n.busy for n in found]),
        ("**copies**", "and one to spare", [n.copies for n in found]),
        ("**cores** for them", f"copies × {m.cores}", [n.cores for n in found]),
        ("**memory** for them, GiB", f"copies × {m.memory:,.0f} MiB ÷ 1024", [n.memory for n in found]),
        ("connections to PostgreSQL, at most", f"copies × {m.connections}", [n.connections for n in found]),
        ("answers a year", "questions a day × working days", [n.answers_a_year for n in found]),
        ("**records, growth a year**, GB", f"answers a year × {m.answer:,} bytes", [n.grows for n in found]),
        ("the same in SQLite, GB", f"answers a year × {m.answer_sqlite:,} bytes", [n.grows_sqlite for n in found]),
        (
            "records where they are purged, GB",
            f"growth a year × {a.keep_days} ÷ 365",
            [n.kept for n in found],
        ),
        (
            "audit trail, growth a year, GB",
            f"users × entries × working days × {m.entry} bytes",
            [n.trail for n in found],
        ),
        ("entries of the trail a second, peak", "users × entries ÷ 28,800 s × peak factor", [n.entries for n in found]),
        (
            "cores for log-ins, peak",
            f"users × log-ins ÷ 28,800 s × peak factor × {m.log_in} s",
            [n.log_in_cores for n in found],
        ),
    )
    head = "| | how | " + " | ".join(f"{users:,} users" for users in USERS) + " |"
    lines = [head, "|---|---|" + "---|" * len(USERS)]
    lines += [f"| {what} | {how} | " + " | ".join(number(v) for v in values) + " |" for what, how, values in rows]
    return "\n".join(lines)


def written(page: str, speed: str) -> str:
    """The page with its table as it should be."""
    before, rest = page.split(MARKS[0])
    _, after = rest.split(MARKS[1])
    return f"{before}{MARKS[0]}\n\n{table(Assumed(), measured(speed))}\n\n{MARKS[1]}{after}"


def main() -> None:
    page = written(PAGE.read_text(encoding="utf-8"), SPEED.read_text(encoding="utf-8"))
    if "--write" in sys.argv[1:]:
        PAGE.write_text(page, encoding="utf-8")
    else:
        print(table(Assumed(), measured(SPEED.read_text(encoding="utf-8"))))


if __name__ == "__main__":
    main()
