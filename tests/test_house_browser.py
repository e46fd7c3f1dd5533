"""Each role's day in a real browser, on the whole app with the tiny corpus: asked, sent to legal, signed, lapsed, checked, refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from conftest import HashEncoder, write_tiny
from test_browser import browser  # noqa: F401  (a fixture)
from test_store import PASSWORD

from eval.bench_http import free_port
from kb.access import ROLES, Accounts
from kb.assistant import Assistant
from kb.corpus_load import write_lock
from kb.database import Database
from kb.settings import Settings

pytestmark = [
    pytest.mark.browser,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # Gradio's own figures of its queue
]
QUESTION = "How many lamps do I need on my boat?"


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr("kb.assistant.load_encoder", lambda _: HashEncoder())
    settings = Settings(home=tmp_path / "home", corpus=write_tiny(tmp_path / "corpus"), encoder="hash")
    database = Database.open(settings)
    for role in ROLES:
        Accounts(database).add(role, role, PASSWORD, "test")
    database.close()
    return settings


@contextmanager
def served(settings: Settings) -> Iterator[str]:
    from kb.ui import launch

    port = free_port()
    pages = launch(settings.model_copy(update={"port": port}), Assistant.open(settings), block=False)
    yield f"http://127.0.0.1:{port}"
    pages.close()


@contextmanager
def logged_in(browser: Any, address: str, name: str, locale: str = "en-GB") -> Iterator[Any]:  # noqa: F811
    """A page of somebody's own browser, after the log-in."""
    context = browser.new_context(locale=locale, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{address}/mine")
    page.fill("#name", name)
    page.fill("#password", PASSWORD)
    page.click("main button[type=submit]")
    page.wait_for_url("**/mine")
    yield page
    assert errors == []
    context.close()


def ask(page: Any, address: str) -> None:
    page.goto(address)
    page.wait_for_selector(".kb-tabs")
    page.fill("#kb-question textarea", QUESTION)
    page.click("#kb-send")
    page.wait_for_selector(".kb-after, .kb-legal")


def tabs_of(page: Any) -> list[str]:
    return [t.strip() for t in page.locator(".kb-tabs li, .tabs li").all_inner_texts()]


def test_the_day_of_everybody(browser: Any, settings: Settings) -> None:  # noqa: F811
    with served(settings) as address:
        with logged_in(browser, address, "employee") as page:
            ask(page, address)
            assert tabs_of(page) == ["Ask", "Check", "Library", "My answers"]
            assert page.locator(".kb-legal").count() == 0
            page.click(".kb-after button")
            page.wait_for_selector(".kb-after button:disabled")
            answer = page.get_attribute(".kb-after a", "href")
            page.goto(address + answer)
            page.fill("#comment", "Does this hold for rafts?")
            page.click("form[action$='/refer'] button")
            assert "Sent to the legal staff" in page.inner_text("[role=status]")
            assert page.goto(f"{address}/review").status == 403
            assert "does not allow" in page.inner_text("main")
            page.goto(f"{address}/evaluate")
            page.wait_for_selector(".kb-tabs")
            assert "does not allow" in page.inner_text("#kb-eval-status")
            page.goto(f"{address}/mine")
            assert QUESTION in page.inner_text("main")
        with logged_in(browser, address, "legal") as page:
            assert tabs_of(page) == ["Ask", "Check", "Library", "My answers", "Review", "Audit trail"]
            page.goto(f"{address}/review")
            assert "Does this hold for rafts?" in page.inner_text("main")
            page.click(f"text={QUESTION}")
            while page.locator(".chip:has-text('Not yet reviewed')").count():
                item = page.locator("li:has(.chip:has-text('Not yet reviewed'))").first
                item.locator("button[value=signed]").click()
                page.wait_for_selector("[role=status]")
            with page.expect_download() as download:
                page.click("text=Export .docx")
            assert Path(download.value.path()).read_bytes()[:2] == b"PK"
            page.click("form[action$='/close'] button")
            assert "Nothing waits" in page.inner_text("main")
        with logged_in(browser, address, "employee") as page:
            ask(page, address)
            assert "Signed off by legal" in page.inner_text(".kb-legal")
        with logged_in(browser, address, "evaluator") as page:
            page.goto(f"{address}/usage")
            assert QUESTION in page.inner_text("main") and page.locator("svg rect").count() >= 3
            page.click("text=Make a case of it >> nth=0")
            assert "rationale" in page.inner_text("pre")
        with logged_in(browser, address, "admin") as page:
            page.goto(f"{address}/audit")
            assert "unbroken" in page.inner_text("main")
            page.click(".who button")
            page.wait_for_url("**/login")
            assert page.goto(f"{address}/audit").url.endswith("/login?next=/audit")


def test_a_sign_off_lapses_after_a_change_of_the_corpus(browser: Any, settings: Settings) -> None:  # noqa: F811
    with served(settings) as address, logged_in(browser, address, "legal") as page:
        ask(page, address)
        page.goto(address + page.get_attribute(".kb-after a", "href"))
        while page.locator(".chip:has-text('Not yet reviewed')").count():
            page.locator("li:has(.chip:has-text('Not yet reviewed')) button[value=signed]").first.click()
            page.wait_for_selector("[role=status]")
    law = settings.corpus / "laws/harbour-law/2024-01-01.md"
    law.write_text(law.read_text().replace("shall carry 3 lamps", "shall carry 3 bright lamps"))
    write_lock(settings.corpus)
    with served(settings) as address, logged_in(browser, address, "legal") as page:
        page.goto(f"{address}/review")
        assert "sign-off lapsed" in page.inner_text("main")
        page.click(f"text={QUESTION}")
        assert "the text of the provision held here has changed" in page.inner_text("main")
        ask(page, address)
        assert "has lapsed" in page.inner_text(".kb-legal")


@pytest.mark.parametrize(("locale", "tab"), [("zh-CN", "我的问答"), ("fr-FR", "Mes réponses")])
def test_the_pages_speak_the_readers_language(browser: Any, settings: Settings, locale: str, tab: str) -> None:  # noqa: F811
    with served(settings) as address, logged_in(browser, address, "admin", locale) as page:
        for path in ("/", "/check", "/evaluate", "/mine", "/review", "/usage", "/audit", "/law"):
            page.goto(address + path)
            page.wait_for_selector(f"nav :text('{tab}')")


def test_a_text_is_checked_by_somebody_who_is_logged_in(browser: Any, settings: Settings, tmp_path: Path) -> None:  # noqa: F811
    memo = tmp_path / "memo.txt"
    memo.write_text("Article 99 of the Harbour Law asks for lamps.")
    with served(settings) as address, logged_in(browser, address, "employee") as page:
        page.goto(f"{address}/check")
        page.wait_for_selector(".kb-tabs")
        page.set_input_files("#kb-check-upload input, input[type=file]", str(memo))
        page.wait_for_selector(".kb-cite")
        assert "no such article" in page.inner_text("#kb-check-result")


def test_pages_on_a_phone_do_not_scroll_sideways(browser: Any, settings: Settings) -> None:  # noqa: F811
    with served(settings) as address, logged_in(browser, address, "admin") as page:
        ask(page, address)
        answer = page.get_attribute(".kb-after a", "href").partition("#")[0]
        page.set_viewport_size({"width": 375, "height": 800})
        for path in ("/", "/mine", answer, "/review", "/usage", "/audit", "/login"):
            page.goto(address + path)
            page.wait_for_selector(".kb-tabs, .tabs")
            wide = page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide <= 1, path


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(browser: Any, settings: Settings, scheme: str) -> None:  # noqa: F811
    """The rules of axe-core on every page, by the scheme of the reader's system."""
    from axe_playwright_python.sync_playwright import Axe

    with served(settings) as address, logged_in(browser, address, "admin") as page:
        page.emulate_media(color_scheme=scheme)
        ask(page, address)
        answer = page.get_attribute(".kb-after a", "href").partition("#")[0]
        found = []
        for path in (
            "/",
            "/check",
            "/evaluate",
            "/mine",
            answer,
            "/review",
            "/usage",
            "/audit",
            "/law",
            "/law/harbour-law/2",
            "/login",
        ):
            if path != "/":
                page.goto(address + path)
                page.wait_for_selector(".kb-tabs, .tabs")
            page.wait_for_timeout(300)
            for violation in Axe().run(page).response["violations"]:
                if violation["impact"] in ("serious", "critical"):
                    where = [node["target"][0] for node in violation["nodes"][:4]]
                    found.append((path.split("?")[0][:9], violation["id"], where))
        assert found == []
