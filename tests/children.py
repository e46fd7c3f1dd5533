"""Work in processes of its own.

`worker` is a process that does one piece of work a line, each in a child of its own, so that what is imported is imported once and a child
can be killed at any moment; its code ends with `WORK`, which calls `work()`. `read_alone` is run in a process made for it.
"""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from kb.errors import BadInput
from kb.uploads import read_text_file

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


class Read(NamedTuple):
    """What became of a file: the characters read, or the error; seconds of the processor and the highest memory in MB, processes
    that it started included."""

    length: int
    error: str | None
    seconds: float
    peak_mb: float


def read_alone(name: str, content: bytes) -> Read:
    """Read a file and measure it; only of use as the one thing that a process does."""
    length, error = 0, None
    try:
        length = len(read_text_file(name, content).text)
    except BadInput as refused:
        error = str(refused)
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    seconds = sum(one.ru_utime + one.ru_stime for one in used)
    return Read(length, error, seconds, max(one.ru_maxrss for one in used) / 1024)
