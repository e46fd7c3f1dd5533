"""A report as one HTML page that needs nothing else: figures, slices, refusals, searches, times, and every case with its evidence.

The template escapes every text; the style and the script of the page are named by their hashes in its content security policy, so
that nothing else can run, whatever a question holds.
"""

from __future__ import annotations

from base64 import b64encode
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from statistics import quantiles
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from eval.baseline import AT_NOUGHT, AT_ONE, COMPARED, Comparison, broken
from eval.cases import Case
from eval.paired import ALPHA
from eval.places import names_at, title_of
from eval.plots import histogram, interval
from eval.results import MEASURES, CaseResult, Difference, Report, Value
from kb.corpus import Corpus
from kb.errors import BadInput
from kb.ids import parse_source_id
from kb.verify import source_text

TEMPLATES = Path(__file__).parent / "templates"
HEADLINE = (
    ("Answers", ("right", "wrong", "refused", "premise_recall", "truthfulness", "span_recall")),
    ("Citations", ("citation_precision", "citation_recall", "citation_f1", "citation_precision_micro", "citation_recall_micro", "citation_f1_micro")),
    ("Search", ("recall@1", "recall@5", "recall@10", "all_gold@10", "mrr@10", "ndcg@10")),
    ("Refusals", ("abstention_precision", "abstention_recall", "abstention_f1", "refusal_kind", "false_refusals")),
    ("Same again", ("robustness", "determinism")),
    ("What must never happen", (*AT_ONE, *AT_NOUGHT)),
)  # fmt: skip
SLICED = ("right", "citation_precision")
SEARCHED = ("recall@1", "recall@5", "recall@10", "mrr@10", "ndcg@10", "citation_precision", "citation_recall")


@dataclass(frozen=True, slots=True)
class Row:
    """One value with its interval, ready to show."""

    name: str
    shown: str
    span: str
    n: str
    plot: Markup
    note: str = ""


