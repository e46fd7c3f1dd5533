"""The door of the app: who is asking, whether they may come in, and the headers of every reply.

Every request passes here before any page. Who asks is found from the session cookie or from a token, once, and written into the
request; the handlers ask `require(person, action)` for themselves. Without accounts the door opens to this machine's own browser alone.
"""

from __future__ import annotations

from http.cookies import CookieError, SimpleCookie
from ipaddress import ip_address
from typing import Any
from urllib.parse import quote, urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from kb.access import LOCAL, RIGHTS, Accounts, Action, Person
from kb.errors import RecordsError
from kb.model import Language
from kb.settings import Settings
from kb.ui.desk_words import text as word
from kb.ui.headers import WithHeaders, uncompressed
from kb.ui.health import METRICS, OPEN_TO_ALL, may_watch
from kb.ui.limits import Limits, refusal, scope_of

COOKIE = "kb_session"
OPEN = ("/login", "/library/library.css", "/library/page.js", "/api/openapi.json")
"""What is there for whoever is not logged in; beside it what watches over the app (`kb.ui.health`)."""
MAX_BODY, MAX_UPLOAD = 1_000_000, 25_000_000
"""Bytes of the body of a request; of one that may carry a file to be checked."""
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
TABS: tuple[tuple[str, str, Action], ...] = (
    ("/", "ask", "ask"),
    ("/check", "check", "check"),
    ("/law", "library", "provision"),
    ("/mine", "mine", "history"),
    ("/review", "review", "review"),
    ("/evaluate", "evaluate", "evaluate"),
    ("/usage", "usage", "usage"),
    ("/audit", "audit", "audit"),
)
"""The pages in the navigation: address, word, and what a reader must be allowed to do for the tab to be there."""


def is_loopback(host: str) -> bool:
    """Whether an address is this machine's own."""
    name = host.strip("[]").casefold()
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"


def person_of(request: Any) -> Person | None:
    """Who asks, as the door found it; of a request of Starlette or of Gradio."""
    found: Person | None = scope_of(request).get("kb_person")
    return found


def tabs(person: Person | None, language: Language, path: str) -> list[dict[str, Any]]:
    """The navigation for a person: address, name, whether it is the page shown or holds it."""
    shown = [(href, name) for href, name, action in TABS if person and person.role in RIGHTS[action]]
    return [
        {
            "href": href,
            "name": word(name, language),
            "here": path == href,
            "within": href != "/" and path.startswith(href + "/"),
        }
        for href, name in shown
    ]


def secret_of(headers: Headers) -> str | None:
    """The secret of the session in the cookies of a request."""
    try:
        cookies: SimpleCookie = SimpleCookie(headers.get("cookie", ""))
    except CookieError:
        return None
    return cookies[COOKIE].value if COOKIE in cookies else None


class Door:
    """ASGI middleware around the whole app."""

    def __init__(self, app: ASGIApp, accounts: Accounts, settings: Settings) -> None:
        self._app, self._accounts, self._settings = app, accounts, settings
        self._limits = Limits(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return
        from anyio.to_thread import run_sync

        watching = scope["path"] in (*OPEN_TO_ALL, METRICS)  # without the records, which may be what is missing
        refused = self._watch(scope) if watching else await run_sync(self._look, scope)
        answer = refused or self._app
        await answer(uncompressed(scope), receive, WithHeaders(send, scope["path"]))

    def _watch(self, scope: Scope) -> Response | None:
        """A reply where somebody who may not read the metrics asks for them."""
        host, _ = scope.get("client") or ("", 0)
        own = is_loopback(host) and self._own_host(Headers(scope=scope).get("host", ""))
        if scope["path"] in OPEN_TO_ALL or may_watch(scope, own, self._settings.metrics_token):
            return None
        return JSONResponse({"error": "send the token of KB_METRICS_TOKEN, or ask from this machine"}, 401)

    def _look(self, scope: Scope) -> Response | None:
        """Write who asks into the scope; a reply where the request goes no further."""
        headers, path = Headers(scope=scope), scope["path"]
        try:
            with_accounts = self._accounts.any()
            scope["kb_person"] = self._person(headers) if with_accounts else LOCAL
        except RecordsError as error:
            return PlainTextResponse(f"The records cannot be read: {error}\n", 503)
        scope["kb_accounts"], scope["kb_limits"] = with_accounts, self._limits
        if seconds := self._limits.wait("requests", scope):
            return refusal(scope, 429, "too_many", seconds)
        if not with_accounts and not self._own_host(headers.get("host", "")):
            return PlainTextResponse("Without accounts this server answers its own machine alone.\n", 403)
        if _too_long(headers, path):
            return JSONResponse({"error": f"the body must have a Content-Length of at most {MAX_BODY} bytes"}, 413)
        by_token = headers.get("authorization", "").startswith("Bearer ")
        if scope["method"] not in SAFE_METHODS and not by_token and not _same_origin(headers):
            return PlainTextResponse("This request comes from another site.\n", 403)
        if scope["kb_person"] is not None or path in OPEN:
            return None
        if path.startswith(("/api/", "/gradio_api/")) or scope["method"] not in SAFE_METHODS:
            return JSONResponse({"error": "log in first, or send a token: Authorization: Bearer kb_…"}, 401)
        return RedirectResponse(f"/login?next={quote(_address(scope))}", 303)

    def _person(self, headers: Headers) -> Person | None:
        scheme, _, secret = headers.get("authorization", "").partition(" ")
        if scheme == "Bearer":
            return self._accounts.of_token(secret.strip())
        session = secret_of(headers)
        return self._accounts.of_session(session) if session else None

    def _own_host(self, host: str) -> bool:
        """Whether the browser asked for this machine by a name of its own: another name may be a trick (DNS rebinding)."""
        name = urlsplit(f"//{host}").hostname or ""
        return is_loopback(name) or name == self._settings.host.strip("[]").casefold()


def _too_long(headers: Headers, path: str) -> bool:
    """Whether a body is longer than is read, or hides its length."""
    most = MAX_UPLOAD if path.startswith("/gradio_api/") else MAX_BODY
    length = headers.get("content-length")
    if length is None:
        return "transfer-encoding" in headers and most == MAX_BODY
    return not length.isascii() or not length.isdigit() or len(length) > 12 or int(length) > most


def _same_origin(headers: Headers) -> bool:
    origin = headers.get("origin")
    if origin is None or origin == "null":
        return origin is None and headers.get("sec-fetch-site", "same-origin") in ("same-origin", "none")
    return urlsplit(origin).netloc == headers.get("host", "")


def _address(scope: Scope) -> str:
    query = scope.get("query_string", b"").decode("latin-1")
    return str(scope["path"]) + (f"?{query}" if query else "")


def own_address(text: str) -> str:
    """An address of this app to go on to after the log-in; the front page where it leads elsewhere."""
    parts = urlsplit(text)
    safe = text.startswith("/") and not text.startswith(("//", "/\\")) and not parts.scheme and not parts.netloc
    return text if safe and "\n" not in text and "\r" not in text else "/"


def session_cookie(response: Response, secret: str, request: Request) -> None:
    """Set the cookie of a session: not readable by scripts, not sent from other sites, over https where the page came so."""
    response.set_cookie(COOKIE, secret, httponly=True, samesite="lax", secure=request.url.scheme == "https", path="/")
