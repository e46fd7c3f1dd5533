"""Ask the cases and measure the answers: `python -m eval.run [--split test] [--json FILE] …`; `kb eval` makes reports of it.

Deterministic and offline; no judge but the cases, the corpus and the record of each answer. Exit 1 where something happened that must
never happen.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import PrivateAttr

from eval.aggregate import figures
from eval.attribution import Phrases
from eval.baselines import CITED, run_baselines
from eval.cases import Case, all_cases, check_cases
from eval.corrupt import PER_KIND, corruptions
from eval.determinism import PROCESSES, SAMPLE, Elsewhere
from eval.metrics import Scored, cited_names, name_of, score_case
from eval.results import MEASURES, CaseResult, Report
from eval.stats import RESAMPLES, SEED
from kb.assistant import Assistant
from kb.encoder import Encoder
from kb.errors import KBError
from kb.model import Language
from kb.record import answer_record
from kb.retrieve import Found, LawRetriever

if TYPE_CHECKING:
    from concurrent.futures import Future

    from kb.fuse import Ranked

Split = Literal["all", "dev", "test", "earlier"]
Progress = Callable[[int, int], None]
DEPTH = 50
SYSTEMS = 5


class _Remembering(Encoder):
    """What encodes questions, with a memory: the search and the baselines ask again for vectors of questions that were answered."""

    def __init__(self, assistant: Assistant) -> None:
        self._assistant, self._inner = assistant, assistant.question_encoder
        self.name = self._inner.name
        self._known: dict[str, np.ndarray] = {}

    def encode_queries(self, texts: Sequence[str]) -> np.ndarray:
        for text in texts:
            if text not in self._known:  # one by one, as the assistant does: a batch rounds otherwise
                self._known[text] = self._inner.encode_queries([text])[0]
        return np.stack([self._known[text] for text in texts])

    def encode_passages(self, texts: Sequence[str], progress: Progress | None = None) -> np.ndarray:
        return self._assistant.encoder.encode_passages(texts, progress)


class _RememberingRetriever(LawRetriever):
    """The retriever with a memory: the ranking of a case is that of the search from which it was answered."""

    _known: dict[tuple[object, ...], Found] = PrivateAttr(default_factory=dict)

    def find(
        self,
        text: str,
        language: Language,
        on: date,
        named: Sequence[str] = (),
        vector: np.ndarray | None = None,
        words: Future[Ranked] | None = None,
    ) -> Found:
        key = (text, language, on, tuple(named))
        if key not in self._known:
            self._known[key] = super().find(text, language, on, named, vector, words)
        return self._known[key]


def remembering(assistant: Assistant) -> Assistant:
    """An assistant on the same index that asks nothing of the model or the index twice; the one given is not changed."""
    own = Assistant(assistant.corpus, assistant.settings, assistant.index, assistant.report)
    encoder = _Remembering(assistant)
    retriever = _RememberingRetriever(corpus=own.corpus, index=own.index, load_encoder=lambda: encoder)
    own.__dict__.update(encoder=encoder, retriever=retriever)
    return own


def measure(
    assistant: Assistant,
    split: str,
    baselines: bool = True,
    progress: Progress | None = None,
    *,
    determinism: bool = True,
    cases: Sequence[Case] | None = None,
) -> Report:
    """A whole run over a split ("all": all of them). `cases` are asked instead of those in `eval/cases`.

    `progress` is called with (steps done, steps in all). The assistant given is not changed; CorpusError where a case is unsound.
    """
    if cases is None:
        cases = all_cases()
        check_cases(cases, assistant.corpus)
    chosen = [case for case in cases if split in ("all", case.split)]
    own = remembering(assistant)
    phrases = Phrases(own.corpus)
    total = len(chosen) + (SYSTEMS * sum(bool(case.must) for case in chosen) if baselines else 0)
    done = 0

    def step() -> None:
        nonlocal done
        done += 1
        if progress:
            progress(done, total)

    scored: dict[str, Scored] = {}
    results: dict[str, CaseResult] = {}
    for case in chosen:
        results[case.id], scored[case.id] = ask(case, own, phrases)
        step()
    pairs = {name: one.pairs for name, one in scored.items()}
    metrics = figures(chosen, pairs, results)
    elsewhere = (
        Elsewhere(list(results.values()), own.settings) if determinism else None
    )  # they run while the searches do
    systems, differences = run_baselines(own, chosen, pairs, step) if baselines else ((), ())
    falsified = corruptions(chosen, results, own.corpus, phrases)
    if elsewhere and "all" in metrics:
        metrics["all"]["determinism"] = elsewhere.same()
    return Report(
        configuration=configuration(chosen),
        **own.provenance,
        split=split,
        results=tuple(results.values()),
        metrics=metrics,
        baselines=systems,
        differences=differences,
        corruptions=falsified,
    )


def ask(case: Case, assistant: Assistant, phrases: Phrases) -> tuple[CaseResult, Scored]:
    """One case: its answer, its ranking, its scores. Where the assistant fails there is no answer, and the case is unscored."""
    record: dict[str, Any] | None = None
    ranking: tuple[str, ...] = ()
    failure: tuple[str, ...] = ()
    try:
        query = assistant.query(case.question, case.on)
        record = answer_record(assistant.ask(query), case.id)
        ranking = ranked_names(assistant, case)
    except KBError as error:
        failure = (f"{type(error).__name__}: {error}",)
    scored = score_case(case, record, ranking, assistant.corpus, phrases)
    result = CaseResult(
        id=case.id,
        split=case.split,
        language=case.language,
        kind=case.kind,
        tags=case.tags,
        group=case.group,
        question=case.question,
        on=case.on.isoformat(),
        answer=record,
        cited=cited_names(record) if record else (),
        ranking=ranking,
        scores={name: scored.pairs[name] and _share(scored.pairs[name]) for name in MEASURES if name in scored.pairs},
        violations=scored.violations,
        verdict=scored.verdict,
        reasons=failure or scored.reasons,
        ms=record["timing_ms"]["total"] if record else None,
        cluster=case.cluster,
    )
    return result, scored


def _share(pair: tuple[float, float] | None) -> float | None:
    return pair[0] / pair[1] if pair and pair[1] else None


def ranked_names(assistant: Assistant, case: Case) -> tuple[str, ...]:
    """The places that the search of the assistant ranks, folded to whole articles and documents."""
    hits = assistant.search(assistant.query(case.question, case.on), 4 * DEPTH)
    return tuple(dict.fromkeys(name_of(hit.id) for hit in hits))[:DEPTH]


def configuration(cases: Sequence[Case]) -> Mapping[str, Any]:
    """What was set, and where it ran."""
    return {
        "cases": len(cases),
        "days": sorted({case.on.isoformat() for case in cases}),
        "depth": DEPTH,
        "cited_by_baselines": CITED,
        "resamples": RESAMPLES,
        "seed": SEED,
        "corruptions_a_kind": PER_KIND,
        "determinism": f"{SAMPLE} answers in {PROCESSES} processes",
        "python": platform.python_version(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
    }


def main() -> int:
    from kb.cli import open_assistant
    from kb.cli_corpus import progress_bar

    parser = argparse.ArgumentParser(prog="python -m eval.run", description=__doc__)
    parser.add_argument("--split", choices=("all", "dev", "test", "earlier"), default="all")
    parser.add_argument("--no-baselines", action="store_true", help="leave out the simple searches")
    parser.add_argument("--no-determinism", action="store_true", help="leave out the answers of other processes")
    parser.add_argument("--json", type=Path, help="write the whole report there")
    arguments = parser.parse_args()
    try:
        assistant = open_assistant()
        with progress_bar("asking", "questions") as progress:
            report = measure(
                assistant,
                arguments.split,
                not arguments.no_baselines,
                progress,
                determinism=not arguments.no_determinism,
            )
    except KBError as error:
        print(f"eval: {error}", file=sys.stderr)
        return 2
    if arguments.json:
        arguments.json.write_text(report.to_json(), encoding="utf-8")
    print(json.dumps(summary(report), ensure_ascii=False, indent=1))
    return 1 if any(result.violations for result in report.results) else 0


def summary(report: Report) -> dict[str, Any]:
    """The figures of the splits, one line a metric, and what must never happen."""
    shown = [name for name in report.metrics if name == "all" or name.startswith("split ")]
    return {
        "figures": {name: {m: str(value) for m, value in report.metrics[name].items()} for name in shown},
        "differences": {
            f"{d.system}, {d.metric}": f"{d.value:+.3f} [{d.low:+.3f}, {d.high:+.3f}] (n = {d.n})"
            for d in report.differences
            if d.slice == "all" and d.value is not None and d.low is not None and d.high is not None
        },
        "corruptions": {c.kind: f"{c.flagged}/{c.made}" for c in report.corruptions},
        "violations": {r.id: list(r.violations) for r in report.results if r.violations},
    }


if __name__ == "__main__":
    sys.exit(main())
