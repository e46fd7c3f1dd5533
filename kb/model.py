"""The vocabulary of the project: frozen records without behaviour beyond their own invariants.

This module imports nothing of ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal, get_args

Language = Literal["en", "zh", "fr"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

Kind = Literal["law", "regulation", "departmental_rule", "judicial_interpretation", "draft", "document"]
Standing = Literal["in_force", "not_yet_in_force", "amended", "repealed", "draft", "commentary"]
Role = Literal["authority", "history", "commentary"]
CheckKind = Literal["exists", "in_force", "retrieved", "verbatim", "numbers", "modality", "supported"]
NoteKind = Literal["superseded", "renumbered", "amended", "overtaken", "premise", "scope"]
RefusalKind = Literal["out_of_scope", "no_such_provision", "not_in_corpus", "prediction", "too_vague"]
Outcome = Literal["answered", "refused"]

_PROVISION = re.compile(
    r"(?P<law>[a-z][a-z0-9-]*)(?:@(?P<version>\d{4}-\d{2}-\d{2}))?/art_(?P<article>\d+(?:-\d+)?)"
    r"(?:__para_(?P<paragraph>[1-9]\d*))?(?:__item_(?P<item>[1-9]\d*))?"
)
_PASSAGE = re.compile(r"(?P<document>[a-z][a-z0-9-]*)/sec_(?P<section>[1-9]\d*)(?:__para_(?P<paragraph>[1-9]\d*))?")


@dataclass(frozen=True, slots=True)
class Trilingual:
    """One editorial text in the three languages of the interface."""

    en: str
    zh: str
    fr: str

    def __getitem__(self, language: Language) -> str:
        return {"en": self.en, "zh": self.zh, "fr": self.fr}[language]


@dataclass(frozen=True, slots=True, order=True)
class ProvisionId:
    """A place in a law: article, paragraph (款) and item (项), after Akoma Ntoso.

    `version` is the date from which that text is in force, as ISO text; None means "whichever stands on the date".
    `paragraph` is None for a whole article and for the only paragraph of an article.
    `article` is text because inserted articles are numbered 253-1 (第二百五十三条之一).
    """

    law: str
    version: str | None
    article: str
    paragraph: int | None = None
    item: int | None = None

    @classmethod
    def parse(cls, text: str) -> ProvisionId:
        """Read `pipl@2021-11-01/art_28__para_2`; ValueError names the text that does not fit."""
        found = _PROVISION.fullmatch(text.strip())
        if not found:
            raise ValueError(f"{text!r} is not a provision id; write e.g. pipl@2021-11-01/art_28__para_2")
        paragraph, item = found["paragraph"], found["item"]
        return cls(
            found["law"],
            found["version"],
            found["article"],
            int(paragraph) if paragraph else None,
            int(item) if item else None,
        )

    def __str__(self) -> str:
        version = f"@{self.version}" if self.version else ""
        paragraph = f"__para_{self.paragraph}" if self.paragraph else ""
        item = f"__item_{self.item}" if self.item else ""
        return f"{self.law}{version}/art_{self.article}{paragraph}{item}"

    @property
    def whole_article(self) -> ProvisionId:
        return ProvisionId(self.law, self.version, self.article)


@dataclass(frozen=True, slots=True, order=True)
class PassageId:
    """A place in a source document: section and paragraph within it."""

    document: str
    section: int
    paragraph: int | None = None

    @classmethod
    def parse(cls, text: str) -> PassageId:
        """Read `ds-newsletter/sec_3__para_2`; ValueError names the text that does not fit."""
        found = _PASSAGE.fullmatch(text.strip())
        if not found:
            raise ValueError(f"{text!r} is not a passage id; write e.g. ds-newsletter/sec_3__para_2")
        paragraph = found["paragraph"]
        return cls(found["document"], int(found["section"]), int(paragraph) if paragraph else None)

    def __str__(self) -> str:
        paragraph = f"__para_{self.paragraph}" if self.paragraph else ""
        return f"{self.document}/sec_{self.section}{paragraph}"


SourceId = ProvisionId | PassageId


def parse_source_id(text: str) -> SourceId:
    """A provision id or a passage id; ValueError where it is neither."""
    return PassageId.parse(text) if "/sec_" in text else ProvisionId.parse(text)


@dataclass(frozen=True, slots=True)
class Law:
    """A work: what the instrument is, in all its versions. `rank` orders sources, 1 first."""

    slug: str
    title: Trilingual
    short: Trilingual
    aliases: Mapping[Language, tuple[str, ...]]
    kind: Kind
    issuer: Trilingual
    rank: int
    binding: bool
    url: str


@dataclass(frozen=True, slots=True)
class Version:
    """One text of a law, in force over the half-open interval [in_force_from, in_force_until).

    Only starts are stored in the corpus; `in_force_until` is derived from the next version (None: still open).
    `articles` lists every article number of the version in order, `gaps` those whose text is not held, with the reason,
    `partial` those with missing words, `inferred_numbers` those whose number is inferred.
    `text_sha256` covers the English and Chinese text held.
    """

    law: str
    in_force_from: date
    in_force_until: date | None
    adopted_on: date | None
    promulgated_on: date | None
    document_no: str | None
    source_url: str
    retrieved_on: date
    completeness: Literal["full", "partial"]
    articles: tuple[str, ...]
    gaps: Mapping[str, str]
    partial: Mapping[str, str]
    inferred_numbers: tuple[str, ...]
    text_sha256: str

    @property
    def key(self) -> str:
        return self.in_force_from.isoformat()


@dataclass(frozen=True, slots=True)
class Line:
    """One paragraph or one item of an article, in both languages (None: not held in that language)."""

    paragraph: int
    item: int | None
    en: str | None
    zh: str | None

    def text(self, language: Literal["en", "zh"]) -> str | None:
        return self.en if language == "en" else self.zh


@dataclass(frozen=True, slots=True)
class Provision:
    """The text at a provision id, with what the guide says of its article.

    `lines` are in the order of the law. `heading`, `gist` and `asks` are editorial, never law; None where no guide is.
    """

    id: ProvisionId
    chapter: str | None
    lines: tuple[Line, ...]
    heading: Trilingual | None = None
    gist: Trilingual | None = None
    asks: Mapping[Language, tuple[str, ...]] = field(default_factory=dict)

    def text(self, language: Literal["en", "zh"]) -> str | None:
        """The lines joined by newlines, or None where the text is not held in that language."""
        texts = [line.text(language) for line in self.lines]
        return "\n".join(t for t in texts if t is not None) if texts and None not in texts else None

    @property
    def text_en(self) -> str | None:
        return self.text("en")

    @property
    def text_zh(self) -> str | None:
        return self.text("zh")


@dataclass(frozen=True, slots=True)
class Passage:
    """One paragraph, bullet or table row of a source document."""

    id: PassageId
    section: str
    text: str


@dataclass(frozen=True, slots=True)
class Document:
    """A source document: secondary, dated, never law."""

    slug: str
    title: Trilingual
    short: Trilingual
    aliases: Mapping[Language, tuple[str, ...]]
    author: str
    published_from: date
    published_to: date
    passages: tuple[Passage, ...]


@dataclass(frozen=True, slots=True)
class DocumentNote:
    """Where a passage of a document is overtaken, renumbered or mistaken, and which provisions decide."""

    at: PassageId
    kind: Literal["renumbered", "overtaken", "mistaken"]
    message: Trilingual
    decided_by: tuple[ProvisionId, ...]
    source: str | None = None


@dataclass(frozen=True, slots=True)
class ScenarioStep:
    id: ProvisionId
    why: Trilingual


@dataclass(frozen=True, slots=True)
class Scenario:
    """What people ask most: provisions in the order in which a lawyer takes them. States no law itself."""

    name: str
    title: Trilingual
    suggestion: Trilingual
    asks: Mapping[Language, tuple[str, ...]]
    steps: tuple[ScenarioStep, ...]


@dataclass(frozen=True, slots=True)
class Query:
    """A question put on a date. `history` holds the earlier questions of the same conversation, oldest first."""

    text: str
    on: date
    language: Language
    history: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """A provision or passage found for a query. Ranks are 1-based; None: not in that list.

    `id` is the narrowest place that matched (article, paragraph or item), `score` the fused score (higher is better),
    `similarity` the best cosine of any of its units with the question.
    """

    id: SourceId
    score: float
    dense_rank: int | None
    bm25_rank: int | None
    cited: bool
    similarity: float = 0.0


@dataclass(frozen=True, slots=True)
class Check:
    kind: CheckKind
    passed: bool
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """One point of an answer. `text` is plain words, `quote` the words relied on, `citation` indexes the citations."""

    text: str
    quote: str
    quote_language: Literal["en", "zh"]
    citation: int
    checks: tuple[Check, ...] = ()


@dataclass(frozen=True, slots=True)
class Citation:
    """A place relied on, with its standing on the date of the answer. `start`, `end` locate the quote in its text."""

    id: SourceId
    label: str
    label_zh: str
    standing: Standing
    role: Role
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Note:
    """What the reader must know besides the claims: superseded, renumbered, overtaken, a wrong premise, scope."""

    kind: NoteKind
    message: str
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    kind: RefusalKind
    message: str


@dataclass(frozen=True, slots=True)
class Draft:
    """What a generator proposes: nothing of it is shown before it is verified."""

    claims: tuple[Claim, ...]
    citations: tuple[Citation, ...]
    notes: tuple[Note, ...] = ()
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What the reader gets. `withheld` holds the claims that failed a check; they are never part of `text`."""

    query: Query
    outcome: Outcome
    refusal: Refusal | None
    text: str
    claims: tuple[Claim, ...]
    citations: tuple[Citation, ...]
    notes: tuple[Note, ...]
    withheld: tuple[Claim, ...]
    provenance: Mapping[str, str]
    timing_ms: Mapping[str, float]

    def to_json(self, id: str | None = None) -> dict[str, Any]:
        """The published record of one answer (the shape is fixed; other programs read it)."""
        return {
            "id": id,
            "question": self.query.text,
            "on": self.query.on.isoformat(),
            "language": self.query.language,
            "outcome": self.outcome,
            "refusal": {"kind": self.refusal.kind, "message": self.refusal.message} if self.refusal else None,
            "text": self.text,
            "claims": [
                {
                    "text": c.text,
                    "quote": c.quote,
                    "quote_language": c.quote_language,
                    "citation": c.citation,
                    "checks": [{"kind": k.kind, "passed": k.passed, "detail": k.detail} for k in c.checks],
                }
                for c in self.claims
            ],
            "citations": [citation_json(c) for c in self.citations],
            "notes": [{"kind": n.kind, "message": n.message, "id": n.id} for n in self.notes],
            "provenance": dict(self.provenance),
            "timing_ms": dict(self.timing_ms),
        }


