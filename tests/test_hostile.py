"""Input that means harm, over every way in: a clear error or a right answer, in little time, and nothing kept, run or opened."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any, ClassVar

import anyio
import pytest
from test_desk import House, _built, house_of  # noqa: F401  (a fixture)
from test_store import PASSWORD, record

from kb.access import ROLES, Role
from kb.settings import Settings
from kb.ui.desk import ROUTES

SECONDS = 10
"""Of the processor, for a request or a few."""
EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{7*7}}${7*7}"
TEXTS: dict[str, str] = {
    "nul": "How many lamps\0?",
    "bidi": "How many \u202elamps\u202c on my \u2067boat\u2069?",
    "zero-width": "How\u200b many\u200d la\u2060mps\ufeff?",
    "high surrogate": "How many lamps \ud800?",
    "low surrogate": "\udfff lamps?",
    "swapped surrogates": "lamps \udc00\ud800?",
    "controls": "".join(map(chr, range(1, 32))) + " lamps?",
    "not characters": "lamps \ufffe\uffff\U0010ffff?",
    "combining": "lamps" + "\u0301" * 1_500,
    "script": EVIL,
    "markdown depth": "> " * 900 + "lamps",
    "brackets": "[" * 1_000 + "](x)" * 200,
    "html depth": "<b>" * 600,
    "entities": "&lt;" * 400,
    "sql": "lamps'; DROP TABLE answers; -- \" OR 1=1 /*",
    "shell": "lamps; $(touch /tmp/kb-owned) `id` | nc 127.0.0.1 9 && rm -rf ~",
    "template": "{{ config }} {% for x in y %} #{7*7} <%= 7*7 %>",
    "formula": "=cmd|'/c calc'!A1",
    "log": "lamps\r\nSet-Cookie: kb_session=x\r\n\r\n<html>",
    "format": "%s%s%n {0.__class__.__mro__} {question}",
    "huge number": "Harbour Law Article 99999999999999999999",
    "huge numeral": "《港口法》第一万亿条",
    "long digits": "Harbour Law Art. " + "9" * 1_900,
    "day that is none": "Harbour Law on 9999-99-99, 31 February 0000, 2024年13月45日",
    "pickle": "cos\nsystem\n(S'id'\ntR.",
    "xml": '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]><x>&y;</x>',
}
PATHS = (
    "../../../../etc/passwd", "/etc/passwd", "..%2f..%2f..%2fetc%2fpasswd", "....//....//etc/passwd", "C:\\Windows\\win.ini",
    "\\\\127.0.0.1\\share", "CON", "NUL", "aux.txt", "file:///etc/passwd", "http://127.0.0.1:9/", "/dev/zero", "/proc/self/environ", ".", "..",
    "~", "~root", "a" * 5_000, "%00", "x%00.json", "%0d%0aSet-Cookie:%20a=b", "%ff%fe", "’", "harbour-law/../../x", "'; --", "{{7*7}}", "*", "-1",
)  # fmt: skip


TAKES = {
    "/review/export": ("id", "form"),
    "/mine": ("lang", "done"),
    "/law": ("q", "on", "lang"),
    "/law/harbour-law": ("q", "version", "on"),
    "/login": ("next",),
    "/evaluate/report.html": ("download",),
    "/api/search": ("q", "on", "k"),
}
"""What the pages read from an address."""


class Harmed(House):
    """One house for all tests, without limits, each role logged in once."""

    clients: ClassVar[dict[str, Any]] = {}

    def client(self, role: Role | None = None, **headers: str) -> Any:
        key = f"{id(self.app)} {role}"
        if role is None or headers:
            return super().client(role, **headers)
        if key not in self.clients:
            self.clients[key] = super().client(role)
        return self.clients[key]


@pytest.fixture(scope="module")
def house(_built: tuple[Any, Settings], tmp_path_factory: pytest.TempPathFactory) -> Harmed:  # noqa: F811
    backend, settings = _built
    none = dict.fromkeys(("limit_questions", "limit_checks", "limit_log_ins", "limit_requests"), 0)
    opened = house_of((backend, settings.model_copy(update=none)), tmp_path_factory.mktemp("harmed"))
    for role in ROLES:
        opened.accounts.add(role, role, PASSWORD, "test")
    return Harmed(opened.app, opened.store, opened.accounts)


@pytest.fixture(scope="module")
def kept(house: Harmed) -> str:
    """An answer to be tampered with."""
    person = house.accounts.of_session(house.client("employee").cookies["kb_session"])
    assert person
    return house.store.keep(record(), 0, person)


def told(reply: Any, *allowed: int) -> str:
    """A reply that is an answer or a refusal, never a fault: no trace, no content of this machine."""
    assert reply.status_code in (allowed or (200, 400, 422)), (reply.status_code, reply.text[:300])
    text = str(reply.text)
    for never in ("Traceback", "root:x:", "sqlite3", "site-packages"):
        assert never not in text, (never, text[:300])
    return text


def as_json(record: Any) -> dict[str, Any]:
    """A body with everything that JSON can carry, unpaired surrogates as escapes."""
    return {"content": json.dumps(record).encode(), "headers": {"content-type": "application/json"}}


# ------------------------------------------------------------------ texts in every field


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_a_text_in_every_field_of_the_api(house: Harmed, text: str) -> None:
    client, started = house.client("employee"), time.process_time()
    asked = client.post("/api/ask", **as_json({"question": text, "history": [text, text]}))
    told(asked)
    told(client.post("/api/check", **as_json({"text": f"{text}\nHarbour Law Article 2 says “{text}”."})))
    for field in ("question", "on", "language", "history", text):
        told(client.post("/api/ask", **as_json({"question": "lamps?", field: text})))
        told(client.post("/api/check", **as_json({"text": "lamps?", field: text})))
    told(client.get("/api/search", params={"q": text.encode("utf-8", "surrogatepass")}))
    assert time.process_time() - started < SECONDS
    if asked.status_code == 200:
        page = client.get(f"/answer/{asked.headers['kb-answer']}")
        assert "<script>alert" not in told(page, 200) and "<img src=x" not in page.text
        assert "<script>alert" not in client.get("/mine").text


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_a_text_in_every_form(house: Harmed, kept: str, text: str) -> None:
    raw = text.encode("utf-8", "surrogatepass")
    key = kept
    tom, lea = house.client("employee"), house.client("legal")
    fields: dict[str, dict[str, Any]] = {
        "rate": {"helpful": raw, "reason": raw},
        "refer": {"comment": raw},
        "decide": {"citation": raw, "decision": raw, "comment": raw},
        "correct": {"text": raw},
    }
    for name, data in fields.items():
        for client in (tom, lea):
            reply = client.post(f"/answer/{key}/{name}", data=data)
            assert "<script>alert" not in told(reply, 303, 400, 403, 404, 422)
    told(tom.post(f"/answer/{key}/rate", data={"helpful": "no", "reason": raw}), 303, 400)
    for page in (tom.get("/mine"), lea.get("/review"), lea.get(f"/answer/{key}")):
        assert "<script>alert" not in told(page, 200) and "<img src=x" not in page.text
    anonymous = house.client()
    reply = anonymous.post("/login", data={"name": raw, "password": raw, "next": raw})
    assert "<script>alert" not in told(reply, 401, 400, 413)


# ------------------------------------------------------------------ names and places


@pytest.mark.parametrize("path", PATHS, ids=ascii)
def test_a_path_in_every_place(house: Harmed, kept: str, path: str) -> None:
    client, missing = house.client("admin"), (200, 303, 307, 400, 403, 404, 405, 414, 422)
    addresses = [
        f"/answer/{path}", f"/answer/{path}/rate", f"/usage/case/{path}", f"/api/provision/{path}", f"/law/{path}", f"/law/harbour-law/{path}",
        f"/doc/{path}", f"/record/{path}", f"/evaluate/report.{path}", f"/library/{path}", f"/{path}",
    ]  # fmt: skip
    for address in addresses:
        told(client.get(address), *missing)
        told(client.post(address, data={"x": "y"}), *missing)
    for page, names in TAKES.items():
        for name in names:
            told(client.get(page, params={"id": kept, "q": "lamps", name: path}), *missing)


@pytest.mark.parametrize("name", ["a\r\nSet-Cookie: x=y", "a\nb", "a\0b"])
def test_line_ends_in_addresses_make_no_header(house: Harmed, name: str) -> None:
    client = house.client("admin")
    for reply in (
        client.get("/mine", params={"lang": name, "done": name}),
        client.post("/login", data={"name": "admin", "password": PASSWORD, "next": f"/{name}"}),
        client.get("/evaluate/report.json", params={"download": name}),
        house.client().get("/mine", params={"x": name}),
    ):
        told(reply, 200, 303, 404)
        assert "set-cookie" not in reply.headers or "x=y" not in reply.headers["set-cookie"]
        assert "\r" not in reply.headers.get("location", "") and "\n" not in reply.headers.get("location", "")


# ------------------------------------------------------------------ size and depth


def nested(open_: str, close: str, levels: int = 100_000) -> bytes:
    return (open_ * levels + close * levels).encode()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"question": "' + b"x" * 10_000_000 + b'"}', (413,)),
        (b'{"question": ' + nested("[", "]") + b"}", (400, 422)),
        (b'{"question": ' + nested('{"a":', "}", 90_000) + b"}", (400, 422)),
        (b'{"question": "lamps?", "on": ' + b"9" * 900_000 + b"}", (400, 422)),
        (b'{"question": "lamps?", "on": 1e999999}', (400, 422)),
        (b'{"question": NaN}', (400, 422)),
        (b'{"question": "lamps?", "question": ["x"]}', (400, 422)),
        (b'{"question": "' + b"> " * 400_000 + b'"}', (400, 422)),
        (b'{"history": [' + b'"x",' * 200_000 + b'"x"], "question": "lamps?"}', (400, 422)),
        (b"{" + b",".join(b'"k%d":1' % i for i in range(60_000)) + b"}", (400, 422)),
        (b"\xff\xfe\x00", (400, 422)),
        (b"", (400, 422)),
        (b"null", (400, 422)),
    ],
    ids=["10 MB", "lists", "objects", "digits", "exponent", "nan", "twice", "quotes", "history", "keys", "no text", "empty", "null"],
)  # fmt: skip
def test_bodies_of_every_shape(house: Harmed, body: bytes, status: tuple[int, ...]) -> None:
    client, started = house.client("employee"), time.process_time()
    reply = client.post("/api/ask", content=body, headers={"content-type": "application/json"})
    assert len(told(reply, *status)) < 2_000 and time.process_time() - started < SECONDS
    told(client.post("/api/check", content=body, headers={"content-type": "application/json"}), *status)


@pytest.mark.parametrize(
    "of",
    ["> ", "- ", "  - ", "<b>", "[", "![](", "**", "`", "{", "(", "“", "「", "《", "<!--", "&amp;", "\\"],
    ids=ascii,
)
def test_100000_levels_of_markup_in_a_text_to_be_checked(house: Harmed, of: str) -> None:
    client, started = house.client("employee"), time.process_time()
    text = (of * 100_000)[:190_000] + "\n\nHarbour Law Article 77."
    found = json.loads(told(client.post("/api/check", **as_json({"text": text})), 200))["citations"]
    assert [c["verdict"] for c in found][-1:] in (["ARTICLE_NOT_FOUND"], []) and time.process_time() - started < SECONDS


def test_thousands_of_parameters_fields_and_headers(house: Harmed, kept: str) -> None:
    client, key = house.client("admin"), kept
    many = "&".join(f"p{i}=x" for i in range(4_000))
    for page in ("/mine", "/law", "/api/search", "/login", "/review/export"):
        told(client.get(f"{page}?q=lamps&id={key}&form=json&{many}"), 200, 303, 400, 422)
    ids = "&".join(f"id={key}" for _ in range(1_500))
    told(client.get(f"/review/export?{ids}&form=json"), 200)
    told(
        client.post(f"/answer/{key}/rate", content=many, headers={"content-type": "application/x-www-form-urlencoded"}),
        400,
    )
    told(client.get("/mine", headers={"cookie": "; ".join(f"c{i}=x" for i in range(3_000))}), 200, 303)
    told(client.get("/mine", headers={"accept-language": "en," * 20_000}), 200)


@pytest.mark.parametrize("length", ["²", "-1", "1e3", "0x10", "9" * 5_000, "", " 5 ", "١"])
def test_lengths_that_are_none(house: Harmed, length: str) -> None:
    """As a server passes them that is less strict than ours."""
    scope: dict[str, Any] = {
        "type": "http",
        "method": "POST",
        "query_string": b"",
        "client": ("127.0.0.1", 1),
        "scheme": "http",
    }
    for path in ("/api/ask", "/login", "/gradio_api/upload"):
        headers = [
            (b"host", b"127.0.0.1"),
            (b"content-length", length.encode()),
            (b"content-type", b"application/json"),
        ]
        said: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"{}", "more_body": False}

        async def send(message: dict[str, Any], said: list[dict[str, Any]] = said) -> None:
            said.append(message)

        anyio.run(house.app, {**scope, "path": path, "raw_path": path.encode(), "headers": headers}, receive, send)
        assert said[0]["status"] in (400, 401, 404, 413, 422), (path, said[0])


# ------------------------------------------------------------------ nothing was run or kept


def test_nothing_of_it_was_run(house: Harmed, tmp_path: Path) -> None:
    marks = Path("/tmp/kb-owned"), tmp_path / "kb-owned"
    for text in TEXTS.values():
        house.client("employee").post("/api/ask", **as_json({"question": text}))
    assert not any(mark.exists() for mark in marks)
    assert house.accounts.people() and house.store.trail()


def test_what_is_refused_is_not_kept(house: Harmed) -> None:
    client = house.client("employee")
    before = len(house.store.history(house.accounts.of_session(client.cookies["kb_session"])))  # type: ignore[arg-type]
    for body in (
        b"x" * 1_100_000,
        b'{"question": ' + nested("[", "]") + b"}",
        b'{"question": ""}',
        b'{"question": "\\ud800", "x": 1}',
    ):
        told(client.post("/api/ask", content=body), 400, 413, 422)
    assert len(house.store.history(house.accounts.of_session(client.cookies["kb_session"]))) == before  # type: ignore[arg-type]


def test_every_form_is_among_those_that_are_tried() -> None:
    posts = {route.path.rsplit("/", 1)[-1] for route in ROUTES if route.method == "POST"}
    assert posts == {"rate", "refer", "delete", "decide", "correct", "close"}


@pytest.mark.parametrize("day", ["0001-01-01", "1900-01-01", "2017-12-31", "9999-12-31"])
@pytest.mark.parametrize(
    "question",
    [
        "content-range",
        "May I sail at night?",
        "What was the rule on lamps before?",
        "船上要几盏灯？",
        "Harbour Law Art. 2?",
    ],
)
def test_days_at_the_ends_of_the_calendar(house: Harmed, day: str, question: str) -> None:
    """On a day before all law nothing is found, and that is said."""
    reply = house.client("employee").post("/api/ask", **as_json({"question": question, "on": day}))
    record = json.loads(told(reply, 200))
    assert record["outcome"] in ("answered", "refused")
    if day < "2018" and "Art." not in question:
        assert record["outcome"] == "refused" and day in record["text"] + str(record["refusal"])
