"""What was found → a draft answer. Quoting is the default and needs no model: gist, then the words of the law.

Nothing is stated here but gists, quotes and the fixed phrases of `kb.phrases`; the draft is verified before it is shown.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from langchain_core.runnables import Runnable, RunnableConfig

from kb.corpus import Corpus
from kb.ids import FactId, PassageId, ProvisionId, SourceId
from kb.model import Citation, Claim, Draft, Language, Note, Provision, Refusal
from kb.phrases import say
from kb.quantities import Quantity, bare_figures, quantities
from kb.understand import Understanding

MAX_POINTS = 5


class Step(Runnable[Any, Any]):
    """A function as a runnable: what `RunnableLambda` does for one that returns a value, with callbacks, in half of its time."""

    def __init__(self, act: Callable[[Any], Any]) -> None:
        self.name = act.__name__.strip("_")

        def run(given: Any) -> Any:
            return act(given)

        run.__signature__ = inspect.signature(run)  # type: ignore[attr-defined]  # LangChain reads it for every question
        self._run = run

    def invoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:
        return self._call_with_config(self._run, input, config, **kwargs)


def chain(*steps: Callable[[Any], Any]) -> Runnable[Any, Any]:
    """The steps as one LangChain runnable, so that `invoke`, `batch` and `stream` work on the whole."""
    first, *rest = (Step(step) for step in steps)
    built: Runnable[Any, Any] = first
    for step in rest:
        built = built | step
    return built


@dataclass(frozen=True, slots=True)
class Material:
    """What the answer is made of, in order: facts of a record asked for, provisions to quote, places of drafts or old texts, facts of
    a record that complete them, passages of documents."""

    authorities: tuple[ProvisionId, ...] = ()
    history: tuple[ProvisionId, ...] = ()
    passages: tuple[PassageId, ...] = ()
    facts: tuple[FactId, ...] = ()
    closing_facts: tuple[FactId, ...] = ()
    refusal: Refusal | None = None
    notes: tuple[Note, ...] = ()


@dataclass
class _Writer:
    """Collects claims and citations; each place is quoted once."""

    corpus: Corpus
    on: date
    language: Language
    claims: list[Claim] = field(default_factory=list)
    citations: list[Citation] = field(default_factory=list)
    articles: set[ProvisionId] = field(default_factory=set)

    def quote(self, place: SourceId, text: str, words: str, language: Literal["en", "zh"]) -> None:
        if any(c.id == place for c in self.citations):
            return
        standing, role = self.corpus.standing(place, self.on), self.corpus.role(place, self.on)
        label = self.corpus.label(place, "fr" if self.language == "fr" else "en")
        label_zh = self.corpus.label(place, "zh")
        self.claims.append(Claim(text, words, language, len(self.citations)))
        self.citations.append(Citation(place, label, label_zh, standing, role, 0, len(words)))

    def provision(self, place: ProvisionId) -> None:
        """One point: the gist of the article in the reader's language, then the words at the place."""
        provision = self.corpus.provision(place)
        language = _quote_language(provision, self.language)
        words = provision.text(language)
        if words is None or self._said(provision.id):
            return
        article = provision.id.whole_article
        if article in self.articles:
            text = say("adds", self.language)
        elif provision.gist:
            text = provision.gist[self.language]
        else:
            text = say("says", self.language)
        self.articles.add(article)
        self.quote(provision.id, text, words, language)

    def _said(self, place: ProvisionId) -> bool:
        """Whether a quote already shown contains this place."""
        return any(isinstance(c.id, ProvisionId) and contains(c.id, place) for c in self.citations)

    def fact(self, place: FactId) -> None:
        """One fact of a record with its grade; French readers get it in French above the English of the record."""
        fact = self.corpus.fact(place)
        language: Literal["en", "zh"] = "zh" if self.language == "zh" else "en"
        first = not any(isinstance(c.id, FactId) for c in self.citations)
        lead = say("record_fact" if first else "record_more", self.language, grade=fact.grade)
        self.quote(place, f"{lead} {fact.text.fr}" if self.language == "fr" else lead, fact.text[language], language)

    def passage(self, place: PassageId) -> None:
        self.quote(place, say("document_says", self.language), self.corpus.passage(place).text, "en")


