"""Text → its citations, each with a verdict (see docs/checker.md). Pure functions: no model, no index, no network."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from kb.compare import word_diff
from kb.corpus import Corpus
from kb.errors import BadInput
from kb.ids import ProvisionId, article_sort_key
from kb.likeness import nearest_words, nearness, stands_elsewhere
from kb.model import CheckedCitation, CheckReport, DiffPart, Language, Quotation, Record, Verdict, Version
from kb.phrases import RECORD_STATUSES, VERDICT_DETAILS, say
from kb.quantities import Quantity, quantities
from kb.quotation import match_quotation
from kb.reading import Cited, Reading, is_statement, read
from kb.versions import (
    AT_LEAST,
    CLEARLY,
    Candidate,
    Meant,
    candidate,
    is_french,
    language_of,
    marked_version,
    version_meant,
)

MAX_CHECKED_CHARS = 2_000_000
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
    reading = read(text, corpus.names)
    case = _Case(corpus, reading, on, written, language)
    return CheckReport(text, on, written, tuple(case.verdict(cited) for cited in reading.cited))


@dataclass(frozen=True, slots=True)
class _Finding:
    """What is to be said of one citation."""

    verdict: Verdict
    details: tuple[str, ...]
    id: str | None = None
    law: str | None = None
    today: ProvisionId | None = None
    found: tuple[bool | None, ...] = ()
    diff: tuple[DiffPart, ...] = ()


@dataclass(frozen=True, slots=True)
class _Case:
    """One text under check."""

    corpus: Corpus
    reading: Reading
    on: date
    written: date | None
    language: Language

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
            detail=(" " if self.language != "zh" else "").join(d for d in finding.details if d),
            today=finding.today,
            quotes=tuple(Quotation(q.text, q.start, q.end, f) for q, f in zip(cited.quotes, found, strict=True)),
            diff=finding.diff,
        )

    # -------------------------------------------------------------- words

    def _say(self, key: str, **values: object) -> str:
        text = VERDICT_DETAILS[key][self.language] if key in VERDICT_DETAILS else None
        return text.format(**values) if text else say(key, self.language, **values)

    def _label(self, place: ProvisionId) -> str:
        return self.corpus.label(place, self.language)

    def _name(self, slug: str) -> str:
        held = self.corpus.laws.get(slug) or self.corpus.records.get(slug)
        return held.short[self.language] if held else slug

    def _sentence(self, cited: Cited) -> str:
        """What the sentence of a citation says, without quotations and without the citation itself."""
        start, end = cited.sentence
        plain = self.reading.plain
        return plain[start : cited.start] + " " * (cited.end - cited.start) + plain[cited.end : end]

    # -------------------------------------------------------------- instruments named alone

    def _instrument(self, cited: Cited) -> _Finding:
        if not cited.laws:
            return _Finding("NOT_IN_CORPUS", (self._say("not_in_corpus", law=cited.unknown or ""),))
        slug = cited.laws[0]
        if slug in self.corpus.records:
            return self._record(self.corpus.records[slug])
        law, version = self.corpus.laws[slug], self.corpus.in_force(slug, self.on)
        if law.kind == "draft":
            first = self.corpus.versions(slug)[0]
            words = (self._say("draft_named", law=law.short[self.language], from_=first.key),)
            return _Finding("DRAFT", words, slug, slug)
        if version is None:
            first = self.corpus.versions(slug)[0]
            return _Finding("UNCHECKED", (self._not_yet(first),), slug, slug)
        statements = [q.text for q in cited.quotes if is_statement(q.text)]
        if statements:
            return self._words_of_instrument(cited, statements, version)
        detail = self._say("named_alone", law=law.short[self.language], from_=version.key)
        return _Finding("UNCHECKED", (detail,), slug, slug)

    def _words_of_instrument(self, cited: Cited, statements: Sequence[str], version: Version) -> _Finding:
        """An instrument named alone with words of it: the article where they stand, in the text of today or a former one."""
        slug = version.law
        for searched in (version, *(v for v in self.corpus.versions(slug) if v.in_force_from < version.in_force_from)):
            for article in self.corpus.articles(searched):
                texts = [article.text(language_of(words)) for words in statements]
                if all(t is not None and match_quotation(w, t).found for w, t in zip(statements, texts, strict=True)):
                    found = tuple(True if is_statement(q.text) else None for q in cited.quotes)
                    stands = self._say("words_stand", label=self._label(article.id))
                    finding = self._standing(article.id, searched, version)
                    return replace(finding, details=(stands, *finding.details), found=found)
        held = {language: any(a.text(language) for a in self.corpus.articles(version)) for language in ("en", "zh")}
        label = self.corpus.laws[slug].short[self.language]
        if not all(held[language_of(w)] and not is_french(w) for w in statements):
            return _Finding("UNCHECKED", (self._say("language_not_held", label=label),), slug, slug)
        found = tuple(False if is_statement(q.text) else None for q in cited.quotes)
        details = (self._say("words_missing", label=label), self._rendering(statements))
        return _Finding("QUOTE_MISMATCH", details, slug, slug, found=found)

    def _record(self, record: Record) -> _Finding:
        status = RECORD_STATUSES[record.status][self.language]
        if record.replaced_by:
            status += f" → {self._name(record.replaced_by)}"
        detail = self._say("record", status=status, grade=record.grade)
        return _Finding("UNCHECKED", (detail,), record.slug, record.slug)

    def _not_yet(self, version: Version) -> str:
        name = self.corpus.laws[version.law].short[self.language]
        return self._say("not_yet", law=name, on=self.on, from_=version.key)

    # -------------------------------------------------------------- articles

    def _article(self, cited: Cited) -> _Finding:
        mention = cited.mention
        assert mention is not None
        known = cited.laws
        if not known and cited.unknown:
            return _Finding("NOT_IN_CORPUS", (self._say("not_in_corpus", law=cited.unknown),))
        if not known:
            return _Finding("AMBIGUOUS", (self._say("no_instrument", article=mention.article),))
        if len(known) == 1 and not cited.unknown:
            return self._of_law(cited, known[0])
        proven = [law for law in known if law in self.corpus.laws and self._quoted_in(cited, law)]
        if len(proven) == 1:
            return self._of_law(cited, proven[0])
        near = self._near_by_words(cited)
        if near is not None:
            finding = self._of_law(cited, near.law)
            return replace(finding, details=(*finding.details, self._say("by_words", label=self._headed(near))))
        names = [self._name(slug) for slug in known] + ([cited.unknown] if cited.unknown else [])
        candidates = ("、" if self.language == "zh" else ", ").join(names)
        detail = self._say("several_instruments", article=mention.article, candidates=candidates)
        return _Finding("AMBIGUOUS", (detail,))

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
        """The figures that the sentence ascribes to its only article."""
        said = self._sentence(cited) if cited.alone else ""
        dated = bool(_FORCE.search(said))
        return frozenset(q for q in quantities(said) if dated or q.unit != "date")

    def _of_law(self, cited: Cited, slug: str) -> _Finding:
        if slug in self.corpus.records:
            return self._record(self.corpus.records[slug])
        mention = cited.mention
        assert mention is not None
        plain = self.reading.plain
        behind, between = plain[cited.end : cited.end + 90], self._between(cited)
        marked = marked_version(plain[: cited.start], between, behind, self.corpus, slug)
        label = self.corpus.label(ProvisionId(slug, None, mention.article), self.language)
        if marked == "not held":
            return _Finding("UNCHECKED", (self._say("part_not_held", label=label),), None, slug)
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

    def _open(self, cited: Cited, meant: Meant) -> _Finding:
        assert cited.mention is not None and meant.rival is not None
        version = meant.chosen.version
        new = self.corpus.find(ProvisionId(version.law, version.key, cited.mention.article))
        detail = self._say(
            "which_numbering",
            law=self._name(version.law),
            article=cited.mention.article,
            from_=version.key,
            new=self._headed(new.id) if new else "–",
            moved=self._headed(meant.rival),
        )
        return _Finding("AMBIGUOUS", (detail,), None, version.law)

    def _headed(self, place: ProvisionId) -> str:
        heading = self.corpus.provision(place.whole_article).heading
        marks = "（{}）" if self.language == "zh" else " ({})"
        return self._label(place) + (marks.format(heading[self.language]) if heading else "")

    def _of_version(self, cited: Cited, meant: Meant) -> _Finding:
        chosen, mention = meant.chosen, cited.mention
        assert mention is not None
        version, law = chosen.version, self.corpus.laws[chosen.version.law]
        standing = self.corpus.in_force(law.slug, self.on)
        if version.in_force_from > self.on:
            return _Finding(
                "UNCHECKED", (self._not_yet(version),), str(chosen.place) if chosen.place else None, law.slug
            )
        if chosen.place is None:
            return self._absent(cited, chosen)
        finding = self._standing(chosen.place, version, standing)
        why = self._why(meant)
        words = self._words(cited, chosen)
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
            return self._say("by_evidence", from_=meant.chosen.version.key)
        if meant.why == "words" and meant.chosen.place:
            return self._say("by_words", label=self._headed(meant.chosen.place))
        return ""

    def _absent(self, cited: Cited, chosen: Candidate) -> _Finding:
        version, mention = chosen.version, cited.mention
        assert mention is not None
        law = self.corpus.laws[version.law]
        label = self._label(
            ProvisionId(law.slug, version.key, mention.article, mention.paragraph or mention.number, mention.item)
        )
        whole = ProvisionId(law.slug, version.key, mention.article)
        if chosen.absent in ("gap", "not_held"):
            successor = self.corpus.successor(whole)
            key = "draft_gap" if chosen.absent == "gap" else "part_not_held"
            if chosen.absent == "not_held" and successor and successor.new:
                return self._former_not_held(whole, version)
            detail = self._say(key, old=label, label=label)
            return _Finding("UNCHECKED", (detail,), None, law.slug)
        if chosen.absent == "no_part":
            article = self.corpus.provision(whole)
            extent = self._say(
                "has_parts",
                p=max(line.paragraph for line in article.lines),
                i=sum(line.item is not None for line in article.lines),
            )
            return _Finding(
                "ARTICLE_NOT_FOUND", (self._say("no_such_part", label=label, extent=extent),), None, law.slug
            )
        extent = self._say("has_articles", n=len(sorted(version.articles, key=article_sort_key)))
        detail = self._say("no_such_provision", law=law.short[self.language], article=mention.article, extent=extent)
        return _Finding("ARTICLE_NOT_FOUND", (detail,), None, law.slug)

    def _former_not_held(self, place: ProvisionId, version: Version) -> _Finding:
        """An article of a former text that is not held, but whose way into the text of today is."""
        finding = self._standing(place, version, self.corpus.in_force(version.law, self.on))
        detail = self._say("part_not_held", label=self._label(place))
        return replace(finding, verdict="UNCHECKED", details=(*finding.details, detail), id=None)

    # -------------------------------------------------------------- standing and words

    def _standing(self, place: ProvisionId, version: Version, today: Version | None) -> _Finding:
        """Whether a place stands on the date, and where its rule went if not."""
        slug = version.law
        successor = self.corpus.successor(place)
        new = successor.new[0] if successor and successor.new else None
        old = self._label(place)
        if self.corpus.laws[slug].kind == "draft":
            detail = (
                self._say("draft_replaced", old=old, new=self._label(new))
                if new
                else self._say("draft_dropped", old=old)
            )
            return _Finding("DRAFT", (detail,), str(place), slug, new)
        if today is not None and version.key == today.key:
            return _Finding("VERIFIED", (), str(place), slug, place)
        until = version.in_force_until
        if new is None:
            same = self.corpus.find(replace(place, version=today.key)) if today and successor is None else None
            if same is None:
                return _Finding("REPEALED", (self._say("repealed", old=old, until=until),), str(place), slug)
            new = same.id
        changed = successor is None or successor.change not in ("same", "references")
        moved = new.whole_article != replace(place.whole_article, version=new.version) or new.law != slug
        if moved:
            details = [self._say("renumbered", until=until, old=old, new=self._label(new))]
            details += [self._say("amended", old=old, from_=until, new=self._label(new))] if changed else []
            return _Finding("RENUMBERED", tuple(details), str(place), slug, new)
        if changed:
            detail = self._say("amended", old=old, from_=until, new=self._label(new))
            return _Finding("AMENDED", (detail,), str(place), slug, new)
        return _Finding("VERIFIED", (), str(place), slug, new)

    def _words(self, cited: Cited, chosen: Candidate) -> _Finding:
        """Whether the words quoted and the figures stated stand at the place; hints where they do not."""
        assert chosen.place is not None
        label = self._label(chosen.place)
        details: list[str] = []
        diff: tuple[DiffPart, ...] = ()
        for quote, found, cut in zip(cited.quotes, chosen.found, chosen.negated, strict=True):
            if found is not False:
                continue
            details.append(
                self._say("words_negated", label=label, cut=cut) if cut else self._say("words_missing", label=label)
            )
            elsewhere = (
                None if cut else stands_elsewhere(quote.text, self.corpus, language_of(quote.text), chosen.place)
            )
            if elsewhere:
                details.append(self._say("words_elsewhere", label=f"{self._label(elsewhere)}"))
            elif not cut:
                text = self.corpus.provision(chosen.place.whole_article).text(language_of(quote.text)) or ""
                near = nearest_words(quote.text, text)
                diff = diff or (word_diff(quote.text, near) if near else ())
                details.append(self._rendering([quote.text]))
        if chosen.missing:
            figures = ", ".join(str(q) for q in chosen.missing)
            details.append(self._say("figures_missing", figures=figures, label=label))
        if details:
            return _Finding("QUOTE_MISMATCH", tuple(dict.fromkeys(details)), diff=diff)
        if None in chosen.found:
            return _Finding("UNCHECKED", (self._say("language_not_held", label=label),))
        return _Finding(
            "VERIFIED", (self._say("words_stand", label=label) if cited.quotes else self._say("existence_only"),)
        )

    def _rendering(self, words: Sequence[str]) -> str:
        return self._say("another_rendering") if any(language_of(w) == "en" for w in words) else ""
