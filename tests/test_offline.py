"""Nothing leaves the machine: a whole run (index open, question, check, pages, API) with every connection to elsewhere refused and noted."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from kb.settings import Settings

CODE = """
import json, socket, sys, urllib.request
noted = []
def watched(name):
    plain = getattr(socket.socket, name)
    def call(self, address, *rest):
        host = address[0] if isinstance(address, tuple) else "local"
        if self.family in (socket.AF_INET, socket.AF_INET6) and host not in ("127.0.0.1", "::1", "localhost"):
            noted.append(f"{name} {host}")
            raise OSError(f"refused by the test: {host}")
        return plain(self, address, *rest)
    setattr(socket.socket, name, call)
for name in ("connect", "connect_ex"):
    watched(name)
plain_lookup = socket.getaddrinfo
def lookup(host, *rest, **more):
    if host not in (None, "", "127.0.0.1", "::1", "localhost", b"127.0.0.1", b"localhost"):
        noted.append(f"lookup {host}")
        raise OSError(f"refused by the test: {host}")
    return plain_lookup(host, *rest, **more)
socket.getaddrinfo = lookup

from pathlib import Path
from kb.assistant import Assistant
from kb.check import check_text
from kb.settings import Settings
from kb.ui import launch
from datetime import date

home, records, port = sys.argv[1:4]
settings = Settings(home=Path(home), local=Path("/none"), port=int(port), database_url=f"sqlite:///{records}")
assistant = Assistant.open(settings)
answer = assistant.ask(assistant.query("May we use face recognition for attendance?", date(2026, 11, 22)))
report = check_text("PIPL Art. 28", assistant.corpus, date(2026, 11, 22))
pages = launch(settings, assistant, block=False)
base = f"http://127.0.0.1:{port}"
sizes = [len(urllib.request.urlopen(base + path).read()) for path in ("/", "/check", "/evaluate", "/law", "/mine")]
body = json.dumps({"question": "个保法第二十八条"}).encode()
asked = urllib.request.urlopen(urllib.request.Request(base + "/api/ask", body, {"Content-Type": "application/json"}))
outcome = json.load(asked)["outcome"]
pages.close()
print(json.dumps({"noted": noted, "claims": len(answer.claims), "verdict": report.citations[0].verdict, "sizes": sizes, "outcome": outcome}))
"""


@pytest.mark.model
def test_no_connection_leaves_the_machine(settings: Settings, tmp_path: Path) -> None:
    from eval.bench_http import free_port

    hidden = ("KB_", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
    command = [sys.executable, "-c", CODE, str(settings.home), str(tmp_path / "records.db"), str(free_port())]
    run = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=300)
    assert run.returncode == 0, run.stderr[-2000:]
    found = json.loads(run.stdout.splitlines()[-1])
    assert found["noted"] == []
    assert found["claims"] and found["verdict"] == "VERIFIED" and min(found["sizes"]) > 1_000
    assert found["outcome"] == "answered"
