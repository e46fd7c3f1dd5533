"""Shall, shall not, may, need not: where a statement follows the words of its provision, it keeps their force.

The comparison is made only where a clause of the statement has most of the words of a clause of the provision, in the same
language: then another force is a change of the law, not another way to say it. Freer wording is left to the measure of
support. Pure functions on two texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Literal

from rapidfuzz.fuzz import ratio

from kb.likeness import content_words
from kb.model import Language

Force = Literal["shall", "shall_not", "may", "need_not"]

SAME_CLAUSE = 0.7
"""Share of the words of a statement's clause that a clause of the provision must have to be compared with it."""
CLEARLY_NEARER = 0.2
"""By so much the clause with another force must be nearer than any clause with the same one."""
MIN_WORDS = 3
SAME_SENTENCE = 97.0
"""From this likeness (per cent of letters, `rapidfuzz.fuzz.ratio`) on two sentences without their marks of force are one."""
MIN_LETTERS = 8

_EN: tuple[tuple[Force, str], ...] = (
    (
        "need_not",
        r"\bneed\s+not\b|\bneedn['’]t\b|\b(?:do|does)(?:\s+not|n['’]t)\s+(?:have|need)\s+to\b|\b(?:is|are|be)\s+not\s+(?:required|obliged|bound)\s+to\b",
    ),
    (
        "shall_not",
        r"\b(?:shall|must|may|can)(?:\s+(?:also|then|therefore))?\s+(?:not|never)\b|\bcannot\b|\b(?:can|must)n?['’]t\b|\b(?:is|are|be)\s+(?:not\s+(?:allowed|permitted|entitled)|prohibited|forbidden|banned|barred)\b"
        r"|\bno\s+(?:[\w-]+\s+){1,8}?(?:shall|may|must|can)\b|\bnobody\s+(?:shall|may|must|can)\b",
    ),
    (
        "shall",
        r"\b(?:shall|must)\b|\b(?:has|have)\s+to\b|\b(?:is|are|be)\s+(?:required|obliged|bound)\s+to\b|\bneeds?\s+to\b|\b(?:has|have)\s+(?:a|the)\s+duty\s+to\b",
    ),
    (
        "may",
        r"\b(?:may|can)\b|\b(?:is|are|be)\s+(?:allowed|permitted|entitled|free)\s+to\b|\b(?:has|have)\s+the\s+right\s+to\b",
    ),
)
_ZH: tuple[tuple[Force, str], ...] = (
    ("need_not", r"无需|无须|不必|毋须|不需要?|没有义务|可以不"),
    (
        "shall_not",
        r"不得(?!不|少于|低于|超过|短于|高于)|不能(?!够|少于|低于|短于)|不可以|不准|不许|不应(?!当承)|严禁|禁止",
    ),
    ("shall", r"应当|必须|(?<![不无毋])须(?!知)|不得不|有义务|方可|只能|(?<![不无])需要"),
    ("may", r"(?<!不)可以(?!不)|有权|(?<!不)能够|(?<!不)允许"),
)
_FR: tuple[tuple[Force, str], ...] = (
    ("need_not", r"\b(?:n['’]est|ne\s+sont)\s+pas\s+(?:tenue?s?|obligée?s?)\b|\bn['’](?:a|ont)\s+pas\s+à\b"),
    (
        "shall_not",
        r"\bne\s+(?:doi(?:t|vent)|peu(?:t|vent))\b(?!\s+(?:être\s+)?\w*\s*qu)|\bn['’](?:a|ont)\s+pas\s+le\s+droit\b|\binterdi(?:t|te|ts|tes)\b",
    ),
    ("shall", r"\bdoi(?:t|vent)\b|\b(?:est|sont)\s+(?:tenue?s?|obligée?s?)\s+d"),
    ("may", r"\bpeu(?:t|vent)\b|\b(?:a|ont)\s+le\s+droit\b|\b(?:est|sont)\s+(?:autorisée?s?|libres?)\b"),
)
_TABLES: tuple[tuple[Language, tuple[tuple[Force, str], ...]], ...] = (("en", _EN), ("zh", _ZH), ("fr", _FR))
_MARKS: Mapping[Language, re.Pattern[str]] = {
    language: re.compile(
        "|".join(f"(?P<{force}>{pattern})" for force, pattern in table), 0 if language == "zh" else re.IGNORECASE
    )
    for language, table in _TABLES
}
_SENTENCE_END = re.compile(r"[.;!?](?=\s|$)|[。；！？\n]+")
_ONLY = re.compile(r"\bonly\b|\bsolely\b|\bseule?(?:ment|s)?\b|\bqu['’e]|仅|只|唯|方", re.IGNORECASE)
_QUALIFIED = re.compile(
    r"\bunless\b|\bexcept\b|\bsave\b|\bwithout\b|\bsauf\b|\bsans\b|\bhors\b|除|非|未", re.IGNORECASE
)