def page(report: Report, corpus: Corpus, cases: Sequence[Case], comparison: Comparison | None = None) -> str:
    """The page. Cases that are no longer held are shown without what was expected."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    style, script = ((TEMPLATES / name).read_text(encoding="utf-8") for name in ("report.css", "report.js"))
    expected = {case.id: case for case in cases}
    return environment.get_template("report.html").render(
        style=Markup(style),
        script=Markup(script),
        style_hash=_hash(style),
        script_hash=_hash(script),
        about=_about(report),
        headline=list(_headline(report)),
        broken=list(broken(report)),
        invariants=", ".join(_invariants(report)),
        comparison=comparison and _comparison(comparison),
        slices=list(_slices(report)),
        confusion=_confusion(report, expected),
        systems=list(_systems(report)),
        systems_about=" ".join(f"{s.name}: {s.about}" for s in report.baselines),
        differences=[_difference(d) for d in report.differences if d.slice == "all" and d.metric in SEARCHED],
        corruptions=report.corruptions,
        time=_time(report),
        choices=_choices(report),
        cases=[_case(r, expected.get(r.id), corpus, comparison) for r in report.results],
    )


def _hash(text: str) -> str:
    return b64encode(sha256(text.encode()).digest()).decode()


def _about(report: Report) -> dict[str, Any]:
    facts = [
        f"{len(report.results)} questions",
        f"split {report.split}",
        f"corpus {report.corpus}",
        f"index {report.index}",
    ]
    facts += [f"encoder {report.encoder}", f"generator {report.generator}", f"version {report.version}"]
    settings = [f"{name}: {value}" for name, value in report.configuration.items()]
    return {"cases": len(report.results), "line": " · ".join(facts), "settings": "; ".join(settings)}


# ------------------------------------------------------------------ figures


def row(name: str, value: Value, unit: str = "share", note: str = "") -> Row:
    """A value of the unit `share` or `score` (then the scale runs from −1 to 1)."""
    if value.value is None:
        return Row(name, "–", "", str(value.n), interval(None, None, None), note or value.reason or "")
    span = "" if value.low is None or value.high is None else f"{_number(value.low)} – {_number(value.high)}"
    scale = (-1.0, 1.0) if unit == "score" else (0.0, 1.0)
    return Row(
        name, f"{value.value:.3f}", span, str(value.n), interval(value.value, value.low, value.high, *scale), note
    )


def _number(value: float, sign: str = "") -> str:
    return f"{value:{sign}.3f}".replace("-", "−")


def _headline(report: Report) -> Iterator[dict[str, Any]]:
    """All figures of a split; the test half comes first, since nothing was set on it."""
    for part in parts_of(report):
        values = report.metrics[part]
        tables = [
            {"caption": caption, "rows": [_figure(name, values[name]) for name in names if name in values]}
            for caption, names in HEADLINE
        ]
        title = f"split {report.split}" if part == "all" and report.split != "all" else part
        yield {"part": title, "tables": [table for table in tables if table["rows"]]}


def parts_of(report: Report) -> list[str]:
    """The slices whose figures are shown in full: the splits, and all of them where that is not the same."""
    halves = [part for part in ("split test", "split dev") if part in report.metrics]
    parts = [*(halves if len(halves) > 1 else []), "all", "split earlier"]
    return [part for part in parts if part in report.metrics]


def _figure(name: str, value: Value) -> Row:
    measure = MEASURES[name]
    note = "lower is better" if measure.better == "low" else "drawn from −1 to 1" if measure.unit == "score" else ""
    return row(measure.title, value, measure.unit, note)


def _invariants(report: Report) -> Iterator[str]:
    values = report.metrics.get("all", {})
    for name in (*AT_ONE, *AT_NOUGHT):
        if name in values and values[name].value is not None:
            yield f"{MEASURES[name].title}: {values[name].value:g} (n = {values[name].n})"


def _slices(report: Report) -> Iterator[dict[str, Any]]:
    for sort in ("split", "language", "kind", "tag"):
        names = [part for part in report.metrics if part.startswith(f"{sort} ")]
        for metric in SLICED:
            rows = [
                row(part.removeprefix(f"{sort} "), report.metrics[part][metric])
                for part in names
                if metric in report.metrics[part] and report.metrics[part][metric].value is not None
            ]
            if rows:
                yield {"caption": f"{MEASURES[metric].title}, by {sort}", "rows": rows}


def _systems(report: Report) -> Iterator[dict[str, Any]]:
    """Each measure that a simple search has, with ours above it."""
    for metric in SEARCHED:
        theirs = [(s.name, s.metrics.get("all", {}).get(metric)) for s in report.baselines]
        ours = report.metrics.get("all", {}).get(metric)
        rows = [row(name, value) for name, value in [("kb", ours), *theirs] if value is not None]
        if any(value is not None for _, value in theirs):
            yield {"caption": MEASURES[metric].title, "rows": rows}


def _difference(found: Difference) -> dict[str, Any]:
    span = "" if found.low is None or found.high is None else f"{_number(found.low, '+')} – {_number(found.high, '+')}"
    value = "–" if found.value is None else _number(found.value, "+")
    plot = interval(found.value, found.low, found.high, -1.0, 1.0)
    name = f"{MEASURES[found.metric].title}: kb less {found.system}"
    return {
        "name": name,
        "shown": value,
        "span": span,
        "n": f"{found.n} in {found.clusters} laws",
        "plot": plot,
        "note": "",
    }


def _comparison(comparison: Comparison) -> dict[str, Any]:
    held = comparison.baseline
    same = "the same corpus" if comparison.same_corpus else f"another corpus ({held.corpus})"
    about = (
        f"Compared with the committed run of version {held.version} on {same}: {comparison.shared} cases that both have. “Right” by the exact "
        f"McNemar test, means by sign-flip permutation, one-sided, corrected by Holm; a drop counts at p ≤ {ALPHA}."
    )
    rows = [
        {
            "name": MEASURES[r.metric].title,
            "before": f"{r.before:.3f}",
            "now": f"{r.now:.3f}",
            "gained": r.gained,
            "lost": r.lost,
            "p": f"{r.p:.3f}",
            "chip": "wrong" if r.dropped else "right",
            "verdict": "dropped" if r.dropped else "no significant drop",
        }
        for r in comparison.rows
    ]
    flips = [{"id": name, "said": f"{flip}, {was} → {now}"} for name, (flip, was, now) in comparison.flips.items()]
    return {"about": about, "rows": rows, "flips": flips}


def _confusion(report: Report, expected: Mapping[str, Case]) -> dict[str, Any]:
    """What was right × what was done; a case is answered, or refused for a reason."""
    pairs: Counter[tuple[str, str]] = Counter()
    for r in report.results:
        if r.id in expected and r.answer is not None:
            pairs[expected[r.id].refusal or "answered", _done(r)] += 1
    names = sorted({name for pair in pairs for name in pair}, key=lambda name: (name != "answered", name))
    return {"columns": names, "rows": [{"name": a, "counts": [pairs[a, b] for b in names]} for a in names]}


def _done(result: CaseResult) -> str:
    refusal = result.answer["refusal"] if result.answer else None
    return str(refusal["kind"]) if refusal else "answered"


def _time(report: Report) -> dict[str, Any] | None:
    times = [r.ms for r in report.results if r.ms is not None]
    bars = histogram(times)
    if bars is None:
        return None
    cuts = quantiles(times, n=20, method="inclusive") if len(times) > 1 else times * 19
    beyond = f" The last bar holds what took longer than the axis: {bars.beyond}." if bars.beyond else ""
    return {
        "line": f"Median {cuts[9]:,.0f} ms, 95 % within {cuts[18]:,.0f} ms, slowest {max(times):,.0f} ms, on the machine of the run.",
        "svg": bars.svg([cuts[9], cuts[18]]),
        "middle": f"{bars.end / 2:g}",
        "end": f"{bars.end:g}",
        "note": f"Answers by their time; the lines are the median and the 95th percentile.{beyond}",
    }


# ------------------------------------------------------------------ cases


def _choices(report: Report) -> dict[str, list[str]]:
    results = report.results
    return {
        "verdict": sorted({_chip(r) for r in results}),
        "language": sorted({r.language for r in results}),
        "split": sorted({r.split for r in results}),
        "kind": sorted({r.kind for r in results}),
        "tags": sorted({tag for r in results for tag in r.tags} - {r.kind for r in results}),
    }


def _chip(result: CaseResult) -> str:
    return "violation" if result.violations else result.verdict


def _case(result: CaseResult, case: Case | None, corpus: Corpus, comparison: Comparison | None) -> dict[str, Any]:
    flip = comparison.flips.get(result.id) if comparison else None
    scores = [
        f"{MEASURES[name].title} {value:.2f}" for name in COMPARED if (value := result.scores.get(name)) is not None
    ]
    answer = result.answer
    quotes = " ".join(_flat(claim["quote"]) for claim in answer["claims"]) if answer else ""
    cited = set(result.cited)
    return {
        "id": result.id,
        "verdict": _chip(result),
        "flip": flip[0] if flip else "",
        "language": result.language,
        "split": result.split,
        "kind": result.kind,
        "tags": result.tags,
        "on": result.on,
        "question": result.question,
        "scores": " · ".join(scores),
        "reasons": [*result.violations, *result.reasons],
        "held": case is not None,
        "refusal": case.refusal if case else None,
        "needs": [[{"title": title_of(p, corpus), "cited": p in cited} for p in need] for need in case.must]
        if case
        else [],
        "facts": [
            {"quote": fact.quote, "title": title_of(fact.id, corpus), "found": _flat(fact.quote) in quotes}
            for fact in case.facts
        ]
        if case
        else [],
        "accepted": [title_of(p, corpus) for p in case.may] if case else [],
        "misleading": [title_of(p, corpus) for p in case.must_not] if case else [],
        "rationale": case.rationale if case else "",
        "answer": answer["text"] if answer else "",
        "evidence": list(_evidence(answer, case, corpus)) if answer else [],
    }


def _evidence(answer: Mapping[str, Any], case: Case | None, corpus: Corpus) -> Iterator[dict[str, Any]]:
    """Each claim's place with its text and the words quoted; cited places without a claim come with their text alone."""
    claims: dict[int, list[Mapping[str, Any]]] = {}
    for claim in answer["claims"]:
        claims.setdefault(claim["citation"], []).append(claim)
    for number, citation in enumerate(answer["citations"]):
        for claim in claims.get(number) or [{"quote": "", "quote_language": "en"}]:
            text = _text(citation["id"], corpus, claim["quote_language"])
            chip, judged = _judged(citation["id"], case)
            yield {
                "id": citation["id"],
                "title": citation["label"],
                "role": citation["role"],
                "language": claim["quote_language"],
                "pieces": pieces(text, claim["quote"]) if text is not None else [],
                "lost": claim["quote"] if text is None or claim["quote"] not in text else "",
                "chip": chip,
                "judged": judged,
            }


def _text(name: str, corpus: Corpus, language: str) -> str | None:
    try:
        return source_text(parse_source_id(name), corpus, language)
    except (BadInput, ValueError):
        return None


def pieces(text: str, quote: str) -> list[tuple[str, bool]]:
    """The text cut where the quote stands, the quote marked; the whole text unmarked where it does not stand there."""
    at = text.find(quote) if quote else -1
    if at < 0:
        return [(text, False)]
    cut = [(text[:at], False), (quote, True), (text[at + len(quote) :], False)]
    return [piece for piece in cut if piece[0]]


def _judged(name: str, case: Case | None) -> tuple[str, str]:
    """What the case says of a place cited: the colour of its chip, and a word."""
    if case is None:
        return "none", "not judged"
    names = names_at(name)
    if names & {place for need in case.must for place in need}:
        return "right", "needed"
    if names & set(case.may):
        return "right", "acceptable"
    return ("wrong", "misleading") if names & set(case.must_not) else ("refused", "beside the point")


def _flat(text: str) -> str:
    return " ".join(text.split())
