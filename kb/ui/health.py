"""`/healthz`, `/readyz`, `/metrics`: for those who watch over the app. Nothing here names a person, an address or a question.

The door lets `/healthz` and `/readyz` through to everybody, since whoever starts and stops copies has no account, and `/metrics` to
programs of this machine and to whoever sends `KB_METRICS_TOKEN`.
"""

from __future__ import annotations

import hmac
from typing import Any

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from fastapi import APIRouter
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from starlette.datastructures import Headers
from starlette.types import Scope

from kb.access import Accounts
from kb.errors import KBError
from kb.nearest import SERVER_SECONDS, server_client
from kb.settings import Settings
from kb.ui.backend import Backend
from kb.ui.metrics import CONTENT_TYPE

OPEN_TO_ALL = ("/healthz", "/readyz")
METRICS = "/metrics"
FORWARDED = ("x-forwarded-for", "forwarded", "x-real-ip")


def may_watch(scope: Scope, own: bool, token: str) -> bool:
    """Whether `/metrics` is shown: with the token, or to this machine (`own`: client and name asked for are its own) where no proxy sent it on.

    A proxy on this machine comes from its address too, so a request that was sent on needs the token.
    """
    headers = Headers(scope=scope)
    scheme, _, sent = headers.get("authorization", "").partition(" ")
    if scheme == "Bearer" and token:
        return hmac.compare_digest(sent.strip().encode("utf-8", "replace"), token.encode())
    return own and not any(name in headers for name in FORWARDED)


class Health:
    """The three addresses over one app."""

    def __init__(self, backend: Backend, accounts: Accounts, settings: Settings) -> None:
        self._backend, self._accounts, self._settings = backend, accounts, settings
        self._one = CapacityLimiter(1)  # where the records hang, probes wait here, and no thread of the pages is taken
        self._client: Any = None

    def router(self) -> APIRouter:
        router = APIRouter(include_in_schema=False)
        router.add_api_route("/healthz", self._alive, methods=["GET"])
        router.add_api_route("/readyz", self._ready, methods=["GET"])
        router.add_api_route(METRICS, self._metrics, methods=["GET"])
        return router

    async def _alive(self) -> Response:
        return PlainTextResponse("alive\n", headers={"Cache-Control": "no-store"})

    async def _ready(self) -> Response:
        missing, degraded = await run_sync(self._look, limiter=self._one)
        said = {"ready": not missing, "missing": missing, "degraded": degraded}
        return JSONResponse(said, 503 if missing else 200, headers={"Cache-Control": "no-store"})

    async def _metrics(self) -> Response:
        return Response(self._backend.metrics.text(), media_type=CONTENT_TYPE)

    def _look(self) -> tuple[list[str], list[str]]:
        """What is missing for answers, and what makes them slower only."""
        missing = [] if self._backend.ready() else ["index"]
        try:
            self._accounts.any()
        except KBError:
            missing.append("records")
        return missing, [] if self._chroma() else ["chroma"]

    def _chroma(self) -> bool:
        """Whether Chroma answers. Where it does not, answers go on, so that a copy without it is ready all the same."""
        if not self._settings.chroma_url or not self._backend.chroma_answers():
            return self._backend.chroma_answers()
        try:
            self._client = self._client or server_client(self._settings.chroma_url, SERVER_SECONDS)
            self._client.heartbeat()
        except Exception:  # whatever the server or the way to it raises
            self._client = None
            return False
        return True
