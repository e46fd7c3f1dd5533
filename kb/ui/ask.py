"""The page Ask: left the conversation, right the evidence."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from html import escape
from typing import Any

import gradio as gr

from kb.access import require
from kb.errors import AccessError, BadInput, KBError
from kb.model import Answer, Language
from kb.settings import MAX_QUESTION_CHARS
from kb.ui import render
from kb.ui.backend import Backend
from kb.ui.desk import Desk
from kb.ui.door import person_of
from kb.ui.keep import keep, navigation
from kb.ui.limits import scope_of, take
from kb.ui.render import Beside
from kb.ui.strings import browser_language, word

LANGUAGE_NAMES = [("English", "en"), ("中文", "zh"), ("Français", "fr")]
MAX_TURNS = 30
Turns = list[tuple[str, Answer | None]]


def ask_page(blocks: gr.Blocks, backend: Backend, desk: Desk) -> None:  # noqa: PLR0915  (one statement a component)
    """Lay out the page inside `blocks` and wire it."""
    corpus = backend.corpus
    scenarios = corpus.scenarios
    language = gr.State("en")
    turns = gr.State([])
    besides = gr.State([])
    with gr.Row():
        with gr.Column(scale=5):
            head = gr.HTML(_head(backend, "en"), elem_id="kb-head")
        with gr.Column(scale=2, min_width=260), gr.Row():
            on = gr.Textbox(value="", label=word("as_of", "en"), elem_id="kb-on", max_length=10, min_width=120)
            choice = gr.Dropdown(
                LANGUAGE_NAMES, value="en", label=word("language", "en"), elem_id="kb-language", min_width=120
            )
    with gr.Row():
        with gr.Column(scale=6):
            with gr.Row(equal_height=False):
                question = gr.Textbox(
                    label=word("question", "en"),
                    placeholder=word("placeholder", "en"),
                    lines=2,
                    max_lines=6,
                    max_length=MAX_QUESTION_CHARS,
                    scale=5,
                    elem_id="kb-question",
                    autofocus=True,
                )
                send = gr.Button(word("send", "en"), variant="primary", scale=1, min_width=90, elem_id="kb-send")
            status = gr.HTML(_status(backend, "en"), elem_id="kb-status")
            with gr.Accordion(word("examples", "en"), open=True, elem_id="kb-examples") as examples, gr.Row():
                buttons = [gr.Button(s.suggestion.en, size="sm", min_width=220) for s in scenarios]
            talk = gr.HTML(render.conversation([], corpus, "en"), elem_id="kb-talk")
            clear = gr.Button(word("new", "en"), size="sm", elem_id="kb-new", visible=False)
        with gr.Column(scale=5):
            side = gr.HTML(render.evidence([], corpus, "en"), elem_id="kb-evidence")
    timer = gr.Timer(1.0)

    def translate(code: Language, shown: Turns, beside: list[Beside], request: gr.Request) -> list[Any]:
        """Every text of the page in a language."""
        return [
            code,
            navigation(person_of(request), code, "/") + _head(backend, code),
            gr.update(label=word("as_of", code)),
            gr.update(label=word("language", code), value=code),
            render.conversation(shown, corpus, code, besides=beside),
            gr.update(label=word("question", code), placeholder=word("placeholder", code)),
            word("send", code),
            _status(backend, code),
            gr.update(label=word("examples", code)),
            word("new", code),
            render.evidence(shown, corpus, code),
            *(s.suggestion[code] for s in scenarios),
        ]

    def arrive(request: gr.Request) -> list[Any]:
        code = browser_language(request.headers.get("accept-language", ""))
        return [*translate(code, [], [], request), date.today().isoformat()]

    def put(
        text: str, day: str, code: Language, shown: Turns, beside: list[Beside], request: gr.Request
    ) -> Iterator[list[Any]]:
        """Show the question at once, then the answer; an error is shown in its place and nothing is lost."""
        if not text.strip():
            yield [shown, beside, *[gr.skip()] * 6]
            return
        pending = render.conversation(shown, corpus, code, pending=text, besides=beside)
        yield [shown, beside, pending, gr.skip(), "", gr.skip(), gr.update(open=False), gr.skip()]
        try:
            person = require(person_of(request), "ask")
            take(request, "questions", code)
            asked_on = _day(day, code)
            assistant = backend.assistant()
            query = assistant.query(text, asked_on, history=tuple(q for q, _ in shown))
            answer = None
            for answer in assistant.stream(query):
                now = [*shown, (text, answer)][-MAX_TURNS:]
                partly = [*beside, Beside()][-MAX_TURNS:]
                talked = render.conversation(now, corpus, code, besides=partly)
                cards = render.evidence(now, corpus, code)
                yield [now, partly, talked, cards, "", gr.skip(), gr.skip(), gr.update(visible=True)]
            if answer is not None:
                said, key = keep(desk, person, answer, code)
                backend.note(answer, key, scope_of(request))
                kept = [*beside, said][-MAX_TURNS:]
                talked = render.conversation(now, corpus, code, besides=kept)
                yield [gr.skip(), kept, talked, gr.skip(), gr.skip(), _status(backend, code), gr.skip(), gr.skip()]
        except KBError as error:
            if not isinstance(error, BadInput | AccessError):
                backend.metrics.failed("ask")
            before = render.conversation(shown, corpus, code, besides=beside)
            why = _line(f"{word('error', code)} {error}")
            yield [shown, beside, before, gr.skip(), text, why, gr.skip(), gr.skip()]

    def wait(code: Language) -> tuple[Any, Any]:
        return _status(backend, code), gr.Timer(active=not backend.ready())

    page = [language, head, on, choice, talk, question, send, status, examples, clear, side, *buttons]
    result = [turns, besides, talk, side, question, status, examples, clear]
    blocks.load(arrive, None, [*page, on], show_progress="hidden", api_visibility="private")
    choice.input(translate, [choice, turns, besides], page, show_progress="hidden", api_visibility="private")
    timer.tick(wait, language, [status, timer], show_progress="hidden", api_visibility="private")
    for trigger in (send.click, question.submit):
        trigger(put, [question, on, language, turns, besides], result, show_progress="hidden", api_visibility="private")
    for button in buttons:
        button.click(
            put, [button, on, language, turns, besides], result, show_progress="hidden", api_visibility="private"
        )
    clear.click(
        lambda code: [
            [],
            [],
            render.conversation([], corpus, code),
            render.evidence([], corpus, code),
            "",
            gr.skip(),
            gr.update(open=True),
            gr.update(visible=False),
        ],
        language,
        result,
        show_progress="hidden",
        api_visibility="private",
    )


def _head(backend: Backend, code: Language) -> str:
    """Title, promise, and where a question goes: nowhere, or to the chat model that is named."""
    sent = backend.chat_model
    place = word("sent_to", code).format(model=escape(sent)) if sent else word("stays_here", code)
    return (
        f"<h1>{word('title', code)}</h1><p>{word('tagline', code)}</p>"
        f'<p>{word("disclaimer", code)} <span id="kb-privacy">{place}</span></p>'
    )


def _line(text: str) -> str:
    return f'<p role="status">{escape(text)}</p>'


def _status(backend: Backend, code: Language) -> str:
    return _line(backend.trouble() or word("ready" if backend.ready() else "loading", code))


def _day(text: str, code: Language) -> date | None:
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise BadInput(word("bad_date", code)) from None
