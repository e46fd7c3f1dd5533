"""Text → its citations, each with a verdict (see docs/checker.md). Pure functions: no model, no index, no network."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from kb.cited import Cited, is_statement
from kb.corpus import Corpus
from kb.errors import BadInput
from kb.findings import Finding, Findings
from kb.ids import ProvisionId, article_sort_key
from kb.likeness import nearness
from kb.model import CheckedCitation, CheckReport, Language, Quotation, Version
from kb.quantities import Quantity, bare_figures, quantities
from kb.quotation import match_quotation
from kb.reading import Reading, read
from kb.text import OVERRIDES, visible_places
from kb.versions import (
    AT_LEAST,
    CLEARLY,
    Candidate,
    Meant,
    candidate,
    held_figures,
    is_french,
    language_of,
    marked_version,
    version_meant,
)

_THRESHOLD = re.compile(
    r"\b(?:threshold|limit|more than|over|at least|up to|exceed\w*|reach\w*|seuil|plus de|au moins|dépass\w*)\b|超过|达到|以上|门槛",
    re.IGNORECASE,
)
"""Words that make a large number without a unit a threshold: it is read as a number of persons."""
MAX_CHECKED_CHARS = 2_000_000
MAX_SENTENCE = 3_000
"""Characters; what is longer is no sentence, and its figures belong to nothing."""
_FORCE = re.compile(
    r"\b(?:in(?:to)? force|effective|commence\w*|takes? effect|took effect|adopted|promulgated|published|vigueur|adoptée?|publiée?)\b|施行|生效|通过|公布",
    re.IGNORECASE,
)
"""Words that make a date a statement about the instrument; other dates are those of the facts."""


def check_text(
    text: str, corpus: Corpus, on: date, written: date | None = None, language: Language = "en"
) -> CheckReport:
    """Check every citation in `text` against the law as it stands `on` a date; `written` is when the text was written.

    Details are in `language`. BadInput where the text is longer than MAX_CHECKED_CHARS.
    """
    if len(text) > MAX_CHECKED_CHARS:
        raise BadInput(f"the text has {len(text)} characters; check at most {MAX_CHECKED_CHARS:,} at a time")
    seen = visible_places(text)
    reading = read("".join(text[i] for i in seen) if len(seen) < len(text) else text, corpus.names)
    case = _Case(corpus, reading, on, written, Findings(corpus, language))
    found = (case.verdict(cited) for cited in reading.cited)
    placed = (_placed(c, text, seen) for c in found)
    turned = [m.span() for m in _TURNED.finditer(text)]
    return CheckReport(text, on, written, tuple(_as_shown(c, turned, case.findings) for c in placed))


_TURNED = re.compile(rf"[{''.join(sorted(OVERRIDES))}][^\n]*")


def _as_shown(found: CheckedCitation, turned: list[tuple[int, int]], findings: Findings) -> CheckedCitation:
    """A citation in a line whose letters are shown in another order than they stand is not passed: nobody knows what is read."""
    last = bisect_left(turned, (found.end, 0)) - 1
    if last < 0 or turned[last][1] < found.start:
        return found
    return replace(found, verdict="UNCHECKED", detail=findings.say("turned"), today=None)


def _placed(found: CheckedCitation, text: str, seen: list[int]) -> CheckedCitation:
    """A citation of the visible text, with its offsets in the text itself."""
    if len(seen) == len(text):
        return found
    start, end = seen[found.start], seen[found.end - 1] + 1
    quotes = tuple(replace(q, start=seen[q.start], end=seen[q.end - 1] + 1) for q in found.quotes)
    return replace(found, start=start, end=end, text=text[start:end], quotes=quotes)


@dataclass(frozen=True, slots=True)
class _Case:
    """One text under check."""

    corpus: Corpus
    reading: Reading
    on: date
    written: date | None
    findings: Findings

    def verdict(self, cited: Cited) -> CheckedCitation:
        finding = self._article(cited) if cited.mention else self._instrument(cited)
        found = finding.found or (None,) * len(cited.quotes)
        mention = cited.mention
        return CheckedCitation(
            text=self.reading.text[cited.start : cited.end],
            start=cited.start,
            end=cited.end,
            id=finding.id,
            law=finding.law,
            article=mention.article if mention else None,
            paragraph=(mention.paragraph or mention.number) if mention else None,
            item=mention.item if mention else None,
            verdict=finding.verdict,
            detail=(" " if self.findings.language != "zh" else "").join(d for d in finding.details if d),
            today=finding.today,
            quotes=tuple(Quotation(q.text, q.start, q.end, f) for q, f in zip(cited.quotes, found, strict=True)),
            diff=finding.diff,
        )

    def _sentence(self, cited: Cited) -> str:
        """What the sentence of a citation says, without quotations and without the citation itself."""
        start, end = cited.sentence
        plain = self.reading.plain
        return plain[start : cited.start] + " " * (cited.end - cited.start) + plain[cited.end : end]

    # -------------------------------------------------------------- instruments named alone

    def _instrument(self, cited: Cited) -> Finding:
        if not cited.laws:
            return Finding("NOT_IN_CORPUS", (self.findings.say("not_in_corpus", law=cited.unknown or ""),))
        slug = cited.laws[0]
        if slug in self.corpus.records:
            return self.findings.record(self.corpus.records[slug])
        law, version = self.corpus.laws[slug], self.corpus.in_force(slug, self.on)
        if law.kind == "draft":
            first = self.corpus.versions(slug)[0]
            words = (self.findings.say("draft_named", law=law.short[self.findings.language], from_=first.key),)
            return Finding("DRAFT", words, slug, slug)
        if version is None:
            first = self.corpus.versions(slug)[0]
            return Finding("UNCHECKED", (self.findings.not_yet(first, self.on),), slug, slug)
        statements = [q.text for q in cited.quotes if is_statement(q.text)]
        if statements:
            return self._words_of_instrument(cited, statements, version)
        detail = self.findings.say("named_alone", law=law.short[self.findings.language], from_=version.key)
        return Finding("UNCHECKED", (detail,), slug, slug)

    def _words_of_instrument(self, cited: Cited, statements: Sequence[str], version: Version) -> Finding:
        """An instrument named alone with words of it: the article where they stand, in the text of today or a former one."""
        slug = version.law
        for searched in (version, *(v for v in self.corpus.versions(slug) if v.in_force_from < version.in_force_from)):
            for article in self.corpus.articles(searched):
                texts = [article.text(language_of(words)) for words in statements]
                if all(t is not None and match_quotation(w, t).found for w, t in zip(statements, texts, strict=True)):
                    found = tuple(True if is_statement(q.text) else None for q in cited.quotes)
                    stands = self.findings.say("words_stand", label=self.findings.label(article.id))
                    finding = self.findings.standing(article.id, searched, version)
                    return replace(finding, details=(stands, *finding.details), found=found)
        held = {language: any(a.text(language) for a in self.corpus.articles(version)) for language in ("en", "zh")}
        label = self.corpus.laws[slug].short[self.findings.language]
        if not all(held[language_of(w)] and not is_french(w) for w in statements):
            return Finding("UNCHECKED", (self.findings.say("language_not_held", label=label),), slug, slug)
        found = tuple(False if is_statement(q.text) else None for q in cited.quotes)
        details = (self.findings.say("words_missing", label=label), self.findings.rendering(statements))
        return Finding("QUOTE_MISMATCH", details, slug, slug, found=found)

    # -------------------------------------------------------------- articles

    def _article(self, cited: Cited) -> Finding:
        mention = cited.mention
        assert mention is not None
        known = cited.laws
        if not known and cited.unknown:
            return Finding("NOT_IN_CORPUS", (self.findings.say("not_in_corpus", law=cited.unknown),))
        if not known:
            return Finding("AMBIGUOUS", (self.findings.say("no_instrument", article=mention.article),))
        if len(known) == 1 and not cited.unknown:
            return self._of_law(cited, known[0])
        proven = [law for law in known if law in self.corpus.laws and self._quoted_in(cited, law)]
        if len(proven) == 1:
            return self._of_law(cited, proven[0])
        near = self._near_by_words(cited)
        if near is not None:
            finding = self._of_law(cited, near.law)
            return replace(
                finding, details=(*finding.details, self.findings.say("by_words", label=self.findings.headed(near)))
            )
        names = [self.findings.name(slug) for slug in known] + ([cited.unknown] if cited.unknown else [])
        candidates = ("、" if self.findings.language == "zh" else ", ").join(names)
        detail = self.findings.say("several_instruments", article=mention.article, candidates=candidates)
        return Finding("AMBIGUOUS", (detail,))

    def _quoted_in(self, cited: Cited, law: str) -> bool:
        """Whether the quotations of a citation stand in the article of that number of a law, in any version."""
        if not any(is_statement(q.text) for q in cited.quotes):
            return False
        return any(c.fits and True in c.found for c in self._candidates(cited, law))

    def _near_by_words(self, cited: Cited) -> ProvisionId | None:
        """The article of a bare number where the last paragraph that names an instrument names one, and the words point there too."""
        if len(cited.near) != 1 or cited.near[0] not in self.corpus.laws or cited.mention is None:
            return None
        said = self._sentence(cited) + " ".join(q.text for q in cited.quotes)
        scores: dict[str, float] = {}
        places: dict[str, ProvisionId] = {}
        for law in cited.laws:
            version = self.corpus.in_force(law, self.on) if law in self.corpus.laws else None
            article = self.corpus.find(ProvisionId(law, version.key, cited.mention.article)) if version else None
            scores[law] = nearness(said, article) if article else 0.0
            if article:
                places[law] = article.id
        best = cited.near[0]
        others = max((s for law, s in scores.items() if law != best), default=0.0)
        clear = scores.get(best, 0.0) >= max(AT_LEAST, CLEARLY * others)
        return places.get(best) if clear and cited.unknown is None else None

    def _candidates(self, cited: Cited, law: str) -> list[Candidate]:
        assert cited.mention is not None
        figures = self._figures(cited)
        return [candidate(cited.mention, v, self.corpus, cited.quotes, figures) for v in self.corpus.versions(law)]

    def _figures(self, cited: Cited) -> frozenset[Quantity]:
        """The figures that the sentence ascribes to the article: of several cited in it, those in the clause of this one that none of
        the others holds."""
        said = self._sentence(cited) if cited.alone else self._clause(cited)
        if len(said) > MAX_SENTENCE:
            return frozenset()
        dated = bool(_FORCE.search(said))
        figures = frozenset(q for q in quantities(said) if dated or q.unit != "date")
        if _THRESHOLD.search(said):
            united = {q.value for q in figures}
            figures |= {Quantity(value, "persons") for value in bare_figures(said) - united}
        if figures and not cited.alone:
            figures -= self._held_by_others(cited)
        return figures

    def _clause(self, cited: Cited) -> str:
        """The sentence between the citation before and the one behind."""
        start, end = cited.sentence
        before = [c.end for c in self.reading.cited if c.mention and start <= c.start and c.end <= cited.start]
        behind = [c.start for c in self.reading.cited if c.mention and cited.end <= c.start < end]
        plain = self.reading.plain
        return plain[max([start, *before]) : cited.start] + "; " + plain[cited.end : min([end, *behind])]

    def _held_by_others(self, cited: Cited) -> frozenset[Quantity]:
        """The figures of the other articles that the sentence cites, in any of their versions."""
        held: set[Quantity] = set()
        for other in self.reading.cited:
            if other.mention is None or other.sentence != cited.sentence or other is cited:
                continue
            for law in other.laws:
                for version in self.corpus.versions(law) if law in self.corpus.laws else ():
                    article = self.corpus.find(ProvisionId(law, version.key, other.mention.article))
                    held |= held_figures(article.id, self.corpus) if article else set()
        return frozenset(held)

    def _of_law(self, cited: Cited, slug: str) -> Finding:
        if slug in self.corpus.records:
            return self.findings.record(self.corpus.records[slug])
        mention = cited.mention
        assert mention is not None
        plain = self.reading.plain
        behind, between = plain[cited.end : cited.end + 90], self._between(cited)
        marked = marked_version(plain[max(0, cited.start - 40) : cited.start], between, behind, self.corpus, slug)
        label = self.corpus.label(ProvisionId(slug, None, mention.article), self.findings.language)
        if marked == "not held":
            return Finding("UNCHECKED", (self.findings.say("part_not_held", label=label),), None, slug)
        candidates = self._candidates(cited, slug)
        meant = version_meant(
            mention, candidates, marked, self.written, self.on, self._sentence(cited), cited.quotes, self.corpus
        )
        if meant.why == "open":
            return self._open(cited, meant)
        return self._of_version(cited, meant)

    def _between(self, cited: Cited) -> str:
        """What stands between the name of an instrument and the number: （2016年） in 《网络安全法》（2016年）第六十四条."""
        mention = cited.mention
        if mention is None or mention.name_span is None:
            return ""
        first, second = sorted(((mention.start, mention.end), mention.name_span))
        return self.reading.plain[first[1] : second[0]]

    def _open(self, cited: Cited, meant: Meant) -> Finding:
        assert cited.mention is not None and meant.rival is not None
        version = meant.chosen.version
        new = self.corpus.find(ProvisionId(version.law, version.key, cited.mention.article))
        detail = self.findings.say(
            "which_numbering",
            law=self.findings.name(version.law),
            article=cited.mention.article,
            from_=version.key,
            new=self.findings.headed(new.id) if new else "–",
            moved=self.findings.headed(meant.rival),
        )
        return Finding("AMBIGUOUS", (detail,), None, version.law)

    def _of_version(self, cited: Cited, meant: Meant) -> Finding:
        chosen, mention = meant.chosen, cited.mention
        assert mention is not None
        version, law = chosen.version, self.corpus.laws[chosen.version.law]
        standing = self.corpus.in_force(law.slug, self.on)
        if version.in_force_from > self.on:
            return Finding(
                "UNCHECKED",
                (self.findings.not_yet(version, self.on),),
                str(chosen.place) if chosen.place else None,
                law.slug,
            )
        if chosen.place is None:
            return self._absent(cited, chosen)
        finding = self.findings.standing(chosen.place, version, standing)
        why = self._why(meant)
        words = self.findings.words(cited, chosen)
        if finding.verdict == "DRAFT":
            details = (*finding.details, *words.details)
            return replace(finding, details=details, found=chosen.found, diff=words.diff)
        if words.verdict != "VERIFIED":
            today = finding.today or (chosen.place if version is standing else None)
            return replace(
                words,
                id=str(chosen.place),
                law=law.slug,
                today=today,
                found=chosen.found,
                details=(*words.details, why),
            )
        return replace(finding, details=(*finding.details, *words.details, why), found=chosen.found)

    def _why(self, meant: Meant) -> str:
        if meant.why == "evidence" and len(self.corpus.versions(meant.chosen.version.law)) > 1:
            return self.findings.say("by_evidence", from_=meant.chosen.version.key)
        if meant.why == "words" and meant.chosen.place:
            return self.findings.say("by_words", label=self.findings.headed(meant.chosen.place))
        return ""

    def _absent(self, cited: Cited, chosen: Candidate) -> Finding:
        version, mention = chosen.version, cited.mention
        assert mention is not None
        law = self.corpus.laws[version.law]
        label = self.findings.label(
            ProvisionId(law.slug, version.key, mention.article, mention.paragraph or mention.number, mention.item)
        )
        whole = ProvisionId(law.slug, version.key, mention.article)
        if chosen.absent in ("gap", "not_held"):
            successor = self.corpus.successor(whole)
            key = "draft_gap" if chosen.absent == "gap" else "part_not_held"
            if chosen.absent == "not_held" and successor and successor.new:
                return self._former_not_held(whole, version)
            detail = self.findings.say(key, old=label, label=label)
            return Finding("UNCHECKED", (detail,), None, law.slug)
        if chosen.absent == "no_part":
            article = self.corpus.provision(whole)
            extent = self.findings.say(
                "has_parts",
                p=max(line.paragraph for line in article.lines),
                i=sum(line.item is not None for line in article.lines),
            )
            return Finding(
                "ARTICLE_NOT_FOUND", (self.findings.say("no_such_part", label=label, extent=extent),), None, law.slug
            )
        extent = self.findings.say("has_articles", n=len(sorted(version.articles, key=article_sort_key)))
        detail = self.findings.say(
            "no_such_provision", law=law.short[self.findings.language], article=mention.article, extent=extent
        )
        return Finding("ARTICLE_NOT_FOUND", (detail,), None, law.slug)

    def _former_not_held(self, place: ProvisionId, version: Version) -> Finding:
        """An article of a former text that is not held, but whose way into the text of today is."""
        finding = self.findings.standing(place, version, self.corpus.in_force(version.law, self.on))
        detail = self.findings.say("part_not_held", label=self.findings.label(place))
        return replace(finding, verdict="UNCHECKED", details=(*finding.details, detail), id=None)
