"""The committed baseline, what a run lost or gained against it, and what must never happen at all.

`eval/baseline.json` holds the verdict and scores of each case and the metrics of a run, the corpus it was made with, and no times.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from eval.paired import ALPHA, corrected, p_of_drop, p_of_loss
from eval.results import MEASURES, CaseResult, Report, Verdict
from kb.errors import BadInput

PATH = Path(__file__).parent / "baseline.json"
AT_ONE = ("citation_existence", "quote_fidelity", "temporal_validity")
AT_NOUGHT = ("unattributed_text", "superseded_as_authority")
"""Hard invariants: metrics that are 1, and 0, in every run."""
COMPARED = ("citation_precision", "citation_recall", "span_recall", "recall@10", "ndcg@10")
"""Scores of a case whose mean may not drop significantly; besides them the share of cases that are right."""
Flip = Literal["lost", "gained"]


class CaseLine(BaseModel):
    """What a baseline keeps of a case; `asked` tells whether the question is still the same."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    verdict: Verdict
    asked: str
    scores: dict[str, float | None]


class Baseline(BaseModel):
    """A run as it is committed. `metrics[slice][metric]` are values alone."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    corpus: str
    encoder: str
    generator: str
    version: str
    split: str
    metrics: dict[str, dict[str, float | None]]
    cases: dict[str, CaseLine]


@dataclass(frozen=True, slots=True)
class Compared:
    """One measure on the cases that both runs have. `gained`, `lost` count cases; `p` is corrected for all measures compared."""

    metric: str
    before: float
    now: float
    n: int
    gained: int
    lost: int
    p: float

    @property
    def dropped(self) -> bool:
        return self.p <= ALPHA


@dataclass(frozen=True, slots=True)
class Comparison:
    """`flips` are cases that are right in one run only, with both verdicts; `shared` of the cases of this run are in the baseline."""

    baseline: Baseline
    same_corpus: bool
    shared: int
    rows: tuple[Compared, ...]
    flips: Mapping[str, tuple[Flip, Verdict, Verdict]]

    @property
    def drops(self) -> tuple[Compared, ...]:
        return tuple(row for row in self.rows if row.dropped)


def baseline_of(report: Report) -> Baseline:
    return Baseline(
        corpus=report.corpus,
        encoder=report.encoder,
        generator=report.generator,
        version=report.version,
        split=report.split,
        metrics={
            part: {name: _short(v.value) for name, v in values.items() if MEASURES[name].unit != "ms"}
            for part, values in report.metrics.items()
            if not part.startswith(("kind ", "tag "))
        },
        cases={
            r.id: CaseLine(
                verdict=r.verdict, asked=_asked(r), scores={name: _short(r.scores.get(name)) for name in COMPARED}
            )
            for r in report.results
        },
    )


def write_baseline(report: Report, path: Path = PATH) -> None:
    """Write the baseline, one line a case and one a slice, so that a change of it can be read."""
    record = baseline_of(report).model_dump()
    lines = ["{"]
    for key, value in record.items():
        if isinstance(value, dict):
            inner = [f"  {json.dumps(k)}: {json.dumps(v, sort_keys=True)}" for k, v in value.items()]
            lines.append(f" {json.dumps(key)}: {{\n" + ",\n".join(inner) + "\n },")
        else:
            lines.append(f" {json.dumps(key)}: {json.dumps(value)},")
    lines[-1] = lines[-1].removesuffix(",")
    path.write_text("\n".join([*lines, "}"]) + "\n", encoding="utf-8")


def read_baseline(path: Path = PATH) -> Baseline | None:
    """The baseline of a file, None where there is no such file; BadInput where it cannot be used."""
    try:
        return Baseline.model_validate_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError, ValidationError) as error:
        reason = error.errors()[0]["msg"] if isinstance(error, ValidationError) else error
        raise BadInput(f"{path}: is no baseline ({reason}); write one with `kb eval --write-baseline`") from None


def compare(report: Report, baseline: Baseline) -> Comparison:
    """What changed on the cases that both have, asked in the same words on the same day."""
    shared = [r for r in report.results if r.id in baseline.cases and baseline.cases[r.id].asked == _asked(r)]
    before = {r.id: baseline.cases[r.id] for r in shared}
    flips: dict[str, tuple[Flip, Verdict, Verdict]] = {}
    for r in shared:
        was = before[r.id].verdict
        if (was == "right") != (r.verdict == "right"):
            flips[r.id] = ("gained" if r.verdict == "right" else "lost", was, r.verdict)
    pairs = {name: _pairs(before, shared, name) for name in COMPARED}
    pairs = {"right": [(float(before[r.id].verdict == "right"), float(r.verdict == "right")) for r in shared]} | pairs
    rows = [_row(name, values) for name, values in pairs.items() if values]
    corrected_p = corrected([row.p for row in rows])
    rows = [
        Compared(row.metric, row.before, row.now, row.n, row.gained, row.lost, p)
        for row, p in zip(rows, corrected_p, strict=True)
    ]
    return Comparison(baseline, baseline.corpus == report.corpus, len(shared), tuple(rows), flips)


def _pairs(before: Mapping[str, CaseLine], now: Sequence[CaseResult], name: str) -> list[tuple[float, float]]:
    """Both scores of each case that has both, rounded alike."""
    found = ((before[r.id].scores.get(name), _short(r.scores.get(name))) for r in now)
    return [(a, b) for a, b in found if a is not None and b is not None]


def _row(name: str, pairs: list[tuple[float, float]]) -> Compared:
    before, now = [a for a, _ in pairs], [b for _, b in pairs]
    gained, lost = sum(b > a for a, b in pairs), sum(b < a for a, b in pairs)
    p = p_of_loss(gained, lost) if name == "right" else p_of_drop(before, now)
    return Compared(name, sum(before) / len(pairs), sum(now) / len(pairs), len(pairs), gained, lost, p)


def broken(report: Report) -> Iterator[str]:
    """The hard invariants that a run breaks: metrics of every split, then the violations case by case."""
    for part in ("all", "split earlier"):
        values = report.metrics.get(part, {})
        for names, due in ((AT_ONE, 1.0), (AT_NOUGHT, 0.0)):
            for name in names:
                value = values[name].value if name in values else None
                if value is not None and value != due:
                    yield f"{MEASURES[name].title}, {part}: {values[name]}, must be {due:.0f}"
    for result in report.results:
        yield from (f"{result.id}: {said}" for said in result.violations)


def _asked(result: CaseResult) -> str:
    """A short fingerprint of the question and its day."""
    return hashlib.sha256(f"{result.on}\n{result.question}".encode()).hexdigest()[:8]


def _short(value: float | None) -> float | None:
    return None if value is None else round(value, 6)
