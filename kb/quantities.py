"""Numbers that matter in law, read from English, Chinese and French: amounts, thresholds, periods, shares, dates.

10万人 = "100,000 persons" = « 100 000 personnes »; 三年 = "3 years" = "three years". Article numbers are none of these.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

Unit = Literal["persons", "days", "working_days", "months", "years", "hours", "percent", "times", "yuan", "date"]


@dataclass(frozen=True, slots=True, order=True)
class Quantity:
    """A value with its unit; a date is yyyymmdd with the unit "date"."""

    value: float
    unit: Unit

    def __str__(self) -> str:
        if self.unit == "date":
            text = f"{self.value:.0f}"
            return f"{text[:4]}-{text[4:6]}-{text[6:]}"
        return f"{self.value:,.10g} {self.unit.replace('_', ' ')}"


_EN = [
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
]
_FR = [
    "un",
    "deux",
    "trois",
    "quatre",
    "cinq",
    "six",
    "sept",
    "huit",
    "neuf",
    "dix",
    "onze",
    "douze",
    "treize",
    "quatorze",
    "quinze",
    "seize",
]
_WORDS = {w: i for i, w in enumerate(_EN, 1)} | {w: i for i, w in enumerate(_FR, 1)}
_WORDS |= {"une": 1, "thirty": 30, "trente": 30, "fifty": 50, "cinquante": 50, "hundred": 100, "cent": 100}
_SCALES = {"thousand": 1e3, "mille": 1e3, "million": 1e6, "millions": 1e6, "m": 1e6, "billion": 1e9, "k": 1e3}

_MONTHS_EN = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
_MONTHS_FR = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
]
_MONTHS = {m: i for i, m in enumerate(_MONTHS_EN, 1)} | {m: i for i, m in enumerate(_MONTHS_FR, 1)}
_MONTH = "|".join(_MONTHS)

# Runs of digits and numerals are bounded and begin where they begin, so that a long one is not tried from each of its places.
_DIGITS = r"(?<!\d)(?:\d{1,3}(?:[,\u00a0\u202f ]\d{3}){1,8}(?!\d)|\d{1,15}(?!\d)(?:\.\d{1,15})?)"
_NUM = rf"(?P<n>{_DIGITS}|\b(?:{'|'.join(sorted(_WORDS, key=len, reverse=True))})\b)(?:[\s\u00a0-]?(?P<s>thousand|mille|millions?|billion|[mMkK](?![a-zà-ÿ]))\b)?"
_ALSO = rf"(?:\s*(?:to|à|-|–)\s*(?P<n2>{_DIGITS})(?:[\s\u00a0](?P<s2>thousand|mille|millions?))?)?"
_SP = r"[\s\u00a0\u202f]*"
_LATIN_UNITS: list[tuple[Unit, str]] = [
    ("working_days", r"(?:full\s+)?(?:working\s+days?|business\s+days?|jours?\s+ouvrables?|jours?\s+ouvrés?)"),
    ("days", r"(?:calendar\s+)?(?:days?|jours?)\b(?!\s+ouvr)"),
    ("months", r"(?:months?|mois)\b"),
    ("years", r"(?:full\s+)?(?:years?|ans?|années?)\b"),
    ("hours", r"(?:hours?|heures?)\b"),
    ("percent", r"(?:%|percent|per\s+cent|pour\s+cent)"),
    ("times", r"(?:times|fois)\b"),
    (
        "persons",
        r"(?:(?:different|stored|enrolled|natural)\s+)?(?:persons?|individuals?|people|personnes?|faces|visages|employees|users|customers|members|clients|utilisateurs|salariés)\b",
    ),
    ("yuan", r"(?:(?:de|d['’])\s*)?(?:yuans?|RMB|CNY|renminbi)\b"),
]
_LATIN = [
    (unit, re.compile(rf"{_NUM}{_ALSO}{_SP}-?(?:de{_SP}|d['’])?{pattern}", re.IGNORECASE))
    for unit, pattern in _LATIN_UNITS
]
_ANY_NUMBER = re.compile(rf"\d|\b(?:{'|'.join(_WORDS)})\b", re.IGNORECASE)
"""What every one of these needs: most texts hold none, and ten searches are saved."""
_YUAN_FIRST = re.compile(rf"(?:CNY|RMB|¥){_SP}{_NUM}{_ALSO}", re.IGNORECASE)
_UNDER = re.compile(r"\bunder[\s-](?P<n>\d{1,2})s?\b|\bmoins de (?P<m>\d{1,2}) ans", re.IGNORECASE)
_YEARLY = re.compile(
    r"\bannually\b|\byearly\b|\b(?:each|every|per)\s+year\b|\b(?:once|times)\s+a\s+year\b|\bchaque\s+année\b|\btous\s+les\s+ans\b|\bpar\s+an\b|\bannuellement\b|每年|每一年|逐年",
    re.IGNORECASE,
)
_DATE_EN = re.compile(rf"\b(?P<d>\d{{1,2}})(?:st|nd|rd|th|er)?\s+(?P<m>{_MONTH})\s+(?P<y>\d{{4}})\b", re.IGNORECASE)
_DATE_US = re.compile(rf"\b(?P<m>{_MONTH})\s+(?P<d>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<y>\d{{4}})\b", re.IGNORECASE)
_DATE_ISO = re.compile(r"\b(?P<y>\d{4})-(?P<m>\d{2})-(?P<d>\d{2})\b")
_YEAR = re.compile(r"\d{4}")
_DATE_ZH = re.compile(r"(?P<y>\d{4})\s*年\s*(?P<m>\d{1,2})\s*月\s*(?P<d>\d{1,2})\s*日")

_ZH_NUM = (
    r"(?P<n>(?<!\d)(?<!\d,)\d[\d,]{0,30}(?![\d,])(?:\.\d{1,15})?(?:\s*[千万亿]{1,4})?"
    r"|(?<![一二三四五六七八九十百千万亿两])[一二三四五六七八九十百千万亿两]{1,30})"
)
_ZH_UNITS: list[tuple[Unit, str]] = [
    ("percent", rf"百分之{_ZH_NUM}|(?<!\d)(?P<q>\d{{1,15}}(?:\.\d{{1,15}})?)\s*%"),
    ("working_days", rf"{_ZH_NUM}\s*个?工作日"),
    ("months", rf"{_ZH_NUM}\s*个月"),
    ("years", rf"{_ZH_NUM}\s*(?:周岁|岁|年(?![度代]|以来))"),
    ("hours", rf"{_ZH_NUM}\s*个?小时"),
    ("days", rf"{_ZH_NUM}\s*[日天](?!常|益|内容)"),
    ("times", rf"{_ZH_NUM}\s*倍"),
    ("yuan", rf"{_ZH_NUM}\s*(?:元|块)"),
    ("persons", rf"{_ZH_NUM}\s*(?:多)?(?:个|名)?(?:人(?!以外|员|民|格|大)|用户|员工)"),
]
_ZH = [(unit, re.compile(pattern)) for unit, pattern in _ZH_UNITS]
_ZH_PLACES = re.compile(
    r"第[一二三四五六七八九十百千零]+[条款项章节编](?:之[一二三四五六七八九])?|上一年度|[（(][一二三四五六七八九十]+[）)]"
)


def chinese_value(text: str) -> float | None:
    """十万 → 100000, 10万 → 100000, 5,000 → 5000; None where it is no number."""
    plain = re.sub(r"[,\s]", "", text).replace("两", "二")
    scale = 1.0
    while plain and plain[-1] in "千万亿" and plain[0].isdigit():
        scale *= {"千": 1e3, "万": 1e4, "亿": 1e8}[plain[-1]]
        plain = plain[:-1]
    try:
        return float(plain) * scale
    except ValueError:
        pass
    import cn2an  # only where there are Chinese numerals: it takes a third of a second

    try:
        return float(cn2an.cn2an(plain, "normal"))
    except ValueError:
        return None


def _latin_value(number: str, scale: str | None) -> float:
    word = number.lower()
    value = float(_WORDS[word]) if word in _WORDS else float(re.sub(r"[,\u00a0\u202f ]", "", word))
    return value * (_SCALES.get(scale.lower().strip(), 1.0) if scale else 1.0)


_BARE = re.compile(
    r"(?<![\d.,])(?P<n>\d{1,3}(?:[,\u00a0\u202f ]\d{3}){1,8}|\d{4,15}|\d{1,15}\s*万)(?![\d.,]{0,40}\d)(?!\s*(?:年|元|%))"
)


def bare_figures(text: str) -> frozenset[float]:
    """Large numbers written without a unit ("the 10,000 threshold"); a number between 1900 and 2100 may be a year."""
    found = {chinese_value(re.sub(r"[\s\u00a0\u202f]", "", match["n"])) for match in _BARE.finditer(text)}
    return frozenset(v for v in found if v is not None and v >= 1000 and not 1900 <= v <= 2100)


@lru_cache(maxsize=4_096)
def quantities(text: str) -> frozenset[Quantity]:
    """Every quantity in a text of any of the three languages. "1 to 10 times" and 一倍以上十倍以下 give both ends."""
    found: set[Quantity] = set()
    rest = text
    for pattern in (_DATE_ZH, _DATE_EN, _DATE_US, _DATE_ISO) if _YEAR.search(text) else ():
        for match in pattern.finditer(rest):
            month = match["m"].lower()
            number = _MONTHS.get(month) or int(month)
            found.add(Quantity(int(match["y"]) * 10_000 + number * 100 + int(match["d"]), "date"))
        rest = pattern.sub(" ", rest)
    if re.search(r"[\u4e00-\u9fff]", rest):
        found |= _chinese(rest)
    return frozenset(found | _latin(rest))


def _latin(text: str) -> set[Quantity]:
    found: set[Quantity] = set()
    numbers = _ANY_NUMBER.search(text) is not None
    for unit, pattern in [*_LATIN, ("yuan", _YUAN_FIRST)] if numbers else ():
        for match in pattern.finditer(text):
            if match["n"].lower() in {"one", "un", "une"} and unit in {"persons", "times"}:
                continue
            value = _latin_value(match["n"], match["s"] or (match["s2"] if match["n2"] and match["s2"] else None))
            found.add(Quantity(value, unit))
            if match["n2"]:
                found.add(Quantity(_latin_value(match["n2"], match["s2"]), unit))
    if _YEARLY.search(text):
        found.add(Quantity(1, "years"))
    for match in _UNDER.finditer(text):
        found.add(Quantity(float(match["n"] or match["m"]), "years"))
    return found


def _chinese(text: str) -> set[Quantity]:
    found: set[Quantity] = set()
    rest = _ZH_PLACES.sub(" ", text)
    rest = re.sub(r"(\d{4})\s*年", " ", rest)
    for unit, pattern in _ZH:
        for match in pattern.finditer(rest):
            groups = match.groupdict()
            value = chinese_value(groups.get("n") or groups.get("q") or "")
            if value is None or (unit == "persons" and value <= 2) or (unit == "days" and value < 1):
                continue
            found.add(Quantity(value, unit))
            before = re.search(
                r"(\d+|[一二三四五六七八九十]+)\s*[至到\-–—~～]\s*$", rest[max(0, match.start() - 40) : match.start()]
            )
            first = chinese_value(before[1]) if before else None
            if first is not None and not (first == 1 and value >= 100):  # 一到十万人: "once it reaches", no range
                found.add(Quantity(first, unit))
        if unit in {"working_days", "months"}:
            rest = pattern.sub(" ", rest)
    return found
