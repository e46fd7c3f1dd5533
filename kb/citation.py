"""Written citation ⇄ place in a law, in English, Chinese and French notation.

Reading is done in three steps, one function each: the names of instruments in a text (`kb.names.law_mentions`), the article
numbers in it (`_latin_articles`, `_chinese_articles`), and which number belongs to which instrument (`read_citations`). Nothing here knows
what the corpus holds: that is `Corpus.place`.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from kb.errors import BadInput
from kb.ids import ProvisionId
from kb.model import Language, Law
from kb.names import LawMention, Name, law_mentions
from kb.text import CJK, sentences
from kb.unknown_names import unknown_name

MAX_GAP = 120
"""Characters between a name and a number that belong together."""
MAX_RANGE = 120
"""A written range longer than this is not expanded: nobody cites 120 articles, and it would be a way to flood us."""
MAX_LIST = 60
"""A written list of more articles than this is read as several."""
MAX_CITED = 20_000
"""Article numbers of one text; what has more is no text of a lawyer, and would keep us busy for minutes."""


Basis = Literal["written", "pointed", "inferred"]


@dataclass(frozen=True, slots=True)
class CitationMention:
    """One article cited in a text.

    `number` is what stood in parentheses alone ("Art. 28(2)"): a paragraph, or an item where the article has a single
    paragraph; `paragraph` and `item` are what was named so. `law` is None where no instrument could be told, or where
    the one named is unknown (then `unknown_law` is its name). `basis` says how the instrument was told: its name is written
    beside the number (and stands at `name_span`), the text points back to one ("the same law"), or it was inferred.
    """

    article: str
    paragraph: int | None
    item: int | None
    number: int | None
    law: str | None
    unknown_law: str | None
    basis: Basis
    start: int
    end: int
    name_span: tuple[int, int] | None = None


_BEFORE_ARTICLE_ZH = re.compile(
    r"[\u4e00-\u9fff]{0,20}?(?:法典|法|条例|办法|规定|解释|决定|通知|公告|规范|标准|指南|意见|细则|规则|合同|协议|章程|制度|手册|政策|公约)$"
)
_LEADING_ZH = re.compile(r"^.*?(?:根据|依据|依照|按照|违反|适用|参照|关于|以及|所称|规定的|和|与|及|在|的)")
_SELF = re.compile(r"(?:本法|本办法|本规定|本条例|this (?:Law|Code)|these (?:Measures|Provisions|Regulations))\s*$")
_SAME = re.compile(
    r"(?:(?<!合)同法|该法|该办法|该规定|the same (?:law|act|measures)|ibid\.?|la même loi)\s*,?\s*$", re.IGNORECASE
)
_SELF_AFTER = re.compile(
    r"^\s*,?\s*(?:of|de)\s+(?:this (?:Law|Code)|these (?:Measures|Provisions|Regulations)|cette loi|la présente loi)",
    re.IGNORECASE,
)


# ------------------------------------------------------------------ article numbers

_UNIT = r"(?!\s*(?:%|percent|per cent|pour cent|days?|jours?|working|years?|ans?\b|mois|months?|million|persons?|people|times|fois|yuan|RMB|CNY|€|\$))"
_N = r"\d{1,4}(?!\d)(?!\.\d)"
_TAIL = (
    r"(?:\s*\((?P<p1>\d{1,2})\))?(?:\s*\((?P<p2>\d{1,2})\))?"
    r"(?:\s*,?\s*(?:(?:paragraphe|paragraph|paras?\.?|¶|§|alinéas?|al\.)\s*\(?(?P<par>\d{1,2}|premier|1er)\)?|(?P<nth>\d{1,2})(?:er|e|ème)\s+alinéa))?"
    r"(?:\s*,?\s*(?:items?|points?|pts?\.?|sub-?paragraph|n°)\s*\(?(?P<item>\d{1,2})\)?|\s*,?\s*(?P<deg>\d{1,2})°)?"
)
_TAIL_NAMELESS = re.sub(r"\?P<\w+>", "", _TAIL)
_PRE = (
    r"(?:(?:items?|points?|pt\.?|sub-?paragraph)\s*\(?(?P<preitem>\d{1,2})\)?\s*,?\s*(?:of\s+|de\s+)?(?:the\s+)?(?:l['’])?)?"
    r"(?:(?:paragraphe|paragraph|para\.?|¶|alinéa|al\.)\s*\(?(?P<prepar>\d{1,2})\)?\s*,?\s*(?:of\s+|de\s+)?(?:the\s+)?(?:l['’])?)?"
)
_LATIN_GROUP = re.compile(
    rf"{_PRE}\b(?P<key>articles?|arts?\.?|ss?\.)\s*(?P<body>(?:premier|1er|{_N}(?:-\d(?!\d))?){_TAIL_NAMELESS}"
    rf"(?:\s*(?:,\s*(?:and|et|or|ou)|,|;|and|et|or|ou|&|to|through|à|au|–|-)\s*(?:articles?\s+|l['’]article\s+)?{_N}{_UNIT}(?:-\d(?!\d))?{_TAIL_NAMELESS}){{0,{MAX_LIST}}})",
    re.IGNORECASE,
)
_LATIN_ELEMENT = re.compile(
    rf"(?P<sep>to|through|à|au|–|-)?\s*(?P<n>premier|1er|{_N})(?P<ins>-\d(?!\d))?{_TAIL}", re.IGNORECASE
)
_BARE = re.compile(rf"\s*(?:§\s*)?(?P<n>{_N}){_UNIT}(?P<ins>-\d(?!\d))?{_TAIL}(?!\s*[-/]\d)")

_Z = r"(?:[一二三四五六七八九十百千零〇两]{1,9}|\d{1,4})"
_ZH_GROUP = re.compile(
    rf"(?:(?P<di>第)\s*)?(?P<ns>{_Z}(?:\s*(?:[、,，和与及或]|至|到|[-–—~～])\s*第?{_Z}){{0,{MAX_LIST}}})\s*条(?:之(?P<ins>[一二三四五六七八九十]|\d))?"
    rf"(?:\s*第?\s*[（(]?(?P<par>{_Z})[）)]?\s*款)?(?:\s*第?\s*[（(]?(?P<item>{_Z})[）)]?\s*项)?"
)
_ZH_RANGE = re.compile(r"\s*(?:至|到|[-–—~～])\s*$")


@dataclass(frozen=True, slots=True)
class _Article:
    article: str
    paragraph: int | None
    item: int | None
    number: int | None
    start: int
    end: int
    bare: bool = False


def number(text: str) -> int:
    """Read a number written in digits or Chinese numerals, 1 to 9999; ValueError where it is neither."""
    plain = text.strip().replace("〇", "零").replace("两", "二")
    if plain.isdigit():
        return int(plain)
    import cn2an  # only where there are Chinese numerals: it takes a third of a second

    return int(cn2an.cn2an(plain, "normal"))


def numeral(value: int) -> str:
    """A number in Chinese numerals as articles are numbered: 15 → 十五, 1034 → 一千零三十四."""
    import cn2an

    text = str(cn2an.an2cn(value))
    return text.removeprefix("一") if 10 <= value < 20 else text


def _expand(first: str, last: str) -> list[str]:
    low, high = int(first), int(last)
    return [str(n) for n in range(low + 1, high + 1)] if low < high <= low + MAX_RANGE else [last]


def _latin_articles(text: str) -> Iterator[_Article]:
    for group in _LATIN_GROUP.finditer(text):
        singular = group["key"].lower().rstrip(".") in {"article", "art", "s"}
        offset, previous = group.start("body"), None
        pre = (int(group["prepar"]) if group["prepar"] else None, int(group["preitem"]) if group["preitem"] else None)
        for element in _LATIN_ELEMENT.finditer(group["body"]):
            before = group["body"][: element.start("n")]
            if singular and previous and re.search(r"[,;]\s*$", before):
                break
            n = "1" if element["n"].lower() in {"premier", "1er"} else element["n"]
            ranged = element["sep"] is not None and previous is not None
            if element["ins"]:
                second = element["ins"][1:]
                n = f"{n}-{second}" if int(second) < int(n) else n
            par = element["par"] or element["nth"]
            paragraph = (1 if par in {"premier", "1er"} else int(par)) if par else pre[0]
            item = element["item"] or element["deg"]
            numbered, second_number = element["p1"], element["p2"]
            if second_number:
                paragraph, item, numbered = int(numbered), second_number, None
            place = (
                paragraph,
                int(item) if item else pre[1],
                int(numbered) if numbered else None,
                group.start() if previous is None else offset + element.start("n"),
                offset + element.end(),
            )
            if numbered and item and paragraph is None:
                place = (int(numbered), int(item), None, place[3], place[4])
            if ranged and previous and n.isdigit() and previous.isdigit():
                for middle in _expand(previous, n)[:-1]:
                    yield _Article(middle, None, None, None, place[3], place[4])
            yield _Article(n, *place)
            previous = n


def _chinese_articles(text: str) -> Iterator[_Article]:
    last: tuple[str, int] | None = None
    for group in _ZH_GROUP.finditer(text):
        try:
            numbers = [number(n) for n in re.findall(_Z, group["ns"])]
            paragraph = number(group["par"]) if group["par"] else None
            item = number(group["item"]) if group["item"] else None
        except ValueError:  # characters of numerals that spell none, such as 百 alone
            continue
        joints = re.findall(rf"{_Z}\s*([、,，和与及或至到\-–—~～])", group["ns"])
        articles: list[str] = []
        if last and _ZH_RANGE.search(text[last[1] : group.start()]) and len(text[last[1] : group.start()]) <= 4:
            articles += _expand(last[0], str(numbers[0]))[:-1] if last[0].isdigit() else []
        articles.append(str(numbers[0]))
        for joint, n in zip(joints, numbers[1:], strict=False):
            articles += _expand(articles[-1], str(n)) if joint in "至到-–—~～" else [str(n)]
        if group["ins"]:
            articles[-1] += f"-{number(group['ins'])}"
        for i, article in enumerate(articles):
            tail = (paragraph, item) if i == len(articles) - 1 else (None, None)
            yield _Article(article, *tail, None, group.start(), group.end(), bare=group["di"] is None)
        last = (articles[-1], group.end())


def _overlaps(start: int, end: int, taken: list[tuple[int, int]]) -> bool:
    """Whether a span overlaps one of those taken, which are in order."""
    at = bisect_left(taken, (end, 0))
    return any(s < end and start < e for s, e in taken[max(0, at - 3) : at + 1])


def _bare_articles(text: str, mentions: list[LawMention], taken: list[tuple[int, int]]) -> Iterator[_Article]:
    """Numbers right behind a name: "PIPL 28(2)"; years and dates are none."""
    for mention in mentions:
        found = _BARE.match(text, mention.end)
        if (
            not found
            or mention.weak
            or CJK.match(text[mention.end - 1])
            or _overlaps(found.start("n"), found.end(), taken)
        ):
            continue
        if (
            int(found["n"]) > 1260
            or not int(found["n"]) > 0
            or text[found.end() : found.end() + 9].lstrip()[:1] in {"条", "年", "款"}
        ):
            continue
        first, second, item = found["p1"], found["p2"], found["item"]
        paragraph = int(first) if second and first else int(found["par"]) if (found["par"] or "").isdigit() else None
        inside = int(second) if second else int(item) if item else None
        alone = int(first) if first and not second else None
        yield _Article(found["n"], paragraph, inside, alone, found.start("n"), found.end())


# ------------------------------------------------------------------ which number belongs to which name

_AFTER = re.compile(
    r"\s*,?\s*(?:of|in|under|from|de|du|des|dans)?\s*(?:the|la|le|les|l['’])?\s*(?:PRC|Chinese|China['’]s|(?:19|20)\d{2}|final|new|current|revised|amended|former|old|previous|original)?\s*[\"“«《(]*\s*",
    re.IGNORECASE,
)
_OF = re.compile(r"\s*(?:of|du|de|des)\b", re.IGNORECASE)
_BEFORE = re.compile(
    r"[》”\"»'）]*(?:\s*(?:\([^()]{1,40}\)|（[^（）]{1,40}）))?\s*[》”\"»')]*\s*(?:,|，|:|：|的|中的?|中|'s|’s|\s)*\s*"
)


def read_citations(
    text: str,
    names: tuple[Name, ...],
    context: str | None = None,
    own: str | None = None,
    mentions: list[LawMention] | None = None,
) -> list[CitationMention]:
    """Every article cited in `text`, in order, with the instrument it belongs to.

    A name written beside the number decides. Otherwise the name is inferred: 本法 and "this Law" mean `own` (the
    instrument in whose text we are), 同法 the one cited before; then the last name before it in the sentence, then
    the next one in the sentence, then the one last cited, then `context` (the instrument the conversation is about).
    `mentions` are the names in the text where the caller has found them already. BadInput beyond MAX_CITED.
    """
    mentions = law_mentions(text, names) if mentions is None else mentions
    articles = sorted((*_latin_articles(text), *_chinese_articles(text)), key=lambda a: a.start)
    taken = [(a.start, a.end) for a in articles]
    articles = sorted(
        (*articles, *_bare_articles(text, mentions, taken)), key=lambda a: (a.start, int(a.article.split("-")[0]))
    )
    if len(articles) > MAX_CITED:
        raise BadInput(f"the text cites {len(articles):,} articles; check at most {MAX_CITED:,} at a time")
    near = _Near(text, mentions, articles)
    found: list[CitationMention] = []
    last: LawMention | None = None
    for at, group in enumerate(articles):
        bound = near.beside(at)
        unwritten = _unwritten(text, group, own, last) if bound is None else None
        if bound is None and group.bare:
            continue
        mention = bound or unwritten or near.in_sentence(group) or last
        if mention is None and context:
            mention = LawMention(context, "", group.start, group.start)
        found.append(
            CitationMention(
                article=group.article,
                paragraph=group.paragraph,
                item=group.item,
                number=group.number,
                law=mention.slug if mention else None,
                unknown_law=mention.name if mention and mention.slug is None else None,
                basis="written" if bound else "pointed" if unwritten else "inferred",
                start=group.start,
                end=group.end,
                name_span=(bound.start, bound.end) if bound else None,
            )
        )
        last = mention or last
    return found


_LIST_AFTER = re.compile(r"\s*(?:,|and|et|to|à|&|-|–|ou|or)*\s*")
_LIST_BEFORE = re.compile(r"\s*(?:[,、，和与及或至到–—-]|and|et|以及|至)*\s*")


class _Near:
    """What stands near an article number: names beside it or in its sentence. Names and numbers are in order of place."""

    def __init__(self, text: str, mentions: list[LawMention], articles: list[_Article]) -> None:
        self.text, self.mentions, self.articles = text, mentions, articles
        self.starts = [m.start for m in mentions]
        self.ends = [m.end for m in mentions]
        self.spans = sentences(text)
        self.span_starts = [s for s, _ in self.spans]

    def beside(self, at: int) -> LawMention | None:
        """The name written right before or right after a number, over a list of numbers too."""
        text, group = self.text, self.articles[at]
        end = group.end
        for other in self.articles[
            at + 1 : at + MAX_LIST
        ]:  # "Arts 28 and 55 PIPL": the name after the list belongs to all
            if other.start < end:
                continue
            if not _LIST_AFTER.fullmatch(text[end : min(other.start, end + 20)]) or other.start > end + 20:
                break
            end = max(end, other.end)
        start = group.start
        for other in reversed(self.articles[max(0, at - MAX_LIST) : at]):
            if other.end > start:
                continue
            if start - other.end > 20 or not _LIST_BEFORE.fullmatch(text[other.end : start]):
                break
            start = other.start
        i, j = bisect_right(self.ends, start) - 1, bisect_left(self.starts, end)
        before = self.mentions[i] if i >= 0 and start - self.ends[i] <= MAX_GAP else None
        after = self.mentions[j] if j < len(self.mentions) and self.starts[j] - end <= MAX_GAP else None
        behind = text[end : after.start] if after else ""
        follows = after is not None and _AFTER.fullmatch(behind) is not None and "\n\n" not in behind
        if before:
            gap = text[before.end : start]
            if _BEFORE.fullmatch(gap) and "\n\n" not in gap:
                # "Article 83 GDPR, Article 66 of the PIPL"
                return after if "," in gap and follows and _OF.match(behind) else before
        if follows:
            return after
        latin = self._unknown_name(start, end)
        if latin:
            return latin
        if CJK.match(text[max(0, start - 1) : start] or " "):
            unknown = _BEFORE_ARTICLE_ZH.search(text[max(0, start - 40) : start])
            name = _LEADING_ZH.sub("", unknown[0]) if unknown else ""
            if unknown and len(name) >= 2 and not _SELF.search(name) and not _SAME.search(name):
                return LawMention(None, name, start - len(name), start)
        return None

    def _unknown_name(self, start: int, end: int) -> LawMention | None:
        """A name in capitals, or "this Agreement", beside a number: an instrument that nobody here knows."""
        found = unknown_name(self.text, start, end)
        return LawMention(None, *found) if found else None

    def in_sentence(self, group: _Article) -> LawMention | None:
        """The last name before the number in its sentence, else the next one there; ordinary words are none."""
        if not self.spans:
            return None
        start, end = self.spans[max(0, bisect_right(self.span_starts, group.start) - 1)]
        inside = [
            m for m in self.mentions[bisect_left(self.starts, start) : bisect_left(self.starts, end)] if not m.weak
        ]
        before = [m for m in inside if m.end <= group.start]
        after = [m for m in inside if m.start >= group.end]
        return before[-1] if before else after[0] if after else None


def _unwritten(text: str, group: _Article, own: str | None, last: LawMention | None) -> LawMention | None:
    head, tail = text[max(0, group.start - 60) : group.start], text[group.end : group.end + 60]
    if own and (_SELF.search(head) or _SELF_AFTER.search(tail)):
        return LawMention(own, "", group.start, group.start)
    return last if _SAME.search(head) or _SELF.search(head) else None


# ------------------------------------------------------------------ writing


def format_citation(place: ProvisionId, law: Law, language: Language) -> str:
    """How a lawyer writes the place: "PIPL Art. 28(2)", "《个人信息保护法》第二十八条第二款", "PIPL, art. 28, al. 2"."""
    if language == "zh":
        title = law.title.zh.removeprefix("中华人民共和国")
        base, _, inserted = place.article.partition("-")
        return (
            f"《{title}》第{numeral(int(base))}条"
            + (f"之{numeral(int(inserted))}" if inserted else "")
            + (f"第{numeral(place.paragraph)}款" if place.paragraph else "")
            + (f"第{numeral(place.item)}项" if place.item else "")
        )
    if language == "fr":
        return (
            f"{law.short.fr}, art. {place.article}"
            + (f", al. {place.paragraph}" if place.paragraph else "")
            + (f", pt {place.item}" if place.item else "")
        )
    return (
        f"{law.short.en} Art. {place.article}"
        + (f"({place.paragraph})" if place.paragraph else "")
        + (f" item {place.item}" if place.item else "")
    )


def as_provision_id(mention: CitationMention) -> ProvisionId | None:
    """The place as written, without a version; a number in parentheses is read as a paragraph. None: law unknown."""
    if mention.law is None:
        return None
    return ProvisionId(mention.law, None, mention.article, mention.paragraph or mention.number, mention.item)
