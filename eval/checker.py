"""Run the citation checker over its passages and golden tables; print the confusion matrix, or write it to the docs.

`python -m eval.checker [--write]`. The passages of `tests/data` were written by examiners who had not seen the checker: those of
`check_passages.yaml` while it was built, those of `check_heldout.yaml` afterwards.
"""

from __future__ import annotations

import csv
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field

from eval.stats import rate
from kb.check import check_text
from kb.corpus import Corpus
from kb.corpus_load import load_corpus
from kb.model import VERDICTS, CheckedCitation, Verdict
from kb.settings import Settings

DATA = Path(__file__).resolve().parent.parent / "tests" / "data"
SETS = ("check_passages.yaml", "check_heldout.yaml")
RESULTS = Path(__file__).resolve().parent.parent / "docs" / "checker-results.md"


class Expected(BaseModel):
    """One citation that a passage holds; `cites` overlaps it in the text. `law` and `article` are None where there is none to tell."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    cites: str
    law: str | None
    article: str | None
    verdict: Verdict


class PassageCase(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    id: str
    on: date
    written: date | None = None
    about: str
    text: str
    expect: list[Expected]


class GoldenRow(BaseModel):
    """One citation of a source document. `today` lists the places where its rule stands, any of which is right."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    passage: str
    text: str
    law: str
    article: str
    paragraph: str
    item: str
    verdict: Verdict
    today: str = Field(description="ids, separated by ;")
    note: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was expected and what was found; None where the checker found a citation too many, or one too few."""

    case: str
    expected: Verdict | None
    found: Verdict | None
    right: bool


def read_passages(name: str) -> list[PassageCase]:
    return [PassageCase.model_validate(record) for record in yaml.safe_load((DATA / name).read_text("utf-8"))]


def overlaps(text: str, words: str, found: CheckedCitation) -> bool:
    """Whether a citation found overlaps an occurrence of the words in the text."""
    at = text.find(words)
    while at >= 0:
        if found.start < at + len(words) and at < found.end:
            return True
        at = text.find(words, at + 1)
    return False


def examine(case: PassageCase, corpus: Corpus) -> Iterator[Outcome]:
    """The citations of a passage against the expected ones, in their order."""
    report = check_text(case.text, corpus, case.on, case.written)
    left = list(report.citations)
    for wanted in case.expect:
        same = [f for f in left if f.article == wanted.article and overlaps(case.text, wanted.cites, f)]
        if not same:
            yield Outcome(case.id, wanted.verdict, None, right=False)
            continue
        left.remove(same[0])
        right = same[0].verdict == wanted.verdict and wanted.law in (None, same[0].law)
        yield Outcome(case.id, wanted.verdict, same[0].verdict, right)
    yield from (Outcome(case.id, None, extra.verdict, right=False) for extra in left)


def examine_document(slug: str, corpus: Corpus) -> Iterator[Outcome]:
    """A source document against its golden table, which was made by hand."""
    document = corpus.documents[slug]
    text, starts = "", []
    for passage in document.passages:
        starts.append((len(text), str(passage.id)))
        text += passage.text + "\n\n"
    left = list(check_text(text, corpus, date(2026, 11, 22), document.published_to).citations)
    with (DATA / f"check_golden_{slug}.csv").open(encoding="utf-8", newline="") as file:
        rows = [GoldenRow.model_validate(row) for row in csv.DictReader(file)]
    for row in rows:
        start = next(s for s, name in starts if name == row.passage)
        same = [
            f for f in left if f.start >= start and (f.article or "") == row.article and overlaps(text, row.text, f)
        ]
        if not same:
            yield Outcome(row.passage, row.verdict, None, right=False)
            continue
        found = same[0]
        left.remove(found)
        today = str(found.today) if found.today else ""
        right = (found.verdict, found.law or "") == (row.verdict, row.law) and today in row.today.split(";")
        yield Outcome(row.passage, row.verdict, found.verdict, right)
    yield from (Outcome(slug, None, extra.verdict, right=False) for extra in left)


def matrix(outcomes: list[Outcome]) -> str:
    """Expected verdicts (rows) × found verdicts (columns), as a Markdown table of the verdicts that occur."""
    counts: Counter[tuple[str, str]] = Counter((o.expected or "none", o.found or "none") for o in outcomes)
    names = [v for v in (*VERDICTS, "none") if any(v in pair for pair in counts)]
    lines = ["| expected ↓ found → | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    for row in names:
        cells = [str(counts[row, column] or "·") for column in names]
        lines.append(f"| {row} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def results(corpus: Corpus) -> str:
    """The page `docs/checker-results.md`."""
    parts = [
        "# What the citation checker gets right",
        "Written by `python -m eval.checker --write`; a test compares it with a fresh run. A citation counts as right when its verdict, its "
        "law and its article are those that the examiner wrote down; “none” is a citation too many or too few.",
        "`check_passages.yaml` was used while the checker was built. `check_heldout.yaml` was written by a second examiner and first run on a finished "
        "checker: 249 of 253 right (0.984), none `VERIFIED` wrongly; the four misses were then mended, so that it is held out no more. "
        "`REPEALED` and `AMENDED` cannot occur with the laws held here; they are tested with a small corpus in `tests/test_versions.py`.",
    ]
    for name in SETS:
        cases = read_passages(name)
        outcomes = [o for case in cases for o in examine(case, corpus)]
        parts += [f"## {name}: {len(cases)} passages, {len(outcomes)} citations", summary(outcomes), matrix(outcomes)]
    for slug in corpus.documents:
        outcomes = list(examine_document(slug, corpus))
        parts += [f"## {slug}, against its table made by hand", summary(outcomes), matrix(outcomes)]
    return "\n\n".join(parts) + "\n"


def summary(outcomes: list[Outcome]) -> str:
    right = rate(sum(o.right for o in outcomes), len(outcomes))
    false_passes = sum(o.found == "VERIFIED" and o.expected != "VERIFIED" for o in outcomes)
    return f"Right: {right}. `VERIFIED` where it should not be: {false_passes}."


def main() -> None:
    """Print the results; with --write, write them to the docs."""
    page = results(load_corpus(Settings().corpus))
    if "--write" in sys.argv[1:]:
        RESULTS.write_text(page, encoding="utf-8")
    print(page)


if __name__ == "__main__":
    main()
