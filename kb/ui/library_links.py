"""Addresses of places in the Library. They stay: the date in them says which text of the law is meant."""

from __future__ import annotations

from datetime import date
from urllib.parse import urlencode

from kb.corpus import Corpus
from kb.ids import FactId, PassageId, ProvisionId, SourceId
from kb.model import Language


def permanent_link(place: SourceId, corpus: Corpus, on: date, language: Language | None = None) -> str:
    """The address of a place as it stands on a day: `/law/pipl/28?on=2026-11-22#p2`.

    The version is named too where another one, or none, stands on that day.
    """
    shown = {"lang": language} if language else {}
    if isinstance(place, ProvisionId):
        path, query = f"/law/{place.law}/{place.article}", {"on": on.isoformat(), **other_version(place, corpus, on)}
        return address(path, {**query, **shown}, anchor(place))
    kind, name = ("doc", place.document) if isinstance(place, PassageId) else ("record", place.record)
    return address(f"/{kind}/{name}", {"on": on.isoformat(), **shown}, anchor(place))


def other_version(place: ProvisionId, corpus: Corpus, on: date) -> dict[str, str]:
    """The version of a place as part of an address, where the date alone does not lead to it."""
    standing = corpus.in_force(place.law, on)
    key = place.version or ""
    return {} if standing is not None and standing.key == key else {"version": key}


def anchor(place: SourceId) -> str:
    """The name of a place on its page: p2i3 is paragraph 2, item 3 of an article; empty for a whole article."""
    if isinstance(place, PassageId | FactId):
        return str(place).partition("/")[2]
    if place.paragraph is None and place.item is None:
        return ""
    return f"p{place.paragraph or 1}" + (f"i{place.item}" if place.item else "")


def address(path: str, query: dict[str, str], fragment: str = "") -> str:
    return path + (f"?{urlencode(query)}" if query else "") + (f"#{fragment}" if fragment else "")
