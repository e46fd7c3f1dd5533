"""The assistant behind the pages: its model is loaded in the background, so that the page is there first."""

from __future__ import annotations

import threading
from collections.abc import MutableMapping
from typing import Any

from kb.assistant import Assistant
from kb.corpus import Corpus
from kb.errors import KBError
from kb.model import Answer
from kb.ui.metrics import Metrics
from kb.ui.request_log import note_answer

FIRST = ("face recognition", "人脸识别", "reconnaissance faciale")
"""Searched before the first reader asks: what is made at the first question of a language is then there. No chat model sees it."""


class Backend:
    """Holds one assistant for all pages. `assistant()` waits for the model; `ready()` and `trouble()` never do."""

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant
        assistant.index.checks_graph = True
        self.metrics = Metrics()
        self.metrics.describe(assistant.provenance, self.chroma_answers, assistant.index.missed_share)
        self._done = threading.Event()
        self._error: KBError | None = None
        threading.Thread(target=self._load, name="load-model", daemon=True).start()

    @property
    def corpus(self) -> Corpus:
        return self._assistant.corpus

    @property
    def chat_model(self) -> str | None:
        """The chat model to which questions are sent; None where they stay on this machine."""
        return self._assistant.chat.name if self._assistant.chat else None

    def _load(self) -> None:
        try:
            for text in FIRST:
                self._assistant.search(self._assistant.query(text), 1)
        except KBError as error:
            self._error = error
        finally:
            self._done.set()

    def assistant(self) -> Assistant:
        """The assistant with its model loaded; the error that prevented it otherwise."""
        self._done.wait()
        if self._error:
            raise self._error
        return self._assistant

    def ready(self) -> bool:
        return self._done.is_set() and self._error is None

    def note(self, answer: Answer, key: str | None, scope: MutableMapping[str, Any]) -> None:
        """Count an answer that was given, and say so in the log. `key` is its id in the records, None where it was not kept."""
        self.metrics.answered(answer)
        if key is None:
            self.metrics.not_kept()
        note_answer(scope, answer, key, self._assistant.settings.log_questions)

    def chroma_answers(self) -> bool:
        """Whether the last question to Chroma did not fail; without it answers are slower, not worse."""
        return self._assistant.index.nearest.state != "failing"

    def trouble(self) -> str | None:
        return str(self._error) if self._error else None
