"""Train the map of the bundled encoder: `python -m eval.train_encoder --out kb/encoder_map.npz`; `--check` measures first.

A vector v of the plain model, of a question or of a text, becomes v + v·C. C is trained so that an ask of an article in force
finds it: each article scores as the search would score it by its other asks, gist and text, and the negative log share of the
right one is lowered, with a penalty on how far vectors move. Asks of scenarios are trained on as well, towards the articles of their
steps. The asks of all articles are trained on, for they are part of the corpus that is searched; questions of `eval/cases` never are, and none
repeats an ask (`eval/duplicates.py`). Then C is widened along the mean of all vectors until the nearest articles are as far apart as
with the plain model: thresholds that are differences of cosines keep their meaning. Two cores, a minute; the same file for the
same vectors.

`--check` trains on three quarters of the articles and asks the "dev" questions of `eval/cases` whose first deciding article
lies in the fourth, for each quarter, beside the plain model. What was tried stands in docs/experiments.md.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from eval.cases import Case, all_cases
from kb import vectors
from kb.corpus import Corpus
from kb.corpus_load import load_corpus
from kb.encoder import encoder_name, load_encoder
from kb.fuse import KINDS_OF
from kb.ids import ProvisionId
from kb.index import Index
from kb.index_build import built_folder, ensure_index
from kb.retrieve import WEIGHTS, LawRetriever
from kb.settings import Settings
from kb.units import Group, Unit, build_units, day

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kb.fuse import Ranked

    Matrix = NDArray[np.float32]

TODAY = date(2026, 11, 22)
"""The day of the cases: articles that do not stand on it are not trained on."""
TEMPERATURE, PENALTY, RATE, BATCH, EPOCHS, SEED = 0.02, 30.0, 1e-3, 128, 5, 0
SHARES = {"ask": WEIGHTS["asks"], "gist": WEIGHTS["gist"], "text": WEIGHTS["text"]}
QUARTERS = 4
GAP_RANK = 10
LEAST = 0.5
"""What an article without an ask, gist or text has for it, and the least that counts: below all cosines of this model."""


def article_of(unit: Unit) -> str:
    return unit.target.split("__", 1)[0]


def kind_of(unit: Unit) -> str:
    return "text" if unit.kind in KINDS_OF["words"] else unit.kind


def quarter(article: str) -> int:
    """The part of the check in which an article is kept out; the versions of one are in the same."""
    place = ProvisionId.parse(article)
    return hashlib.sha256(f"quarter:{place.law}/{place.article}".encode()).digest()[0] % QUARTERS


@dataclass(frozen=True, slots=True)
class Material:
    """What is trained on. Rows are positions in the units; `owner[kind]` is the article (a position) of each row of that kind.

    `asked` are (row of an ask, positions of the articles that it should find).
    """

    articles: tuple[str, ...]
    rows: Mapping[str, tuple[int, ...]]
    owner: Mapping[str, tuple[int, ...]]
    asked: tuple[tuple[int, tuple[int, ...]], ...]


def standing_articles(units: Sequence[Unit]) -> list[str]:
    """Articles of laws with asks that stand today."""
    return sorted(
        {article_of(u) for u in units if u.group == "law" and u.kind == "ask" and u.start <= day(TODAY) < u.end}
    )


def material(units: Sequence[Unit], corpus: Corpus, articles: Iterable[str]) -> Material:
    position = {article: at for at, article in enumerate(sorted(articles))}
    rows: dict[str, list[int]] = {kind: [] for kind in SHARES}
    for row, unit in enumerate(units):
        if unit.group == "law" and article_of(unit) in position:
            rows[kind_of(unit)].append(row)
    owner = {kind: tuple(position[article_of(units[row])] for row in found) for kind, found in rows.items()}
    asked: list[tuple[int, tuple[int, ...]]] = [(row, (at,)) for row, at in zip(rows["ask"], owner["ask"], strict=True)]
    steps = {
        s.name: tuple(sorted({position[a] for p in s.steps if (a := str(p.id.whole_article)) in position}))
        for s in corpus.scenarios
    }
    asked += [(row, steps[u.target]) for row, u in enumerate(units) if u.group == "scenario" and steps[u.target]]
    return Material(tuple(position), {kind: tuple(found) for kind, found in rows.items()}, owner, tuple(asked))


# ------------------------------------------------------------------ training


class Scores:
    """Scores of all articles of a material for some of its asks, as the search weighs them; an ask does not find itself."""

    def __init__(self, of: Material) -> None:
        import torch

        self._columns = {row: at for at, row in enumerate(of.rows["ask"])}
        self._rows = {kind: torch.tensor(found) for kind, found in of.rows.items()}
        self._members = {}
        for kind, owners in of.owner.items():
            members: list[list[int]] = [[] for _ in of.articles]
            for at, owner in enumerate(owners):
                members[owner].append(at)
            width = max(2, *map(len, members))
            self._members[kind] = torch.tensor([m + [len(owners)] * (width - len(m)) for m in members])

    def __call__(self, matrix: Any, asked: Sequence[int]) -> Any:
        """(asks, articles) weighted means of: the best two asks, the best gist, the best text. `matrix`: vectors of all units."""
        import torch

        total = torch.zeros(())
        for kind, share in SHARES.items():
            cosines = matrix[list(asked)] @ matrix[self._rows[kind]].T
            if kind == "ask":
                itself = torch.zeros_like(cosines, dtype=torch.bool)
                for line, row in enumerate(asked):
                    if row in self._columns:
                        itself[line, self._columns[row]] = True
                cosines = cosines.masked_fill(itself, LEAST)
            padded = torch.cat([cosines, torch.full((len(asked), 1), LEAST)], 1)[:, self._members[kind]].clamp(
                min=LEAST
            )
            best = padded.topk(2, -1).values.mean(-1) if kind == "ask" else padded.max(-1).values
            total = total + share / sum(SHARES.values()) * best
        return total


def train(of: Material, plain: Matrix, seed: int = SEED) -> Matrix:
    """The matrix C for a material; `plain` are the plain vectors of all units."""
    import torch
    from torch.nn import functional

    torch.manual_seed(seed)
    base = torch.from_numpy(plain)
    change = torch.zeros(plain.shape[1], plain.shape[1], requires_grad=True)
    optimiser = torch.optim.Adam([change], RATE)
    scores = Scores(of)
    used = torch.tensor(sorted({r for found in of.rows.values() for r in found} | {row for row, _ in of.asked}))
    for _ in range(EPOCHS):
        for batch in torch.split(torch.randperm(len(of.asked)), BATCH):
            asked = [of.asked[i] for i in batch.tolist()]
            moved = functional.normalize(base[used] + base[used] @ change, dim=-1)
            matrix = torch.zeros_like(base).index_copy(0, used, moved)
            logs = functional.log_softmax(scores(matrix, [row for row, _ in asked]) / TEMPERATURE, -1)
            missed = -torch.stack([logs[line, list(right)].mean() for line, (_, right) in enumerate(asked)]).mean()
            loss = missed + PENALTY * ((moved - base[used]) ** 2).sum(-1).mean()
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
    return np.asarray(change.detach().numpy(), np.float32)


def mapped(matrix: Matrix, change: Matrix) -> Matrix:
    moved = matrix + matrix @ change
    return np.asarray(moved / np.linalg.norm(moved, axis=1, keepdims=True), np.float32)


def widened(change: Matrix, mean: Matrix, by: float) -> Matrix:
    """C, then `by` more along the mean direction: every cosine rises, and their differences shrink alike."""
    whole = np.eye(len(change), dtype=np.float32) + change
    direction = mean @ whole
    direction /= np.linalg.norm(direction)
    return np.asarray(whole + by * np.outer(whole @ direction, direction) - np.eye(len(change)), np.float32)


def keep_gaps(change: Matrix, plain: Matrix, questions: Matrix, law: Mapping[str, Sequence[int]]) -> Matrix:
    """C widened so that the nearest article is as much nearer than the tenth as with the plain vectors, on average."""
    mean = np.asarray(plain.mean(axis=0), np.float32)

    def gap(by: float | None) -> float:
        c = widened(change, mean, by) if by is not None else np.zeros_like(change)
        cosines = mapped(questions, c) @ mapped(plain, c).T
        best = np.sort(np.stack([cosines[:, list(rows)].max(axis=1) for rows in law.values()], axis=1), axis=1)
        return float((best[:, -1] - best[:, -GAP_RANK]).mean())

    wanted, low, high = gap(None), 0.0, 2.0
    for _ in range(14):
        middle = (low + high) / 2
        low, high = (middle, high) if gap(middle) > wanted else (low, middle)
    return widened(change, mean, (low + high) / 2)


# ------------------------------------------------------------------ measuring


class _ExactIndex(Index):
    """The index with other vectors, searched exactly."""

    matrix: Matrix

    def dense(self, vector: Matrix, groups: Sequence[Group], on: date, asked: object = None) -> Ranked:  # noqa: ARG002  (Chroma is not asked)
        rows = self.rows(groups, on)
        cosines = np.round(self.matrix[rows] @ vector, 6)
        order = np.lexsort((rows, -cosines))
        return rows[order], cosines[order].astype(np.float64)

    def similarities(self, vector: Matrix, rows: Sequence[int]) -> dict[int, float]:
        return {row: float(self.matrix[row] @ vector) for row in rows}


@dataclass(slots=True)
class Measured:
    """Ranks of the first deciding article, by list, with the plain vectors and with the mapped ones."""

    plain: dict[str, list[int]] = field(default_factory=dict)
    adapted: dict[str, list[int]] = field(default_factory=dict)


def ranks(retriever: LawRetriever, case: Case, vector: Matrix) -> dict[str, int]:
    """Rank of the first place of the first need in: the dense search over text alone, over asks alone, and the five lists fused."""
    index = retriever.index
    lists: dict[str, dict[str, list[float]]] = {"text": {}, "ask": {}, "gist": {}}
    rows, cosines = index.dense(vector, ("law",), case.on)
    for kind, of in (("text", "words"), ("ask", "ask"), ("gist", "gist")):
        chosen = index.columns.kind(rows, of)
        for number, cosine in zip(index.columns.article[rows[chosen]].tolist(), cosines[chosen].tolist(), strict=True):
            lists[kind].setdefault(index.columns.names[number], []).append(cosine)
    orders = {
        "dense, text": sorted(lists["text"], key=lambda a: -lists["text"][a][0]),
        "dense, asks": sorted(lists["ask"], key=lambda a: -float(np.mean(lists["ask"][a][:2]))),
        "five lists": [
            str(h.id).split("__", 1)[0] for h in retriever.find(case.question, case.language, case.on, (), vector).hits
        ],
    }
    return {
        name: min((order.index(p) + 1 for p in case.must[0] if p in order), default=999)
        for name, order in orders.items()
    }


def shares(found: Sequence[int]) -> str:
    places = np.array(found)
    rates = "  ".join(f"R@{k} {np.mean(places <= k):.3f}" for k in (1, 3, 5, 10))
    return f"{rates}  MRR@10 {np.where(places <= 10, 1 / places, 0).mean():.3f}  (n = {len(places)})"


def measure(
    retriever: LawRetriever, cases: Sequence[Case], questions: Matrix, matrix: Matrix, into: dict[str, list[int]]
) -> None:
    """Add the ranks of the cases, whose vectors are `questions`, against the vectors `matrix` of all units."""
    index = retriever.index
    assert isinstance(index, _ExactIndex)
    index.matrix = matrix
    for case, vector in zip(cases, questions, strict=True):
        for name, rank in ranks(retriever, case, vector).items():
            into.setdefault(name, []).append(rank)


def tell(title: str, measured: Measured) -> None:
    for name in measured.plain:
        print(f"{title:28s} {name:12s} plain    {shares(measured.plain[name])}")
        print(f"{title:28s} {name:12s} adapted  {shares(measured.adapted[name])}", flush=True)


# ------------------------------------------------------------------ the whole


@dataclass(frozen=True, slots=True)
class Plain:
    """The corpus with the vectors of the plain model: of all units, and of the questions of cases that an article decides."""

    corpus: Corpus
    units: Sequence[Unit]
    matrix: Matrix
    cases: Sequence[Case]
    questions: Matrix
    retriever: LawRetriever

    def of(self, keep: Callable[[Case], bool]) -> tuple[list[Case], Matrix]:
        kept = [at for at, case in enumerate(self.cases) if keep(case)]
        return [self.cases[at] for at in kept], self.questions[kept]


def read(home: Path) -> Plain:
    """Everything is embedded once (some minutes) and kept under `home`."""
    settings = Settings(home=home, local=home / "none", encoder_map=False)
    corpus = load_corpus(settings.corpus)
    encoder = load_encoder(settings)
    _, report = ensure_index(corpus, settings, lambda: encoder)
    folder = built_folder(settings, report.fingerprint)
    assert folder is not None
    units = build_units(corpus)
    file = vectors.file_name(encoder_name(settings))
    known = vectors.read_vectors([corpus.root / "vectors" / file, home / "vectors" / file])
    matrix = np.stack([known[vectors.key_of(u.text, u.prompt)] for u in units]).astype(np.float32)
    held = [
        c for c in all_cases() if c.split in ("dev", "earlier") and c.on == TODAY and c.must and "/art_" in c.must[0][0]
    ]
    retriever = LawRetriever(corpus=corpus, index=_ExactIndex(folder), load_encoder=lambda: encoder)
    return Plain(corpus, units, matrix, held, encoder.encode_queries([c.question for c in held]), retriever)


def standing(units: Sequence[Unit]) -> dict[str, list[int]]:
    """Article → rows, of all articles of laws that stand today."""
    found: dict[str, list[int]] = {}
    for row, unit in enumerate(units):
        if unit.group == "law" and unit.start <= day(TODAY) < unit.end:
            found.setdefault(article_of(unit), []).append(row)
    return found


def trained(plain: Plain, articles: Iterable[str]) -> Matrix:
    """The map as it is shipped: trained on asks of the articles, scaled on "dev" questions, in half precision."""
    change = train(material(plain.units, plain.corpus, articles), plain.matrix)
    _, questions = plain.of(lambda case: case.split == "dev")
    return keep_gaps(change, plain.matrix, questions, standing(plain.units)).astype(np.float16).astype(np.float32)


def compared(plain: Plain, change: Matrix, keep: Callable[[Case], bool], into: Measured) -> None:
    cases, questions = plain.of(keep)
    measure(plain.retriever, cases, questions, plain.matrix, into.plain)
    measure(plain.retriever, cases, mapped(questions, change), mapped(plain.matrix, change), into.adapted)


def ship(plain: Plain, change: Matrix) -> None:
    """Write the vectors of the corpus as the encoder with this map makes them, in the place of those shipped before."""
    folder = plain.corpus.root / "vectors"
    name = vectors.file_name(encoder_name(Settings()))
    keys = [vectors.key_of(unit.text, unit.prompt) for unit in plain.units]
    moved = mapped(plain.matrix, change)
    vectors.write_vectors(folder / name, keys, dict(zip(keys, moved, strict=True)))
    for old in folder.glob("*.npz"):
        if old.name != name:
            old.unlink()


def check(plain: Plain) -> Measured:
    """ "dev" questions whose deciding article was kept out of training."""
    measured = Measured()
    articles = standing_articles(plain.units)
    for part in range(QUARTERS):
        change = trained(plain, [a for a in articles if quarter(a) != part])
        compared(plain, change, lambda c, part=part: c.split == "dev" and quarter(c.must[0][0]) == part, measured)  # type: ignore[misc]
    return measured


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="where the map is written")
    parser.add_argument(
        "--ship",
        action="store_true",
        help="put the shipped vectors of the corpus through the map in kb/, embedding nothing",
    )
    parser.add_argument("--check", action="store_true", help="measure on articles kept out of training")
    parser.add_argument(
        "--home", type=Path, default=Path(".kb/plain"), help="keeps index and vectors of the plain model"
    )
    options = parser.parse_args()
    import torch

    torch.set_num_threads(2)
    plain = read(options.home)
    if options.check:
        tell("dev, article kept out", check(plain))
    change = trained(plain, standing_articles(plain.units))
    for split in ("dev", "earlier"):
        measured = Measured()
        compared(plain, change, lambda c, split=split: c.split == split, measured)  # type: ignore[misc]
        tell(f"{split}, all trained", measured)
    if options.out:
        with options.out.open("wb") as file:
            np.savez_compressed(file, change=change.astype(np.float16))
    if options.ship:
        ship(plain, change)


if __name__ == "__main__":
    main()
