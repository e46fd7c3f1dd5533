"""What a benchmark runs in processes of its own, so that nothing is warm that should be cold: `python -m eval.bench_child NAME …`.

Each prints one JSON record on its last line. `run` starts such a process, or any other, and says how long it took and what memory it needed
at most.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from langchain_core.embeddings import Embeddings

from kb.collector import collect_rarely
from kb.encoder import Encoder, load_encoder
from kb.question_encoder import QuestionEncoder
from kb.settings import Settings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from eval.cases import Case
    from kb.model import Answer

ROOT = Path(__file__).resolve().parent.parent
NEAREST = 4
"""Chunks that the plain pipeline brings for a question: what LangChain takes where nothing is said."""
WARM_UP = 8
_LAUNCH = """
import json, resource, subprocess, sys, time
started = time.perf_counter()
done = subprocess.run(sys.argv[1:], capture_output=True, text=True, encoding="utf-8")
seconds = time.perf_counter() - started
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
print(json.dumps({"seconds": seconds, "peak": peak, "code": done.returncode, "out": done.stdout, "err": done.stderr}))
"""
"""Starts the process from one that is small: what a process takes over from the one that starts it counts in its peak."""


@dataclass(frozen=True, slots=True)
class Run:
    """A process that ended well: its seconds from start to end, the most memory it held (MiB), what it printed."""

    seconds: float
    peak: float
    out: str

    @property
    def record(self) -> dict[str, Any]:
        """The JSON record of its last line."""
        found: dict[str, Any] = json.loads(self.out.splitlines()[-1])
        return found


def run(command: Sequence[str], env: Mapping[str, str] | None = None) -> Run:
    """Run a process to its end; RuntimeError with the end of its messages where it fails."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", _LAUNCH, *command],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=os.environ | {"OMP_NUM_THREADS": "1"} | dict(env or {}),
        cwd=ROOT,
        check=True,
    )
    found = json.loads(done.stdout)
    if found["code"]:
        raise RuntimeError(f"{' '.join(command[1:5])} failed: {found['err'].strip()[-500:]}")
    return Run(found["seconds"], found["peak"], found["out"])


def child(name: str, *arguments: str, env: Mapping[str, str] | None = None) -> Run:
    """Run one of the processes below."""
    return run([sys.executable, "-m", "eval.bench_child", name, *arguments], env)


def kb_command(*arguments: str) -> list[str]:
    """The command line of the program, as its console script starts it."""
    return [sys.executable, "-c", "from kb.cli import main; main()", *arguments]


# ------------------------------------------------------------------ the encoder, twice


class PlainEmbeddings(Embeddings):
    """The same model as a plain pipeline uses it: sentence-transformers, a list of numbers for each text."""

    def __init__(self, model: Any) -> None:
        self._model = model

    def embed_query(self, text: str) -> list[float]:
        found: list[float] = self._model.encode_query(text, normalize_embeddings=True, show_progress_bar=False).tolist()
        return found

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        found: list[list[float]] = self._model.encode_document(
            texts, normalize_embeddings=True, show_progress_bar=False
        ).tolist()
        return found


class Timed:
    """An encoder of questions that adds up the milliseconds which they take."""

    def __init__(self, inner: Encoder | QuestionEncoder) -> None:
        self.inner, self.name, self.ms = inner, inner.name, 0.0

    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        started = time.perf_counter()
        vectors = self.inner.encode_queries(texts)
        self.ms += (time.perf_counter() - started) * 1000
        return vectors


# ------------------------------------------------------------------ processes