def citation_json(citation: Citation) -> dict[str, Any]:
    """A citation as published; a document's has `article` null and `section` set."""
    place = citation.id
    record: dict[str, Any] = {"id": str(place)}
    if isinstance(place, PassageId):
        record |= {"law": place.document, "version": None, "article": None, "section": place.section}
        record |= {"paragraph": place.paragraph, "item": None}
    else:
        record |= {"law": place.law, "version": place.version, "article": place.article}
        record |= {"paragraph": place.paragraph, "item": place.item}
    return record | {
        "label": citation.label,
        "label_zh": citation.label_zh,
        "standing": citation.standing,
        "role": citation.role,
    }


def article_sort_key(article: str) -> tuple[int, int]:
    """Order of article numbers: 253 < 253-1 < 254."""
    number, _, inserted = article.partition("-")
    return int(number), int(inserted or 0)


def article_range(text: str) -> Iterator[str]:
    """Expand "111, 989-1039" to article numbers; ValueError on anything else.

    Inserted articles (253-1) are told from ranges by their second number being smaller than the first.
    """
    for part in str(text).split(","):
        piece = part.strip()
        found = re.fullmatch(r"(\d+)(?:\s*[-–]\s*(\d+))?", piece)
        if not found:
            raise ValueError(f"{piece!r} is neither an article number nor a range such as 989-1039")
        first, last = int(found[1]), found[2]
        if last is None:
            yield str(first)
        elif int(last) < first:
            yield f"{first}-{last}"
        else:
            yield from (str(n) for n in range(first, int(last) + 1))
