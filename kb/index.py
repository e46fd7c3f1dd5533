"""An opened index: exact comparison of all units, or of those that Chroma names of many, and BM25; both fold to nothing here, they give rows and scores.

The index is disposable: it is named by the fingerprint of its units and of the encoder, and made again when that changes
(see `kb.index_build`).
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kb.disk import file_digest
from kb.encoder import Progress
from kb.errors import IndexError_
from kb.fuse import Columns
from kb.nearest import CANDIDATES, Nearest, in_folder, write_server
from kb.units import Group, day

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kb.fuse import Ranked, Rows, Scores

SEARCHED = ("columns.", "bm25/", "vectors.npy")
GRAPH = ("chroma/",)
"""The parts of an index: what every search reads, and what Chroma reads."""
FEW_ROWS = 2_000
MANY_ROWS = 50_000
"""Up to so many all are compared, and Chroma is checked by that; of more only those that it names."""
SOME_ROWS = 4
"""Where the rows to compare are fewer than one in so many, they are picked first; otherwise comparing all costs less than picking."""
MAX_WORDED = 3_000
"""Rows that share words with a question, at most: those below have no weight."""
ROUNDED = 1e-6
"""Scores that differ by less are equal."""
AT_ONCE = 32
"""Questions that Chroma is asked at the same time, at most."""


class Index:
    """An opened index. Rows are positions in `columns`."""

    def __init__(self, folder: Path, nearest: Nearest | None = None) -> None:
        import bm25s

        try:
            manifest = read_manifest(folder)
            check_files(folder, manifest, SEARCHED)
            self.columns = Columns.load(folder)
            self._bm25 = bm25s.BM25.load(str(folder / "bm25"))
            self._vectors = np.load(folder / "vectors.npy")
            self.fingerprint: str = manifest["fingerprint"]
            self.encoder: str = manifest["encoder"]
            held: int = manifest["units"]
        except Exception as error:  # whatever is wrong with a damaged index: it is made again
            raise IndexError_(
                f"{folder}: cannot be opened ({type(error).__name__}); run `kb index --rebuild`"
            ) from error
        if not len(self.columns) == len(self._vectors) == held:
            raise IndexError_(f"{folder}: incomplete ({len(self.columns)} of {held} units); run `kb index --rebuild`")
        self._counting, self._nearest, self._missed = threading.Lock(), 0, 0
        self._checks = threading.BoundedSemaphore(AT_ONCE)
        self.checks_graph = False
        """Whether Chroma is checked by what is compared: for a process that goes on, not for a command that ends meanwhile."""
        self._asking = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="ask-chroma")
        self.nearest = nearest or in_folder(folder, lambda: check_files(folder, manifest, GRAPH))

    def __len__(self) -> int:
        return len(self.columns)

    def share(self, url: str, progress: Progress | None) -> None:
        """Give the Chroma server at the address the collection, where it has none; IndexError_ where it does not take it."""
        write_server(url, self.fingerprint, self.columns.ids, self._vectors, progress)

    def rows(self, groups: Sequence[Group], on: date) -> Rows:
        """The rows of the groups that stand on the date, in their order."""
        of = self.columns.rows_of_group
        rows = np.sort(np.concatenate([of[group] for group in groups]))
        return np.asarray(rows[self.columns.standing(rows, day(on))])

    def open_chroma(self) -> None:
        """Open the collection of many units in a thread: while the encoder is loaded, before the first question. What fails fails again when asked."""
        if len(self) > MANY_ROWS:
            self._asking.submit(self.nearest.collection)

    def ask(self, vector: NDArray[np.float32]) -> Future[Rows | None] | None:
        """Ask Chroma for the rows that are near, in a thread: meanwhile there is other work for the processor. None where all are compared."""
        return self._asking.submit(self._named, vector) if len(self) > MANY_ROWS else None

    def dense(
        self,
        vector: NDArray[np.float32],
        groups: Sequence[Group],
        on: date,
        asked: Future[Rows | None] | None = None,
    ) -> Ranked:
        """The rows of every article, passage or name that has a unit near the vector, with their exact cosine, best first.

        Of many units Chroma names what is near, among all groups and days: a filter on them inside Chroma costs ten times the search, so it
        is applied here. Then all units of what was named are compared, so that its lesser ones count as well. Its graph misses some of the
        nearest, others whenever it is built. So of fewer units all are compared: an answer neither depends on how a graph came out nor waits
        for it, and where `checks_graph` says so Chroma is asked afterwards, to count what it misses (`missed_share`). Groups of few units are compared whole.
        `asked` is Chroma's answer where it was asked before.
        """
        if sum(len(self.columns.rows_of_group[g]) for g in groups) <= FEW_ROWS:
            rows = self.rows(groups, on)
            return _best_first(rows, self._compared(vector, rows))
        asked = asked or self.ask(vector)
        if asked and (named := asked.result()) is not None:
            return self._ranked(self._places(named), groups, on, lambda rows: self._compared(vector, rows))
        every = self._vectors @ vector
        nearest = _nearest(every)
        self._check_graph(vector, nearest)
        return self._ranked(self._places(nearest), groups, on, every.take)

    def _check_graph(self, vector: NDArray[np.float32], nearest: Rows) -> None:
        """Ask Chroma, in a thread that nobody waits for, and count what it misses; not while so many ask that it is too slow."""
        if self.checks_graph and self._checks.acquire(blocking=False):
            self._asking.submit(self._count_missed, vector, nearest)

    def _count_missed(self, vector: NDArray[np.float32], nearest: Rows) -> None:
        try:
            named = self._named(vector)
        finally:
            self._checks.release()
        if named is not None:
            missed = len(np.setdiff1d(nearest, named, assume_unique=True))
            with self._counting:
                self._nearest += len(nearest)
                self._missed += missed

    def missed_share(self) -> float:
        """The share of the nearest units that Chroma has not named, over the questions since the start where all were compared; 0 before the first."""
        return self._missed / self._nearest if self._nearest else 0.0

    def _places(self, rows: Rows) -> Rows:
        """The articles, passages and names of the rows, each once."""
        return np.unique(self.columns.article[rows])

    def _ranked(
        self, places: Rows, groups: Sequence[Group], on: date, compared: Callable[[Rows], NDArray[np.float32]]
    ) -> Ranked:
        """All rows of the places that are of the groups and stand on the date, best first."""
        rows = self.columns.rows_of(places)
        rows = rows[self.columns.of(rows, *groups) & self.columns.standing(rows, day(on))]
        return _best_first(rows, compared(rows))

    def _compared(self, vector: NDArray[np.float32], rows: Rows) -> NDArray[np.float32]:
        if len(rows) * SOME_ROWS < len(self):
            return np.asarray(self._vectors.take(rows, axis=0) @ vector)
        return np.asarray((self._vectors @ vector)[rows])

    def _named(self, vector: NDArray[np.float32]) -> Rows | None:
        """The rows that Chroma names; None where it cannot answer."""
        ids = self.nearest.ids(vector, len(self))
        if ids is None:
            return None
        found = [self.columns.row.get(name, -1) for name in ids]
        if min(found) < 0:
            self.nearest.foreign(ids)
            return None
        return np.array(found)

    def lexical(self, words: Sequence[str], groups: Sequence[Group], on: date) -> Ranked:
        """Rows that share a word with the query, with their BM25 score, best first; `MAX_WORDED` at most."""
        known = [w for w in dict.fromkeys(words) if w in self._bm25.vocab_dict]
        if not known:
            return np.zeros(0, np.int64), np.zeros(0)
        held: Scores = self._bm25.get_scores(known)
        rows: Rows = np.flatnonzero((held > 0) & self.columns.searched(tuple(groups), day(on)))
        if len(rows) > MAX_WORDED:
            least = np.partition(held[rows], -MAX_WORDED)[-MAX_WORDED]
            rows = rows[held[rows] >= least - ROUNDED]
        scores = np.round(held[rows].astype(np.float64), 6)
        order = np.lexsort((rows, -scores))[:MAX_WORDED]
        return rows[order], scores[order].astype(np.float64)

    def similarities(self, vector: NDArray[np.float32], rows: Sequence[int]) -> dict[int, float]:
        """The exact cosine of given rows with a vector."""
        cosines = self._vectors[list(rows)] @ vector if rows else ()
        return {row: float(cosine) for row, cosine in zip(rows, cosines, strict=True)}

    @cached_property
    def rows_of_article(self) -> dict[str, list[int]]:
        """Article id → the rows of its paragraphs and items."""
        found: dict[str, list[int]] = {}
        for row in np.flatnonzero(self.columns.kind(np.arange(len(self)), "places")).tolist():
            found.setdefault(self.columns.targets[row].split("__", 1)[0], []).append(row)
        return found


def _nearest(cosines: NDArray[np.float32]) -> Rows:
    """As many rows as Chroma is asked for, those with the greatest cosines of all."""
    held = len(cosines)
    return np.argpartition(cosines, held - CANDIDATES)[-CANDIDATES:] if held > CANDIDATES else np.arange(held)


def _best_first(rows: Rows, cosines: NDArray[np.float32]) -> Ranked:
    rounded = np.round(cosines, 6)
    order = np.argsort(-rounded, kind="stable")
    return rows[order], rounded[order].astype(np.float64)


def read_manifest(folder: Path) -> dict[str, Any]:
    """What a build wrote last; OSError or ValueError where it is not there or damaged."""
    found = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    if not isinstance(found, dict):
        raise ValueError("no manifest")
    return found


def digests(folder: Path) -> dict[str, str]:
    """The sha256 of every file of an index but those that change whenever it is opened: its manifest, the SQLite file of Chroma, and the
    graph of a collection so small that Chroma has not written it yet (it is made from the SQLite file then)."""
    found = {}
    for path in sorted(folder.rglob("*")):
        unwritten = path.parent.parent.name == "chroma" and not (path.parent / "index_metadata.pickle").exists()
        if path.is_file() and not unwritten and not path.name.startswith(("manifest.", "chroma.sqlite3")):
            found[path.relative_to(folder).as_posix()] = file_digest(path)
    return found


def check_files(folder: Path, manifest: Mapping[str, Any], parts: Sequence[str]) -> None:
    """ValueError where a file of these parts of an index is not the one that was written; OSError where it is gone.

    The graph of Chroma is one of them: Chroma reads it as it is, and a damaged one can end the process.
    """
    for name, written in manifest["sha256"].items():
        if name.startswith(tuple(parts)) and file_digest(folder / name) != written:
            raise ValueError(f"{name} is not the one that was written")
