"""Text → its citations, each with a verdict (see docs/checker.md). Pure functions: no model, no index, no network."""

from __future__ import annotations

from datetime import date

from kb.corpus import Corpus
from kb.model import CheckReport, Language


def check_text(
    text: str, corpus: Corpus, on: date, written: date | None = None, language: Language = "en"
) -> CheckReport:
    """Check every citation in `text` against the law as it stands `on` a date; `written` is when the text was written."""
    raise NotImplementedError
