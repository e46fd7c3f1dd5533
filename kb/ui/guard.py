"""Behind the door: uploads and log-ins are counted, bodies that come too slowly or never end are given up, and only so much work waits.

`Guard` is ASGI middleware. It knows who asks from what the door wrote into the request.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from starlette.datastructures import MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kb.settings import Settings
from kb.ui.limits import SECONDS_BUSY, UPLOAD, Kind, asker, is_shared, refusal

WORK = ("/api/ask", "/api/search", "/api/check", "/review/export")
"""What keeps a thread busy for a while; the pages made with Gradio have a queue of their own."""
LOG_IN, MAX_LOG_IN = "/login", 20_000
"""Its address, and the bytes of a name and a password."""
OF_GRADIO = (
    "cancel", "file=", "heartbeat/", "queue/data", "queue/join", "reset", "startup-events", "theme.css", "upload", "upload_progress",
)  # fmt: skip
"""What the pages ask of Gradio. Its other ways in are closed: a proxy, calls past the queue, its editor, its recordings."""
UPLOAD_TIMES = 6
"""How many times as long as another body an upload may take."""


def is_open(path: str) -> bool:
    """Whether an address is one of ours or one that the pages ask of Gradio."""
    if path.split("/")[1:2] == ["monitoring"]:
        return False
    own = path.removeprefix("/gradio_api/")
    return own == path or own in OF_GRADIO or own.startswith(("file=", "heartbeat/"))


class Full(Exception):
    """Too many wait already."""


@dataclass(eq=False)
class Lane:
    """At most `at_once` at work and `waiting` more in order; nobody holds more than half of it, where askers can be told apart."""

    at_once: int
    waiting: int
    _free: asyncio.Semaphore = field(init=False)
    _held: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._free = asyncio.Semaphore(self.at_once)

    @asynccontextmanager
    async def turn(self, who: str, alone: bool) -> AsyncIterator[None]:
        """Wait for a turn and hold it; Full where there is no room to wait."""
        room = self.at_once + self.waiting
        if self._held.total() >= room or (not alone and self._held[who] >= max(1, room // 2)):
            raise Full
        self._held[who] += 1
        try:
            async with self._free:
                yield
        finally:
            self._held[who] -= 1
            if not self._held[who]:
                del self._held[who]


class Guard:
    """ASGI middleware between the door and the app."""

    def __init__(self, app: ASGIApp, settings: Settings, most: int, most_upload: int) -> None:
        self._app, self._seconds = app, settings.limit_seconds
        self._most, self._most_upload = most, most_upload
        work = Lane(16, settings.limit_waiting)
        self._lanes = dict.fromkeys(WORK, work) | {LOG_IN: Lane(2, 32)}  # a password's hash takes 64 MB for a moment
        self._kinds: dict[str, Kind] = {UPLOAD: "uploads", LOG_IN: "log_ins"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path, post = scope["path"].rstrip("/"), scope["method"] == "POST"
        if not is_open(path):
            await PlainTextResponse("Not found.\n", 404)(scope, receive, send)
            return
        kind = self._kinds.get(path) if post else None
        if kind and (seconds := scope["kb_limits"].wait(kind, scope)):
            await refusal(scope, 429, "too_many", seconds)(scope, receive, send)
            return
        body = Body(receive, send, *self._bounds(path))
        lane = self._lanes.get(path)
        try:
            if lane is None or (path == LOG_IN and not post):
                await self._app(scope, body.receive, body.send)
            else:
                await body.read()  # before a turn is taken: a slow client holds none
                if not body.broken:
                    async with lane.turn(asker(scope), is_shared(scope)):
                        await self._app(scope, body.receive, body.send)
        except Full:
            await refusal(scope, 503, "too_busy", SECONDS_BUSY)(scope, receive, send)
        except Exception:
            if not body.broken:
                raise
        if body.broken and not body.answered:
            status, key = body.broken
            reply = refusal(scope, status, key)
            reply.headers["Connection"] = "close"
            await reply(scope, receive, send)

    def _bounds(self, path: str) -> tuple[int, float]:
        if path == LOG_IN:
            return MAX_LOG_IN, self._seconds
        if path == UPLOAD:
            return self._most_upload, self._seconds * UPLOAD_TIMES
        return (self._most_upload if path.startswith("/gradio_api/") else self._most), self._seconds


class Body:
    """The body of one request, given to the app as it comes. When it is too long or too slow the app sees the client leave, and
    what the app then says is held back, so that the guard can say what is the matter."""

    def __init__(self, receive: Receive, send: Send, most: int, seconds: float) -> None:
        self._receive, self._send, self._left, self._seconds = receive, send, most, seconds
        self._until: float | None = None
        self._whole = False
        self._kept: deque[Message] = deque()
        self.broken: tuple[int, str] | None = None
        self.answered = False

    async def read(self) -> None:
        """Keep the whole body, to be given to the app later."""
        while not self._whole and not self.broken:
            message = await self._next()
            self._kept.append(message)
            if message["type"] == "http.disconnect":
                return

    async def receive(self) -> Message:
        return self._kept.popleft() if self._kept else await self._next()

    async def _next(self) -> Message:
        if self._whole:
            return await self._receive()
        if self.broken:
            return {"type": "http.disconnect"}
        loop = asyncio.get_running_loop()
        self._until = self._until or loop.time() + self._seconds
        try:
            async with asyncio.timeout_at(self._until):
                message = await self._receive()
        except TimeoutError:
            self.broken = (408, "too_slow")
            return {"type": "http.disconnect"}
        if message["type"] == "http.request":
            self._left -= len(message.get("body", b""))
            self._whole = not message.get("more_body", False)
            if self._left < 0:
                self.broken = (413, "too_long")
                return {"type": "http.disconnect"}
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            if self.broken:
                return
            self.answered = True
            if message["status"] == 503:
                MutableHeaders(scope=message).setdefault("Retry-After", str(SECONDS_BUSY))
        if self.answered:
            await self._send(message)
