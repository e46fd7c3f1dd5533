"""Where every sentence of an answer comes from: the sources cited, the editors' lines about them, or a fixed phrase.

The text of an answer is read as a stranger would read it, line by line, without trusting its claims. A stretch is attributed where
it is (1) words of a place that the answer cites, (2) the gist of an article cited or the French of a fact cited, (3) the name and
standing of a place cited, as the corpus has them, (4) a message of a note on a document, or (5) a fixed phrase of `kb.phrases` whose
blanks hold nothing but names held in the corpus, numbers, words of the question and other fixed phrases; or (6) a statement that the
answer ties to a place it cites and whose check of support passed. What is left is unattributed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from kb.assistant import standing_text
from kb.corpus import Corpus
from kb.errors import BadInput
from kb.ids import FactId, ProvisionId, SourceId, parse_source_id
from kb.model import LANGUAGES, Citation, Document, Law, Record
from kb.phrases import PHRASES, say
from kb.text import sentences
from kb.verify import source_text

_BLANK = re.compile(r"\\\{[a-z_]+\\\}")
_QUOTE_MARKS = "“”「」«»\u00a0 "
_CITING = frozenset(
    "art arts article articles al pt item para paragraph alinéa point sect persons cny times percent fois personnes".split()
)
_CITING_ZH = re.compile(r"[第条款项节段之零〇一二三四五六七八九十百千人元倍]")
_LETTERS = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Attribution:
    """How many stretches the text of an answer has, and those that come from nowhere."""

    stretches: int
    unattributed: tuple[str, ...]


def attribute(record: Mapping[str, Any], corpus: Corpus, known: Phrases) -> Attribution:
    """Account for the text of one answer record; `known` are the phrases and names of this corpus."""
    places = _places(record, corpus)
    sources = [text for place in places for language in ("en", "zh") if (text := source_text(place, corpus, language))]
    quoted = [line for text in sources for line in text.split("\n")]
    lines = {*_editors_lines(places, corpus), *_labels(record, places, corpus), *_supported(record, len(places))}
    count, left = 0, []
    for line in record["text"].split("\n"):
        words = re.sub(r"^\s*(?:! |\d+\. |— )?", "", line).strip()
        if not words:
            continue
        bare = words.strip(_QUOTE_MARKS)
        if words in lines or (bare and any(bare in text for text in quoted)):
            count += 1
            continue
        total, rest = known.read(words, str(record["question"]))
        count += total
        left += rest
    return Attribution(count, tuple(left))


def _places(record: Mapping[str, Any], corpus: Corpus) -> list[SourceId]:
    """The places cited that there are."""
    found = []
    for citation in record["citations"]:
        try:
            place = parse_source_id(citation["id"])
            source_text(place, corpus, "en")
        except (BadInput, ValueError):
            continue
        found.append(place)
    return found


def _editors_lines(places: list[SourceId], corpus: Corpus) -> set[str]:
    found: set[str] = set()
    for place in places:
        if isinstance(place, FactId):
            fact = corpus.fact(place)
            leads = [say(key, x, grade=fact.grade) for key in ("record_fact", "record_more") for x in LANGUAGES]
            found |= {*leads, *(f"{lead} {fact.text.fr}" for lead in leads)}
        elif isinstance(place, ProvisionId) and (gist := corpus.provision(place.whole_article).gist):
            found |= {gist[language] for language in LANGUAGES}
    return found


def _labels(record: Mapping[str, Any], places: list[SourceId], corpus: Corpus) -> set[str]:
    """The line under a quote, as it must read on the day of the answer."""
    language, on = record["language"], date.fromisoformat(record["on"])
    found = set()
    for place in places:
        label = corpus.label(place, language)
        citation = Citation(place, label, label, corpus.standing(place, on), corpus.role(place, on), 0, 0)
        line = f"{label} · {standing_text(corpus, citation, language)}"
        found |= {line, f"{line} ({say('unofficial', language)})"}
    return found


def _supported(record: Mapping[str, Any], citations: int) -> set[str]:
    """Statements in other words than the editors', tied to a place cited, whose check of support passed."""
    return {
        claim["text"]
        for claim in record["claims"]
        if 0 <= claim["citation"] < citations
        and any(check["kind"] == "supported" and check["passed"] for check in claim["checks"])
    }


# ------------------------------------------------------------------ fixed phrases


class Phrases:
    """The fixed phrases, the messages of notes, and the names that may fill a blank."""

    def __init__(self, corpus: Corpus) -> None:
        texts = {phrase[language] for phrase in PHRASES.values() for language in LANGUAGES}
        self._patterns = [_pattern(text) for text in _longest_first(texts)]
        self._messages = _longest_first({note.message[language] for note in corpus.notes for language in LANGUAGES})
        self._names = _names(corpus)

    def read(self, text: str, question: str) -> tuple[int, list[str]]:
        """(stretches, those left over): phrases are read from the start of the text on; a sentence where none fits is left over."""
        at, count, left = 0, 0, []
        while at < len(text):
            end = self._end(text, at, question)
            count += 1
            if end is None:
                stop = next(b for a, b in sentences(text[at:]) if b > a)
                end = at + stop
                left.append(text[at:end].strip())
            at = end
        return count, left

    def _end(self, text: str, at: int, question: str) -> int | None:
        """Where a message or fixed phrase that begins here ends, with the space after it."""
        for message in self._messages:
            if text.startswith(message, at):
                return len(text) - len(text[at + len(message) :].lstrip())
        for pattern in self._patterns:
            found = pattern.match(text, at)
            if found and found.end() > at and all(self._fits(value, question) for value in found.groups()):
                return found.end()
        return None

    def _fits(self, value: str, question: str) -> bool:
        """Whether a blank holds only names, numbers, words of the question, or another fixed phrase."""
        value = value.strip()
        if value in question or self._named(value):
            return True
        inner = (pattern.fullmatch(value) for pattern in self._patterns)
        return any(found and all(self._named(v) for v in found.groups()) for found in inner)

    def _named(self, value: str) -> bool:
        for name in self._names:
            if name in value:
                value = value.replace(name, " ")
        words = {w.casefold() for w in _LETTERS.findall(_CITING_ZH.sub(" ", value))}
        return words <= _CITING


def _longest_first(texts: Iterable[str]) -> list[str]:
    return sorted(texts, key=lambda text: (-len(text), text))


def _pattern(text: str) -> re.Pattern[str]:
    """A phrase as a pattern: a blank matches anything, what it holds is looked at afterwards."""
    escaped = re.escape(text)
    ends_blank = re.search(_BLANK.pattern + "$", escaped) is not None
    return re.compile(_BLANK.sub("(.{1,600}?)", escaped) + r"\s*" + ("$" if ends_blank else r"(?=$|[^\W\d]|[“«《])"))


def _names(corpus: Corpus) -> list[str]:
    """Every name of a law, document or record, and every heading."""
    found: set[str] = set()
    named: list[Law | Record | Document] = [*corpus.laws.values(), *corpus.records.values(), *corpus.documents.values()]
    for held in named:
        for language in LANGUAGES:
            found |= {held.title[language], held.short[language], *held.aliases.get(language, ())}
        found.add(held.title.zh.removeprefix("中华人民共和国"))
    for mistaken in corpus.misconceptions:  # shown as mistakes, in a phrase that says so
        found |= {mistaken.belief[language] for language in LANGUAGES}
    for article in corpus.all_articles():
        found |= {article.heading[language] for language in LANGUAGES} if article.heading else set()
    return _longest_first(name for name in found if len(name) > 1)
