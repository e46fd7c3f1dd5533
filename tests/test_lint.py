"""The lint finds no fault in the shipped renderings, and finds every fault put into one."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from kb.corpus import Corpus
from kb.ids import ProvisionId
from kb.lint import CHECKS, EXPLAINED, LintReport, Remark, lint_article, lint_corpus, read_reference
from kb.model import Provision


def shown(report: LintReport) -> str:
    return "\n".join(f"{r.place} {r.check}: {r.detail}" for r in report.remarks)


def test_renderings_agree_with_the_dataset(corpus: Corpus) -> None:
    report = lint_corpus(corpus)
    assert not report.remarks, shown(report)
    assert sum(counts["articles"] for counts in report.compared.values()) >= 320
    assert all(counts["paragraphs"] >= counts["articles"] for counts in report.compared.values())
    assert sum(counts["items"] for counts in report.compared.values()) >= 150
    assert sum(counts["numbers"] for counts in report.compared.values()) >= 100
    assert sum(counts["references"] for counts in report.compared.values()) >= 60


def test_renderings_agree_with_the_reference_texts(corpus: Corpus) -> None:
    folder = os.environ.get("KB_ZH_REFERENCE")
    if not folder:
        pytest.skip("KB_ZH_REFERENCE names no folder of Chinese reference texts (they are not in the repository)")
    report = lint_corpus(corpus, read_reference(Path(folder)))
    assert not report.remarks, shown(report)
    assert sum(counts["articles"] for counts in report.compared.values()) >= 400


def test_explained_remarks_are_remarks_of_places_that_exist(corpus: Corpus) -> None:
    for (place, check), reason in EXPLAINED.items():
        assert corpus.find(ProvisionId.parse(place).whole_article), place
        assert check in CHECKS
        assert reason


# ------------------------------------------------------------------ faults put into real articles


def lint_changed(article: Provision, change: Callable[[str], str], corpus: Corpus) -> list[Remark]:
    """The remarks on an article whose English is changed; before the change there are none."""
    assert list(lint_article(article, corpus)) == []
    lines = tuple(replace(line, en=change(line.en or "")) for line in article.lines)
    return list(lint_article(replace(article, lines=lines), corpus))


PIPL, CSL, CODE, CRPL = "pipl@2021-11-01", "csl@2026-01-01", "civil-code@2021-01-01", "crpl@2014-03-15"

FAULTS = [
    (f"{PIPL}/art_66__para_2", "CNY 50,000,000", "CNY 5,000,000", "quantities"),
    (f"{PIPL}/art_66__para_2", "5 percent", "15 percent", "quantities"),
    (f"{PIPL}/art_66__para_2", "CNY 100,000 to CNY 1,000,000", "CNY 1,000,000", "quantities"),
    (f"{PIPL}/art_56__para_2", "3 years", "5 years", "quantities"),
    (f"{PIPL}/art_28__para_1", "14 years", "16 years", "quantities"),
    (f"{CSL}/art_23__item_3", "6 months", "6 days", "quantities"),
    (f"{CRPL}/art_55__para_1", "3 times", "2 times", "quantities"),
    (f"{PIPL}/art_74", "1 November 2021", "11 November 2021", "quantities"),
    (f"{PIPL}/art_16", "shall not refuse", "shall refuse", "modality"),
    (f"{PIPL}/art_25", "shall not make public", "may make public", "modality"),
    (f"{PIPL}/art_6__para_2", "shall not be collected", "shall be collected", "modality"),
    (f"{PIPL}/art_31__para_2", "shall formulate", "may formulate", "modality"),
    (f"{PIPL}/art_31__para_2", "shall formulate", "formulates", "modality"),
    (f"{CODE}/art_1029", "may inquire", "inquires", "modality"),
    (f"{CODE}/art_1033__para_1", "no organisation", "an organisation", "modality"),
    (f"{PIPL}/art_38__item_1", "Article 40", "Article 41", "references"),
    (f"{PIPL}/art_30", "Article 17", "Article 18", "references"),
    (f"{PIPL}/art_45__para_1", " and Article 35", "", "references"),
    (f"{CRPL}/art_55__para_2", "Article 49 and ", "", "references"),
    (f"{PIPL}/art_17__para_2", "the preceding paragraph", "paragraph 1", "references"),
    (f"{PIPL}/art_66__para_2", " specified in the preceding paragraph", "", "references"),
]


@pytest.mark.parametrize(("place", "old", "new", "check"), FAULTS, ids=[f"{f[0]} {f[1]}" for f in FAULTS])
def test_a_fault_is_remarked_by_its_check(corpus: Corpus, place: str, old: str, new: str, check: str) -> None:
    found = corpus.provision(ProvisionId.parse(place))
    assert old in (found.text_en or "")
    remarks = lint_changed(corpus.provision(found.id.whole_article), lambda en: en.replace(old, new), corpus)
    assert {r.check for r in remarks} == {check}
    assert all(r.detail for r in remarks)
    numbered = {str(r.place) for r in remarks}
    assert {str(corpus.provision(r.place).id) for r in remarks} == {str(found.id)}, numbered


def other_number(found: re.Match[str]) -> str:
    return f"{found[1]}{int(found[2].replace(',', '')) * 2 + 7}"


Change = str | Callable[[re.Match[str]], str]

# name: (what the Chinese line holds, what is changed in the English one, how, the check that remarks it)
EVERYWHERE: dict[str, tuple[str, str, Change, str]] = {
    "not is dropped": ("不得", r"\b(no|not|neither|nor|never|nobody)\b", "", "modality"),
    "shall becomes may": ("应当", r"\b(shall|must)\b", "may", "modality"),
    "may is dropped": ("可以", r"\b(may|can)\b", "", "modality"),
    "article numbers": ("本法第", r"(Article )(\d+)", other_number, "references"),
    "amounts": ("万元", r"(CNY )([\d,]+)", other_number, "quantities"),
    "periods and shares": (
        "",
        r"()(\d+)(?= (?:(?:working )?days|months|years|percent|times)\b)",
        other_number,
        "quantities",
    ),
    "preceding": ("前款", r"the preceding paragraph", "this Law", "references"),
}


@pytest.mark.parametrize(("sign", "pattern", "change", "check"), EVERYWHERE.values(), ids=EVERYWHERE)
def test_a_fault_in_any_line_is_remarked(corpus: Corpus, sign: str, pattern: str, change: Change, check: str) -> None:
    tried, missed = 0, []
    for article in corpus.all_articles():
        for line in article.lines:
            if not line.zh or sign not in line.zh or not re.search(pattern, line.en or ""):
                continue
            tried += 1
            changed = replace(line, en=re.sub(pattern, change, line.en or ""))
            if check not in {r.check for r in lint_article(replace(article, lines=(changed,)), corpus)}:
                missed.append(f"{article.id}: {changed.en}")
    assert tried >= 5
    assert not missed, "\n".join(missed)


def test_another_number_of_lines_than_the_reference_is_remarked(corpus: Corpus) -> None:
    article = corpus.provision(ProvisionId.parse("frt-measures@2025-06-01/art_20"))
    report = lint_corpus(corpus, {"frt-measures@2025-06-01": {"20": ["一款。", "又一款。"]}})
    assert [(r.place, r.check) for r in report.remarks] == [(article.id, "structure")]


def test_a_reference_text_is_read_article_by_article(tmp_path: Path) -> None:
    (tmp_path / "lamp-law.2020-01-01.txt").write_text(
        "# 灯法\n第一条 [A] 船应当有灯：\n（一）红灯；\n（二）绿灯。\n第二条 一款。／二款。\n第三条 缺……字。\n第十条\n罚款。\n",
        encoding="utf-8",
    )
    assert read_reference(tmp_path) == {
        "lamp-law@2020-01-01": {
            "1": ["船应当有灯：", "（一）红灯；", "（二）绿灯。"],
            "2": ["一款。", "二款。"],
            "10": ["罚款。"],
        }
    }


def test_a_reference_with_the_line_breaks_of_its_page_is_joined_to_paragraphs(tmp_path: Path) -> None:
    text = "第一条 船在夜间航行的，应当\n\n有灯，罚款 5 万元\n\n以下：\n\n（一）红灯、\n\n黄灯；\n\n（二）绿灯。\n\n船长负责。\n"
    (tmp_path / "lamp-law.2020-01-01.md").write_text(text, encoding="utf-8")
    assert read_reference(tmp_path)["lamp-law@2020-01-01"]["1"] == [
        "船在夜间航行的，应当有灯，罚款 5 万元以下：",
        "（一）红灯、黄灯；",
        "（二）绿灯。",
        "船长负责。",
    ]
