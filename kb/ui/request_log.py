"""A line a request on standard error (`KB_LOG`), and the counting of requests.

A line says when, which route, how long, with what outcome, and the role of who asked: never a name, an address as it was sent, or, unless
`KB_LOG_QUESTIONS` says so, a question. It carries the id of the request, which the reply carries too.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import time
import traceback
import uuid
from datetime import UTC, datetime
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kb.model import Answer
from kb.settings import Settings
from kb.ui.metrics import Metrics

HEADER = "X-Request-Id"
NO_ROUTE = "(none)"
_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_LOG = logging.getLogger("kb.requests")


class JsonLines(logging.Formatter):
    """Every entry of every log as one JSON line. Of an error the places are told, not its message, which may hold what was sent."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {"time": _when(record.created), "level": record.levelname.lower(), "log": record.name}
        line |= getattr(record, "kb_said", None) or {"message": record.getMessage().splitlines()[0]}
        if record.exc_info and record.exc_info[0]:
            places = traceback.extract_tb(record.exc_info[2])
            line["error"] = record.exc_info[0].__name__
            line["at"] = [f"{place.filename}:{place.lineno} {place.name}" for place in places[-8:]]
        return json.dumps(line, ensure_ascii=False)


class TextLines(logging.Formatter):
    """An entry for a reader's eyes: time, then each thing said."""

    def format(self, record: logging.LogRecord) -> str:
        said = getattr(record, "kb_said", {})
        return " ".join([_when(record.created), *(f"{name}={value}" for name, value in said.items())])


def _when(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


def set_up_logs(settings: Settings) -> None:
    """As `KB_LOG` says: with `json` every log of the process goes to standard error as JSON lines, with `text` the requests alone do as text."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if settings.log == "json" else TextLines())
    _LOG.handlers, _LOG.propagate = [], False
    _LOG.setLevel(logging.INFO if settings.log != "off" else logging.CRITICAL)
    if settings.log != "off":
        _LOG.addHandler(handler)
    if settings.log == "json":
        for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
            logging.getLogger(name).handlers, logging.getLogger(name).propagate = [], True
        logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)


class Observed:
    """ASGI middleware around the whole app, the door included: an id, a line and a count for each request."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(HEADER, "")
        name = given if _ID.fullmatch(given) else uuid.uuid4().hex
        scope["kb_request"], scope["kb_said"] = name, {}
        started, status = time.perf_counter(), 500  # of a request that raises, uvicorn says so

        async def with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[HEADER] = name
            await send(message)

        try:
            await self._app(scope, receive, with_id)
        finally:
            self._note(scope, status, time.perf_counter() - started)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route = route_of(scope)
        method = scope["method"] if scope["method"] in ("GET", "POST", "HEAD", "OPTIONS") else "other"
        self._metrics.requested(method, route, status)
        person = scope.get("kb_person")
        line = {"request": scope["kb_request"], "method": method, "route": route, "status": status}
        line |= {"ms": round(seconds * 1000, 1), "role": person.role if person else None, **scope["kb_said"]}
        scope["kb_said"] = None  # what is said from now on gets a line of its own
        _LOG.info("", extra={"kb_said": line})


def route_of(scope: Scope) -> str:
    """The template of the route that took the request (`/answer/{key}`); of no route, or of files, a fixed word."""
    route = scope.get("route")
    path = getattr(route, "path", None)
    if not isinstance(path, str):
        return NO_ROUTE
    return (scope.get("root_path", "") + path) or "/"


def note_answer(scope: Scope, answer: Answer, key: str | None, questions: bool) -> None:
    """Say in the line of the request what became of a question; in a line of its own where the request is over (the page Ask)."""
    said: dict[str, Any] = {"outcome": answer.outcome, "language": answer.query.language, "answer": key}
    said["withheld"] = len(answer.withheld)
    if questions:
        said["question"] = answer.query.text
    held = scope.get("kb_said")
    if held is not None:
        held |= said
    else:
        line = {"request": scope.get("kb_request"), "route": "answer", "ms": answer.timing_ms.get("total"), **said}
        _LOG.info("", extra={"kb_said": line})
