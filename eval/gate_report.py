"""How often the gate stops a false statement, and how often it stops a true one: `python -m eval.gate_report` (`make gate`).

The articles of the test half alone are published (docs/gate.md). `--split dev` prints those on which the gate may be tuned, with
`--show N` examples of what it missed; `--json FILE` writes every miss and false alarm.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import get_args

from eval.mutations import KINDS, mutants
from eval.split import Split
from eval.stats import rate as share
from eval.true_claims import Style, TrueClaim, true_claims
from kb.corpus import Corpus
from kb.corpus_load import load_corpus
from kb.model import LANGUAGES, CheckKind, Citation, Claim, Language, Role
from kb.settings import Settings
from kb.verify import Measure, check_claim, measured_pair
from kb.wording import Likeness

ON = date(2026, 11, 22)
ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "gate.md"
LANGUAGE_NAMES: Mapping[Language, str] = {"en": "English", "zh": "Chinese", "fr": "French"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the gate said of one statement: the checks that failed, none where it was let through."""

    claim: TrueClaim
    kind: str | None
    failed: tuple[CheckKind, ...]

    @property
    def stopped(self) -> bool:
        return bool(self.failed)


def without_guides(corpus: Corpus) -> Corpus:
    """The same law without the editors' lines: what a chat model writes is measured, also where it writes what they wrote."""
    articles = {
        key: {number: replace(article, gist=None) for number, article in held.items()}
        for key, held in corpus.articles_by_version.items()
    }
    return replace(corpus, articles_by_version=articles)


def as_claim(claim: TrueClaim, role: Role | None, corpus: Corpus) -> tuple[Claim, Citation]:
    """The statement as a generator would hand it over; its quotation is looked up as `kb.chat` does."""
    held = corpus.find(claim.place) if claim.place.version else None
    at = (held.text(claim.quote_language) or "").find(claim.quote) if held else -1
    standing = "in_force" if role == "authority" or not held else corpus.standing(claim.place, ON)
    start = max(at, 0)
    end = start + len(claim.quote) if at >= 0 else 0
    cited = Citation(
        claim.place, "", "", standing, role or (corpus.role(claim.place, ON) if held else "authority"), start, end
    )
    return Claim(claim.text, claim.quote, claim.quote_language, 0), cited


def examine(corpus: Corpus, half: Split, support: Measure) -> list[Outcome]:
    """Every true statement of a half, and every mutant of those that are about law in force."""
    bare = without_guides(corpus)
    trues = true_claims(corpus, half)
    todo: list[tuple[TrueClaim, str | None, Role | None]] = [(claim, None, None) for claim in trues]
    for claim in trues:
        todo += [(m.claim, m.kind, m.role) for m in mutants(claim, corpus)]
    prepared = [(*as_claim(claim, role, bare), claim, kind) for claim, kind, role in todo]
    pairs = [pair for drafted, cited, _, _ in prepared if (pair := measured_pair(drafted, (cited,), bare))]
    support = Remembered(support)
    support.scores(pairs)
    found = []
    for drafted, cited, source, kind in prepared:
        checks = check_claim(drafted, (cited,), bare, ON, {cited.id}, support)
        found.append(Outcome(source, kind, tuple(c.kind for c in checks if not c.passed)))
    return found


