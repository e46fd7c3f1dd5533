"""An answer of the page Ask is kept, and what goes beside it: what legal staff said of the question, and where to go on."""

from __future__ import annotations

from html import escape

from kb.access import Person
from kb.errors import RecordsError
from kb.model import Answer, Language
from kb.record import answer_record
from kb.signoff import content_hash
from kb.ui.desk import Desk
from kb.ui.desk_view import said_by_legal
from kb.ui.desk_words import text as word
from kb.ui.door import tabs
from kb.ui.render import Beside


def keep(desk: Desk, person: Person, answer: Answer, language: Language) -> tuple[Beside, str | None]:
    """Keep the answer: what stands beside it, and its id. Where the records fail, it has none, is shown all the same and says so."""
    record = answer_record(answer)
    try:
        found = None
        if answer.query.on == desk.today():
            found = desk.store.endorsement(
                answer.query.text, answer.query.language, answer.query.on, content_hash(record)
            )
        key = desk.store.keep(record, len(answer.withheld), person)
    except RecordsError as error:
        said = escape(word("kept_not", language, why=str(error)))
        return Beside(f'<p class="kb-note" role="alert">{said}</p>'), None
    above = ""
    if found:
        colour = "moved" if found.lapsed else "ok"
        above = f'<p class="kb-legal kb-{colour}">{escape(said_by_legal(found, language))}</p>'
        if found.correction:
            above += f'<div class="kb-correction" lang="{answer.query.language}">{escape(found.correction)}</div>'
    done = escape(word("rated", language), quote=True)
    below = (
        f'<p class="kb-after"><button type="button" class="kb-copy" data-post="/answer/{key}/rate" data-fields="helpful=yes" '
        f'data-done="{done}">{escape(word("helpful", language))}</button> '
        f'<a href="/answer/{key}?lang={language}#rate" target="_blank" rel="noopener">{escape(word("actions", language))}</a></p>'
    )
    return Beside(above, below), key


def navigation(person: Person | None, language: Language, path: str) -> str:
    """The tabs that a person may open, as the pages made with Gradio show them, and the way out."""
    items = "".join(
        f'<li><a href="{tab["href"]}"{" aria-current=page" if tab["here"] else ""}>{escape(tab["name"])}</a></li>'
        for tab in tabs(person, language, path)
    )
    leave = ""
    if person is not None and person.id is not None:
        leave = (
            f'<form method="post" action="/logout"><span>{escape(person.name)}</span> '
            f'<button type="submit" class="kb-copy">{escape(word("log_out", language))}</button></form>'
        )
    return (
        f'<nav class="kb-tabs" aria-label="{escape(word("pages", language), quote=True)}"><ul>{items}</ul>{leave}</nav>'
    )
