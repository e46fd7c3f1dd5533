"""What is not answered, and why: nothing is said rather than something unfounded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kb.corpus import Corpus
from kb.ids import ProvisionId
from kb.model import Refusal, RefusalKind
from kb.past import former_place
from kb.phrases import say
from kb.retrieve import Found
from kb.understand import CitedPlace, Understanding

MIN_MARGIN = 0.012
"""Below this margin (see `retrieve.Found`) a question that names no source is outside the scope."""


def _refuse(kind: RefusalKind, understanding: Understanding, phrase: str | None = None, **values: object) -> Refusal:
    return Refusal(kind, say(phrase or kind, understanding.query.language, **values))


def refuse_before_search(understanding: Understanding, corpus: Corpus) -> Refusal | None:
    """What the words of the question alone rule out."""
    unknown = [c for c in understanding.cited if c.place is None]
    known = [c for c in understanding.cited if c.place]
    if unknown and not known:
        law = unknown[0].mention.unknown_law or ""
        return _refuse("not_in_corpus", understanding, "law_not_held", law=law, held=held_laws(corpus, understanding))
    if understanding.bare and not known and not understanding.documents:
        return _which_instrument(understanding, corpus)
    earlier = earlier_text(understanding, corpus, [c.place for c in known if c.place])
    if earlier:
        return earlier
    if known and all(corpus.find(c.place) is None for c in known if c.place):
        return missing(understanding, corpus, known)
    if not understanding.names_a_source:
        if understanding.elsewhere:
            return _refuse("out_of_scope", understanding)
        titled = [f"《{name}》" for name in understanding.unknown_laws if f"《{name}》" in understanding.query.text]
        titled += understanding.unheld
        if titled:
            return _refuse(
                "not_in_corpus",
                understanding,
                "law_not_held",
                law=titled[0],
                held=held_laws(corpus, understanding),
            )
    if understanding.prediction:
        return _refuse("prediction", understanding)
    if understanding.vague:
        return _refuse("too_vague", understanding)
    return None


def refuse_after_search(understanding: Understanding, found: Found) -> Refusal | None:
    """What the search shows to be about something else."""
    outside = found.margin < MIN_MARGIN and not understanding.names_a_source and not understanding.past
    return _refuse("out_of_scope", understanding) if outside or not found.hits else None


def held_laws(corpus: Corpus, understanding: Understanding) -> str:
    language = understanding.query.language
    return ("、" if language == "zh" else ", ").join(law.short[language] for law in corpus.laws.values() if law.binding)


def _which_instrument(understanding: Understanding, corpus: Corpus) -> Refusal:
    article, language = understanding.bare[0], understanding.query.language
    candidates = []
    for law in sorted(corpus.laws.values(), key=lambda x: (x.kind != "draft" and "frt" not in x.slug, x.rank, x.slug)):
        version = corpus.in_force(law.slug, understanding.on)
        provision = corpus.find(ProvisionId(law.slug, version.key, article)) if version else None
        if provision and provision.heading:
            heading = provision.heading[language]
            candidates.append(
                f"{law.short[language]}：{heading}" if language == "zh" else f"{law.short[language]} ({heading})"
            )
    if not candidates:
        return _refuse("too_vague", understanding, "which_instrument_none", article=article)
    shown = ("；" if language == "zh" else "; ").join(candidates[:6])
    return _refuse("too_vague", understanding, "which_instrument", article=article, candidates=shown)


def earlier_text(understanding: Understanding, corpus: Corpus, places: Iterable[ProvisionId]) -> Refusal | None:
    """For places of a law that stood on the date in an earlier text, which is not held."""
    for place in places:
        law = corpus.laws[place.law]
        if law.earlier_texts == "not_held" and corpus.in_force(law.slug, understanding.on) is None:
            language = understanding.query.language
            first = corpus.versions(law.slug)[0]
            return _refuse(
                "not_in_corpus",
                understanding,
                "earlier_text",
                law=law.short[language],
                on=understanding.on,
                from_=first.key,
            )
    return None


def missing(understanding: Understanding, corpus: Corpus, known: Sequence[CitedPlace]) -> Refusal | None:
    """The first place cited does not exist, or its text is not held; None where an earlier version has it."""
    place, language = known[0].place, understanding.query.language
    assert place is not None and place.version is not None
    if former_place(known[0], corpus) is not None:
        return None
    version, law = corpus.version(place.law, place.version), corpus.laws[place.law]
    label = corpus.label(place, language)
    if place.article in version.gaps:
        return _refuse("not_in_corpus", understanding, "draft_gap", old=corpus.label(place.whole_article, language))
    article = corpus.find(place.whole_article)
    if article is not None:
        paragraphs = max(line.paragraph for line in article.lines)
        items = sum(line.item is not None for line in article.lines)
        extent = say("has_parts", language, p=paragraphs, i=items)
        return _refuse("no_such_provision", understanding, "no_such_part", label=label, extent=extent)
    numbers = corpus.article_numbers(version)
    if numbers is None or place.article in numbers:
        why = say("only_part_held", language)
        return _refuse("not_in_corpus", understanding, "not_held", label=label, why=why)
    extent = say("has_articles", language, n=len(numbers))
    name = law.short[language]
    return _refuse("no_such_provision", understanding, law=name, article=place.article, extent=extent)
