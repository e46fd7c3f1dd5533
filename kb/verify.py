"""What a claim must pass before anybody sees it. Pure functions: a claim, its citation, the corpus, what was retrieved, a measure of support.

The editors' own lines (the gist of the article cited, fixed phrases) are known to the corpus. Any other statement, such as a chat
model's, is compared with the words that it cites: the names and the force of its clauses by rule, the rest by the measure.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date
from functools import lru_cache
from typing import Literal, Protocol

from rapidfuzz.fuzz import ratio
from rapidfuzz.process import extractOne

from kb.citation import read_citations
from kb.corpus import Corpus
from kb.errors import BadInput
from kb.ids import FactId, PassageId, ProvisionId, SourceId
from kb.modality import conflict, groundless, same_but_for_force
from kb.model import LANGUAGES, Check, Citation, Claim, Draft, Language
from kb.names import Name, law_mentions
from kb.phrases import say
from kb.premise import premise
from kb.quantities import quantities
from kb.text import detect_language, find_quote, sentences
from kb.wording import Likeness, likeness, lost_exception, rewritten, turned_round, unknown_body

MAX_CLAIM_CHARS = 700
"""A statement longer than this is not one statement."""
ITEM = re.compile(r"^\s*(?:[(（](?:\d{1,2}|[一二三四五六七八九十]{1,3})[)）]|\d{1,2}[.)、])\s*\S")
"""How an item of a list begins; alone it states nothing."""
_MARKUP = re.compile(r"<\s*[/!]?\s*[A-Za-z][^<>]*>")
CUT_OFF, ENDS = 200, ".!。！;；:：…)）”」»\"'’"
"""A statement of so many letters that ends with none of these marks was cut off: what follows may change it."""
SENTENCE_LETTERS = {"en": 40, "zh": 12}
"""A shorter sentence may well stand in several laws."""
REPEATED, NOT_REPEATED = 95.0, 85.0
"""From the one likeness (per cent of letters) on, a statement repeats a sentence; below the other, it does not."""


class Measure(Protocol):
    """How far a premise bears a statement out: 0 to 1 a pair (statement, premise)."""

    def needed(self, likeness: Likeness) -> float:
        """The score that a statement must have; it may depend on how its wording is to that of the premise."""
        ...

    def scores(self, pairs: Sequence[tuple[str, str]]) -> list[float]: ...


def verify_draft(
    draft: Draft, corpus: Corpus, on: date, retrieved: Collection[SourceId], support: Measure | None = None
) -> tuple[tuple[Claim, ...], tuple[Claim, ...]]:
    """Every claim with its checks: those that passed all of them, and those withheld.

    Without a measure of `support` only the editors' own lines can pass.
    """
    if support:  # all at once: the measure keeps its scores
        support.scores([pair for claim in draft.claims if (pair := measured_pair(claim, draft.citations, corpus))])
    shown: list[Claim] = []
    withheld: list[Claim] = []
    for claim in draft.claims:
        checked = replace(claim, checks=check_claim(claim, draft.citations, corpus, on, retrieved, support))
        (shown if all(c.passed for c in checked.checks) else withheld).append(checked)
    return tuple(shown), tuple(withheld)


def check_claim(
    claim: Claim,
    citations: tuple[Citation, ...],
    corpus: Corpus,
    on: date,
    retrieved: Collection[SourceId],
    support: Measure | None = None,
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
        check_in_force(claim, citation, corpus, on),
        check_retrieved(citation, retrieved),
        check_verbatim(claim, citation, corpus),
        check_numbers(claim, citation, corpus),
        check_modality(claim, citation, corpus),
        check_supported(claim, citation, corpus, support),
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


_SAYS_PAST = re.compile(
    r"\bdraft\b|\bproposed\b|\bwould have\b|\bformer(?:ly)?\b|\bearlier\b|\bold\b|\buntil\b|\bbefore 20\d\d\b|\bno longer\b|\bused to\b|\b20(?:16|17|23)\b"
    r"|\bprojet\b|\banci(?:en|enne|ennement)\b|\bjusqu['’]|\bn['’]est plus\b|\bauparavant\b"
    r"|草案|征求意见稿|意见稿|原[法条文规第来]|旧|当时|曾|此前|修[订改正]前|20(?:16|17|23)年",
    re.IGNORECASE,
)


def check_in_force(claim: Claim, citation: Citation, corpus: Corpus, on: date) -> Check:
    """The citation says how its place stands on the date, only law in force that day is authority, and a statement on another
    text says in its own words that it is not of today."""
    standing, role = corpus.standing(citation.id, on), corpus.role(citation.id, on)
    if citation.standing != standing:
        return Check("in_force", False, f"{citation.id} is {standing} on {on}, not {citation.standing}")
    if citation.role != role:
        return Check("in_force", False, f"{citation.id} can only be {role} on {on}, not {citation.role}")
    if role == "history" and not is_editorial(claim, citation, corpus) and not _SAYS_PAST.search(claim.text):
        return Check("in_force", False, f"{citation.id} is {standing} on {on}, and the statement does not say so")
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


# ------------------------------------------------------------------ what the words say


def is_editorial(claim: Claim, citation: Citation, corpus: Corpus) -> bool:
    """Whether the text of a claim is a line of this corpus about the place: the gist of the article, or a fixed phrase."""
    place = citation.id
    if isinstance(place, PassageId):
        return claim.text in {say("document_says", language) for language in LANGUAGES}
    if isinstance(place, FactId):
        fact = corpus.fact(place)
        leads = {say(key, x, grade=fact.grade) for key in ("record_fact", "record_more") for x in LANGUAGES}
        return claim.text.removesuffix(fact.text.fr).rstrip() in leads
    gist = corpus.provision(place.whole_article).gist
    lines = {say(key, language) for key in ("says", "adds") for language in LANGUAGES}
    return claim.text in lines | ({gist[language] for language in LANGUAGES} if gist else set())


def check_modality(claim: Claim, citation: Citation, corpus: Corpus) -> Check:
    """A statement that follows the words of the provision keeps its shall, shall not, may and need not, its denials, its exceptions."""
    if is_editorial(claim, citation, corpus):
        return Check("modality", True)
    language, words = _compared_with(claim, citation, corpus)
    lost = lost_exception(claim.text, words, language) if isinstance(citation.id, ProvisionId) else None
    if lost:
        return Check("modality", False, f"{citation.id} has an exception (“{lost}”) that the statement leaves out")
    free = groundless(claim.text, _both_texts(citation.id, corpus) + words, language)
    if free:
        return Check("modality", False, f"nothing in {citation.id} has the force of “{free.mark}”")
    text = source_text(citation.id, corpus, language)
    if text is None or language == "fr":
        return Check("modality", True)
    if turned_round(claim.text, text, language):
        return Check("modality", False, f"{citation.id} denies where the statement affirms, or the other way round")
    found = conflict(claim.text, text, language) or same_but_for_force(claim.text, text, language)
    if found is None:
        return Check("modality", True)
    return Check(
        "modality", False, f"{citation.id} has “{found.held.mark}” where the statement has “{found.stated.mark}”"
    )


def measured_pair(claim: Claim, citations: tuple[Citation, ...], corpus: Corpus) -> tuple[str, str] | None:
    """The statement and the words it rests on, where they have to be measured; None for an editors' line or no such place."""
    if not 0 <= claim.citation < len(citations):
        return None
    citation = citations[claim.citation]
    if not check_exists(citation, corpus).passed or is_editorial(claim, citation, corpus):
        return None
    return claim.text, _compared_with(claim, citation, corpus)[1]


