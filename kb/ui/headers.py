"""The headers that keep a browser from doing with a reply what it was not made for."""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from functools import cache
from pathlib import Path

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import Message, Scope, Send

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
NOTHING = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
"""Content security policy of what is no page: JSON, files, scripts."""
KEPT = ("/assets/", "/static/", "/svelte/", "/library/", "/theme.css", "/gradio_api/theme.css", "/favicon.ico")
"""What is the same for everybody and may stay in the browser; all else is not stored."""
_INLINE = re.compile(rb"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.DOTALL)


@cache
def _page_script() -> bytes:
    """`page.js`, which Gradio puts into the page itself."""
    return (Path(__file__).parent / "page.js").read_text(encoding="utf-8").encode()


FRAMED = "/evaluate/report.html"
"""The one page that another page of ours shows in a frame."""


def page_policy(page: bytes, framed: bool = False) -> str:
    """For a page made with Gradio: its own scripts by their hashes, so that a handler in an attribute or a script in a text never runs;
    nothing from elsewhere. Gradio makes functions of its templates (`unsafe-eval`) and sets styles from scripts, so these are not bound."""
    own = [*_INLINE.findall(page), *([] if framed else [_page_script()])]
    hashes = " ".join(f"'sha256-{b64encode(hashlib.sha256(script).digest()).decode()}'" for script in own)
    hashes += "" if framed else " 'unsafe-eval'"
    frames = "'self'" if framed else "'none'"
    return (
        f"default-src 'none'; script-src 'self' {hashes}; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
        "font-src 'self' data:; connect-src 'self'; media-src 'self' blob:; worker-src 'self' blob:; manifest-src 'self'; "
        f"frame-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors {frames}"
    )


def uncompressed(scope: Scope) -> Scope:
    """The request of a browser for a page, without what it says of compression: a compressed page shows no scripts to be named."""
    headers = Headers(scope=scope)
    if "text/html" not in headers.get("accept", ""):
        return scope
    return {**scope, "headers": [(n, v) for n, v in scope["headers"] if n.lower() != b"accept-encoding"]}


class WithHeaders:
    """Sends a reply with the headers above. A page made with Gradio is held until it is whole, to name its scripts."""

    def __init__(self, send: Send, path: str) -> None:
        self._send, self._path = send, path
        self._start: Message | None = None
        self._page = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault("Cache-Control", "private, max-age=300" if self._path.startswith(KEPT) else "no-store")
            if "content-security-policy" not in headers:
                if headers.get("content-type", "").startswith("text/html") and message["status"] == 200:
                    self._start = message
                    return
                headers["Content-Security-Policy"] = NOTHING
        elif self._start is not None:
            self._page += message.get("body", b"")
            if message.get("more_body", False):
                return
            MutableHeaders(scope=self._start)["Content-Security-Policy"] = page_policy(self._page, self._path == FRAMED)
            await self._send(self._start)
            self._start = None
            message = {"type": "http.response.body", "body": self._page}
        await self._send(message)
