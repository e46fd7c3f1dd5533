"""Figures of slices: what the cases add up to. Which metric is a share with Wilson's interval and which a mean is told here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from eval.cases import Case
from eval.results import CaseResult, Mean, SystemResult, Value
from eval.stats import Pair, harmonic, mean, percentile, rate, ratios

RATES = (
    "right",
    "wrong",
    "refused",
    "citation_existence",
    "quote_fidelity",
    "unattributed_text",
    "temporal_validity",
    "superseded_as_authority",
    "citation_precision_micro",
    "citation_recall_micro",
    "all_gold@10",
    "abstention_precision",
    "abstention_recall",
    "refusal_kind",
    "false_refusals",
    "premise_recall",
)
MEANS = (
    "citation_precision",
    "citation_recall",
    "citation_f1",
    "span_recall",
    "recall@1",
    "recall@5",
    "recall@10",
    "mrr@10",
    "ndcg@10",
    "abstention_f1",
    "truthfulness",
)
OF_PLACES = (
    "citation_precision",
    "citation_recall",
    "citation_f1",
    "citation_precision_micro",
    "citation_recall_micro",
    "citation_f1_micro",
    "recall@1",
    "recall@5",
    "recall@10",
    "all_gold@10",
    "mrr@10",
    "ndcg@10",
)
"""What can be told of a system that only ranks and cites."""
REASONS: Mapping[str, str] = {
    "abstention_precision": "nothing was refused",
    "abstention_recall": "no refusal was due",
    "abstention_f1": "no refusal was due or made",
    "refusal_kind": "no refusal that was due was made",
    "false_refusals": "no answer was due",
    "premise_recall": "no case expects a note",
    "span_recall": "no case has key facts",
    "superseded_as_authority": "nothing was answered",
}
PairsOf = Mapping[str, Mapping[str, Pair]]
"""Case → metric → pair."""


def slices(cases: Sequence[Case]) -> Iterator[tuple[str, list[Case]]]:
    """The slices of `eval.results`, "all" first. Cases of the split "earlier" stand only in a slice of their own."""
    reported = [case for case in cases if case.split != "earlier"]
    yield "all", reported
    for split in ("dev", "test", "earlier"):
        yield f"split {split}", [case for case in cases if case.split == split]
    for language in ("en", "zh", "fr"):
        yield f"language {language}", [case for case in reported if case.language == language]
    for kind in sorted({case.kind for case in reported}):
        yield f"kind {kind}", [case for case in reported if case.kind == kind]
    for tag in sorted({tag for case in reported for tag in case.tags if tag != case.kind}):
        yield f"tag {tag}", [case for case in reported if tag in case.tags]


def figures(cases: Sequence[Case], pairs: PairsOf, results: Mapping[str, CaseResult]) -> dict[str, dict[str, Value]]:
    """All metrics of the assistant in all slices that have cases."""
    return {name: _slice(some, pairs, results) for name, some in slices(cases) if some}


def _slice(cases: Sequence[Case], pairs: PairsOf, results: Mapping[str, CaseResult]) -> dict[str, Value]:
    found = _values([pairs[case.id] for case in cases], (*RATES, *MEANS, "citation_f1_micro"))
    found["robustness"] = robustness([results[case.id] for case in cases])
    times = [ms for case in cases if (ms := results[case.id].ms) is not None]
    found["latency_p50"], found["latency_p95"] = percentile(times, 50), percentile(times, 95)
    return found


def system_figures(name: str, about: str, cases: Sequence[Case], pairs: PairsOf) -> SystemResult:
    """The metrics of places of a baseline, in the slices of which it has cases."""
    found: dict[str, dict[str, Value]] = {}
    for slice_name, some in slices(cases):
        known = [pairs[case.id] for case in some if case.id in pairs]
        if known:
            found[slice_name] = _values(known, OF_PLACES)
    return SystemResult(name, about, found)


def _values(pairs: Sequence[Mapping[str, Pair]], metrics: Sequence[str]) -> dict[str, Value]:
    columns = {metric: [one.get(metric) for one in pairs] for metric in metrics}
    means = ratios({metric: columns[metric] for metric in metrics if metric in MEANS}, REASONS)
    found: dict[str, Value] = {}
    for metric in metrics:
        if metric in RATES:
            known = [pair for pair in columns[metric] if pair]
            over, under = (round(sum(pair[i] for pair in known)) for i in (0, 1))
            found[metric] = rate(over, under, REASONS.get(metric, "nothing to count"))
        elif metric in MEANS:
            found[metric] = means[metric]
        else:
            found[metric] = harmonic(columns["citation_precision_micro"], columns["citation_recall_micro"])
    return found


def robustness(results: Sequence[CaseResult]) -> Mean:
    """Over groups of one question in other words: the mean Jaccard index of the places cited, over all pairs of a group.

    Two refusals cite the same (nothing); a refusal and an answer share nothing.
    """
    groups: dict[str, list[frozenset[str]]] = {}
    for result in results:
        if result.group is not None and result.answer is not None:
            groups.setdefault(result.group, []).append(frozenset(result.cited))
    scores = [_agreement(cited) for cited in groups.values() if len(cited) > 1]
    return mean(scores, "no question is asked in other words")


def _agreement(cited: Sequence[frozenset[str]]) -> float:
    pairs = list(combinations(cited, 2))
    return sum(len(a & b) / len(a | b) if a | b else 1.0 for a, b in pairs) / len(pairs)
