"""The page Evaluate: the last report, and a run of a new one. The report itself is served as a file of its own."""

from __future__ import annotations

import json
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any, get_args

import gradio as gr
from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse, Response

from kb.access import require
from kb.checkout import evaluation_held
from kb.errors import AccessError
from kb.model import Language
from kb.settings import Settings
from kb.ui.backend import Backend
from kb.ui.desk_words import text as desk_word
from kb.ui.door import person_of
from kb.ui.evaluate_run import Evaluation, RunState, Split
from kb.ui.evaluate_words import word
from kb.ui.keep import navigation
from kb.ui.strings import browser_language

LANGUAGE_NAMES = [("English", "en"), ("中文", "zh"), ("Français", "fr")]
RUNS_SHOWN = 5
COMPARED = (
    "right", "citation_precision", "citation_recall", "recall@5", "recall@10", "mrr@10", "abstention_f1", "false_refusals",
    "premise_recall", "unattributed_text",
)  # fmt: skip
"""The figures of earlier runs that are shown side by side."""
FILES = {"html": "text/html", "json": "application/json", "xml": "application/xml"}
"""The forms of a report that can be had at /evaluate/report.<form>."""


def evaluate_page(blocks: gr.Blocks, backend: Backend, settings: Settings) -> None:
    """Lay out the page inside `blocks` and wire it; call it inside `with blocks.route("Evaluate", "/evaluate")`."""
    held = evaluation_held()
    evaluation = Evaluation(backend, report_folder(settings))
    language = gr.State("en")
    with gr.Row():
        with gr.Column(scale=5):
            head = gr.HTML(_head("en"), elem_id="kb-head")
        with gr.Column(scale=1, min_width=160):
            choice = gr.Dropdown(LANGUAGE_NAMES, value="en", label=word("language", "en"), elem_id="kb-language")
    with gr.Row(visible=held, equal_height=False):
        with gr.Column(scale=3, min_width=260):
            split = gr.Dropdown(_splits("en"), value="all", label=word("split", "en"), elem_id="kb-eval-split")
        with gr.Column(scale=3, min_width=260):
            baselines = gr.Checkbox(value=True, label=word("baselines", "en"), elem_id="kb-eval-baselines")
        start = gr.Button(word("run", "en"), variant="primary", elem_id="kb-eval-run", scale=1, min_width=110)
    status = gr.HTML("", elem_id="kb-eval-status")
    report = gr.HTML("", elem_id="kb-eval-report")
    timer = gr.Timer(1.0, active=False)

    def shown(code: Language) -> str:
        return (
            _report(evaluation.folder, code) if held else f'<div class="kb-empty">{escape(word("absent", code))}</div>'
        )

    def translate(code: Language, request: gr.Request) -> list[Any]:
        """Every text of the page in a language."""
        allowed = _allowed(request)
        return [
            code,
            navigation(person_of(request), code, "/evaluate") + _head(code),
            gr.update(label=word("language", code), value=code),
            gr.update(label=word("split", code), choices=_splits(code)),
            gr.update(label=word("baselines", code)),
            word("run", code),
            _status(evaluation.state, backend, code) if allowed else _line(desk_word("not_allowed", code)),
            shown(code) if allowed else "",
        ]

    def arrive(request: gr.Request) -> list[Any]:
        """The page in the reader's language; it watches a run that is already going on."""
        code = browser_language(request.headers.get("accept-language", ""))
        return [*translate(code, request), gr.Timer(active=_allowed(request) and evaluation.state.running)]

    def run(which: str, compare: bool, code: Language, request: gr.Request) -> list[Any]:
        if not _allowed(request):
            return [_line(desk_word("not_allowed", code)), gr.skip()]
        if not held or which not in get_args(Split):
            return [gr.skip()] * 2
        started = evaluation.start(which, compare)  # type: ignore[arg-type]
        said = _status(evaluation.state, backend, code) if started else _line(word("already", code))
        return [said, gr.Timer(active=True)]

    def watch(code: Language, request: gr.Request) -> list[Any]:
        """How far the run is; when it has ended, its report, and no further look."""
        if not _allowed(request):
            return [_line(desk_word("not_allowed", code)), "", gr.Timer(active=False)]
        now = evaluation.state
        if now.running:
            return [_status(now, backend, code), gr.skip(), gr.skip()]
        return [_status(now, backend, code), shown(code), gr.Timer(active=False)]

    page = [language, head, choice, split, baselines, start, status, report]
    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    blocks.load(arrive, None, [*page, timer], **quiet)
    choice.input(translate, choice, page, **quiet)
    start.click(run, [split, baselines, language], [status, timer], **quiet)
    timer.tick(watch, language, [status, report, timer], **quiet)


def _allowed(request: gr.Request) -> bool:
    try:
        require(person_of(request), "evaluate")
    except AccessError:
        return False
    return True


def report_folder(settings: Settings) -> Path:
    return settings.home / "eval"


