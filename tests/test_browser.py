"""A real browser on the real page: ask in each language, open a citation, see the words marked."""

from __future__ import annotations

import os
import re
import shutil
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from kb.assistant import Assistant

pytestmark = [pytest.mark.browser, pytest.mark.model]

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
LOCALES = {"en": "en-GB", "zh": "zh-CN", "fr": "fr-FR"}
ASKED = {
    "en": ("May we use face recognition to record attendance?", "FRT Measures Art. 10(1)"),
    "zh": ("个保法第二十九条是怎么规定的？", "《个人信息保护法》第二十九条"),
    "fr": ("Que dit l’article 15 des Mesures ?", "Mesures FRT, art. 15"),
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        if os.environ.get("KB_REQUIRE_BROWSER"):
            pytest.fail("KB_REQUIRE_BROWSER is set and no chromium is installed")
        pytest.skip("no chromium on this machine (Debian: apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def address(assistant: Assistant, browser: Any) -> Iterator[str]:  # noqa: ARG001  (skips before a server is started)
    from kb.ui import launch

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    pages = launch(assistant.settings.model_copy(update={"port": port}), assistant, block=False)
    yield f"http://127.0.0.1:{port}/"
    pages.close()


def open_page(browser: Any, address: str, language: str, **options: Any) -> Any:
    """A fresh page in a language; errors of the page fail the test at its end."""
    page = browser.new_context(locale=LOCALES[language], **options).new_page()
    page.faults = []
    page.on("pageerror", lambda error: page.faults.append(str(error)))
    page.on(
        "request", lambda r: page.faults.append(r.url) if not r.url.startswith((address, "data:", "blob:")) else None
    )
    page.goto(address)
    page.wait_for_selector("#kb-question textarea")
    page.wait_for_function("() => document.querySelector('#kb-on input, #kb-on textarea').value !== ''")
    return page


def ask(page: Any, text: str) -> None:
    before = page.locator(".kb-turn").count()
    page.fill("#kb-question textarea", text)
    page.click("#kb-send")
    page.wait_for_function(
        "n => document.querySelectorAll('.kb-turn').length > n && !document.querySelector('.kb-wait')", arg=before
    )


@pytest.mark.parametrize("language", ["en", "zh", "fr"])
def test_ask_open_and_check(browser: Any, address: str, language: str) -> None:
    from kb.ui.strings import word

    page = open_page(browser, address, language)
    page.wait_for_function("t => document.querySelector('#kb-head h1').textContent === t", arg=word("title", language))  # type: ignore[arg-type]
    question, label = ASKED[language]
    ask(page, question)
    point = page.locator(".kb-points li").filter(has_text=label).first
    chip, quote = point.locator("button.kb-chip"), point.locator(".kb-quote").inner_text()
    name = chip.get_attribute("data-open")
    chip.click()
    card = page.locator(f"#{name}")
    assert card.get_attribute("open") is not None
    assert page.locator(".kb-card[open]").count() == 1
    marks = " ".join(card.locator("mark").all_inner_texts())
    assert re.sub(r"\s+", " ", marks) == re.sub(r"\s+", " ", quote)
    assert card.locator("mark").first.is_visible()
    link = card.locator("a[href^=http]")
    assert link.get_attribute("href").startswith("http") and "noopener" in link.get_attribute("rel")
    assert card.locator("a.kb-library").get_attribute("href").startswith("/law/")
    assert page.faults == []


def test_an_example_is_one_click(browser: Any, address: str) -> None:
    page = open_page(browser, address, "en")
    page.wait_for_selector("#kb-examples button")
    page.locator("#kb-examples button", has_text="When must we file").click()
    page.wait_for_selector(".kb-points")
    assert "100,000" in page.locator(".kb-points").inner_text()
    assert page.faults == []


def test_a_follow_up_keeps_its_context_and_the_newest_is_on_top(browser: Any, address: str) -> None:
    page = open_page(browser, address, "en")
    ask(page, "What does Article 15 of the Measures say?")
    ask(page, "And Article 16?")
    assert page.locator(".kb-q").all_inner_texts() == ["And Article 16?", "What does Article 15 of the Measures say?"]
    assert "FRT Measures Art. 16" in page.locator(".kb-turn").first.inner_text()
    page.click("#kb-new")
    page.wait_for_function("() => document.querySelectorAll('.kb-turn').length === 0")
    assert page.faults == []


def test_markup_in_a_question_is_text(browser: Any, address: str) -> None:
    page = open_page(browser, address, "en")
    text = "<img src=x onerror=\"document.title='hacked'\"> **PIPL 29** ${1+1} {{7*7}} [x](javascript:alert(1))"
    ask(page, text)
    assert page.locator(".kb-q").first.inner_text() == text
    assert page.locator("#kb-talk img, #kb-talk a:not(.kb-after a)").count() == 0 and page.title() != "hacked"
    assert page.faults == []


def test_a_refusal_and_a_bad_date_are_said(browser: Any, address: str) -> None:
    page = open_page(browser, address, "en")
    ask(page, "What does Article 25 of the Measures say?")
    assert "20 articles" in page.locator(".kb-refusal").inner_text()
    page.fill("#kb-on input, #kb-on textarea", "tomorrow")
    page.fill("#kb-question textarea", "PIPL 29")
    page.click("#kb-send")
    page.wait_for_function("() => document.querySelector('#kb-status').textContent.includes('2025-03-01')")
    assert page.input_value("#kb-question textarea") == "PIPL 29"


def test_the_law_of_another_day(browser: Any, address: str) -> None:
    page = open_page(browser, address, "en")
    page.fill("#kb-on input, #kb-on textarea", "2024-05-01")
    ask(page, "CSL Art. 76")
    assert "in force since 2017-06-01" in page.locator(".kb-points").inner_text()


def test_the_language_can_be_chosen(browser: Any, address: str) -> None:
    page = open_page(browser, address, "en")
    page.click("#kb-language input")
    page.get_by_role("option", name="Français").click()
    page.wait_for_function("() => document.querySelector('#kb-send').textContent.trim() === 'Demander'")


def test_on_a_phone_the_evidence_folds_under(browser: Any, address: str) -> None:
    page = open_page(browser, address, "en", viewport={"width": 390, "height": 800})
    ask(page, "PIPL 29")
    talk, evidence = page.locator("#kb-talk").bounding_box(), page.locator("#kb-evidence").bounding_box()
    assert evidence["y"] > talk["y"] and evidence["width"] <= 390
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 392
