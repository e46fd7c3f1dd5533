"""One thing examined by `kb doctor`: what was found, and how it was made well again where that was asked for and can be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from kb.errors import KBError

State = Literal["well", "mended", "wrong"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one thing. `remedy`: what to do about what is wrong, or what was done about what was; empty where all is well."""

    name: str
    state: State
    detail: str
    remedy: str = ""


class Wrong(Exception):
    """What an examination found. `mend`, where anything here can, makes it well again and says what it did."""

    def __init__(self, detail: str, remedy: str, mend: Callable[[], str] | None = None) -> None:
        super().__init__(detail)
        self.detail, self.remedy, self.mend = detail, remedy, mend


def examined(name: str, look: Callable[[], str], mend: bool) -> Finding:
    """Look, with `mend` make well what can be, and look again. Nothing is raised: whatever ails one thing, the others are examined too."""
    try:
        return Finding(name, "well", look())
    except Wrong as wrong:
        found = Finding(name, "wrong", wrong.detail, wrong.remedy)
        if not mend or wrong.mend is None:
            return found
        try:
            did = wrong.mend()
            return replace(found, state="mended", remedy=f"{did}; now: {look()}")
        except Exception as error:
            return replace(found, remedy=f"could not be mended ({_said(error)}); {wrong.remedy}")
    except Exception as error:
        return Finding(name, "wrong", _said(error), "do what the message says, then run `kb doctor` again")


def _said(error: Exception) -> str:
    if isinstance(error, Wrong | KBError | OSError):
        return str(error)
    return f"{type(error).__name__}: {error}"