def report_router(settings: Settings) -> APIRouter:
    """`/evaluate/report.html`, `.json` and `.xml`: the report kept last; `?download` names a file to save it under."""
    router = APIRouter()

    def file(form: str, request: Request, download: str | None = None) -> Response:
        try:
            require(person_of(request), "evaluate")
        except AccessError as error:
            return HTMLResponse("<!doctype html><title>403</title><p>Your role does not allow this.</p>", error.status)
        path = report_folder(settings) / f"report.{form}"
        if form not in FILES or not path.is_file():  # what is no form never reaches the disk
            return HTMLResponse("<!doctype html><title>404</title><p>There is no report yet.</p>", 404)
        name = f"kb-eval.{form}" if download is not None else None
        return FileResponse(path, media_type=FILES[form], filename=name, headers={"Cache-Control": "no-store"})

    router.add_api_route("/evaluate/report.{form}", file, methods=["GET"])
    return router


def _head(code: Language) -> str:
    return f"<h1>{word('evaluate', code)}</h1><p>{word('tagline', code)}</p><p>{word('offline', code)}</p>"


def _splits(code: Language) -> list[tuple[str, str]]:
    return [(word(f"split_{name}", code), name) for name in get_args(Split)]


def _line(text: str) -> str:
    return f'<p role="status">{escape(text)}</p>'


def _status(state: RunState, backend: Backend, code: Language) -> str:
    if state.error:
        return f'<p class="kb-note" role="alert">{escape(word("failed", code))} {escape(state.error)}</p>'
    if state.running and not state.total:
        return _line(word("waiting", code))
    if state.running:
        said = word("running", code).format(done=state.done, total=state.total)
        return f'{_line(said)}<progress max="{state.total}" value="{state.done}"></progress>'
    trouble = backend.trouble()
    return _line(trouble or (word("done", code) if state.finished else ""))


def _report(folder: Path, code: Language) -> str:
    """The last report in a frame, and the ways to open and save it."""
    path = folder / "report.html"
    if not path.is_file():
        return f'<div class="kb-empty">{escape(word("none", code))}</div>'
    made = path.stat().st_mtime
    when = datetime.fromtimestamp(made).astimezone().isoformat(sep=" ", timespec="minutes")
    title = escape(word("last", code), quote=True)
    links = "".join(
        f'<a class="kb-copy" href="/evaluate/report.{form}?download=1" download>{escape(word(f"get_{form}", code))}</a> '
        for form in FILES
    )
    return (
        f'{_runs(folder, code)}<h2>{title}</h2><p class="kb-facts">{escape(when)}</p>'
        f'<p class="kb-report-links"><a class="kb-copy" href="/evaluate/report.html" target="_blank">{escape(word("open", code))}</a> {links}</p>'
        f'<iframe class="kb-report" src="/evaluate/report.html?made={made:.0f}" title="{title}" sandbox="allow-scripts"></iframe>'
    )


def _runs(folder: Path, code: Language) -> str:
    """The last runs side by side, newest first: their figures, and for each how it differs from the run before."""
    held = []
    for path in sorted((folder / "runs").glob("*.json"), reverse=True)[:RUNS_SHOWN]:
        try:
            held.append({**json.loads(path.read_text(encoding="utf-8")), "made": path.stem})
        except (OSError, ValueError):
            continue  # a run that cannot be read is not compared
    if len(held) < 2:
        return ""
    heads = "".join(
        f'<th scope="col">{escape(_made(str(run["made"])))}<br>{escape(str(run["split"]))} · {escape(str(run["corpus"])[:8])}</th>'
        for run in held
    )
    rows = []
    for of in ("split test", "split dev"):
        for name in COMPARED:
            values = [run["metrics"].get(of, {}).get(name, {}).get("value") for run in held]
            if all(value is None for value in values):
                continue
            cells = [
                _figure(value, values[at + 1] if at + 1 < len(values) else None) for at, value in enumerate(values)
            ]
            label = f"{of.removeprefix('split ')}: {name.replace('_', ' ')}"
            rows.append(f'<tr><th scope="row">{escape(label)}</th>{"".join(cells)}</tr>')
    title = escape(word("runs", code))
    return (
        f'<details class="kb-card" open><summary>{title}</summary><div class="kb-wide" tabindex="0" role="region" aria-label="{title}">'
        f'<table class="kb-table"><thead><tr><th></th>{heads}</tr></thead><tbody>{"".join(rows)}</tbody></table></div></details>'
    )


def _made(stamp: str) -> str:
    return f"{stamp[:4]}-{stamp[4:6]}-{stamp[6:8]} {stamp[9:11]}:{stamp[11:13]} UTC" if len(stamp) == 15 else stamp[:20]


def _figure(value: object, before: object) -> str:
    if not isinstance(value, int | float):
        return "<td>–</td>"
    change = ""
    if isinstance(before, int | float) and abs(value - before) >= 0.0005:
        change = f" <small>({value - before:+.3f})</small>"
    return f"<td>{value:.3f}{change}</td>"
