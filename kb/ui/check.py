"""The page Check: a text in, its citations out, each with a verdict."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from html import escape
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory
from typing import Any

import gradio as gr

from kb.access import require
from kb.annotate import report_csv, report_record
from kb.annotated_docx import report_docx
from kb.check import check_text
from kb.corpus import Corpus
from kb.errors import BadInput, KBError
from kb.model import CheckReport, Language
from kb.ui import check_view as view
from kb.ui.backend import Backend
from kb.ui.door import person_of
from kb.ui.keep import navigation
from kb.ui.limits import take
from kb.ui.strings import browser_language, word
from kb.uploads import MAX_CHARACTERS, ReadFile, read_document, read_text_file

LANGUAGE_NAMES = [("English", "en"), ("中文", "zh"), ("Français", "fr")]
FORMS = ("docx", "csv", "json")
KEEP_SECONDS = 1800
"""How long a session's text and the files to download are kept."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A file or document that was opened, and when it was written where that is known."""

    read: ReadFile
    written: date | None = None


def check_page(blocks: gr.Blocks, backend: Backend) -> None:  # noqa: PLR0915  (one statement a component)
    """Lay out the page inside `blocks` and wire it; call it inside `with blocks.route("Check", "/check")`."""
    corpus = backend.corpus
    blocks.delete_cache = (300, KEEP_SECONDS)
    language = gr.State("en")
    loaded = gr.State(None, time_to_live=KEEP_SECONDS)
    with gr.Row():
        with gr.Column(scale=5):
            head = gr.HTML(_head("en"), elem_id="kb-head")
        with gr.Column(scale=3, min_width=300), gr.Row():
            on = gr.Textbox(value="", label=word("as_of", "en"), elem_id="kb-check-on", max_length=10, min_width=100)
            written = gr.Textbox(
                value="",
                label=word("check_written", "en"),
                placeholder="2020-03-06",
                elem_id="kb-check-written",
                max_length=10,
                min_width=100,
            )
            choice = gr.Dropdown(
                LANGUAGE_NAMES, value="en", label=word("language", "en"), elem_id="kb-language", min_width=100
            )
    with gr.Row():
        with gr.Column(scale=6):
            text = gr.Textbox(
                label=word("check_text", "en"),
                placeholder=word("check_placeholder", "en"),
                lines=6,
                max_lines=14,
                max_length=MAX_CHARACTERS,
                elem_id="kb-check-text",
            )
            with gr.Row():
                send = gr.Button(word("check_send", "en"), variant="primary", min_width=110, elem_id="kb-check-send")
                upload = gr.UploadButton(
                    word("check_upload", "en"), type="filepath", min_width=220, elem_id="kb-check-upload"
                )
            with gr.Row():
                opens = [
                    gr.Button(_open_label(slug, corpus, "en"), size="sm", min_width=200, elem_id=f"kb-open-{slug}")
                    for slug in corpus.documents
                ]
            status = gr.HTML("", elem_id="kb-check-status")
            with gr.Row():
                files = [
                    gr.DownloadButton(
                        word(f"check_{form}", "en"), size="sm", min_width=110, visible=False, elem_id=f"kb-get-{form}"
                    )
                    for form in FORMS
                ]
            shown = gr.HTML(_empty("check_empty", "en"), elem_id="kb-check-result")
        with gr.Column(scale=5):
            side = gr.HTML(_empty("check_cards_empty", "en"), elem_id="kb-check-cards")

    def translate(code: Language, request: gr.Request) -> list[Any]:
        """Every fixed text of the page in a language."""
        return [
            code,
            navigation(person_of(request), code, "/check") + _head(code),
            gr.update(label=word("as_of", code)),
            gr.update(label=word("check_written", code)),
            gr.update(label=word("language", code), value=code),
            gr.update(label=word("check_text", code), placeholder=word("check_placeholder", code)),
            word("check_send", code),
            gr.update(label=word("check_upload", code)),
            "",
            _empty("check_empty", code),
            _empty("check_cards_empty", code),
            *(gr.update(label=word(f"check_{form}", code), visible=False) for form in FORMS),
            *(_open_label(slug, corpus, code) for slug in corpus.documents),
        ]

    def arrive(request: gr.Request) -> list[Any]:
        code = browser_language(request.headers.get("accept-language", ""))
        return [*translate(code, request), date.today().isoformat()]

    def failed(error: KBError, code: Language) -> list[Any]:
        """The error in its place; the text stays, an earlier result does not."""
        said = f'<p class="kb-note" role="alert">{escape(word("error", code))} {escape(str(error))}</p>'
        empty = [_empty("check_empty", code), _empty("check_cards_empty", code)]
        return [gr.skip(), gr.skip(), said, *empty, *[gr.update(visible=False)] * len(FORMS)]

    def put(
        typed: str, opened: Loaded | None, day: str, day_written: str, code: Language, request: gr.Request
    ) -> Iterator[list[Any]]:
        """Check what is typed, else what was opened: the result first, then the files."""
        yield [gr.skip(), gr.skip(), _line(word("check_running", code)), *[gr.skip()] * (2 + len(FORMS))]
        try:
            require(person_of(request), "check")
            take(request, "checks", code)
            about = _what(typed, opened, code)
            read = about.read
            when = _day(day_written, code) or about.written
            report = check_text(read.text, corpus, _day(day, code) or date.today(), when, code)
        except KBError as error:
            yield failed(error, code)
            return
        result = view.result(report, corpus, code, read.name, read.notes)
        kept = None if typed.strip() else opened
        hidden = [gr.update(visible=False)] * len(FORMS)
        yield [gr.skip(), kept, "", result, view.cards(report, corpus, code), *hidden]
        with TemporaryDirectory(prefix="kb-check-") as folder:  # Gradio copies them before it comes back here
            made = [gr.update(value=path, visible=True) for path in _write(report, corpus, code, read, Path(folder))]
            yield [*[gr.skip()] * 5, *made]

    def opened(make: Callable[[], Loaded]) -> Callable[..., Iterator[list[Any]]]:
        """A step that opens a file or document in place of the typed text, and checks it."""

        def step(day: str, day_written: str, code: Language, request: gr.Request) -> Iterator[list[Any]]:
            try:
                require(person_of(request), "check")
                now = make()
            except KBError as error:
                yield failed(error, code)
                return
            for number, outputs in enumerate(put("", now, day, day_written, code, request)):
                yield ["", now, *outputs[2:]] if number == 0 else outputs

        return step

    def uploaded(path: str, day: str, day_written: str, code: Language, request: gr.Request) -> Iterator[list[Any]]:
        yield from opened(lambda: Loaded(_take(Path(path))))(day, day_written, code, request)

    def again(
        typed: str, now: Loaded | None, day: str, day_written: str, code: Language, request: gr.Request
    ) -> Iterator[list[Any]]:
        """The last result in another language, where there is one."""
        if typed.strip() or now:
            yield from put(typed, now, day, day_written, code, request)

    page = [language, head, on, written, choice, text, send, upload, status, shown, side, *files, *opens]
    result = [text, loaded, status, shown, side, *files]
    asked = [on, written, language]
    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    blocks.load(arrive, None, [*page, on], **quiet)
    choice.input(translate, choice, page, **quiet).then(again, [text, loaded, *asked], result, **quiet)
    send.click(put, [text, loaded, *asked], result, **quiet)
    upload.upload(uploaded, [upload, *asked], result, **quiet)
    for slug, button in zip(corpus.documents, opens, strict=True):
        button.click(opened(_document(slug, corpus)), asked, result, **quiet)