def contains(outer: ProvisionId, inner: ProvisionId) -> bool:
    """Whether one place holds another of the same version (an article its paragraphs, a paragraph its items)."""
    if outer.whole_article != inner.whole_article:
        return False
    if outer == outer.whole_article:
        return True
    return outer.paragraph == inner.paragraph and outer.item in (None, inner.item)


def _quote_language(provision: Provision, reader: Language) -> Literal["en", "zh"]:
    """Chinese for Chinese readers where the text is held, else English, else Chinese."""
    if reader == "zh" and provision.text_zh is not None:
        return "zh"
    return "en" if provision.text_en is not None else "zh"


def quoting_draft(material: Material, understanding: Understanding, corpus: Corpus) -> Draft:
    """A draft answer that quotes: facts of a record asked for, law in the order given, history, what documents said."""
    if material.refusal:
        return Draft((), (), material.notes, material.refusal)
    language, on = understanding.query.language, understanding.on
    writer = _Writer(corpus, on, language)
    for fact in material.facts:
        writer.fact(fact)
    for place in (*material.authorities, *material.history):
        writer.provision(place)
    for fact in material.closing_facts:
        writer.fact(fact)
    for passage in material.passages:
        writer.passage(passage)
    notes = [*material.notes]
    notes += [note for place in material.history for note in history_notes(place, corpus, language)]
    notes += number_premises(understanding, material.authorities, corpus)
    notes += added_law_notes((*material.authorities, *material.history), corpus, language)
    unique = {(note.kind, note.message): note for note in notes}
    return Draft(tuple(writer.claims), tuple(writer.citations), tuple(unique.values()))


# ------------------------------------------------------------------ notes


def labels(places: tuple[ProvisionId, ...], corpus: Corpus, language: Language) -> str:
    return ("、" if language == "zh" else ", ").join(corpus.label(place, language) for place in places)


def history_notes(place: ProvisionId, corpus: Corpus, language: Language) -> list[Note]:
    """What became of a place of a draft or of a former text."""
    article = place.whole_article
    version = corpus.version(place.law, place.version or "")
    old = corpus.label(article, language)
    successor = corpus.successor(place)
    found: list[Note] = []
    if corpus.laws[place.law].kind == "draft":
        new = labels(successor.new, corpus, language) if successor else ""
        message = say("draft_replaced", language, old=old, new=new) if new else say("draft_dropped", language, old=old)
        found.append(Note("superseded", message, str(article)))
    elif version.in_force_until and successor and successor.new:
        new = labels(successor.new, corpus, language)
        if successor.change in ("same", "references"):
            message = say(
                "renumbered", language, until=version.in_force_until, old=corpus.label(place, language), new=new
            )
            found.append(Note("renumbered", message, str(place)))
        else:
            message = say("amended", language, old=corpus.label(place, language), from_=version.in_force_until, new=new)
            found.append(Note("amended", message, str(place)))
    if place.article in version.partial:
        found.append(Note("scope", say("partial", language, old=old), str(article)))
    return found


def added_law_notes(places: tuple[ProvisionId, ...], corpus: Corpus, language: Language) -> list[Note]:
    """What a reader must know of laws that the user added: who vouches for the dates, and that no English is held."""
    found: list[Note] = []
    for law in dict.fromkeys(place.law for place in places if corpus.is_local(place.law)):
        name = corpus.laws[law].title[language]
        found.append(Note("scope", say("added_law", language, law=name), law))
        if language != "zh" and any(corpus.provision(p).text_en is None for p in places if p.law == law):
            found.append(Note("scope", say("no_english", language, law=name), law))
    return found


