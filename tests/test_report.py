"""The forms of a report: the page is one safe file with everything in it, the XML is JUnit, the table has the figures."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from eval_example import CASES, HOSTILE, INSPECTION, LAMPS, answered, example, result
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from eval.baseline import baseline_of, compare
from eval.page import page, pieces
from eval.report import forms, junit, keep, print_report
from eval.results import Corruption, Difference, Report
from kb.corpus import Corpus


class Reader(HTMLParser):
    """Tags with their attributes, the text, and for each case the text within it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.marks: list[str] = []
        self.text = ""
        self._marked = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "mark":
            self._marked = True
            self.marks.append("")
        if tag in ("td", "th"):
            self.text += " "

    def handle_endtag(self, tag: str) -> None:
        self._marked = self._marked and tag != "mark"

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._marked:
            self.marks[-1] += data

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def html(tiny: Corpus, report: Report | None = None, **given: Any) -> str:
    return page(report or example(), tiny, CASES, **given)


def test_the_page_needs_nothing_else_and_runs_nothing_else(tiny: Corpus) -> None:
    read = Reader(html(tiny))
    assert {name for name, _ in read.tags} & {"img", "link", "iframe", "object", "form", "base"} == set()
    assert len(read.named("script")) == 1 and "src" not in read.named("script")[0]
    policy = next(m["content"] or "" for m in read.named("meta") if m.get("http-equiv"))
    assert policy.startswith("default-src 'none'") and "unsafe" not in policy and policy.count("sha256-") == 2
    assert not any(name.startswith("on") or name == "style" for _, attributes in read.tags for name in attributes)
    assert all((a.get("href") or "").startswith("#") for a in read.named("a"))


def test_what_a_case_holds_is_text(tiny: Corpus) -> None:
    made = html(tiny)
    assert "<b>bold</b>" not in made and "alert" not in made and made.count("<script>") == 1
    assert HOSTILE in Reader(made).text


def test_every_case_has_its_answer_places_reasons_and_filters(tiny: Corpus) -> None:
    read = Reader(html(tiny))
    cases = [d for d in read.named("details") if "data-case" in d]
    assert [d["id"] for d in cases] == [c.id for c in CASES]
    assert [d["data-verdict"] for d in cases] == ["wrong", "right", "right"]
    assert [d["data-language"] for d in cases] == ["en", "zh", "en"]
    for said in ("船上要几盏灯？", "Harbour Law Art. 2 is not cited", "It is the rule on lamps.", "This is not about harbours.", "Refusal: out_of_scope"):  # fmt: skip
        assert said in read.text
    choices = {s["data-filter"] for s in read.named("select")} | {i["data-filter"] for i in read.named("input")}
    assert choices == {"verdict", "language", "split", "kind", "tags", "words"}


def test_words_quoted_are_marked_in_their_provision(tiny: Corpus) -> None:
    read = Reader(html(tiny))
    assert read.marks == ["longer than 10 metres", "A boat shall carry 3 lamps."]
    assert "A harbour master may inspect:" in read.text


def test_words_that_do_not_stand_there_are_said_not_to(tiny: Corpus) -> None:
    found = result(CASES[0], answered(LAMPS, "A boat shall carry 9 lamps."))
    read = Reader(html(tiny, replace(example(), results=(found,))))
    assert read.marks == [] and "These words do not stand there: “A boat shall carry 9 lamps.”" in read.text


@given(st.text(max_size=20), st.text(max_size=5), st.text(max_size=20))
def test_pieces_are_the_whole_text(before: str, quote: str, after: str) -> None:
    text = before + quote + after
    cut = pieces(text, quote)
    assert "".join(piece for piece, _ in cut) == text
    assert [piece for piece, marked in cut if marked] == ([quote] if quote else [])


def test_figures_stand_with_interval_and_n(tiny: Corpus) -> None:
    text = re.sub(r"\s+", " ", Reader(html(tiny)).text)
    assert "answers right 0.667 0.200 – 0.900 3" in text
    assert "key facts quoted no key facts – 0" in text
    assert "truthfulness (CRAG, −1 to 1) drawn from −1 to 1 0.250 −0.500 – 0.750 3" in text
    assert "bm25: Words alone." in text and "Median 80 ms" in text


def test_differences_and_falsified_answers_are_shown(tiny: Corpus) -> None:
    found = Difference("bm25", "all", "recall@10", 0.5, -0.1, 0.9, 2, 1)
    other = replace(found, slice="split dev", value=0.25)
    made = replace(example(), differences=(found, other), corruptions=(Corruption("fact", 9, 8, ("t-en-001",)),))
    text = re.sub(r"\s+", " ", Reader(html(tiny, made)).text)
    assert "recall at 10: kb less bm25 +0.500 −0.100 – +0.900 2 in 1 laws" in text and "+0.250" not in text
    assert "fact 9 8 t-en-001" in text


