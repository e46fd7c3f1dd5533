"""The pages for what is kept: log-in, one's own answers, the review of legal staff, usage, the audit trail. Plain HTML, as the Library.

Each route names the action that it is; the person's role is asked for in the handler of that route, whatever the navigation showed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData

from kb.access import FAILURES, LOCKED_MINUTES, Accounts, Action, Person, require
from kb.corpus import Corpus
from kb.errors import AccessError, BadInput, KBError, TooMuch
from kb.model import LANGUAGES, Language
from kb.store import Store
from kb.ui import desk_view as view
from kb.ui.desk_exports import FORMS, exported
from kb.ui.desk_words import text as word
from kb.ui.door import COOKIE, own_address, person_of, secret_of, session_cookie, tabs
from kb.ui.library_links import address
from kb.ui.limits import take
from kb.ui.strings import browser_language
from kb.ui.strings import word as interface_word
from kb.ui.templates_of import HEADERS, LANGUAGE_NAMES, environment

MAX_BODY = 200_000
"""Bytes of a form; a comment or a corrected answer is far shorter."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One request: who asks (checked), in which language, what was sent."""

    person: Person
    language: Language
    on: date
    request: Request
    form: FormData | None = None

    def t(self, key: str, /, **values: object) -> str:
        return word(key, self.language, **values)

    def field(self, name: str) -> str:
        """A field of the form as text; empty where it was not sent."""
        value = self.form.get(name) if self.form else None
        return value if isinstance(value, str) else ""

    @property
    def key(self) -> str:
        return str(self.request.path_params.get("key", ""))

    def url(self, path: str, **more: str) -> str:
        """An address of these pages: the language chosen in the address stays."""
        chosen = self.request.query_params.get("lang", "")
        kept = {"lang": chosen} if chosen in LANGUAGES else {}
        return address(path, {**kept, **more})


Handler = Callable[["Desk", Visit], Response]


@dataclass(frozen=True, slots=True)
class Route:
    method: str
    path: str
    action: Action
    handler: Handler


