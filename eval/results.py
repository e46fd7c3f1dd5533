"""What an evaluation found: the records that reports, gates and baselines read, and their JSON.

Values are shares (0 to 1) unless `Measure.unit` says otherwise. There is no NaN: what cannot be computed is None, and `reason`
says why. A metric is found at `report.metrics[slice][metric]`; slices and metrics are named below.

Slices: "all" (every case of the run but those of the split "earlier"), "split dev", "split test", "split earlier",
"language en", "kind premise", "tag typo" … (within "all"). A slice without cases is left out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from pydantic import TypeAdapter

Verdict = Literal["right", "wrong", "refused", "unscored"]
"""`right`: every need is cited (or the refusal is of the expected kind) and nothing is misleading. `refused`: an answer was expected,
a refusal came. `wrong`: everything else that can be told. `unscored`: there is no answer to judge."""


@dataclass(frozen=True, slots=True)
class Rate:
    """`successes` of `n`; [low, high] is Wilson's 95 % interval. Without anything to count, None and the `reason`."""

    value: float | None
    low: float | None
    high: float | None
    successes: int
    n: int
    reason: str | None = None

    def __str__(self) -> str:
        if self.value is None:
            return "none"
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}] ({self.successes}/{self.n})"


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean, percentile or ratio over `n` cases (or groups); [low, high] is a 95 % bootstrap interval."""

    value: float | None
    low: float | None
    high: float | None
    n: int
    reason: str | None = None

    def __str__(self) -> str:
        if self.value is None:
            return "none"
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}] (n = {self.n})"


Value = Rate | Mean


@dataclass(frozen=True, slots=True)
class Measure:
    """What a metric is called and which way is better. The exact definition stands in `eval/metrics.py`."""

    title: str
    better: Literal["high", "low"] = "high"
    unit: Literal["share", "score", "ms"] = "share"


MEASURES: Mapping[str, Measure] = {
    "right": Measure("answers right"),
    "wrong": Measure("answers wrong", "low"),
    "refused": Measure("answers refused", "low"),
    "citation_existence": Measure("citations that exist"),
    "quote_fidelity": Measure("quotes word for word"),
    "unattributed_text": Measure("text without a source", "low"),
    "temporal_validity": Measure("citations with the right standing on the day"),
    "superseded_as_authority": Measure("answers with superseded authority", "low"),
    "citation_precision": Measure("citation precision (macro)"),
    "citation_recall": Measure("citation recall (macro)"),
    "citation_f1": Measure("citation F1 (macro)"),
    "citation_precision_micro": Measure("citation precision (micro)"),
    "citation_recall_micro": Measure("citation recall (micro)"),
    "citation_f1_micro": Measure("citation F1 (micro)"),
    "span_recall": Measure("key facts quoted"),
    "recall@1": Measure("recall at 1"),
    "recall@5": Measure("recall at 5"),
    "recall@10": Measure("recall at 10"),
    "all_gold@10": Measure("all needs at 10"),
    "mrr@10": Measure("reciprocal rank at 10"),
    "ndcg@10": Measure("nDCG at 10"),
    "abstention_precision": Measure("refusals that were due"),
    "abstention_recall": Measure("due refusals made"),
    "abstention_f1": Measure("refusals, F1"),
    "refusal_kind": Measure("due refusals for the right reason"),
    "false_refusals": Measure("answers refused that were due", "low"),
    "premise_recall": Measure("wrong premises corrected"),
    "truthfulness": Measure("truthfulness (CRAG, −1 to 1)", unit="score"),
    "robustness": Measure("same citations for the same question in other words"),
    "determinism": Measure("same answer in another process"),
    "latency_p50": Measure("median time of an answer", "low", "ms"),
    "latency_p95": Measure("95th percentile of the time of an answer", "low", "ms"),
}
"""Every metric, in the order in which a report shows them."""


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One case and what became of it.

    `answer` is the record of `kb.record.answer_record` (None where no answer came; `reasons` says why). `cited` holds what the answer
    cites, in order, each once: whole articles by id, documents and records by slug. `ranking` is the same for what the search found,
    best first, 50 at most. `scores` maps metric names to the score of this case, None where the metric does not apply to it.
    `violations` are things that must never happen. `cluster` is the law of the deciding place, by which differences are resampled.
    `ms` is the time of the answer in milliseconds, None where there is none.
    """

    id: str
    split: str
    language: str
    kind: str
    tags: tuple[str, ...]
    group: str | None
    question: str
    on: str
    answer: Mapping[str, Any] | None
    cited: tuple[str, ...]
    ranking: tuple[str, ...]
    scores: Mapping[str, float | None]
    violations: tuple[str, ...]
    verdict: Verdict
    reasons: tuple[str, ...]
    ms: float | None
    cluster: str = ""


@dataclass(frozen=True, slots=True)
class SystemResult:
    """A baseline on the same cases: `metrics[slice][metric]`; `about` says in a sentence what it does."""

    name: str
    about: str
    metrics: Mapping[str, Mapping[str, Value]]


@dataclass(frozen=True, slots=True)
class Difference:
    """The assistant less a baseline in one metric of one slice, on the `n` cases that both have a score for.

    [low, high] is a 95 % paired bootstrap interval; whole clusters (cases decided by the same law) are drawn.
    """

    system: str
    slice: str
    metric: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    clusters: int


@dataclass(frozen=True, slots=True)
class Corruption:
    """The evaluator's own test: `made` answers were falsified in one way, `flagged` of them lost a score; `missed` names the others."""

    kind: str
    made: int
    flagged: int
    missed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """A whole run. `configuration` holds what was set (day, splits, seeds, depth, machine), the next five the provenance."""

    configuration: Mapping[str, Any]
    corpus: str
    index: str
    encoder: str
    generator: str
    version: str
    split: str
    results: tuple[CaseResult, ...]
    metrics: Mapping[str, Mapping[str, Value]]
    baselines: tuple[SystemResult, ...] = ()
    differences: tuple[Difference, ...] = ()
    corruptions: tuple[Corruption, ...] = field(default=())

    def to_json(self) -> str:
        """The report as JSON, readable again by `from_json`; ValueError where a number is not finite."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1, allow_nan=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Report:
        """The report that `to_json` wrote; ValueError (of pydantic) says where the text does not fit."""
        return TypeAdapter(Report).validate_json(text)
