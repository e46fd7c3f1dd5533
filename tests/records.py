"""A PostgreSQL server of the test's own, and the databases on which the tests of the records run."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from eval.bench_http import free_port


def programs() -> Path | None:
    """The folder of PostgreSQL's own programs (Debian keeps them out of the path)."""
    held = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    found = shutil.which("initdb") or (str(held[-1]) if held else None)
    return Path(found).resolve().parent if found else None


@contextmanager
def postgresql() -> Iterator[str]:
    """A server on loopback, gone afterwards: the URL of its database. Skips with a reason where PostgreSQL is not installed."""
    found = programs()
    if found is None:
        if os.environ.get("KB_REQUIRE_POSTGRESQL"):
            pytest.fail("KB_REQUIRE_POSTGRESQL is set and PostgreSQL is not installed")
        pytest.skip("no PostgreSQL on this machine (Debian: apt-get install postgresql)")
    folder = Path(tempfile.mkdtemp(prefix="kb-postgresql-"))
    common: dict[str, Any] = {"cwd": folder, "env": {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}}
    if os.geteuid() == 0:  # the server refuses to run as root
        nobody = pwd.getpwnam("nobody")
        common |= {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    port = free_port()
    try:
        make: list[str | Path] = [found / "initdb", "-D", "data", "-U", "kb", "-A", "trust", "-E", "UTF8"]
        subprocess.run(make, check=True, capture_output=True, **common)
        options = [
            "-p",
            str(port),
            "-c",
            "listen_addresses=127.0.0.1",
            "-c",
            "unix_socket_directories=",
            "-c",
            "fsync=off",
        ]
        with (
            (folder / "log").open("wb") as log,
            subprocess.Popen([found / "postgres", "-D", "data", *options], stdout=log, stderr=log, **common) as server,
        ):
            try:
                _wait(server, port, folder / "log")
                yield f"postgresql+psycopg://kb@127.0.0.1:{port}/postgres"
            finally:
                server.send_signal(signal.SIGQUIT)  # at once
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _wait(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    for _ in range(300):
        with (
            contextlib.suppress(psycopg.OperationalError),
            psycopg.connect(host="127.0.0.1", port=port, user="kb", dbname="postgres"),
        ):
            return
        if server.poll() is not None:
            break
        time.sleep(0.1)
    pytest.fail(f"PostgreSQL did not start: {log.read_text(errors='replace')[-500:]}")
