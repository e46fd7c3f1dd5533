"""A real browser in the Library: from the list to an article, its neighbour and the text of 2017; keyboard, phone, dark."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from conftest import TODAY
from fastapi import FastAPI
from test_browser import LOCALES, browser

from kb.corpus import Corpus
from kb.settings import Settings
from kb.ui.library import Library
from kb.ui.library_words import text as word
from kb.ui.site import Served, listen

__all__ = ["browser"]
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def library(corpus: Corpus, browser: Any) -> Iterator[str]:  # noqa: ARG001  (skips before a server is started)
    app = FastAPI()
    app.include_router(Library(corpus, lambda: TODAY).router())
    listening = listen(Settings(port=0))
    served = Served(app, listening)
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    served.close()


def visit(browser: Any, address: str, language: str = "en", **options: Any) -> Any:
    """A fresh page; what the browser complains of, a breach of the content policy too, is kept in `faults`."""
    page = browser.new_context(locale=LOCALES[language], **options).new_page()
    page.faults = []
    page.on("pageerror", lambda error: page.faults.append(str(error)))
    page.on("console", lambda said: page.faults.append(said.text) if said.type == "error" else None)
    page.goto(address)
    return page


@pytest.mark.parametrize("language", ["en", "zh", "fr"])
def test_from_the_list_to_the_text_of_2017(browser: Any, library: str, language: str) -> None:
    page = visit(browser, f"{library}/law", language)
    assert page.locator("html").get_attribute("lang") == language
    page.locator('.card a[href="/law/csl"]').click()
    page.locator('.contents a[href="/law/csl/77"]').click()
    page.locator("a[rel=next]").click()
    assert page.url == f"{library}/law/csl/78" and "2026-01-01" in page.locator("main .chip").first.inner_text()
    page.locator('#moves ~ table a[href="/law/csl/76?version=2017-06-01"]').first.click()
    assert "2017-06-01" in page.url and page.locator("main .chip.moved").first.is_visible()
    page.locator(".crumbs a").nth(1).click()
    assert page.locator(".versions li[aria-current]").inner_text().startswith("2017-06-01")
    assert word("shown", language) in page.locator(".versions li[aria-current]").inner_text()  # type: ignore[arg-type]
    assert page.faults == []


def test_a_citation_typed_into_the_search_opens_its_paragraph(browser: Any, library: str) -> None:
    page = visit(browser, f"{library}/law")
    page.fill("#q", "PIPL 28(2)")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/law/pipl/28#p2$"))
    target = page.locator("#p2")
    assert target.evaluate("e => e.matches(':target')") and target.is_visible()
    assert page.faults == []


def test_the_day_is_chosen_without_a_script(browser: Any, library: str) -> None:
    page = visit(browser, f"{library}/law/csl", java_script_enabled=False)
    page.fill("#on", "2024-05-01")
    page.locator(".day button").click()
    assert page.url == f"{library}/law/csl?on=2024-05-01"
    assert page.locator(".versions li[aria-current] a").inner_text().startswith("2017-06-01")
    assert page.locator(".contents a.number").first.get_attribute("href").endswith("?on=2024-05-01")


def test_the_keyboard_skips_to_the_text(browser: Any, library: str) -> None:
    page = visit(browser, f"{library}/law/pipl/28")
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.className") == "skip"
    assert page.locator(".skip").bounding_box()["x"] >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("() => document.activeElement.id") == "main"


def test_a_citation_is_copied(browser: Any, library: str) -> None:
    page = visit(browser, f"{library}/law/pipl/28", permissions=["clipboard-read", "clipboard-write"])
    page.locator('button[data-copy="《个人信息保护法》第二十八条"]').click()
    page.wait_for_function("t => document.activeElement.textContent === t", arg=word("copied", "en"))
    assert page.evaluate("() => navigator.clipboard.readText()") == "《个人信息保护法》第二十八条"
    assert page.faults == []


PAGES = [
    "/law",
    "/law/csl",
    "/law/pipl/13",
    "/law/frt-draft/16",
    "/law/csl/71",
    "/doc/ds-newsletter",
    "/law?q=consent",
    "/law/frt-measures/25",
]


@pytest.mark.parametrize("language", ["en", "zh", "fr"])
def test_nothing_is_wider_than_a_phone(browser: Any, library: str, language: str) -> None:
    page = visit(browser, f"{library}/law", language, viewport={"width": 360, "height": 740})
    for address in PAGES:
        page.goto(library + address)
        page.evaluate("() => document.querySelectorAll('details').forEach(d => { d.open = true; })")
        assert page.evaluate("() => document.documentElement.scrollWidth") <= 360, address


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_told_from_its_ground(browser: Any, library: str, scheme: str) -> None:
    """Contrast of at least 4.5 (WCAG AA) of every text with its own background, in both schemes."""
    page = visit(browser, f"{library}/law", color_scheme=scheme)
    for address in PAGES:
        page.goto(library + address)
        weak = page.evaluate(CONTRAST)
        assert weak == [], f"{address}: {weak[:3]}"


CONTRAST = """() => {
  const parse = c => (c.match(/[\\d.]+/g) || []).map(Number);
  const light = c => { const [r, g, b] = c.map(v => { v /= 255; return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; });
    return .2126 * r + .7152 * g + .0722 * b; };
  const ground = e => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c.length === 3) return c; }
    return [255, 255, 255]; };
  const weak = [];
  for (const e of document.querySelectorAll('body *')) {
    if (![...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())) continue;
    const box = e.getBoundingClientRect(); if (!box.width || box.right < 0) continue;
    const a = light(parse(getComputedStyle(e).color).slice(0, 3)), b = light(ground(e));
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < 4.5) weak.push([e.tagName, e.className, e.textContent.slice(0, 30), ratio]);
  }
  return weak;
}"""
