"""What stands around the app in `deploy/`, as real programs on loopback: nginx with the configuration of that folder, Chroma's server, copies of the app."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
DEPLOY = ROOT / "deploy"
NAME = "kb.example.com"
"""The name under which nginx.conf serves the app."""


def program(name: str, package: str) -> str:
    """A program's path; skips with a reason where it is not installed."""
    beside = Path(sys.executable).with_name(name)
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin") or (str(beside) if beside.exists() else None)
    if found is None:
        if os.environ.get("KB_REQUIRE_NGINX"):
            pytest.fail(f"KB_REQUIRE_NGINX is set and {name} is not installed")
        pytest.skip(f"no {name} on this machine ({package})")
    return found


def nginx_program() -> str:
    return program("nginx", "Debian: apt-get install nginx")


def certificate(folder: Path) -> Path:
    """A certificate signed by itself, for both names of the configurations and for loopback: fullchain.pem and privkey.pem."""
    names = f"subjectAltName=DNS:{NAME},DNS:chroma.example.com,IP:127.0.0.1"
    command = [program("openssl", "Debian: apt-get install openssl"), "req", "-x509", "-newkey", "ec"]
    command += ["-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", f"/CN={NAME}"]
    command += ["-addext", names, "-keyout", str(folder / "privkey.pem"), "-out", str(folder / "fullchain.pem")]
    subprocess.run(command, check=True, capture_output=True)
    return folder / "fullchain.pem"


def rendered(name: str, folder: Path, **changes: str) -> Path:
    """A configuration of `deploy/` for loopback: only addresses, ports and folders are others. Each text to be changed must be there."""
    text = (DEPLOY / name).read_text(encoding="utf-8")
    inside = "".join(
        f"    {kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    common = {"/etc/nginx/tls/": f"{folder}/", "/run/nginx": f"{folder}/nginx", "http {\n": "http {\n" + inside}
    for old, new in {**common, **changes}.items():
        assert old in text, f"{name} does not hold {old!r}"
        text = text.replace(old, new)
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def app_nginx(folder: Path, https: int, http: int, apps: tuple[int, int]) -> Path:
    ports = {"listen 443 ": f"listen 127.0.0.1:{https} ", "listen 80": f"listen 127.0.0.1:{http}"}
    return rendered(
        "nginx.conf", folder, **ports, **{"app1:7860": f"127.0.0.1:{apps[0]}", "app2:7860": f"127.0.0.1:{apps[1]}"}
    )


def chroma_nginx(folder: Path, port: int, chroma: int) -> Path:
    return rendered(
        "nginx-chroma.conf",
        folder,
        **{"listen 8443 ": f"listen 127.0.0.1:{port} ", "server chroma:8000": f"server 127.0.0.1:{chroma}"},
    )


@dataclass
class Program:
    """A program that can be killed and started again. `alive` says when it is up."""

    command: list[str]
    log: Path
    alive: Callable[[], bool]
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    def start(self, seconds: float = 240) -> None:
        with self.log.open("ab") as log:
            environment = {**os.environ, **self.environment}
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, cwd=ROOT
            )
        until = time.monotonic() + seconds
        while time.monotonic() < until and self.process.poll() is None:
            if self.alive():
                return
            time.sleep(0.1)
        pytest.fail(f"{self.command[:2]} did not start: {self.log.read_text(errors='replace')[-1500:]}")

    def end(self, how: signal.Signals) -> int:
        """Send a signal and wait for the end: the exit code."""
        assert self.process
        self.process.send_signal(how)
        return self.process.wait(60)


@contextmanager
def running(*programs: Program) -> Iterator[None]:
    """Started one after the other, and all gone afterwards."""
    try:
        for one in programs:
            one.start()
        yield
    finally:
        for one in reversed(programs):
            if one.process and one.process.poll() is None:
                one.process.terminate()
                with suppress(subprocess.TimeoutExpired):
                    one.process.wait(20)
                one.process.kill()
                one.process.wait(20)


def answers(url: str) -> Callable[[], bool]:
    """Whether an address is answered with 200."""

    def ask() -> bool:
        with suppress(OSError), urllib.request.urlopen(url, timeout=5) as reply:
            return bool(reply.status == 200)
        return False

    return ask


def nginx(config: Path, port: int) -> Program:
    def listening() -> bool:
        import socket

        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return True
        return False

    main = "daemon off;" + (
        " user root;" if os.geteuid() == 0 else ""
    )  # the folders of the tests are their owner's alone
    command = [nginx_program(), "-p", str(config.parent), "-c", str(config), "-g", main]
    return Program(command, config.with_suffix(".log"), listening)


def chroma(folder: Path, port: int) -> Program:
    """Chroma's own server (the Rust one) on a folder."""
    command = [program("chroma", "the package chromadb"), "run", "--path", str(folder / "chroma")]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    return Program(command, folder / "chroma.log", answers(f"http://127.0.0.1:{port}/api/v2/heartbeat"))


def app(home: Path, port: int, **settings: Any) -> Program:
    """A copy of the app, up when it is ready for questions."""
    environment = {f"KB_{name.upper()}": str(value) for name, value in settings.items()}
    environment |= {"KB_HOME": str(home), "KB_PORT": str(port), "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": ""}
    log = home.with_name(f"{home.name}.log")
    return Program([sys.executable, str(ROOT / "app.py")], log, answers(f"http://127.0.0.1:{port}/readyz"), environment)
