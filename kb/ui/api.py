"""The HTTP API under /api: ask, search, provision, check, as JSON; described at /api/openapi.json.

The records are those of `kb ask --json` and the other commands. Who calls is found by the door (a session or `Authorization: Bearer kb_…`);
each handler asks for the right to its action. An answer is kept as one from the page Ask; its id comes in the header `KB-Answer`.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

import kb
from kb.access import Action, Person, require
from kb.annotate import report_record
from kb.check import check_text
from kb.errors import AccessError, BadInput, KBError, RecordsError, TooMuch
from kb.model import Language
from kb.record import answer_record, find_place, hit_record, provision_record
from kb.settings import MAX_QUESTION_CHARS
from kb.ui.desk import Desk
from kb.ui.door import person_of
from kb.ui.limits import take

if TYPE_CHECKING:
    from kb.ui.backend import Backend

MAX_TEXT = 200_000
"""Characters of a text to be checked over the API."""


class Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")
    question: Annotated[str, Field(min_length=1, max_length=MAX_QUESTION_CHARS)]
    on: date | None = None
    language: Language | None = None
    history: Annotated[list[Annotated[str, Field(max_length=MAX_QUESTION_CHARS)]], Field(max_length=10)] = []


class Text(BaseModel):
    model_config = ConfigDict(extra="forbid")
    text: Annotated[str, Field(min_length=1, max_length=MAX_TEXT)]
    on: date | None = None
    written: date | None = None
    language: Language = "en"


class Refused(BaseModel):
    """Why there is no answer, in one line."""

    error: str


REFUSALS: dict[int | str, str] = {
    400: "An identifier, a day or a text that cannot be used",
    401: "Nobody is logged in and there is no valid token",
    403: "The role does not allow this, or the request comes from another site",
    408: "The body came too slowly",
    413: "The body is too long",
    422: "A field is missing, too long or of another kind",
    429: "Too many requests in a minute; Retry-After says when to come again",
    503: "Too many requests wait, or the records cannot be read; Retry-After says when to come again",
}
API_ACTIONS: dict[str, Action] = {
    "POST /api/ask": "ask",
    "GET /api/search": "search",
    "GET /api/provision/{id}": "provision",
    "POST /api/check": "check",
}
"""Every endpoint with the action that it is: docs/access.md is made from this table too."""


def make_api(backend: Backend, desk: Desk) -> FastAPI:
    """The application to mount at /api."""
    api = FastAPI(
        title="Facial recognition in China: ask the law",
        version=kb.__version__,
        description="Answers with article-level citations. English is an unofficial rendering; the Chinese text prevails. Not legal advice.",
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        servers=[{"url": "/api"}],
        responses={status: {"model": Refused, "description": said} for status, said in REFUSALS.items()},
    )
    corpus = backend.corpus

    def allowed(request: Request, action: Action) -> Person:
        return require(person_of(request), action)

    @api.post("/ask")
    def ask(asked: Asked, request: Request) -> JSONResponse:
        """Answer a question with the provisions that decide it, quoted."""
        person = allowed(request, "ask")
        take(request, "questions")
        assistant = backend.assistant()
        answer = assistant.ask(assistant.query(asked.question, asked.on, asked.language, tuple(asked.history)))
        record = answer_record(answer)
        key = None
        with suppress(RecordsError):  # the answer is worth more than its record
            key = desk.store.keep(record, len(answer.withheld), person)
        backend.note(answer, key, request.scope)
        return JSONResponse(record, headers={"KB-Answer": key or "not-kept"})

    @api.get("/search")
    def search(
        request: Request,
        q: Annotated[str, Query(min_length=1, max_length=MAX_QUESTION_CHARS)],
        k: Annotated[int, Query(ge=1, le=50)] = 10,
        on: date | None = None,
    ) -> list[dict[str, Any]]:
        """The places that a question finds, best first."""
        allowed(request, "search")
        take(request, "questions")
        assistant = backend.assistant()
        return [hit_record(hit) for hit in assistant.search(assistant.query(q, on), k)]

    @api.get("/provision/{id:path}")
    def provision(id: str, request: Request, on: date | None = None) -> dict[str, Any]:
        """A provision in both languages: `pipl@2021-11-01/art_28__para_1`, or `pipl/art_28` for the text of a day."""
        allowed(request, "provision")
        day = on or desk.today()
        place = find_place(id[:200], corpus, day)
        found = corpus.find(place)
        if found is None:
            raise BadInput(f"{id[:200]}: the text is not held")
        return provision_record(found, corpus, day)

    @api.post("/check")
    def check(given: Text, request: Request) -> dict[str, Any]:
        """Every citation in a text with its verdict."""
        allowed(request, "check")
        take(request, "checks")
        report = check_text(given.text, corpus, given.on or desk.today(), given.written, given.language)
        return report_record(report, corpus)

    def failed(status: int) -> Callable[[Request, Exception], JSONResponse]:
        return lambda _request, error: JSONResponse({"error": str(error)}, status)

    def denied(_request: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"error": str(error)}, error.status if isinstance(error, AccessError) else 403)

    def too_much(_request: Request, error: Exception) -> JSONResponse:
        more = {"Retry-After": str(error.seconds)} if isinstance(error, TooMuch) else {}
        return JSONResponse({"error": str(error)}, 429, more)

    def malformed(_request: Request, error: Exception) -> JSONResponse:
        """What is wrong with the request, without repeating what was sent."""
        assert isinstance(error, RequestValidationError)
        said = [f"{'.'.join(str(p) for p in e['loc'])}: {e['msg']}" for e in error.errors()[:5]]
        return JSONResponse({"error": "; ".join(said)}, 422)

    api.add_exception_handler(AccessError, denied)
    api.add_exception_handler(TooMuch, too_much)
    api.add_exception_handler(BadInput, failed(400))
    api.add_exception_handler(KBError, failed(503))
    api.add_exception_handler(RequestValidationError, malformed)
    return api