class Desk:
    """The pages over one store, and what the other pages ask of it."""

    def __init__(
        self, store: Store, accounts: Accounts, corpus: Corpus, today: Callable[[], date] = date.today
    ) -> None:
        self.store, self.accounts, self.corpus, self.today = store, accounts, corpus, today
        self._templates = environment()

    def router(self) -> APIRouter:
        router = APIRouter(include_in_schema=False)
        for route in ROUTES:
            router.add_api_route(route.path, self._endpoint(route), methods=[route.method], response_class=HTMLResponse)
        router.add_api_route("/login", self._log_in_page, methods=["GET"], response_class=HTMLResponse)
        router.add_api_route("/login", self._log_in, methods=["POST"], response_class=HTMLResponse)
        router.add_api_route("/logout", self._log_out, methods=["POST"], response_class=HTMLResponse)
        return router

    def _endpoint(self, route: Route) -> Callable[[Request], Any]:
        async def answer(request: Request) -> Response:
            form = await _form(request) if route.method == "POST" else None
            return await run_in_threadpool(self._act, route, request, form)

        return answer

    def _act(self, route: Route, request: Request, form: FormData | None) -> Response:
        language = language_of(request)
        try:
            person = require(person_of(request), route.action)
            response = route.handler(self, Visit(person, language, self.today(), request, form))
        except AccessError as error:
            response = self._trouble(request, error.status, word("not_allowed", language), str(error))
        except BadInput as error:
            status = 404 if "no such answer" in str(error) else 400
            response = self._trouble(request, status, word("not_found", language) if status == 404 else "", str(error))
        except TooMuch as error:
            response = self._trouble(request, 429, "", str(error))
            response.headers["Retry-After"] = str(error.seconds)
        except KBError as error:
            response = self._trouble(request, 503, "", str(error))
        return _with_headers(response)

    # -------------------------------------------------------------- log-in

    def _log_in_page(self, request: Request) -> Response:
        return _with_headers(self._log_in_form(request, request.query_params.get("next", "/")))

    def _log_in_form(self, request: Request, go_on: str, wrong: bool = False) -> Response:
        language = language_of(request)
        said = word("log_in_wrong", language, minutes=LOCKED_MINUTES, failures=FAILURES) if wrong else ""
        shown = {"title": word("log_in", language), "go_on": own_address(go_on), "wrong": said}
        return self.page(request, "log_in.html", 401 if wrong else 200, **shown)

    async def _log_in(self, request: Request) -> Response:
        form = await _form(request)
        fields = {name: value for name in ("name", "password", "next") if isinstance(value := form.get(name), str)}
        go_on = fields.get("next", "/")
        try:
            name, password = fields.get("name", "").strip(), fields.get("password", "")
            secret = await run_in_threadpool(self.accounts.log_in, name, password)
        except AccessError:
            return _with_headers(self._log_in_form(request, go_on, wrong=True))
        response = RedirectResponse(own_address(go_on), 303)
        session_cookie(response, secret, request)
        return _with_headers(response)

    def _log_out(self, request: Request) -> Response:
        secret = secret_of(request.headers)
        if secret:
            self.accounts.log_out(secret)
        response = RedirectResponse("/login", 303)
        response.delete_cookie(COOKIE, path="/")
        return _with_headers(response)

    # -------------------------------------------------------------- pages

    def page(self, request: Request, template: str, status: int = 200, /, **shown: Any) -> Response:
        """One page in the frame of the Library."""
        language, path, person = language_of(request), request.url.path, person_of(request)
        own = {k: v for k, v in request.query_params.items() if k != "done"}
        languages = [(code, LANGUAGE_NAMES[code], address(path, {**own, "lang": code})) for code in LANGUAGES]
        body = self._templates.get_template(template).render(
            t=lambda key, /, **values: word(key, language, **values),
            lang=language,
            path=path,
            languages=languages,
            tabs=tabs(person, language, path),
            person=person,
            accounts=request.scope.get("kb_accounts", False),
            done=request.query_params.get("done", ""),
            log_out=word("log_out", language),
            site=interface_word("title", language),
            dated=False,
            **shown,
        )
        return HTMLResponse(body, status)

    def _trouble(self, request: Request, status: int, title: str, message: str) -> Response:
        return self.page(request, "trouble.html", status, title=title or str(status), message=message)

    def _mine(self, visit: Visit) -> Response:
        rows = [view.row(k, self.store, visit) for k in self.store.history(visit.person)]
        return self.page(visit.request, "mine.html", title=visit.t("mine"), rows=rows)

    def _answer(self, visit: Visit) -> Response:
        legal = visit.person.role in ("legal", "admin")
        kept = self.store.answer(visit.key, None if legal else visit.person)
        shown = view.answer(kept, self.store, self.corpus, visit)
        own = kept.asked_by == (None if visit.person.id is None else visit.person.name)
        return self.page(
            visit.request, "answer.html", title=kept.question[:80], legal=legal, own=own, forms=FORMS, **shown
        )

    def _back(self, visit: Visit, done: str) -> Response:
        return RedirectResponse(visit.url(f"/answer/{visit.key}", done=done), 303)

    def _rate(self, visit: Visit) -> Response:
        helpful = visit.field("helpful")
        if helpful not in ("yes", "no"):
            raise BadInput("helpful: say yes or no")
        self.store.rate(visit.key, helpful == "yes", visit.field("reason"), visit.person)
        return self._back(visit, "rated")

    def _refer(self, visit: Visit) -> Response:
        self.store.refer(visit.key, visit.field("comment"), visit.person)
        return self._back(visit, "referred")

    def _forget(self, visit: Visit) -> Response:
        self.store.forget(visit.key, visit.person)
        return RedirectResponse(visit.url("/mine", done="deleted"), 303)

    def _review(self, visit: Visit) -> Response:
        entries = [view.waiting(entry, visit) for entry in self.store.queue(visit.on)]
        return self.page(visit.request, "review.html", title=visit.t("review"), entries=entries, forms=FORMS)

    def _decide(self, visit: Visit) -> Response:
        decision = visit.field("decision")
        if decision not in ("signed", "rejected"):
            raise BadInput("decision: say signed or rejected")
        given = (visit.field("citation"), decision, visit.field("comment"))
        self.store.decide(visit.key, *given, visit.person, visit.on)  # type: ignore[arg-type]
        return self._back(visit, "decided")

    def _correct(self, visit: Visit) -> Response:
        take(visit.request, "checks", visit.language)
        self.store.correct(visit.key, visit.field("text").strip(), visit.person, visit.on)
        return self._back(visit, "corrected")

    def _close(self, visit: Visit) -> Response:
        self.store.close(visit.key, visit.person)
        return RedirectResponse(visit.url("/review", done="closed"), 303)

    def _export(self, visit: Visit) -> Response:
        keys = visit.request.query_params.getlist("id")[:200]
        if not keys:
            raise BadInput(visit.t("choose_some"))
        form = visit.request.query_params.get("form", "")
        return exported(
            [self.store.answer(key) for key in keys], form, self.store, self.corpus, visit.language, visit.on
        )

    def _usage(self, visit: Visit) -> Response:
        counts = self.store.usage()
        shown = {"charts": view.charts(counts, self.corpus, visit), "recent": self.store.recent()}
        return self.page(visit.request, "usage.html", title=visit.t("usage"), **shown)

    def _case(self, visit: Visit) -> Response:
        kept = self.store.answer(visit.key)
        return self.page(visit.request, "case.html", title=visit.t("make_case"), yaml=view.case(kept), kept=kept)

    def _audit(self, visit: Visit) -> Response:
        shown = {"trail": self.store.trail(), "entries": self.store.trail_entries()}
        return self.page(visit.request, "audit.html", title=visit.t("audit"), **shown)


