"""The web pages. Only this package imports Gradio."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from kb.settings import Settings

if TYPE_CHECKING:
    from kb.assistant import Assistant

_HERE = Path(__file__).parent


def build(assistant: Assistant) -> Any:
    """The pages as a `gr.Blocks`, not yet served."""
    import gradio as gr

    from kb.ui.ask import ask_page
    from kb.ui.backend import Backend
    from kb.ui.strings import word

    with gr.Blocks(title=word("title", "en"), analytics_enabled=False) as pages:
        ask_page(pages, Backend(assistant))
    return pages.queue(default_concurrency_limit=4, max_size=64)


def launch(settings: Settings, assistant: Assistant, block: bool = True) -> Any:
    """Serve the pages on the configured address and print it. With `block` false, returns while serving."""
    import gradio as gr

    pages = build(assistant)
    pages.launch(
        server_name=settings.host,
        server_port=settings.port,
        quiet=True,
        prevent_thread_lock=True,
        show_error=True,
        run_history=False,
        footer_links=[],
        max_file_size="1mb",
        theme=gr.themes.Base(
            primary_hue="emerald", neutral_hue="slate", font=["system-ui", "sans-serif"], font_mono=["monospace"]
        ),
        css=(_HERE / "page.css").read_text(encoding="utf-8"),
        head=f"<script>{(_HERE / 'page.js').read_text(encoding='utf-8')}</script>",
    )
    print(f"Serving on http://{settings.host}:{settings.port} (Ctrl+C stops)", flush=True)
    if block:
        pages.block_thread()
    return pages
