"""The page Check in a real browser: text in, verdicts out, nothing of an upload left behind. Needs no model."""

from __future__ import annotations

import csv
import json
import shutil
import socket
import tempfile
import time
from collections.abc import Iterator
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import docx
import pytest
from conftest import HashEncoder, write_tiny
from office import pdf_of, saved
from test_browser import browser, open_page  # noqa: F401  (a fixture)

from kb.annotate import NO_CITATION, VERDICT_WORDS
from kb.assistant import Assistant
from kb.model import Language
from kb.settings import Settings
from kb.ui.check_view import MAX_SHOWN
from kb.ui.strings import word

pytestmark = [
    pytest.mark.browser,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # Gradio's own figures of its queue
]

MEMO = (
    "Harbour Law (2018) Article 1 says “A boat shall carry 2 lamps.”\n\n"
    "Harbour Law (2024) Article 2 says “A boat shall carry 9 lamps.” See Harbour Law Article 77.\n"
)
CITED = {
    "Harbour Law (2018) Article 1": "RENUMBERED",
    "Harbour Law (2024) Article 2": "QUOTE_MISMATCH",
    "Harbour Law Article 77": "ARTICLE_NOT_FOUND",
}


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("gradio")


@pytest.fixture(scope="module")
def address(browser: Any, cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:  # noqa: ARG001, F811
    from kb.ui import launch

    root = tmp_path_factory.mktemp("check")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = Settings(home=root / "home", corpus=write_tiny(root / "corpus"), encoder="hash", port=port)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(cache))
        patch.setattr("kb.assistant.load_encoder", lambda _: HashEncoder())
        pages = launch(settings, Assistant.open(settings), block=False)
        yield f"http://127.0.0.1:{port}/"
        pages.close()


@pytest.fixture
def opened(browser: Any, address: str) -> Any:  # noqa: F811
    """A function that opens the page Check in a language."""

    def open_check(language: str = "en", **options: Any) -> Any:
        page = browser.new_context(locale={"en": "en-GB", "zh": "zh-CN", "fr": "fr-FR"}[language], **options).new_page()
        page.faults = []
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        page.goto(f"{address}check")
        page.wait_for_selector("#kb-check-text textarea")
        page.wait_for_function("() => document.querySelector('#kb-check-on input, #kb-check-on textarea').value !== ''")
        return page

    return open_check


def check(page: Any, text: str) -> None:
    page.fill("#kb-check-text textarea", text)
    page.click("#kb-check-send")
    page.wait_for_selector(".kb-checked-text")


def upload(page: Any, name: str, content: bytes) -> None:
    with page.expect_file_chooser() as chooser:
        page.click("#kb-check-upload")
    chooser.value.set_files({"name": name, "mimeType": "application/octet-stream", "buffer": content})


@pytest.mark.parametrize("language", ["en", "zh", "fr"])
def test_every_citation_is_marked_and_opens_its_card(opened: Any, address: str, language: Language) -> None:
    page = opened(language)
    assert page.locator("#kb-head h1").inner_text() == word("check", language)
    check(page, MEMO)
    marks = page.locator(".kb-text .kb-cite")
    assert [m.get_attribute("data-verdicts") for m in marks.all()] == list(CITED.values())
    for name, verdict in CITED.items():
        mark = page.locator(".kb-text .kb-cite").filter(has_text=name).last
        assert VERDICT_WORDS[verdict][language] in mark.inner_text()  # type: ignore[index]
        assert mark.get_attribute("title").startswith(f"{verdict}: ")
        opener = mark.locator("a").first
        opener.focus()
        page.keyboard.press("Enter")
        card = page.locator(f"#{opener.get_attribute('data-open')}")
        assert card.get_attribute("open") is not None and page.locator(".kb-card[open]").count() == 1
    moved = page.locator("#ck-0")
    assert (
        "A boat shall carry 2 lamps." in moved.text_content() and "A boat shall carry 3 lamps." in moved.text_content()
    )
    differs = page.locator("#ck-1")
    assert "9" in differs.locator("del").all_text_contents()[0]
    assert "3" in differs.locator("ins").all_text_contents()[0]
    for link in page.locator("#kb-check-cards a[href^='/law/']").all():
        assert page.request.get(address.rstrip("/") + link.get_attribute("href")).status == 200
    assert page.faults == []


def test_the_filter_shows_one_verdict(opened: Any) -> None:
    page = opened()
    check(page, MEMO)
    assert page.locator(".kb-filters button").all_inner_texts() == [
        "all 3",
        "words differ 1",
        "no such article 1",
        "renumbered 1",
    ]
    page.locator("[data-filter=RENUMBERED]").click()
    assert [r.is_visible() for r in page.locator(".kb-table tbody tr").all()] == [True, False, False]
    assert [c.is_visible() for c in page.locator(".kb-card").all()] == [True, False, False]
    assert page.locator("[aria-pressed=true]").all_inner_texts() == ["renumbered 1"]
    page.locator(".kb-text [data-open=ck-2]").click()
    assert page.locator("#ck-2").is_visible()
    page.locator("[data-filter='']").click()
    assert page.locator(".kb-table tbody tr:visible").count() == 3