ROUTES: tuple[Route, ...] = (
    Route("GET", "/mine", "history", Desk._mine),
    Route("GET", "/answer/{key}", "history", Desk._answer),
    Route("POST", "/answer/{key}/rate", "rate", Desk._rate),
    Route("POST", "/answer/{key}/refer", "refer", Desk._refer),
    Route("POST", "/answer/{key}/delete", "history", Desk._forget),
    Route("GET", "/review", "review", Desk._review),
    Route("GET", "/review/export", "export", Desk._export),
    Route("POST", "/answer/{key}/decide", "decide", Desk._decide),
    Route("POST", "/answer/{key}/correct", "correct", Desk._correct),
    Route("POST", "/answer/{key}/close", "review", Desk._close),
    Route("GET", "/usage", "usage", Desk._usage),
    Route("GET", "/usage/case/{key}", "make_case", Desk._case),
    Route("GET", "/audit", "audit", Desk._audit),
)
"""Every page and form, with the action that it is: docs/access.md is made from this table."""


def language_of(request: Request) -> Language:
    asked = request.query_params.get("lang", "")
    chosen: Language | None = next((code for code in LANGUAGES if code == asked), None)
    return chosen or browser_language(request.headers.get("accept-language", ""))


async def _form(request: Request) -> FormData:
    """The fields of a form. A body beyond MAX_BODY is not read to its end."""
    length = request.headers.get("content-length", "")
    if not length.isascii() or not length.isdigit() or int(length[:12]) > MAX_BODY:
        return FormData()
    return await request.form(max_files=0, max_fields=20, max_part_size=MAX_BODY)


def _with_headers(response: Response) -> Response:
    response.headers.update(HEADERS)
    response.headers["Cache-Control"] = "no-store"
    return response
