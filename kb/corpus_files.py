"""Read the files of the corpus folder, one function a kind, each strict: what breaks a rule names its file and line.

The formats are described in `corpus/README.md`.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError

from kb.errors import CorpusError
from kb.ids import PassageId, ProvisionId, article_range
from kb.model import Grade, Kind, Language, RecordKind, RecordStatus, Topic, Trilingual

Place = tuple[int, int | None]
"""Paragraph and item number of a line within its article."""


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Safe YAML that refuses a key given twice and leaves dates as text to pydantic."""


def _mapping(loader: Any, node: Any) -> dict[Any, Any]:
    keys: set[Any] = set()
    for key, _ in node.value:
        name = loader.construct_object(key)
        if not isinstance(name, str | int):
            raise yaml.constructor.ConstructorError(None, None, "a key is a word", key.start_mark)
        if name in keys:
            raise yaml.constructor.ConstructorError(None, None, f"the key {name!r} is given twice", key.start_mark)
        keys.add(name)
    return {loader.construct_object(k): loader.construct_object(v, deep=True) for k, v in node.value}


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in _Loader.yaml_implicit_resolvers.items()
}


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


NonEmpty = Annotated[str, Field(min_length=1)]


class Texts(_Strict):
    """One text in the three languages."""

    en: NonEmpty
    zh: NonEmpty
    fr: NonEmpty

    def trilingual(self) -> Trilingual:
        return Trilingual(self.en, self.zh, self.fr)


class TextLists(_Strict):
    en: list[NonEmpty] = []
    zh: list[NonEmpty] = []
    fr: list[NonEmpty] = []

    def by_language(self) -> dict[Language, tuple[str, ...]]:
        return {"en": tuple(self.en), "zh": tuple(self.zh), "fr": tuple(self.fr)}


class LawFile(_Strict):
    slug: NonEmpty
    title: Texts
    short: Texts
    aliases: TextLists = TextLists()
    kind: Kind
    issuer: Texts
    rank: Annotated[int, Field(ge=1, le=9)]
    binding: bool
    url: NonEmpty
    earlier_texts: Literal["none", "not_held"] = "none"


class ChineseSource(_Strict):
    """Where the Chinese text is: in the pinned dataset (title and date of its version there), or behind a link."""

    dataset: str | None = None
    version_date: date | None = None
    link: str | None = None


class VersionFront(_Strict):
    adopted_on: date | None = None
    promulgated_on: date | None = None
    document_no: str | None = None
    source_url: NonEmpty
    retrieved_on: date
    evidence: NonEmpty
    articles: Annotated[tuple[str, ...], BeforeValidator(lambda v: tuple(article_range(v)))]
    completeness: Literal["full", "partial"]
    chinese: ChineseSource
    gaps: dict[str, NonEmpty] = {}
    partial: dict[str, NonEmpty] = {}
    inferred_numbers: list[Annotated[str, BeforeValidator(str)]] = []
    preamble: str | None = None


class GuideEntry(_Strict):
    heading: Texts
    gist: Texts
    asks: TextLists


class Published(_Strict):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
    from_: date = Field(alias="from")
    to: date


class Furniture(_Strict):
    """Words of the supplied text that were left out, and why."""

    text: NonEmpty
    why: NonEmpty


class DocumentFront(_Strict):
    slug: NonEmpty
    title: Texts
    short: Texts
    aliases: TextLists = TextLists()
    author: NonEmpty
    published: Published
    furniture: list[Furniture] = []


class NoteEntry(_Strict):
    at: Annotated[PassageId, BeforeValidator(PassageId.parse)]
    kind: Literal["renumbered", "overtaken", "mistaken"]
    message: Texts
    decided_by: list[Annotated[ProvisionId, BeforeValidator(ProvisionId.parse)]]
    source: str | None = None


PlaceId = Annotated[ProvisionId, BeforeValidator(ProvisionId.parse)]


class StepEntry(_Strict):
    id: PlaceId
    why: Texts


class ScenarioFile(_Strict):
    title: Texts
    suggestion: Texts
    asks: TextLists
    provisions: Annotated[list[StepEntry], Field(min_length=1)]


class MisconceptionEntry(_Strict):
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    belief: Texts
    said: TextLists
    provisions: Annotated[list[PlaceId], Field(min_length=1, max_length=3)]


class FactEntry(_Strict):
    topic: Topic
    grade: Grade | None = None
    text: Texts


