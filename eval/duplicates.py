"""Near-duplicates: a case that repeats a question of the guides, or a question of another split, measures memory.

Two questions of one language are compared by the normalised indel similarity of their letters (`rapidfuzz.fuzz.ratio`, 0 to 100).
The thresholds were set on the pairs that came nearest: in English and French the pairs from 70 up were the same question with some
words exchanged ("Can a clothing shop put a face-reading camera inside the fitting rooms to stop theft?", "Can we install cameras
inside fitting rooms to stop theft?": 74), below it mostly questions of one mould on other matters; in Chinese, where a character says
more, the former ended at 64, the latter began at 54. Questions of one mould that name other numbers ("What does Article 27 say")
are not the same question. A translation is not found by this.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rapidfuzz import fuzz, process

from kb.corpus import Corpus
from kb.model import LANGUAGES, Language

if TYPE_CHECKING:
    from eval.cases import Case

NEAR: dict[Language, float] = {"en": 70.0, "fr": 70.0, "zh": 60.0}
_NUMBER = re.compile(r"\d+|[一二三四五六七八九十百零〇]+(?=条)")


def plain(text: str, language: Language) -> str:
    """Letters and digits alone, folded; words apart by one space, Chinese without any."""
    kept = "".join(c if c.isalnum() else " " for c in unicodedata.normalize("NFKC", text).casefold())
    return ("" if language == "zh" else " ").join(kept.split())


def known_texts(corpus: Corpus, language: Language) -> list[tuple[str, str]]:
    """(text, where it stands): every ask and gist of the guides, asks of scenarios and records, sayings of misconceptions, examples of the scope."""
    found: list[tuple[str, str]] = []
    for article in corpus.all_articles():
        found += [(ask, f"an ask of {article.id}") for ask in article.asks.get(language, ())]
        found += [(article.gist[language], f"the gist of {article.id}")] if article.gist else []
    for scenario in corpus.scenarios:
        found += [(ask, f"an ask of the scenario {scenario.name}") for ask in scenario.asks.get(language, ())]
    for mistaken in corpus.misconceptions:
        said = (mistaken.belief[language], *mistaken.said[language])
        found += [(text, f"a saying of the misconception {mistaken.name}") for text in said]
    for record in corpus.records.values():
        found += [(ask, f"an ask of the record {record.slug}") for ask in record.asks.get(language, ())]
    return found + [(text, "an example of corpus/scope.yaml") for text in corpus.outside[language]]


def too_near(cases: Sequence[Case], corpus: Corpus) -> Iterator[tuple[str, str]]:
    """(case, what it repeats): texts of the guides, and questions of cases (of another split, or of the same and not of its group).

    Cases written before the split are not compared with the guides: they are never reported as test.
    """
    for language in LANGUAGES:
        asked = [case for case in cases if case.language == language]
        questions = [plain(case.question, language) for case in asked]
        known = known_texts(corpus, language)
        for i, j, score in _pairs(questions, [plain(text, language) for text, _ in known], NEAR[language]):
            if not asked[i].old and _same_numbers(asked[i].question, known[j][0]):
                yield asked[i].id, f"repeats {known[j][1]} ({score:.0f}): {known[j][0]}"
        for i, j, score in _pairs(questions, questions, NEAR[language]):
            one, other = asked[i], asked[j]
            same_group = one.group is not None and one.group == other.group
            if j < i and not same_group and _same_numbers(one.question, other.question):
                yield one.id, f"repeats {other.id} ({score:.0f}): {other.question}"


def _pairs(these: Sequence[str], those: Sequence[str], at_least: float) -> Iterator[tuple[int, int, float]]:
    if not these or not those:
        return
    scores = process.cdist(these, those, scorer=fuzz.ratio, score_cutoff=at_least)
    for i, j in zip(*scores.nonzero(), strict=True):
        yield int(i), int(j), float(scores[i, j])


def _same_numbers(one: str, other: str) -> bool:
    return set(_NUMBER.findall(one)) == set(_NUMBER.findall(other))
