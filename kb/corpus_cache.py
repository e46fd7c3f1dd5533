"""The corpus as it was read and checked before, kept under KB_HOME: opening it again takes a seventh of the time.

A copy is named by its state: the files of the corpus byte by byte, the code that read them, and the data package. It is read back only
if its checksum holds, and only classes of the corpus are made of it; whatever is wrong with it, the corpus is read from its files.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import pickle
from pathlib import Path
from typing import Any

from kb import dataset
from kb.corpus import LOCK, Corpus, lock_lines
from kb.corpus_load import load_corpus
from kb.disk import file_digest, write_whole
from kb.errors import DataPackageError
from kb.settings import Settings

MADE_OF = {
    "kb.corpus",
    "kb.corpus_files",
    "kb.ids",
    "kb.model",
    "kb.names",
}
"""Modules whose classes a copy may hold, besides dates and paths."""
PLAIN = {("datetime", "date"), ("pathlib", "PosixPath"), ("pathlib", "WindowsPath")}
COPIES = "corpus-read"
KEPT = 3
"""Copies that are kept: another state is rarely asked for again."""
_CODE = Path(__file__).parent


class _OnlyCorpus(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if module in MADE_OF or (module, name) in PLAIN:
            found = super().find_class(module, name)
            if isinstance(found, type):
                return found
        raise pickle.UnpicklingError(f"{module}.{name} is no part of a corpus")


def open_corpus(settings: Settings) -> Corpus:
    """The corpus of the settings, checked against its lock, from its copy where there is one; errors as of `load_corpus`."""
    state = _state(settings)
    if state is None:
        return load_corpus(settings.corpus, local=settings.local)  # it says what is wrong
    path = settings.home / COPIES / f"{state}.bin"
    found = read_copy(path)
    if found is None:
        found = load_corpus(settings.corpus, local=settings.local)
        object.__setattr__(found, "state", state)  # before anybody else sees it
        with contextlib.suppress(OSError):  # it cannot be written: the corpus is read from its files each time
            _write(path, found)
    return found


def _state(settings: Settings) -> str | None:
    """20 hexadecimal digits; None where the corpus does not match its lock or something that it needs is missing."""
    try:
        lines = lock_lines(settings.corpus)
        if (settings.corpus / LOCK).read_text(encoding="utf-8").splitlines() != lines or not lines:
            return None
        package = dataset.database_file()
        stat = package.stat()
    except (OSError, UnicodeError, DataPackageError):
        return None
    parts = [*lines, str(settings.corpus.resolve()), f"{package} {stat.st_size} {stat.st_mtime_ns}"]
    local = settings.local
    for file in sorted(p for p in local.rglob("*") if p.is_file()) if local and local.is_dir() else ():
        parts.append(f"{file_digest(file)} {file}")
    for code in sorted(_CODE.glob("*.py")):
        parts.append(f"{code.name} {code.stat().st_size} {code.stat().st_mtime_ns}")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:20]


def read_copy(path: Path) -> Corpus | None:
    """A copy as it was written; None where it is missing or damaged."""
    try:
        held = path.read_bytes()
        if hashlib.sha256(held[32:]).digest() != held[:32]:
            return None
        found = _OnlyCorpus(io.BytesIO(held[32:])).load()
    except Exception:  # whatever a damaged copy raises: it is made again
        return None
    return found if isinstance(found, Corpus) else None


def _write(path: Path, corpus: Corpus) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    content = pickle.dumps(corpus, pickle.HIGHEST_PROTOCOL)
    write_whole(path, hashlib.sha256(content).digest() + content)
    copies = sorted(path.parent.glob("*.bin"), key=lambda p: p.stat().st_mtime_ns, reverse=True)
    for old in copies[KEPT:]:
        old.unlink(missing_ok=True)
