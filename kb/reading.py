"""What a text cites: articles with the instruments in reach, instruments named alone, and the quotations ascribed to each.

Nothing here looks at the text of the law; see docs/checker.md for the rules.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise

from kb.citation import Basis, CitationMention, read_citations
from kb.names import LawMention, Name, law_mentions
from kb.quotation import QuotedSpan, quoted_spans
from kb.text import CJK, sentences

UNKNOWN = "?"
"""Begins the slug of an instrument that the text itself abbreviates and the corpus does not know: "?Labour Law"."""


@dataclass(frozen=True, slots=True)
class Cited:
    """One citation as the text has it. [start, end) covers the number and the name where they stand together.

    `mention` is None for an instrument named alone. `laws` are the slugs of the instruments it can belong to (those in reach), `unknown`
    the name of one the corpus does not know. `alone` says that its sentence cites no other article. `near` are, for a bare number
    whose paragraph names none, the instruments named in the last paragraph before it that names any.
    """

    start: int
    end: int
    mention: CitationMention | None
    laws: tuple[str, ...]
    unknown: str | None
    basis: Basis
    sentence: tuple[int, int]
    alone: bool
    near: tuple[str, ...] = ()
    quotes: tuple[QuotedSpan, ...] = ()


@dataclass(frozen=True)
class Reading:
    """A text read once: `plain` is the text with quotations blanked (same length), for what is said outside them."""

    text: str
    plain: str
    cited: tuple[Cited, ...]


@dataclass
class _Page:
    """The text with what was found on it so far."""

    text: str
    plain: str
    quotes: list[QuotedSpan]
    mentions: list[LawMention] = field(default_factory=list)
    rivals: dict[int, LawMention] = field(default_factory=dict)

    @cached_property
    def paragraphs(self) -> list[tuple[int, int]]:
        cuts = [0, *(m.end() for m in _PARAGRAPH.finditer(self.plain)), len(self.plain)]
        return [(a, b) for a, b in pairwise(cuts) if a < b]

    @cached_property
    def _paragraph_starts(self) -> list[int]:
        return [s for s, _ in self.paragraphs]

    @cached_property
    def _mention_starts(self) -> list[int]:
        return [m.start for m in self.mentions]

    def paragraph_at(self, at: int) -> tuple[int, int]:
        return self.paragraphs[max(0, bisect_right(self._paragraph_starts, at) - 1)]

    def mentions_in(self, start: int, end: int) -> list[LawMention]:
        return self.mentions[bisect_left(self._mention_starts, start) : bisect_left(self._mention_starts, end)]

    @cached_property
    def sentences(self) -> list[tuple[int, int]]:
        return sentences(self.plain)

    def sentence_at(self, at: int) -> tuple[int, int]:
        starts = self._starts
        return self.sentences[max(0, bisect_right(starts, at) - 1)]

    @cached_property
    def _starts(self) -> list[int]:
        return [s for s, _ in self.sentences]


def read(text: str, names: tuple[Name, ...]) -> Reading:
    """Read a text once: its quotations, its citations, and which belongs to which."""
    quotes = [q for q in quoted_spans(text) if not _defines(q, text) and not _is_name_or_citation(q, names)]
    page = _Page(text, _blanked(text, quotes), quotes)
    page.mentions, page.rivals = _resolved(_mentions(text, page.plain, names), page.plain)
    articles = _articles(page, names)
    found = _with_quotes(page, sorted((*articles, *_alone(page, articles)), key=lambda c: (c.start, c.end)))
    return Reading(text, page.plain, tuple(_without_repeats(page, found)))


def _mentions(text: str, plain: str, names: tuple[Name, ...]) -> list[LawMention]:
    """Names of instruments in the text, those that it defines itself before those known here."""
    known = law_mentions(plain, names)
    own = _defined(text, law_mentions(text, names), names)
    defined = [m for m in law_mentions(plain, tuple(own)) if m.slug] if own else []
    free = [m for m in known if not any(d.start < m.end and m.start < d.end for d in defined)]
    kept = [d for d in defined if not any(m.start <= d.start and d.end < m.end for m in known)]
    return sorted(
        (*kept, *(m for m in known if m in free or not any(d.start < m.end and m.start < d.end for d in kept))),
        key=lambda m: m.start,
    )


# ------------------------------------------------------------------ preparing

_DEFINITION = re.compile(
    r"\s*[,，]?\s*[(（]\s*(?:hereinafter|hereafter|以下简称|以下称|下称|简称|ci-après|below)?\s*(?:referred to as|dénommée?|：|:)?\s*(?:the|la|le|les)?\s*"
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
    bracketed = text[: quote.outer_start].endswith(("(", "（", "(the ")) and text[quote.outer_end :].startswith(
        (")", "）")
    )
    return bracketed and not is_statement(quote.text)


def _is_name_or_citation(quote: QuotedSpan, names: tuple[Name, ...]) -> bool:
    """Whether marks enclose the name of an instrument or a citation, and nothing that could be quoted from law."""
    words = quote.text
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
        for i in range(quote.start, quote.end):
            chars[i] = (
                "\n" if chars[i] == "\n" and quote.text.count("\n\n") == 0 and text[quote.outer_start] == ">" else "_"
            )
        if last in ".!?。！？" and text[quote.outer_end : quote.outer_end + 1].isspace():
            chars[quote.outer_end - 1] = "。" if last in "。！？" else chars[quote.outer_end - 1]
    return _HARD_WRAP.sub(" ", "".join(chars))


_KINDS = {"measures": "办法", "mesures": "办法", "provisions": "规定", "draft": "意见稿", "projet": "意见稿"}


def _resolved(mentions: list[LawMention], text: str) -> tuple[list[LawMention], dict[int, LawMention]]:
    """What the ordinary words (the Measures, 办法) name here. The second value holds, by where such a word starts, the rival: another
    instrument of that kind named before it, where ours was named too."""
    kept: list[LawMention] = []
    rivals: dict[int, LawMention] = {}
    for mention in mentions:
        if mention.slug and mention.slug.startswith(UNKNOWN):
            kept.append(replace(mention, slug=None, name=mention.slug.removeprefix(UNKNOWN)))
            continue
        other, ours = _named_before(mention, kept, text) if mention.ordinary else (None, True)
        if other and ours:
            rivals[mention.start] = other
        kept.append(replace(mention, slug=other.slug, name=other.name) if other and not ours else mention)
    return kept, rivals


def _named_before(mention: LawMention, before: list[LawMention], text: str) -> tuple[LawMention | None, bool]:
    """The last other instrument whose name holds the same word, and whether the one the word stands for was named."""
    word = re.sub(r"^(?:the|these|les|ces|le|本)\s*", "", mention.name.lower())
    kinds = (word, _KINDS.get(word, word))
    other, ours = None, False
    for earlier in before:
        written = text[earlier.start : earlier.end].lower()
        if earlier.slug == mention.slug:
            ours = ours or not earlier.ordinary
        elif any(kind in written for kind in kinds):
            other = earlier
    return other, ours


# ------------------------------------------------------------------ articles

_PARAGRAPH = re.compile(r"\n\s*\n|\n(?=\s*(?:[-*•|#]|\d+[.)、]))")
_TERMINAL = tuple(".;,。；，!?！？")


def _key(mention: LawMention) -> str:
    return mention.slug or UNKNOWN + mention.name


def _articles(page: _Page, names: tuple[Name, ...]) -> list[Cited]:
    mentions = read_citations(page.plain, names, mentions=page.mentions)
    written = {m.name_span for m in mentions if m.name_span}
    in_sentence: dict[tuple[int, int], set[tuple[str | None, str]]] = {}
    for mention in mentions:
        in_sentence.setdefault(page.sentence_at(mention.start), set()).add((mention.law, mention.article))
    found = []
    for mention in mentions:
        sentence = page.sentence_at(mention.start)
        keys, near = _keys(page, mention, written, mentions)
        known = tuple(k for k in keys if not k.startswith(UNKNOWN))
        unknown = next((k.removeprefix(UNKNOWN) for k in keys if k.startswith(UNKNOWN)), None)
        start, end = _extent(mention, mentions)
        alone = len(in_sentence[sentence]) == 1
        found.append(Cited(start, end, mention, known, unknown, mention.basis, sentence, alone, near))
    return found


def _keys(
    page: _Page, mention: CitationMention, written: set[tuple[int, int]], mentions: list[CitationMention]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The instruments a number can belong to: the one written or pointed to, else those in reach; with those of `Cited.near`."""
    if mention.basis == "inferred":
        return _in_reach(page, mention, written, mentions)
    key = mention.law or (UNKNOWN + mention.unknown_law if mention.unknown_law else "")
    rival = page.rivals.get(mention.name_span[0]) if mention.name_span else None
    return tuple(k for k in (key, _key(rival) if rival else "") if k), ()


