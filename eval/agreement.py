"""Two people's labels of the same places: how far they agree, and whether the cases say what was settled.

`python -m eval.agreement` reads `eval/labels/`: `pool.yaml` lists the places to be labelled for each case, `a.yaml` and `b.yaml`
hold the labels of two people who worked apart, `adjudication.yaml` what was settled where they differ. A place of the pool that
a person does not list is labelled "no". Exit 1 where something is left to settle or a case differs from the settled labels.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, get_args

import numpy as np
from pydantic import BaseModel, ConfigDict, Field
from rich.console import Console
from rich.table import Table
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import cohen_kappa_score

from eval.cases import Case
from kb.corpus_files import read_yaml
from kb.errors import CorpusError, KBError

FOLDER = Path(__file__).parent / "labels"
Label = Literal["no", "may", "must"]
LABELS: tuple[Label, ...] = get_args(Label)
"""In ascending order; the quadratic weight of a disagreement is the square of the distance in this order."""
RESAMPLES = 1000
SEED = 20261122


class Labels(BaseModel):
    """What one person says of a case: the places that decide it, and those that are acceptable besides."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    must: tuple[str, ...] = ()
    may: tuple[str, ...] = ()

    def of(self, place: str) -> Label:
        return "must" if place in self.must else "may" if place in self.may else "no"


class Settled(BaseModel):
    """One place on which the two differ (or on which both were found wrong), and what holds."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    a: Label
    b: Label
    final: Label
    why: Annotated[str, Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class Labelling:
    """Everything in `eval/labels/`; the keys are ids of cases."""

    pool: Mapping[str, tuple[str, ...]]
    a: Mapping[str, Labels]
    b: Mapping[str, Labels]
    settled: Mapping[str, Mapping[str, Settled]]

    def pairs(self, case: str) -> Iterator[tuple[str, Label, Label]]:
        """Each place of the pool of a case with both labels."""
        for place in self.pool[case]:
            yield place, self.a.get(case, Labels()).of(place), self.b.get(case, Labels()).of(place)

    def final(self, case: str) -> dict[str, Label]:
        """The label of each place of the pool that holds; places not yet settled are left out."""
        held = self.settled.get(case, {})
        return {
            place: held[place].final if place in held else a
            for place, a, b in self.pairs(case)
            if place in held or a == b
        }


@dataclass(frozen=True, slots=True)
class Kappa:
    """Cohen's κ (Cohen 1960; quadratic weights: Cohen 1968) with a 95 % bootstrap interval over cases. None where it is undefined."""

    value: float | None
    interval: tuple[float, float] | None

    def __str__(self) -> str:
        if self.value is None:
            return "undefined"
        return f"{self.value:.3f}" + (f" [{self.interval[0]:.3f}, {self.interval[1]:.3f}]" if self.interval else "")


@dataclass(frozen=True, slots=True)
class Agreement:
    """`same` of `pairs` places (of `cases` cases) got the same label from both."""

    cases: int
    pairs: int
    same: int
    plain: Kappa
    quadratic: Kappa


def read_labels(folder: Path = FOLDER) -> Labelling:
    """The four files; CorpusError names the file, and the case where a label is of no place of its pool."""
    pool: dict[str, tuple[str, ...]] = read_yaml(folder / "pool.yaml", dict[str, tuple[str, ...]])
    people: list[dict[str, Labels]] = []
    for name in ("a.yaml", "b.yaml"):
        labels: dict[str, Labels] = read_yaml(folder / name, dict[str, Labels])
        for case, given in labels.items():
            _check_places(folder / name, case, pool, (*given.must, *given.may))
            if both := set(given.must) & set(given.may):
                raise CorpusError(folder / name, None, f"{case}: {min(both)} is labelled must and may")
        people.append(labels)
    settled: dict[str, dict[str, Settled]] = read_yaml(folder / "adjudication.yaml", dict[str, dict[str, Settled]])
    for case, places in settled.items():
        _check_places(folder / "adjudication.yaml", case, pool, tuple(places))
    return Labelling(pool, people[0], people[1], settled)


def _check_places(path: Path, case: str, pool: Mapping[str, Sequence[str]], places: Sequence[str]) -> None:
    if case not in pool:
        raise CorpusError(path, None, f"{case} is not in pool.yaml")
    for place in places:
        if place not in pool[case]:
            raise CorpusError(path, None, f"{case}: {place} is not in the pool of this case")


