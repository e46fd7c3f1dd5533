"""The collection of a large new index, written by a process of its own.

Chroma holds Python's lock while it writes, so that nothing else of its process goes on; here the words of the index are cut meanwhile. The process
ends with the one that began it, whatever ends that.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from kb.encoder import Progress
from kb.errors import IndexError_
from kb.fuse import Columns
from kb.nearest import write_folder

VECTORS = "vectors.npy"
"""The file of the index with the vectors of its units, in the order of its columns."""


class GraphWriter:
    """A process that stands ready to write the collection of one folder."""

    def __init__(self) -> None:
        command = [sys.executable, "-P", "-m", "kb.graph_process"]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, encoding="utf-8")

    def write(self, folder: Path) -> None:
        """Begin to write the collection of the folder, in which the columns and `VECTORS` are."""
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(json.dumps(str(folder)) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            self._failed()

    def wait(self, progress: Progress | None) -> None:
        """Wait until the collection is whole; IndexError_ where it could not be written."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            done, total = map(int, line.split())
            if progress:
                progress(done, total)
        if self.process.wait():
            self._failed()

    def _failed(self) -> None:
        assert self.process.stderr is not None
        said = self.process.stderr.read().strip().splitlines() or [f"it ended with code {self.process.wait()}"]
        raise IndexError_(f"Chroma could not write its graph ({said[-1][:200]}); run `kb index --rebuild`")


@contextmanager
def graph_writer() -> Iterator[GraphWriter]:
    """A process that loads Chroma while other things are done. It is ended where it has not been waited for."""
    writer = GraphWriter()
    try:
        yield writer
    finally:
        writer.process.kill()
        writer.process.communicate()


def main() -> None:
    """Read the folder from the first line, write its collection, print how far it is; end when standard input ends."""
    import chromadb  # noqa: F401  (while the folder is not known yet)

    line = sys.stdin.readline()
    if not line:
        return
    threading.Thread(target=_end_with_parent, daemon=True).start()
    folder = Path(json.loads(line))
    ids = Columns.load(folder).ids
    write_folder(folder, ids, np.load(folder / VECTORS), lambda done, total: print(done, total, flush=True))


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    main()
