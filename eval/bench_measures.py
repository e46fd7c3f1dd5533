"""What a benchmark measures, each as a function from a plan to rows. A process of its own for each round; the two sides in turn.

Beside the knowledge base stands a plain LangChain pipeline on the same texts with the same encoder (`eval.langchain_pipeline`).
"""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from eval.bench_child import child, kb_command, run
from eval.bench_growth import questions
from eval.bench_http import Load, load, running_app
from eval.bench_report import Row, Spread, Target, compared, percentile, percentiles, ratio, spread
from eval.langchain_pipeline import folder_of
from kb.corpus_load import load_corpus, write_lock
from kb.encoder import encoder_name
from kb.settings import Settings

PLAIN = "plain pipeline"
QUESTION = "May a gym scan the faces of its members?"
CHANGED = ("frt-measures", "2025-06-01", ("10", "13", "15"))
"""A law, the version in force, and those of its articles that are changed, one a round."""
MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is measured. `questions` a round, 0 for all; `seconds` for each number of clients; `growth` times the corpus."""

    rounds: int
    questions: int
    processes: int
    builds: int
    seconds: float
    growth: tuple[int, ...]
    searches: int = 99


FULL = Scale(rounds=5, questions=0, processes=5, builds=3, seconds=20.0, growth=(10,))
QUICK = Scale(rounds=2, questions=40, processes=2, builds=1, seconds=3.0, growth=(3,), searches=30)
CLIENTS = (1, 8, 32, 128)


@dataclass(frozen=True, slots=True)
class Bench:
    """What a measure works with: how much, the settings, a folder for what it makes, and whom to tell how far it is."""

    scale: Scale
    settings: Settings
    work: Path
    say: Callable[[str], None]

    def plain_folder(self) -> Path:
        """The plain pipeline's chunks, built where they are missing; the index of the knowledge base is then there, too."""
        child("build")
        corpus = load_corpus(self.settings.corpus, local=self.settings.local)
        folder = folder_of(corpus, encoder_name(self.settings), self.settings.home / "eval")
        if not (folder / "chroma.sqlite3").exists():
            self.say("building the plain pipeline")
            child("plain-build", str(folder))
        return folder

    def fresh_home(self, name: str) -> Path:
        """An empty KB_HOME, in which only the model is unpacked already."""
        home = self.work / name
        home.mkdir(parents=True)
        (home / "models").symlink_to((self.settings.home / "models").resolve())
        return home

    def env(self, home: Path, corpus: Path | None = None) -> dict[str, str]:
        return {
            "KB_HOME": str(home),
            "KB_CORPUS": str(corpus or self.settings.corpus),
            "KB_LOCAL": str(self.settings.local),
        }


# ------------------------------------------------------------------ answers


def warm(bench: Bench) -> list[Row]:
    """A warm answer, the plain search and one encoding, in turn, over the dev questions; and what an answer consists of."""
    folder, rounds = bench.plain_folder(), []
    for number in range(bench.scale.rounds):
        bench.say(f"warm answers, round {number + 1} of {bench.scale.rounds}")
        rounds.append(child("warm", str(folder), str(number), str(bench.scale.questions)).record)
    rows = []
    for q, beside, other, target in (
        (50, f"search of the {PLAIN}", "plain", 1.0),
        (95, f"search of the {PLAIN}", "plain", 1.2),
        (50, "one encoding", "encoding", 1.5),
    ):
        ours, theirs = ([percentile(r[way], q) for r in rounds] for way in ("ours", other))
        about = f"warm answer, p{q}" + (" by one encoding" if other == "encoding" else "")
        rows.append(compared("warm", about, "ms", ours, beside, theirs, Target(target)))
    encoding = [100 * sum(r["inside"]) / sum(r["ours"]) for r in rounds]
    rows.append(Row("warm", "share of an answer: encoding the question", "%", spread(encoding)))
    untimed = [100 * (1 - sum(r["stages"]["total"]) / sum(r["ours"])) for r in rounds]
    rows.append(Row("warm", "share of an answer: before and after its own clock", "%", spread(untimed)))
    for stage in [name for name in rounds[0]["stages"] if name != "total"]:
        share = [100 * sum(r["stages"][stage]) / sum(r["ours"]) for r in rounds]
        rows.append(Row("warm", f"share of an answer: stage {stage}", "%", spread(share)))
        rows.append(
            Row("warm", f"stage {stage}, p50", "ms", percentiles([r["stages"][stage] for r in rounds], 50)),
        )
    return rows


