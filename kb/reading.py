"""What a text cites: articles with the instruments in reach, instruments named alone, and the quotations ascribed to each.

Nothing here looks at the text of the law; see docs/checker.md for the rules.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

from kb.ascription import with_quotes
from kb.citation import CitationMention, read_citations
from kb.cited import UNKNOWN, Cited, Page, is_statement
from kb.names import LawMention, Name, law_mentions
from kb.quotation import QuotedSpan, quoted_spans
from kb.text import CJK


@dataclass(frozen=True)
class Reading:
    """A text read once: `plain` is the text with quotations blanked (same length), for what is said outside them."""

    text: str
    plain: str
    cited: tuple[Cited, ...]


def read(text: str, names: tuple[Name, ...]) -> Reading:
    """Read a text once: its quotations, its citations, and which belongs to which."""
    quotes = [q for q in quoted_spans(text) if not _defines(q, text) and not _is_name_or_citation(q.text, names)]
    page = Page(text, _blanked(text, quotes), quotes)
    page.mentions, page.rivals = _resolved(_mentions(text, page.plain, names), page.plain)
    articles = _articles(page, names)
    found = with_quotes(page, sorted((*articles, *_alone(page, articles)), key=lambda c: (c.start, c.end)))
    return Reading(text, page.plain, tuple(_without_repeats(page, found)))


def _mentions(text: str, plain: str, names: tuple[Name, ...]) -> list[LawMention]:
    """Names of instruments in the text, those that it defines itself before those known here."""
    known = law_mentions(plain, names)
    own = _defined(text, law_mentions(text, names), names)
    if not own:
        return known
    starts = [m.start for m in known]
    kept = list(known)
    for defined in law_mentions(plain, tuple(own)):
        near = known[max(0, bisect_left(starts, defined.start) - 1) : bisect_left(starts, defined.end)]
        over = [m for m in near if m.start < defined.end and defined.start < m.end]
        inside_longer = any(m.end - m.start > defined.end - defined.start for m in over)
        if defined.slug and not inside_longer:
            kept = [m for m in kept if m not in over] if over else kept
            kept.append(defined)
    return sorted(kept, key=lambda m: m.start)


# ------------------------------------------------------------------ preparing

_DEFINITION = re.compile(
    r"》?\s*[,，]?\s*[(（]\s*(?:hereinafter|hereafter|以下简称|以下称|下称|简称|ci-après|below)?\s*(?:referred to as|dénommée?|：|:)?\s*(?:the|la|le|les)?\s*"
    r"[“\"「《‘«]{1,2}\s*(?:the\s+)?(?P<name>[^”\"」》’»()（）]{2,40}?)\s*[”\"」》’»]{1,2}\s*[)）]"
)
_HARD_WRAP = re.compile(r"(?<=[^\n.;:。；：!?！？|])\n(?=[^\n\s\-*#>|•\d(（第])")


def _defined(text: str, mentions: list[LawMention], names: tuple[Name, ...]) -> list[Name]:
    """Abbreviations that the text gives itself: Labour Contract Law (“LCL”), 《办法》 after 以下简称."""
    found: list[Name] = []
    known_names = {n.text.lower(): n for n in names}
    for mention in mentions:
        defined = _DEFINITION.match(text, mention.end)
        if defined and not mention.weak:
            name = defined["name"].strip()
            known = known_names.get(name.lower())
            slug = mention.slug or UNKNOWN + mention.name
            if known is None or known.slug != slug or known.weak:
                found.append(Name(name, slug, weak=False))
                if CJK.search(name) and "《" not in name:
                    found.append(Name(f"《{name}》", slug, weak=False))
    return found


def _defines(quote: QuotedSpan, text: str) -> bool:
    """Whether marks in parentheses define a term: Impact Assessments (“PIPIA”)."""
    before = text[max(0, quote.outer_start - 5) : quote.outer_start]
    bracketed = before.endswith(("(", "（", "(the ")) and text[quote.outer_end : quote.outer_end + 1] in (")", "）")
    return bracketed and not is_statement(quote.text)


@lru_cache(maxsize=4_096)
def _is_name_or_citation(words: str, names: tuple[Name, ...]) -> bool:
    """Whether marks enclose the name of an instrument or a citation, and nothing that could be quoted from law."""
    if len(words) > 160:
        return False
    rest = words
    mentions, articles = law_mentions(words, names), read_citations(words, names)
    for start, end in sorted([(m.start, m.end) for m in mentions] + [(a.start, a.end) for a in articles], reverse=True):
        rest = rest[:start] + " " + rest[end:]
    rest = re.sub(
        r"\b(?:the|of|and|PRC|articles?|arts?)\b|[《》\W\d_]|的|第|条|款|项|和|中华人民共和国",
        "",
        rest,
        flags=re.IGNORECASE,
    )
    return bool(mentions or articles) and len(rest) <= 3


def _blanked(text: str, quotes: list[QuotedSpan]) -> str:
    """The text with the words of quotations replaced, and lines broken within a sentence joined; offsets stay."""
    chars = list(text)
    for quote in quotes:
        last = quote.text[-1:]
        lines = text[quote.outer_start] == ">" and "\n\n" not in quote.text
        for i in range(quote.start, quote.end):
            chars[i] = "\n" if lines and chars[i] == "\n" else "x"
        if last in ".!?。！？" and text[quote.outer_end : quote.outer_end + 1].isspace():
            chars[quote.outer_end - 1] = "。" if last in "。！？" else "."
    return _HARD_WRAP.sub(" ", "".join(chars))


_KINDS = {"measures": "办法", "mesures": "办法", "provisions": "规定", "draft": "意见稿", "projet": "意见稿"}


def _resolved(mentions: list[LawMention], text: str) -> tuple[list[LawMention], dict[int, LawMention]]:
    """What the ordinary words (the Measures, 办法) name here. The second value holds, by where such a word starts, the rival: another
    instrument of that kind named before it, where ours was named too."""
    kept: list[LawMention] = []
    rivals: dict[int, LawMention] = {}
    named: set[str | None] = set()  # slugs named by a name that is no ordinary word
    of_kind: dict[str, list[LawMention]] = {
        kind: [] for pair in _KINDS.items() for kind in pair
    }  # the last two of each
    for found in mentions:
        mention = found
        if mention.slug and mention.slug.startswith(UNKNOWN):
            mention = replace(mention, slug=None, name=mention.slug.removeprefix(UNKNOWN))
        elif mention.ordinary:
            other = _other_of_its_kind(mention, of_kind)
            if other and mention.slug in named:
                rivals[mention.start] = other
            elif other:
                mention = replace(mention, slug=other.slug, name=other.name)
        else:
            named.add(mention.slug)
        kept.append(mention)
        written = text[mention.start : mention.end].lower()
        for kind, last in of_kind.items():
            if kind in written and _key(mention) not in {_key(m) for m in last}:
                last[:] = [*last[-1:], mention]
    return kept, rivals


def _other_of_its_kind(mention: LawMention, of_kind: dict[str, list[LawMention]]) -> LawMention | None:
    """The last other instrument named before whose name holds the same word."""
    word = re.sub(r"^(?:the|these|les|ces|le|本)\s*", "", mention.name.lower())
    others = [m for kind in {word, _KINDS.get(word, word)} for m in of_kind.get(kind, []) if m.slug != mention.slug]
    return max(others, key=lambda m: m.start, default=None)


# ------------------------------------------------------------------ articles

_TERMINAL = tuple(".;,。；，!?！？")


def _key(mention: LawMention) -> str:
    return mention.slug or UNKNOWN + mention.name


@dataclass(frozen=True)
class _Known:
    """What the articles of a page look up again and again, each in order of place."""

    page: Page
    written: frozenset[tuple[int, int]]
    starts: list[int]
    first_named: list[tuple[int, str]]
    by_number: dict[str, dict[str | None, int]]
    """For each article number the laws whose article it was, with the end of the first such citation."""


def _known(page: Page, mentions: list[CitationMention]) -> _Known:
    written = frozenset(m.name_span for m in mentions if m.name_span)
    first: dict[str, int] = {}
    for mention in page.mentions:
        if not mention.weak or (mention.start, mention.end) in written:
            first.setdefault(_key(mention), mention.start)
    by_number: dict[str, dict[str | None, int]] = {}
    for cited in mentions:
        if cited.basis == "written":
            by_number.setdefault(cited.article, {}).setdefault(cited.law, cited.end)
    return _Known(page, written, [m.start for m in mentions], sorted((at, key) for key, at in first.items()), by_number)


def _articles(page: Page, names: tuple[Name, ...]) -> list[Cited]:
    mentions = read_citations(page.plain, names, mentions=page.mentions)
    known = _known(page, mentions)
    in_sentence: dict[tuple[int, int], set[tuple[str | None, str]]] = {}
    for mention in mentions:
        in_sentence.setdefault(page.sentence_at(mention.start), set()).add((mention.law, mention.article))
    found = []
    for mention in mentions:
        sentence = page.sentence_at(mention.start)
        keys, near = _keys(known, mention)
        laws = tuple(k for k in keys if not k.startswith(UNKNOWN))
        unknown = next((k.removeprefix(UNKNOWN) for k in keys if k.startswith(UNKNOWN)), None)
        start, end = _extent(known, mention, mentions)
        alone = len(in_sentence[sentence]) == 1
        found.append(Cited(start, end, mention, laws, unknown, mention.basis, sentence, alone, near))
    return found


def _keys(known: _Known, mention: CitationMention) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The instruments a number can belong to: the one written or pointed to, else those in reach; with those of `Cited.near`."""
    if mention.basis == "inferred":
        return _in_reach(known, mention)
    key = mention.law or (UNKNOWN + mention.unknown_law if mention.unknown_law else "")
    rival = known.page.rivals.get(mention.name_span[0]) if mention.name_span else None
    return tuple(k for k in (key, _key(rival) if rival else "") if k), ()