class RecordFile(_Strict):
    """What is known of an instrument whose text is not held; the fields are those of `model.Record`."""

    slug: NonEmpty
    title: Texts
    short: Texts
    aliases: TextLists = TextLists()
    described_as: list[NonEmpty] = []
    kind: RecordKind
    issuer: Texts
    number: str | None = None
    status: RecordStatus
    replaced_by: str | None = None
    source_url: str | None = None
    read_in: NonEmpty
    grade: Grade
    facts: Annotated[list[FactEntry], Field(min_length=1)]
    since: date | None = None
    cited_at: list[Annotated[PassageId, BeforeValidator(PassageId.parse)]] = []
    related: list[Annotated[ProvisionId, BeforeValidator(ProvisionId.parse)]] = []
    asks: TextLists


class GlossaryTerm(_Strict):
    zh: NonEmpty
    en: NonEmpty
    fr: NonEmpty
    also: TextLists = TextLists()


class ScopeFile(_Strict):
    """Questions that this knowledge base does not answer: near its subject and far from it."""

    near: TextLists
    far: TextLists


class ConcordanceRow(_Strict):
    """Where the rule of an old place went. `new` is empty where it has no successor."""

    old: Annotated[ProvisionId, BeforeValidator(ProvisionId.parse)]
    new: Annotated[
        tuple[ProvisionId, ...],
        BeforeValidator(lambda v: tuple(ProvisionId.parse(p) for p in v.split(";") if p.strip())),
    ]
    change: Literal["same", "references", "changed", "merged", "replaced", "dropped"]
    note: str = ""


class CounterpartRow(_Strict):
    """Older articles on the matter of an article: what to read for a day before it stood."""

    now: Annotated[ProvisionId, BeforeValidator(ProvisionId.parse)]
    then: Annotated[
        tuple[ProvisionId, ...],
        BeforeValidator(lambda v: tuple(ProvisionId.parse(p) for p in v.split(";"))),
    ]
    note: str


_Row = TypeVar("_Row", bound=_Strict)


@dataclass(frozen=True, slots=True)
class ArticleText:
    """The lines of one article as found in a file: (paragraph, item) → text, in order. `line` is where it starts."""

    number: str
    chapter: str | None
    lines: tuple[tuple[Place, str], ...]
    line: int


def read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise CorpusError(path, None, "the file is missing") from None
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise CorpusError(path, line, "not UTF-8 text; save the file as UTF-8") from None


