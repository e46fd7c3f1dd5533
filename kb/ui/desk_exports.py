"""Answers to take away from Review, with what was decided of them: Word, Markdown, CSV, JSON."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from fastapi.responses import Response

from kb.answer_docx import answer_docx
from kb.answer_export import Exported, Signature, csv_table, json_records, markdown
from kb.corpus import Corpus
from kb.errors import BadInput
from kb.model import Language
from kb.signoff import lapsed, latest
from kb.store import Kept, Store

FORMS = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "md": "text/markdown; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
}


def exported(
    answers: Sequence[Kept], form: str, store: Store, corpus: Corpus, language: Language, on: date
) -> Response:
    """The file, named for the number of answers in it; BadInput for an unknown form."""
    if form not in FORMS:
        raise BadInput(f"form: {form!r} is not one of {', '.join(FORMS)}")
    found = [_exported(kept, store, corpus, on) for kept in answers]
    content: str | bytes
    if form == "docx":
        content = answer_docx(found, language)
    else:
        content = {"md": markdown, "csv": csv_table, "json": json_records}[form](found)
    name = f"answers-{len(found)}-{on.isoformat()}.{form}"
    return Response(content, media_type=FORMS[form], headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _exported(kept: Kept, store: Store, corpus: Corpus, on: date) -> Exported:
    signatures = tuple(
        Signature(d.citation, d.by, d.at[:10], d.decision, d.comment, lapsed(d, corpus, on) is not None)
        for d in latest(store.decisions(kept.id)).values()
    )
    corrections = [c for c in store.corrections(kept.id) if c.lapsed(corpus, on) is None]
    last = corrections[-1] if corrections else None
    return Exported(kept.record, signatures, last.text if last else None, last.by if last else None)