_GROUNDS: Mapping[Force, re.Pattern[str]] = {
    "shall": re.compile(
        r"\b(?:shall|must|necess\w+|requir\w+|only|order(?:ed)?|dut(?:y|ies)|obligat\w+|punish\w*|penali[sz]\w+|fine|liab\w+|bears?|prevails?|means)\b"
        r"|应|必须|须|责令|方可|只能|义务|必需|承担|处|按照|依照|为准|需|限于|不得",
        re.IGNORECASE,
    ),
    "may": re.compile(
        r"\b(?:may|can|right\w*|requests?|claims?|supports?|entitle\w*|not more than|fine|unless|except|need not|not required|permit\w*|encourag\w+"
        r"|does not (?:apply|affect|bear)|consent)\b|可|有权|请求|支持|权利|能|鼓励|以下罚款|除|允许|不适用|不影响",
        re.IGNORECASE,
    ),
    "shall_not": re.compile(
        r"\b(?:not|no|only|without|never|unlawful\w*|prohibit\w*|unless|except|misl\w+|necessary)\b|不|禁止|只|方可|除|非法|未|无|必需",
        re.IGNORECASE,
    ),
    "need_not": re.compile(r"\b(?:not|except|unless|other than|dispens\w+|may)\b|不|除|免|可|无需", re.IGNORECASE),
}
"""What a text must have, somewhere, for a statement to have this force at all."""
_ABILITY = re.compile(r"^(?:can|could)\b|^能", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Clause:
    """A mark of force, as written, with the words around it up to the marks beside it in the same sentence."""

    force: Force
    mark: str
    text: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """A clause of a statement, and the clause of the provision that has its words with another force."""

    stated: Clause
    held: Clause


@lru_cache(maxsize=8_192)
def clauses(text: str, language: Language) -> tuple[Clause, ...]:
    """Every clause with a mark of force, in order."""
    ends = [0, *(m.end() for m in _SENTENCE_END.finditer(text)), len(text)]
    found: list[Clause] = []
    for start, end in pairwise(ends):
        marks = list(_MARKS[language].finditer(text, start, end))
        edges = [start, *(m.end() for m in marks[:-1])], [*(m.start() for m in marks[1:]), end]
        for mark, before, after in zip(marks, *edges, strict=bool(marks)):
            found.append(Clause(mark.lastgroup, mark[0], text[before:after]))  # type: ignore[arg-type]
    return tuple(found)


def conflict(statement: str, provision: str, language: Language) -> Conflict | None:
    """The first clause of a statement whose words stand in the provision with another force; None where there is none."""
    held = clauses(provision, language)
    for stated in clauses(statement, language):
        words = content_words(stated.text)
        if len(words) < MIN_WORDS:
            continue
        allowed = _fitting(stated, statement)
        fits = [c for c in held if c.force in allowed]
        others = [c for c in held if c.force not in allowed]
        if not others:
            continue
        nearest = max(others, key=lambda c: _share(words, c))
        share = _share(words, nearest)
        if share >= SAME_CLAUSE and share - max((_share(words, c) for c in fits), default=0.0) > CLEARLY_NEARER:
            return Conflict(stated, nearest)
    return None


def same_but_for_force(statement: str, provision: str, language: Language) -> Conflict | None:
    """Where a sentence of a statement is one of the provision but for the marks of force: the first that differs.

    Clauses are too short to tell sentences apart that begin alike; whole sentences without their marks are not.
    """
    held = [(_without_marks(s, language), clauses(s, language)) for s in _SENTENCE_END.split(provision)]
    for said in _SENTENCE_END.split(statement):
        bare, marks = _without_marks(said, language), clauses(said, language)
        alike = [of for text, of in held if len(bare) >= MIN_LETTERS and ratio(bare, text) >= SAME_SENTENCE]
        if marks and alike and not any(_forces(of) == _forces(marks) for of in alike):
            other = next((b for a, b in zip(marks, alike[0], strict=False) if a.force != b.force), None)
            if other is not None:
                return Conflict(next(a for a, b in zip(marks, alike[0], strict=False) if a.force != b.force), other)
    return None


@lru_cache(maxsize=8_192)
def _without_marks(sentence: str, language: Language) -> str:
    return "".join(c for c in _MARKS[language].sub("", sentence).casefold() if c.isalnum())


def _forces(found: tuple[Clause, ...]) -> list[Force]:
    return [clause.force for clause in found]


def groundless(statement: str, texts: str, language: Language) -> Clause | None:
    """The first clause of a statement with a force for which the texts of its place (both languages) have no word at all."""
    for stated in clauses(statement, language):
        restricted = stated.force == "may" and _ONLY.search(stated.text)
        if not restricted and not _ABILITY.match(stated.mark) and not _GROUNDS[stated.force].search(texts):
            return stated
    return None


def _fitting(stated: Clause, statement: str) -> Iterable[Force]:
    """The forces that a provision may have where a statement has this one: "may … only" is said for "shall", and so on."""
    restricted = _ONLY.search(stated.text) is not None
    if stated.force == "may":
        return ("may", "need_not", "shall", "shall_not") if restricted else ("may", "need_not")
    if stated.force == "shall_not":
        return ("shall_not", "shall") if _QUALIFIED.search(statement) else ("shall_not",)
    if stated.force == "shall":
        return ("shall", "shall_not") if restricted else ("shall",)
    return ("need_not", "may")


def _share(words: frozenset[str], clause: Clause) -> float:
    return len(words & content_words(clause.text)) / len(words)