def parse_yaml(path: Path, text: str, schema: Any, first_line: int = 1) -> Any:
    """YAML text checked against a pydantic type; `first_line` is where the text starts in the file."""
    try:
        data = yaml.load(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = mark.line + first_line if mark else None
        raise CorpusError(path, line, f"not valid YAML: {error.problem}") from None
    except yaml.YAMLError as error:
        raise CorpusError(path, None, f"not valid YAML: {' '.join(str(error).split())}") from None
    try:
        return TypeAdapter(schema).validate_python(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        message = first["msg"].removeprefix("Value error, ")
        if first["type"] == "extra_forbidden":
            message = "unknown key; remove it or see corpus/README.md for the keys of this file"
        raise CorpusError(path, _line_of(text, first["loc"]) + first_line - 1, f"{where}: {message}") from None


def _line_of(text: str, location: Sequence[Any]) -> int:
    """The 1-based line of a value in YAML text, or of its nearest parent that exists."""
    node = yaml.compose(text, Loader=_Loader)
    line = 1
    for step in location:
        if isinstance(node, yaml.MappingNode):
            pair = next(((k, v) for k, v in node.value if k.value == str(step)), None)
            if pair is None:
                break
            line, node = pair[0].start_mark.line + 1, pair[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            line = node.start_mark.line + 1
        else:
            break
    return line


def read_yaml(path: Path, schema: Any) -> Any:
    return parse_yaml(path, read_text(path), schema)


def read_rows(path: Path, schema: type[_Row]) -> list[_Row]:
    """A CSV file with the columns of a schema: a concordance (old, new, change, note), counterparts (now, then, note)."""
    reader = csv.DictReader(read_text(path).splitlines())
    rows = []
    for row in reader:
        try:
            rows.append(schema.model_validate(row))
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(p) for p in first["loc"])
            raise CorpusError(path, reader.line_num, f"{where}: {first['msg'].removeprefix('Value error, ')}") from None
    return rows


def split_front_matter(path: Path) -> tuple[str, list[tuple[int, str]]]:
    """The YAML between the two `---` lines, and the numbered lines after it."""
    lines = read_text(path).splitlines()
    if not lines or lines[0].strip() != "---":
        raise CorpusError(path, 1, "the file must start with front matter between two lines `---`")
    try:
        end = next(i for i, line in enumerate(lines[1:], 1) if line.strip() == "---")
    except StopIteration:
        raise CorpusError(path, 1, "the front matter is not closed with a line `---`") from None
    return "\n".join(lines[1:end]), [(i + 1, lines[i]) for i in range(end + 1, len(lines))]


_HEADING = re.compile(r"(#{1,3})\s+(.+?)\s*$")
_ARTICLE = re.compile(r"Article (\d+(?:-\d+)?)")
_ITEM_EN = re.compile(r"\((\d+)\)\s")
_ITEM_ZH = re.compile(r"[（(]([一二三四五六七八九十]+)[）)]")


def read_version(path: Path) -> tuple[VersionFront, list[ArticleText]]:
    """One version of a law: its front matter and the articles of the rendering, which may be none."""
    front_text, body = split_front_matter(path)
    front: VersionFront = parse_yaml(path, front_text, VersionFront, first_line=2)
    chapters: dict[int, str] = {}
    articles: list[ArticleText] = []
    seen: dict[str, int] = {}
    current: list[tuple[int, str]] | None = None
    heads: list[tuple[str, str | None, int, list[tuple[int, str]]]] = []
    for number, raw in body:
        line = raw.strip()
        if not line:
            continue
        heading = _HEADING.fullmatch(line)
        if heading:
            level, title = len(heading[1]), heading[2]
            if level < 3:
                chapters = {k: v for k, v in chapters.items() if k < level} | {level: title}
                current = None
                continue
            article = _ARTICLE.fullmatch(title)
            if not article:
                raise CorpusError(path, number, f"{title!r} is not an article heading; write `### Article 12`")
            if article[1] in seen:
                raise CorpusError(path, number, f"Article {article[1]} stands twice (first on line {seen[article[1]]})")
            seen[article[1]] = number
            current = []
            heads.append((article[1], " · ".join(chapters.values()) or None, number, current))
        elif current is None:
            raise CorpusError(path, number, "text outside an article; put it under `### Article n`")
        else:
            current.append((number, line))
    for name, chapter, number, lines in heads:
        if not lines:
            raise CorpusError(path, number, f"Article {name} has no text; declare it under `gaps` if it is not held")
        places = places_of([t for _, t in lines], _ITEM_EN, int)
        for (at, _), problem in zip(lines, places.problems, strict=True):
            if problem:
                raise CorpusError(path, at, f"Article {name}: {problem}")
        articles.append(
            ArticleText(name, chapter, tuple(zip(places.places, (t for _, t in lines), strict=True)), number)
        )
    return front, articles


@dataclass(frozen=True, slots=True)
class Places:
    places: tuple[Place, ...]
    problems: tuple[str | None, ...]


def places_of(lines: Sequence[str], item_pattern: re.Pattern[str], number: Callable[[str], int]) -> Places:
    """Paragraph and item numbers of the lines of an article; an item belongs to the paragraph above it."""
    paragraph, last_item = 0, 0
    places: list[Place] = []
    problems: list[str | None] = []
    for line in lines:
        item = item_pattern.match(line)
        problem = None
        if item:
            n = number(item[1])
            if paragraph == 0:
                problem = "an item before any paragraph"
            elif n != last_item + 1:
                problem = f"item ({n}) follows item ({last_item})"
            last_item = n
            places.append((max(paragraph, 1), n))
        else:
            paragraph, last_item = paragraph + 1, 0
            places.append((paragraph, None))
        problems.append(problem)
    return Places(tuple(places), tuple(problems))


def chinese_places(lines: Sequence[str], number: Callable[[str], int]) -> Places:
    return places_of(lines, _ITEM_ZH, number)


_SECTION = re.compile(r"##\s+(\d+)\s+(.+?)\s*$")


def read_document(path: Path) -> tuple[DocumentFront, list[tuple[int, str, list[str]]]]:
    """A source document: its front matter and its sections as (number, title, paragraphs)."""
    front_text, body = split_front_matter(path)
    front: DocumentFront = parse_yaml(path, front_text, DocumentFront, first_line=2)
    sections: list[tuple[int, str, list[str]]] = []
    for number, raw in body:
        line = raw.strip()
        if not line:
            continue
        heading = _SECTION.fullmatch(line)
        if heading:
            if int(heading[1]) != len(sections) + 1:
                raise CorpusError(path, number, f"section {heading[1]} where section {len(sections) + 1} is expected")
            sections.append((int(heading[1]), heading[2], []))
        elif line.startswith("#"):
            raise CorpusError(path, number, "a section heading is written `## 3 Title`")
        elif not sections:
            raise CorpusError(path, number, "text before the first section heading")
        else:
            sections[-1][2].append(line)
    return front, sections