class Remembered:
    """A measure that keeps every score: there are more pairs here than an assistant ever keeps."""

    def __init__(self, measure: Measure) -> None:
        self._measure = measure
        self._known: dict[tuple[str, str], float] = {}

    def needed(self, likeness: Likeness) -> float:
        return self._measure.needed(likeness)

    def scores(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        missing = [pair for pair in dict.fromkeys(pairs) if pair not in self._known]
        for start in range(0, len(missing), 256):
            chunk = missing[start : start + 256]
            self._known |= zip(chunk, self._measure.scores(chunk), strict=True)
            if len(missing) > 256:
                print(f"\r{start + len(chunk)} of {len(missing)} statements measured", end="", file=sys.stderr)
        return [self._known[pair] for pair in pairs]


# ------------------------------------------------------------------ tables


def rate(outcomes: Iterable[Outcome]) -> str:
    """Share of statements stopped, with its Wilson interval and their number; – for none."""
    of = list(outcomes)
    if not of:
        return "–"
    found = share(sum(o.stopped for o in of), len(of))
    return f"{found.value:.3f} [{found.low:.3f}, {found.high:.3f}] of {found.n}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return [*lines, *("| " + " | ".join(row) + " |" for row in rows)]


def _by_language(of: Sequence[Outcome]) -> list[str]:
    both = [o for o in of if o.claim.language != "fr"]
    return [rate(both), *(rate(o for o in of if o.claim.language == language) for language in LANGUAGES)]


def detection_table(outcomes: Sequence[Outcome]) -> list[str]:
    """By kind: what share was stopped, and the check that failed first."""
    rows = []
    for kind, about in KINDS.items():
        of = [o for o in outcomes if o.kind == kind]
        first = Counter(o.failed[0] for o in of if o.failed)
        rows.append([f"{kind}: {about}", *_by_language(of), ", ".join(f"{k} {n}" for k, n in first.most_common(3))])
    return _table(["kind", "English and Chinese", "English", "Chinese", "French", "first check that failed"], rows)


def alarm_table(outcomes: Sequence[Outcome]) -> list[str]:
    """By style: what share of the true statements was stopped."""
    trues = [o for o in outcomes if o.kind is None]
    rows = [["all", *_by_language(trues)]]
    rows += [[style, *_by_language([o for o in trues if o.claim.style == style])] for style in get_args(Style)]
    return _table(["style", "English and Chinese", "English", "Chinese", "French"], rows)


def style_table(outcomes: Sequence[Outcome], kinds: Sequence[str]) -> list[str]:
    """By kind and style, English and Chinese together: how detection falls as the wording gets freer."""
    of = [o for o in outcomes if o.claim.language != "fr"]
    rows = [
        [kind, *(rate(o for o in of if o.kind == kind and o.claim.style == style) for style in get_args(Style))]
        for kind in kinds
    ]
    return _table(["kind", *get_args(Style)], rows)


def page(outcomes: Sequence[Outcome], support_name: str) -> str:
    """docs/gate.md."""
    template = (Path(__file__).parent / "gate_page.md").read_text(encoding="utf-8")
    free = ("wrong_article", "negation", "modality", "exception", "added_fact", "actor")
    parts = {
        "true": str(sum(o.kind is None for o in outcomes)),
        "false": str(sum(o.kind is not None for o in outcomes)),
        "true_both": str(sum(o.kind is None and o.claim.language != "fr" for o in outcomes)),
        "false_both": str(sum(o.kind is not None and o.claim.language != "fr" for o in outcomes)),
        "measure": support_name,
        "detection": "\n".join(detection_table(outcomes)),
        "alarms": "\n".join(alarm_table(outcomes)),
        "styles": "\n".join(style_table(outcomes, free)),
    }
    for name, text in parts.items():
        template = template.replace(f"<<{name}>>", text)
    return template


def main() -> int:
    """Run, print, and write the page for the test half."""
    parser = argparse.ArgumentParser(prog="python -m eval.gate_report", description=__doc__)
    parser.add_argument("--split", choices=get_args(Split), default="test")
    parser.add_argument("--show", type=int, default=0, metavar="N", help="print N misses or false alarms of each kind")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every miss and false alarm")
    parser.add_argument("--write", action="store_true", help="write docs/gate.md (test half only)")
    options = parser.parse_args()
    if options.write and options.split != "test":
        parser.error("--write publishes the test half; leave --split out")
    from kb.support import load_support

    settings = Settings()
    corpus = load_corpus(settings.corpus)
    started = time.perf_counter()
    support = load_support(settings)
    outcomes = examine(corpus, options.split, support)
    print("\n".join([*detection_table(outcomes), "", *alarm_table(outcomes)]))
    print(f"{len(outcomes)} statements in {time.perf_counter() - started:.0f} s")
    wrong = [o for o in outcomes if o.stopped == (o.kind is None)]
    _show(wrong, options.show)
    if options.json:
        options.json.write_text(json.dumps([_record(o) for o in wrong], ensure_ascii=False, indent=1), encoding="utf-8")
    if options.write:
        PAGE.write_text(page(outcomes, support.name), encoding="utf-8")
    return 0


def _show(wrong: Sequence[Outcome], count: int) -> None:
    by_kind: defaultdict[str, list[Outcome]] = defaultdict(list)
    for outcome in wrong:
        by_kind[outcome.kind or "false alarm"].append(outcome)
    for kind, of in by_kind.items() if count else ():
        print(f"\n{kind}: {len(of)}")
        for o in of[:: max(1, len(of) // count)][:count]:
            print(f"  {o.claim.language} {o.claim.style} {o.claim.place} {' '.join(o.failed)}: {o.claim.text}")


def _record(outcome: Outcome) -> dict[str, object]:
    claim = outcome.claim
    return {
        "kind": outcome.kind,
        "id": claim.id,
        "style": claim.style,
        "language": claim.language,
        "place": str(claim.place),
        "text": claim.text,
        "failed": list(outcome.failed),
    }


if __name__ == "__main__":
    sys.exit(main())
