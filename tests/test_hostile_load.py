"""Too many and too slow at once, against the app as a process of its own: it answers others meanwhile and afterwards."""

from __future__ import annotations

import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import httpx
import pytest
from conftest import write_tiny
from small_app import Running, running
from test_store import PASSWORD

from kb.access import Accounts
from kb.database import Database
from kb.settings import Settings
from kb.ui.door import COOKIE

BURST, CLIENTS, SLOW = 1_000, 50, 200
PATIENCE = 60.0
"""Seconds in which somebody else is answered, on a machine that has much else to do."""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """With two people, and little time for a request to arrive."""
    root = tmp_path_factory.mktemp("load")
    settings = Settings(home=root / "home", corpus=write_tiny(root / "corpus"), encoder="hash")
    accounts = Accounts(Database.open(settings))
    for name in ("tom", "lea"):
        accounts.add(name, "legal", PASSWORD, "test")
    with running(root, KB_LIMIT_SECONDS="3") as served:
        yield served


@contextmanager
def person(app: Running, name: str) -> Iterator[httpx.Client]:
    """A client that is logged in."""
    secret = Accounts(Database.open(app.settings)).log_in(name, PASSWORD)
    with httpx.Client(base_url=app.address, timeout=PATIENCE, cookies={COOKIE: secret}) as client:
        yield client


@pytest.fixture
def tom(app: Running) -> Iterator[httpx.Client]:
    with person(app, "tom") as client:
        yield client


@pytest.fixture
def lea(app: Running) -> Iterator[httpx.Client]:
    with person(app, "lea") as client:
        yield client


def ask(client: httpx.Client) -> httpx.Response:
    return client.post("/api/ask", json={"question": "How many lamps do I need on my boat?"})


def test_a_burst_of_one_person_leaves_room_for_another(app: Running, tom: httpx.Client, lea: httpx.Client) -> None:
    before = app.memory_mb()
    statuses: Counter[int] = Counter()
    waits: set[str] = set()
    lock, over = threading.Lock(), threading.Event()
    cookie = tom.cookies[COOKIE]

    def client() -> None:
        alone = {"connection": "close"}  # so that none meets a connection that is just ended for idleness
        with httpx.Client(base_url=app.address, cookies={COOKIE: cookie}, timeout=PATIENCE * 3, headers=alone) as one:
            for _ in range(BURST // CLIENTS):
                reply = ask(one)
                with lock:
                    statuses[reply.status_code] += 1
                    waits.add(reply.headers.get("retry-after", "") if reply.status_code != 200 else "none")

    threads = [threading.Thread(target=client) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    others: list[int] = []
    while not over.is_set():
        others += [ask(lea).status_code, lea.get("/mine").status_code]
        if not any(thread.is_alive() for thread in threads) or len(others) >= 40:
            over.set()
    for thread in threads:
        thread.join()
    assert statuses.total() == BURST and set(statuses) <= {200, 429, 503}, statuses
    assert 1 <= statuses[200] <= 60 + 60 and statuses[429] > BURST // 2, statuses
    assert all(wait == "none" or int(wait) >= 1 for wait in waits), waits
    assert others and set(others) == {200}
    assert ask(lea).status_code == 200 and app.process.poll() is None
    assert app.memory_mb() - before < 300


def drip(stack: ExitStack, app: Running, first: bytes) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", app.port), timeout=PATIENCE)
    stack.callback(connection.close)
    connection.sendall(first)
    return connection


def test_slow_clients_are_given_up_and_others_answered(app: Running, lea: httpx.Client) -> None:
    cookie = f"Cookie: {COOKIE}={lea.cookies[COOKIE]}\r\n".encode()
    kinds = (
        b"",
        b"GET /mine HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ",
        b"POST /api/check HTTP/1.1\r\nHost: 127.0.0.1\r\n" + cookie + b'Content-Length: 900\r\n\r\n{"text": "',
        b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 900\r\n\r\nname=",
    )
    with ExitStack() as stack:
        held = [drip(stack, app, kinds[i % len(kinds)]) for i in range(SLOW)]
        for _ in range(3):
            assert lea.get("/mine").status_code == 200
            assert lea.get("/api/search?q=lamps").status_code == 200
        until = time.monotonic() + PATIENCE
        left = list(held)
        while left and time.monotonic() < until:
            time.sleep(0.5)
            left = [one for one in left if not closed(one)]
        assert not left, f"{len(left)} of {SLOW} are still open"
    assert ask(lea).status_code == 200 and app.process.poll() is None


def closed(connection: socket.socket) -> bool:
    """Send one more byte, as a slow client does, and see whether the other side has closed."""
    try:
        connection.sendall(b"x")
        connection.setblocking(False)
        while connection.recv(65_536):
            pass
    except BlockingIOError:
        return False
    except OSError:
        return True
    finally:
        connection.setblocking(True)
    return True
