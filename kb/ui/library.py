"""The Library: laws, versions, articles, documents and records as plain HTML pages at permanent addresses."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from kb.corpus import Corpus
from kb.model import LANGUAGES, Language, Version
from kb.ui.desk_words import text as desk_word
from kb.ui.door import person_of, tabs
from kb.ui.library_cited import Citings
from kb.ui.library_search import MAX_RESULTS, MAX_SEARCH_CHARS, jump, search
from kb.ui.library_view import (
    PageError,
    Reader,
    article_of,
    article_page,
    document_page,
    law_of,
    law_page,
    laws_page,
    record_page,
    version_of,
)
from kb.ui.strings import browser_language
from kb.ui.templates_of import HEADERS, LANGUAGE_NAMES, environment

_HERE = Path(__file__).parent


class Library:
    """The pages over one corpus. Who cites what is read on the first page that needs it."""

    def __init__(self, corpus: Corpus, today: Callable[[], date] = date.today) -> None:
        self.corpus, self._today = corpus, today
        self._templates = environment()

    @cached_property
    def citings(self) -> Citings:
        return Citings(self.corpus)

    def router(self) -> APIRouter:
        """The routes, ready to be included in an app. Every answer, errors too, is a page of the library."""
        router = APIRouter(include_in_schema=False)
        routes: list[tuple[str, Callable[[Reader, Request], Response]]] = [
            ("/law", self._laws),
            ("/law/{law}", self._law),
            ("/law/{law}/{article}", self._article),
            ("/doc/{slug}", self._document),
            ("/record/{slug}", self._record),
            *((f"/{name}/{{rest:path}}", _nothing) for name in ("law", "doc", "record")),
            *((f"/{name}", _nothing) for name in ("doc", "record")),
        ]
        for path, page in routes:
            router.add_api_route(path, self._endpoint(page), methods=["GET", "HEAD"], response_class=HTMLResponse)
        router.add_api_route("/library/library.css", _stylesheet, methods=["GET"])
        router.add_api_route("/library/page.js", _script, methods=["GET"])
        return router

    def _endpoint(self, page: Callable[[Reader, Request], Response]) -> Callable[[Request], Response]:
        def answer(request: Request) -> Response:
            reader = self._plain_reader(request)
            try:
                reader = self._reader(request)
                response = page(reader, request)
            except PageError as error:
                response = self._page(reader, request, "error.html", error.status, error=error)
            response.headers.update(HEADERS)
            return response

        return answer

    # -------------------------------------------------------------- the address

    def _plain_reader(self, request: Request) -> Reader:
        asked = request.query_params.get("lang", "")
        chosen: Language | None = next((code for code in LANGUAGES if code == asked), None)
        language = chosen or browser_language(request.headers.get("accept-language", ""))
        return Reader(self.corpus, lambda: self.citings, language, self._today(), {"lang": chosen} if chosen else {})

    def _reader(self, request: Request) -> Reader:
        """Language and date of the address; PageError (400) where the date is none."""
        plain, day = self._plain_reader(request), request.query_params.get("on", "").strip()
        if not day:
            return plain
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", day):
            raise PageError(400, plain.t("bad_date", text=day[:40]))
        try:
            on = date.fromisoformat(day)
        except ValueError:
            raise PageError(400, plain.t("bad_date", text=day)) from None
        return Reader(self.corpus, lambda: self.citings, plain.language, on, {"on": day, **plain.kept})

    # -------------------------------------------------------------- pages

    def _laws(self, reader: Reader, request: Request) -> Response:
        if query := _query(reader, request):
            place = jump(self.corpus, query, reader.on)
            if place:
                return RedirectResponse(reader.place(place), 303)
            versions = [self.corpus.in_force(law.slug, reader.on) for law in self.corpus.laws.values()]
            standing = sorted((v for v in versions if v), key=lambda v: (self.corpus.laws[v.law].rank, v.law))
            return self._found(reader, request, query, standing)
        return self._page(reader, request, "laws.html", title=reader.t("library"), **laws_page(reader))

    def _law(self, reader: Reader, request: Request) -> Response:
        law = law_of(reader, request.path_params["law"])
        version = version_of(reader, law, request.query_params.get("version") or None)
        if query := _query(reader, request):
            place = jump(self.corpus, query, version.in_force_from, law.slug)
            if place:
                return RedirectResponse(reader.place(place), 303)
            return self._found(reader, request, query, [version], law=law)
        shown = law_page(reader, law, version)
        return self._page(reader, request, "law.html", title=law.short[reader.language], **shown)

    def _article(self, reader: Reader, request: Request) -> Response:
        law = law_of(reader, request.path_params["law"])
        version = version_of(reader, law, request.query_params.get("version") or None)
        shown = article_page(reader, law, version, article_of(reader, law, version, request.path_params["article"]))
        return self._page(reader, request, "article.html", title=shown["label"], **shown)

    def _document(self, reader: Reader, request: Request) -> Response:
        shown = document_page(reader, request.path_params["slug"])
        return self._page(reader, request, "document.html", title=shown["document"].short[reader.language], **shown)

    def _record(self, reader: Reader, request: Request) -> Response:
        shown = record_page(reader, request.path_params["slug"])
        return self._page(reader, request, "record.html", title=shown["record"].short[reader.language], **shown)

    def _found(
        self, reader: Reader, request: Request, query: str, versions: list[Version], law: Any = None
    ) -> Response:
        results = search(self.corpus, query, versions, documents=law is None)
        shown = [{**reader.link(r.id), "pieces": r.pieces} for r in results[:MAX_RESULTS]]
        title = reader.t("results", n=len(results), q=query)
        return self._page(
            reader, request, "search.html", title=title, law=law, results=shown, total=len(results), versions=versions
        )

    def _page(self, reader: Reader, request: Request, template: str, status: int = 200, **shown: Any) -> Response:
        path = request.url.path
        own = dict(request.query_params) if status == 200 else {}
        languages = [(code, LANGUAGE_NAMES[code], reader.url(path, **{**own, "lang": code})) for code in LANGUAGES]
        body = self._templates.get_template(template).render(
            r=reader,
            t=reader.t,
            lang=reader.language,
            path=path,
            languages=languages,
            query=request.query_params.get("q", "").strip(),
            asked_version=request.query_params.get("version"),
            today=self._today(),
            tabs=tabs(person_of(request), reader.language, path),
            person=person_of(request),
            accounts=request.scope.get("kb_accounts", False),
            log_out=desk_word("log_out", reader.language),
            site=reader.t("library"),
            dated=True,
            **shown,
        )
        return HTMLResponse(body, status)


def _nothing(reader: Reader, request: Request) -> Response:
    """No page there; an address that only ends in a stroke too many goes where it was meant."""
    path = request.url.path
    if path.endswith("/") and request.path_params.get("rest", "").count("/") <= 2 and path.strip("/"):
        trimmed = "/" + path.strip("/")
        return RedirectResponse(reader.url(trimmed), 307)
    raise PageError(404, reader.t("no_page"), [(reader.t("library"), reader.url("/law"))])


def _query(reader: Reader, request: Request) -> str:
    query = request.query_params.get("q", "").replace("\0", "").strip()
    if len(query) > MAX_SEARCH_CHARS:
        raise PageError(400, reader.t("long_search", n=len(query), most=MAX_SEARCH_CHARS))
    return query


def stylesheet() -> str:
    """The colours of the page Ask, by the scheme of the reader's system, and the layout of these pages."""
    page = (_HERE / "page.css").read_text(encoding="utf-8")
    light, dark = re.search(r"^:root\{(.*)\}$", page, re.M), re.search(r"^\.dark\{(.*)\}$", page, re.M)
    assert light and dark, "page.css names its colours in :root and .dark"
    colours = f":root{{{light[1]}}}\n@media (prefers-color-scheme:dark){{:root{{{dark[1]}}}}}\n"
    return colours + (_HERE / "library.css").read_text(encoding="utf-8")


def _stylesheet() -> Response:
    return PlainTextResponse(stylesheet(), media_type="text/css", headers={"Cache-Control": "max-age=300"})


def _script() -> Response:
    script = (_HERE / "page.js").read_text(encoding="utf-8")
    return PlainTextResponse(script, media_type="text/javascript", headers={"Cache-Control": "max-age=300"})
