"""The web pages. Only this package imports Gradio and FastAPI."""

from __future__ import annotations

import logging
import os
import sys
from typing import TYPE_CHECKING, Any

from kb.errors import BadInput
from kb.settings import Settings

if TYPE_CHECKING:
    from kb.assistant import Assistant
    from kb.ui.backend import Backend
    from kb.ui.desk import Desk
    from kb.ui.site import Served


def build(backend: Backend, desk: Desk, settings: Settings) -> Any:
    """The pages made with Gradio as a `gr.Blocks`, not yet served."""
    import gradio as gr

    from kb.ui.ask import ask_page
    from kb.ui.check import check_page
    from kb.ui.evaluate import evaluate_page
    from kb.ui.strings import word

    with gr.Blocks(title=word("title", "en"), analytics_enabled=False) as pages:
        ask_page(pages, backend, desk)
    with pages.route("Check", "/check"):
        check_page(pages, backend)
    with pages.route("Evaluate", "/evaluate"):
        evaluate_page(pages, backend, settings)
    return pages.queue(default_concurrency_limit=4, max_size=settings.limit_waiting)


def launch(settings: Settings, assistant: Assistant, block: bool = True) -> Served:
    """Serve all pages on the configured address and print it, until the process is told to end, which ends it. With `block` false, returns
    while serving.

    BadInput where the address cannot be listened on, said before any page is built.
    """
    from kb.access import Accounts
    from kb.database import Database
    from kb.store import Store
    from kb.ui.backend import Backend
    from kb.ui.desk import Desk
    from kb.ui.door import is_loopback
    from kb.ui.request_log import set_up_logs
    from kb.ui.site import Served, listen, make_app, proxies

    set_up_logs(settings)
    proxies(settings.proxy)
    database = Database.open(settings)
    accounts = Accounts(database)
    if not accounts.any():
        if not is_loopback(settings.host):
            raise BadInput(
                f"{settings.host} can be reached from other machines and there are no accounts; add one first: kb users add NAME --role admin"
            )
        print("No accounts: everything is open to this machine (kb users add NAME --role … changes that)", flush=True)
    listen(settings).close()  # said now, before the pages are built; nobody is let to wait for them, though
    desk = Desk(Store(database, assistant.corpus), accounts, assistant.corpus)
    backend = Backend(assistant)
    app = make_app(build(backend, desk, settings), backend, desk, settings)
    if settings.proxy:
        backend.assistant()  # a proxy asks another copy as long as this one refuses to connect
    served = Served(app, listen(settings), settings)
    host = f"[{settings.host.strip('[]')}]" if ":" in settings.host else settings.host
    print(f"Serving on http://{host}:{settings.port} (Ctrl+C stops)", flush=True)
    if block:
        served.block()
        database.close()
        end()
    return served


def end() -> None:
    """End the process now: a thread that still encodes for a request that was cut off would meet an interpreter being taken down, and abort it."""
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
