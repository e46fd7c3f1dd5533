"""Requests made from the description of the API, in process: `python tests/fuzz_api.py` (needs schemathesis, which is no dependency).

No reply may be a fault of the server, or have a status, type or form that the description does not name.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import hypothesis
from conftest import HashEncoder, write_tiny

import kb.assistant
from kb.access import Accounts
from kb.assistant import Assistant
from kb.database import Database
from kb.settings import Settings
from kb.store import Store
from kb.ui.backend import Backend
from kb.ui.desk import Desk
from kb.ui.site import make_core

HOST = {"host": "127.0.0.1"}


def small_app(root: Path) -> Any:
    """The app without the pages of Gradio, without accounts and limits."""
    setattr(kb.assistant, "load_encoder", lambda _: HashEncoder())  # noqa: B010
    none = {"limit_questions": 0, "limit_checks": 0, "limit_requests": 0}
    settings = Settings(home=root / "home", corpus=write_tiny(root / "corpus"), encoder="hash", **none)  # type: ignore[arg-type]
    backend, database = Backend(Assistant.open(settings)), Database.open(settings)
    desk = Desk(Store(database, backend.corpus), Accounts(database), backend.corpus)
    return make_core(backend, desk, settings)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=200, help="requests to each endpoint")
    examples = parser.parse_args().examples
    try:
        import schemathesis
        from schemathesis import checks
    except ImportError:
        sys.exit("this needs schemathesis, which is not installed here: pip install schemathesis, then again")
    wrong: Counter[str] = Counter()
    statuses: Counter[tuple[str, int]] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        schema = schemathesis.openapi.from_asgi("/api/openapi.json", small_app(Path(folder)), headers=HOST)
        without = [checks.CHECKS.get_one("positive_data_acceptance")]  # an id may be well-formed and name no place
        for found in schema.get_all_operations():
            operation = found.ok()

            @hypothesis.given(case=operation.as_strategy())
            @hypothesis.settings(
                max_examples=examples, deadline=None, suppress_health_check=list(hypothesis.HealthCheck)
            )
            def try_one(case: Any) -> None:
                label = case.operation.label
                reply = case.call(headers=HOST)
                statuses[label, reply.status_code] += 1
                try:
                    case.validate_response(reply, headers=HOST, excluded_checks=without)
                except AssertionError as error:
                    wrong.update(f"{label}: {type(e).__name__}: {e}" for e in getattr(error, "exceptions", [error]))
                except BaseExceptionGroup as group:
                    wrong.update(f"{label}: {type(e).__name__}: {e}" for e in group.exceptions)

            try_one()
    for (label, status), times in sorted(statuses.items()):
        print(f"{times:6} {status} {label}")
    for text, times in wrong.most_common(10):
        print(f"WRONG {times}: {text[:400]}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
