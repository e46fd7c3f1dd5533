"""Answers a second over HTTP: the app as a process of its own, and so many clients that ask one question after another."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NO_LIMITS = {"KB_LIMIT_QUESTIONS": "0", "KB_LIMIT_REQUESTS": "0", "KB_LIMIT_WAITING": "1000"}
"""How quick it is, is measured without the limits of one asker."""
START_SECONDS = 180.0
ANSWER_SECONDS = 120.0
PAUSE = 0.5
"""Seconds that a client waits after an error, before its next question."""


@dataclass(frozen=True, slots=True)
class Load:
    """What so many clients got: answers with the milliseconds of each, errors by their words, seconds in all."""

    clients: int
    ms: tuple[float, ...]
    errors: tuple[str, ...]
    seconds: float

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.ms) / self.seconds


class Refused(Exception):
    """The app gave no answer."""


@dataclass(frozen=True, slots=True)
class App:
    """A running app: its address and its process."""

    address: str
    process: subprocess.Popen[bytes]

    def peak(self) -> float:
        """The most memory it has held (MiB)."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8").splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:"))


@contextmanager
def running_app() -> Iterator[App]:
    """`python app.py` on a free port, until it has answered once; stopped at the end."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "app.py"],
        cwd=ROOT,
        env=os.environ | {"KB_HOST": "127.0.0.1", "KB_PORT": str(port), "OMP_NUM_THREADS": "1"} | NO_LIMITS,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    app = App(f"http://127.0.0.1:{port}", process)
    try:
        _wait(app)
        yield app
    finally:
        stop(process)


def free_port() -> int:
    """A port of this machine that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def stop(process: subprocess.Popen[bytes]) -> None:
    """Ask a process to end, make it end after ten seconds, and wait for it."""
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _wait(app: App) -> None:
    until = time.monotonic() + START_SECONDS
    while True:
        try:
            return ask_over_http(app.address, "Does the PIPL apply to a gym?")
        except (OSError, HTTPException, Refused):
            if app.process.poll() is not None or time.monotonic() > until:
                raise RuntimeError("the app did not start") from None
            time.sleep(0.25)


# ------------------------------------------------------------------ one question


def ask_over_http(address: str, question: str) -> None:
    """Put one question to the API and read its answer; Refused, OSError or HTTPException where there is none."""
    data = json.dumps({"question": question}).encode()
    request = urllib.request.Request(f"{address}/api/ask", data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as answer:
        record = json.load(answer)
    if record.get("outcome") not in ("answered", "refused"):
        raise Refused("the answer has no outcome")


# ------------------------------------------------------------------ many


def load(address: str, clients: int, questions: Sequence[str], seconds: float) -> Load:
    """Clients that ask for so many seconds, each the next question once it has its answer; every client asks once at least."""
    ms: list[float] = []
    errors: list[str] = []
    started = time.monotonic()

    def client(number: int) -> None:
        turn = number
        while turn == number or time.monotonic() < started + seconds:
            begun = time.perf_counter()
            try:
                ask_over_http(address, questions[turn % len(questions)])
                ms.append((time.perf_counter() - begun) * 1000)
            except urllib.error.HTTPError as error:
                errors.append(f"HTTP {error.code}")
                error.close()
                time.sleep(PAUSE)
            except (OSError, HTTPException, Refused) as error:
                errors.append(type(error).__name__)
                time.sleep(PAUSE)
            turn += clients

    threads = [threading.Thread(target=client, args=(n,), daemon=True) for n in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Load(clients, tuple(ms), tuple(errors), time.monotonic() - started)
