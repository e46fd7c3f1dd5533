"""One evaluation at a time, in a thread of its own: it goes on when the page is left, and its report is kept on disk."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from kb.errors import KBError
from kb.ui.backend import Backend

Split = Literal["all", "dev", "test"]


@dataclass(frozen=True, slots=True)
class RunState:
    """Where the current or last run stands; `total` is 0 before the first question. `error` says why it failed."""

    running: bool = False
    finished: bool = False
    done: int = 0
    total: int = 0
    error: str | None = None


class Evaluation:
    """The runs of all visitors of the page. `start` never waits; `state` may be asked at any time."""

    def __init__(self, backend: Backend, folder: Path) -> None:
        self._backend, self.folder = backend, folder
        self._lock = threading.Lock()
        self._state = RunState()

    @property
    def state(self) -> RunState:
        return self._state

    def start(self, split: Split, baselines: bool) -> bool:
        """Begin a run; False, and nothing happens, while another is in progress."""
        with self._lock:
            if self._state.running:
                return False
            self._state = RunState(running=True)
        threading.Thread(target=self._run, args=(split, baselines), name="evaluate", daemon=True).start()
        return True

    def _run(self, split: Split, baselines: bool) -> None:
        from eval.baseline import compare, read_baseline
        from eval.cases import all_cases
        from eval.report import forms, keep
        from eval.run import measure

        def progress(done: int, total: int) -> None:
            self._state = RunState(running=True, done=done, total=total)

        try:
            assistant = self._backend.assistant()
            report, held = measure(assistant, split, baselines, progress), read_baseline()
            comparison = compare(report, held) if held else None
            keep(forms(report, assistant.corpus, all_cases(), comparison), self.folder)
        except KBError as error:
            self._state = RunState(error=str(error))
        except Exception as error:
            self._state = RunState(error=f"{type(error).__name__}: {error}")
            raise  # the thread's traceback goes to the terminal
        else:
            self._state = RunState(finished=True)
