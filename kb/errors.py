"""Every error this package raises on purpose.

KBError                     something the reader of the message can act on
├── BadInput                a question, argument or identifier that cannot be used
├── CorpusError             a corpus file breaks a rule; carries the file and, where known, the line
├── DataPackageError        a pinned data package is missing or not the one that was checked
├── EncoderError            the embedding model cannot be loaded
├── IndexError_             the index cannot be built or opened
├── ChatError               the chat model did not give a usable reply; the quoting answer takes its place
├── RecordsError            the database of the records cannot be opened, read or written
├── AccessError             nobody is logged in, or the person's role does not allow what was asked for
└── TooMuch                 somebody asks for more in a minute than the settings allow

Messages are one line, name the file, line or argument, and say what to do.
"""

from __future__ import annotations

from pathlib import Path


class KBError(Exception):
    """Base of all errors raised on purpose."""


class BadInput(KBError):
    """A question, argument or identifier that cannot be used as given."""


class CorpusError(KBError):
    """A corpus file breaks a rule.

    `path` is the file, `line` its 1-based line (None where the rule concerns the file as a whole).
    """

    def __init__(self, path: Path | str, line: int | None, reason: str) -> None:
        self.path, self.line, self.reason = Path(path), line, reason
        place = f"{path}:{line}" if line is not None else str(path)
        super().__init__(f"{place}: {reason}")


class DataPackageError(KBError):
    """A pinned data package is missing or its content is not the one that was checked."""


class EncoderError(KBError):
    """The embedding model cannot be loaded."""


class IndexError_(KBError):
    """The search index cannot be built or opened."""


class ChatError(KBError):
    """The chat model did not give a usable reply."""


class RecordsError(KBError):
    """The database of the records cannot be opened, read or written."""


class AccessError(KBError):
    """Nobody is logged in (`status` 401), or the role does not allow it (403)."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class TooMuch(KBError):
    """Somebody asks for more in a minute than the settings allow; in `seconds` there is room again."""

    def __init__(self, message: str, seconds: int) -> None:
        super().__init__(message)
        self.seconds = seconds
