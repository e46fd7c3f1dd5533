"""Ask every case and report: `python -m eval.run [--json]`. Exit 1 where something happened that must never happen.

Deterministic and offline; no judge but the cases themselves.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from datetime import date
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from eval.cases import FOLDER, Case, load_cases
from eval.metrics import Rate, acceptable, decided, violations
from kb.assistant import Assistant
from kb.cli import open_assistant
from kb.errors import KBError
from kb.model import Answer

ON = date(2026, 11, 22)
"""The day on which the cases were labelled: their answers are those of that day."""


def evaluate(assistant: Assistant, cases: list[Case]) -> dict[str, Any]:
    """Rates by kind and by language, the misses with what they cited, the violations, and what was measured."""
    answers = [(case, assistant.ask(assistant.query(case.question, ON))) for case in cases]
    groups: defaultdict[str, list[tuple[Case, Answer]]] = defaultdict(list)
    for case, answer in answers:
        for group in ("all", f"kind {case.kind}", f"language {case.language}"):
            groups[group].append((case, answer))
    times = sorted(answer.timing_ms["total"] for _, answer in answers)
    return {
        "cases": len(cases),
        "provenance": dict(assistant.provenance),
        "on": ON.isoformat(),
        "rates": {group: _rates(pairs) for group, pairs in sorted(groups.items())},
        "misses": [_miss(case, answer) for case, answer in answers if not decided(case, answer)],
        "violations": {case.id: found for case, answer in answers if (found := violations(answer, assistant))},
        "answer_ms": {"p50": times[len(times) // 2], "p95": times[int(len(times) * 0.95)]},
    }


def _rates(pairs: list[tuple[Case, Answer]]) -> dict[str, str]:
    precision = [acceptable(case, answer) for case, answer in pairs if not case.refusal]
    return {
        "decided": str(Rate(sum(decided(case, answer) for case, answer in pairs), len(pairs))),
        "citations acceptable": str(Rate(sum(r.hits for r in precision), sum(r.n for r in precision))),
    }


def _miss(case: Case, answer: Answer) -> dict[str, Any]:
    return {
        "id": case.id,
        "question": case.question,
        "expected": case.refusal or list(case.must),
        "got": answer.refusal.kind if answer.refusal else [str(c.id) for c in answer.citations],
    }


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m eval.run", description=__doc__)
    parser.add_argument("--cases", type=Path, default=FOLDER / "development.yaml", help="a file of cases")
    parser.add_argument("--json", action="store_true", help="the whole report as JSON")
    arguments = parser.parse_args()
    try:
        cases = load_cases(arguments.cases)
        report = evaluate(open_assistant(), cases)
    except KBError as error:
        print(f"eval: {error}", file=sys.stderr)
        return 2
    if arguments.json:
        print(json.dumps(report, ensure_ascii=False, indent=1))
    else:
        table = Table("group", "decided [95 % interval]", "citations acceptable")
        for group, rates in report["rates"].items():
            table.add_row(group, rates["decided"], rates["citations acceptable"])
        Console().print(table)
        for miss in report["misses"]:
            print(f"{miss['id']}: expected {miss['expected']}, got {miss['got']}")
        print(
            f"{len(report['violations'])} violations; p50 {report['answer_ms']['p50']} ms, p95 {report['answer_ms']['p95']} ms"
        )
    return 1 if report["violations"] else 0


if __name__ == "__main__":
    sys.exit(main())
