"""What all server-rendered pages share: the templates, their headers, the names of the languages."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from kb.model import Language
from kb.ui.library_markup import runs

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Vary": "Accept-Language",
}
LANGUAGE_NAMES: dict[Language, str] = {"en": "English", "zh": "中文", "fr": "Français"}


def environment() -> Environment:
    """Templates that escape every text and fail on a name that is not there."""
    found = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters["runs"] = runs
    return found
