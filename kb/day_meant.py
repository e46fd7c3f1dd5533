"""The day that a question means: a date, a month, a season or a year that it names, or "three years ago" where it asks what was so then."""

from __future__ import annotations

import calendar
import re
from datetime import date

_EN_MONTHS = {m.lower(): i for i, m in enumerate(calendar.month_name) if m}
_FR_MONTHS = {
    m: i
    for i, m in enumerate(
        ("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre"), 1
    )
} | {"décembre": 12}
_MONTHS = _EN_MONTHS | _FR_MONTHS
_NAMES = "|".join(_MONTHS)
_PART_OF_YEAR = (
    r"(?:(?:early|late|mid|spring|summer|autumn|fall|winter|printemps|été|automne|hiver|début|fin|mi)(?:[- ]of|[- ]de|[- ]d['’])?[- ]"
    r"|(?:(?:beginning|start|end|middle|course|spring|summer|autumn|fall|winter|(?:first|second) half|début|fin|courant) (?:of |de |d['’])))?"
)
_NAMED = re.compile(
    rf"(?:\b(?P<prep>back in|in|during|as of|on|until|before|by|en|au|à|pendant|avant|fin|début|courant|dès)\s+(?:the\s+|le\s+|la\s+|l['’])?{_PART_OF_YEAR}|\b(?=(?:\d{{1,2}}(?:er|st|nd|rd|th)?\s+)?(?:{_NAMES})\s)|(?<!from )(?<!dated )(?<!of )(?<!the )\b(?:spring|summer|autumn|fall|winter|early|late|mid|printemps|été|automne|hiver)[- ])"
    rf"(?:(?P<d>\d{{1,2}})(?:er|st|nd|rd|th)?\s+)?(?:(?P<m>{_NAMES})\s+)?(?P<y>20[0-3]\d)\b(?!\s*(?:draft|measures|law|newsletter|projet))"
    rf"|(?P<zy>20[0-3]\d)\s*年\s*(?:(?P<zm>\d{{1,2}})\s*月\s*(?:(?P<zd>\d{{1,2}})\s*日)?+)?+(?!\s*(?:起|以来|之?后|以后))(?!\s*(?:的|那篇|这篇|那份)?\s*(?:介绍)?\s*(?:草案|征求意见稿|意见稿|办法|规定|简报|通讯|newsletter|文章|版|修订|修正|修改))",
    re.IGNORECASE,
)
_ENDS = {
    3: re.compile(r"\b(?:early|beginning|start|début)\b|年初", re.IGNORECASE),
    5: re.compile(r"\bspring\b|\bprintemps\b|年的?春", re.IGNORECASE),
    6: re.compile(r"\b(?:mid|middle|mi|first half)\b|年中|上半年", re.IGNORECASE),
    8: re.compile(r"\bsummer\b|\bété\b|年的?(?:夏|暑)", re.IGNORECASE),
    11: re.compile(r"\b(?:autumn|fall|automne)\b|年的?秋", re.IGNORECASE),
    12: re.compile(r"\b(?:late|end|winter|hiver|second half)\b|\bfin\b|年(?:底|末)|下半年|年的?冬", re.IGNORECASE),
}
"""The last month of a part of a year, which has a season before it."""
_SEASON = 3
_AGO = re.compile(
    r"\b(?P<n>a|one|two|three|four|five|six|seven|eight|nine|ten|\d{1,2}) years? (?:ago|back|earlier)\b|\bil y a (?P<f>un|deux|trois|quatre|cinq|six|sept|huit|neuf|dix|\d{1,2}) ans?\b|(?P<z>[一二两三四五六七八九十]|\d{1,2})年(?:之)?前"
    r"|(?P<last>\blast year\b|\bl['’](?:an dernier|an passé|année dernière|année passée)\b|去年)|(?P<before>\bthe year before last\b|前年)",
    re.IGNORECASE,
)
_ASKED_THEN = re.compile(
    r"\b(?:did|was|were|had) (?:we|i|it|they|he|she|you|there|that|this|the|our|any|a)\b|\b(?:what|which)\b.{0,30}\b(?:applied|was|were|did)\b|\b(?:at the time|back then)\b"
    r"|\b(?:fallait|devait|devions|pouvait|pouvions|était|étions|avait|avions|existait|exigeait)\b|\bà l['’]époque\b|当时|那时|那会儿",
    re.IGNORECASE,
)
_COUNTED = {
    word: number
    for words in (
        "one two three four five six seven eight nine ten",
        "un deux trois quatre cinq six sept huit neuf dix",
        "一 二 三 四 五 六 七 八 九 十",
    )
    for number, word in enumerate(words.split(), 1)
} | {"a": 1, "两": 2}


def day_meant(text: str, on: date, month_named: bool) -> tuple[date, bool]:
    """The last day of the period that a text names, and True, where that is before `on`; else `on`.

    With `month_named` a year alone is none: beside a draft or a document it dates that ("the 2023 draft"). A time told from now on ("last
    year") is what happened then, and the day meant only where the text asks what was so then.
    """
    for found in _NAMED.finditer(text):
        meant = _named(found, text, month_named)
        if meant is not None and meant < on:
            return meant, True
    ago = _AGO.search(text)
    if ago and _ASKED_THEN.search(text):
        return _ago(ago, on), True
    return on, False


def _named(found: re.Match[str], text: str, month_named: bool) -> date | None:
    year = int(found["y"] or found["zy"])
    named_month = found["m"].lower() if found["m"] else None
    month = _MONTHS[named_month] if named_month else int(found["zm"]) if found["zm"] else None
    day = found["d"] or found["zd"]
    if (month is not None and not 1 <= month <= 12) or (month is None and month_named):
        return None
    part = None
    if month is None:
        words = text[found.start() : found.end() + 3] if found["zy"] else found[0]
        part = next((end for end, named in _ENDS.items() if named.search(words)), None)
    end = month or part or 12
    last = calendar.monthrange(year, end)[1]
    if day is not None and not (month and 1 <= int(day) <= last):
        return None
    if (found["prep"] or "").lower() in {"before", "until", "avant"}:
        start = month or (max(1, part - _SEASON + 1) if part else 1)
        return date.fromordinal(date(year, start, int(day) if day else 1).toordinal() - 1)
    return date(year, end, int(day) if day else last)


def _ago(found: re.Match[str], on: date) -> date:
    if found["last"] or found["before"]:
        return date(on.year - (1 if found["last"] else 2), 12, 31)
    written = (found["n"] or found["f"] or found["z"]).lower()
    years = int(written) if written.isdigit() else _COUNTED[written]
    return date(on.year - years, on.month, min(on.day, 28))
