"""A report as a table on the terminal, as JUnit XML, and as files kept together: HTML, JSON and XML."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from eval.baseline import Comparison, broken
from eval.cases import Case
from eval.page import page, parts_of
from eval.paired import ALPHA
from eval.results import MEASURES, Measure, Report, Value
from kb.corpus import Corpus

MAX_LISTED = 40
"""Flipped cases and misses that the terminal lists; the files list all."""
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, not even escaped."""


def shown(value: Value | None, measure: Measure) -> str:
    """A value with its interval, as people read it."""
    if value is None or value.value is None:
        return "–"
    if measure.unit == "ms":
        return f"{value.value:,.0f} ms"
    if value.low is None or value.high is None:
        return f"{value.value:.3f}"
    return f"{value.value:.3f} [{value.low:.3f}, {value.high:.3f}]"


# ------------------------------------------------------------------ terminal


def print_report(report: Report, comparison: Comparison | None, console: Console) -> None:
    """The figures by split, the slices, the simple searches, what never may happen, and what flipped."""
    parts = parts_of(report)
    console.print(_table("measure [95 % interval]", parts, report.metrics, list(MEASURES), MEASURES))
    others = [part for part in report.metrics if not part.startswith(("split ", "all"))]
    names = [
        name for name in ("right", "citation_precision", "citation_recall", "recall@10") if _any(report, others, name)
    ]
    slices = Table("slice", "cases", *(MEASURES[name].title for name in names), box=SIMPLE_HEAD)
    for part in others:
        values = report.metrics[part]
        n = values["right"].n if "right" in values else 0
        slices.add_row(part, str(n), *(shown(values.get(name), MEASURES[name]) for name in names))
    if others:
        console.print(slices)
    if report.baselines:
        systems = {"kb": report.metrics["all"]} | {s.name: s.metrics.get("all", {}) for s in report.baselines}
        held = [name for name in MEASURES if any(name in s.metrics.get("all", {}) for s in report.baselines)]
        console.print(_table("simple searches, all", list(systems), systems, held, MEASURES))
    missed = [f"{r.id}: {r.verdict}: {'; '.join(r.reasons)}" for r in report.results if r.verdict != "right"]
    _print_lines(console, f"{len(missed)} of {len(report.results)} cases are not right:", missed)
    for one in report.corruptions:
        console.print(Text(f"answers falsified ({one.kind}): {one.flagged} of {one.made} noticed"))
    _print_lines(console, "What must never happen happened:", list(broken(report)))
    if comparison is not None:
        _print_comparison(comparison, console)


def _any(report: Report, parts: Sequence[str], name: str) -> bool:
    return any(name in report.metrics[part] for part in parts)


def _table(
    title: str,
    columns: Sequence[str],
    values: Mapping[str, Mapping[str, Value]],
    names: Sequence[str],
    measures: Mapping[str, Measure],
) -> Table:
    table = Table(title, *columns, box=SIMPLE_HEAD)
    for name in names:
        if any(name in values[column] for column in columns):
            cells = (shown(values[column].get(name), measures[name]) for column in columns)
            table.add_row(measures[name].title, *cells)
    return table


def _print_comparison(comparison: Comparison, console: Console) -> None:
    table = Table("against the baseline", "before", "now", "better / worse", "p", "", box=SIMPLE_HEAD)
    for row in comparison.rows:
        verdict = f"dropped (p ≤ {ALPHA})" if row.dropped else ""
        table.add_row(
            MEASURES[row.metric].title,
            f"{row.before:.3f}",
            f"{row.now:.3f}",
            f"{row.gained} / {row.lost}",
            f"{row.p:.3f}",
            verdict,
        )
    console.print(table)
    lines = [f"{name}: {flip}, {was} → {now}" for name, (flip, was, now) in comparison.flips.items()]
    _print_lines(console, f"{len(lines)} flipped cases of {comparison.shared} compared:", lines)


def _print_lines(console: Console, title: str, lines: Sequence[str]) -> None:
    """Lines under a title, nothing without lines. What stands in a case is printed as it is, never as markup."""
    if lines:
        console.print(Text(title, style="bold"))
        for line in lines[:MAX_LISTED]:
            console.print(Text(f"  {line}"), soft_wrap=True)
        if len(lines) > MAX_LISTED:
            console.print(f"  and {len(lines) - MAX_LISTED} more")


# ------------------------------------------------------------------ JUnit


def junit(report: Report) -> str:
    """A test a case, in a suite a split: violations and misses are failures, unscored cases are skipped."""
    root = ElementTree.Element("testsuites", name="kb eval")
    for split in sorted({r.split for r in report.results}):
        results = [r for r in report.results if r.split == split]
        suite = ElementTree.SubElement(
            root,
            "testsuite",
            name=split,
            tests=str(len(results)),
            failures=str(sum(bool(r.violations) or r.verdict in ("wrong", "refused") for r in results)),
            errors="0",
            skipped=str(sum(not r.violations and r.verdict == "unscored" for r in results)),
            time=_seconds(sum(r.ms or 0 for r in results)),
        )
        properties = ElementTree.SubElement(suite, "properties")
        for name in ("corpus", "index", "encoder", "generator", "version"):
            ElementTree.SubElement(properties, "property", name=name, value=_xml(getattr(report, name)))
        for r in results:
            name = f"eval.{r.split}.{r.language}.{r.kind}"
            case = ElementTree.SubElement(
                suite, "testcase", classname=_xml(name), name=_xml(r.id), time=_seconds(r.ms or 0)
            )
            if r.violations or r.verdict in ("wrong", "refused"):
                said = "; ".join([*r.violations, *r.reasons]) or r.verdict
                failure = ElementTree.SubElement(
                    case, "failure", type="violation" if r.violations else r.verdict, message=_xml(said)
                )
                failure.text = _xml("\n".join([r.question, *r.violations, *r.reasons]))
            elif r.verdict == "unscored":
                ElementTree.SubElement(case, "skipped", message=_xml("; ".join(r.reasons) or "unscored"))
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _seconds(ms: float) -> str:
    return f"{ms / 1000:.3f}"


def _xml(text: str) -> str:
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)


# ------------------------------------------------------------------ files


def forms(
    report: Report, corpus: Corpus, cases: Sequence[Case], comparison: Comparison | None = None
) -> dict[str, str]:
    """The report in each of its forms, by the ending of the file."""
    return {"html": page(report, corpus, cases, comparison), "json": report.to_json(), "xml": junit(report)}


RUNS_KEPT = 20


def keep(made: Mapping[str, str], folder: Path) -> None:
    """Write `report.<form>` into a folder, each whole or not at all, the page last; and the figures alone into `runs/`, to be compared later."""
    folder.mkdir(parents=True, exist_ok=True)
    for form in ("json", "xml", "html"):
        write_whole(folder / f"report.{form}", made[form])
    runs = folder / "runs"
    runs.mkdir(exist_ok=True)
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    whole = json.loads(made["json"])
    about = {name: whole[name] for name in ("corpus", "encoder", "generator", "version", "split")}
    figures = {of: values for of, values in whole["metrics"].items() if of == "all" or of.startswith("split ")}
    write_whole(
        runs / f"{stamp}.json", json.dumps({"made": stamp, **about, "metrics": figures}, ensure_ascii=False) + "\n"
    )
    for old in sorted(runs.glob("*.json"))[:-RUNS_KEPT]:
        old.unlink(missing_ok=True)


def write_whole(path: Path, text: str) -> None:
    """Write beside and rename, so that nobody reads half a file."""
    beside = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
