"""How much one asker may do a minute, and what is said to one who goes beyond.

An asker is a person, where the door knows one, else an address. Each has a bucket for each kind of thing: it is full at first, every
turn takes one from it, and it fills again evenly over a minute. Buckets are kept in this process alone and their number is bounded.
"""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from html import escape
from ipaddress import IPv6Address, ip_address
from typing import Any, Literal, get_args

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.types import Scope

from kb.access import Person
from kb.errors import TooMuch
from kb.model import Language
from kb.settings import Settings
from kb.ui.strings import browser_language, word

Kind = Literal["questions", "checks", "uploads", "log_ins", "requests"]
Clock = Callable[[], float]
MAX_BUCKETS = 10_000
"""Of one kind; the one that was not used for the longest time makes room."""
SHARED = 10
"""How many times as much an asker may do that is many people."""
UPLOAD = "/gradio_api/upload"
SECONDS_BUSY = 5
"""When to come again where too many wait."""


class Buckets:
    """One bucket an asker: `a_minute` at first and `a_minute` more each minute."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._held: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, asker: str, a_minute: int) -> int:
        """0 where there was something to take; else after how many seconds there is."""
        with self._lock:
            now = self._clock()
            left, since = self._held.pop(asker, (float(a_minute), now))
            left = min(float(a_minute), left + (now - since) * a_minute / 60)
            taken = left >= 1
            self._held[asker] = (left - 1 if taken else left, now)
            if len(self._held) > MAX_BUCKETS:
                self._held.popitem(last=False)
            return 0 if taken else max(1, math.ceil((1 - left) * 60 / a_minute))

    def __len__(self) -> int:
        return len(self._held)


class Limits:
    """The buckets of every kind. A limit of 0 in the settings is none."""

    def __init__(self, settings: Settings, clock: Clock = time.monotonic) -> None:
        self.a_minute: dict[Kind, int] = {
            "questions": settings.limit_questions,
            "checks": settings.limit_checks,
            "uploads": settings.limit_checks,
            "log_ins": settings.limit_log_ins,
            "requests": settings.limit_requests,
        }
        self._buckets = {kind: Buckets(clock) for kind in get_args(Kind)}

    def wait(self, kind: Kind, scope: Scope) -> int:
        """Count one for whoever asks; after how many seconds to come again, 0 where this one may be done."""
        a_minute = self.a_minute[kind] * (SHARED if is_shared(scope) else 1)
        return self._buckets[kind].take(asker(scope), a_minute) if a_minute else 0


def asker(scope: Scope) -> str:
    """Who a request counts for: the person, else the address; of IPv6 the network, since one machine has many addresses in it."""
    person: Person | None = scope.get("kb_person")
    if person is not None and person.id is not None:
        return f"person {person.id}"
    host = (scope.get("client") or ("nobody", 0))[0]
    try:
        address = ip_address(host)
    except ValueError:
        return f"address {host}"
    if isinstance(address, IPv6Address) and not address.ipv4_mapped:
        return f"network {int(address) >> 64:x}"
    return f"address {getattr(address, 'ipv4_mapped', None) or address}"


def is_shared(scope: Scope) -> bool:
    """Whether one asker is many people: everybody on this machine where there are no accounts, or whoever comes through a proxy on it
    and has not said yet who they are."""
    person: Person | None = scope.get("kb_person")
    if person is not None:
        return person.id is None
    try:
        return ip_address((scope.get("client") or ("", 0))[0]).is_loopback
    except ValueError:
        return False


def scope_of(request: Any) -> Scope:
    """The scope of a request of Starlette or of Gradio."""
    held = request if isinstance(request, Request) else request.request
    scope: Scope = held.scope
    return scope


def take(request: Any, kind: Kind, language: Language | None = None) -> None:
    """Count one in a handler of the pages or of the API; TooMuch, said in the language, where it is one too many."""
    scope = scope_of(request)
    limits: Limits = scope["kb_limits"]
    seconds = limits.wait(kind, scope)
    if seconds:
        code = language or browser_language(Headers(scope=scope).get("accept-language", ""))
        raise TooMuch(word("too_many", code).format(seconds=seconds), seconds)


def refusal(scope: Scope, status: int, key: str, seconds: int = 0) -> Response:
    """A reply that says, in the language of the browser, why a request is not done: as a page, to a program as JSON."""
    headers = Headers(scope=scope)
    language = browser_language(headers.get("accept-language", ""))
    said = word(key, language).format(seconds=seconds)
    more = {"Retry-After": str(seconds)} if seconds else {}
    if scope["path"] == UPLOAD:  # the page shows the body as it is
        return PlainTextResponse(said, status, more)
    if scope["path"].startswith(("/api/", "/gradio_api/")):
        return JSONResponse({"error": said, "detail": said}, status, more)
    title, name = escape(word("title", language)), escape(said)
    page = f'<!doctype html><html lang="{language}"><meta charset="utf-8"><title>{title}</title><p role="alert">{name}</p></html>'
    return HTMLResponse(page, status, more)
