"""Ask the practice questions: `python -m eval.practice [SET …] [--failures]`, sets being the files of `eval/practice`.

They stand in for the test half while something is tried: their authors saw the law, and neither guides, asks nor cases. What is tuned on a
set flatters on it; only a set written afterwards tells what was gained. Judged more simply than the cases: an answer is right where it cites
a place of every need, a question without needs where it is refused.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from eval.metrics import cited_names
from kb.assistant import Assistant
from kb.model import Answer, Language
from kb.record import answer_record
from kb.settings import Settings

FOLDER = Path(__file__).parent / "practice"
Kind = Literal["single", "several", "temporal", "premise", "record", "too_vague", "out_of_scope"]


class PracticeQuestion(BaseModel):
    """A question with its needs: of each list of places any one will do. Without needs a refusal is due."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    id: str
    kind: Kind
    language: Language
    on: date
    question: Annotated[str, Field(min_length=1)]
    must: tuple[Annotated[tuple[str, ...], Field(min_length=1)], ...]


Asked = tuple[PracticeQuestion, Answer]


def practice_questions(name: str, folder: Path = FOLDER) -> tuple[PracticeQuestion, ...]:
    """The questions of a set."""
    held = yaml.safe_load((folder / f"{name}.yaml").read_text(encoding="utf-8"))
    return TypeAdapter(tuple[PracticeQuestion, ...]).validate_python(held)


def needs_met(question: PracticeQuestion, answer: Answer) -> list[bool]:
    """For each need whether the answer cites one of its places, or a part of it."""
    cited = cited_names(answer_record(answer, question.id))
    return [any(c == place or c.startswith(f"{place}__") for place in need for c in cited) for need in question.must]


def is_right(question: PracticeQuestion, answer: Answer) -> bool:
    return all(needs_met(question, answer)) and (answer.refusal is not None) == (not question.must)


def ask_all(questions: Sequence[PracticeQuestion], assistant: Assistant) -> list[Asked]:
    return [(q, assistant.ask(assistant.query(q.question, q.on, q.language))) for q in questions]


def measure(asked: Sequence[Asked]) -> dict[str, Counter[str]]:
    """A count of each kind, and of all: questions `n`, `right`, `needs`, needs `met`, needs answered by a refusal (`refused`)."""
    counts: dict[str, Counter[str]] = {}
    for question, answer in asked:
        met = needs_met(question, answer)
        one = Counter(n=1, right=is_right(question, answer), needs=len(met), met=sum(met))
        one["refused"] = bool(met) and answer.refusal is not None
        for name in (question.kind, "all"):
            counts.setdefault(name, Counter()).update(one)
    return counts


def main() -> None:
    sets = sorted(path.stem for path in FOLDER.glob("*.yaml"))
    parser = argparse.ArgumentParser(prog="python -m eval.practice", description=__doc__.splitlines()[0])
    parser.add_argument("sets", nargs="*", metavar="SET", help=f"of {', '.join(sets)}; all of them by default")
    parser.add_argument("--failures", action="store_true", help="also show what was not right")
    chosen = parser.parse_args()
    if unknown := set(chosen.sets) - set(sets):
        parser.error(f"no set {', '.join(sorted(unknown))}; there are {', '.join(sets)}")
    assistant = Assistant.open(Settings())
    for name in chosen.sets or sets:
        asked = ask_all(practice_questions(name), assistant)
        for kind, count in sorted(measure(asked).items()):
            recall = f"{count['met'] / count['needs']:.3f}" if count["needs"] else "–"
            print(f"{name} {kind:<13} n {count['n']:>3}  right {count['right'] / count['n']:.3f}  recall {recall}  refused {count['refused']}")  # fmt: skip
        if chosen.failures:
            _show_failures(asked)


def _show_failures(asked: Sequence[Asked]) -> None:
    for question, answer in asked:
        if is_right(question, answer):
            continue
        met = needs_met(question, answer)
        missing = [" or ".join(need) for need, found in zip(question.must, met, strict=True) if not found]
        print(f"\n{question.id} ({question.kind}) {question.question}\n  missing: {missing or 'a refusal'}")
        print(f"  {answer.refusal.kind if answer.refusal else [str(c.id) for c in answer.citations]}")


if __name__ == "__main__":
    main()