MAX_NAMES = 200
"""How many names of instruments, the last ones, can be meant where none stands beside a number."""
MAX_PARAGRAPHS_BACK = 200
"""How many paragraphs up a heading is looked for."""


def _in_reach(known: _Known, mention: CitationMention) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Instruments named in the sentence; else before it in the paragraph, or in the paragraph; else by the heading above; else the one
    whose article of that number was cited before; else all in the text before."""
    page = known.page
    sentence = page.sentence_at(mention.start)
    *above, paragraph = page.paragraphs_to(mention.start, MAX_PARAGRAPHS_BACK)
    for start, end in (sentence, (paragraph[0], mention.start), paragraph):
        named = _named_in(known, start, end)
        if named:
            return named, ()
    near: tuple[str, ...] = ()
    for start, end in reversed(above):
        named = _named_in(known, start, end)
        near = near or named
        if len(named) == 1 and _is_heading(page.plain[start:end].strip()):
            return named, near
    repeated = {law for law, end in known.by_number.get(mention.article, {}).items() if end <= mention.start}
    until = bisect_left(known.first_named, (paragraph[0], ""))
    named = tuple(key for _, key in known.first_named[max(0, until - MAX_NAMES) : until])
    if len(repeated) == 1 and (law := repeated.pop()) in named and law:
        return (law,), near
    return named, near


def _is_heading(line: str) -> bool:
    return line.startswith("#") or (len(line) <= 80 and not line.endswith((*_TERMINAL, ":", "：")))


def _named_in(known: _Known, start: int, end: int) -> tuple[str, ...]:
    inside = known.page.mentions_in(start, end, MAX_NAMES)
    return tuple(dict.fromkeys(_key(m) for m in inside if not m.weak or (m.start, m.end) in known.written))


def _extent(known: _Known, mention: CitationMention, mentions: list[CitationMention]) -> tuple[int, int]:
    """The citation with its name, where no other number stands between the two."""
    if mention.name_span is None:
        return mention.start, mention.end
    start, end = min(mention.start, mention.name_span[0]), max(mention.end, mention.name_span[1])
    inside = mentions[bisect_left(known.starts, start) : bisect_left(known.starts, end)] if end - start <= 200 else []
    between = any((m.start, m.end) != (mention.start, mention.end) for m in inside)
    if between or end - start > 200:
        return mention.start, mention.end
    return _with_marks(known.page.plain, start, end)


def _with_marks(plain: str, start: int, end: int) -> tuple[int, int]:
    """A name with the marks 《》 around it; the opening one alone where the number follows the name."""
    if plain[max(0, start - 1) : start] != "《":
        return start, end
    return start - 1, end + 1 if plain[end : end + 1] == "》" else end


# ------------------------------------------------------------------ instruments named alone

_TITLE_OF_LAW = re.compile(
    r"(?:法|法典|条例|办法|规定|决定|解释|规范|标准|指南|通知|意见|细则|公告|规则|要求|纪要)(?:[（(][^）)]*[）)])*$"
)
_NO_INSTRUMENT = re.compile(
    r"(?:General|Supplementary|Transitional|Final|Penal|Special|House|Internal|Company|Staff|Processing|Privacy|Work)\s+(?:Provisions|Rules|Regulations|Code)"
    r"|(?:PRC|Chinese|China|Applicable|Relevant|Local|National|Foreign|Public|Private|Labou?r|Common|Civil)\s+(?:Law|Act|Rules|Regulations)",
    re.IGNORECASE,
)


_INTRODUCES = re.compile(r"[》”\"»]*\s*[(（]\s*[^()（）。.\n]{0,20}?[“\"「《‘«]*\s*(?:the\s+)?", re.IGNORECASE)
"""What stands between a title and the short name that it defines: （以下简称“."""


def _alone(page: Page, articles: list[Cited]) -> list[Cited]:
    """Every name that stands beside no article number, as a citation of the instrument as a whole."""
    bound = {a.mention.name_span for a in articles if a.mention}
    for first, second in reversed(list(pairwise(page.mentions))):
        between = page.plain[first.end : second.start]
        if (second.start, second.end) in bound and first.slug == second.slug and _INTRODUCES.fullmatch(between):
            bound.add((first.start, first.end))
    found = []
    for mention in page.mentions:
        if mention.ordinary or mention.weak or (mention.start, mention.end) in bound:
            continue
        written = page.plain[mention.start : mention.end]
        if mention.slug is None and (_NO_INSTRUMENT.fullmatch(mention.name) or not _is_title(mention.name, written)):
            continue
        laws, unknown = ((mention.slug,), None) if mention.slug else ((), mention.name)
        sentence = page.sentence_at(mention.start)
        start, end = _with_marks(page.plain, mention.start, mention.end)
        found.append(Cited(start, end, None, laws, unknown, "written", sentence, alone=False))
    return found


def _is_title(name: str, written: str) -> bool:
    return (
        _TITLE_OF_LAW.search(name) is not None if CJK.search(written) else name[:1].isupper() or name.startswith("loi")
    )


def _without_repeats(page: Page, cited: list[Cited]) -> list[Cited]:
    """An instrument named alone is kept at its first mention, and wherever words of some length are ascribed to it."""
    first: dict[str, int] = {}
    for mention in page.mentions:
        if not mention.ordinary:
            first.setdefault(_key(mention), mention.start)
    kept = []
    for one in cited:
        key = one.laws[0] if one.laws else UNKNOWN + (one.unknown or "")
        if one.mention or first.get(key) in (one.start, one.start + 1) or any(is_statement(q.text) for q in one.quotes):
            kept.append(one)
    return kept