def _compared_with(claim: Claim, citation: Citation, corpus: Corpus) -> tuple[Language, str]:
    """The language of a statement, and the words of its place that it is compared with."""
    language = detect_language(claim.text)
    return language, premise(_relied_on(claim, citation, corpus), claim.text, language, corpus)


def _relied_on(claim: Claim, citation: Citation, corpus: Corpus) -> SourceId:
    """Of an article cited whole, the paragraph in which the quoted words stand; the place cited where they stand in none, or in several."""
    place = citation.id
    if not isinstance(place, ProvisionId) or place != place.whole_article or not claim.quote.strip():
        return place
    numbers = sorted({line.paragraph for line in corpus.provision(place).lines})
    paragraphs = [corpus.provision(replace(place, paragraph=number)) for number in numbers]
    holding = [p.id for p in paragraphs if claim.quote in (p.text(claim.quote_language) or "")]
    return holding[0] if len(holding) == 1 else place


def check_supported(claim: Claim, citation: Citation, corpus: Corpus, support: Measure | None) -> Check:
    """The words cited bear the statement out, and it names no other place or instrument than they do."""
    if is_editorial(claim, citation, corpus):
        return Check("supported", True, "a line of the editors about this place")
    if not claim.text.strip() or len(claim.text) > MAX_CLAIM_CHARS:
        return Check("supported", False, f"a statement has 1 to {MAX_CLAIM_CHARS} characters")
    other = _names_another(claim.text, citation, corpus) or _body_not_there(claim.text, citation, corpus)
    if other:
        return Check("supported", False, f"the statement names {other}, but cites {citation.id}")
    if "?" in claim.text or "？" in claim.text:
        return Check("supported", False, "a question is no statement")
    if _MARKUP.search(claim.text):
        return Check("supported", False, "markup is no statement")
    if len(claim.text) >= CUT_OFF and claim.text.rstrip()[-1] not in ENDS:
        return Check("supported", False, "the statement is cut off in the middle of a sentence")
    if ITEM.match(claim.text):
        return Check("supported", False, "an item of a list is no statement: what the list is of is missing")
    elsewhere = _words_of_another(claim.text, citation, corpus)
    if elsewhere:
        return Check("supported", False, f"these are words of {elsewhere}, not of {citation.id}")
    swapped = rewritten(claim.text, _both_texts(citation.id, corpus))
    if swapped:
        return Check("supported", False, f"the statement has “{swapped[1]}” where {citation.id} has “{swapped[0]}”")
    if support is None:
        return Check("supported", False, "there is no measure of support to compare the statement with the words cited")
    _, words = _compared_with(claim, citation, corpus)
    score = support.scores([(claim.text, words)])[0]
    needed = support.needed(likeness(claim.text, words))
    enough = score >= needed
    says = "bear the statement out" if enough else "do not bear the statement out"
    return Check("supported", enough, f"the words of {citation.id} {says} ({score:.2f}; {needed:.2f} is needed)")


