"""What is found about one citation, and how it is said: standing, words and figures, in the reader's language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from kb.cited import Cited
from kb.compare import word_diff
from kb.corpus import Corpus
from kb.ids import ProvisionId
from kb.likeness import nearest_words, stands_elsewhere
from kb.model import DiffPart, Language, Record, Verdict, Version
from kb.phrases import RECORD_STATUSES, VERDICT_DETAILS
from kb.phrases import say as phrase
from kb.quotation import match_quotation
from kb.versions import Candidate, language_of


@dataclass(frozen=True, slots=True)
class Finding:
    """What is to be said of one citation."""

    verdict: Verdict
    details: tuple[str, ...]
    id: str | None = None
    law: str | None = None
    today: ProvisionId | None = None
    found: tuple[bool | None, ...] = ()
    diff: tuple[DiffPart, ...] = ()


@dataclass(frozen=True, slots=True)
class Findings:
    """Findings on places of one corpus, said in one language."""

    corpus: Corpus
    language: Language

    def say(self, key: str, **values: object) -> str:
        text = VERDICT_DETAILS[key][self.language] if key in VERDICT_DETAILS else None
        return text.format(**values) if text else phrase(key, self.language, **values)

    def label(self, place: ProvisionId) -> str:
        return self.corpus.label(place, self.language)

    def name(self, slug: str) -> str:
        held = self.corpus.laws.get(slug) or self.corpus.records.get(slug)
        return held.short[self.language] if held else slug

    def headed(self, place: ProvisionId) -> str:
        heading = self.corpus.provision(place.whole_article).heading
        marks = "（{}）" if self.language == "zh" else " ({})"
        return self.label(place) + (marks.format(heading[self.language]) if heading else "")

    def record(self, record: Record) -> Finding:
        status = RECORD_STATUSES[record.status][self.language]
        if record.replaced_by:
            status += f" → {self.name(record.replaced_by)}"
        detail = self.say("record", status=status, grade=record.grade)
        return Finding("UNCHECKED", (detail,), record.slug, record.slug)

    def not_yet(self, version: Version, on: date) -> str:
        """That a text was not in force on a day; or that an earlier one was, which is not held."""
        law = self.corpus.laws[version.law]
        first = self.corpus.versions(law.slug)[0] is version
        phrase = "earlier_text" if law.earlier_texts == "not_held" and first else "not_yet"
        return self.say(phrase, law=law.short[self.language], on=on, from_=version.key)

    def standing(self, place: ProvisionId, version: Version, today: Version | None) -> Finding:
        """Whether a place stands on the date, and where its rule went if not."""
        slug = version.law
        successor = self.corpus.successor(place)
        new = successor.new[0] if successor and successor.new else None
        old = self.label(place)
        if self.corpus.laws[slug].kind == "draft":
            detail = (
                self.say("draft_replaced", old=old, new=self.label(new)) if new else self.say("draft_dropped", old=old)
            )
            return Finding("DRAFT", (detail,), str(place), slug, new)
        if today is not None and version.key == today.key:
            return Finding("VERIFIED", (self.say("stands", from_=version.key),), str(place), slug, place)
        until = version.in_force_until
        if new is None:
            same = self.corpus.find(replace(place, version=today.key)) if today and successor is None else None
            if same is None:
                return Finding("REPEALED", (self.say("repealed", old=old, until=until),), str(place), slug)
            new = same.id
        changed = successor is None or successor.change not in ("same", "references")
        moved = new.whole_article != replace(place.whole_article, version=new.version) or new.law != slug
        if moved:
            details = [self.say("renumbered", until=until, old=old, new=self.label(new))]
            details += [self.say("amended", old=old, from_=until, new=self.label(new))] if changed else []
            return Finding("RENUMBERED", tuple(details), str(place), slug, new)
        if changed:
            detail = self.say("amended", old=old, from_=until, new=self.label(new))
            return Finding("AMENDED", (detail,), str(place), slug, new)
        since = today.key if today else version.key
        return Finding("VERIFIED", (self.say("stands", from_=since),), str(place), slug, new)

    def words(self, cited: Cited, chosen: Candidate) -> Finding:
        """Whether the words quoted and the figures stated stand at the place; hints where they do not."""
        assert chosen.place is not None
        label = self.label(chosen.place)
        details: list[str] = []
        diff: tuple[DiffPart, ...] = ()
        for quote, found, cut in zip(cited.quotes, chosen.found, chosen.negated, strict=True):
            if found is not False:
                continue
            details.append(
                self.say("words_negated", label=label, cut=cut) if cut else self.say("words_missing", label=label)
            )
            elsewhere = (
                None if cut else stands_elsewhere(quote.text, self.corpus, language_of(quote.text), chosen.place)
            )
            if elsewhere:
                details.append(self.say("words_elsewhere", label=f"{self.label(elsewhere)}"))
            elif not cut:
                text = self.corpus.provision(chosen.place.whole_article).text(language_of(quote.text)) or ""
                near = nearest_words(quote.text, text)
                diff = diff or (word_diff(quote.text, near) if near else ())
                details.append(self.rendering([quote.text]))
        if chosen.missing:
            figures = ", ".join(str(q) for q in chosen.missing)
            details.append(self.say("figures_missing", figures=figures, label=label))
        if details:
            return Finding("QUOTE_MISMATCH", tuple(dict.fromkeys(details)), diff=diff)
        if None in chosen.found:
            return Finding("UNCHECKED", (self.say("language_not_held", label=label),))
        if not cited.quotes:
            return Finding("VERIFIED", (self.say("existence_only"),))
        return Finding("VERIFIED", (self.say("words_stand", label=label), self._goes_on(cited, chosen.place)))

    def _goes_on(self, cited: Cited, place: ProvisionId) -> str:
        """An exception that follows the words quoted in their sentence."""
        provision = self.corpus.provision(place)
        for quote in cited.quotes:
            words = match_quotation(quote.text, provision.text(language_of(quote.text)) or "").goes_on
            if words:
                return self.say("goes_on", words=words[:240])
        return ""

    def rendering(self, words: Sequence[str]) -> str:
        return self.say("another_rendering") if any(language_of(w) == "en" for w in words) else ""
