"""The same question, asked in other processes: is the answer the same, byte for byte?

`python -m eval.determinism` reads questions as JSON lines on standard input and prints a digest of each answer, without its timing.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from eval.results import CaseResult, Rate
from eval.stats import rate
from kb.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = 24
PROCESSES = 3


def digest(record: Mapping[str, Any]) -> str:
    """A digest of an answer record without its timing."""
    kept = {key: value for key, value in record.items() if key != "timing_ms"}
    return hashlib.sha256(json.dumps(kept, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def sample(results: Sequence[CaseResult], size: int = SAMPLE) -> list[CaseResult]:
    """Every so-many-th result, so that all languages and kinds are met."""
    step = max(1, len(results) // size)
    return list(results[::step][:size])


def same_elsewhere(results: Sequence[CaseResult], settings: Settings, processes: int = PROCESSES) -> Rate:
    """determinism: of a sample of answers, those that are byte-identical in every one of some other processes.

    Each process has another seed for the hashes of Python, on which the order of sets depends.
    """
    chosen = sample([result for result in results if result.answer is not None])
    if not chosen:
        return rate(0, 0, "nothing was answered")
    asked = "".join(json.dumps({"id": r.id, "question": r.question, "on": r.on}) + "\n" for r in chosen)
    same = [True] * len(chosen)
    handed_on = {f"KB_{name.upper()}": str(value) for name, value in settings.model_dump().items()}
    for seed in range(1, processes + 1):
        found = subprocess.run(
            [sys.executable, "-m", "eval.determinism"],
            input=asked,
            capture_output=True,
            text=True,
            encoding="utf-8",
            env=os.environ | handed_on | {"PYTHONHASHSEED": str(seed)},
            cwd=ROOT,
            check=False,
        )
        lines = found.stdout.split() if found.returncode == 0 else []
        if len(lines) != len(chosen):
            return rate(0, 0, f"another process failed: {found.stderr.strip()[-200:]}")
        same = [s and line == digest(r.answer or {}) for s, line, r in zip(same, lines, chosen, strict=True)]
    return rate(sum(same), len(same))


def main() -> None:
    from kb.assistant import Assistant
    from kb.record import answer_record

    assistant = Assistant.open(Settings())
    for line in sys.stdin:
        asked = json.loads(line)
        answer = assistant.ask(assistant.query(asked["question"], date.fromisoformat(asked["on"])))
        print(digest(answer_record(answer, asked["id"])))


if __name__ == "__main__":
    main()
