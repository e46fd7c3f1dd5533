"""Health, metrics, the log of requests, and whom the app believes about the client: through the whole app, on the tiny corpus."""

from __future__ import annotations

import io
import json
import logging
import re
import socket
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from conftest import HashEncoder, write_tiny
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families
from test_store import PASSWORD

from eval.bench_http import free_port
from kb.access import Accounts
from kb.assistant import Assistant
from kb.database import Database
from kb.errors import BadInput, EncoderError, RecordsError
from kb.settings import Settings
from kb.store import Store
from kb.ui.backend import Backend
from kb.ui.desk import Desk
from kb.ui.door import COOKIE
from kb.ui.health import Health
from kb.ui.request_log import JsonLines, set_up_logs
from kb.ui.site import Served, listen, make_core, proxies

BASE = "http://127.0.0.1:7860"
QUESTION = "How many lamps do I need on my boat?"
NONE: frozenset[str] = frozenset()
TOKEN = "watch-" + "0123456789abcdef" * 2


@dataclass
class Watched:
    """The whole app without the pages made with Gradio, and what stands behind it."""

    app: Any
    backend: Backend
    accounts: Accounts
    settings: Settings

    def client(self, host: str = "127.0.0.1", **headers: str) -> TestClient:
        """A program at an address."""
        return TestClient(self.app, base_url=BASE, client=(host, 5000), follow_redirects=False, headers=headers)

    def token(self) -> str:
        return self.accounts.add_token("employee", "test", "test")


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    folder = tmp_path_factory.mktemp("watch")
    settings = Settings(home=folder / "home", corpus=write_tiny(folder / "corpus"), encoder="hash")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("kb.assistant.load_encoder", lambda _: HashEncoder())
        held = Assistant.open(settings)
        held.retriever.encode("ready")
        yield held


@pytest.fixture
def watched(assistant: Assistant, tmp_path: Path) -> Watched:
    """With two accounts."""
    settings = assistant.settings.model_copy(update={"home": tmp_path, "metrics_token": TOKEN})
    database = Database.open(settings)
    accounts = Accounts(database)
    for role in ("employee", "admin"):
        accounts.add(role, role, PASSWORD, "test")
    backend = Backend(assistant)
    backend.assistant()
    desk = Desk(Store(database, backend.corpus), accounts, backend.corpus)
    return Watched(make_core(backend, desk, settings), backend, accounts, settings)


def samples(text: str) -> dict[tuple[str, frozenset[str]], float]:
    """(name, values of the labels) → value, as Prometheus reads them."""
    families = text_string_to_metric_families(text)
    return {(s.name, frozenset(s.labels.values())): s.value for f in families for s in f.samples}


def ask(client: TestClient, token: str, question: str = QUESTION, **headers: str) -> Any:
    return client.post("/api/ask", json={"question": question}, headers={"authorization": f"Bearer {token}", **headers})


# ------------------------------------------------------------------ health


@pytest.mark.parametrize("host", ["127.0.0.1", "10.1.2.3"])
def test_health_needs_no_account_and_tells_nothing(watched: Watched, host: str) -> None:
    client = watched.client(host)
    assert (client.get("/healthz").status_code, client.get("/healthz").text) == (200, "alive\n")
    reply = client.get("/readyz", headers={"host": "10.244.0.7:7860"})  # as Kubernetes asks
    assert (reply.status_code, reply.json()) == (200, {"ready": True, "missing": [], "degraded": []})
    for path in ("/healthz", "/readyz"):
        assert client.post(path, content=b"").status_code == 405