def _in_reach(
    page: _Page, mention: CitationMention, written: set[tuple[int, int]], mentions: list[CitationMention]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Instruments named in the sentence; else before it in the paragraph, or in the paragraph; else by the heading above; else the one
    whose article of that number was cited before; else all in the text before."""
    sentence, paragraph = page.sentence_at(mention.start), page.paragraph_at(mention.start)
    for start, end in (sentence, (paragraph[0], mention.start), paragraph):
        named = _named_in(page, start, end, written)
        if named:
            return named, ()
    near: tuple[str, ...] = ()
    for start, end in reversed([p for p in page.paragraphs if p[1] <= paragraph[0]]):
        line = page.plain[start:end].strip()
        heading = line.startswith("#") or (len(line) <= 80 and not line.endswith((*_TERMINAL, ":", "：")))
        named = _named_in(page, start, end, written)
        near = near or named
        if heading and len(named) == 1:
            return named, near
    repeated = {
        m.law for m in mentions if m.basis == "written" and m.end <= mention.start and m.article == mention.article
    }
    named = _named_in(page, 0, paragraph[0], written)
    if len(repeated) == 1 and (law := repeated.pop()) in named and law:
        return (law,), near
    return named, near


def _named_in(page: _Page, start: int, end: int, written: set[tuple[int, int]]) -> tuple[str, ...]:
    inside = (m for m in page.mentions_in(start, end) if not m.weak or (m.start, m.end) in written)
    return tuple(dict.fromkeys(_key(m) for m in inside))


def _extent(mention: CitationMention, mentions: list[CitationMention]) -> tuple[int, int]:
    """The citation with its name, where no other number stands between the two."""
    if mention.name_span is None:
        return mention.start, mention.end
    start, end = min(mention.start, mention.name_span[0]), max(mention.end, mention.name_span[1])
    between = any(
        m is not mention and start <= m.start < end and (m.start, m.end) != (mention.start, mention.end)
        for m in mentions
    )
    return (mention.start, mention.end) if between or end - start > 200 else (start, end)


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


def _alone(page: _Page, articles: list[Cited]) -> list[Cited]:
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
        found.append(Cited(mention.start, mention.end, None, laws, unknown, "written", sentence, alone=False))
    return found


def _is_title(name: str, written: str) -> bool:
    return (
        _TITLE_OF_LAW.search(name) is not None if CJK.search(written) else name[:1].isupper() or name.startswith("loi")
    )


def _without_repeats(page: _Page, cited: list[Cited]) -> list[Cited]:
    """An instrument named alone is kept at its first mention, and wherever words of some length are ascribed to it."""
    first: dict[str, int] = {}
    for mention in page.mentions:
        if not mention.ordinary:
            first.setdefault(_key(mention), mention.start)
    kept = []
    for one in cited:
        key = one.laws[0] if one.laws else UNKNOWN + (one.unknown or "")
        if one.mention or first.get(key) == one.start or any(is_statement(q.text) for q in one.quotes):
            kept.append(one)
    return kept


def is_statement(words: str) -> bool:
    """Whether quoted words are long enough to be more than a term: four words, or eight Chinese characters."""
    return len(words.split()) >= 4 or len(CJK.findall(words)) >= 8


# ------------------------------------------------------------------ quotations

_BEHIND = re.compile(r"[ \t,，.。;；]*(?:[(（\[]|—+|–|-)[^()（）\[\]\n。]{0,60}")
_POINTS_BACK = re.compile(
    r"\s*(?:It|This|That|The (?:article|provision|paragraph|law|text)|Its|Under it|该|其|此|该条|条文|原文|Il|Elle|L['’]article|Cet article|Le texte)",
    re.IGNORECASE,
)


def _with_quotes(page: _Page, cited: list[Cited]) -> list[Cited]:
    """Each quotation given to the one citation it belongs to."""
    owners: dict[int, list[QuotedSpan]] = {}
    for quote in page.quotes:
        owner = _owner(page, quote, cited)
        if owner is not None:
            owners.setdefault(owner, []).append(quote)
    return [replace(one, quotes=tuple(owners.get(i, ()))) for i, one in enumerate(cited)]


def _owner(page: _Page, quote: QuotedSpan, cited: list[Cited]) -> int | None:
    order = range(len(cited))
    behind = next((i for i in order if cited[i].start >= quote.outer_end), None)
    if behind is not None and _BEHIND.fullmatch(page.plain[quote.outer_end : cited[behind].start]):
        return behind
    start, end = page.sentence_at(quote.outer_start)
    before = [i for i in order if start <= cited[i].start and cited[i].end <= quote.outer_start]
    after = [i for i in order if quote.outer_end <= cited[i].start < end]
    near = [i for i in before if cited[i].mention] or before or [i for i in after if cited[i].mention] or after
    if near:
        return near[-1] if before else near[0]
    return _owner_before(page, quote, cited, start)


def _owner_before(page: _Page, quote: QuotedSpan, cited: list[Cited], sentence: int) -> int | None:
    """The last citation before a quotation that a colon introduces, that fills its sentence, or whose sentence points back."""
    earlier = [i for i in range(len(cited)) if cited[i].end <= quote.outer_start]
    if not earlier:
        return None
    last = earlier[-1]
    lead = page.plain[: quote.outer_start].rstrip()
    paragraphs = [p for p in page.paragraphs if p[0] <= quote.outer_start][-2:]
    near = cited[last].start >= paragraphs[0][0]
    if near and (lead.endswith((":", "：")) or page.text[quote.outer_start] in " \t>"):
        return last
    said = page.plain[sentence : quote.outer_start]
    same_paragraph = cited[last].start >= paragraphs[-1][0]
    if same_paragraph and is_statement(quote.text) and (not said.strip() or _POINTS_BACK.match(said)):
        return last
    return None
