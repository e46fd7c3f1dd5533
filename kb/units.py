"""Corpus → search units: every text by which a place can be found.

A unit is a paragraph, an item with its lead-in, a whole article, a gist, an ask, a passage of a document, a note on one, or a fact of a
record. English and Chinese are separate units of the same place.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Literal

from kb.corpus import Corpus
from kb.errors import IndexError_
from kb.model import LANGUAGES, Language, Line, Provision

FORMAT = 9
"""Raise it when what a unit or the index holds changes: every index is then built again."""

MAX_UNIT_CHARS = 1_800
LEAD_CHARS = 160

Group = Literal["law", "draft", "document", "record", "scenario", "outside", "misconception"]
Kind = Literal["part", "item", "article", "gist", "ask", "passage", "note", "fact"]


@dataclass(frozen=True, slots=True)
class Unit:
    """One searchable text. `target` is the id of the place (or the name of a scenario or record); dates are yyyymmdd numbers.

    `prompt` is how the encoder reads it: asks are questions like those they are compared with.
    """

    id: str
    target: str
    group: Group
    kind: Kind
    language: Language
    start: int
    end: int
    prompt: Literal["query", "document"]
    text: str


def day(on: date) -> int:
    return on.year * 10_000 + on.month * 100 + on.day


ALWAYS = (0, 99_999_999)


def build_units(corpus: Corpus) -> list[Unit]:
    """Every unit of the corpus, in a fixed order, with ids that depend on nothing but their place and kind."""
    found: list[Unit] = []
    for article in corpus.all_articles():
        found += _article_units(corpus, article)
    for document in corpus.documents.values():
        for passage in document.passages:
            text = f"{document.short.en} — {passage.section}. {passage.text}"
            found.append(
                Unit(
                    f"{passage.id}#passage.en",
                    str(passage.id),
                    "document",
                    "passage",
                    "en",
                    *ALWAYS,
                    "document",
                    text[:MAX_UNIT_CHARS],
                )
            )
    for number, note in enumerate(corpus.notes):
        for language in LANGUAGES:
            text = note.message[language][:MAX_UNIT_CHARS]
            name = f"{note.at}#note.{language}.{number}"
            found.append(Unit(name, str(note.at), "document", "note", language, *ALWAYS, "document", text))
    for record in corpus.records.values():
        for language in LANGUAGES:
            found += _asks(f"record/{record.slug}", record.slug, "record", language, record.asks[language], ALWAYS)
            for fact in record.facts:
                text = f"{record.short[language]}: {fact.text[language]}"[:MAX_UNIT_CHARS]
                name = f"{fact.id}#fact.{language}"
                found.append(Unit(name, str(fact.id), "record", "fact", language, *ALWAYS, "document", text))
    for scenario in corpus.scenarios:
        for language in LANGUAGES:
            texts = (scenario.suggestion[language], *scenario.asks[language])
            found += _asks(f"scenario/{scenario.name}", scenario.name, "scenario", language, texts, ALWAYS)
    for mistaken in corpus.misconceptions:
        for language in LANGUAGES:
            texts = (mistaken.belief[language], *mistaken.said[language])
            found += _asks(f"misconception/{mistaken.name}", mistaken.name, "misconception", language, texts, ALWAYS)
    for language in LANGUAGES:
        found += _asks("outside", "outside", "outside", language, corpus.outside[language], ALWAYS)
    repeated = [unit for unit, times in Counter(u.id for u in found).items() if times > 1]
    if repeated:
        raise IndexError_(f"two units with the id {repeated[0]}")
    return found


def _asks(
    prefix: str, target: str, group: Group, language: Language, texts: Sequence[str], dates: tuple[int, int]
) -> Iterator[Unit]:
    for i, text in enumerate(texts, 1):
        yield Unit(f"{prefix}#ask.{language}.{i}", target, group, "ask", language, *dates, "query", text)


def _article_units(corpus: Corpus, article: Provision) -> Iterator[Unit]:
    law = corpus.laws[article.id.law]
    version = corpus.version(law.slug, article.id.version or "")
    group: Group = "draft" if law.kind == "draft" else "law"
    dates = (day(version.in_force_from), day(version.in_force_until) if version.in_force_until else ALWAYS[1])
    place = str(article.id)
    held: tuple[Literal["en", "zh"], ...] = ("en", "zh")
    for language in held:
        title = law.short[language]
        heading = f" {article.heading[language]}" if article.heading else ""
        head = (
            f"{title} Art. {article.id.article}{heading}: "
            if language == "en"
            else f"{title}第{article.id.article}条{heading}："
        )
        if article.text(language) is None:
            continue
        parts = list(_parts(corpus, article))
        for part, lead in parts:
            before = f"{lead.text(language)[:LEAD_CHARS]} … " if lead else ""  # type: ignore[index]
            words = (head + before + (part.text(language) or ""))[:MAX_UNIT_CHARS]
            kind: Kind = "item" if lead else "part"
            yield Unit(f"{part.id}#{kind}.{language}", str(part.id), group, kind, language, *dates, "document", words)
        if sum(lead is None for _, lead in parts) > 1:
            whole = (head + (article.text(language) or ""))[:MAX_UNIT_CHARS]
            yield Unit(f"{place}#article.{language}", place, group, "article", language, *dates, "document", whole)
    for spoken in LANGUAGES:
        if article.gist:
            topic = f"{article.heading[spoken]}: " if article.heading else ""
            text = topic + article.gist[spoken]
            yield Unit(f"{place}#gist.{spoken}", place, group, "gist", spoken, *dates, "document", text)
        yield from _asks(place, place, group, spoken, article.asks.get(spoken, ()), dates)


def _parts(corpus: Corpus, article: Provision) -> Iterator[tuple[Provision, Line | None]]:
    """The paragraphs of an article (with None), and their items with the line that leads in to them."""
    for number in sorted({line.paragraph for line in article.lines}):
        paragraph = corpus.provision(replace(article.id, paragraph=number))
        yield paragraph, None
        for line in paragraph.lines[1:]:
            yield corpus.provision(replace(article.id, paragraph=number, item=line.item)), paragraph.lines[0]


def fingerprint(units: Sequence[Unit], encoder: str) -> str:
    """Names the content of an index: 20 hexadecimal digits over the format, the encoder and every unit."""
    digest = hashlib.sha256(f"{FORMAT}\0{encoder}\n".encode())
    names = [field.name for field in fields(Unit)]
    for unit in units:
        digest.update(json.dumps([getattr(unit, name) for name in names], ensure_ascii=False).encode())
    return digest.hexdigest()[:20]
