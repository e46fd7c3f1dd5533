"""Where a statement follows the words of its provision closely: what it adds, leaves out or turns round.

A statement that has most of the words of a sentence of the law is taken at its word: another body, a denial more or less, an exception
left out change the law. Freer wording is left to the measure of support. Pure functions on texts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from kb.likeness import content_words
from kb.model import Language
from kb.text import sentences

CLOSE = 0.8
"""Share of the words of a sentence of the law that a statement must have to be taken at its word."""
MIN_WORDS = 4

_BODIES: Mapping[str, str] = {
    "a court": r"\bcourts?\b|\bjudges?\b|\btribun(?:al|aux|als)\b|\bjuges?\b|\bjudicial\b|法院|法官|司法",
    "the procuratorate": r"\bprocurat\w+|\bprosecutors?\b|\bparquet\b|\bprocureurs?\b|检察",
    "the police": r"\bpolice\b|\bpublic security (?:organ|authorit|department|bureau)\w*|\bsécurité publique\b|\bpublic security penalt\w+|公安|警方|警察|治安管理",
    "the cyberspace administration": r"\bcyberspace (?:admin|authorit|depart|regul)\w*|\bCAC\b|\badministrations? du cyberespace\b|网信",
    "a guardian": r"\bguardians?\b|\bparents?\b|\bmother\b|\bfather\b|\btuteurs?\b|监护人|父母|家长|父|母",
    "a consumer association": r"\bconsumers?['’]? (?:associations?|organi[sz]ations?)\b|\bassociations? de consommateurs\b|消费者(?:协会|组织)|消协",
    "an industry organisation": r"\bindustry (?:associations?|organi[sz]ations?|bodies)\b|\bindustry\b|行业",
    "a bank": r"\bbanks?\b|\bbanques?\b|\bfinancial\b|银行|金融",
    "a notary": r"\bnotar\w+|公证",
    "the State Council": r"\bState Council\b|\bConseil des affaires\b|国务院",
    "the tax authority": r"\btax(?:es|ation)?\b|\bfisc\b|税务",
    "customs": r"\bcustoms\b|\bdouanes?\b|海关",
    "a trade union": r"\btrade unions?\b|\bsyndicat\b|工会",
    "an entrusted party": r"\bentrusted\b|\bentrust\w*|\bsous-traitants?\b|受托|委托",
}
_BODY_PATTERNS = {name: re.compile(pattern, re.IGNORECASE) for name, pattern in _BODIES.items()}
_DENIES: Mapping[Language, re.Pattern[str]] = {
    "en": re.compile(r"\b(?:not|never|cannot|no|nor|neither|nobody|none|without)\b|n['’]t\b", re.IGNORECASE),
    "zh": re.compile(r"不(?!仅|但|少于|超过|低于|高于|同|断|限|良|法|当|动产|可抗)|未(?!来|成年|满)|无(?!论)|没有|禁止|非(?!法)"),
    "fr": re.compile(r"\b(?:pas|jamais|aucun\w*|ni|sans|nul|non)\b", re.IGNORECASE),
}
_EXCEPTS: Mapping[Language, re.Pattern[str]] = {
    "en": re.compile(
        r"\bunless\b|\bexcept\w*|\bsave (?:where|as|for|with|in|that)\b|\bother than\b|\bapart from\b|\bexclud\w+|\bexempt\w*"
        r"|\bprovide[sd]? (?:\w+ )?(?:otherwise|differently)\b|\botherwise provide\w*|\bhowever\b|\bbut\b|\babsent\b|\bnot (?:apply|cover)\b"
        r"|\bprevails?\b|\bprovided (?:otherwise|that)\b|\bdifferent\b|\bdispens\w+|\bwaive\w*|\ballow(?:s|ed)? (?:it|otherwise)\b|\bcontrary\b",
        re.IGNORECASE,
    ),
    "zh": re.compile(r"除|但|另有|例外|不在此限|从其规定|不适用|否则|要么|可以不"),
    "fr": re.compile(r"\bsauf\b|\bexcept\w*|\bhormis\b|\bhors\b|\bmoins\b|\btoutefois\b|\bmais\b|\bcontraire\w*|\bdispens\w*|\bautrement\b", re.IGNORECASE),
}
_STRONG_EXCEPTION: Mapping[Language, re.Pattern[str]] = {
    "en": re.compile(
        r"\bunless\b|\bexcept (?:where|that|for|in|as|with)\b|\bprovide otherwise\b|\bHowever, (?:this does not|where|if)\b", re.IGNORECASE
    ),
    "zh": re.compile(r"除[^。；，]{2,40}外|除外|另有规定|另有约定"),
    "fr": re.compile(r"(?!)"),
}
_FORCE_WORDS = frozenset(
    "requi oblig prohi forbi permi allow entit needs neede manda neces compu duty dutie right free must shall cannot nobod also".split()
)


def unknown_body(statement: str, article: str) -> str | None:
    """A body that a statement names and the article, in either language, does not."""
    for name, pattern in _BODY_PATTERNS.items():
        found = pattern.search(statement)
        if found and not pattern.search(article):
            return f"names {name}, which the article does not"
    return None


def departure(statement: str, text: str, language: Language) -> str | None:
    """How a statement departs from the sentence of the text that it follows closely; None where it follows none, or faithfully."""
    held = _words(text)
    for start, end in sentences(statement):
        said = statement[start:end]
        words = _words(said)
        nearest, follows = _nearest(words, text)
        if nearest is None or follows < CLOSE:
            continue
        added = words - held
        if added and len(words) >= MIN_WORDS:
            return f"has words that the provision does not have ({', '.join(sorted(added)[:4])})"
        if len(_DENIES[language].findall(said)) != len(_DENIES[language].findall(nearest)) and _as_long(said, nearest):
            return "says yes where the provision says no, or no where it says yes"
    return None


def lost_exception(statement: str, text: str, language: Language) -> str | None:
    """An exception of the sentence that a statement follows, where the statement has none at all."""
    if _EXCEPTS[language].search(statement):
        return None
    nearest, follows = _nearest(_words(statement), text)
    if nearest is None or follows < CLOSE_TO_EXCEPTION:
        return None
    found = _STRONG_EXCEPTION[language].search(nearest)
    return f"leaves out an exception (“{found[0]}”)" if found else None


CLOSE_TO_EXCEPTION = 0.6


def _as_long(said: str, nearest: str) -> bool:
    return 0.75 <= len(said.strip()) / len(nearest.strip()) <= 1.3


@lru_cache(maxsize=8_192)
def _words(text: str) -> frozenset[str]:
    return content_words(text) - _FORCE_WORDS


@lru_cache(maxsize=4_096)
def _sentences(text: str) -> tuple[str, ...]:
    return tuple(text[a:b] for a, b in sentences(text) if text[a:b].strip())


def _nearest(words: frozenset[str], text: str) -> tuple[str | None, float]:
    """The sentence of a text most of whose words are among these, and the share of them that are."""
    best: tuple[str | None, float] = (None, 0.0)
    for sentence in _sentences(text):
        held = _words(sentence)
        if len(held) >= MIN_WORDS and (share := len(held & words) / len(held)) > best[1]:
            best = sentence, share
    return best
