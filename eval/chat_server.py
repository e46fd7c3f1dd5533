"""An OpenAI-compatible chat server on this machine whose replies are scripted: for tests, and for the adversary of the gate."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from kb.ui.site import Served

Script = Callable[[dict[str, Any]], "Scripted | str"]
"""From the data of a request (the JSON object that the program sent as the human message) to a reply."""
PIECE = 40
"""Characters of one streamed chunk."""


@dataclass(frozen=True, slots=True)
class Scripted:
    """A reply: its text, or an HTTP error; `delay` seconds before it, `drip` seconds between its chunks."""

    text: str = ""
    status: int = 200
    delay: float = 0.0
    drip: float = 0.0


class ScriptedServer:
    """What was asked so far (`requests`), and what is answered next (`script`)."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.requests: list[dict[str, Any]] = []
        self.url = ""

    def reply(self, body: dict[str, Any]) -> Scripted:
        self.requests.append(body)
        human = body["messages"][-1]["content"]
        found = self.script(json.loads(human))
        return Scripted(found) if isinstance(found, str) else found


@contextmanager
def serving(script: Script) -> Iterator[ScriptedServer]:
    """Run a scripted server on a free port of the loopback interface; its address is `url`."""
    from fastapi import FastAPI
    from fastapi.requests import Request
    from fastapi.responses import JSONResponse, Response, StreamingResponse

    server = ScriptedServer(script)
    app = FastAPI()

    async def complete(request: Request) -> Response:
        import anyio.to_thread

        body = await request.json()
        scripted = server.reply(body)
        await anyio.to_thread.run_sync(time.sleep, scripted.delay)
        if scripted.status != 200:
            return JSONResponse({"error": {"message": "scripted"}}, scripted.status)
        if body.get("stream"):
            return StreamingResponse(_chunks(scripted), media_type="text/event-stream")
        message = {"role": "assistant", "content": scripted.text}
        return JSONResponse(
            {"id": "x", "object": "chat.completion", "created": 0, "model": "scripted"}
            | {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}
        )

    app.add_route("/v1/chat/completions", complete, methods=["POST"])
    listening = socket.create_server(("127.0.0.1", 0))
    served = Served(app, listening)
    server.url = f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
    try:
        yield server
    finally:
        served.close()
        listening.close()


def _chunks(scripted: Scripted) -> Iterator[str]:
    head = {"id": "x", "object": "chat.completion.chunk", "created": 0, "model": "scripted"}
    for start in range(0, max(1, len(scripted.text)), PIECE):
        delta = {"role": "assistant", "content": scripted.text[start : start + PIECE]}
        yield f"data: {json.dumps(head | {'choices': [{'index': 0, 'delta': delta, 'finish_reason': None}]})}\n\n"
        time.sleep(scripted.drip)
    yield f"data: {json.dumps(head | {'choices': [{'index': 0, 'delta': {}, 'finish_reason': 'stop'}]})}\n\n"
    yield "data: [DONE]\n\n"


def reply(*claims: tuple[str, str, str], cannot_answer: bool = False) -> str:
    """A reply with these (text, place, quote) claims."""
    records = [{"text": text, "place": place, "quote": quote} for text, place, quote in claims]
    return json.dumps({"claims": records, "cannot_answer": cannot_answer}, ensure_ascii=False)