def test_an_upload_is_annotated_and_nothing_of_it_stays(opened: Any, cache: Path) -> None:
    source = docx.Document()
    source.add_paragraph("SECRET-MARK. Harbour Law ").add_run("Article 77").bold = True
    page = opened()
    upload(page, "备忘 录.docx", saved(source))
    page.wait_for_selector("#kb-get-json")
    assert "备忘 录.docx" in page.locator("#kb-check-result").inner_text()
    got = {}
    for form in ("docx", "csv", "json"):
        with page.expect_download() as download:
            page.click(f"#kb-get-{form}")
        assert download.value.suggested_filename == f"备忘-录-checked.{form}"
        got[form] = Path(download.value.path()).read_bytes()
    annotated = docx.Document(BytesIO(got["docx"]))
    assert [c.text.split(" ")[0] for c in annotated.comments] == ["ARTICLE_NOT_FOUND"]
    assert annotated.paragraphs[0].runs[-2].bold or annotated.paragraphs[0].runs[-3].bold
    assert json.loads(got["json"])["citations"][0]["verdict"] == "ARTICLE_NOT_FOUND"
    assert next(csv.DictReader(StringIO(got["csv"].decode("utf-8-sig"))))["verdict"] == "ARTICLE_NOT_FOUND"
    left = [p for p in cache.rglob("*") if p.is_file() and p.stat().st_size]
    assert all("-checked." in p.name for p in left), left
    assert not list(Path(tempfile.gettempdir()).glob("kb-check-*"))


def test_a_pdf_upload(opened: Any) -> None:
    page = opened()
    upload(page, "memo.pdf", pdf_of(["See Harbour Law Article 77, which", "does not exist."], []))
    page.wait_for_selector(".kb-cite.kb-bad")
    assert "No text layer on page 2" in page.locator("#kb-check-result").inner_text()


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [("memo.docx", b"PK\x03\x04 no", "damaged"), ("memo.txt", b"\0\1\2" * 50, "not text"), ("memo.doc", b"x", ".docx")],
)
def test_a_file_that_cannot_be_read_is_said_in_place(opened: Any, name: str, content: bytes, says: str) -> None:
    page = opened()
    upload(page, name, content)
    page.wait_for_selector("#kb-check-status [role=alert]")
    said = page.locator("#kb-check-status").inner_text()
    assert says in said and name in said and "/tmp" not in said and page.faults == []


def test_an_error_keeps_the_text(opened: Any) -> None:
    page = opened()
    page.click("#kb-check-send")
    page.wait_for_selector("#kb-check-status [role=alert]")
    assert word("check_nothing", "en") in page.locator("#kb-check-status").inner_text()
    page.fill("#kb-check-text textarea", MEMO)
    page.fill("#kb-check-on input, #kb-check-on textarea", "tomorrow")
    page.click("#kb-check-send")
    page.wait_for_function("() => document.querySelector('#kb-check-status').textContent.includes('2025-03-01')")
    assert page.input_value("#kb-check-text textarea") == MEMO


@pytest.mark.parametrize("language", ["en", "zh", "fr"])
def test_no_citation_found_is_said_and_is_no_pass(opened: Any, language: Language) -> None:
    page = opened(language)
    check(page, "Boats are nice." if language != "zh" else "船很好看。")
    said = page.locator(".kb-none")
    assert said.inner_text() == NO_CITATION[language] and page.locator("#kb-check-result .kb-ok").count() == 0


def test_markup_in_a_text_is_text(opened: Any) -> None:
    page = opened()
    evil = "<img src=x onerror=\"document.title='hacked'\"> </div><script>document.title='hacked'</script> "
    check(page, f"{evil}Harbour Law Article 77 {evil}Harbour Law Article 2 says “{evil}lamps now”.")
    assert page.locator(".kb-text").inner_text().count("<img src=x") == 3
    for part in ("#kb-check-result", "#kb-check-cards"):
        assert page.locator(f"{part} img, {part} script").count() == 0
    assert page.title() != "hacked" and page.faults == []


def test_a_long_text_is_cut_on_the_screen_and_checked_whole(opened: Any) -> None:
    page = opened()
    text = "Harbour Law Article 77.\n" + "A boat is a boat and not a lamp.\n" * 58_000 + "Harbour Law Article 78.\n"
    assert len(text) > 1_900_000
    started = time.perf_counter()
    upload(page, "long.txt", text.encode())
    page.wait_for_selector("#kb-get-json", timeout=120_000)
    assert time.perf_counter() - started < 60
    assert page.locator(".kb-table tbody tr").count() == 2
    assert len(page.locator(".kb-text").text_content()) < MAX_SHOWN + 1_000
    assert "200,000" in page.locator("#kb-check-result .kb-note").first.inner_text()


def test_a_document_of_the_corpus_with_its_date(opened: Any) -> None:
    page = opened()
    page.click("#kb-open-letter")
    page.wait_for_selector(".kb-cite.kb-moved")
    assert "2019-12-31" in page.locator("#kb-check-result").inner_text()


def test_the_language_can_be_chosen_and_the_result_follows(opened: Any) -> None:
    page = opened()
    check(page, MEMO)
    page.click("#kb-language input")
    page.get_by_role("option", name="Français").click()
    page.wait_for_function("() => document.querySelector('#kb-check-send').textContent.trim() === 'Vérifier'")
    page.wait_for_selector(".kb-checked-text")
    assert "renuméroté" in page.locator(".kb-filters").inner_text()


def test_on_a_phone_the_cards_fold_under(opened: Any) -> None:
    page = opened(viewport={"width": 390, "height": 800})
    check(page, MEMO)
    text, cards = page.locator("#kb-check-result").bounding_box(), page.locator("#kb-check-cards").bounding_box()
    assert cards["y"] > text["y"] and cards["width"] <= 390
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 392


def test_ask_is_still_there(browser: Any, address: str) -> None:  # noqa: F811
    page = open_page(browser, address, "en")
    assert page.locator("#kb-send").is_visible() and page.faults == []
    assert shutil.which("chromium") is None or page.url == address
