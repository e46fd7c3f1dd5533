"""The web pages. Only this package imports Gradio and FastAPI."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kb.settings import Settings

if TYPE_CHECKING:
    from kb.assistant import Assistant
    from kb.ui.site import Served

LIBRARY = [("Library", "law")]
"""The entry of the Library in the navigation of the other pages: name and path."""


def build(assistant: Assistant) -> Any:
    """The pages made with Gradio as a `gr.Blocks`, not yet served."""
    import gradio as gr

    from kb.ui.ask import ask_page
    from kb.ui.backend import Backend
    from kb.ui.check import check_page
    from kb.ui.evaluate import evaluate_page
    from kb.ui.strings import word

    backend = Backend(assistant)
    with gr.Blocks(title=word("title", "en"), analytics_enabled=False) as pages:
        gr.Navbar(main_page_name="Ask", value=LIBRARY)
        ask_page(pages, backend)
    with pages.route("Check", "/check"):
        gr.Navbar(main_page_name="Ask", value=LIBRARY)
        check_page(pages, backend)
    with pages.route("Evaluate", "/evaluate"):
        gr.Navbar(main_page_name="Ask", value=LIBRARY)
        evaluate_page(pages, backend, assistant.settings)
    return pages.queue(default_concurrency_limit=4, max_size=64)


def launch(settings: Settings, assistant: Assistant, block: bool = True) -> Served:
    """Serve all pages on the configured address and print it. With `block` false, returns while serving.

    BadInput where the address cannot be listened on, said before any page is built.
    """
    from kb.ui.site import Served, listen, make_app

    listening = listen(settings)
    served = Served(make_app(build(assistant), assistant.corpus, settings), listening)
    host = f"[{settings.host.strip('[]')}]" if ":" in settings.host else settings.host
    print(f"Serving on http://{host}:{settings.port} (Ctrl+C stops)", flush=True)
    if block:
        served.block()
    return served
