"""Hints, never verdicts: where quoted words stand instead, which words held come nearest, which article a sentence is about."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from rapidfuzz import fuzz

from kb.corpus import Corpus
from kb.ids import ProvisionId
from kb.model import Language, Provision
from kb.quotation import match_quotation, parts_of
from kb.text import STOPWORDS, fold

MIN_LIKENESS = 55.0
"""Below this partial ratio (0 to 100) the nearest words are no help."""
_LATIN = re.compile(r"[^\W\d_]{2,}")
_CJK_RUN = re.compile(r"[\u4e00-\u9fff]+")
_NO_CONTENT = frozenset(
    [
        "article",
        "articles",
        "art",
        "law",
        "laws",
        "paragraph",
        "item",
        "provision",
        "provisions",
        "shall",
        "may",
        "must",
        "prc",
        "china",
    ]
)


@lru_cache(maxsize=8_192)
def content_words(text: str) -> frozenset[str]:
    """What a text is about: Latin words without function words, cut to five letters, and pairs of Chinese characters."""
    words = {fold(w) for w in _LATIN.findall(text)}
    stops = STOPWORDS["en"] | STOPWORDS["fr"] | _NO_CONTENT
    found = {w[:5] for w in words if w not in stops}
    for run in _CJK_RUN.findall(text):
        found |= {run[i : i + 2] for i in range(len(run) - 1)}
    return frozenset(found)


def nearness(sentence: str, article: Provision) -> float:
    """The share of the content words of a sentence that the article, its heading or its gist hold; 0 without content words."""
    asked = content_words(sentence)
    held: set[str] = set()
    for text in (article.text_en, article.text_zh):
        held |= content_words(text or "")
    for editorial in (article.heading, article.gist):
        for language in ("en", "zh", "fr") if editorial else ():
            held |= content_words(editorial[language])  # type: ignore[index]
    return len(asked & held) / len(asked) if asked else 0.0


@lru_cache(maxsize=4_096)
def _plain(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKC", text).lower() if c.isalnum())


def stands_elsewhere(words: str, corpus: Corpus, language: Language, near: ProvisionId) -> ProvisionId | None:
    """Another place where the words stand, that of the same law first; None where there is none or the words are few."""
    parts = [_plain(part) for part in parts_of(words)]
    if sum(len(p) for p in parts) < (8 if language == "zh" else 24):
        return None
    found = []
    for article in corpus.all_articles():
        text = article.text("zh" if language == "zh" else "en")
        if text is None or article.id == near.whole_article or any(part not in _plain(text) for part in parts):
            continue
        if match_quotation(words, text).found:
            found.append(article.id)
    rank = {slug: n for n, slug in enumerate(corpus.laws)}
    found.sort(key=lambda p: (p.law != near.law, p.version != near.version, rank[p.law], p.version or "", p))
    return _narrowest(words, found[0], corpus, language) if found else None


def _narrowest(words: str, place: ProvisionId, corpus: Corpus, language: Language) -> ProvisionId:
    article = corpus.provision(place)
    for line in article.lines:
        text = line.text("zh" if language == "zh" else "en")
        if text and match_quotation(words, text).found:
            inside = ProvisionId(place.law, place.version, place.article, line.paragraph, line.item)
            found = corpus.find(inside)
            return found.id if found else place
    return place


def nearest_words(words: str, text: str) -> str | None:
    """The stretch of the text that comes nearest to the words, widened to whole words; None where nothing is near."""
    found = fuzz.partial_ratio_alignment(words, text, score_cutoff=MIN_LIKENESS)
    if found is None or found.dest_end <= found.dest_start:
        return None
    start, end = found.dest_start, found.dest_end
    while start > 0 and _inside_word(text, start):
        start -= 1
    while end < len(text) and _inside_word(text, end):
        end += 1
    return text[start:end].strip() or None


def _inside_word(text: str, at: int) -> bool:
    return all(c.isalnum() and not "\u4e00" <= c <= "\u9fff" for c in text[at - 1 : at + 1])
