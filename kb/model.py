"""The vocabulary of the project: frozen records without behaviour beyond their own invariants.

This module imports only the names of places.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, get_args

from kb.ids import FactId, PassageId, ProvisionId, SourceId

Language = Literal["en", "zh", "fr"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

Kind = Literal["law", "regulation", "departmental_rule", "judicial_interpretation", "draft", "document"]
Standing = Literal["in_force", "not_yet_in_force", "amended", "repealed", "draft", "commentary"]
Role = Literal["authority", "history", "commentary"]
CheckKind = Literal["exists", "in_force", "retrieved", "verbatim", "numbers", "modality", "supported"]
NoteKind = Literal["superseded", "renumbered", "amended", "overtaken", "premise", "scope"]
RefusalKind = Literal["out_of_scope", "no_such_provision", "not_in_corpus", "prediction", "too_vague"]
Outcome = Literal["answered", "refused"]
RecordKind = Literal[
    "law",
    "regulation",
    "departmental_rule",
    "circular",
    "notice",
    "standard",
    "case",
    "foreign_decision",
    "practice",
]
RecordStatus = Literal["current", "amended", "replaced", "abolished", "never_in_force", "concluded", "unknown"]
Topic = Literal["identity", "dates", "status", "content", "outcome", "documents", "correction"]
Grade = Literal["A", "A-", "B", "B-", "C", "C-"]
Verdict = Literal[
    "VERIFIED",
    "QUOTE_MISMATCH",
    "ARTICLE_NOT_FOUND",
    "NOT_IN_CORPUS",
    "AMENDED",
    "RENUMBERED",
    "REPEALED",
    "DRAFT",
    "AMBIGUOUS",
    "UNCHECKED",
]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)


@dataclass(frozen=True, slots=True)
class Trilingual:
    """One editorial text in the three languages of the interface."""

    en: str
    zh: str
    fr: str

    def __getitem__(self, language: Language) -> str:
        return {"en": self.en, "zh": self.zh, "fr": self.fr}[language]


@dataclass(frozen=True, slots=True)
class Law:
    """A work: what the instrument is, in all its versions. `rank` orders sources, 1 first.

    `earlier_texts` says whether the law stood before the first version held, in texts that are not held.
    """

    slug: str
    title: Trilingual
    short: Trilingual
    aliases: Mapping[Language, tuple[str, ...]]
    kind: Kind
    issuer: Trilingual
    rank: int
    binding: bool
    url: str
    earlier_texts: Literal["none", "not_held"] = "none"


@dataclass(frozen=True, slots=True)
class Version:
    """One text of a law, in force over the half-open interval [in_force_from, in_force_until).

    Only starts are stored in the corpus; `in_force_until` is derived from the next version (None: still open).
    `articles` lists every article number of the version in order, `gaps` those whose text is not held, with the reason,
    `partial` those with missing words, `evidence` says what the text was read in, `inferred_numbers` those whose number is inferred.
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
    evidence: str
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
class Fact:
    """One thing known of an instrument whose text is not held, with the grade of its evidence (A best)."""

    id: FactId
    topic: Topic
    grade: Grade
    text: Trilingual


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of an instrument, standard, circular, decision or case whose text is not held.

    `described_as` are words that point at it without naming it; `replaced_by` is the slug of a law or of a record,
    `since` the day from which there is something to know of it.
    """

    slug: str
    title: Trilingual
    short: Trilingual
    aliases: Mapping[Language, tuple[str, ...]]
    described_as: tuple[str, ...]
    kind: RecordKind
    issuer: Trilingual
    number: str | None
    status: RecordStatus
    replaced_by: str | None
    source_url: str | None
    read_in: str
    grade: Grade
    facts: tuple[Fact, ...]
    since: date | None
    cited_at: tuple[PassageId, ...]
    related: tuple[ProvisionId, ...]
    asks: Mapping[Language, tuple[str, ...]]


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
class Misconception:
    """A common mistaken belief, how people let it slip into a question, and the provisions that show that it is wrong.

    `belief` is a false statement: it is shown as a mistake or not at all.
    """

    name: str
    belief: Trilingual
    said: Mapping[Language, tuple[str, ...]]
    provisions: tuple[ProvisionId, ...]


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


@dataclass(frozen=True, slots=True)
class Quotation:
    """Words that a text puts in quotation marks and ascribes to a citation; [start, end) are those words in the text.

    `found` says whether they stand there, word for word; None where they could not be compared.
    """

    text: str
    start: int
    end: int
    found: bool | None


DiffPart = tuple[Literal["=", "-", "+"], str]
"""A stretch of words that both have, that only the quotation has (-), or that only the provision has (+)."""


@dataclass(frozen=True, slots=True)
class CheckedCitation:
    """One citation of a text with its verdict (see docs/checker.md). [start, end) is the citation in the text checked.

    `id` is the place cited (a record's slug for an instrument known by its record; None where no such place is held), `law`
    the slug of the instrument or record, `today` the place where the rule stands on the date. `detail` is one sentence or two
    in the language asked for. `diff` compares the words quoted with the nearest words held, as a hint.
    """

    text: str
    start: int
    end: int
    id: str | None
    law: str | None
    article: str | None
    paragraph: int | None
    item: int | None
    verdict: Verdict
    detail: str
    today: ProvisionId | None
    quotes: tuple[Quotation, ...] = ()
    diff: tuple[DiffPart, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckReport:
    """Every citation of a text, in order, checked against the law as it stands `on` a date."""

    text: str
    on: date
    written: date | None
    citations: tuple[CheckedCitation, ...]