def cold(bench: Bench) -> list[Row]:
    """From the start of a process to the end of its first answer, and the most memory it held."""
    folder = str(bench.plain_folder())
    ours, theirs = [], []
    for number in range(bench.scale.processes):
        bench.say(f"cold answers, {number + 1} of {bench.scale.processes}")
        ours.append(run(kb_command("ask", QUESTION)))
        theirs.append(child("plain-ask", folder, QUESTION))
    seconds = ([r.seconds for r in ours], [r.seconds for r in theirs])
    peaks = ([r.peak for r in ours], [r.peak for r in theirs])
    return [
        compared("cold", "process to first answer", "s", seconds[0], PLAIN, seconds[1], Target(0.35)),
        compared("cold", "peak memory of a first answer", "MiB", peaks[0], PLAIN, peaks[1], Target(1.0)),
    ]


# ------------------------------------------------------------------ the index


def build(bench: Bench) -> list[Row]:
    """A first build into an empty folder: the vectors shipped with the corpus against the embedding of every chunk; disk of both."""
    bench.plain_folder()  # the model is unpacked
    ours, theirs, disks = [], [], []
    for number in range(bench.scale.builds):
        bench.say(f"first builds, {number + 1} of {bench.scale.builds}")
        home, other = bench.fresh_home(f"build-{number}"), bench.work / f"plain-{number}"
        ours.append(child("build", env=bench.env(home)))
        theirs.append(child("plain-build", str(other)))
        disks.append((size(home) + size(bench.settings.corpus / "vectors"), size(other)))
    measure, plain = "build", PLAIN
    return [
        compared(
            measure,
            "first build, whole process",
            "s",
            [r.seconds for r in ours],
            plain,
            [r.seconds for r in theirs],
            Target(1 / 20),
        ),
        compared(
            measure,
            "first build, beyond imports and model",
            "s",
            [r.record["seconds"] for r in ours],
            plain,
            [r.record["seconds"] for r in theirs],
        ),
        Row(measure, "texts embedded in a first build", "", spread([r.record["embedded"] for r in ours])),
        compared(
            measure, "peak memory of a first build", "MiB", [r.peak for r in ours], plain, [r.peak for r in theirs]
        ),
        compared(
            measure, "disk: index and shipped vectors", "MiB", [a for a, _ in disks], plain, [b for _, b in disks]
        ),
    ]


def size(folder: Path) -> float:
    """MiB of the files below a folder; what it links to is not counted."""
    return sum(p.lstat().st_size for p in folder.rglob("*") if p.is_file() and not p.is_symlink()) / MIB


def start(bench: Bench) -> list[Row]:
    """Opening where the index is present. Every module that it needs is imported before the clock starts."""
    bench.plain_folder()
    modules = bench.work / "modules.json"
    modules.write_text(json.dumps(child("start").record["modules"]), encoding="utf-8")
    records = []
    for number in range(bench.scale.processes):
        bench.say(f"starts, {number + 1} of {bench.scale.processes}")
        records.append(child("start", str(modules)).record)
    if any(r["built"] for r in records):
        raise RuntimeError("the index was built, so that the start was none without work")
    return [
        Row(
            "start",
            "start with the index present, beyond imports",
            "s",
            spread([r["seconds"] for r in records]),
            target=Target(0.3, "ours"),
        )
    ]


def change(bench: Bench) -> list[Row]:
    """One article changed in a copy of the corpus: what is embedded again, and how long the index takes to be right again."""
    bench.plain_folder()
    corpus, home = bench.work / "corpus", bench.fresh_home("change")
    shutil.copytree(bench.settings.corpus, corpus)
    env = bench.env(home, corpus)
    bench.say("one changed article, first build")
    child("build", env=env)
    law, version, articles = CHANGED
    records = []
    for article in articles[: bench.scale.processes]:
        bench.say(f"one changed article, Art. {article}")
        change_article(corpus / "laws" / law / f"{version}.md", article)
        load_corpus(corpus, check_lock=False)
        write_lock(corpus)
        records.append(child("build", env=env).record)
    units = records[-1]["units"]
    return [
        Row(
            "change", f"one changed article: texts embedded, of {units:,}", "", spread([r["embedded"] for r in records])
        ),
        Row("change", "one changed article: index right again", "s", spread([r["seconds"] for r in records])),
    ]


def change_article(file: Path, article: str) -> None:
    """Add a sentence to the end of an article's English text; ValueError where the file has no such article."""
    lines = file.read_text(encoding="utf-8").split("\n")
    at = lines.index(f"### Article {article}")
    rest = range(at + 1, len(lines))
    end = next((n for n in rest if lines[n].startswith("#")), len(lines))
    last = max(n for n in range(at + 1, end) if lines[n].strip())
    lines[last] += " This is reviewed every year."
    file.write_text("\n".join(lines), encoding="utf-8")