def kappa(by_case: Sequence[Sequence[tuple[Label, Label]]], weights: Literal["quadratic"] | None) -> Kappa:
    """κ over all pairs of labels. The places of a case hang together, so the bootstrap draws cases, not places."""
    codes = [np.array([[LABELS.index(x) for x in pair] for pair in case], int).reshape(-1, 2) for case in by_case]
    value = _kappa(codes, weights)
    if value is None:
        return Kappa(None, None)
    draws = np.random.default_rng(SEED).integers(len(codes), size=(RESAMPLES, len(codes)))
    drawn = [k for draw in draws if (k := _kappa([codes[i] for i in draw], weights)) is not None]
    low, high = np.percentile(drawn, [2.5, 97.5])
    return Kappa(value, (float(low), float(high)))


def _kappa(codes: Sequence[np.ndarray], weights: Literal["quadratic"] | None) -> float | None:
    pairs = np.concatenate(codes) if codes else np.empty((0, 2), int)
    if not len(pairs):
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UndefinedMetricWarning)  # both gave one and the same label throughout
        found = float(cohen_kappa_score(pairs[:, 0], pairs[:, 1], labels=range(len(LABELS)), weights=weights))
    return None if np.isnan(found) else found


def agreement(labelling: Labelling, cases: Sequence[str]) -> Agreement:
    """How far the two agree on the pools of some cases."""
    by_case = [[(a, b) for _, a, b in labelling.pairs(case)] for case in cases]
    pairs = [pair for case in by_case for pair in case]
    return Agreement(
        len(by_case), len(pairs), sum(a == b for a, b in pairs), kappa(by_case, None), kappa(by_case, "quadratic")
    )


def unsettled(labelling: Labelling) -> Iterator[str]:
    """What is left to do before the labels hold: cases not labelled, differences not settled, settlements that do not fit."""
    for case in labelling.pool:
        for name, labels in (("a", labelling.a), ("b", labelling.b)):
            if case not in labels:
                yield f"{case}: not labelled by {name}; write {{}} if no place is on the point"
        held = labelling.settled.get(case, {})
        for place, a, b in labelling.pairs(case):
            if place in held and (held[place].a, held[place].b) != (a, b):
                yield f"{case}: {place}: settled as {held[place].a}/{held[place].b}, but labelled {a}/{b}"
            elif place not in held and a != b:
                yield f"{case}: {place}: labelled {a}/{b}, not settled"


def differences(labelling: Labelling, cases: Sequence[Case]) -> Iterator[str]:
    """Where a case says something else than the settled labels.

    Each need holds a place settled as must; its further places, which satisfy it as well, are must or may. A place settled as must
    stands in some need, one settled as may is accepted by the case, and a case accepts nothing that was settled as no.
    """
    for case in cases:
        if case.id not in labelling.pool:
            continue
        final = labelling.final(case.id)
        needed = {place for need in case.must for place in need}
        for place in sorted({*needed, *case.may} - set(labelling.pool[case.id])):
            yield f"{case.id}: {place} is not in the pool"
        for need in case.must:
            known = [final[place] for place in need if place in final]
            if known and "must" not in known:
                yield f"{case.id}: no place of the need {', '.join(need)} is settled as must"
        for place, label in final.items():
            if label == "must" and place not in needed:
                yield f"{case.id}: {place} is settled as must, but is in no need"
            elif label == "may" and place not in needed and place not in case.may:
                yield f"{case.id}: {place} is settled as may, but the case does not accept it"
            elif label == "no" and (place in needed or place in case.may):
                yield f"{case.id}: {place} is settled as no, but the case accepts it"


def main() -> int:
    from eval.cases import all_cases

    try:
        labelling, cases = read_labels(), all_cases()
    except KBError as error:
        print(f"eval: {error}", file=sys.stderr)
        return 2
    languages = {case.id: case.language for case in cases if case.id in labelling.pool}
    table = Table("cases", "n", "places", "same label", "κ [95 %]", "κ, quadratic [95 %]")
    for language in ("all", "en", "zh", "fr"):
        some = [case for case in labelling.pool if language in ("all", languages.get(case))]
        found = agreement(labelling, some)
        share = f"{found.same / found.pairs:.3f}" if found.pairs else "none"
        table.add_row(language, str(found.cases), str(found.pairs), share, str(found.plain), str(found.quadratic))
    Console().print(table)
    problems = [*unsettled(labelling), *differences(labelling, cases)]
    problems += [f"{case}: in the pool, but no such case" for case in labelling.pool if case not in languages]
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
