"""The same quantity in three languages is one quantity."""

from __future__ import annotations

import pytest

from kb.quantities import bare_figures, quantities

CASES = [
    ("存储数量达到10万人之日起30个工作日内", {"100,000 persons", "30 working days"}),
    ("within 30 working days of reaching 100,000 persons", {"100,000 persons", "30 working days"}),
    ("dans les 30 jours ouvrables, 100 000 personnes", {"100,000 persons", "30 working days"}),
    ("报告应当至少保存三年", {"3 years"}),
    ("kept for at least 3 years", {"3 years"}),
    ("不满十四周岁未成年人", {"14 years"}),
    ("minors under 14 years of age", {"14 years"}),
    ("mineurs de moins de 14 ans", {"14 years"}),
    ("五千万元以下或者上一年度营业额百分之五以下罚款", {"50,000,000 yuan", "5 percent"}),
    (
        "not more than CNY 50,000,000 or 5 percent of the turnover of the preceding year",
        {"50,000,000 yuan", "5 percent"},
    ),
    ("50 million yuan ou 5 % du chiffre d’affaires", {"50,000,000 yuan", "5 percent"}),
    ("违法所得一倍以上十倍以下罚款", {"1 times", "10 times"}),
    ("a fine of 1 to 10 times the unlawful gains", {"1 times", "10 times"}),
    ("处一万元以上十万元以下罚款", {"10,000 yuan", "100,000 yuan"}),
    ("处十日以上十五日以下拘留", {"10 days", "15 days"}),
    ("detained for 10 to 15 days", {"10 days", "15 days"}),
    ("本办法自2025年6月1日起施行", {"2025-06-01"}),
    ("in force from 1 June 2025", {"2025-06-01"}),
    ("en vigueur le 1er juin 2025", {"2025-06-01"}),
    ("不少于六个月", {"6 months"}),
    ("not less than six months", {"6 months"}),
    ("第十四条第二款、第三十条", set()),
    ("Article 14, paragraph 2", set()),
    ("任何组织、个人不得侵害", set()),
    ("我们存了8万张人脸，一个人可以吗", set()),
    ("We hold 12,000 faces", {"12,000 persons"}),
    ("超过1万人", {"10,000 persons"}),
    ("存了 10 万人的脸", {"100,000 persons"}),
    ("罚 5 万元", {"50,000 yuan"}),
    ("5千元", {"5,000 yuan"}),
    ("1000万人以上", {"10,000,000 persons"}),
    ("10,000 people", {"10,000 persons"}),
]


@pytest.mark.parametrize(("text", "expected"), CASES, ids=[c[0][:30] for c in CASES])
def test_reads(text: str, expected: set[str]) -> None:
    assert {str(q) for q in quantities(text)} == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Does the 10,000 threshold still apply?", {10_000}),
        ("le seuil de 10 000", {10_000}),
        ("1万的门槛", {10_000}),
        ("In 2025, Article 15", set()),
        ("Order 19 of 2025-03-21", set()),
        ("罚款5万元", set()),
        ("120000 faces", {120_000}),
    ],
)
def test_figures_without_a_unit(text: str, expected: set[float]) -> None:
    assert bare_figures(text) == expected
