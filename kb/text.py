"""Text as data: normalisation with a map back to the original, sentences, tokens, language of a question."""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

import Stemmer

from kb.model import Language

if TYPE_CHECKING:
    import rjieba

_QUOTES = str.maketrans(
    dict.fromkeys("‘’‚‛′", "'") | dict.fromkeys("“”„‟″«»「」『』", '"') | {"–": "-", "—": "-", "‐": "-", "‑": "-"}
)
_CJK = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
CJK = re.compile(f"[{_CJK}]")
_WIDE = re.compile(f"[{_CJK}\u3000-\u303f\uff00-\uffef]")
_CJK_RUN = re.compile(f"[{_CJK}]+")
_LATIN_WORD = re.compile(r"[^\W_]+(?:['-][^\W_]+)*")


def word_set(text: str) -> frozenset[str]:
    """The words of a list written as one text."""
    return frozenset(text.split())


# Function words: what tells the language of a short question, and what BM25 leaves out.
STOPWORDS: dict[Language, frozenset[str]] = {
    "en": word_set(
        "a about all also am an and any are as at be been but by can could did do does for from get had has "
        "have how i if in into is it its just like may me must my need of on or our out shall should so some "
        "that the their them then there these they this to us was we were what when where which who whom "
        "whose why will with would you your "
    ),
    "fr": word_set(
        "a ai au aux avec avez avons c ce ces cet cette comme comment d dans de des dit doit doivent dois "
        "doit-on du elle en es est est-ce et eu faut faut-il il ils je l la le les leur lui ma mais me mes "
        "mon n ne nos notre nous on ont ou où par pas peut peut-on peux pour pouvons puis-je qu quand que "
        "quel quelle quelles quels qui quoi s sa sans se selon ses si son sont sur ta te tes ton tu un une va "
        "vos votre vous y à été être "
    ),
    "zh": word_set(
        "的 了 吗 呢 啊 吧 是 在 和 与 及 或 我 我们 你 你们 他 她 它 这 那 有 就 都 也 还 要 会 能 "
        "什么 怎么 哪些 哪 请问 一下 "
    ),
}


@dataclass(frozen=True, slots=True)
class Normalised:
    """A normalised text and, for each of its characters, the span [starts[i], ends[i]) it came from."""

    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def original_span(self, start: int, end: int) -> tuple[int, int]:
        """The span in the original text of the non-empty normalised span [start, end)."""
        if not 0 <= start < end <= len(self.text):
            raise ValueError(f"empty or outside span [{start}, {end}) of a text of {len(self.text)} characters")
        return self.starts[start], self.ends[end - 1]


def normalise(text: str) -> Normalised:
    """Fold what differs without meaning: width, quote marks, dashes, white space, invisible characters.

    White space becomes one blank, and none beside a Chinese character, so that text copied from a page or a PDF still
    matches. Letters, digits, case, accents and punctuation marks keep their identity.
    """
    chars: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    wide = False  # whether the last character kept was Chinese or full-width punctuation
    for i, original in enumerate(text):
        if unicodedata.category(original) == "Cf":
            continue
        for char in unicodedata.normalize("NFKC", original.translate(_QUOTES)).translate(_QUOTES):
            if char.isspace() or unicodedata.category(char) == "Cc":
                if chars and chars[-1] != " " and not wide:
                    chars.append(" ")
                    starts.append(i)
                    ends.append(i + 1)
                continue
            wide = _WIDE.match(original) is not None and (CJK.match(char) is not None or not char.isalnum())
            if chars and chars[-1] == " " and wide:
                chars.pop()
                starts.pop()
                ends.pop()
            chars.append(char)
            starts.append(i)
            ends.append(i + 1)
    if chars and chars[-1] == " ":
        chars.pop()
        starts.pop()
        ends.pop()
    return Normalised("".join(chars), tuple(starts), tuple(ends))


def find_quote(quote: str, text: str) -> tuple[int, int] | None:
    """Where `quote` stands in `text`, as offsets into `text`, exactly after normalisation; None where it does not."""
    needle, hay = normalise(quote), normalise(text)
    if not needle.text:
        return None
    at = hay.text.find(needle.text)
    return hay.original_span(at, at + len(needle.text)) if at >= 0 else None


_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\^_])?")
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0") | {chr(c) for c in range(0xFE00, 0xFE10)}
"""Characters that show nothing though their category does not say so."""
OVERRIDES = frozenset("\u202d\u202e")
"""Marks that show the letters after them in another order than they have."""


def visible(text: str) -> str:
    """The text without what nobody sees: controls (but line ends and tabs), terminal sequences, joiners, blanks, direction marks."""
    return "".join(text[i] for i in visible_places(text))


def visible_places(text: str) -> list[int]:
    """The offsets of the characters that are seen."""
    hidden = {i for found in _ESCAPE.finditer(text) for i in range(*found.span())} if "\x1b" in text else set()
    return [i for i, char in enumerate(text) if i not in hidden and _is_visible(char)]