def test_what_is_missing_is_named(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(_: Accounts) -> bool:
        raise RecordsError("postgresql+psycopg://kb:***@db/kb: connection refused")

    monkeypatch.setattr(Accounts, "any", gone)
    monkeypatch.setattr(watched.backend, "_error", EncoderError("model gone"))
    client = watched.client("10.1.2.3")
    reply = client.get("/readyz")
    assert reply.status_code == 503
    assert reply.json() == {"ready": False, "missing": ["index", "records"], "degraded": []}
    assert client.get("/healthz").status_code == 200
    assert client.get("/mine").status_code == 503


def test_without_chroma_a_copy_is_ready_and_says_so(
    watched: Watched, assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assistant.index.nearest, "state", "failing")
    reply = watched.client().get("/readyz")
    assert (reply.status_code, reply.json()["degraded"]) == (200, ["chroma"])
    assert samples(watched.client().get("/metrics").text)["kb_chroma_answers", NONE] == 0


def test_a_chroma_server_that_is_not_there_is_seen(watched: Watched) -> None:
    settings = watched.settings.model_copy(update={"chroma_url": f"http://127.0.0.1:{free_port()}"})
    assert Health(watched.backend, watched.accounts, settings)._look() == ([], ["chroma"])


def test_probes_take_one_thread_while_the_records_hang(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many probes wait for the records, whether the process is alive is answered."""
    go_on, waiting = threading.Event(), []

    def hangs(_: Accounts) -> bool:
        waiting.append(1)
        go_on.wait(30)
        return True

    monkeypatch.setattr(Accounts, "any", hangs)
    with watched.client() as client:
        probes = [threading.Thread(target=client.get, args=("/readyz",)) for _ in range(60)]
        for probe in probes:
            probe.start()
        assert client.get("/healthz").status_code == 200
        assert len(waiting) <= 1
        go_on.set()
        for probe in probes:
            probe.join(30)
    assert len(waiting) == 60


# ------------------------------------------------------------------ metrics


@pytest.mark.parametrize(
    ("host", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {"host": "[::1]:7860"}, 200),
        ("127.0.0.1", {"host": "evil.example"}, 401),  # a page that made its own name lead here
        ("127.0.0.1", {"x-forwarded-for": "10.1.2.3"}, 401),  # a proxy of this machine
        ("127.0.0.1", {"x-real-ip": "10.1.2.3"}, 401),
        ("10.1.2.3", {}, 401),
        ("10.1.2.3", {"x-forwarded-for": "127.0.0.1"}, 401),
        ("10.1.2.3", {"authorization": f"Bearer {TOKEN}"}, 200),
        ("127.0.0.1", {"x-forwarded-for": "10.1.2.3", "authorization": f"Bearer {TOKEN}"}, 200),
        ("10.1.2.3", {"authorization": f"Bearer {TOKEN}x"}, 401),
        ("10.1.2.3", {"authorization": "Bearer "}, 401),
        ("10.1.2.3", {"authorization": f"Basic {TOKEN}"}, 401),
        ("10.1.2.3", {"authorization": "Bearer gähn".encode()}, 401),
    ],
)
def test_who_may_read_the_metrics(watched: Watched, host: str, headers: Any, status: int) -> None:
    assert watched.client(host).get("/metrics", headers=headers).status_code == status


def test_no_role_opens_the_metrics_and_no_token_means_this_machine_alone(watched: Watched) -> None:
    client = watched.client("10.1.2.3")
    client.cookies.set(COOKIE, watched.accounts.log_in("admin", PASSWORD))
    assert client.get("/metrics").status_code == 401
    without = watched.settings.model_copy(update={"metrics_token": ""})
    app = make_core(watched.backend, Desk(None, watched.accounts, watched.backend.corpus), without)  # type: ignore[arg-type]
    far = TestClient(app, base_url=BASE, client=("10.1.2.3", 5000))
    for sent in ("Bearer ", "Bearer", f"Bearer {TOKEN}"):
        assert far.get("/metrics", headers={"authorization": sent}).status_code == 401


def test_questions_are_counted_and_never_told(watched: Watched) -> None:
    client, token = watched.client(), watched.token()
    before = samples(client.get("/metrics").text)
    assert ask(client, token).status_code == 200
    assert ask(client, token, "船上要几盏灯？").status_code == 200
    assert ask(client, token, "What is the weather?").json()["outcome"] == "refused"
    client.post("/login", data={"name": "admin", "password": "wrong wrong wrong"})
    client.get(f"/law/{'secret-' * 3}", headers={"authorization": f"Bearer {token}"})
    text = client.get("/metrics").text
    after = samples(text)

    def grew(name: str, *labels: str) -> float:
        return after[name, frozenset(labels)] - before.get((name, frozenset(labels)), 0)

    assert grew("kb_questions_total", "answered", "en") == 1
    assert grew("kb_questions_total", "answered", "zh") == 1
    assert grew("kb_questions_total", "refused", "en") == 1
    for stage in ("retrieve", "generate", "verify", "total"):
        assert grew("kb_stage_seconds_count", stage) == 3
    assert grew("kb_stage_seconds_sum", "total") > 0
    assert grew("kb_requests_total", "POST", "/api/ask", "200") == 3
    assert grew("kb_requests_total", "GET", "/law/{law}", "404") == 1
    assert grew("kb_logins_refused_total") == 1
    assert grew("kb_errors_total", "request") == 0
    assert after["kb_uptime_seconds", NONE] > 0
    [build] = [name for name in after if name[0] == "kb_build"]
    assert watched.backend.assistant().index.fingerprint in build[1]
    assert "lamps" not in text and "灯" not in text and "secret-" not in text


def test_failures_and_withheld_claims_are_counted(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> str:
        raise RecordsError("disk full")

    ask_it, client, token = Assistant.ask, watched.client(), watched.token()
    monkeypatch.setattr(Assistant, "ask", lambda of, query: replace(a := ask_it(of, query), withheld=a.claims[:1]))
    monkeypatch.setattr(Store, "keep", broken)
    assert ask(client, token).headers["kb-answer"] == "not-kept"
    monkeypatch.setattr(Backend, "assistant", broken)
    assert ask(client, token).status_code == 503
    after = samples(client.get("/metrics").text)
    assert after["kb_withheld_claims_total", NONE] == 1
    assert after["kb_answers_not_kept_total", NONE] == 1
    assert after["kb_errors_total", frozenset(("request",))] == 1
    assert after["kb_requests_total", frozenset(("POST", "/api/ask", "503"))] == 1


# ------------------------------------------------------------------ the log


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What goes to standard error with KB_LOG=json; the logs of the process are put back afterwards."""
    root, held = logging.getLogger(), logging.getLogger("kb.requests")
    before = (root.handlers[:], root.level, held.handlers[:], held.level, held.propagate)
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    set_up_logs(Settings(log="json"))
    yield stream
    root.handlers, root.level, held.handlers, held.level, held.propagate = before


def lines(log: io.StringIO, name: str = "kb.requests") -> list[dict[str, Any]]:
    return [line for text in log.getvalue().splitlines() if (line := json.loads(text))["log"] == name]


def test_a_request_is_one_line_without_what_was_asked(watched: Watched, log: io.StringIO) -> None:
    client, token = watched.client(), watched.token()
    reply = ask(client, token)
    [line] = lines(log)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", line.pop("time"))
    assert line.pop("ms") > 0 and line.pop("level") == "info" and line.pop("log") == "kb.requests"
    assert line == {
        "request": reply.headers["x-request-id"],
        "method": "POST",
        "route": "/api/ask",
        "status": 200,
        "role": "employee",
        "outcome": "answered",
        "language": "en",
        "answer": reply.headers["kb-answer"],
        "withheld": 0,
    }
    client.get("/law/harbour-law/2?q=secret", headers={"authorization": f"Bearer {token}"})
    client.get("/nothing/secret", headers={"authorization": f"Bearer {token}"})
    client.post("/login", data={"name": "secret", "password": "secret"})
    client.get("/mine?secret=1")
    told = [(line["route"], line["status"], line["role"]) for line in lines(log)[1:]]
    assert told == [
        ("/law/{law}/{article}", 200, "employee"),
        ("(none)", 404, "employee"),
        ("/login", 401, None),
        ("(none)", 303, None),
    ]
    assert "lamps" not in log.getvalue() and "secret" not in log.getvalue() and token not in log.getvalue()


def test_questions_are_told_where_the_setting_says_so(
    watched: Watched, assistant: Assistant, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = assistant.settings.model_copy(update={"log_questions": True})
    monkeypatch.setattr(assistant, "settings", told)
    ask(watched.client(), watched.token(), QUESTION + '\n"}')
    [line] = lines(log)
    assert line["question"] == QUESTION + '\n"}' and len(log.getvalue().splitlines()) == 1


def test_an_answer_after_its_request_has_a_line_of_its_own(watched: Watched, log: io.StringIO) -> None:
    """As on the page Ask: the request that sets a question off ends before the answer is there."""
    assistant = watched.backend.assistant()
    answer = assistant.ask(assistant.query(QUESTION))
    watched.backend.note(answer, "f" * 32, {"kb_request": "request-1", "kb_said": None})
    [line] = lines(log)
    assert (line["request"], line["route"], line["outcome"]) == ("request-1", "answer", "answered")
    assert line["answer"] == "f" * 32 and "question" not in line


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("0123456789abcdef", True),
        ("a.b_c-d1", True),
        ("short", False),
        ("x" * 65, False),
        ('abcdefgh"}{', False),
        ("abcdefgh ijkl", False),
    ],
)
def test_the_id_of_a_request_is_taken_over_where_it_is_one(watched: Watched, given: str, taken: bool) -> None:
    said = watched.client().get("/healthz", headers={"x-request-id": given}).headers["x-request-id"]
    assert (said == given) is taken
    assert taken or re.fullmatch(r"[0-9a-f]{32}", said)


def test_a_failure_is_told_by_its_places_alone(log: io.StringIO) -> None:
    try:
        raise ValueError("a question that is secret")
    except ValueError:
        logging.getLogger("uvicorn.error").error("Exception in ASGI application", exc_info=True)
    [line] = lines(log, "uvicorn.error")
    assert (line["error"], line["level"]) == ("ValueError", "error") and "secret" not in log.getvalue()
    assert "test_watch.py" in line["at"][0] and isinstance(logging.getLogger().handlers[0].formatter, JsonLines)


def test_nothing_is_told_by_default(watched: Watched, capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs(Settings(log="off"))
    watched.client().get("/healthz")
    assert capsys.readouterr().err == ""
    set_up_logs(Settings(log="text"))
    watched.client().get("/healthz")
    line = capsys.readouterr().err
    assert "route=/healthz status=200" in line and len(line.splitlines()) == 1
    set_up_logs(Settings(log="off"))


# ------------------------------------------------------------------ whom the app believes


@pytest.mark.parametrize(
    ("proxy", "sent", "believed"),
    [
        ("", "https", False),
        ("10.0.0.5", "https", False),
        ("127.0.0.1", "https", True),
        ("10.0.0.5,127.0.0.0/8", "https", True),
        ("127.0.0.1", "", False),
    ],
)
def test_a_proxy_is_believed_where_the_setting_names_it(
    watched: Watched, proxy: str, sent: str, believed: bool
) -> None:
    """The cookie is for https alone where a trusted proxy says that the reader came by it: on a real server, over a real socket."""
    settings = watched.settings.model_copy(update={"port": free_port(), "proxy": proxy})
    served = Served(watched.app, listen(settings), settings)
    try:
        body = b"name=admin&password=" + PASSWORD.replace(" ", "+").encode()
        headers = {"X-Forwarded-Proto": sent, "X-Forwarded-For": "203.0.113.7"} if sent else {}
        address = f"http://127.0.0.1:{settings.port}"
        opener = urllib.request.build_opener(_Stay)
        reply = opener.open(urllib.request.Request(f"{address}/login", body, headers))
        assert reply.status == 303
        assert ("Secure" in reply.headers["set-cookie"]) is believed
        assert "server" not in {name.lower() for name in reply.headers}
    finally:
        served.close()


class _Stay(urllib.request.HTTPRedirectHandler):
    """Shows a redirection instead of following it."""

    def http_error_303(self, _req: Any, fp: Any, *_: Any) -> Any:
        return fp


@pytest.mark.parametrize("proxy", ["*", "proxy.example", "10.0.0.1/8", "0.0.0.0/0", "::/0", "10.0.0.5 10.0.0.6"])
def test_a_proxy_that_is_no_address_is_refused(proxy: str) -> None:
    with pytest.raises(BadInput, match="KB_PROXY"):
        proxies(proxy)


def test_nobody_waits_for_a_copy_that_is_not_up(
    assistant: Assistant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until the pages are built and, behind a proxy, the model is loaded, a connection is refused: the proxy asks another copy."""
    import kb.ui

    settings = assistant.settings.model_copy(update={"home": tmp_path, "port": free_port(), "proxy": "127.0.0.1"})
    seen: list[str] = []

    def look(when: str) -> None:
        try:
            socket.create_connection(("127.0.0.1", settings.port), 5).close()
            seen.append(f"{when}: open")
        except ConnectionRefusedError:
            seen.append(f"{when}: refused")

    load = Backend._load

    def slow_make(_: Any, backend: Backend, desk: Desk, of: Settings) -> Any:
        look("pages")
        return make_core(backend, desk, of)

    def slow_load(backend: Backend) -> None:
        time.sleep(1)
        look("model")
        load(backend)

    monkeypatch.setattr(kb.ui, "build", lambda *_: None)  # the pages of Gradio are not what this is about
    monkeypatch.setattr("kb.ui.site.make_app", slow_make)
    monkeypatch.setattr(Backend, "_load", slow_load)
    served = kb.ui.launch(settings, assistant, block=False)
    look("served")
    served.close()
    assert sorted(seen) == ["model: refused", "pages: refused", "served: open"]
