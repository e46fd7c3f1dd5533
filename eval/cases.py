"""Cases as they stand in `eval/cases/*.yaml`, read as strictly as the corpus.

A case is a question with what a careful lawyer would cite. `must` lists needs: each is a list of places any one of which satisfies
it. Places are whole articles by id, documents and records by slug. `python -m eval.cases` checks them all.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from eval.duplicates import too_near
from eval.split import half_of
from kb.corpus import Corpus
from kb.corpus_files import read_text, read_yaml
from kb.errors import CorpusError
from kb.ids import ProvisionId
from kb.model import Language, NoteKind, RefusalKind

FOLDER = Path(__file__).parent / "cases"

Split = Literal["dev", "test", "earlier"]
"""Thresholds and weights may be set on "dev"; figures are published for "test". On the cases of "earlier" thresholds were once set, and
their articles lie in the test half: they are never used for tuning again and never reported as test."""

Kind = Literal[
    "single",
    "several",
    "document",
    "comparison",
    "citation",
    "premise",
    "temporal",
    "record",
    "no_such_provision",
    "not_in_corpus",
    "out_of_scope",
    "prediction",
    "too_vague",
    "injection",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
Tag = Literal[
    "lay",
    "lawyer",
    "typo",
    "paraphrase",
    "near",
    "far",
    "draft_or_final",
    "renumbered",
    "past_date",
    "short",
    "long",
]
_NEW_ID = re.compile(r"(?P<split>[dt])-(?P<language>en|zh|fr)-\d{3}")
_OLD_ID = re.compile(r"(?P<language>en|zh|fr)-\d{3}")
_LETTERS = {"dev": "d", "test": "t"}

Place = Annotated[str, Field(min_length=1)]
Places = tuple[Place, ...]


class KeyFact(BaseModel):
    """Words of the English text of an article that an answer must not leave out."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    id: Place
    quote: Annotated[str, Field(min_length=1)]


