"""Two copies of the app behind nginx, with one PostgreSQL and one Chroma server, all real: under load one copy is killed and started
again, Chroma is stopped and started again, a copy is told to end. No answer fails twice, no record is lost, the trail is whole.

nginx runs with `deploy/nginx.conf` and, before Chroma, with `deploy/nginx-chroma.conf` (TLS, name and password); only addresses, ports and
folders are others. It needs the model, since in the tiny corpus there are too few units for Chroma to be asked.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import signal
import ssl
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from deployed import NAME, ROOT, Program, app, app_nginx, certificate, chroma, chroma_nginx, nginx, running
from records import postgresql
from sqlalchemy import create_engine, text

from eval.bench_http import free_port
from kb.access import Accounts
from kb.audit import verify
from kb.database import Database
from kb.question_encoder import load_question_encoder
from kb.settings import Settings

pytestmark = [pytest.mark.model, pytest.mark.timeout(1_200)]
PASSWORD = "correct horse battery"
METRICS_TOKEN = "0123456789abcdef0123456789abcdef"
CHROMA_PASSWORD = "fedcba98"
CLIENTS, STEP = 4, 25
"""Programs that ask at once, and the answers between two events."""
QUESTIONS = (
    "May we use face recognition for attendance?",
    "What does Article 28 of the PIPL say?",
    "员工可以拒绝刷脸考勤吗？",
    "Une salle de sport peut-elle exiger le visage de ses clients ?",
    "Do the Measures make us file once we store 10,000 persons?",
    "What is the weather in Beijing?",
)


@dataclass
class House:
    """Everything that runs."""

    https: int
    http: int
    trusted: Path
    database: str
    token: str
    apps: tuple[Program, Program]
    app_ports: tuple[int, int]
    chroma: Program
    nginx_log: Path

    def connect(self, seconds: float = 60) -> HTTPSConnection:
        """Over TLS with the certificate checked against the name, at the address of this machine."""
        context = ssl.create_default_context(cafile=str(self.trusted))
        connection = HTTPSConnection(NAME, self.https, timeout=seconds, context=context)
        connection._create_connection = lambda _, *rest: _to_loopback(self.https, *rest)  # type: ignore[attr-defined]
        return connection

    def send(
        self, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        connection = self.connect()
        try:
            connection.request(method, path, body, {k.replace("_", "-"): v for k, v in headers.items()})
            reply = connection.getresponse()
            return reply.status, {k.lower(): v for k, v in reply.getheaders()}, reply.read()
        finally:
            connection.close()

    def metrics(self, number: int) -> str:
        url = f"http://127.0.0.1:{self.app_ports[number]}/metrics"
        sent = urllib.request.Request(url, headers={"Authorization": f"Bearer {METRICS_TOKEN}"})
        with urllib.request.urlopen(sent, timeout=20) as reply:
            return str(reply.read().decode())


def _to_loopback(port: int, *rest: Any) -> Any:
    import socket

    return socket.create_connection(("127.0.0.1", port), *rest)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, settings: Settings) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("deploy")
    tls, ports = certificate(folder), [free_port() for _ in range(6)]
    https, http, one, two, chroma_port, chroma_tls = ports
    server = chroma(folder, chroma_port)
    digest = base64.b64encode(hashlib.sha1(CHROMA_PASSWORD.encode()).digest()).decode()
    (folder / "passwords").write_text(f"kb:{{SHA}}{digest}\n")
    before_chroma = nginx(chroma_nginx(folder, chroma_tls, chroma_port), chroma_tls)
    way_in = nginx(app_nginx(folder, https, http, (one, two)), https)
    with postgresql() as url:
        shared = {
            "corpus": ROOT / "corpus",
            "local": folder / "none",
            "database_url": url,
            "chroma_url": f"https://kb:{CHROMA_PASSWORD}@127.0.0.1:{chroma_tls}",
            "proxy": "127.0.0.1",
            "log": "json",
            "metrics_token": METRICS_TOKEN,
            "limit_questions": 0,  # one token asks for all the load
            "limit_requests": 0,
        }
        homes = (folder / "home1", folder / "home2")
        apps = (app(homes[0], one, **shared), app(homes[1], two, **shared))
        for copy in apps:
            copy.environment["SSL_CERT_FILE"] = str(tls)
        with running(server, before_chroma):
            _index(homes, settings, apps[0].environment)
            token = _accounts(url, folder)
            with running(*apps, way_in):
                yield House(https, http, tls, url, token, apps, (one, two), server, way_in.log)


def _index(homes: tuple[Path, Path], settings: Settings, environment: dict[str, str]) -> None:
    """Both copies have an index of their own, the second by copying; the unpacked model is the one at hand."""
    load_question_encoder(settings)
    for home in homes:
        home.mkdir()
        (home / "models").symlink_to(settings.home / "models")
    code = "import sys; from kb.cli import main; sys.argv[1:] = ['index', '--json']; main()"
    command = [sys.executable, "-c", code]
    run = subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, cwd=ROOT, check=False, timeout=600
    )
    assert run.returncode == 0 and "Chroma" not in run.stderr, run.stderr[-2000:]
    shutil.copytree(homes[0] / "index", homes[1] / "index")


def _accounts(url: str, folder: Path) -> str:
    database = Database.open(Settings(home=folder / "accounts", database_url=url))
    accounts = Accounts(database)
    accounts.add("lea", "legal", PASSWORD, "test")
    token = accounts.add_token("lea", "load", "test")
    database.close()
    return token


# ------------------------------------------------------------------ load


@dataclass
class Load:
    """Programs that ask without pause; what became of each question."""

    house: House
    kept: list[str] = field(default_factory=list)
    retried: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    outcomes: dict[str, set[str]] = field(default_factory=dict)
    slow: list[tuple[float, str]] = field(default_factory=list)
    now: str = "all there"
    _stop: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self, number: int) -> None:
        while not self._stop.is_set():
            question = QUESTIONS[number % len(QUESTIONS)]
            number += 1
            started = time.monotonic()
            trouble = self._ask(question)
            if trouble:
                self.retried.append(trouble)
                trouble = self._ask(question)
            if trouble:
                self.failed.append(trouble)
            self.slow.append((round(time.monotonic() - started, 1), self.now))

    def _ask(self, question: str) -> str | None:
        """What went wrong; None where an answer came and was kept."""
        body = json.dumps({"question": question, "on": "2026-11-22"}).encode()
        headers = {"Authorization": f"Bearer {self.house.token}", "Content_Type": "application/json"}
        try:
            status, sent, reply = self.house.send("POST", "/api/ask", body, **headers)
        except (OSError, HTTPException) as error:
            return f"{type(error).__name__}: {error}"
        key = sent.get("kb-answer", "")
        if status != 200 or len(key) != 32:
            return f"{status} {key} {reply[:200]!r}"
        record = json.loads(reply)
        with self._lock:
            self.kept.append(key)
            self.outcomes.setdefault(question, set()).add(record["text"])
        return None

    def until(self, more: int, now: str, seconds: float = 240) -> None:
        """Go on until so many more answers are there. `now` says in which state of the house."""
        self.now = now
        wanted, end = len(self.kept) + more, time.monotonic() + seconds
        while len(self.kept) < wanted:
            assert time.monotonic() < end, f"only {len(self.kept)} of {wanted} answers; {self.failed[-3:]}"
            time.sleep(0.05)

    def __enter__(self) -> Load:
        self._threads = [threading.Thread(target=self.run, args=(number,)) for number in range(CLIENTS)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(90)


def test_load_goes_on_while_a_copy_and_chroma_are_killed(house: House) -> None:
    with Load(house) as load:
        load.until(STEP, "all there")
        for number in (0, 1):
            assert "kb_questions_total{" in house.metrics(number), "both copies answer"
        house.apps[0].end(signal.SIGKILL)
        load.until(STEP, "one copy killed")
        house.apps[0].start()
        load.until(STEP, "both copies again")
        house.chroma.end(signal.SIGKILL)
        load.until(STEP, "Chroma killed")
        without = [house.metrics(number) for number in (0, 1)]
        house.chroma.start()
        load.until(STEP, "Chroma again")
        assert house.apps[1].end(signal.SIGTERM) == 0
        load.until(STEP, "one copy ended")
        house.apps[1].start()
        load.until(STEP, "both copies at the end")
    print(
        f"{len(load.kept)} answers, {len(load.retried)} asked again, {load.retried}; slowest {sorted(load.slow)[-12:]}"
    )
    assert any("kb_chroma_answers 0.0" in told for told in without), "Chroma was in use, and was missed"
    assert load.failed == []
    assert all(len(texts) == 1 for texts in load.outcomes.values()), "with or without Chroma the same answer"
    engine = create_engine(house.database)
    with engine.connect() as connection:
        held = set(connection.execute(text("SELECT id FROM answers")).scalars())
        trail = verify(connection)
    engine.dispose()
    assert len(set(load.kept)) == len(load.kept) and set(load.kept) <= held
    assert trail.broken_at is None and trail.entries >= 2


def test_chroma_asks_for_a_name_and_a_password(house: House) -> None:
    """What the copies go through, without the password."""
    address = house.apps[0].environment["KB_CHROMA_URL"].rpartition("@")[2]
    context = ssl.create_default_context(cafile=str(house.trusted))
    host, _, port = address.partition(":")
    connection = HTTPSConnection(host, int(port), timeout=20, context=context)
    with closing(connection):
        connection.request("GET", "/api/v2/heartbeat")
        assert connection.getresponse().status == 401


def test_a_reader_comes_by_https_and_stays_with_one_copy(house: House) -> None:
    time.sleep(6)  # a copy that failed a moment ago counts as gone for 5 s, and its readers go to the other
    form = urlencode({"name": "lea", "password": PASSWORD, "next": "/mine"}).encode()
    status, headers, _ = house.send("POST", "/login", form, Content_Type="application/x-www-form-urlencoded")
    cookie = headers["set-cookie"]
    assert status == 303 and "Secure" in cookie and "HttpOnly" in cookie
    assert headers["strict-transport-security"].startswith("max-age=")
    session = cookie.partition(";")[0]
    ids = []
    for path in ("/mine", "/law", "/", "/check", "/mine", "/law", "/", "/check"):
        status, headers, _ = house.send("GET", path, Cookie=session)
        assert status == 200
        ids.append(headers["x-request-id"])
    time.sleep(0.5)
    lines = [json.loads(line) for line in house.nginx_log.read_text().splitlines() if line.startswith("{")]
    assert len({line["upstream"] for line in lines if line["request"] in ids}) == 1
    token = {"Authorization": f"Bearer {house.token}"}
    spread = {house.send("GET", "/api/openapi.json", None, **token)[1]["x-request-id"] for _ in range(30)}
    time.sleep(0.5)
    lines = [json.loads(line) for line in house.nginx_log.read_text().splitlines() if line.startswith("{")]
    assert len({line["upstream"] for line in lines if line["request"] in spread}) == 2
    told = [json.loads(line) for copy in house.apps for line in copy.log.read_text().splitlines() if line[:1] == "{"]
    routes = [line["route"] for line in told if line.get("request") in ids]
    assert sorted(routes)[-4:] == ["/law", "/law", "/mine", "/mine"] and len(routes) == 8
    assert not any(question in copy.log.read_text() for copy in house.apps for question in QUESTIONS)


def test_what_nginx_keeps_outside(house: House) -> None:
    token = {"Authorization": f"Bearer {METRICS_TOKEN}"}
    assert [house.send("GET", path, None, **token)[0] for path in ("/metrics", "/readyz", "/healthz")] == [
        404,
        404,
        200,
    ]
    assert house.send("POST", "/api/ask", b"x" * 2_000_000, **token)[0] == 413
    plain = HTTPConnection("127.0.0.1", house.http, timeout=20)
    with closing(plain):
        plain.request("GET", "/law?lang=zh", headers={"Host": NAME})
        reply = plain.getresponse()
    assert (reply.status, reply.getheader("location")) == (301, f"https://{NAME}/law?lang=zh")
    with (
        pytest.raises(ssl.SSLError),
        ssl.create_default_context(cafile=str(house.trusted)).wrap_socket(
            _to_loopback(house.https), server_hostname="other.example.com"
        ),
    ):
        pass


def test_a_forged_address_opens_nothing(house: House) -> None:
    """nginx runs on this machine and is believed: what a reader says of an address must not get through."""
    for name in ("X_Forwarded_For", "X_Real_IP", "Forwarded"):
        status, headers, _ = house.send("GET", "/mine", None, **{name: "127.0.0.1", "X_Forwarded_Proto": "http"})
        assert status == 303 and headers["location"].startswith("/login")


def test_a_question_on_the_page_comes_through(house: House) -> None:
    """As the page does it: the question joins a queue, and its events come over a reply of their own, from the same copy."""
    form = urlencode({"name": "lea", "password": PASSWORD, "next": "/mine"}).encode()
    _, headers, _ = house.send("POST", "/login", form, Content_Type="application/x-www-form-urlencoded")
    cookie = headers["set-cookie"].partition(";")[0]
    for number in range(4):
        config = json.loads(house.send("GET", "/config", Cookie=cookie)[2])
        [put] = [d["id"] for d in config["dependencies"] if d["api_name"] == "put"]
        name = f"conversation{number}"
        body = {"data": [QUESTIONS[0], "2026-11-22", "en", None, None], "fn_index": put, "session_hash": name}
        sent = json.dumps(body).encode()
        status, joined, _ = house.send(
            "POST", "/gradio_api/queue/join", sent, Cookie=cookie, Content_Type="application/json"
        )
        assert status == 200
        with closing(house.connect()) as connection:
            connection.request("GET", f"/gradio_api/queue/data?session_hash={name}", headers={"Cookie": cookie})
            events = connection.getresponse()
            told = b""
            while b"process_completed" not in told:
                line = events.readline()
                assert line, told[-500:]
                told += line
        assert b"process_generating" in told and b'"success":true' in told
    lines = [json.loads(line) for copy in house.apps for line in copy.log.read_text().splitlines() if line[:1] == "{"]
    [answer] = [line for line in lines if line.get("route") == "answer" and line["request"] == joined["x-request-id"]]
    engine = create_engine(house.database)
    with engine.connect() as connection:
        found = connection.execute(text("SELECT outcome FROM answers WHERE id = :key"), {"key": answer["answer"]})
        assert found.scalar_one() == answer["outcome"] == "answered"
    engine.dispose()
