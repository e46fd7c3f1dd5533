"""Which version of a law a citation means, told from what is written beside it, from its date and from what fits."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from kb.citation import CitationMention, as_provision_id
from kb.cited import is_statement
from kb.corpus import Corpus
from kb.ids import ProvisionId
from kb.likeness import nearness
from kb.model import Provision, Version
from kb.quantities import Quantity, quantities
from kb.quotation import Match, QuotedSpan, match_quotation
from kb.text import CJK, detect_language

Absence = Literal["gap", "not_held", "no_article", "no_part"]
CLEARLY = 1.5
"""A sentence is clearly nearer to one text where its share of common words is this many times that of the other …"""
AT_LEAST = 0.3
"""… and at least this."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A citation read in one version: the place there (None: absent, and why), which quotations stand in it, which figures do not.

    In `found` None means that the words could not be compared, for want of a text in their language.
    """

    version: Version
    place: ProvisionId | None
    absent: Absence | None
    found: tuple[bool | None, ...]
    negated: tuple[str, ...]
    figures: frozenset[Quantity]
    missing: tuple[Quantity, ...]

    @property
    def fits(self) -> bool:
        return self.place is not None and False not in self.found and not self.missing

    @property
    def proven(self) -> bool:
        """Whether words or figures of the text stand there, not the number alone."""
        return self.fits and (True in self.found or bool(self.figures))


def candidate(
    mention: CitationMention,
    version: Version,
    corpus: Corpus,
    quotes: tuple[QuotedSpan, ...],
    figures: frozenset[Quantity],
) -> Candidate:
    """Read a citation in one version of its law."""
    written = as_provision_id(replace(mention, law=version.law))
    assert written is not None
    place = corpus.numbered(replace(written, version=version.key), mention.number)
    if mention.number and not mention.item:
        place = _as_item(place, mention.number, corpus, quotes) or place
    provision = corpus.find(place)
    if provision is None:
        return Candidate(version, None, _absence(place, version, corpus), (), (), figures, ())
    found: list[bool | None] = []
    negated: list[str] = []
    for quote in quotes:
        text = provision.text(language_of(quote.text))
        match = match_quotation(quote.text, text) if text is not None else None
        if match and quote.negated:
            match = _denied(quote, match)
        if match is None or (not match.found and not match.negated and is_french(quote.text)):
            found.append(None)
        else:
            found.append(match.found)
        negated.append(match.negated if match else "")
    missing = tuple(sorted(figures - held_figures(place, corpus)))
    return Candidate(version, provision.id, None, tuple(found), tuple(negated), figures, _strict(missing, figures))


def _as_item(place: ProvisionId, number: int, corpus: Corpus, quotes: tuple[QuotedSpan, ...]) -> ProvisionId | None:
    """The item that a number in parentheses means where the words quoted stand in it and not in the paragraph of that number."""
    item, paragraph = corpus.find(replace(place, paragraph=None, item=number)), corpus.find(place)
    if item is None or not quotes:
        return None

    def stand(provision: Provision) -> bool:
        return all(match_quotation(q.text, provision.text(language_of(q.text)) or "").found for q in quotes)

    return item.id if stand(item) and not (paragraph and stand(paragraph)) else None


def _denied(quote: QuotedSpan, match: Match) -> Match:
    """A quotation behind a negation of the text: right where the provision negates these words too, else it says the contrary."""
    if match.negated:
        return Match(True)
    return Match(False, quote.negated) if match.found and is_statement(quote.text) else match


def language_of(words: str) -> Literal["en", "zh"]:
    """The text a quotation is compared with: Chinese where it is written in Chinese characters, else the English rendering."""
    return "zh" if len(CJK.findall(words)) * 2 >= len(words.split()) and CJK.search(words) else "en"


def is_french(words: str) -> bool:
    return len(words.split()) >= 2 and detect_language(words) == "fr"


def held_figures(place: ProvisionId, corpus: Corpus) -> frozenset[Quantity]:
    """The figures of the article at a place, in both languages, and the dates of its text."""
    article, version = corpus.provision(place.whole_article), corpus.version(place.law, place.version or "")
    dates = (version.in_force_from, version.adopted_on, version.promulgated_on)
    held = {q for text in (article.text_en, article.text_zh) if text for q in quantities(text)}
    return frozenset(held.union(*(quantities(d.isoformat()) for d in dates if d)))


def _strict(missing: tuple[Quantity, ...], figures: frozenset[Quantity]) -> tuple[Quantity, ...]:
    """Numbers of persons are often facts of the case: they count as missing only where no such number of the sentence is held."""
    held_persons = any(q.unit == "persons" for q in figures - frozenset(missing))
    return tuple(q for q in missing if not (q.unit == "persons" and held_persons))


def _absence(place: ProvisionId, version: Version, corpus: Corpus) -> Absence:
    if place.article in version.gaps:
        return "gap"
    if place.article in corpus.articles_by_version[version.law, version.key]:
        return "no_part"
    numbers = corpus.article_numbers(version)
    return "not_held" if numbers is None or place.article in numbers else "no_article"


# ------------------------------------------------------------------ which version

_YEAR = r"(?:19|20)\d{2}"
_BESIDE = re.compile(
    rf"(?P<year>{_YEAR})|(?P<old>\b(?:old|former|previous|original|ancien(?:ne)?)\b|原|旧|修[正订改]前)"
    rf"|(?P<new>\b(?:as amended|amended|new|current|revised|nouvel(?:le)?|modifiée?|actuel(?:le)?)\b|新|现行|修[正订改]后|修[正订改])",
    re.IGNORECASE,
)


def marked_version(
    before: str, inside: str, behind: str, corpus: Corpus, law: str
) -> Version | Literal["not held"] | None:
    """The version that words right beside a citation name: "CSL (2017)", 2016年《网络安全法》, "as amended"; None without such words.

    `before` and `behind` are the text around the citation, `inside` what stands between its name and its number.
    """
    versions = corpus.versions(law)
    near_before = re.search(r"[^.;。；\n]{0,24}$", before[-24:])
    near_behind = re.match(
        r"\s*(?:[(（\[][^()（）]{0,60}[)）\]]|(?:of|de|as (?:amended|in force|it stood))\b[^.;,。；，\n]{0,40})", behind
    )
    window = " | ".join((near_before[0] if near_before else "", inside, near_behind[0] if near_behind else ""))
    found = list(_BESIDE.finditer(window))
    years = [int(m["year"]) for m in found if m["year"]]
    if years:
        year = years[-1]
        by_year = [
            v for v in versions if year in {d.year for d in (v.promulgated_on or v.adopted_on, v.in_force_from) if d}
        ]
        if by_year:
            return by_year[-1]
        at_end = corpus.in_force(law, date(year, 12, 31))
        return at_end if at_end else "not held"
    if len(versions) > 1:
        if any(m["old"] for m in found):
            return versions[-2]
        if any(m["new"] for m in found):
            return versions[-1]
    return None


@dataclass(frozen=True, slots=True)
class Meant:
    """The version meant; `why` is how it was told, `rival` the other place where nothing tells (then `chosen` is today's)."""

    chosen: Candidate
    why: Literal["only", "marked", "written", "evidence", "same", "words", "open"]
    rival: ProvisionId | None = None


def version_meant(
    mention: CitationMention,
    candidates: list[Candidate],
    marked: Version | None,
    written: date | None,
    on: date,
    sentence: str,
    quotes: tuple[QuotedSpan, ...],
    corpus: Corpus,
) -> Meant:
    """Choose among a citation read in each version of its law (oldest first); see docs/checker.md for the order of the rules."""
    if marked:
        return Meant(next(c for c in candidates if c.version is marked), "marked")
    law = candidates[0].version.law
    started = [c for c in candidates if c.version.in_force_from <= on] or candidates[:1]
    today = started[-1]
    if len(candidates) == 1:
        return Meant(today, "only")
    proven = [c for c in candidates if c.proven]
    if written:
        at_writing = corpus.in_force(law, written)
        dated = next((c for c in candidates if at_writing and c.version.key == at_writing.key), candidates[0])
        if not dated.fits and len(proven) == 1:
            return Meant(proven[0], "evidence")
        return Meant(dated, "written")
    if len(started) == 1 and (today.fits or len(proven) != 1):
        return Meant(today, "only")
    if len(proven) == 1:
        return Meant(proven[0], "evidence")
    moved = [c for c in started[:-1] if False not in c.found and _words_moved(c, mention, quotes, corpus)]
    if moved and False in today.found:
        return Meant(moved[-1], "evidence")
    placed = [c for c in candidates if c.place is not None or c.absent in ("gap", "not_held")]
    if len(placed) == 1:
        return Meant(placed[0], "evidence")
    if today.proven or not placed:
        return Meant(today, "same")
    return _by_words(mention, started, today, sentence, corpus)


def _words_moved(former: Candidate, mention: CitationMention, quotes: tuple[QuotedSpan, ...], corpus: Corpus) -> bool:
    """Whether words that could not be compared with a former text stand where its rule went."""
    successor = corpus.successor(ProvisionId(former.version.law, former.version.key, mention.article))
    texts = [corpus.provision(p.whole_article) for p in successor.new] if successor else []
    return bool(quotes) and all(
        any(match_quotation(q.text, t.text(language_of(q.text)) or "").found for t in texts) for q in quotes
    )


def _by_words(
    mention: CitationMention, started: list[Candidate], today: Candidate, sentence: str, corpus: Corpus
) -> Meant:
    """Where the number stood for another rule before, the words of the sentence may tell which is meant."""
    former = next((c for c in reversed(started) if c.version is not today.version), None)
    if former is None:
        return Meant(today, "only")
    old = ProvisionId(former.version.law, former.version.key, mention.article)
    successor = corpus.successor(replace(old, item=mention.item)) if mention.item else corpus.successor(old)
    new = ProvisionId(today.version.law, today.version.key, mention.article)
    if successor is None or not successor.new or new in {p.whole_article for p in successor.new}:
        return Meant(today, "same")
    moved = corpus.find(old) or corpus.find(successor.new[0].whole_article)
    here = corpus.find(new)
    near_old = nearness(sentence, moved) if moved else 0.0
    near_new = nearness(sentence, here) if here else 0.0
    if max(near_old, near_new) >= AT_LEAST and near_new >= CLEARLY * near_old:
        return Meant(today, "words")
    if max(near_old, near_new) >= AT_LEAST and near_old >= CLEARLY * near_new:
        return Meant(former, "words")
    return Meant(today, "open", successor.new[0])
