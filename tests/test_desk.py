"""The pages for what is kept, the API and the door: every endpoint as every role, through the whole app. Needs no model."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from conftest import HashEncoder, write_tiny
from fastapi.testclient import TestClient
from test_store import LAMPS, PASSWORD, record

from kb.access import ACTIONS, LOCAL, RIGHTS, ROLES, Accounts, Role, require
from kb.assistant import Assistant
from kb.database import Database
from kb.errors import AccessError, BadInput
from kb.settings import Settings
from kb.store import Store
from kb.ui import launch
from kb.ui.api import API_ACTIONS
from kb.ui.backend import Backend
from kb.ui.desk import ROUTES, Desk
from kb.ui.desk_words import WORDS, text
from kb.ui.door import COOKIE, is_loopback, own_address
from kb.ui.site import make_core

ON = date(2026, 11, 22)
PAGE = Path(__file__).parent.parent / "docs" / "accounts.md"
BASE = "http://127.0.0.1"
EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


@dataclass
class House:
    """The whole app with its records."""

    app: Any
    store: Store
    accounts: Accounts

    def client(self, role: Role | None = None, **headers: str) -> TestClient:
        """A browser: logged in as somebody of a role (named like it), or not at all."""
        client = TestClient(
            self.app, base_url=BASE, follow_redirects=False, headers={"accept-language": "en", **headers}
        )
        if role:
            client.cookies.set(COOKIE, self.accounts.log_in(role, PASSWORD))
        return client


@pytest.fixture(scope="module")
def _built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, Settings]]:
    """The pages are laid out once for all tests."""
    folder = tmp_path_factory.mktemp("desk")
    settings = Settings(home=folder / "home", corpus=write_tiny(folder / "corpus"), encoder="hash")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("kb.assistant.load_encoder", lambda _: HashEncoder())
        backend = Backend(Assistant.open(settings))
        backend.assistant()
        yield backend, settings


def house_of(built: tuple[Any, Settings], home: Path) -> House:
    backend, settings = built
    mine = settings.model_copy(update={"home": home})
    database = Database.open(mine)
    accounts = Accounts(database)
    desk = Desk(Store(database, backend.corpus), accounts, backend.corpus, today=lambda: ON)
    return House(make_core(backend, desk, mine), desk.store, accounts)


@pytest.fixture
def open_house(_built: tuple[Any, Settings], tmp_path: Path) -> House:
    """Without accounts."""
    return house_of(_built, tmp_path)


@pytest.fixture
def house(open_house: House) -> House:
    """With one person of each role."""
    for role in ROLES:
        open_house.accounts.add(role, role, PASSWORD, "test")
    return open_house


def answer_of(house: House, name: str = "employee", **more: Any) -> str:
    client = house.client()
    client.cookies.set(COOKIE, house.accounts.log_in(name, PASSWORD))
    person = house.accounts.of_session(client.cookies[COOKIE])
    assert person
    return house.store.keep(record(**more), 0, person)


# ------------------------------------------------------------------ every endpoint as every role


def calls() -> list[tuple[str, str, str, dict[str, Any]]]:
    """(what, action, address with {key}, how) of every endpoint, each with input that is fine."""
    forms: dict[str, dict[str, str]] = {
        "/answer/{key}/rate": {"helpful": "yes"},
        "/answer/{key}/refer": {"comment": "look"},
        "/answer/{key}/decide": {"citation": LAMPS, "decision": "signed"},
        "/answer/{key}/correct": {"text": "Harbour Law Art. 2 asks for three lamps."},
    }
    found: list[tuple[str, str, str, dict[str, Any]]] = []
    for route in ROUTES:
        how: dict[str, Any] = {"method": route.method}
        if route.method == "POST":
            how["data"] = forms.get(route.path, {"x": "y"})
        address = route.path + ("?id={key}&form=json" if route.path.endswith("export") else "")
        found.append((f"{route.method} {route.path}", route.action, address, how))
    bodies = {"POST /api/ask": {"question": "How many lamps?"}, "POST /api/check": {"text": "Harbour Law Art. 2"}}
    for name, action in API_ACTIONS.items():
        method, path = name.split()
        address = path.replace("{id}", "harbour-law/art_2") + ("?q=lamps" if path.endswith("search") else "")
        how = {"method": method} | ({"json": bodies[name]} if name in bodies else {})
        found.append((name, action, address, how))
    found.append(("GET /evaluate/report.{form}", "evaluate", "/evaluate/report.html", {"method": "GET"}))
    return found


def test_every_endpoint_as_every_role(house: House) -> None:
    """The outcome of each call is what RIGHTS says, and docs/accounts.md says the same."""
    seen: dict[str, dict[str, int]] = {}
    for role in ROLES:
        client = house.client(role)
        person = house.accounts.of_session(client.cookies[COOKIE])
        assert person
        for what, action, address, how in calls():
            key = house.store.keep(record(), 0, person)
            status = client.request(url=address.replace("{key}", key), **how).status_code
            seen.setdefault(f"{what}|{action}", {})[role] = status
            assert (status == 403) is (role not in RIGHTS[action]), (role, what, status)  # type: ignore[index]
            assert status in (200, 303, 403) or what.startswith("GET /evaluate"), (role, what, status)
    anonymous = house.client()
    for what, _, address, how in calls():
        reply = anonymous.request(url=address, **how)
        if how["method"] == "GET" and not address.startswith("/api"):
            assert reply.status_code == 303 and reply.headers["location"].startswith("/login?next="), what
        else:
            assert reply.status_code == 401, what
    lines = ["| endpoint | action | " + " | ".join(ROLES) + " |", "|---|---|" + "---|" * len(ROLES)]
    for name, by_role in seen.items():
        what, action = name.split("|")
        cells = ["–" if by_role[role] == 403 else "yes" for role in ROLES]
        lines.append(f"| `{what}` | {action} | " + " | ".join(cells) + " |")
    table = "\n".join(lines)
    page = PAGE.read_text(encoding="utf-8")
    start, end = "<!-- access: made by tests/test_desk.py -->\n", "\n<!-- access: end -->"
    written = page[: page.index(start) + len(start)] + table + page[page.index(end) :] if end in page else page
    if os.environ.get("KB_WRITE_DOCS"):
        PAGE.write_text(written, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == written, "run KB_WRITE_DOCS=1 pytest tests/test_desk.py"


def routes_of(held: Any) -> Iterator[tuple[str, str]]:
    """(method, path) of every route, those of included routers and mounted apps too."""
    for route in held.routes:
        inner = getattr(route, "app", None) or getattr(route, "original_router", None) or getattr(route, "router", None)
        if getattr(route, "methods", None):
            yield from ((method, route.path) for method in route.methods - {"HEAD"})
        elif hasattr(inner, "routes"):
            prefix = getattr(route, "path", "") or ""
            yield from ((method, prefix + path) for method, path in routes_of(inner))


def test_all_routes_of_the_app_are_in_the_table(house: House) -> None:
    """A route that somebody adds without an action is found here."""
    found = {f"{method} {path}".replace(":path", "") for method, path in routes_of(house.app)}
    known = {what for what, *_ in calls()}
    without = {"GET /login", "POST /login", "POST /logout", "GET /api/openapi.json"}
    without |= {"GET /healthz", "GET /readyz", "GET /metrics"}
    said = PAGE.read_text(encoding="utf-8")
    assert all(f"`{what}`" in said for what in without), "docs/accounts.md names what needs no account"
    library = {f for f in found if f.split()[1].split("/")[1] in ("law", "doc", "record", "library")}
    assert len(library) > 8
    assert found - library == known | without


def test_rights_are_complete_and_nobody_gets_in() -> None:
    assert set(RIGHTS) == set(ACTIONS)
    for action in ACTIONS:
        with pytest.raises(AccessError):
            require(None, action)
        assert require(LOCAL, action) == LOCAL


def test_pages_of_gradio_need_a_log_in(house: House) -> None:
    client = house.client()
    for path in ("/", "/check", "/evaluate", "/law", "/law/harbour-law"):
        reply = client.get(path)
        assert (reply.status_code, reply.headers["location"]) == (303, f"/login?next={path}")
    for path in ("/gradio_api/info", "/gradio_api/queue/join", "/gradio_api/file=/etc/passwd"):
        assert client.get(path).status_code == 401
    assert client.post("/gradio_api/queue/join", json={}).status_code == 401
    assert house.client("employee").get("/law").status_code == 200


# ------------------------------------------------------------------ log-in


def test_log_in_goes_on_where_one_wanted_to_go(house: House) -> None:
    client = house.client()
    form = {"name": "legal", "password": PASSWORD, "next": "/review?lang=zh"}
    reply = client.post("/login", data=form)
    assert (reply.status_code, reply.headers["location"]) == (303, "/review?lang=zh")
    cookie = reply.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie
    assert "Review" in client.get("/review").text
    assert client.post("/logout").status_code == 303
    assert client.get("/review").status_code == 303


def test_a_wrong_password_is_said_and_the_name_not_repeated(house: House) -> None:
    reply = house.client().post("/login", data={"name": EVIL, "password": "x", "next": "/"})
    assert reply.status_code == 401 and EVIL not in reply.text and "wrong" in reply.text


@pytest.mark.parametrize(
    "address", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "", "/a\nb"]
)
def test_a_log_in_leads_nowhere_else(address: str) -> None:
    assert own_address(address) == "/"


def test_a_token_opens_the_api_and_its_role_counts(house: House) -> None:
    token = house.accounts.add_token("employee", "script", "test")
    client = house.client(authorization=f"Bearer {token}")
    assert client.get("/api/search?q=lamps").status_code == 200
    assert client.get("/review").status_code == 403
    house.accounts.revoke_token(1, "test")
    assert client.get("/api/search?q=lamps").status_code == 401


# ------------------------------------------------------------------ the door


def test_another_site_cannot_send_a_form(house: House) -> None:
    client, key = house.client("legal"), answer_of(house, "legal")
    for headers in ({"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}):
        reply = client.post(f"/answer/{key}/close", data={"x": "y"}, headers=headers)
        assert reply.status_code == 403 and "another site" in reply.text
    assert client.post(f"/answer/{key}/close", data={"x": "y"}, headers={"origin": BASE}).status_code == 303


def test_without_accounts_another_name_of_this_machine_is_refused(open_house: House) -> None:
    client = open_house.client()
    assert client.get("/mine").status_code == 200
    for host in ("evil.example", "evil.example:7860", "127.0.0.1.evil.example", ""):
        assert client.get("/mine", headers={"host": host}).status_code == 403
    for host in ("localhost:7860", "127.0.0.1:80", "[::1]:7860"):
        assert client.get("/mine", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    ("host", "own"),
    [
        ("127.0.0.1", True),
        ("localhost", True),
        ("[::1]", True),
        ("127.9.9.9", True),
        ("0.0.0.0", False),
        ("::", False),
        ("10.0.0.2", False),
    ],
)
def test_which_addresses_are_this_machine(host: str, own: bool) -> None:
    assert is_loopback(host) is own


def test_the_server_refuses_to_be_reached_without_accounts(_built: tuple[Any, Settings], tmp_path: Path) -> None:
    _, settings = _built
    with pytest.raises(BadInput, match="kb users add"):
        launch(settings.model_copy(update={"home": tmp_path, "host": "0.0.0.0"}), None, block=False)  # type: ignore[arg-type]


def test_headers_of_every_reply(house: House) -> None:
    client = house.client("admin")
    for path in ("/mine", "/law", "/api/search?q=x", "/nothing-here", "/login"):
        headers = client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff" and "referrer-policy" in headers, path
    assert "default-src 'none'" in client.get("/mine").headers["content-security-policy"]
    assert client.get("/mine").headers["cache-control"] == "no-store"


def test_a_body_that_is_too_long(house: House) -> None:
    client = house.client("employee")
    assert client.post("/api/ask", content=b"x" * 1_000_001).status_code == 413
    assert client.post("/api/ask", content=iter([b"x" * 10])).status_code == 413
    key = answer_of(house)
    long = client.post(f"/answer/{key}/refer", data={"comment": "x" * 300_000})
    assert (long.status_code in (303, 400) and not house.store.queue(ON)) or house.store.queue(ON)[0].said == ()


# ------------------------------------------------------------------ the pages


def test_an_answer_is_its_owners_and_the_legal_staffs(house: House) -> None:
    key = answer_of(house, "employee")
    assert house.client("employee").get(f"/answer/{key}").status_code == 200
    assert house.client("legal").get(f"/answer/{key}").status_code == 200
    for role in ("evaluator",):
        assert house.client(role).get(f"/answer/{key}").status_code == 404
    assert house.client("evaluator").post(f"/answer/{key}/rate", data={"helpful": "no"}).status_code == 404
    page = house.client("legal").get(f"/answer/{key}").text
    assert "employee" in page and "Sign off" in page
    assert "Sign off" not in house.client("employee").get(f"/answer/{key}").text


def test_the_way_of_an_answer_through_the_house(house: House) -> None:
    """Asked over the API, sent to legal, signed, shown as signed, deleted by nobody."""
    tom, lea = house.client("employee"), house.client("legal")
    reply = tom.post("/api/ask", json={"question": "How many lamps do I need on my boat?", "on": ON.isoformat()})
    key = reply.headers["kb-answer"]
    cited = {c["id"] for c in reply.json()["citations"]}
    assert cited
    assert tom.post(f"/answer/{key}/refer", data={"comment": "Is that so?"}).status_code == 303
    queue = lea.get("/review").text
    assert "How many lamps" in queue and "Is that so?" in queue and "sent by a reader" in queue
    for place in cited:
        assert lea.post(f"/answer/{key}/decide", data={"citation": place, "decision": "signed"}).status_code == 303
    lea.post(f"/answer/{key}/close", data={"x": "y"})
    assert "Nothing waits" in lea.get("/review").text
    assert "Signed off by legal" in tom.get("/mine").text
    assert "Signed off by legal" in tom.get(f"/answer/{key}").text
    trail = house.client("admin").get("/audit").text
    assert "unbroken" in trail and "signed" in trail and "How many lamps" not in trail


def test_a_correction_with_a_wrong_citation_is_not_saved(house: House) -> None:
    key, lea = answer_of(house), house.client("legal")
    reply = lea.post(f"/answer/{key}/correct", data={"text": "Harbour Law Art. 99 says five."})
    assert reply.status_code == 400 and "ARTICLE_NOT_FOUND" in reply.text
    assert lea.post(f"/answer/{key}/correct", data={"text": "Three lamps (Harbour Law Art. 2)."}).status_code == 303
    assert "Three lamps (Harbour Law Art. 2)." in house.client("employee").get(f"/answer/{key}").text


def test_what_people_write_is_never_markup(house: House) -> None:
    key = answer_of(house, "employee", question=EVIL, claim=EVIL)
    tom, lea = house.client("employee"), house.client("legal")
    tom.post(f"/answer/{key}/refer", data={"comment": EVIL})
    tom.post(f"/answer/{key}/rate", data={"helpful": "no", "reason": EVIL})
    lea.post(f"/answer/{key}/decide", data={"citation": LAMPS, "decision": "rejected", "comment": EVIL})
    pages = [tom.get("/mine"), tom.get(f"/answer/{key}"), lea.get("/review"), lea.get(f"/answer/{key}")]
    pages += [house.client("evaluator").get(p) for p in ("/usage", f"/usage/case/{key}")]
    for page in pages:
        assert page.status_code == 200
        assert "<script>alert" not in page.text and "<img src=x" not in page.text
        assert "&lt;script&gt;" in page.text


def test_usage_shows_questions_without_names(house: House) -> None:
    key = answer_of(house)
    page = house.client("evaluator").get("/usage").text
    assert "How many lamps?" in page and "employee" not in re.sub(r"<header.*</header>", "", page, flags=re.S)
    case = house.client("evaluator").get(f"/usage/case/{key}").text
    assert LAMPS in case and "rationale" in case


@pytest.mark.parametrize("lang", ["en", "zh", "fr"])
def test_every_page_in_every_language(house: House, lang: str) -> None:
    key = answer_of(house, "admin")
    client = house.client("admin")
    for path in (
        "/mine",
        f"/answer/{key}",
        "/review",
        "/usage",
        f"/usage/case/{key}",
        "/audit",
        "/login",
        "/answer/none",
    ):
        page = client.get(f"{path}?lang={lang}").text
        assert f'<html lang="{lang}">' in page and text("mine", lang) in page  # type: ignore[arg-type]


def test_words_are_there_in_all_languages() -> None:
    for key, words in WORDS.items():
        assert len(words) == 3 and all(words), key
        blanks = [sorted(re.findall(r"\{\w+\}", w)) for w in words]
        assert blanks[0] == blanks[1] == blanks[2], key


# ------------------------------------------------------------------ the API


@pytest.mark.parametrize(
    ("how", "status"),
    [
        ({"method": "POST", "url": "/api/ask", "json": {"question": ""}}, 422),
        ({"method": "POST", "url": "/api/ask", "json": {"question": "x" * 2001}}, 422),
        ({"method": "POST", "url": "/api/ask", "json": {"question": "lamps?", "date": "2020-01-01"}}, 422),
        ({"method": "POST", "url": "/api/ask", "json": {"question": "lamps?", "on": "yesterday"}}, 422),
        ({"method": "POST", "url": "/api/ask", "content": b"{"}, 422),
        ({"method": "GET", "url": "/api/search?q=lamps&k=1000"}, 422),
        ({"method": "GET", "url": "/api/provision/nothing"}, 400),
        ({"method": "GET", "url": "/api/provision/harbour-law/art_99"}, 400),
        ({"method": "GET", "url": "/api/nothing"}, 404),
    ],
)
def test_bad_calls_of_the_api(house: House, how: dict[str, Any], status: int) -> None:
    reply = house.client("employee").request(**how)
    assert reply.status_code == status
    assert "Traceback" not in reply.text


def test_the_api_returns_the_published_records(house: House) -> None:
    client = house.client("employee")
    asked = client.post("/api/ask", json={"question": "灯塔？船上要几盏灯？", "on": ON.isoformat()}).json()
    assert asked["language"] == "zh" and asked["citations"][0]["law"] == "harbour-law"
    found = client.get("/api/search", params={"q": "lamps", "k": 2, "on": ON.isoformat()}).json()
    assert len(found) == 2 and found[0]["law"] == "harbour-law"
    shown = client.get("/api/provision/harbour-law/art_1", params={"on": "2020-01-01"}).json()
    assert shown["text_en"] == "A boat shall carry 2 lamps."
    checked = client.post("/api/check", json={"text": "Harbour Law Art. 99"}).json()
    assert checked["citations"][0]["verdict"] == "ARTICLE_NOT_FOUND"
    described = client.get("/api/openapi.json").json()
    assert set(described["paths"]) == {"/ask", "/search", "/provision/{id}", "/check"}


def test_an_answer_is_given_though_it_cannot_be_kept(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    from kb.errors import RecordsError

    def broken(*_: Any) -> str:
        raise RecordsError("records.db: disk full; nothing was changed")

    monkeypatch.setattr(Store, "keep", broken)
    reply = house.client("employee").post("/api/ask", json={"question": "How many lamps?"})
    assert (reply.status_code, reply.headers["kb-answer"]) == (200, "not-kept")
