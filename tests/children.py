"""A process that does one piece of work a line, each in a child of its own, so that what is imported is imported once and a child can be
killed at any moment. Its code ends with `WORK`, which calls `work()`."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

WORK = """
for _ in sys.stdin:
    child = os.fork()
    if child == 0:
        work()
        os._exit(0)
    print(child, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@contextmanager
def worker(code: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """For each line that it reads it says the child's number, then its exit code."""
    command = [sys.executable, "-c", code + WORK, *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def begin(process: subprocess.Popen[str]) -> int:
    """Start a piece of work: the number of its child."""
    assert process.stdin and process.stdout
    process.stdin.write("\n")
    process.stdin.flush()
    return int(process.stdout.readline())


def ended(process: subprocess.Popen[str]) -> int:
    """Wait for its end: the exit code."""
    assert process.stdout
    return int(process.stdout.readline())