@dataclass(frozen=True, slots=True)
class SupersededFigure:
    """A figure of the question that stands in a draft or former text, where what replaced it has another."""

    asked: Quantity
    old: ProvisionId
    new: ProvisionId
    today: Quantity


def superseded_figures(text: str, corpus: Corpus, on: date) -> list[SupersededFigure]:
    """Such figures in a question; a large number without a unit is read as a number of persons."""
    asked = quantities(text) | {Quantity(value, "persons") for value in bare_figures(text)}
    found: list[SupersededFigure] = []
    for old, successor in corpus.successors.items() if asked else ():
        if successor.change in ("same", "references") or corpus.role(old, on) == "authority":
            continue
        former = asked & _quantities_at(old, corpus)
        for new in successor.new if former else ():
            today = _quantities_at(new.whole_article, corpus)
            for figure in sorted(former - today):
                instead = [q for q in sorted(today) if q.unit == figure.unit and _same_matter(q, figure)]
                if instead and corpus.role(new, on) == "authority":
                    found.append(SupersededFigure(figure, old.whole_article, new, instead[-1]))
    return found


def number_premises(understanding: Understanding, authorities: tuple[ProvisionId, ...], corpus: Corpus) -> list[Note]:
    """The first such figure on the matter of a provision that is quoted."""
    language = understanding.query.language
    quoted = {place.whole_article for place in authorities}
    for found in superseded_figures(understanding.query.text, corpus, understanding.on):
        if found.new.whole_article in quoted:
            message = say(
                "number_premise",
                language,
                asked=_shown(found.asked, language),
                old=corpus.label(found.old, language),
                new=corpus.label(found.new.whole_article, language),
                today=_shown(found.today, language),
            )
            return [Note("premise", message, str(found.old))]
    return []


def _same_matter(today: Quantity, asked: Quantity) -> bool:
    return today.unit in ("persons", "yuan", "times", "percent") and today.value != asked.value


def _quantities_at(place: ProvisionId, corpus: Corpus) -> frozenset[Quantity]:
    provision = corpus.find(place)
    if provision is None:
        return frozenset()
    return frozenset(q for text in (provision.text_en, provision.text_zh) if text for q in quantities(text))


_UNITS: dict[str, dict[Language, str]] = {
    "persons": {"en": "{v} persons", "zh": "{v}人", "fr": "{v} personnes"},
    "yuan": {"en": "CNY {v}", "zh": "{v}元", "fr": "{v} CNY"},
    "times": {"en": "{v} times", "zh": "{v}倍", "fr": "{v} fois"},
    "percent": {"en": "{v} percent", "zh": "{v}%", "fr": "{v} %"},
}


def _shown(quantity: Quantity, language: Language) -> str:
    value = f"{quantity.value:,.10g}"
    if language == "fr":
        value = value.replace(",", "\u202f")
    pattern = _UNITS.get(quantity.unit, {}).get(language)
    return pattern.format(v=value) if pattern else str(quantity)


def renumbering_notes(place: ProvisionId, corpus: Corpus, language: Language) -> list[Note]:
    """For a place cited by number in a law that was renumbered: where the old article of that number is now."""
    versions = corpus.versions(place.law)
    current = next((v for v in versions if v.key == place.version), None)
    earlier = [v for v in versions if current and v.in_force_from < current.in_force_from]
    if current is None or not earlier:
        return []
    old = ProvisionId(place.law, earlier[-1].key, place.article, None, place.item)
    successor = corpus.successor(old)
    if successor is None or not successor.new or place.whole_article in {n.whole_article for n in successor.new}:
        return []
    message = say(
        "renumbered_also",
        language,
        from_=current.in_force_from,
        old=corpus.label(successor.old, language),
        new=labels(successor.new, corpus, language),
    )
    return [Note("renumbered", message, str(successor.old))]
