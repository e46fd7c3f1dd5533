"""The page Ask with a chat model: only what passed the gate comes, as it comes; the page says where questions go."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from test_browser import LOCALES, browser

from eval.chat_server import Scripted, ScriptedServer, reply, serving
from kb.assistant import Assistant
from kb.encoder import Encoder
from kb.settings import Settings

__all__ = ["browser"]
pytestmark = [pytest.mark.browser, pytest.mark.model]

CLAIMS = (
    (
        "Where face processing rests on consent, a separate consent must be obtained that is voluntary, explicit and fully informed.",
        "frt-measures@2025-06-01/art_6",
        "a separate consent shall be obtained that the individual gives voluntarily and explicitly on the premise of being fully informed",
    ),
    (
        "People who consented to face processing have the right to withdraw their consent.",
        "frt-measures@2025-06-01/art_6",
        "the individual has the right to withdraw consent",
    ),
    ("Consent is never required at work.", "frt-measures@2025-06-01/art_6", "a separate consent shall be obtained"),
)
QUESTION = "May we use face recognition to record attendance?"


@pytest.fixture(scope="module")
def server() -> Iterator[ScriptedServer]:
    with serving(lambda _: reply(*CLAIMS)) as running:
        yield running


@pytest.fixture(scope="module")
def address(server: ScriptedServer, settings: Settings, encoder: Encoder, browser: Any) -> Iterator[str]:  # noqa: ARG001
    from kb.ui import launch

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    update = {"llm": "openai:scripted", "llm_base_url": server.url, "port": port}
    chatting = Assistant.open(settings.model_copy(update=update), encoder=encoder)
    chatting.support  # noqa: B018  (loaded before the clock of a test runs)
    pages = launch(chatting.settings, chatting, block=False)
    yield f"http://127.0.0.1:{port}/"
    pages.close()


def opened(browser: Any, address: str, language: str = "en") -> Any:
    page = browser.new_context(locale=LOCALES[language], viewport={"width": 1280, "height": 900}).new_page()
    page.goto(address)
    page.wait_for_selector("#kb-question textarea")
    return page


@pytest.mark.parametrize(("language", "says"), [("en", "are sent to"), ("zh", "发送给"), ("fr", "sont envoyées")])
def test_the_page_says_where_questions_go(browser: Any, address: str, language: str, says: str) -> None:
    page = opened(browser, address, language)
    page.wait_for_function("t => document.querySelector('#kb-privacy').textContent.includes(t)", arg=says)
    assert "openai:scripted" in page.text_content("#kb-privacy")


def test_claims_come_one_by_one_and_the_false_one_never(browser: Any, address: str, server: ScriptedServer) -> None:
    slow = Scripted(reply(*CLAIMS), drip=0.15)
    server.script = lambda _: slow
    page = opened(browser, address)
    page.fill("#kb-question textarea", QUESTION)
    page.click("#kb-send")
    page.wait_for_selector(".kb-point")
    assert page.locator(".kb-point").count() == 1, "the second claim is still coming"
    page.wait_for_function("() => document.querySelectorAll('.kb-point').length === 2")
    page.wait_for_function("() => document.querySelector('.kb-turn').textContent.includes('did not pass the checks')")
    text = page.text_content(".kb-turn")
    assert all(claim[0] in text for claim in CLAIMS[:2]) and CLAIMS[2][0] not in text
    assert page.locator(".kb-evidence mark, #kb-evidence mark").count() >= 2, "the words relied on are marked"
    if folder := os.environ.get("KB_TEST_PICTURES"):
        page.screenshot(path=f"{folder}/ask-chat-en.png", full_page=True)


def test_a_model_that_fails_leaves_the_quoting_answer(browser: Any, address: str, server: ScriptedServer) -> None:
    server.script = lambda _: replace(Scripted(), status=500)
    page = opened(browser, address)
    page.fill("#kb-question textarea", QUESTION)
    page.click("#kb-send")
    page.wait_for_function("() => document.querySelector('.kb-turn')?.textContent.includes('no usable answer')")
    assert page.locator(".kb-point").count() >= 2