class Case(BaseModel):
    """A question with the places that decide it, or the kind of refusal that is right.

    `must`: needs, each a list of places any one of which satisfies it. `may`: acceptable besides. `must_not`: would mislead as
    authority. `notes`: kinds of note that the answer must carry. Cases of one `group` are one question in other words.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    id: str
    split: Split
    language: Language
    on: date
    question: Annotated[str, Field(min_length=1)]
    tags: tuple[Kind | Tag, ...]
    group: Annotated[str, Field(pattern=r"^g-[a-z0-9-]+$")] | None
    must: Annotated[tuple[Annotated[Places, Field(min_length=1)], ...], Field(max_length=3)]
    may: Places
    must_not: Places
    facts: Annotated[tuple[KeyFact, ...], Field(max_length=3)]
    refusal: RefusalKind | None
    notes: tuple[NoteKind, ...]
    rationale: Annotated[str, BeforeValidator(lambda v: v.strip() if isinstance(v, str) else v), Field(min_length=1)]

    @property
    def kind(self) -> Kind:
        return next(tag for tag in self.tags if tag in KINDS)

    @property
    def cluster(self) -> str:
        """What a case hangs together with: the law (document, record) of its first place, or the kind of its refusal."""
        return self.must[0][0].partition("@")[0] if self.must else f"refusal {self.refusal}"

    @property
    def old(self) -> bool:
        """Whether it was written before the split and the key facts were."""
        return _OLD_ID.fullmatch(self.id) is not None

    @model_validator(mode="after")
    def _hangs_together(self) -> Case:
        if problem := next(self._problems(), None):
            raise ValueError(f"{self.id}: {problem}")
        return self

    def _problems(self) -> Iterator[str]:
        name = _NEW_ID.fullmatch(self.id) or _OLD_ID.fullmatch(self.id)
        if not name:
            yield "an id reads t-en-001: split (d or t), language, number"
        elif name["language"] != self.language:
            yield f"the id says {name['language']}, the case {self.language}"
        elif not self.old and name["split"] != _LETTERS.get(self.split):
            yield f"the id says {name['split']}, the split is {self.split}"
        if self.old and self.split == "test":
            yield "was used for tuning: its split is dev or earlier"
        if sum(tag in KINDS for tag in self.tags) != 1:
            yield "give one tag of a kind: " + ", ".join(KINDS)
        if bool(self.must) == bool(self.refusal):
            yield "give `must` or `refusal`, one of them"
        if self.refusal and self.facts:
            yield "a refusal quotes nothing; leave `facts` empty"
        needed = {place for need in self.must for place in need}
        if not self.facts and not self.old and any("/art_" in place for place in needed):
            yield "give one to three `facts`, words of a deciding article"
        if both := (needed & {*self.may, *self.must_not}) or ({*self.may} & {*self.must_not}):
            yield f"{min(both)} stands in two of must, may, must_not"


def load_cases(path: Path) -> list[Case]:
    """All cases of a file; CorpusError names the file and line of one that cannot be used."""
    cases: list[Case] = read_yaml(path, list[Case])
    return cases


def all_cases(folder: Path = FOLDER) -> list[Case]:
    """The cases of every file of the folder, in the order of file names; CorpusError where an id is given twice."""
    found: list[Case] = []
    for path in sorted(folder.glob("*.yaml")):
        for case in load_cases(path):
            if any(case.id == other.id for other in found):
                raise CorpusError(path, _line(path, case.id), f"the id {case.id} is given twice")
            found.append(case)
    return found


def check_cases(cases: Sequence[Case], corpus: Corpus, folder: Path = FOLDER) -> None:
    """What needs the corpus or the other cases; CorpusError names the file and line of the first case that does not pass."""
    for case_id, problem in problems(cases, corpus):
        path = next((p for p in sorted(folder.glob("*.yaml")) if _line(p, case_id)), folder)
        raise CorpusError(path, _line(path, case_id) if path != folder else None, f"{case_id}: {problem}")


def problems(cases: Sequence[Case], corpus: Corpus) -> Iterator[tuple[str, str]]:
    """(case, what is wrong): places not held, the wrong half, facts that do not stand there, groups, near-duplicates."""
    for case in cases:
        yield from ((case.id, problem) for problem in _wrong_places(case, corpus))
        yield from ((case.id, problem) for problem in _wrong_facts(case, corpus))
    yield from _wrong_groups(cases)
    yield from too_near(cases, corpus)


def _wrong_places(case: Case, corpus: Corpus) -> Iterator[str]:
    for name in (*(place for need in case.must for place in need), *case.may, *case.must_not):
        if not _held(name, corpus):
            yield f"{name} is no article, document or record held"
    first = case.must[0][0] if case.must else ""
    if "/art_" in first and _held(first, corpus):
        half = half_of(ProvisionId.parse(first), corpus)
        if half != ("test" if case.split == "earlier" else case.split):
            yield f"{first} lies in the {half} half, the split is {case.split}"


def _held(name: str, corpus: Corpus) -> bool:
    if "/" not in name:
        return name in corpus.documents or name in corpus.records
    try:
        place = ProvisionId.parse(name)
    except ValueError:
        return False
    versions = corpus.versions_by_law.get(place.law, ())
    version = next((v for v in versions if v.key == place.version), None)
    return version is not None and place == place.whole_article and place.article in version.articles


def _wrong_facts(case: Case, corpus: Corpus) -> Iterator[str]:
    accepted = {*case.may, *(place for need in case.must for place in need)}
    for fact in case.facts:
        text = corpus.provision(ProvisionId.parse(fact.id)).text_en if _held(fact.id, corpus) else None
        if text is None or fact.quote not in text:
            yield f"these words do not stand in {fact.id}: {fact.quote}"
        elif fact.id not in accepted:
            yield f"a fact of {fact.id}, which the case does not accept"


def _wrong_groups(cases: Iterable[Case]) -> Iterator[tuple[str, str]]:
    first: dict[str, Case] = {}
    for case in cases:
        if case.group is None:
            continue
        other = first.setdefault(case.group, case)
        if (case.must, case.refusal, case.split) != (other.must, other.refusal, other.split):
            yield case.id, f"is of {case.group} like {other.id}, but needs or split differ"


@lru_cache(maxsize=64)
def _lines(path: Path) -> tuple[str, ...]:
    return tuple(read_text(path).splitlines())


def _line(path: Path, case_id: str) -> int | None:
    """The 1-based line where a case begins in a file; None where it is not in it."""
    pattern = re.compile(rf"-?\s*\{{?\s*id:\s*['\"]?{re.escape(case_id)}['\"]?\s*(?:[,#}}].*)?")
    return next((n for n, line in enumerate(_lines(path), 1) if pattern.search(line)), None)


def main() -> int:
    """`python -m eval.cases`: every problem with its file and line; exit 1 where there is one."""
    from kb.corpus_load import load_corpus
    from kb.settings import Settings

    try:
        cases = all_cases()
    except CorpusError as error:
        print(error)
        return 1
    found = list(problems(cases, load_corpus(Settings().corpus)))
    for case_id, problem in found:
        path, line = next((p, n) for p in sorted(FOLDER.glob("*.yaml")) if (n := _line(p, case_id)))
        print(f"{path}:{line}: {case_id}: {problem}")
    print(f"{len(cases)} cases, {len(found)} problems")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
