"""One server for everything: the Library's routes, and Gradio with the other pages behind them."""

from __future__ import annotations

import os
import signal
import socket
import threading
import warnings
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kb.errors import BadInput
from kb.settings import Settings

if TYPE_CHECKING:
    from fastapi import FastAPI

    from kb.ui.backend import Backend
    from kb.ui.desk import Desk

_HERE = Path(__file__).parent


def make_core(backend: Backend, desk: Desk, settings: Settings) -> FastAPI:
    """The app behind its door, without the pages made with Gradio: `/law`, `/doc`, `/record` are the Library's, `/mine`, `/answer`, `/review`,
    `/usage`, `/audit` the desk's, `/evaluate/report.*` the last report, `/api` is for programs."""
    from fastapi import FastAPI

    from kb.ui.api import make_api
    from kb.ui.door import MAX_BODY, MAX_UPLOAD, Door
    from kb.ui.evaluate import report_router
    from kb.ui.guard import Guard
    from kb.ui.health import Health
    from kb.ui.library import Library
    from kb.ui.request_log import Observed

    os.environ["FASTAPI_OTEL_AUTO_CONFIGURE"] = (
        "false"  # it would send requests to a service, if the environment says so
    )
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(Guard, settings=settings, most=MAX_BODY, most_upload=MAX_UPLOAD)
    app.add_middleware(Door, accounts=desk.accounts, settings=settings)
    app.add_middleware(Observed, metrics=backend.metrics)  # added last, so around the door
    app.include_router(Health(backend, desk.accounts, settings).router())
    app.include_router(Library(desk.corpus).router())
    app.include_router(desk.router())
    app.include_router(report_router(settings))
    app.mount("/api", make_api(backend, desk))
    return app


def make_app(pages: Any, backend: Backend, desk: Desk, settings: Settings) -> FastAPI:
    """The whole app: `pages` (a `gr.Blocks`) answers everything that the core does not."""
    import gradio as gr

    app = make_core(backend, desk, settings)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="SSR mode is not supported")  # it is said though `ssr_mode` is False
        return gr.mount_gradio_app(  # type: ignore[no-any-return]
            app,
            pages,
            path="/",
            server_name=settings.host,
            server_port=settings.port,
            show_error=True,
            run_history=False,
            footer_links=[],
            max_file_size="20mb",
            ssr_mode=False,
            theme=gr.themes.Base(
                primary_hue="emerald", neutral_hue="slate", font=["system-ui", "sans-serif"], font_mono=["monospace"]
            ),
            css=(_HERE / "page.css").read_text(encoding="utf-8"),
            head=f"<script>{(_HERE / 'page.js').read_text(encoding='utf-8')}</script>",
        )


QUICK_SECONDS, PATIENT_SECONDS = 1, 10
"""How long requests under way may take to end after Ctrl+C, and after the signal TERM."""


class _Ended(Exception):
    """The process was told to end."""


class Served:
    """A running server. `close` stops it; `block` waits until it is stopped (Ctrl+C stops it)."""

    def __init__(self, app: FastAPI, listening: socket.socket, settings: Settings | None = None) -> None:
        import uvicorn

        from kb.ui.protocol import protocol

        proxy, log = (settings.proxy, settings.log) if settings else ("", "off")
        config = uvicorn.Config(
            app,
            http=protocol(settings or Settings()),
            ws="none",
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=QUICK_SECONDS,
            proxy_headers=bool(proxy),
            forwarded_allow_ips=proxies(proxy),
            server_header=False,
            log_config=None if log == "json" else uvicorn.config.LOGGING_CONFIG,
        )
        self._config = config
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([listening],), name="serve-pages", daemon=True)
        self._thread.start()
        while not self._server.started and self._thread.is_alive():
            self._thread.join(0.005)

    def close(self, seconds: int = QUICK_SECONDS) -> None:
        """Take no more requests; those under way have so many seconds to end."""
        self._config.timeout_graceful_shutdown = seconds
        self._server.should_exit = True
        self._thread.join(timeout=seconds + 4)

    def block(self) -> None:
        def end(*_: object) -> None:
            raise _Ended

        if threading.current_thread() is threading.main_thread():
            signal.signal(
                signal.SIGTERM, end
            )  # said by who runs containers; the first process of one ignores it otherwise
        try:
            while self._thread.is_alive():
                self._thread.join(1.0)
        except KeyboardInterrupt:
            self.close()
        except _Ended:
            self.close(PATIENT_SECONDS)


def proxies(text: str) -> list[str]:
    """The addresses and networks of `KB_PROXY`; BadInput where one is neither, since what is not understood would be trusted by nobody."""
    found = [part.strip() for part in text.split(",") if part.strip()]
    for part in found:
        try:
            wide = ip_network(part).prefixlen == 0
        except ValueError as error:
            raise BadInput(
                f"KB_PROXY: {part!r} is no address or network ({error}); write 10.0.0.5,172.30.0.0/24"
            ) from None
        if wide:
            raise BadInput(f"KB_PROXY: {part} would believe everybody; name the addresses of the proxies")
    return found


def listen(settings: Settings) -> socket.socket:
    """A socket that listens on the configured address; BadInput where it is taken or is none of this machine's."""
    host = settings.host.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":  # elsewhere this option lets two programs take one port
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, settings.port))
        listening.listen(128)
    except (OSError, OverflowError) as error:
        listening.close()
        reason = getattr(error, "strerror", None) or str(error)
        raise BadInput(
            f"cannot listen on {settings.host}:{settings.port} ({reason}); choose another address with KB_HOST, "
            "KB_PORT or --host, --port"
        ) from error
    return listening