def _head(code: Language) -> str:
    return f"<h1>{word('check', code)}</h1><p>{word('check_tagline', code)}</p><p>{word('check_private', code)}</p>"


def _empty(key: str, code: Language) -> str:
    return f'<div class="kb-empty">{escape(word(key, code))}</div>'


def _line(text: str) -> str:
    return f'<p role="status">{escape(text)}</p>'


def _open_label(slug: str, corpus: Corpus, code: Language) -> str:
    return word("check_open", code).format(name=corpus.documents[slug].short[code])


def _document(slug: str, corpus: Corpus) -> Callable[[], Loaded]:
    return lambda: Loaded(read_document(corpus.documents[slug]), corpus.documents[slug].published_to)


def _take(path: Path) -> ReadFile:
    """Read an upload, named as the user named it, and delete it whatever comes of it."""
    try:
        return read_text_file(path.name, path.read_bytes())
    except OSError:
        raise BadInput(f"{path.name}: the upload was lost; choose the file again") from None
    finally:
        path.unlink(missing_ok=True)


def _what(typed: str, opened: Loaded | None, code: Language) -> Loaded:
    if typed.strip():
        if len(typed) > MAX_CHARACTERS:
            raise BadInput(f"{len(typed):,} > {MAX_CHARACTERS:,} {word('check_characters', code)}")
        return Loaded(ReadFile(word("check_pasted", code), "text", typed.replace("\r\n", "\n")))
    if opened is None:
        raise BadInput(word("check_nothing", code))
    return opened


def _day(text: str, code: Language) -> date | None:
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise BadInput(word("bad_date", code)) from None


def _write(report: CheckReport, corpus: Corpus, code: Language, read: ReadFile, folder: Path) -> list[str]:
    """The files to download, in the order of FORMS, named after what was checked."""
    stem = re.sub(r"[^\w-]+", "-", PurePath(read.name).stem)[:60].strip("-") or "text"
    content = {
        "docx": report_docx(report, corpus, code, read.origin, read.name),
        "csv": report_csv(report, corpus, code),
        "json": json.dumps(report_record(report, corpus), ensure_ascii=False, indent=1).encode(),
    }
    paths = []
    for form in FORMS:
        path = folder / f"{stem}-checked.{form}"
        path.write_bytes(content[form])
        paths.append(str(path))
    return paths
