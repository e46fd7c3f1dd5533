"""Between the plan of an answer and a chat model: what it is shown, and its claims as a draft for the gate."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Literal

from kb.chat import ChatModel, ReplyClaim
from kb.citation import read_citations
from kb.corpus import Corpus
from kb.errors import ChatError
from kb.ids import ProvisionId, SourceId, parse_source_id
from kb.model import Citation, Claim, Draft, Language, Query
from kb.planned import Plan
from kb.quantities import bare_figures, quantities
from kb.text import find_quote
from kb.understand import Understanding
from kb.verify import check_exists, source_text

MAX_SOURCES = 10
MAX_SOURCE_CHARS = 2_400
MAX_SOURCES_CHARS = 16_000
_STANDINGS = {
    "in_force": "in force",
    "not_yet_in_force": "not yet in force",
    "amended": "former text, no longer in force",
    "repealed": "repealed",
    "draft": "draft that never came into force",
    "commentary": "commentary, not law",
}


def sources(plan: Plan, corpus: Corpus, on: date) -> list[SourceId]:
    """The places a chat model may rely on: those that the plan quotes, then the next that were found, bounded in number."""
    material = plan.material
    chosen: list[SourceId] = [*material.facts, *material.authorities, *material.history]
    chosen += [*material.closing_facts, *material.passages]
    whole = [place.whole_article if isinstance(place, ProvisionId) else place for place in chosen]
    found = [hit.id.whole_article if isinstance(hit.id, ProvisionId) else hit.id for hit in plan.hits]
    wider = [place for place in found if corpus.role(place, on) == "authority" or place in whole]
    return list(dict.fromkeys([*whole, *wider]))[:MAX_SOURCES]


def question_record(
    query: Query, understanding: Understanding, places: Sequence[SourceId], corpus: Corpus
) -> dict[str, Any]:
    """What the chat model is sent: the question, the day, the language, the sources with their words. Nothing else leaves."""
    records: list[dict[str, Any]] = []
    budget = MAX_SOURCES_CHARS
    for place in places:
        texts = {held: source_text(place, corpus, held) for held in ("en", "zh")}
        kept = {held: text[:MAX_SOURCE_CHARS] for held, text in texts.items() if text}
        size = sum(len(text) for text in kept.values())
        if records and size > budget:
            continue
        budget -= size
        standing = _STANDINGS[corpus.standing(place, understanding.on)]
        records.append({"id": str(place), "label": corpus.label(place, "en"), "standing": standing, **kept})
    return {
        "question": understanding.read_as,
        "on": understanding.on.isoformat(),
        "language": query.language,
        "sources": records,
    }


def draft_of(claims: Iterable[ReplyClaim], corpus: Corpus, on: date, language: Language, base: Draft) -> Draft:
    """The claims of a reply as a draft, with the notes of the quoting draft `base`. Nothing is judged here but what can be parsed.

    A claim whose place is no id at all cites nothing (-1), which the gate withholds.
    """
    drafted: list[Claim] = []
    citations: list[Citation] = []
    for claim in dict.fromkeys(claims):
        place = _place(claim.place, corpus, on)
        text = " ".join(claim.text.split())
        if place is None:
            drafted.append(Claim(text, claim.quote, "en", -1))
            continue
        cited, quote, held = _cited(place, claim.quote, corpus, on, language)
        drafted.append(Claim(text, quote, held, len(citations)))
        citations.append(cited)
    return Draft(tuple(drafted), tuple(citations), base.notes)


def _place(written: str, corpus: Corpus, on: date) -> SourceId | None:
    """The id as the model wrote it; one without a version means the text that stands on the day."""
    try:
        place = parse_source_id(written)
    except ValueError:
        return None
    if isinstance(place, ProvisionId) and place.version is None:
        version = corpus.in_force(place.law, on) if place.law in corpus.laws else None
        return replace(place, version=version.key) if version else None
    return place


def _cited(
    place: SourceId, words: str, corpus: Corpus, on: date, language: Language
) -> tuple[Citation, str, Literal["en", "zh"]]:
    """The citation, the words as the corpus has them, and their language; words that do not stand there stay as they are."""
    unknown = Citation(place, str(place), str(place), "in_force", "authority", 0, 0)
    if not check_exists(unknown, corpus).passed:
        return unknown, words, "en"
    if isinstance(place, ProvisionId):
        place = corpus.provision(place).id
    label = corpus.label(place, "fr" if language == "fr" else "en")
    cited = Citation(place, label, corpus.label(place, "zh"), corpus.standing(place, on), corpus.role(place, on), 0, 0)
    held: tuple[Literal["en", "zh"], ...] = ("zh", "en") if language == "zh" else ("en", "zh")
    for code in held:
        text = source_text(place, corpus, code) or ""
        span = find_quote(words, text)
        if span:
            return replace(cited, start=span[0], end=span[1]), text[span[0] : span[1]], code
    return cited, words, "en"


# ------------------------------------------------------------------ follow-up questions


def standalone(query: Query, chat: ChatModel, corpus: Corpus) -> str | None:
    """A follow-up as the model puts it; None where it failed, or brought in a citation or a figure that nobody had named."""
    try:
        text = chat.standalone(query.history, query.text)
    except ChatError:
        return None
    said = " ".join((*query.history, query.text))
    new_figures = (quantities(text) - quantities(said)) or (bare_figures(text) - bare_figures(said))
    cited_before = {m.article for m in read_citations(said, corpus.names)}
    new_places = [m for m in read_citations(text, corpus.names) if m.article not in cited_before]
    return None if new_figures or new_places else text
