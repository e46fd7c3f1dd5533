"""Places in the sources: how they are named. This module imports nothing of ours."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_PROVISION = re.compile(
    r"(?P<law>[a-z][a-z0-9-]*)(?:@(?P<version>\d{4}-\d{2}-\d{2}))?/art_(?P<article>\d+(?:-\d+)?)"
    r"(?:__para_(?P<paragraph>[1-9]\d*))?(?:__item_(?P<item>[1-9]\d*))?"
)
_PASSAGE = re.compile(r"(?P<document>[a-z][a-z0-9-]*)/sec_(?P<section>[1-9]\d*)(?:__para_(?P<paragraph>[1-9]\d*))?")

_FACT = re.compile(r"(?P<record>[a-z][a-z0-9-]*)/fact_(?P<number>[1-9]\d*)")


@dataclass(frozen=True, slots=True, order=True)
class ProvisionId:
    """A place in a law: article, paragraph (款) and item (项), after Akoma Ntoso.

    `version` is the date from which that text is in force, as ISO text; None means "whichever stands on the date".
    `paragraph` is None for a whole article and for the only paragraph of an article.
    `article` is text because inserted articles are numbered 253-1 (第二百五十三条之一).
    """

    law: str
    version: str | None
    article: str
    paragraph: int | None = None
    item: int | None = None

    @classmethod
    def parse(cls, text: str) -> ProvisionId:
        """Read `pipl@2021-11-01/art_28__para_2`; ValueError names the text that does not fit."""
        found = _PROVISION.fullmatch(text.strip())
        if not found:
            raise ValueError(f"{text!r} is not a provision id; write e.g. pipl@2021-11-01/art_28__para_2")
        paragraph, item = found["paragraph"], found["item"]
        return cls(
            found["law"],
            found["version"],
            found["article"],
            int(paragraph) if paragraph else None,
            int(item) if item else None,
        )

    def __str__(self) -> str:
        version = f"@{self.version}" if self.version else ""
        paragraph = f"__para_{self.paragraph}" if self.paragraph else ""
        item = f"__item_{self.item}" if self.item else ""
        return f"{self.law}{version}/art_{self.article}{paragraph}{item}"

    @property
    def whole_article(self) -> ProvisionId:
        return ProvisionId(self.law, self.version, self.article)


@dataclass(frozen=True, slots=True, order=True)
class PassageId:
    """A place in a source document: section and paragraph within it."""

    document: str
    section: int
    paragraph: int | None = None

    @classmethod
    def parse(cls, text: str) -> PassageId:
        """Read `ds-newsletter/sec_3__para_2`; ValueError names the text that does not fit."""
        found = _PASSAGE.fullmatch(text.strip())
        if not found:
            raise ValueError(f"{text!r} is not a passage id; write e.g. ds-newsletter/sec_3__para_2")
        paragraph = found["paragraph"]
        return cls(found["document"], int(found["section"]), int(paragraph) if paragraph else None)

    def __str__(self) -> str:
        paragraph = f"__para_{self.paragraph}" if self.paragraph else ""
        return f"{self.document}/sec_{self.section}{paragraph}"


@dataclass(frozen=True, slots=True, order=True)
class FactId:
    """A fact in the record of an instrument whose text is not held; facts are numbered from 1."""

    record: str
    number: int

    @classmethod
    def parse(cls, text: str) -> FactId:
        """Read `gbt-35273-2020/fact_2`; ValueError names the text that does not fit."""
        found = _FACT.fullmatch(text.strip())
        if not found:
            raise ValueError(f"{text!r} is not the id of a fact; write e.g. gbt-35273-2020/fact_2")
        return cls(found["record"], int(found["number"]))

    def __str__(self) -> str:
        return f"{self.record}/fact_{self.number}"


SourceId = ProvisionId | PassageId | FactId


def parse_source_id(text: str) -> SourceId:
    """The id of a provision, a passage or a fact; ValueError where it is none of them."""
    if "/sec_" in text:
        return PassageId.parse(text)
    return FactId.parse(text) if "/fact_" in text else ProvisionId.parse(text)


def source_of(place: SourceId) -> str:
    """The slug of the law, document or record that a place belongs to."""
    if isinstance(place, ProvisionId):
        return place.law
    return place.document if isinstance(place, PassageId) else place.record


def article_sort_key(article: str) -> tuple[int, int]:
    """Order of article numbers: 253 < 253-1 < 254."""
    number, _, inserted = article.partition("-")
    return int(number), int(inserted or 0)


def article_range(text: str) -> Iterator[str]:
    """Expand "111, 989-1039" to article numbers; ValueError on anything else.

    Inserted articles (253-1) are told from ranges by their second number being smaller than the first.
    """
    for part in str(text).split(","):
        piece = part.strip()
        found = re.fullmatch(r"(\d+)(?:\s*[-–]\s*(\d+))?", piece)
        if not found:
            raise ValueError(f"{piece!r} is neither an article number nor a range such as 989-1039")
        first, last = int(found[1]), found[2]
        if last is None:
            yield str(first)
        elif int(last) < first:
            yield f"{first}-{last}"
        else:
            yield from (str(n) for n in range(first, int(last) + 1))
