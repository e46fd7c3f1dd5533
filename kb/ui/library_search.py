"""Search within the library: exact words in headings, gists and texts. No model, no index, no stems."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

from markupsafe import Markup

from kb.citation import read_citations
from kb.corpus import Corpus
from kb.ids import PassageId, ProvisionId
from kb.model import LANGUAGES, Language, Provision, Version
from kb.names import law_mentions
from kb.ui.library_cited import resolve
from kb.ui.library_markup import excerpt

MAX_SEARCH_CHARS = 200
MAX_RESULTS = 50
_FILLER = re.compile(r"\b(?:of|the|and|in|de|du|des|la|le|les|et|l|d|prc|china)\b|[\W_]|[的和与第]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text with the words searched marked, as HTML. `editorial`: it is a heading or gist, not law."""

    html: Markup
    language: Language
    editorial: bool


@dataclass(frozen=True, slots=True)
class Result:
    """A place whose text, heading or gist holds the words searched."""

    id: ProvisionId | PassageId
    pieces: tuple[Piece, ...]


def search(corpus: Corpus, query: str, versions: Iterable[Version], documents: bool) -> tuple[Result, ...]:
    """The places that hold the words as written, in the order of the sources; else those that hold every word.

    White space and case do not count. All places are returned: the page shows the first `MAX_RESULTS`.
    """
    texts = list(_texts(corpus, versions, documents))
    whole = _pattern([query])
    found = tuple(_results(texts, [whole], whole))
    words = query.split()
    if found or len(words) == 1:
        return found
    return tuple(_results(texts, [_pattern([w]) for w in words], _pattern(words)))


def jump(corpus: Corpus, query: str, on: date, law: str | None = None) -> ProvisionId | None:
    """The place meant where the query is one citation and nothing else ("PIPL 28(2)"); it need not exist.

    Within a `law`, a bare number is one of its articles.
    """
    if law and re.match(r"\d", query):
        query = f"Article {query}"
    mentions = read_citations(query, corpus.names, context=law)
    if len(mentions) != 1 or mentions[0].law is None:
        return None
    spans = [(m.start, m.end) for m in law_mentions(query, corpus.names)] + [(mentions[0].start, mentions[0].end)]
    rest = "".join(c for i, c in enumerate(query) if not any(s <= i < e for s, e in spans))
    if _FILLER.sub("", rest):
        return None
    return resolve(corpus, mentions[0], on) or corpus.place(mentions[0], on)


def _pattern(words: Iterable[str]) -> re.Pattern[str]:
    """Any of the words or phrases as written, but for case, white space and the shape of an apostrophe."""

    def one(phrase: str) -> str:
        body = r"\s+".join(re.escape(word) for word in phrase.split())
        return re.sub(r"['’]", "['’]", body)

    return re.compile("|".join(one(w) for w in words), re.IGNORECASE)


_Text = tuple[str, Language, bool]


def _texts(
    corpus: Corpus, versions: Iterable[Version], documents: bool
) -> Iterator[tuple[ProvisionId | PassageId, list[_Text]]]:
    for version in versions:
        for article in corpus.articles(version):
            yield article.id, _article_texts(article)
    if documents:
        for document in corpus.documents.values():
            for passage in document.passages:
                yield passage.id, [(passage.section, "en", False), (passage.text, "en", False)]


def _article_texts(article: Provision) -> list[_Text]:
    editorial: list[_Text] = [(t[code], code, True) for t in (article.heading, article.gist) if t for code in LANGUAGES]
    held: tuple[Literal["en", "zh"], ...] = ("en", "zh")
    return editorial + [(text, code, False) for line in article.lines for code in held if (text := line.text(code))]


def _results(
    texts: Iterable[tuple[ProvisionId | PassageId, list[_Text]]],
    needed: list[re.Pattern[str]],
    shown: re.Pattern[str],
) -> Iterator[Result]:
    for place, pieces in texts:
        hits = [(text, code, editorial) for text, code, editorial in pieces if shown.search(text)]
        if hits and all(any(n.search(text) for text, _, _ in hits) for n in needed):
            law_first = sorted(hits, key=lambda hit: hit[2])[:2]
            yield Result(place, tuple(Piece(excerpt(text, shown, code), code, edit) for text, code, edit in law_first))
