"""HTTP as uvicorn speaks it, with an end to patience: uvicorn itself waits for ever for the head of a request and for a reader.

The body of a request is the guard's matter (`kb.ui.guard`) until it is answered; what still comes behind an answer is this one's.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from kb.settings import Settings
from kb.ui.limits import SECONDS_BUSY

READ_TIMES = 3
"""How many times as long as a request may take to arrive the other side may leave an answer unread."""
_FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 22\r\n"
    b"Retry-After: %d\r\nConnection: close\r\n\r\nToo many connections.\n" % SECONDS_BUSY
)


class Impatient(H11Protocol):
    """One connection. It is closed where a head, or what comes behind an answer, takes longer than `seconds`, where an answer is not
    read, and at once where there are `most` others. The parser refuses a head above 64 kB."""

    seconds: float
    most: int

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._coming: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > self.most:
            transport.write(_FULL)
            transport.close()
            return
        self._watch()

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop()
        self.resume_writing()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._unread = self._unread or self.loop.call_later(self.seconds * READ_TIMES, self.transport.abort)

    def resume_writing(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None
        super().resume_writing()

    def _watch(self) -> None:
        """The clock runs while a head is awaited, or a body whose request is answered; further bytes do not set it back."""
        answered = self.cycle is None or self.cycle.response_complete
        if self.transport.is_closing() or not answered:
            self._stop()
        elif self._coming is None:
            self._coming = self.loop.call_later(self.seconds, self._too_slow)

    def _stop(self) -> None:
        if self._coming is not None:
            self._coming.cancel()
            self._coming = None

    def _too_slow(self) -> None:
        self._coming = None
        if self.cycle is None or self.cycle.response_complete:
            self.transport.close()


def protocol(settings: Settings) -> type[Impatient]:
    """The class of connections for these settings: uvicorn makes one of it a connection."""
    return type("Connection", (Impatient,), {"seconds": settings.limit_seconds, "most": settings.limit_connections})
