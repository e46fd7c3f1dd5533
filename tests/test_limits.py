"""Limits: so much a minute for each asker, so much that waits, so long for a request to arrive."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import pytest
from starlette.requests import Request
from test_desk import House, _built, house_of, open_house  # noqa: F401  (fixtures)
from test_store import PASSWORD, record

from kb.access import ROLES, Person
from kb.errors import TooMuch
from kb.model import LANGUAGES
from kb.settings import Settings
from kb.ui.guard import Full, Lane
from kb.ui.limits import MAX_BUCKETS, Buckets, Limits, asker, take
from kb.ui.site import Served, listen
from kb.ui.strings import word

# ------------------------------------------------------------------ so much a minute


@dataclass
class Clock:
    now: float = 1_000.0

    def __call__(self) -> float:
        return self.now


def test_a_bucket_empties_and_fills_again() -> None:
    clock = Clock()
    buckets = Buckets(clock)
    assert [buckets.take("a", 3) for _ in range(5)] == [0, 0, 0, 20, 20]
    assert buckets.take("b", 3) == 0  # another asker
    clock.now += 18.5
    assert buckets.take("a", 3) == 2
    clock.now += 1.51
    assert [buckets.take("a", 3) for _ in range(2)] == [0, 20]
    clock.now += 3_600
    assert [buckets.take("a", 3) for _ in range(4)] == [0, 0, 0, 20]  # never more than a minute's worth


def test_the_number_of_buckets_is_bounded() -> None:
    buckets = Buckets(Clock())
    for number in range(MAX_BUCKETS + 500):
        buckets.take(str(number), 1)
    assert len(buckets) == MAX_BUCKETS


def test_turns_are_counted_once_over_threads() -> None:
    buckets = Buckets(Clock())
    taken: list[int] = []
    threads = [
        threading.Thread(target=lambda: taken.extend(buckets.take("a", 100) for _ in range(50))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert taken.count(0) == 100 and len(taken) == 400


@pytest.mark.parametrize(
    ("client", "key"),
    [
        ("192.0.2.7", "address 192.0.2.7"),
        ("::ffff:192.0.2.7", "address 192.0.2.7"),
        ("2001:db8::1", "network 20010db800000000"),
        ("2001:db8::ffff:2", "network 20010db800000000"),
        ("testclient", "address testclient"),
    ],
)
def test_who_asks(client: str, key: str) -> None:
    assert asker({"client": (client, 1)}) == key
    assert asker({"client": (client, 1), "kb_person": Person(7, "tom", "employee")}) == "person 7"
    assert asker({"client": None}) == "address nobody"


def test_a_limit_of_0_is_none() -> None:
    limits = Limits(Settings(limit_questions=0), Clock())
    assert {limits.wait("questions", {"client": ("192.0.2.7", 1)}) for _ in range(5_000)} == {0}


def small(built: tuple[Any, Settings], home: Path, **limits: Any) -> House:
    backend, settings = built
    house = house_of((backend, settings.model_copy(update=limits)), home)
    for role in ROLES:
        house.accounts.add(role, role, PASSWORD, "test")
    return house


@pytest.fixture
def strict(_built: tuple[Any, Settings], tmp_path: Path) -> House:  # noqa: F811
    """With accounts and limits that a test reaches."""
    return small(_built, tmp_path, limit_questions=3, limit_checks=2, limit_log_ins=4)


@pytest.mark.parametrize("code", LANGUAGES)
def test_questions_of_a_person_over_every_way_in(strict: House, code: str) -> None:
    client = strict.client("employee", **{"accept-language": code})
    assert client.post("/api/ask", json={"question": "lamps?"}).status_code == 200
    assert client.get("/api/search?q=lamps").status_code == 200
    request = page_request(strict, client)
    take(request, "questions", "en")  # as the page Ask does
    reply = client.post("/api/ask", json={"question": "lamps?"})
    assert reply.status_code == 429 and 1 <= (seconds := int(reply.headers["retry-after"])) <= 20
    assert reply.json()["error"] == word("too_many", code).format(seconds=seconds)  # type: ignore[arg-type]
    with pytest.raises(TooMuch, match="秒后重试"):
        take(request, "questions", "zh")
    assert strict.client("legal").get("/api/search?q=lamps").status_code == 200  # another person
    assert client.get("/mine").status_code == 200  # another kind of thing


def page_request(house: House, client: Any) -> Any:
    """A request as the pages made with Gradio get it: one that the door let in."""
    seen: list[Request] = []

    @house.app.get("/seen-by-a-test")  # type: ignore[untyped-decorator]
    def see(request: Request) -> str:
        seen.append(request)
        return "seen"

    house.app.router.routes.insert(0, house.app.router.routes.pop())
    assert client.get("/seen-by-a-test").status_code == 200
    return seen[0]


def test_texts_to_be_checked(strict: House) -> None:
    client = strict.client("legal")
    statuses = [client.post("/api/check", json={"text": "Harbour Law Art. 2"}).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    person = strict.accounts.of_session(client.cookies["kb_session"])
    assert person
    kept = strict.store.keep(record(), 0, person)
    corrected = client.post(f"/answer/{kept}/correct", data={"text": "Harbour Law Art. 2"})
    assert corrected.status_code == 429 and 1 <= int(corrected.headers["retry-after"]) <= 30
    assert word("too_many", "en").split("{")[0] in corrected.text


def test_files_are_counted_before_they_are_read(strict: House) -> None:
    client = strict.client("employee")
    statuses = [client.post("/gradio_api/upload", content=b"x" * 100).status_code for _ in range(3)]
    assert statuses[2] == 429 and 429 not in statuses[:2]


def test_attempts_to_log_in_from_one_address(strict: House) -> None:
    client = strict.client(None, **{"accept-language": "fr"})
    wrong = [client.post("/login", data={"name": f"n{i}", "password": "x"}) for i in range(6)]
    assert [reply.status_code for reply in wrong] == [401] * 4 + [429] * 2
    assert "Trop de demandes" in wrong[-1].text and 1 <= int(wrong[-1].headers["retry-after"]) <= 15
    assert client.get("/login").status_code == 200


def test_requests_of_any_kind(_built: tuple[Any, Settings], tmp_path: Path) -> None:  # noqa: F811
    house = small(_built, tmp_path, limit_requests=5)
    client = house.client("employee")
    statuses = [client.get("/mine").status_code for _ in range(7)]
    assert statuses == [200] * 5 + [429] * 2
    unknown = house.client()
    assert [unknown.get("/api/search?q=x").status_code for _ in range(6)] == [401] * 5 + [429]


# ------------------------------------------------------------------ so much that waits


def test_a_lane_has_room_for_so_many_and_half_of_it_for_one() -> None:
    async def main() -> list[str]:
        lane, at_work, said = Lane(2, 4), 0, []

        async def one(who: str, alone: bool = False) -> None:
            nonlocal at_work
            try:
                async with lane.turn(who, alone):
                    at_work += 1
                    assert at_work <= 2
                    await anyio.sleep(0.02)
                    at_work -= 1
                    said.append(who)
            except Full:
                said.append(f"{who} full")

        async with anyio.create_task_group() as group:
            for who in ("a",) * 5 + ("b",) * 5 + ("c",):
                group.start_soon(one, who)
        async with anyio.create_task_group() as group:
            for _ in range(8):
                group.start_soon(one, "machine", True)
        return said

    said = anyio.run(main)
    assert [said.count(x) for x in ("a", "a full", "b", "b full", "c", "c full")] == [3, 2, 3, 2, 0, 1]
    assert (said.count("machine"), said.count("machine full")) == (6, 2)


# ------------------------------------------------------------------ so long to arrive


@pytest.fixture
def served(_built: tuple[Any, Settings], tmp_path: Path) -> Iterator[tuple[str, int]]:  # noqa: F811
    backend, settings = _built
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    mine = settings.model_copy(update={"limit_seconds": 0.5, "limit_connections": 20, "port": port})
    server = Served(house_of((backend, mine), tmp_path).app, listen(mine), mine)
    yield "127.0.0.1", port
    server.close()


def said_to(address: tuple[str, int], *pieces: bytes, pause: float = 0.0) -> tuple[bytes, float]:
    """What the server says to bytes that are sent with pauses, and after how long it closes."""
    started = time.monotonic()
    with socket.create_connection(address, timeout=15) as connection:
        heard = b""
        try:
            for piece in pieces:
                connection.sendall(piece)
                time.sleep(pause)
            while more := connection.recv(65_536):
                heard += more
        except ConnectionError:
            pass
    return heard, time.monotonic() - started


def test_a_head_that_does_not_come(served: tuple[str, int]) -> None:
    for pieces in ((), (b"GET /mine HTTP/1.1\r\nHost: 127.0.0.1\r\n",)):
        heard, seconds = said_to(served, *pieces)
        assert heard == b"" and 0.3 < seconds < 3
    heard, seconds = said_to(served, *[b"X: y\r\n"] * 100, pause=0.05)  # a byte now and then does not help
    assert b"200" not in heard and seconds < 7


def test_a_head_that_does_not_end(served: tuple[str, int]) -> None:
    heard, _ = said_to(served, b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n", b"X: " + b"y" * 200_000)
    assert heard.startswith(b"HTTP/1.1 400") or heard == b""


def test_a_body_that_comes_too_slowly(served: tuple[str, int]) -> None:
    head = (
        b"POST /api/check HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n"
    )
    heard, seconds = said_to(served, head + b'{"text": "')
    assert heard.startswith(b"HTTP/1.1 408") and b"too slowly" in heard and 0.3 < seconds < 3


def test_a_body_that_has_no_end(served: tuple[str, int]) -> None:
    head = b"POST /gradio_api/upload HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n"
    chunk = b"%x\r\n%s\r\n" % (1_000_000, b"x" * 1_000_000)
    for kind, status in ((b"application/octet-stream", b"4"), (b"multipart/form-data; boundary=b", b"4")):
        heard, _ = said_to(served, head + b"Content-Type: " + kind + b"\r\n\r\n", *[chunk] * 40)
        assert heard == b"" or heard.split(b" ")[1].startswith(status)


def test_more_connections_than_are_held(served: tuple[str, int]) -> None:
    held = [socket.create_connection(served, timeout=5) for _ in range(20)]
    try:
        time.sleep(0.1)
        heard, _ = said_to(served, b"GET /mine HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert heard == b"" or (b" 503 " in heard and b"Retry-After" in heard)
    finally:
        for connection in held:
            connection.close()
    time.sleep(0.2)
    heard, _ = said_to(served, b"GET /mine HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
    assert heard.startswith(b"HTTP/1.1 200")


def test_an_answer_that_nobody_reads() -> None:
    gone = threading.Event()

    async def pours(scope: Any, _receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(100):
            await send({"type": "http.response.body", "body": b"x" * 1_000_000, "more_body": True})
        gone.set()

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    mine = Settings(port=port, limit_seconds=0.5)
    server = Served(pours, listen(mine), mine)  # type: ignore[arg-type]
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            assert not gone.wait(0.8) and gone.wait(5)
    finally:
        server.close()
