"""The whole app as a process of its own, over the tiny corpus and without a model: `python tests/small_app.py` serves it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from conftest import HashEncoder, write_tiny

from eval.bench_http import free_port, stop
from kb.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 120.0


@dataclass(frozen=True)
class Running:
    """A server that answers at `address` until it is stopped."""

    address: str
    port: int
    settings: Settings
    process: subprocess.Popen[bytes]

    def memory_mb(self) -> float:
        """Resident memory of the process; 0 where the system does not say."""
        try:
            status = Path(f"/proc/{self.process.pid}/status").read_text()
        except OSError:
            return 0.0
        return int(status.split("VmRSS:")[1].split()[0]) / 1024


@contextmanager
def running(root: Path, **limits: str) -> Iterator[Running]:
    """Start the app on a free port with its data in `root`; settings as KB_… in `limits`. It is ended at the end."""
    port = free_port()
    corpus = root / "corpus"
    if not corpus.exists():
        write_tiny(corpus)
    home = {"KB_HOME": str(root / "home"), "KB_CORPUS": str(corpus), "KB_PORT": str(port), "KB_ENCODER": "hash"}
    paths = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    env = {k: v for k, v in os.environ.items() if not k.startswith("KB_")} | home | limits
    command = [sys.executable, "-W", "ignore", str(Path(__file__))]
    process = subprocess.Popen(command, cwd=root, env=env | {"PYTHONPATH": paths}, stdout=subprocess.DEVNULL)
    settings = Settings(home=root / "home", corpus=corpus, port=port, encoder="hash")
    try:
        _wait(process, port)
        yield Running(f"http://127.0.0.1:{port}", port, settings, process)
    finally:
        stop(process)


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    until = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < until:
        try:
            httpx.get(f"http://127.0.0.1:{port}/library/library.css", timeout=10).raise_for_status()
            return
        except httpx.HTTPError:
            time.sleep(0.2)
    raise RuntimeError("the app did not start")


def serve() -> None:
    from kb.assistant import Assistant
    from kb.ui import launch

    setattr(sys.modules["kb.assistant"], "load_encoder", lambda _: HashEncoder())  # noqa: B010
    settings = Settings()
    launch(settings, Assistant.open(settings))


if __name__ == "__main__":
    serve()