# ------------------------------------------------------------------ many


def http(bench: Bench) -> list[Row]:
    """Answers a second, and errors, of the app as a process of its own, by the number of clients that ask at once."""
    bench.plain_folder()
    asked = [case.question for case in questions(196)]
    with running_app() as app:
        loads: dict[int, Load] = {}
        for clients in CLIENTS:
            bench.say(f"over HTTP, {clients} clients")
            loads[clients] = load(app.address, clients, asked, bench.scale.seconds)
        peak = app.peak()
    return [*http_rows(loads), Row("http", "peak memory of the app", "MiB", spread([peak]))]


def http_rows(loads: Mapping[int, Load]) -> list[Row]:
    """Rates by the number of clients, beside that of one; the time of an answer; errors with their words."""
    rows = []
    alone = loads[1].rate
    for clients, found in loads.items():
        target = Target(1.5, least=True) if clients == 32 else None
        many = f"{clients} client{'s' if clients > 1 else ''}"
        rate, one = spread([found.rate]), spread([alone])
        if clients == 1:
            rows.append(Row("http", f"answers over HTTP, {many}", "answers/s", rate))
        else:
            rows.append(
                Row(
                    "http",
                    f"answers over HTTP, {many}",
                    "answers/s",
                    rate,
                    "1 client",
                    one,
                    ratio([found.rate], [alone]),
                    target,
                )
            )
        if found.ms:
            ms = Spread(percentile(found.ms, 50), min(found.ms), max(found.ms), len(found.ms))
            rows.append(Row("http", f"p50 of an answer over HTTP, {many}", "ms", ms))
        kinds = "".join(f"; {kind}: {n:,}" for kind, n in Counter(found.errors).most_common())
        rows.append(
            Row(
                "http",
                f"errors over HTTP, {many}",
                "",
                spread([float(len(found.errors))]),
                target=Target(0.0, "ours") if clients == 128 else None,
                note=f"of {len(found.ms) + len(found.errors):,} questions{kinds}",
            )
        )
    return rows


def growth(bench: Bench) -> list[Row]:
    """A search over the corpus as it is and grown many times; the question is encoded before."""
    bench.plain_folder()
    found = {}
    for times in (1, *bench.scale.growth):
        bench.say(f"growth, {times} times the units")
        found[times] = child("growth", str(times), str(bench.scale.searches)).record
    return growth_rows({times: (r["units"], r["ms"]) for times, r in found.items()})


def growth_rows(found: Mapping[int, tuple[int, Sequence[float]]]) -> list[Row]:
    """The p50 of each third of the questions at each size, beside the same questions at size 1."""
    limits = {10: 1.3, 100: 2.0}
    thirds = {times: [percentile(ms[i::3], 50) for i in range(3)] for times, (_, ms) in found.items()}
    rows = [Row("growth", f"search, p50, {found[1][0]:,} units", "ms", spread(thirds[1]))]
    for times in [t for t in found if t != 1]:
        target = Target(limits[times]) if times in limits else None
        about = f"search, p50, {found[times][0]:,} units ({times}×)"
        rows.append(compared("growth", about, "ms", thirds[times], "1×", thirds[1], target))
    return rows


MEASURES: Mapping[str, Callable[[Bench], list[Row]]] = {
    "warm": warm,
    "cold": cold,
    "start": start,
    "change": change,
    "http": http,
    "build": build,
    "growth": growth,
}
NOT_QUICK = ("change", "build", "growth")
"""Measures that a quick run leaves out unless they are named: each takes more than a minute."""


def machine() -> dict[str, str]:
    """What it was measured on: processor, cores, memory, versions, and how busy the machine was when it began."""
    from importlib.metadata import version
    from platform import python_version

    def field(file: str, name: str) -> str:
        try:
            lines = Path(file).read_text(encoding="utf-8").splitlines()
        except OSError:
            return "unknown"
        return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), "unknown")

    kib = field("/proc/meminfo", "MemTotal").split()[0]
    memory = f"{int(kib) / (1 << 20):.0f} GiB" if kib.isdigit() else kib
    packages = ("chromadb", "langchain-core", "sentence-transformers", "torch")
    return {
        "processor": f"{field('/proc/cpuinfo', 'model name')}, {len(os.sched_getaffinity(0))} cores, {memory}",
        "load average before": f"{os.getloadavg()[0]:.2f}",
        "software": ", ".join([f"Python {python_version()}", *(f"{name} {version(name)}" for name in packages)]),
    }
