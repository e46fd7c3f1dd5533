"""What a question asks for, before anything is searched: places cited, sources named, the date meant, what cannot be answered.

Rules only, in three languages; nothing here looks at the text of the law.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache

from kb.citation import CitationMention, read_citations
from kb.corpus import Corpus
from kb.cues import (
    ASKS,
    COMPARE,
    DOMESTIC,
    DRAFT,
    FOLLOW_UP,
    FOREIGN,
    FORMERLY,
    GENERIC,
    HINTS,
    NEXT_PART,
    NOT_YET,
    NOWADAYS,
    NUMBER_NOW,
    OLD_NUMBER,
    POINTS,
    PREDICTION,
    PRODUCT,
    PRONOUN,
    SITUATION,
    SUBJECT,
    TAKEN_FOR_GRANTED,
    THIS_LAW,
    UNHELD,
    UNTIL,
)
from kb.day_meant import day_meant
from kb.ids import ProvisionId
from kb.model import Language, Query
from kb.names import LawMention, law_mentions
from kb.text import CJK, tokens

MAX_POINTING: dict[Language, int] = {"en": 90, "fr": 90, "zh": 30}
"""Characters; a longer question tells enough of itself, even where it points at a law without naming it."""
SHORT_PART, SHORT_PART_CHINESE = 18, 6
"""Characters; what is shorter is no part of its own."""


@dataclass(frozen=True, slots=True)
class CitedPlace:
    """A citation in the question and the place it means (None: an instrument that this corpus does not hold)."""

    mention: CitationMention
    place: ProvisionId | None
    written: str


@dataclass(frozen=True, slots=True)
class Understanding:
    """A question as understood. `text` is what is searched: the question, with the one it follows up where it does.

    `on` is the date whose law is asked for; `past` says that the question itself named an earlier one.
    `elsewhere` says that it asks for foreign law or for a product. `unknown_laws` are names of instruments not known here, `unheld` what is named by its kind and year.
    `bare` lists article numbers that no instrument could be told for.
    """

    query: Query
    text: str
    on: date
    past: bool
    cited: tuple[CitedPlace, ...]
    bare: tuple[str, ...]
    laws: tuple[str, ...]
    documents: tuple[str, ...]
    records: tuple[str, ...]
    draft: bool
    comparison: bool
    formerly: bool
    nowadays: bool
    old_number: bool
    takes_for_granted: bool
    elsewhere: bool
    unknown_laws: tuple[str, ...]
    unheld: tuple[str, ...]
    prediction: bool
    vague: bool
    follows_up: bool

    @property
    def parts(self) -> tuple[str, ...]:
        """The sentences, or the questions joined in one, of which the question is made."""
        found = (part.strip() for part in NEXT_PART.split(self.text) if part)
        return tuple(p for p in found if len(p) >= (SHORT_PART_CHINESE if CJK.search(p) else SHORT_PART))

    @property
    def read_as(self) -> str:
        """The question as a reader would put it without the conversation."""
        return f"{self.query.history[-1]} → {self.query.text}" if self.follows_up else self.query.text

    @property
    def names_a_source(self) -> bool:
        return bool(self.cited or self.laws or self.documents or self.records or self.draft)


@lru_cache(maxsize=4)
def _stems(words: frozenset[str], chinese: bool) -> frozenset[str]:
    """The tokens of words that may stand in a question; those of Latin letters may stand in a Chinese one too."""
    languages: tuple[Language, ...] = ("en", "fr", "zh") if chinese else ("en", "fr")
    chosen = [word for word in words if chinese or not CJK.search(word)]
    return frozenset(t for language in languages for word in chosen for t in tokens(word, language))


def understand(query: Query, corpus: Corpus) -> Understanding:
    """Read a question; its earlier questions serve where it leans on them."""
    follows_up = bool(query.history) and _leans_on_history(query)
    mentions = law_mentions(query.text, corpus.names)
    text = f"{query.history[-1]} {query.text}" if follows_up else query.text
    context = _context_law(query.history, corpus) if query.history else None
    draft_word = bool(DRAFT.search(query.text))
    documents = tuple(d.slug for d in corpus.documents.values() if _names_document(query.text, d.slug, corpus))
    on, past = day_meant(query.text, query.on, month_named=draft_word or bool(documents))
    if (
        past
        and COMPARE.search(query.text)
        and on in {v.in_force_from for law in corpus.laws for v in corpus.versions(law)}
    ):
        on, past = query.on, False  # "what changed on 1 January 2026": the day of a new text, asked about today
    cited: list[CitedPlace] = []
    bare: list[str] = []
    for read in read_citations(query.text, corpus.names, context=context):
        mention = read
        if mention.law is None and mention.unknown_law is None:
            if not draft_word or "frt-draft" not in corpus.laws:
                bare.append(mention.article)
                continue
            mention = replace(mention, law="frt-draft", basis="inferred")
        if mention.law in corpus.records:
            continue
        cited.append(CitedPlace(mention, corpus.place(mention, on), query.text[mention.start : mention.end]))
    laws = _strong_laws(_asked_about(mentions, query.text) if past else mentions, query.text)
    draft = draft_word or "frt-draft" in laws or any(c.place and c.place.law == "frt-draft" for c in cited)
    return Understanding(
        query=query,
        text=text,
        on=on,
        past=past,
        cited=tuple(cited),
        bare=tuple(bare),
        laws=tuple(law for law in laws if law in corpus.laws and corpus.laws[law].binding),
        documents=documents,
        records=tuple(dict.fromkeys(m.slug for m in mentions if m.slug and m.slug in corpus.records)),
        draft=draft,
        comparison=bool(COMPARE.search(query.text)),
        formerly=bool(FORMERLY.search(query.text)),
        nowadays=bool(NOWADAYS.search(query.text)),
        old_number=bool(NUMBER_NOW.search(query.text) or OLD_NUMBER.search(query.text)),
        takes_for_granted=bool(TAKEN_FOR_GRANTED.search(query.text)),
        elsewhere=_asks_elsewhere(query.text),
        unknown_laws=tuple(
            dict.fromkeys(
                m.name for m in mentions if m.slug is None and not m.name.startswith("loi ") and not documents
            )
        ),
        unheld=tuple(
            found[0].strip()
            for found in UNHELD.finditer(query.text)
            if not any(m.slug and m.start < found.end() and m.end > found.start() for m in mentions)
        ),
        prediction=bool(PREDICTION.search(query.text)),
        vague=_is_vague(query, follows_up) and not laws and not cited and not documents and not draft,
        follows_up=follows_up,
    )


def _asks_elsewhere(text: str) -> bool:
    foreign = FOREIGN.search(text) and not DOMESTIC.search(text)
    return bool(foreign or PRODUCT.search(text))


def _asked_about(mentions: list[LawMention], text: str) -> list[LawMention]:
    """The mentions but those that only say that a law was not there yet."""
    spans = [found.span() for found in NOT_YET.finditer(text)]
    return [
        m
        for m in mentions
        if not any(start <= m.start and m.end <= end for start, end in spans) and not UNTIL.search(text[: m.start])
    ]


def _telling_words(query: Query) -> list[str]:
    """The tokens of a question but those that any question may have."""
    generic = _stems(GENERIC, CJK.search(query.text) is not None)
    return [t for t in tokens(query.text, query.language) if t not in generic]


def _leans_on_history(query: Query) -> bool:
    words = _telling_words(query)
    short = len(words) <= (6 if query.language == "zh" else 4)
    return bool(FOLLOW_UP.match(query.text)) or (short and bool(PRONOUN.search(query.text))) or len(words) <= 2


def _context_law(history: tuple[str, ...], corpus: Corpus) -> str | None:
    for text in reversed(history):
        named = [m.slug for m in law_mentions(text, corpus.names) if m.slug and not m.weak]
        cited = [c.law for c in read_citations(text, corpus.names) if c.law]
        if named or cited:
            return (cited or named)[-1]
    return None


def _strong_laws(mentions: list[LawMention], text: str) -> tuple[str, ...]:
    found = [m.slug for m in mentions if m.slug and not m.weak]
    weak = [
        m.slug
        for m in mentions
        if m.slug and m.weak and re.match(r"\s*(?:say|require|define|provide|规定|怎么说|要求)", text[m.end :])
    ]
    return tuple(dict.fromkeys([*found, *weak]))


_DOCUMENT_WORD = r"(?:memo(?:randum)?|document|note|file|article|paper|report|policy|文件|文档|备忘录|文章|报告|制度|mémo|rapport|politique)"


def _named_as_document(text: str, title: str) -> bool:
    """Whether a text names an added document by its title: in marks, or beside a word for a document. A title may be ordinary words."""
    name = re.escape(title)
    marked = rf"[“\"「『《«‘]\s*{name}\s*[”\"」』》»’]"
    return bool(
        re.search(rf"{marked}|{_DOCUMENT_WORD}\W{{0,3}}{name}|{name}\W{{0,3}}{_DOCUMENT_WORD}", text, re.IGNORECASE)
    )


@lru_cache(maxsize=256)
def _any_of(names: tuple[str, ...]) -> re.Pattern[str]:
    """Any of the names of a document, as a word of its own."""
    chinese = [rf"(?<!即时){re.escape(name)}" for name in names if CJK.search(name)]
    latin = [rf"(?<![A-Za-zÀ-ÿ]){re.escape(name)}(?![\w-])(?!\s*\d)" for name in names if not CJK.search(name)]
    return re.compile("|".join([*chinese, *latin]), re.IGNORECASE)


def _names_document(text: str, slug: str, corpus: Corpus) -> bool:
    document = corpus.documents[slug]
    aliases = [a for names in document.aliases.values() for a in names]
    aliases += [document.short.en, document.short.zh, document.short.fr]
    if corpus.is_local(slug):
        if _any_of((slug,)).search(text) or any(_named_as_document(text, alias) for alias in aliases):
            return True
    elif _any_of((*aliases, slug)).search(text):
        return True
    return slug == "ds-newsletter" and bool(
        re.search(r"(?<![a-z])newsletter(?![a-z])|lettre d['’]information|简报", text, re.IGNORECASE)
    )


def _is_vague(query: Query, follows_up: bool) -> bool:
    """Whether nothing in the question tells what it is about: it points, hints, or is made of words that any situation has."""
    if follows_up:
        return False
    if (
        THIS_LAW.search(query.text)
        and not SUBJECT.search(query.text)
        and len(query.text) <= MAX_POINTING[query.language]
    ):
        return True
    if query.language == "zh":
        telling = list(_situation_zh().sub("", query.text))
    else:
        situation = _stems(SITUATION, chinese=False)
        telling = [t for t in _telling_words(query) if not t.isdigit() and t not in situation]
    word = 2 if query.language == "zh" else 1
    points = POINTS.search(query.text) and not SUBJECT.search(query.text)
    bare = len(query.text) <= (4 if query.language == "zh" else 18) or not ASKS.search(query.text)
    hints = HINTS.search(query.text) or (bare and len(query.text.split()) <= 4)
    return len(telling) <= word * (4 if points else 1 if hints else 0)


@lru_cache(maxsize=1)
def _situation_zh() -> re.Pattern[str]:
    """What a Chinese question is made of that tells nothing: words of any situation, figures, marks."""
    words = sorted((w for w in SITUATION | GENERIC if CJK.search(w)), key=len, reverse=True)
    return re.compile("|".join([*map(re.escape, words), r"[^\u3400-\u9fffA-Za-z]"]))
