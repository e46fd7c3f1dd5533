"""Where a statement follows the words of its provision closely: what it adds, leaves out or turns round.

A statement that has most of the words of a sentence of the law is taken at its word: another body, a denial more or less, an exception
left out change the law. Freer wording is left to the measure of support. Pure functions on texts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

from kb.likeness import content_words
from kb.model import Language
from kb.text import CJK, sentences

CLOSE = 0.85
"""Share of the words of a sentence of the law that a statement must have to be taken at its word."""
VERBATIM = 0.95
"""From this share on a statement is that sentence, in its words or nearly so."""
SAME_BUT_FOR_A_PARTY = 0.8
"""A statement so like a sentence of the law, piece by piece, has its parties too, and no more to say."""
MOST_WORDS = 0.6
"""From this share of its words on a sentence of the law is compared with the statement piece by piece."""
MUCH_ADDED, MUCH_ADDED_CHINESE = 2, 4
MIN_WORDS = 4
MAX_OTHER_WORDS = 2
THIN, THIN_CHINESE = 5, 8
"""A statement of so few words (pairs of characters in Chinese) is thin."""

_BODIES: Mapping[str, tuple[str, str]] = {
    # name → how a statement names it, what else in an article stands for it
    "a court": (r"\bcourts?\b|\bjudges?\b|\btribun(?:al|aux|als)\b|\bjuges?\b|法院|法官", r"\bjudicial\b|司法"),
    "the procuratorate": (r"\bprocurat\w+|\bprosecutors?\b|\bparquet\b|\bprocureurs?\b|检察", r"(?!)"),
    "the police": (
        r"\bpolice\b|\bpublic security (?:organ|authorit|department|bureau)\w*|\bsécurité publique\b|公安|警方|警察",
        r"\bpublic security penalt\w+|治安管理",
    ),
    "the cyberspace administration": (
        r"\bcyberspace (?:admin|authorit|depart|regul)\w*|\bCAC\b|\badministrations? du cyberespace\b|网信",
        r"(?!)",
    ),
    "a guardian": (r"\bguardians?\b|\bparents?\b|\btuteurs?\b|监护人|父母|家长", r"\bmother\b|\bfather\b|父|母"),
    "a consumer association": (
        r"\bconsumers?['’]? (?:associations?|organi[sz]ations?)\b|\bassociations? de consommateurs\b|消费者(?:协会|组织)|消协",
        r"(?!)",
    ),
    "an industry organisation": (
        r"\bindustry (?:associations?|organi[sz]ations?|bodies)\b|行业(?:组织|协会)",
        r"\bindustr\w+|行业",
    ),
    "a bank": (r"\bbanks?\b(?! accounts?)|\bbanques?\b|银行(?!账)", r"\bfinancial\b|金融"),
    "a notary": (r"\bnotar\w+|公证", r"(?!)"),
    "the State Council": (r"\bState Council\b|\bConseil des affaires\b|国务院", r"(?!)"),
    "the tax authority": (r"\btax(?:es|ation)?\b|\bfisc\b|税务", r"(?!)"),
    "customs": (r"\bcustoms\b|\bdouanes?\b|海关", r"(?!)"),
    "a trade union": (r"\btrade unions?\b|\bsyndicat\b|工会", r"(?!)"),
    "an entrusted party": (r"\bentrusted part\w+|\bsous-traitants?\b|受托[人方]", r"\bentrust\w*|受托|委托"),
}
_BODY_PATTERNS = {
    name: (re.compile(said, re.IGNORECASE), re.compile(f"{said}|{held}", re.IGNORECASE))
    for name, (said, held) in _BODIES.items()
}
_PARTIES: Mapping[str, re.Pattern[str]] = {
    "handler": re.compile(
        r"handler|operator|compan|business|processor|enterprise|处理者|运营者|经营者|企业|公司|商家", re.IGNORECASE
    ),
    "individual": re.compile(
        r"individual|natural person|consumer|\busers?\b|\bpeople\b(?!['’]s)|个人(?!信息)|自然人|消费者|用户|本人",
        re.IGNORECASE,
    ),
    "State": re.compile(r"\bState\b|国家", re.IGNORECASE),
} | {name: said for name, (said, _) in _BODY_PATTERNS.items()}
_DENIES: Mapping[Language, re.Pattern[str]] = {
    "en": re.compile(r"\b(?:not|never|cannot|no|nor|neither|nobody|none|without)\b|n['’]t\b", re.IGNORECASE),
    "zh": re.compile(
        r"不(?!仅|但|少于|超过|低于|高于|同|断|限|良|法|当|动产|可抗)|未(?!来|成年|满)|无(?!论)|没有|禁止|非(?!法)"
    ),
    "fr": re.compile(r"\b(?:pas|jamais|aucun\w*|ni|sans|nul|non)\b", re.IGNORECASE),
}
_STRONG_EXCEPTION: Mapping[Language, re.Pattern[str]] = {
    "en": re.compile(
        r"\bunless\b|\bexcept\b|\bprovide[sd]? otherwise\b|\bHowever, (?:this does not|where|if)\b|\bother than\b|\bneed not\b",
        re.IGNORECASE,
    ),
    "zh": re.compile(r"(?<![删消解免清])除[^。；，]{2,40}外|除外|另有规定|另有约定"),
    "fr": re.compile(r"\bsauf\b|\bexcepté\b|\bhormis\b|\bà moins\b|\bhors\b", re.IGNORECASE),
}
"""How the law excepts."""
_EXCEPTS: Mapping[Language, re.Pattern[str]] = {
    "en": re.compile(
        r"\bunless\b|\bexcept\w*|\bsave (?:where|as|for|with|in|that)\b|\bother than\b|\bapart from\b|\bexclud\w+|\bexempt\w*|\botherwise\b"
        r"|\bdifferent\w*|\bhowever\b|\bbut\b|\babsent\b|\bprevail\w*|\bwaive\w*|\bcontrary\b|\bas a rule\b|\bgenerally\b|\bin principle\b"
        r"|\bneed not\b|\bnot need\w*|\bdispens\w+|\byield\w*|\boutside\b|\bonly (?:if|where|with|when|on)\b|\bor a law\b|\bother laws\b"
        r"|(?:\bnot|n['’]t) (?:apply|cover\w*|bring)\b",
        re.IGNORECASE,
    ),
    "zh": re.compile(
        r"(?<![删消解免清])除|但|另有|另作|例外|不在此|从其|不适用|不归|不管|否则|可以不|一般|原则上|不用|方可|只有|才|须经|没有规定"
    ),
    "fr": re.compile(
        r"\bsauf\b|\bexcept\w*|\bhormis\b|\bhors\b|\bmoins\b|\btoutefois\b|\bmais\b|\bcontraire\w*|\bdispens\w*|\bautre\w*\b|\bque si\b"
        r"|\ben principe\b|\bne s['’]appli\w+|\bdroit de ne pas\b|\bou la loi\b|\bseul\w*\b",
        re.IGNORECASE,
    ),
}
"""How a statement says that there is an exception, in whatever words."""


def unknown_body(statement: str, article: str) -> str | None:
    """A body that a statement names and the article, in either language, does not."""
    for name, (said, held) in _BODY_PATTERNS.items():
        if said.search(statement) and not held.search(article):
            return name
    return None


@dataclass(frozen=True, slots=True)
class Likeness:
    """How the wording of a statement is to that of a text: the share of its words that the text has (None: another writing), and
    whether it is thin, that is, has few words of its own."""

    share: float | None
    thin: bool


def likeness(statement: str, text: str) -> Likeness:
    """The wording of a statement beside that of a text."""
    words = _words(statement)
    chinese = bool(CJK.search(statement))
    thin = len(words) <= (THIN_CHINESE if chinese else THIN)
    if chinese != bool(CJK.search(text)):
        return Likeness(None, thin)
    return Likeness(len(words & _words(text)) / len(words) if words else 0.0, thin)


def turned_round(statement: str, text: str, language: Language) -> bool:
    """Whether a statement that follows a sentence of the text closely has a denial more or less than it."""
    held = _words(text)
    for start, end in sentences(statement):
        said = statement[start:end]
        words = _words(said)
        nearest, share = _nearest(words, text)
        if nearest is None or share < CLOSE or len(words - held) > MAX_OTHER_WORDS:
            continue
        denials = [len(_DENIES[language].findall(part)) for part in (said, nearest)]
        if denials[0] != denials[1] and _as_long(said, nearest):
            return True
    return _several_turned_round(statement, text, language)


def _several_turned_round(statement: str, text: str, language: Language) -> bool:
    """The same for a statement that repeats several sentences of the text as one, such as a list with the words that lead in to it."""
    words = _words(statement)
    if not words or len(words & _words(text)) / len(words) < VERBATIM:
        return False
    repeated = [s for s in _sentences(text) if _share_held(s, words) >= CLOSE]
    denials = [len(_DENIES[language].findall(part)) for part in (statement, " ".join(repeated))]
    return len(repeated) > 1 and denials[0] != denials[1] and _as_long(statement, " ".join(repeated))


def rewritten(statement: str, text: str) -> tuple[str, str] | None:
    """Where a statement repeats a sentence of the text but for a party, or with more at some place: (what the text has there, what the
    statement has)."""
    everywhere = _words(text)
    for start, end in sentences(statement):
        said = _pieces(statement[start:end])
        nearest, share = _nearest(_words(statement[start:end]), text)
        if nearest is None or share < MOST_WORDS:
            continue
        held = _pieces(nearest)
        compared = SequenceMatcher(None, held, said, autojunk=False)
        if compared.ratio() < SAME_BUT_FOR_A_PARTY:
            continue
        for tag, a, b, c, d in compared.get_opcodes():
            # a few pieces more on both sides: "information handler" is a party, "handler" alone may be all that differs
            old, new = "".join(held[max(0, a - 2) : b + 1]), "".join(said[max(0, c - 2) : d + 1])
            added = "".join(said[c:d]).strip()
            was, now = _parties(old), _parties(new)
            exchanged = was - now and now - was  # words put beside a party can make another of it: 个人, 个人信息处理者
            if (tag == "replace" and was != now) or (tag != "equal" and exchanged):
                return "".join(held[a:b]).strip(), added
            fresh = _words(added) - everywhere
            if len(fresh) >= (MUCH_ADDED_CHINESE if CJK.search(added) else MUCH_ADDED) and b - a <= 1:
                return "".join(held[a:b]).strip() or "nothing", added
    return None


def _pieces(text: str) -> list[str]:
    """Words with the blank after them; single characters in Chinese."""
    return re.findall(r"[\u4e00-\u9fff]|[^\s\u4e00-\u9fff]+\s*", text.strip())


def _parties(text: str) -> frozenset[str]:
    return frozenset(name for name, pattern in _PARTIES.items() if pattern.search(text))


def lost_exception(statement: str, text: str, written: Language) -> str | None:
    """The exception that the text has and the statement has not, in whatever words; None where nothing is lost.

    A statement that follows one sentence word for word is compared with that sentence, and with those most of whose words it has; any
    other with the whole text.
    """
    held: Language = "zh" if CJK.search(text) else "en"
    near, share = _nearest(_words(statement), text) if held == written else (None, 0.0)
    strong = _STRONG_EXCEPTION[held]
    if near is not None and share >= VERBATIM:
        words, kept = _words(statement), len(strong.findall(statement))
        followed = [
            near,
            *(s for s in _sentences(text) if s != near and strong.search(s) and _share_held(s, words) >= MOST_WORDS),
        ]
        found = next((strong.search(s) for s in followed if len(strong.findall(s)) > kept), None)
    else:
        found = None if _EXCEPTS[written].search(statement) else strong.search(text)
    return found[0] if found else None


def _share_held(sentence: str, words: frozenset[str]) -> float:
    """The share of the words of a sentence that are among these; 0 for a sentence of few words."""
    held = _words(sentence)
    return len(held & words) / len(held) if len(held) >= MIN_WORDS else 0.0


def _as_long(said: str, nearest: str) -> bool:
    return 0.75 <= len(said.strip()) / len(nearest.strip()) <= 1.3


_FORCE_WORDS = frozenset(
    "requi oblig prohi forbi permi allow entit needs neede manda neces compu duty dutie right free".split()
)
"""Words that say the force of a sentence, not what it is about."""


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
        if (share := _share_held(sentence, words)) > best[1]:
            best = sentence, share
    return best
