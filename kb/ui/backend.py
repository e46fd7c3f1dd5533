"""The assistant behind the pages: its model is loaded in the background, so that the page is there first."""

from __future__ import annotations

import threading

from kb.assistant import Assistant
from kb.corpus import Corpus
from kb.errors import KBError


class Backend:
    """Holds one assistant for all pages. `assistant()` waits for the model; `ready()` and `trouble()` never do."""

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant
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
            self._assistant.retriever.encode("ready")
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

    def trouble(self) -> str | None:
        return str(self._error) if self._error else None
