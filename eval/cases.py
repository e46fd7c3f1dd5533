"""Cases as they stand in `eval/cases/*.yaml`, read as strictly as the corpus."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from kb.corpus_files import read_yaml
from kb.errors import CorpusError
from kb.model import Language, RefusalKind

FOLDER = Path(__file__).parent / "cases"


class Case(BaseModel):
    """A question with the places that decide it, or the kind of refusal that is right."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    language: Language
    kind: Literal[
        "single",
        "several",
        "document",
        "comparison",
        "citation",
        "premise",
        "past",
        "no_such_provision",
        "not_in_corpus",
        "out_of_scope",
        "prediction",
        "too_vague",
    ]
    question: str
    must: tuple[str, ...]
    also: tuple[str, ...]
    refusal: RefusalKind | None


def load_cases(path: Path) -> list[Case]:
    """All cases of a file; CorpusError names the file and line of one that cannot be used."""
    cases: list[Case] = read_yaml(path, list[Case])
    names = [c.id for c in cases]
    for case in cases:
        if names.count(case.id) > 1:
            raise CorpusError(path, None, f"the id {case.id} is given twice")
        if bool(case.must) == bool(case.refusal):
            raise CorpusError(path, None, f"{case.id}: give `must` or `refusal`, one of them")
    return cases
