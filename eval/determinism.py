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


class Elsewhere:
    """Some other processes that answer a sample again, side by side, from the moment this is made.

    Each has another seed for the hashes of Python, on which the order of sets depends, and one thread.
    """

    def __init__(self, results: Sequence[CaseResult], settings: Settings, processes: int = PROCESSES) -> None:
        self._chosen = sample([result for result in results if result.answer is not None])
        handed_on = {f"KB_{name.upper()}": str(value) for name, value in settings.model_dump().items()}
        asked = "".join(json.dumps({"id": r.id, "question": r.question, "on": r.on}) + "\n" for r in self._chosen)
        self._running: list[subprocess.Popen[str]] = []
        for seed in range(1, processes + 1) if self._chosen else ():
            process = subprocess.Popen(
                [sys.executable, "-m", "eval.determinism"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                encoding="utf-8",
                env=os.environ | handed_on | {"PYTHONHASHSEED": str(seed), "OMP_NUM_THREADS": "1"},
                cwd=ROOT,
            )
            assert process.stdin is not None
            process.stdin.write(asked)
            process.stdin.close()
            process.stdin = None  # `communicate` would write to it again
            self._running.append(process)

    def same(self) -> Rate:
        """determinism: of the sample, the answers that are byte-identical in every process; waits for them."""
        if not self._chosen:
            return rate(0, 0, "nothing was answered")
        same = [True] * len(self._chosen)
        failures = []
        for process in self._running:
            out, errors = process.communicate()
            lines = out.split() if process.returncode == 0 else []
            if len(lines) != len(self._chosen):
                failures.append(errors.strip()[-200:])
                continue
            same = [s and line == digest(r.answer or {}) for s, line, r in zip(same, lines, self._chosen, strict=True)]
        if failures:
            return rate(0, 0, f"another process failed: {failures[0]}")
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
