"""Names beside an article number that nobody here knows: "Generative AI Measures, Article 7", "Article 5 of this Agreement".

Without them such a number would go to the instrument that the text speaks of otherwise.
"""

from __future__ import annotations

import re

REACH = 160
"""Characters around a number in which its name stands."""

_LAWLIKE = (
    r"(?:Measures|Laws?|Act|Code|Rules|Regulations?|Provisions|Interpretations?|Opinions|Notice|Guidelines|Decision|Specifications?|Standards?"
    r"|Order|Directive|Charter|Convention|Treaty)"
)
_PRIVATE = r"(?:Agreement|Contract|Policy|Handbook|Annex|Schedule|Appendix|Bylaws)"
_CAPITAL = r"(?:[A-Z][\w’'&-]*[^\S\n]+(?:(?:of|on|for|and|the|in|to)[^\S\n]+)*)"
_ACRONYM = r"(?!(?:SEE|AND|THE|OF|IN|CAC|PRC|NPC|ART|NO|OR|TO|AS|BY)\b)[A-Z]{2,7}s?\b"
_GAP = r"[^\S\n]*,?[^\S\n]*\n?[^\S\n]*"
_UNKNOWN_BEFORE = re.compile(
    rf"(?P<name>{_CAPITAL}{{1,8}}(?:{_LAWLIKE}|{_PRIVATE})|\b{_ACRONYM}){_GAP}(?:\([^()]{{1,40}}\){_GAP})?\Z"
)
_UNKNOWN_AFTER = re.compile(
    rf"{_GAP}(?:of|in|under)\s+(?:(?:the|our|your|their)\s+)?(?P<name>{_CAPITAL}{{1,8}}{_LAWLIKE}\b|(?:this\s+)?{_CAPITAL}{{0,8}}{_PRIVATE}\b|{_ACRONYM})"
    rf"|{_GAP}(?:du|de la|de l['’]|des?|de (?:notre|votre|ce|cette|le présent|la présente))\s*(?P<fr>(?:présent\s+|présente\s+)?(?:contrat|convention|accord|règlement intérieur|politique|annexe|statuts|charte))\b",
)
_NOT_A_NAME = re.compile(
    r"^(?:(?:The|These|Those|This|Our|Under|In|By|Of|See|And|Which|Whether|As|Both|Final|New|Draft)\s+)+", re.IGNORECASE
)
_MIXED_SCRIPT = re.compile(r"\b(?=\w*[A-Za-z])(?=\w*[\u0370-\u03ff\u0400-\u04ff])\w+")
"""A word of Latin and of Greek or Cyrillic letters: a name made to look like another."""


def unknown_name(text: str, start: int, end: int) -> tuple[str, int, int] | None:
    """The name right before or behind the number at [start, end), with its own place; None where there is none.

    A word that mixes Latin with Greek or Cyrillic letters counts as a name: it is made to look like another.
    """
    head = text[max(0, start - REACH) : start]
    before = _UNKNOWN_BEFORE.search(head)
    if before:
        name = _NOT_A_NAME.sub("", before["name"])
        if len(name.split()) > 1 or name.isupper():
            offset = start - len(head) + before.end("name")
            return name, offset - len(name), offset
    after = _UNKNOWN_AFTER.match(text, end, end + REACH)
    if after:
        group = "name" if after["name"] else "fr"
        return after[group], *after.span(group)
    mixed = _MIXED_SCRIPT.search(head[-40:])
    return (mixed[0], start, start) if mixed else None