def _is_visible(char: str) -> bool:
    return char in "\n\t" or (unicodedata.category(char) not in ("Cc", "Cf") and char not in _BLANK)


_SENTENCE_END = re.compile(
    r"(?<=[。！？；\n])|(?<=[a-z0-9\])\"”’%]{2}[.!?])\s++(?=[\W\d]{0,60}[A-ZÀ-Ý\u4e00-\u9fff])|(?<=[;:])\s*\n"
)
_ABBREVIATION = re.compile(r"(?:\b(?:arts?|no|nos|al|par|paras?|pt|v|vs|cf|e\.g|i\.e|approx)\.)\s*$", re.IGNORECASE)


MAX_SENTENCE = 4_000
"""Characters; what is longer is cut there, so that what is looked up within a sentence stays little."""


def sentences(text: str) -> list[tuple[int, int]]:
    """Spans of sentences; together they cover the text. Abbreviations such as "Art." end none."""
    cuts = [0]
    for found in _SENTENCE_END.finditer(text):
        if (
            found.end()
            and not _ABBREVIATION.search(text[max(0, found.start() - 12) : found.start()])
            and found.end() > cuts[-1]
        ):
            cuts.append(found.end())
    if cuts[-1] != len(text):
        cuts.append(len(text))
    return [(a, min(a + MAX_SENTENCE, end)) for start, end in pairwise(cuts) for a in range(start, end, MAX_SENTENCE)]


def detect_language(text: str, default: Language = "en") -> Language:
    """The language of a question: Chinese where Chinese characters carry it, else by French and English function words.

    A quotation does not decide: "What does 单独同意 mean?" is English.
    """
    chinese = len(CJK.findall(text))
    words = [w.lower() for w in _LATIN_WORD.findall(text)]
    if chinese and chinese >= 2 * len([w for w in words if not w.isdigit()]):
        return "zh"
    pieces = [p for w in words for p in (w, *re.split(r"['-]", w))]
    french = sum(p in STOPWORDS["fr"] and p not in STOPWORDS["en"] for p in pieces)
    french += len(re.findall(r"[éèêàçùôîûœ]", text.lower()))
    english = sum(p in STOPWORDS["en"] and p not in STOPWORDS["fr"] for p in pieces)
    if french == english:
        return default if default != "zh" or not words else "en"
    return "fr" if french > english else "en"


def fold(word: str) -> str:
    """Lower case without accents."""
    return "".join(c for c in unicodedata.normalize("NFD", word.lower()) if not unicodedata.combining(c))


_CLITICS = word_set("s t ll re ve d")
"""What an apostrophe leaves of a word: employee's, don't, we'll."""


_STEMMERS = threading.local()


def _stemmer(language: Language) -> Stemmer.Stemmer:
    """A stemmer works on the word in its own fields, so each thread has its own."""
    name = "french" if language == "fr" else "english"
    if not hasattr(_STEMMERS, name):
        setattr(_STEMMERS, name, Stemmer.Stemmer(name))
    return getattr(_STEMMERS, name)


_TAUGHT: set[str] = set()
_TEACHING = threading.Lock()


@lru_cache(maxsize=1)
def _chinese_cutter() -> rjieba.Jieba:
    import rjieba  # it reads its dictionary: not for a question without Chinese

    return rjieba.Jieba()


def teach_chinese_words(words: Iterable[str]) -> None:
    """Add the field's terms to the Chinese tokeniser, so that 单独同意 stays one word; done when Chinese is first cut."""
    with _TEACHING:
        _TAUGHT.update(words)


def _cut_chinese(run: str) -> Iterable[str]:
    cutter = _chinese_cutter()
    if _TAUGHT:
        with _TEACHING:
            for word in sorted(_TAUGHT):
                cutter.add_word(word, 100_000, "n")
            _TAUGHT.clear()
    return cutter.cut(run)


@lru_cache(maxsize=20_000)
def _stem(word: str, language: Language) -> str:
    return str(_stemmer(language).stemWord(fold(word)))


def tokens(text: str, language: Language) -> list[str]:
    """Search tokens: stemmed words without function words; Chinese as words and as pairs of characters."""
    folded = unicodedata.normalize("NFKC", text.translate(_QUOTES))
    latin = language if language != "zh" else "en"
    found = [
        _stem(piece, latin)
        for word in _LATIN_WORD.findall(_CJK_RUN.sub(" ", folded))
        for piece in word.replace("-", "'").split("'")
        if piece and piece.lower() not in STOPWORDS[latin] and piece.lower() not in _CLITICS
    ]
    for run in _CJK_RUN.findall(folded):
        found += [w for w in _cut_chinese(run) if w not in STOPWORDS["zh"]]
        found += [run[i : i + 2] for i in range(len(run) - 1)]
    return found
