"""The page Evaluate in a real browser: the last report, a run with its progress, one run at a time. Needs no model."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from conftest import HashEncoder, write_tiny
from eval_example import CASES, HOSTILE, example
from fastapi.testclient import TestClient
from test_browser import LOCALES, browser  # noqa: F401  (a fixture)

from eval.report import forms, keep
from eval.results import Report
from kb.access import LOCAL
from kb.assistant import Assistant
from kb.errors import BadInput
from kb.model import LANGUAGES, Language
from kb.settings import Settings
from kb.ui.backend import Backend
from kb.ui.evaluate import report_folder, report_router
from kb.ui.evaluate_run import Evaluation, RunState
from kb.ui.evaluate_words import WORDS, word

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # Gradio's own figures of its queue


class Measure:
    """Stands in for the run: three questions, each when it is let go, then the small evaluation or an error."""

    def __init__(self) -> None:
        self.step, self.calls = threading.Semaphore(0), 0
        self.error: Exception | None = None

    def __call__(
        self, _assistant: Assistant, _split: str, _baselines: bool, progress: Callable[[int, int], None]
    ) -> Report:
        self.calls += 1
        for done in range(4):
            progress(done, 3)
            assert self.step.acquire(timeout=30)
        if self.error:
            raise self.error
        return example()

    def let_go(self, steps: int = 4) -> None:
        self.step.release(steps)


@pytest.fixture
def measure(monkeypatch: pytest.MonkeyPatch) -> Measure:
    found = Measure()
    monkeypatch.setattr("eval.run.measure", found)
    monkeypatch.setattr("eval.cases.all_cases", lambda: list(CASES))
    return found


@pytest.fixture
def assistant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Assistant:
    monkeypatch.setattr("kb.assistant.load_encoder", lambda _: HashEncoder())
    settings = Settings(home=tmp_path / "home", corpus=write_tiny(tmp_path / "corpus"), encoder="hash")
    return Assistant.open(settings)


def wait_for(told: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(600):
        if told():
            return
        pause.wait(0.05)
    pytest.fail("nothing came of it within 30 seconds")


# ------------------------------------------------------------------ the run


def test_one_run_at_a_time_and_its_report_is_kept(assistant: Assistant, measure: Measure, tmp_path: Path) -> None:
    evaluation = Evaluation(Backend(assistant), tmp_path / "eval")
    assert evaluation.state == RunState()
    assert evaluation.start("all", baselines=True)
    assert not evaluation.start("dev", baselines=False)
    measure.let_go(2)
    wait_for(lambda: evaluation.state == RunState(running=True, done=2, total=3))
    measure.let_go(2)
    wait_for(lambda: evaluation.state == RunState(finished=True))
    assert measure.calls == 1
    assert Report.from_json((tmp_path / "eval" / "report.json").read_text(encoding="utf-8")) == example()
    measure.let_go()
    assert evaluation.start("test", baselines=True)
    wait_for(lambda: measure.calls == 2 and evaluation.state.finished)


def test_an_error_ends_the_run_and_is_said(assistant: Assistant, measure: Measure, tmp_path: Path) -> None:
    evaluation = Evaluation(Backend(assistant), tmp_path / "eval")
    measure.error = BadInput("the cases cannot be read")
    measure.let_go()
    evaluation.start("all", baselines=True)
    wait_for(lambda: evaluation.state.error is not None)
    assert evaluation.state == RunState(error="the cases cannot be read") and not (tmp_path / "eval").exists()


# ------------------------------------------------------------------ its files


@pytest.fixture
def kept(assistant: Assistant) -> Assistant:
    """The assistant, with a report kept in its home."""
    keep(forms(example(), assistant.corpus, CASES), report_folder(assistant.settings))
    return assistant


def client(assistant: Assistant) -> TestClient:
    from fastapi import FastAPI

    app = FastAPI()
    app.include_router(report_router(assistant.settings))

    async def let_in(scope: Any, receive: Any, send: Any) -> None:
        await app({**scope, "kb_person": LOCAL}, receive, send)

    return TestClient(let_in)


@pytest.mark.parametrize(
    ("form", "kind"), [("html", "text/html"), ("json", "application/json"), ("xml", "application/xml")]
)
def test_the_report_is_served_and_can_be_saved(kept: Assistant, form: str, kind: str) -> None:
    asked = client(kept)
    plain, saved = asked.get(f"/evaluate/report.{form}"), asked.get(f"/evaluate/report.{form}?download=1")
    assert plain.status_code == 200 and plain.headers["content-type"].startswith(kind)
    assert "content-disposition" not in plain.headers
    assert f'filename="kb-eval.{form}"' in saved.headers["content-disposition"]
    assert saved.content == plain.content == (report_folder(kept.settings) / f"report.{form}").read_bytes()


@pytest.mark.parametrize("form", ["html", "txt", "..%2Fsecret", "html%00"])
def test_what_is_not_there_is_404(assistant: Assistant, form: str) -> None:
    assert client(assistant).get(f"/evaluate/report.{form}").status_code == 404


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_is_there_in_every_language(language: Language) -> None:
    assert all(word(key, language).strip() for key in WORDS)
    assert len({word("run", code) for code in LANGUAGES}) == len(LANGUAGES)


def test_runs_are_compared_side_by_side(kept: Assistant) -> None:
    from kb.ui.evaluate import _report

    folder = report_folder(kept.settings)
    assert word("runs", "en") not in _report(folder, "en")  # there is one run alone
    first = next((folder / "runs").glob("*.json"))
    other = json.loads(first.read_text(encoding="utf-8"))
    now = other["metrics"]["all"]["right"]
    assert now["value"] is not None
    for path, value in ((first, 0.75), (None, 0.5)):
        other["metrics"] = {"split test": {"right": {**now, "value": value}}}
        if path:
            path.write_text(json.dumps(other), encoding="utf-8")
    other["corpus"] = "<script>x"
    (folder / "runs" / "20200101T000000.json").write_text(json.dumps(other), encoding="utf-8")
    (folder / "runs" / "20200102T000000.json").write_text("{", encoding="utf-8")  # damaged: left out
    shown = _report(folder, "en")
    assert word("runs", "en") in shown and "2020-01-01 00:00 UTC" in shown and "(+0.250)" in shown
    assert "<script>" not in shown


def test_no_more_than_twenty_runs_are_kept(kept: Assistant) -> None:
    runs = report_folder(kept.settings) / "runs"
    for number in range(30):
        (runs / f"201901{number + 1:02}T000000.json").write_text("{}", encoding="utf-8")
    keep(forms(example(), kept.corpus, CASES), report_folder(kept.settings))
    assert len(list(runs.glob("*.json"))) == 20


# ------------------------------------------------------------------ in the browser


@pytest.fixture
def not_a_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kb.ui.evaluate.evaluation_held", lambda: False)


@pytest.fixture
def address(browser: Any, assistant: Assistant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:  # noqa: ARG001, F811
    from kb.ui import launch

    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "gradio"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    pages = launch(assistant.settings.model_copy(update={"port": port}), assistant, block=False)
    yield f"http://127.0.0.1:{port}/"
    pages.close()


def open_page(browser: Any, address: str, language: Language, **options: Any) -> Any:  # noqa: F811
    page = browser.new_context(locale=LOCALES[language], **options).new_page()
    page.faults = []
    page.on("pageerror", lambda error: page.faults.append(str(error)))
    page.on(
        "request", lambda r: page.faults.append(r.url) if not r.url.startswith((address, "data:", "blob:")) else None
    )
    page.goto(address + "evaluate")
    page.wait_for_function(
        "t => document.querySelector('#kb-head h1')?.textContent === t", arg=word("evaluate", language)
    )
    return page


@pytest.mark.browser
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_last_report_is_shown_and_saved(browser: Any, kept: Assistant, address: str, language: Language) -> None:  # noqa: ARG001, F811
    page = open_page(browser, address, language)
    page.wait_for_selector("#kb-eval-report iframe")
    frame = page.frame_locator("#kb-eval-report iframe")
    frame.locator("details[data-case]").first.wait_for()
    assert frame.locator("details[data-case]").count() == len(CASES)
    links = page.locator("#kb-eval-report a[download]")
    assert links.all_inner_texts() == [word(f"get_{form}", language) for form in ("html", "json", "xml")]
    with page.expect_download() as saved:
        links.nth(1).click()
    assert Report.from_json(Path(saved.value.path()).read_text(encoding="utf-8")) == example()
    with page.expect_download() as saved:
        links.nth(2).click()
    assert ElementTree.parse(saved.value.path()).getroot().tag == "testsuites"
    assert page.faults == []


@pytest.mark.browser
def test_a_run_shows_how_far_it_is_and_then_its_report(browser: Any, measure: Measure, address: str) -> None:  # noqa: F811
    page, other = open_page(browser, address, "en"), open_page(browser, address, "fr")
    assert "No report yet" in page.inner_text("#kb-eval-report")
    page.click("#kb-eval-run")
    measure.let_go(2)
    page.wait_for_function("() => document.querySelector('#kb-eval-status').textContent.includes('2 of 3')")
    assert page.locator("#kb-eval-status progress").get_attribute("value") == "2"
    other.click("#kb-eval-run")
    other.wait_for_function("() => document.querySelector('#kb-eval-status').textContent.includes('2 sur 3')")
    measure.let_go(2)
    for shown in (page, other):
        shown.wait_for_selector("#kb-eval-report iframe")
    assert measure.calls == 1 and page.faults == [] and other.faults == []


@pytest.mark.browser
@pytest.mark.usefixtures("not_a_checkout")
def test_an_installation_without_questions_says_so(browser: Any, address: str) -> None:  # noqa: F811
    page = open_page(browser, address, "en")
    page.wait_for_function("() => document.querySelector('#kb-eval-report').textContent.includes('holds no questions')")
    assert not page.locator("#kb-eval-run").is_visible()


@pytest.mark.browser
def test_cases_are_filtered_and_markup_is_text(browser: Any, kept: Assistant) -> None:  # noqa: F811
    path = report_folder(kept.settings) / "report.html"
    page = browser.new_context(viewport={"width": 390, "height": 800}).new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    page.goto(path.as_uri())
    shown = page.locator("details[data-case]:not([hidden])")
    assert page.title() == "Evaluation · 3 questions" and shown.count() == 3
    page.select_option("select[data-filter=verdict]", "wrong")
    assert shown.count() == 1 and page.inner_text("#shown") == "1 of 3"
    assert re.sub(r"\s", "", HOSTILE.replace("\x07", "")) in re.sub(r"\s", "", shown.inner_text().replace("\x07", ""))
    page.select_option("select[data-filter=verdict]", "")
    page.fill("input[data-filter=words]", "三盏灯 nothing")
    assert shown.count() == 0
    page.fill("input[data-filter=words]", "几盏灯")
    assert shown.count() == 1
    page.goto(path.as_uri() + "#d-en-001")
    page.wait_for_function("() => document.getElementById('d-en-001').open")
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 392
    assert faults == []
