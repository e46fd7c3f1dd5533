"""Whether this is a checkout with the evaluation beside the program, or an installation that holds `kb` alone."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from kb.errors import BadInput

ROOT = Path(__file__).resolve().parent.parent


def evaluation_held() -> bool:
    """Whether `eval/` stands beside `kb/` with its cases, and is what Python imports under that name."""
    folder = ROOT / "eval"
    found = find_spec("eval")
    origin = found.origin if found else None
    return origin is not None and Path(origin).resolve().parent == folder and (folder / "cases").is_dir()


def require_evaluation() -> None:
    """BadInput outside a checkout."""
    if not evaluation_held():
        raise BadInput("eval: the questions are not part of an installation; run it in a checkout of the project")
