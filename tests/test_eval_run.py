"""A small run on real answers: what is counted, what the falsified answers show, and what another process says."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from eval.attribution import Phrases
from eval.baselines import COMPARED
from eval.cases import Case, all_cases
from eval.corrupt import ANSWER_FOR_REFUSAL, WAYS, Way, corruptions, falsified
from eval.determinism import Elsewhere, digest, sample
from eval.langchain_pipeline import Pipeline, articles_of, law_texts
from eval.mcp_search import LawSearch, longest_phrase, word_lists
from eval.metrics import score_case
from eval.results import MEASURES, CaseResult, Rate, Report
from eval.run import ask, measure
from kb.assistant import Assistant
from kb.corpus import Corpus
from kb.errors import KBError

NAMES = (
    "en-001", "en-003", "en-005", "en-011", "en-030", "en-035", "en-046", "en-050", "fr-001", "fr-028", "fr-035", "fr-046", "zh-001",
    "zh-009", "zh-028", "zh-036", "zh-046", "d-en-001", "d-en-002", "d-en-004", "d-en-013", "d-en-017", "d-en-031", "d-en-038", "d-en-041",
)  # fmt: skip


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    return [case for case in all_cases() if case.id in NAMES]


@pytest.fixture(scope="module")
def report(assistant: Assistant, cases: list[Case]) -> Report:
    steps: list[tuple[int, int]] = []
    found = measure(
        assistant, "all", False, lambda done, total: steps.append((done, total)), determinism=False, cases=cases
    )
    assert steps == [(n, len(cases)) for n in range(1, len(cases) + 1)]
    return found


def by_id(report: Report) -> dict[str, CaseResult]:
    return {result.id: result for result in report.results}


@pytest.mark.model
def test_a_run_holds_every_case_and_breaks_nothing(report: Report, cases: list[Case], assistant: Assistant) -> None:
    assert [result.id for result in report.results] == [case.id for case in cases]
    assert not [(result.id, result.violations) for result in report.results if result.violations]
    assert (report.corpus, report.index) == (assistant.corpus.fingerprint, assistant.index.fingerprint)
    for result in report.results:
        assert result.scores.keys() <= MEASURES.keys() and result.ms is not None and result.ms > 0
        assert len(result.ranking) <= 50 and (result.ranking or result.answer)
    right = report.metrics["all"]["right"]
    assert isinstance(right, Rate)
    reported = [result for result in report.results if result.split != "earlier"]
    assert (right.successes, right.n) == (sum(r.verdict == "right" for r in reported), len(reported))
    assert right.successes >= 12, [(r.id, r.reasons) for r in reported if r.verdict != "right"]
    assert Report.from_json(report.to_json()) == report


@pytest.mark.model
def test_a_search_that_fails_leaves_the_case_unscored(assistant: Assistant, cases: list[Case]) -> None:
    class Failing(Assistant):
        def query(self, *_: Any, **__: Any) -> Any:
            raise KBError("the index is gone")

    broken = Failing(assistant.corpus, assistant.settings, assistant.index, assistant.report)
    result, _ = ask(cases[0], broken, Phrases(assistant.corpus))
    assert (result.verdict, result.answer, result.ms) == ("unscored", None, None)
    assert result.reasons == ("KBError: the index is gone",)


# ------------------------------------------------------------------ falsified answers


@pytest.mark.model
def test_every_falsified_answer_is_caught(report: Report) -> None:
    """The mutation score of the metrics is 100 %, and every way was tried on real answers."""
    assert {found.kind for found in report.corruptions} == {*WAYS, ANSWER_FOR_REFUSAL}
    for found in report.corruptions:
        assert found.made > 0 and found.flagged == found.made and found.missed == (), found


@pytest.mark.model
@pytest.mark.parametrize("kind", sorted(WAYS))
@pytest.mark.parametrize("share", [0.25, 1.0])
def test_figures_fall_by_what_was_falsified(
    report: Report, cases: list[Case], corpus: Corpus, kind: str, share: float
) -> None:
    """At a known rate: exactly the falsified answers stop being right, or lose the score in charge."""
    phrases, results = Phrases(corpus), by_id(report)
    right = [case for case in cases if results[case.id].verdict == "right"]
    able = [case for case in right if falsified(kind, case, results[case.id], corpus)]
    chosen = {case.id for case in able[: max(1, round(share * len(able)))]}
    fallen = set()
    for case in right:
        answer = falsified(kind, case, results[case.id], corpus) if case.id in chosen else results[case.id].answer
        before, after = (score_case(case, a, (), corpus, phrases) for a in (results[case.id].answer, answer))
        if any(before.pairs.get(metric) != after.pairs.get(metric) for metric in WAYS[kind].falls):
            fallen.add(case.id)
    assert fallen == chosen


@pytest.mark.model
def test_a_metric_that_sees_nothing_would_be_told(
    report: Report, cases: list[Case], corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(WAYS, "article", Way(WAYS["article"].make, ("refused",)))
    found = corruptions(cases, by_id(report), corpus, Phrases(corpus))
    article = next(c for c in found if c.kind == "article")
    assert article.flagged == 0 and len(article.missed) == article.made > 0


@pytest.mark.model
def test_falsifying_changes_no_result(report: Report, cases: list[Case], corpus: Corpus) -> None:
    for case in cases:
        result = by_id(report)[case.id]
        before = deepcopy(result.answer)
        for kind in WAYS:
            made = falsified(kind, case, result, corpus)
            assert made is None or made != before
            assert falsified(kind, case, result, corpus) == made and result.answer == before


# ------------------------------------------------------------------ other processes


@pytest.mark.model
def test_other_processes_give_the_same_answers(report: Report, assistant: Assistant) -> None:
    few = sample(report.results, 3)
    assert Elsewhere(few, assistant.settings, processes=1).same().successes == len(few) >= 3
    changed = [replace(few[0], answer={**(few[0].answer or {}), "text": "another"}), *few[1:]]
    assert Elsewhere(changed, assistant.settings, processes=1).same().successes == len(few) - 1


def test_a_digest_leaves_out_the_time_alone() -> None:
    record = {"id": "x", "text": "a", "timing_ms": {"total": 1.0}}
    assert digest(record) == digest(record | {"timing_ms": {"total": 2.0}}) != digest(record | {"text": "b"})


# ------------------------------------------------------------------ simple searches


@pytest.mark.model
def test_the_searches_are_compared_on_the_same_cases(
    assistant: Assistant, cases: list[Case], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """With the texts of one law in the plain pipeline, so that little has to be encoded."""
    few = [law for law in law_texts(assistant.corpus) if law.articles[0][2].startswith("frt-measures@")]
    monkeypatch.setattr("eval.langchain_pipeline.law_texts", lambda _: few)
    monkeypatch.setattr("eval.baselines.Pipeline", lambda corpus, encoder, _: Pipeline(corpus, encoder, tmp_path))
    chosen = [case for case in cases if case.id in ("en-001", "zh-028", "fr-001", "d-en-001", "en-046")]
    report = measure(assistant, "all", True, determinism=False, cases=chosen)
    assert [system.name for system in report.baselines] == ["bm25", "dense", "fused", "langchain", "china-law-mcp"]
    asked = sum(bool(case.must) for case in chosen if case.split != "earlier")
    for system in report.baselines:
        found = system.metrics["all"]["citation_recall"]
        assert found.n == (1 if system.name == "china-law-mcp" else asked), system.name
        assert found.value is not None and 0 <= found.value <= 1
    for difference in report.differences:
        if difference.value is None:
            continue
        ours = report.metrics[difference.slice][difference.metric]
        theirs = next(s for s in report.baselines if s.name == difference.system).metrics[difference.slice][
            difference.metric
        ]
        if ours.n == theirs.n == difference.n:
            assert ours.value is not None and theirs.value is not None
            assert difference.value == pytest.approx(ours.value - theirs.value)
    assert {d.metric for d in report.differences} == set(COMPARED)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [(0, 90, ["a"]), (90, 300, ["b"]), (60, 140, ["a"]), (0, 200, ["a", "b"]), (210, 400, ["c"]), (195, 205, ["b"])],
)
def test_a_chunk_stands_for_the_articles_it_holds(start: int, end: int, expected: list[str]) -> None:
    assert articles_of(start, end, ((0, 100, "a"), (100, 200, "b"), (200, 1000, "c")))[: len(expected)] == expected


def test_law_texts_hold_every_article_in_its_place(corpus: Corpus) -> None:
    found: dict[str, int] = {}
    for law in law_texts(corpus):
        for start, end, name in law.articles:
            found[name] = found.get(name, 0) + 1
            assert law.text[start:end].split("\n", 1)[0].strip("Article 第条") in name
    assert set(found) == {str(article.id) for article in corpus.all_articles()}


@pytest.mark.parametrize(
    ("core", "text", "length"),
    [
        ("abcdef", "xxabcdexx", 5),
        ("abcd", "abcx", 0),
        ("", "abc", 0),
        ("a" * 20, "a" * 20, 12),
        ("人脸信息处理", "处理人脸信息", 4),
    ],
)
def test_longest_phrase(core: str, text: str, length: int) -> None:
    assert longest_phrase(core, text) == length


def test_the_word_lists_of_the_package_are_read() -> None:
    lists = word_lists()
    assert "诈骗" in lists.synonyms and lists.together and lists.stopwords


def test_the_search_of_the_package_finds_what_is_cited(corpus: Corpus) -> None:
    search = LawSearch(corpus)
    assert search.holds("pipl@2021-11-01/art_28") and not search.holds("frt-measures@2025-06-01/art_4")
    assert search.rank("《个人信息保护法》第二十八条规定了什么？", date(2026, 11, 22))[0] == "pipl@2021-11-01/art_28"
