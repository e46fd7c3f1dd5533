"""What a claim must pass before anybody sees it. Pure functions: a claim, its citation, the corpus, what was retrieved."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import date

from kb.corpus import Corpus
from kb.errors import BadInput
from kb.ids import FactId, PassageId, ProvisionId, SourceId
from kb.model import Check, Citation, Claim, Draft
from kb.quantities import quantities
from kb.text import find_quote


def verify_draft(
    draft: Draft, corpus: Corpus, on: date, retrieved: Collection[SourceId]
) -> tuple[tuple[Claim, ...], tuple[Claim, ...]]:
    """Every claim with its checks: those that passed all of them, and those withheld."""
    shown: list[Claim] = []
    withheld: list[Claim] = []
    for claim in draft.claims:
        checked = replace(claim, checks=check_claim(claim, draft.citations, corpus, on, retrieved))
        (shown if all(c.passed for c in checked.checks) else withheld).append(checked)
    return tuple(shown), tuple(withheld)


def check_claim(
    claim: Claim, citations: tuple[Citation, ...], corpus: Corpus, on: date, retrieved: Collection[SourceId]
) -> tuple[Check, ...]:
    """All checks of one claim, in a fixed order. Where the place does not exist the others cannot be made and fail."""
    if not 0 <= claim.citation < len(citations):
        return (Check("exists", False, "the claim cites nothing"),)
    citation = citations[claim.citation]
    exists = check_exists(citation, corpus)
    if not exists.passed:
        return (exists,)
    return (
        exists,
        check_in_force(citation, corpus, on),
        check_retrieved(citation, retrieved),
        check_verbatim(claim, citation, corpus),
        check_numbers(claim, citation, corpus),
    )


def source_text(place: SourceId, corpus: Corpus, language: str) -> str | None:
    """The text at a place, in a language; None where it is not held. BadInput where there is no such place."""
    if isinstance(place, PassageId):
        return corpus.passage(place).text if language == "en" else None
    if isinstance(place, FactId):
        return corpus.fact(place).text["zh" if language == "zh" else "en"]
    return corpus.provision(place).text("zh" if language == "zh" else "en")


def check_exists(citation: Citation, corpus: Corpus) -> Check:
    """The place cited is held in the corpus."""
    try:
        source_text(citation.id, corpus, "en")
    except (BadInput, ValueError) as error:
        return Check("exists", False, str(error))
    return Check("exists", True)


def check_in_force(citation: Citation, corpus: Corpus, on: date) -> Check:
    """The citation says how its place stands on the date, and only law in force that day is authority."""
    standing, role = corpus.standing(citation.id, on), corpus.role(citation.id, on)
    if citation.standing != standing:
        return Check("in_force", False, f"{citation.id} is {standing} on {on}, not {citation.standing}")
    if citation.role != role:
        return Check("in_force", False, f"{citation.id} can only be {role} on {on}, not {citation.role}")
    return Check("in_force", True, f"{standing} on {on}")


def check_retrieved(citation: Citation, retrieved: Collection[SourceId]) -> Check:
    """The place was among what the question cited or the search found, not made up afterwards."""
    place = citation.id.whole_article if isinstance(citation.id, ProvisionId) else citation.id
    found = {p.whole_article if isinstance(p, ProvisionId) else p for p in retrieved}
    return Check("retrieved", place in found, "" if place in found else f"{place} was not retrieved")


def check_verbatim(claim: Claim, citation: Citation, corpus: Corpus) -> Check:
    """The quote stands in the text of that place and version, word for word, at the offsets that the citation gives."""
    text = source_text(citation.id, corpus, claim.quote_language)
    if text is None:
        return Check("verbatim", False, f"{citation.id} is not held in {claim.quote_language}")
    if text[citation.start : citation.end] == claim.quote and claim.quote:
        return Check("verbatim", True, f"characters {citation.start}–{citation.end}")
    span = find_quote(claim.quote, text)
    if span is None:
        return Check("verbatim", False, f"these words do not stand in {citation.id}")
    return Check("verbatim", False, f"the words stand at {span[0]}–{span[1]}, not {citation.start}–{citation.end}")


def check_numbers(claim: Claim, citation: Citation, corpus: Corpus) -> Check:
    """Every number, date and amount that the claim states in plain words stands in the article (or passage) cited."""
    place = citation.id.whole_article if isinstance(citation.id, ProvisionId) else citation.id
    texts = [source_text(place, corpus, language) for language in ("en", "zh")]
    held = frozenset(q for text in texts if text for q in quantities(text))
    if isinstance(place, ProvisionId) and citation.role != "authority":
        version = corpus.version(place.law, place.version or "")
        ends = version.in_force_until
        held |= quantities(ends.isoformat()) if ends else frozenset()
    extra = quantities(claim.text) - held
    if extra:
        return Check("numbers", False, f"not in {place}: {', '.join(str(q) for q in sorted(extra))}")
    return Check("numbers", True)
