"""`kb mcp` as a client uses it: a process of its own, spoken to over its standard input and output."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from anyio.from_thread import BlockingPortal, start_blocking_portal
from conftest import TODAY
from mcp import Client, StdioServerParameters
from mcp.types import TextContent, Tool

from kb.annotate import report_record
from kb.assistant import Assistant
from kb.check import MAX_CHECKED_CHARS, check_text
from kb.corpus import Corpus
from kb.ids import ProvisionId
from kb.mcp_server import FAULT, MAX_HITS
from kb.model import Language
from kb.record import answer_record, hit_record, instrument_record, provision_record
from kb.settings import MAX_QUESTION_CHARS, Settings

Record = dict[str, Any]
ROOT = Path(__file__).resolve().parent.parent
MAIN = "from kb.cli import main; main()"
ON = TODAY.isoformat()
HUGE = "PIPL Art. 28. " * 750_000
"""Ten megabytes."""
INJECTIONS: dict[str, Record] = {
    entry["id"]: entry for entry in yaml.safe_load((ROOT / "tests/data/injections.yaml").read_text("utf-8"))
}


def environment(settings: Settings) -> dict[str, str]:
    given = {"KB_HOME": settings.home, "KB_CORPUS": settings.corpus, "KB_LOCAL": settings.local}
    return os.environ | {name: str(value) for name, value in given.items()}


@dataclass(frozen=True)
class Session:
    """A client connected to `kb mcp`."""

    portal: BlockingPortal
    client: Client

    def tools(self) -> dict[str, Tool]:
        return {tool.name: tool for tool in self.portal.call(self.client.list_tools).tools}

    def call(self, name: str, arguments: Record) -> tuple[bool, str, Record | None]:
        """Whether the call failed, the text of the result, and the record."""
        done = self.portal.call(self.client.call_tool, name, arguments)
        (content,) = done.content
        assert isinstance(content, TextContent)
        return bool(done.is_error), content.text, done.structured_content

    def record(self, name: str, /, **arguments: Any) -> Record:
        failed, text, record = self.call(name, arguments)
        assert not failed, text
        assert record is not None and json.loads(text) == record
        return record

    def error(self, name: str, arguments: Record) -> str:
        failed, text, record = self.call(name, arguments)
        assert failed and record is None
        assert "\n" not in text and "Traceback" not in text and len(text) < 500
        return text


@pytest.fixture(scope="module", params=["auto", "legacy"])
def session(request: pytest.FixtureRequest, settings: Settings) -> Iterator[Session]:
    """One with the newest protocol, one with the handshake of the versions before it."""
    server = StdioServerParameters(
        command=sys.executable, args=["-c", MAIN, "mcp"], env=environment(settings), cwd=ROOT
    )
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(Client(server, mode=request.param)) as client,
    ):
        yield Session(portal, client)


# ------------------------------------------------------------------ what is offered


def test_the_tools_are_listed_with_bounds(session: Session) -> None:
    tools = session.tools()
    assert {name: list(t.input_schema["properties"]) for name, t in tools.items()} == {
        "ask": ["question", "on", "language"],
        "search": ["query", "on", "k"],
        "get_provision": ["id", "on"],
        "check_citations": ["text", "on"],
    }
    taken = {name: t.input_schema["properties"] for name, t in tools.items()}
    assert taken["ask"]["question"]["maxLength"] == taken["search"]["query"]["maxLength"] == MAX_QUESTION_CHARS
    assert (taken["search"]["k"]["minimum"], taken["search"]["k"]["maximum"]) == (1, MAX_HITS)
    assert taken["check_citations"]["text"]["maxLength"] == MAX_CHECKED_CHARS
    for tool in tools.values():
        assert len(tool.input_schema["required"]) == 1 and tool.input_schema["additionalProperties"] is False
        assert all(argument["description"] for argument in tool.input_schema["properties"].values())
        assert tool.title and tool.description and "  " not in tool.description
        assert tool.output_schema and tool.output_schema["type"] == "object"
        hints = tool.annotations
        assert hints and hints.read_only_hint and hints.idempotent_hint
        assert hints.destructive_hint is False and hints.open_world_hint is False


def test_the_document_names_every_tool_and_argument(session: Session) -> None:
    page = (ROOT / "docs/mcp.md").read_text("utf-8")
    parts = {part.split("`", 1)[0]: part for part in re.split(r"^## `", page, flags=re.MULTILINE)[1:]}
    tools = session.tools()
    assert list(parts) == list(tools)
    for name, tool in tools.items():
        rows = re.findall(r"^\| `(\w+)` \|", parts[name], re.MULTILINE)
        assert rows == list(tool.input_schema["properties"])


def test_the_samples_of_the_document_can_be_read() -> None:
    page = (ROOT / "docs/mcp.md").read_text("utf-8")
    samples = [json.loads(block) for block in re.findall(r"^```json\n(.+?)^```", page, re.MULTILINE | re.DOTALL)]
    assert samples[0]["mcpServers"]["frt-kb"]["args"] == ["mcp"]
    assert len(samples) == 5


# ------------------------------------------------------------------ without the model


@pytest.mark.parametrize(
    ("place", "on", "found"),
    [
        ("PIPL 28(2)", ON, "pipl@2021-11-01/art_28__para_2"),
        ("《个人信息保护法》第二十八条第二款", ON, "pipl@2021-11-01/art_28__para_2"),
        ("csl/art_76", "2024-05-01", "csl@2017-06-01/art_76"),
        ("csl@2017-06-01/art_76", ON, "csl@2017-06-01/art_76"),
    ],
)
def test_get_provision(session: Session, corpus: Corpus, place: str, on: str, found: str) -> None:
    day = TODAY.fromisoformat(on)
    expected = provision_record(corpus.provision(ProvisionId.parse(found)), corpus, day)
    assert session.record("get_provision", id=place, on=on) == expected
    assert expected["id"] == found


@pytest.mark.parametrize("place", ["gbt-35273-2020", "GB/T 35273", "gbt-35273-2020/fact_1"])
def test_get_provision_gives_a_record(session: Session, corpus: Corpus, place: str) -> None:
    assert session.record("get_provision", id=place) == instrument_record(corpus.records["gbt-35273-2020"])


@pytest.mark.parametrize(
    ("text", "language", "verdicts"),
    [
        ("PIPL Art. 28(2). PIPL Art. 99. Under Article 76(5) of the PRC Cybersecurity Law of 2017, biometrics are personal information.", "en", ["VERIFIED", "ARTICLE_NOT_FOUND", "RENUMBERED"]),
        ("《个人信息保护法》第二十八条；《个人信息保护法》第九十九条。", "zh", ["VERIFIED", "ARTICLE_NOT_FOUND"]),
        ("No law is cited here.", "en", []),
        ("\x00PIPL\x00 Art. 2\x008", "en", ["VERIFIED"]),
    ],
)  # fmt: skip
def test_check_citations(session: Session, corpus: Corpus, text: str, language: Language, verdicts: list[str]) -> None:
    report = session.record("check_citations", text=text, on=ON)
    assert [c["verdict"] for c in report["citations"]] == verdicts
    assert report == json.loads(json.dumps(report_record(check_text(text, corpus, TODAY, None, language), corpus)))
    schema = session.tools()["check_citations"].output_schema
    assert schema and set(schema["properties"]) == set(report)


def test_what_a_text_orders_changes_no_verdict(session: Session) -> None:
    entry = INJECTIONS["fr-invisible"]
    found = {c["text"]: c["verdict"] for c in session.record("check_citations", text=entry["text"])["citations"]}
    assert entry["verdicts"].items() <= found.items() and "VERIFIED" not in found.values()


def test_a_whole_text_can_be_as_long_as_the_checker_takes(session: Session) -> None:
    text = "PIPL Art. 28.\n" + "x" * (MAX_CHECKED_CHARS - 14)
    report = session.record("check_citations", text=text, on=ON)
    assert [c["verdict"] for c in report["citations"]] == ["VERIFIED"]


@pytest.mark.parametrize(
    ("tool", "arguments", "says"),
    [
        ("get_provision", {"id": "nonsense"}, "write e.g. pipl/art_28__para_2"),
        ("get_provision", {"id": "胡说"}, "write e.g. pipl/art_28__para_2"),
        ("get_provision", {"id": "pipl/art_99"}, "ends with Article 74"),
        ("get_provision", {"id": "no-law/art_1"}, "it holds civil-code"),
        ("get_provision", {"id": "pipl@1999-01-01/art_1"}, "1999-01-01"),
        ("get_provision", {"id": "frt-measures/art_15", "on": "2024-01-01"}, "2025-06-01"),
        ("get_provision", {"id": "ds-newsletter/sec_1__para_1"}, "ask a question about ds-newsletter"),
        ("get_provision", {"id": "pipl/art_1", "on": "yesterday"}, "write it as 2025-03-01"),
        ("get_provision", {"id": "pipl/art_1", "on": "去年"}, "write it as 2025-03-01"),
        ("get_provision", {"id": "pipl/art_1", "date": ON}, "the arguments are id, on"),
        ("get_provision", {}, "id: Field required"),
        ("get_provision", {"id": ["pipl/art_1"]}, "id: "),
        ("get_provision", {"id": HUGE}, "at most 200 characters"),
        ("get_provision", {"id": "pipl/art_1", "on": HUGE}, "at most 32 characters"),
        ("get_provision", {"id": "pipl/art_1\x00; rm -rf /"}, "names no provision"),
        ("get_provision", {"id": "../../etc/passwd"}, "names no provision"),
        ("check_citations", {"text": "PIPL 28", "on": "2025-13-01"}, "write it as 2025-03-01"),
        ("check_citations", {"text": ""}, "text: "),
        ("check_citations", {"text": HUGE}, f"at most {MAX_CHECKED_CHARS} characters"),
        ("ask", {"question": "x" * (MAX_QUESTION_CHARS + 1)}, f"at most {MAX_QUESTION_CHARS} characters"),
        ("ask", {"question": HUGE}, f"at most {MAX_QUESTION_CHARS} characters"),
        ("ask", {"question": "PIPL 28", "language": "de"}, "'en', 'zh' or 'fr'"),
        ("ask", {"question": "PIPL 28", "on": "soon"}, "write it as 2025-03-01"),
        ("search", {"query": "PIPL 28", "k": 0}, "k: Input should be greater than or equal to 1"),
        ("search", {"query": "PIPL 28", "k": MAX_HITS + 1}, f"less than or equal to {MAX_HITS}"),
        ("search", {"query": "PIPL 28", "k": "many"}, "k: "),
        ("shell", {"command": "ls"}, "the tools are ask, search, get_provision, check_citations"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_bad_call_is_told_what_to_do(session: Session, tool: str, arguments: Record, says: str) -> None:
    assert says in session.error(tool, arguments)


def test_the_server_goes_on_after_a_bad_call(session: Session) -> None:
    session.error("get_provision", {"id": HUGE})
    assert session.record("get_provision", id="PIPL 28")["id"] == "pipl@2021-11-01/art_28"


# ------------------------------------------------------------------ with the model


@pytest.mark.model
@pytest.mark.parametrize(
    "question",
    [
        "From how many faces must we file?",
        "人脸达到多少要备案？",
        "What is the weather?",
        "From how many faces\x00 must we file?",
        INJECTIONS["en-ignore"]["text"],
        INJECTIONS["en-system"]["text"],
    ],
)
def test_ask(session: Session, assistant: Assistant, question: str) -> None:
    answer = session.record("ask", question=question, on=ON)
    expected = answer_record(assistant.ask(assistant.query(question, TODAY)))
    schema = session.tools()["ask"].output_schema
    assert schema and set(schema["properties"]) == set(answer) == set(expected)
    assert answer | {"timing_ms": {}} == expected | {"timing_ms": {}}


@pytest.mark.model
@pytest.mark.usefixtures("assistant")
def test_ask_in_another_language(session: Session) -> None:
    answer = session.record("ask", question="From how many faces must we file?", on=ON, language="zh")
    assert answer["language"] == "zh" and answer["citations"][0]["id"] == "frt-measures@2025-06-01/art_15__para_1"
    assert "备案" in answer["text"]


@pytest.mark.model
@pytest.mark.usefixtures("assistant")
@pytest.mark.parametrize("name", ["en-ignore", "en-role", "en-json"])
def test_what_a_question_orders_is_not_done(session: Session, name: str) -> None:
    entry = INJECTIONS[name]
    answer = session.record("ask", question=entry["text"], on=ON)
    shown = json.dumps({key: answer[key] for key in ("text", "claims", "citations", "notes")}, ensure_ascii=False)
    assert not [words for words in entry["forbidden"] if words in shown]


@pytest.mark.model
@pytest.mark.parametrize(("query", "k"), [("filing of facial information", 3), ("人脸信息备案", 50)])
def test_search(session: Session, assistant: Assistant, query: str, k: int) -> None:
    found = session.record("search", query=query, on=ON, k=k)
    assert found == {"hits": [hit_record(h) for h in assistant.search(assistant.query(query, TODAY), k)]}
    assert 1 <= len(found["hits"]) <= k and found["hits"][0]["law"] == "frt-measures"


@pytest.mark.model
@pytest.mark.usefixtures("assistant")
def test_an_empty_question_is_told_what_to_do(session: Session) -> None:
    assert "write one, for example" in session.error("ask", {"question": " \x00 "})


# ------------------------------------------------------------------ the wire

START = [
    {
        "jsonrpc": "2.0",
        "id": 0,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": {"name": "test", "version": "1"},
        },
    },
    {"jsonrpc": "2.0", "method": "notifications/initialized"},
]


def call(number: int, tool: str, /, **arguments: Any) -> Record:
    params = {"name": tool, "arguments": arguments}
    return {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params}


def spoken(
    settings: Settings, errors: Path, *lines: Record | str, waits_for: set[int], code: str = MAIN
) -> list[Record]:
    """Speak to a server line by line; every line that it wrote to its end, in order. Each must be a message."""
    sent = [line if isinstance(line, str) else json.dumps(line) for line in (*START, *lines)]
    with errors.open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-c", code, "mcp"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
            text=True, encoding="utf-8", env=environment(settings), cwd=ROOT,
        )  # fmt: skip
    with server:
        assert server.stdin and server.stdout
        server.stdin.write("\n".join(sent) + "\n")
        server.stdin.flush()
        received: list[Record] = []
        while waits_for - {message.get("id") for message in received}:
            received.append(json.loads(server.stdout.readline()))
        server.stdin.close()
        received += [json.loads(line) for line in server.stdout]
        assert server.wait(timeout=30) == 0
    assert all(message["jsonrpc"] == "2.0" for message in received)
    return received


def test_nothing_but_messages_on_standard_output(settings: Settings, tmp_path: Path) -> None:
    """Not even what a library prints, or writes to the descriptor."""
    noisy = (
        "import os, kb.mcp_server as m; check = m.check_text\n"
        "m.check_text = lambda *a: (print('printed', flush=True), os.write(1, b'written'), check(*a))[-1]\n"
    )
    errors = tmp_path / "errors"
    lines = ("no message", "", call(1, "check_citations", text="PIPL Art. 28"), call(2, "get_provision", id="x"))
    received = spoken(settings, errors, *lines, waits_for={1, 2}, code=noisy + MAIN)
    results = {message["id"]: message["result"] for message in received}
    assert sorted(results) == [0, 1, 2] and results[2]["isError"]
    assert results[1]["structuredContent"]["citations"][0]["verdict"] == "VERIFIED"
    assert "printed" in errors.read_text() and "written" in errors.read_text()


@pytest.mark.model
@pytest.mark.usefixtures("assistant")
def test_nothing_but_messages_while_the_model_loads(settings: Settings, tmp_path: Path) -> None:
    errors = tmp_path / "errors"
    (_, answered) = spoken(
        settings, errors, call(1, "ask", question="From how many faces must we file?"), waits_for={1}
    )
    assert answered["result"]["structuredContent"]["outcome"] == "answered"
    assert errors.read_text() == ""


def test_a_fault_stays_on_the_server(settings: Settings, tmp_path: Path) -> None:
    broken = (
        "import kb.mcp_server as m\ndef check_text(*a): raise RuntimeError('inner secret')\nm.check_text = check_text\n"
    )
    errors = tmp_path / "errors"
    line = call(1, "check_citations", text="PIPL Art. 28")
    (_, failed) = spoken(settings, errors, line, waits_for={1}, code=broken + MAIN)
    assert failed["result"]["isError"] and failed["result"]["content"][0]["text"] == FAULT
    assert "inner secret" in errors.read_text()


def test_a_ping_is_answered_while_a_tool_works(settings: Settings, tmp_path: Path) -> None:
    slow = "import time, kb.mcp_server as m; check = m.check_text\nm.check_text = lambda *a: (time.sleep(2), check(*a))[-1]\n"
    lines = (call(1, "check_citations", text="PIPL Art. 28"), {"jsonrpc": "2.0", "id": 2, "method": "ping"})
    received = spoken(settings, tmp_path / "errors", *lines, waits_for={1, 2}, code=slow + MAIN)
    assert [message["id"] for message in received] == [0, 2, 1]


def test_nothing_heavy_is_loaded_at_the_start() -> None:
    code = (
        "import sys; from kb.mcp_server import make_server; from kb.settings import Settings; make_server(Settings());"
        "print([m for m in ('torch', 'chromadb', 'gradio', 'langchain_core', 'transformers') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


def test_an_interrupt_ends_it_at_once(settings: Settings) -> None:
    server = subprocess.Popen(
        [sys.executable, "-c", MAIN, "mcp"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, env=environment(settings), cwd=ROOT,
    )  # fmt: skip
    with server:
        assert server.stdin and server.stdout and server.stderr
        server.stdin.write(json.dumps(START[0]) + "\n")
        server.stdin.flush()
        server.stdout.readline()
        server.send_signal(signal.SIGINT)
        assert server.wait(timeout=10) == -signal.SIGINT
        assert server.stderr.read() == ""


def test_a_chat_model_is_said_to_be_asked(settings: Settings, tmp_path: Path) -> None:
    """With KB_LLM, `ask` is marked as reaching out, and standard error says where questions go."""
    errors = tmp_path / "errors"
    chat = "import os; os.environ['KB_LLM'] = 'ollama:none'\n"
    listing = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    (_, listed) = spoken(settings, errors, listing, waits_for={1}, code=chat + MAIN)
    open_world = {tool["name"]: tool["annotations"]["openWorldHint"] for tool in listed["result"]["tools"]}
    assert open_world == {"ask": True, "search": False, "get_provision": False, "check_citations": False}
    assert "ollama:none" in errors.read_text()