def _words_of_another(text: str, citation: Citation, corpus: Corpus) -> ProvisionId | None:
    """The article whose sentence a statement repeats, where the article cited has no such sentence."""
    place, language = citation.id, detect_language(text)
    if not isinstance(place, ProvisionId) or language == "fr" or len(text) < SENTENCE_LETTERS[language]:
        return None
    own = source_text(place.whole_article, corpus, language) or ""
    spoken: Literal["en", "zh"] = "zh" if language == "zh" else "en"
    found = extractOne(text, corpus.sentences[spoken].keys(), scorer=ratio, score_cutoff=REPEATED)
    if found is None:
        return None
    nearest = max((ratio(text, own[start:end].strip()) for start, end in sentences(own)), default=0.0)
    return corpus.sentences[spoken][found[0]] if nearest < NOT_REPEATED else None


def _body_not_there(text: str, citation: Citation, corpus: Corpus) -> str | None:
    """A body (a court, the police) that a statement names and the article cited does not."""
    place = citation.id.whole_article if isinstance(citation.id, ProvisionId) else citation.id
    return unknown_body(text, _both_texts(place, corpus))


def _both_texts(place: SourceId, corpus: Corpus) -> str:
    return "\n".join(text for language in ("en", "zh") if (text := source_text(place, corpus, language)))


@lru_cache(maxsize=512)
def _named_in(held: str, law: str, names: tuple[Name, ...]) -> tuple[frozenset[tuple[str, str]], frozenset[str | None]]:
    """The articles and the instruments that an article of a law names, its own law among them."""
    mentions = law_mentions(held, names)
    articles = {(m.law or law, m.article) for m in read_citations(held, names, law, law, mentions)}
    return frozenset(articles), frozenset({m.slug for m in mentions} | {law})


def _names_another(text: str, citation: Citation, corpus: Corpus) -> str | None:
    """An article or instrument that a statement names and that is neither the one cited nor named in its words."""
    place = citation.id
    if not isinstance(place, ProvisionId):
        return None
    mentions = law_mentions(text, corpus.names)
    articles_there, named_there = _named_in(_both_texts(place.whole_article, corpus), place.law, corpus.names)
    for mention in read_citations(text, corpus.names, place.law, place.law, mentions):
        at = (mention.law, mention.article)
        if at != (place.law, place.article) and at not in articles_there:
            return text[mention.start : mention.end]
    for name in mentions:
        if not name.weak and name.slug not in named_there and corpus.laws[place.law].kind != "draft":
            return name.name
    return None
