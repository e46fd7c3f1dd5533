"""Names of instruments in a text: titles, short names and aliases of the laws held, and names of others."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from kb.model import Law, Record
from kb.text import CJK


@dataclass(frozen=True, slots=True)
class Name:
    """One way to write the name of an instrument; `weak` ones are also ordinary words ("measures", 办法)."""

    text: str
    slug: str
    weak: bool


@dataclass(frozen=True, slots=True)
class LawMention:
    """A name found in a text. `slug` is None for an instrument that `names` does not know; `name` is as written.

    A `weak` mention is an ordinary word and names an instrument only beside an article number; an `ordinary` name can be
    one, however it is written ("the Measures").
    """

    slug: str | None
    name: str
    start: int
    end: int
    weak: bool = False
    ordinary: bool = False


_WEAK = re.compile(
    r"(?:(?:the|these|les|ces) )?(?:measures|mesures|provisions)|(?:(?:the|le) )?(?:draft|projet)|(?:the )?fac(?:e|ial) recognition rules|(?:les )?règles sur la reconnaissance faciale|办法|本办法|规定|意见稿",
    re.IGNORECASE,
)


_ARTICLE = re.compile(r"^(?:the|les|le|la) ", re.IGNORECASE)
"""Names are kept without it: "the Measures" would else begin before "Measures for …", the name of another instrument."""


class Names(tuple[Name, ...]):
    """Names as one key: their hash is reckoned once, since every question asks for what was made of them."""

    _hash: int | None = None

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = super().__hash__()
        return self._hash


def names_of(laws: Iterable[Law | Record]) -> Names:
    """All names of the instruments: titles (also without 中华人民共和国), short names, aliases; the first owner of a name keeps it."""
    found: dict[str, Name] = {}
    for law in laws:
        written: list[str] = []
        for texts in (law.title, law.short):
            written += [texts.en, texts.zh, texts.fr]
        for aliases in law.aliases.values():
            written += aliases
        written += law.described_as if isinstance(law, Record) else ()
        for text in written:
            plain = text.strip("《》").removeprefix("中华人民共和国")
            for form in {_ARTICLE.sub("", text), _ARTICLE.sub("", plain)}:
                if form:
                    found.setdefault(form.lower(), Name(form, law.slug, _WEAK.fullmatch(form) is not None))
    return Names(sorted(found.values(), key=lambda n: (-len(n.text), n.text)))


SHORT_TEXT = 4_000
"""Characters of a text in which it pays to look first whether it holds any name at all."""


@lru_cache(maxsize=8)
def _longest_words(names: tuple[Name, ...]) -> tuple[str, ...]:
    """For each name its longest run of letters, figures or Chinese: a text without any of them holds no name."""
    return tuple({max(_RUN.findall(name.text.casefold()), key=len, default="") for name in names})


_RUN = re.compile(r"[^\W_]+")
_LEFT, _RIGHT = r"(?<![A-Za-zÀ-ÿ0-9])", r"(?![A-Za-zÀ-ÿ0-9])"
_Trie = dict[str, "_Trie"]


@lru_cache(maxsize=8)
def _name_pattern(names: tuple[Name, ...]) -> re.Pattern[str]:
    """All names as one pattern that takes the longest; a tree of their characters, since a list of them is slow to try."""
    roots: tuple[_Trie, _Trie] = ({}, {})
    for name in names:
        text = _folded(name.text)
        node = roots[_needs_border(text[0])]
        for atom in (_atom(c) for c in text):
            node = node.setdefault(atom, {})
        node[_RIGHT if _needs_border(text[-1]) else ""] = {}
    parts = [_branches(roots[0]), _LEFT + _branches(roots[1])]
    return re.compile("|".join(p for p, root in zip(parts, roots, strict=True) if root) or r"(?!)", re.IGNORECASE)


def _needs_border(char: str) -> bool:
    return char.isalnum() and not CJK.match(char)


def _atom(char: str) -> str:
    return {" ": r"\s+", "'": "['’]", "-": "[-–—]"}.get(char) or re.escape(char)


def _branches(node: _Trie) -> str:
    """The ways on from a node, its own end last, so that the longest name wins."""
    ends = [atom for atom in node if atom in ("", _RIGHT)]
    ways = [atom + _branches(below) for atom, below in node.items() if atom not in ("", _RIGHT)]
    if not ways:
        return ends[0] if ends else ""
    return ways[0] if len(ways) == 1 and not ends else f"(?:{'|'.join([*ways, *ends])})"


def _folded(written: str) -> str:
    return re.sub(r"\s+", " ", written.lower()).replace("’", "'").replace("–", "-").replace("—", "-")


@lru_cache(maxsize=8)
def _names_by_text(names: tuple[Name, ...]) -> dict[str, Name]:
    found: dict[str, Name] = {}
    for name in names:
        found.setdefault(_folded(name.text), name)
    return found


_FOREIGN = re.compile(
    r"《[^《》\n]{2,60}(?:《[^《》\n]{2,40}》[^《》\n]{0,40})?》"
    r"|\bGB(?:/[TZ])?\s?\d{4,5}(?:\.\d+)?(?:[-–—]\d{4})?"
    r"|\b(?:GDPR|RGPD|CCPA|CPRA|BIPA|HIPAA|(?:EU )?AI Act)\b"
    r"|\b(?:[A-Z][\w’'-]+\s+(?:(?:of|on|and|for|the)\s+)*){1,6}(?:Law|Act|Code|Regulations?|Directive|Provisions|Rules)\b"
    r"|\b(?:[A-Z][\w’'-]+\s+){0,3}(?:Measures|Provisions|Regulations|Rules|Interpretations?|Notice|Decision|Opinions|Guidelines)\s+(?:for|on|regarding|concerning|governing)\s+(?:the\s+)?[A-Z][\w’'-]+"
    r"(?:\s+(?:(?:of|on|and|for|the|in)\s+)*[A-Z][\w’'-]+){0,12}"
    r"|\bCode\s+(?:(?:du|de la|de l['’]|des|de)\s*)?[a-zà-ÿ]+|\b[Ll]oi\s+(?:sur|relative)\s+[\w’' -]{3,40}"
)


_PART_OF_A_NAME = re.compile(
    r"\b(?!(?:The|These|Those|This|Our|Under|In|By|Of|See|And|Which|Whether|As|Both|Final|New|Current|Present|Old|Former|PRC|CAC|Chinese|China['’]s"
    r"|Les|Ces|Nos|Des|Selon|Que|Ce|What|Do|Does|Are|Is|Did|How|Why|When|Would|Will|Can|Says?|Article|Art)\b)[A-Z][\w’'-]*\s+$"
)
"""A word in capitals right before an ordinary word: "Generative AI Measures" is the name of something else."""


def law_mentions(text: str, names: tuple[Name, ...]) -> list[LawMention]:
    """Names of instruments in `text`, in order, the longest where names overlap; unknown ones have no slug."""
    by_text = _names_by_text(names)
    found: list[LawMention] = []
    plain = text.casefold()
    none = len(text) < SHORT_TEXT and not any(word in plain for word in _longest_words(names))
    for match in () if none else _name_pattern(names).finditer(text):
        name = by_text.get(_folded(match[0]))
        if name and not (name.weak and _PART_OF_A_NAME.search(text[max(0, match.start() - 40) : match.start()])):
            found.append(LawMention(name.slug, match[0], *match.span(), _is_plain(name, match[0]), name.weak))
    known = list(found)
    starts = [m.start for m in known]
    dropped: set[int] = set()
    for match in _FOREIGN.finditer(text):
        start, end, name_text = match.start(), match.end(), match[0]
        near = known[max(0, bisect_left(starts, start) - 1) : bisect_left(starts, end)]
        inside = [m for m in near if m.start >= start and m.end <= end]
        if inside and _same_title(name_text, inside):
            continue
        if any(m.start < end and start < m.end for m in near) and not inside:
            continue
        words = re.sub(
            r"^(?:These|Those|Our|Your|Their|Its|Such|Any|All|Each|Both|Some|The|This|Under|What|Does|Is|Article|Art|In|By|Of|Which|Whether|And)\s+",
            "",
            name_text,
        )
        if words in {"Law", "Act", "Code", "Regulation", "Regulations", "Directive", "Provisions", "Rules"}:
            continue
        dropped |= {m.start for m in inside}
        found.append(LawMention(None, words.strip("《》"), end - len(words), end))
    return sorted((m for m in found if m.slug is None or m.start not in dropped), key=lambda m: m.start)


_STANDARD = re.compile(r"GB(?:/[TZ])?\s?\d{4,5}(?:\.\d+)?(?:[-–—]\d{4})?")
_PREFIX = re.compile(r"中华人民共和国|[《》]|[（(][^（）()]*[）)]")
_OTHER_INSTRUMENT = re.compile(
    r"\b(?:Implementing|Implementation|Implement|Enforcement|Detailed|Supplementary|Regulations?|Rules|Measures|Interpretations?|Amendments?|Decision|Guidelines?|Directive|Code|Act)\b"
)


def _same_title(written: str, inside: list[LawMention]) -> bool:
    """Whether a title is that of the known instrument named in it, not of another one about it (its implementing rules)."""
    if _STANDARD.fullmatch(written):
        return len(inside) == 1 and inside[0].end - inside[0].start == len(written)
    if all(mention.ordinary for mention in inside) and not written.startswith("《"):
        return False
    rest = written
    for mention in inside:
        rest = rest.replace(mention.name, " ", 1)
    if written.startswith("《"):
        return not _PREFIX.sub("", rest).strip()
    return not _OTHER_INSTRUMENT.search(rest)


def _is_plain(name: Name, written: str) -> bool:
    """Whether an ordinary word is written as one: "the measures" in lower case, 办法, 规定."""
    return name.weak and (written.rsplit(maxsplit=1)[-1].islower() or CJK.match(written) is not None)