def warm(folder: str, number: str, count: str) -> dict[str, Any]:
    """Milliseconds of an answer, of a plain search and of one encoding for each dev question (`count` of them, 0: all).

    The three are taken in turn, in another order each time, and each question is put once in a process: whatever is remembered of a
    question helps none of them. `number` is that of the round.
    """
    from eval.cases import all_cases
    from eval.langchain_pipeline import open_store
    from kb.assistant import Assistant

    collect_rarely()
    settings = Settings()
    loaded = load_encoder(settings)
    assistant = Assistant.open(settings, encoder=loaded)
    encoder = Timed(assistant.question_encoder)
    assistant.__dict__["question_encoder"] = encoder
    store = open_store(Path(folder), PlainEmbeddings(loaded.model))
    answers: list[Answer] = []
    inside: list[float] = []

    def answer(case: Case) -> None:
        encoder.ms = 0.0
        answers.append(assistant.ask(assistant.query(case.question, case.on)))
        inside.append(encoder.ms)

    ways: dict[str, Callable[[Case], object]] = {
        "ours": answer,
        "plain": lambda case: store.similarity_search(case.question, k=NEAREST),
        "encoding": lambda case: encoder.inner.encode_queries([case.question]),
    }
    cases = all_cases()
    first = [case for case in cases if case.split == "test"][:WARM_UP]
    asked = [case for case in cases if case.split == "dev"]
    chosen = asked[:: max(1, len(asked) // int(count))][: int(count)] if int(count) else asked
    orders = list(permutations(ways))
    took: dict[str, list[float]] = {name: [] for name in ways}
    for turn, case in enumerate([*first, *chosen]):
        for name in orders[(turn + int(number)) % len(orders)]:
            started = time.perf_counter()
            ways[name](case)
            took[name].append((time.perf_counter() - started) * 1000)
    timings = [found.timing_ms for found in answers[WARM_UP:]]
    stages = {stage: [ms[stage] for ms in timings] for stage in timings[0]}
    return {**{name: ms[WARM_UP:] for name, ms in took.items()}, "inside": inside[WARM_UP:], "stages": stages}


def plain_ask(folder: str, question: str) -> dict[str, Any]:
    """The plain pipeline from nothing to the nearest chunks of a question."""
    from eval.langchain_pipeline import open_store

    store = open_store(Path(folder), PlainEmbeddings(load_encoder(Settings()).model))
    return {"found": [document.page_content for document in store.similarity_search(question, k=NEAREST)]}


def plain_build(folder: str) -> dict[str, Any]:
    """The plain pipeline's build: every text cut, embedded and stored; `seconds` from the loaded model on."""
    from eval.langchain_pipeline import fill
    from kb.corpus_load import load_corpus

    settings = Settings()
    encoder = PlainEmbeddings(load_encoder(settings).model)
    started = time.perf_counter()
    fill(Path(folder), load_corpus(settings.corpus, local=settings.local), encoder)
    return {"seconds": time.perf_counter() - started}


def build() -> dict[str, Any]:
    """The index brought up to date; `seconds` from the loaded modules on."""
    from kb.corpus_load import load_corpus
    from kb.index_build import ensure_index

    collect_rarely()
    settings = Settings()
    started = time.perf_counter()
    corpus = load_corpus(settings.corpus, local=settings.local)
    _, report = ensure_index(corpus, settings, lambda: load_encoder(settings))
    seconds = time.perf_counter() - started
    return {"seconds": seconds, "units": report.units, "embedded": report.embedded, "built": report.built}


def start(modules: str = "") -> dict[str, Any]:
    """Open the assistant where its index is present. The modules named in a file are imported before the clock starts.

    Without a file: the names of all modules that are loaded once it is open.
    """
    for name in json.loads(Path(modules).read_text(encoding="utf-8")) if modules else ():
        try:
            importlib.import_module(name)
        except Exception:  # a module that is made while another runs; it is made again
            continue
    from kb.assistant import Assistant

    settings = Settings()
    before = len(sys.modules)
    started = time.perf_counter()
    report = Assistant.open(settings).report
    seconds = time.perf_counter() - started
    found = {"seconds": seconds, "built": report.built, "imported": len(sys.modules) - before}
    return found if modules else found | {"modules": list(sys.modules)}


def growth(times: str, count: str) -> dict[str, Any]:
    """Milliseconds of a search over a corpus grown so many times; see `eval.bench_growth`."""
    from eval.bench_growth import search_times

    return search_times(int(times), int(count))


PROCESSES: Mapping[str, Callable[..., dict[str, Any]]] = {
    "warm": warm,
    "plain-ask": plain_ask,
    "plain-build": plain_build,
    "build": build,
    "start": start,
    "growth": growth,
}

if __name__ == "__main__":
    print(json.dumps(PROCESSES[sys.argv[1]](*sys.argv[2:]), ensure_ascii=False))