def test_refusals_are_counted_by_what_was_due(tiny: Corpus) -> None:
    text = re.sub(r"\s+", " ", Reader(html(tiny)).text)
    assert "answered out_of_scope answered 2 · out_of_scope · 1" in text


def test_flipped_cases_are_listed_and_marked(tiny: Corpus) -> None:
    before = replace(example(), results=tuple(replace(r, verdict="right") for r in example().results))
    comparison = compare(example(), baseline_of(before))
    read = Reader(html(tiny, comparison=comparison))
    assert "lost, right → wrong" in read.text and "Flipped cases (1)" in read.text
    assert {d["id"] for d in read.named("details") if d.get("data-flip") == "lost"} == {"t-en-001"}


def test_a_case_that_is_no_longer_held_is_shown_without_what_was_expected(tiny: Corpus) -> None:
    assert "This case is no longer held." in page(example(), tiny, CASES[1:])


def test_a_run_without_answers_is_a_page(tiny: Corpus) -> None:
    found = result(CASES[0], None, verdict="unscored", reasons=("the question was not taken",), ms=None)
    empty = replace(example(), results=(found,), metrics={}, baselines=())
    text = Reader(html(tiny, empty)).text
    assert "No answer came." in text and "Not measured." in text


# ------------------------------------------------------------------ JUnit


def test_junit_counts_failures_and_skipped() -> None:
    made = replace(
        example(),
        results=(
            *example().results,
            result(CASES[1], answered(LAMPS, "x"), id="t-zh-002", violations=("the quote does not stand there",)),
            result(CASES[1], None, id="t-zh-003", verdict="unscored", reasons=("no answer",), ms=None),
        ),
    )
    root = ElementTree.fromstring(junit(made))
    suites = {s.attrib["name"]: s for s in root}
    assert {n: (s.attrib["tests"], s.attrib["failures"], s.attrib["skipped"]) for n, s in suites.items()} == {"dev": ("1", "0", "0"), "test": ("4", "2", "1")}  # fmt: skip
    failures = {c.attrib["name"]: f for c in root.iter("testcase") for f in c.iter("failure")}
    assert {name: f.attrib["type"] for name, f in failures.items()} == {"t-en-001": "wrong", "t-zh-002": "violation"}
    assert failures["t-en-001"].attrib["message"] == "Harbour Law Art. 2 is not cited"
    assert "\N{REPLACEMENT CHARACTER}" in (failures["t-en-001"].text or "")  # XML cannot hold a bell
    assert [c.attrib["name"] for c in root.iter("testcase") if c.find("skipped") is not None] == ["t-zh-003"]


@given(st.text())
def test_any_question_makes_readable_xml(question: str) -> None:
    found = replace(example().results[0], question=question, reasons=(question,))
    ElementTree.fromstring(junit(replace(example(), results=(found,))))


# ------------------------------------------------------------------ terminal, files


def printed(report: Report, **given: Any) -> str:
    out = StringIO()
    print_report(report, given.get("comparison"), Console(file=out, width=150))
    return re.sub(r" +", " ", out.getvalue())


def test_the_table_has_splits_slices_and_searches() -> None:
    text = printed(example())
    assert "answers right 0.667 [0.200, 0.900] – 0.667" not in text
    assert "1 of 3 cases are not right:\n t-en-001: wrong: Harbour Law Art. 2 is not cited" in text
    for said in ("split dev", "split test", "language en 2", "median time of an answer 80 ms", "bm25"):
        assert said in text
    assert re.search(r"answers right 0\.667 \[0\.200, 0\.900\] 1\.000 \[0\.200, 0\.900\] 0\.667", text)


def test_violations_and_flips_are_printed_as_they_are() -> None:
    found = replace(example().results[0], violations=("[red]not markup[/red]",))
    now = replace(example(), results=(found,))
    before = replace(example(), results=(replace(found, verdict="right"),))
    text = printed(now, comparison=compare(now, baseline_of(before)))
    assert "t-en-001: [red]not markup[/red]" in text
    assert "1 flipped cases of 1 compared" in text and "t-en-001: lost, right → wrong" in text


def test_the_files_are_kept_whole(tiny: Corpus, tmp_path: Path) -> None:
    folder = tmp_path / "eval"
    keep(forms(example(), tiny, CASES), folder)
    assert sorted(p.name for p in folder.iterdir()) == ["report.html", "report.json", "report.xml", "runs"]
    assert Report.from_json((folder / "report.json").read_text(encoding="utf-8")) == example()
    assert INSPECTION in (folder / "report.html").read_text(encoding="utf-8")


def test_a_folder_that_cannot_be_written_leaves_no_part(tmp_path: Path, tiny: Corpus) -> None:
    (tmp_path / "report.json").mkdir()
    with pytest.raises(OSError, match="report"):
        keep(forms(example(), tiny, CASES), tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["report.json"]
