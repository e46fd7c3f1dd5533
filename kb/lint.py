"""Compare every English rendering with its Chinese: structure, quantities, cross-references, modality, terms.

A remark is a place for an editor to look at, with the file; `EXPLAINED` lists those that were looked at and are right.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from kb.citation import number, read_citations
from kb.corpus import Corpus
from kb.corpus_files import chinese_places
from kb.ids import ProvisionId
from kb.model import Line, Provision
from kb.quantities import Quantity, quantities
from kb.text import tokens

CHECKS = ("structure", "quantities", "references", "modality", "terms")

EXPLAINED: Mapping[tuple[str, str], str] = {
    (
        "video-regs@2025-04-01/art_17",
        "structure",
    ): "the reference breaks lines as its page does; one paragraph by sense",
}
"""(provision id, check) → why the remark is none."""

EXPLAINED_TERMS: Mapping[tuple[str, str], str] = {
    ("civil-code@2021-01-01/art_1006__para_3", "自然人"): "“that person's death”, of the natural person named before",
    ("csl@2026-01-01/art_36__item_1", "负责人"): "“that person”, of the person in charge named in the same item",
    ("netdata-regs@2025-01-01/art_21__para_1__item_3", "保存期限"): "“determining it”, of the retention period",
    (
        "netdata-regs@2025-01-01/art_24",
        "个人信息",
    ): "one noun with two conditions in English: not necessary, or without consent",
    ("pipl@2021-11-01/art_39", "境外"): "“against that recipient”, of the recipient outside the territory",
    (
        "pipl@2021-11-01/art_52__para_2",
        "个人信息",
    ): "“of that person”, of the person in charge of personal information protection",
    ("pipl@2021-11-01/art_52__para_2", "负责人"): "“of that person”, of the person in charge named before",
}
"""(provision id, Chinese term) → why the English has the term less often than the Chinese."""


@dataclass(frozen=True, slots=True)
class Remark:
    place: ProvisionId
    check: str
    detail: str
    term: str = ""


@dataclass(frozen=True, slots=True)
class LintReport:
    """What was compared, by law version and then by kind (COUNTED), and the remarks that no entry of `EXPLAINED` covers."""

    compared: Mapping[str, Mapping[str, int]]
    remarks: tuple[Remark, ...]
    explained: int


def lint_corpus(corpus: Corpus, reference: Mapping[str, Mapping[str, list[str]]] | None = None) -> LintReport:
    """Lint every article whose Chinese is at hand: from the dataset, or from `reference` ("law@version" → article → lines)."""
    counts: dict[str, Counter[str]] = {}
    remarks: list[Remark] = []
    for compared in compared_articles(corpus, reference or {}):
        if isinstance(compared, Remark):
            remarks.append(compared)
            continue
        key = f"{compared.id.law}@{compared.id.version}"
        counts.setdefault(key, Counter()).update(_counted(compared, corpus))
        remarks += lint_article(compared, corpus)
    kept = tuple(
        r for r in remarks if (str(r.place), r.check) not in EXPLAINED and (str(r.place), r.term) not in EXPLAINED_TERMS
    )
    return LintReport(counts, kept, len(remarks) - len(kept))


COUNTED = ("articles", "paragraphs", "items", "numbers", "references")


def _counted(article: Provision, corpus: Corpus) -> Counter[str]:
    """What of an article is compared; numbers are quantities with their unit, lines with missing words are left out."""
    whole = [line for line in article.lines if "[…]" not in (line.en or "")]
    return Counter(
        articles=1,
        paragraphs=sum(line.item is None for line in article.lines),
        items=sum(line.item is not None for line in article.lines),
        numbers=sum(len(_lint_quantities(line.zh or "")) for line in whole),
        references=sum(len(references(line.zh or "", corpus)) for line in whole),
    )


def compared_articles(corpus: Corpus, reference: Mapping[str, Mapping[str, list[str]]]) -> Iterator[Provision | Remark]:
    """The articles with English and Chinese; a remark where the Chinese of the reference has other lines."""
    for article in corpus.all_articles():
        compared = _with_reference(article, reference.get(f"{article.id.law}@{article.id.version}", {}))
        if isinstance(compared, Remark) or (compared.text_en is not None and compared.text_zh is not None):
            yield compared


def _with_reference(article: Provision, held: Mapping[str, list[str]]) -> Provision | Remark:
    if article.text_zh is not None or article.id.article not in held:
        return article
    chinese = held[article.id.article]
    places = chinese_places(chinese, number).places
    if places != tuple((line.paragraph, line.item) for line in article.lines):
        return Remark(article.id, "structure", f"{len(article.lines)} lines, the Chinese has {len(places)}")
    lines = tuple(Line(p, i, line.en, zh) for (p, i), line, zh in zip(places, article.lines, chinese, strict=True))
    return Provision(article.id, article.chapter, lines)


def lint_article(article: Provision, corpus: Corpus) -> Iterator[Remark]:
    for line in article.lines:
        place = ProvisionId(article.id.law, article.id.version, article.id.article, line.paragraph, line.item)
        single = max(x.paragraph for x in article.lines) == 1
        shown = ProvisionId(place.law, place.version, place.article, None if single else place.paragraph, place.item)
        english, chinese = line.en or "", line.zh or ""
        if "[…]" in english:
            continue
        for check, detail in _remarks(english, chinese, corpus):
            yield Remark(shown, check, detail)
        for term in rendered_terms(english, chinese, corpus):
            if term.rendered != term.occurrences:
                yield Remark(shown, "terms", str(term), term.zh)


def _remarks(english: str, chinese: str, corpus: Corpus) -> Iterator[tuple[str, str]]:
    en, zh = _lint_quantities(english), _lint_quantities(chinese)
    if en != zh:
        only_en, only_zh = _shown(en - zh), _shown(zh - en)
        yield "quantities", f"only in English: {only_en or 'none'}; only in Chinese: {only_zh or 'none'}"
    en_refs, zh_refs = references(english, corpus), references(chinese, corpus)
    if en_refs != zh_refs:
        yield "references", f"English {sorted(en_refs)}, Chinese {sorted(zh_refs)}"
    yield from (("modality", detail) for detail in modality(english, chinese))


def _lint_quantities(text: str) -> frozenset[Quantity]:
    """Persons are compared as numbers only where they are thresholds; "two or more handlers" is no quantity here."""
    return frozenset(q for q in quantities(text) if not (q.unit == "persons" and q.value < 10))


def _shown(found: frozenset[Quantity]) -> str:
    return ", ".join(str(q) for q in sorted(found))


_TITLE_ZH = re.compile(r"《[^》]*》")
_PRECEDING_ZH = re.compile(r"前(?:[一二两三四五]?)款|前条|前[一二两三四五]条|前[一二两三四五]?项|前款")
_PRECEDING_EN = re.compile(
    r"\bpreceding\s+(?:(?:two|three|four|five|\d)\s+)?(?:paragraphs?|articles?|items?)", re.IGNORECASE
)


def references(text: str, corpus: Corpus) -> frozenset[str]:
    """Articles cited in a line of law, and how often it points to what precedes ("前款")."""
    plain = _TITLE_ZH.sub("某法", text)
    found = {m.article for m in read_citations(plain, corpus.names, own="this")}
    preceding = len(_PRECEDING_ZH.findall(text)) or len(_PRECEDING_EN.findall(text))
    return frozenset(found | ({f"preceding ×{preceding}"} if preceding else set()))


_PROHIBITION = re.compile(
    r"\b(?:shall|may|must)\s+(?:not|neither|never)\b|\b(?:no|neither|nobody|none)\b[^.;,]{0,120}?\b(?:shall|may)\b|\bnor\s+shall\b",
    re.IGNORECASE,
)
_SHALL_ZH = re.compile(r"应当|必须|应予|(?<![相适反供])应(?![当急用对答变收邀聘有得知])")


def modality(english: str, chinese: str) -> Iterator[str]:
    """应当 ⇔ shall, 不得 ⇔ shall not, 可以 ⇒ may."""
    forbids_zh, forbids_en = "不得" in chinese, bool(_PROHIBITION.search(english))
    if forbids_zh != forbids_en:
        yield "不得 without a prohibition in English" if forbids_zh else "a prohibition in English without 不得"
    duty_zh, duty_en = (
        bool(_SHALL_ZH.search(chinese)),
        bool(re.search(r"\b(?:shall|must)\b", _PROHIBITION.sub(" ", english))),
    )
    if duty_zh != duty_en:
        yield "应当 without shall" if duty_zh else "shall without 应当"
    if "可以" in chinese and not re.search(r"\b(?:may|can)\b", english):
        yield "可以 without may"


# ------------------------------------------------------------------ terms of the glossary

ASKED_ONLY = frozenset(
    re.split(
        r"\|",
        "abroad|algorithm decides|anonymization|authority|biometrics|breach|building manager|CAC|child|CII|"
        "clock in|clocking in|controller|cross-border|customer|data controller|disclosure|door|DPIA|entrance|"
        "face data|face prints|face recognition|face scan|face scanner|face template|face terminal|facial data|"
        "facial recognition|FRT|gate|handler|how long|illegal gains|impact assessment|keep|landlord|Level Three|"
        "merchant|MLPS|notice|notify|outsource|overseas|parent|penalty|personal data|PI|PIPIA|police|processor|"
        "prominent|property manager|public safety|public space|pupil|record-filing|register|registration|"
        "regulator|revenue|SCC|sensitive data|service provider|shop|shopper|specific consent|store|time clock|"
        "timekeeping|turnstile|under 14|vendor",
    )
)
"""Words of `also` with which people ask and that no rendering may use for the term; its other words are right renderings."""

TERMS_OF_ART = frozenset(
    re.split(
        r"\|",
        "个人信息处理者|信息处理者|数据处理者|敏感个人信息|人脸信息|人脸识别技术|人脸识别设备|单独同意|书面同意|备案|接收方|"
        "个人信息保护影响评估|合规审计|安全评估|标准合同|自动化决策|去标识化|国家网信部门|国家机关|存储|删除|合法权益",
    )
)
"""Terms whose English stands in a line only where the Chinese does: "separate consent" is no rendering of 同意 alone."""

OTHER_SENSES: Mapping[str, tuple[str, ...]] = {
    "受理并处理": ("accept and deal with",),
    "受理和处理": ("receive and deal with",),
    "接受、处理": ("receive and deal with",),
    "调查、处理": ("investigate and deal with",),
    "调查处理": ("investigate and deal with",),
    "予以处理": ("deal with",),
    "作出处理": ("deal with",),
    "有权处理": ("deal with",),
    "处理、处罚": ("deal with and penalise",),
    "依法处理。": ("deal with … in accordance with law",),
    "及时处理": ("deal with … promptly",),
    "规定处理；": ("deal with",),
    "公安机关处理": ("public security organs to be dealt with",),
    "处理外国": ("deal with",),
    "处理个人信息保护相关事务": ("matters relating to personal information protection",),
    "处理结果": ("result",),
    "到期后的处理方式": ("the way in which it is dealt with",),
    "匿名化处理": ("anonymisation",),
    "无害化处理": ("harmless treatment",),
    "重要数据的处理者": ("handler of important data",),
    "公开、透明": ("openness and transparency",),
    "公开、公平": ("openness, fairness",),
    "公开传播": ("publicly disseminate", "public dissemination"),
    "公开展示": ("display publicly",),
    "按照规定的权限和程序": ("within the prescribed powers and procedures",),
    "能够单独": ("alone",),
    "可能性": ("likelihood", "how likely"),
    "明显可能": ("clearly likely",),
    "危难情形": ("danger or distress",),
    "措施的情形下": ("only where",),
    "不动产处分": ("disposal of immovable property",),
    "刑事处罚": ("criminal punishment",),
    "非公共场所": ("places that are not public",),
    "规定的政府有关部门": ("relevant government departments",),
    "提供便利": ("convenient",),
}
"""Chinese wording in which a term of the glossary has another sense, and how that sense is rendered."""

_FORMS: Mapping[str, str] = {
    "came": "come",
    "dealt": "deal",
    "disclosure": "disclose",
    "kept": "keep",
    "lost": "loss",
    "made": "make",
    "provision": "provide",  # the provision of services; "provisions" of a law are others
    "sale": "sell",
    "sold": "sell",
    "storage": "store",
    "transmission": "transmit",
}
_GAP = 6
"""Words that may stand for the … of a variant such as "make … public"; none of them ends a clause."""


@dataclass(frozen=True, slots=True)
class RenderedTerm:
    """A term in one line: how often it occurs in the Chinese, and how often the English has one of its renderings.

    `rendered` stops at `occurrences`, except for a term of art.
    """

    zh: str
    en: tuple[str, ...]
    occurrences: int
    rendered: int

    def __str__(self) -> str:
        wanted = " or ".join(f"“{en}”" for en in self.en)
        if not self.occurrences:
            return f"term: {wanted} without {self.zh} in Chinese"
        if not self.rendered:
            return f"term: {self.zh} rendered without {wanted}"
        return f"term: {self.zh} occurs {self.occurrences} times, {wanted} {self.rendered}"


def renderings(corpus: Corpus) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Chinese term → its right renderings, longest Chinese first; with the other senses, whose wording is longer."""
    terms = {t.zh: (t.en, *(v for v in t.also.en if v not in ASKED_ONLY)) for t in corpus.glossary}
    return tuple(sorted({**terms, **OTHER_SENSES}.items(), key=lambda term: (-len(term[0]), term[0])))


def rendered_terms(english: str, chinese: str, corpus: Corpus) -> Iterator[RenderedTerm]:
    """Every term of the line once. Longer terms are found first in either language: no word counts for two terms."""
    chinese, words = _TITLE_ZH.sub("《》", chinese), _words(english)
    occurring: list[tuple[str, tuple[str, ...], int]] = []
    for zh, variants in renderings(corpus):
        occurrences = chinese.count(zh)
        if occurrences or zh in TERMS_OF_ART:
            occurring.append((zh, variants, occurrences))
            chinese = chinese.replace(zh, "■")
    free = [True] * len(words)
    for zh, variants, occurrences in sorted(occurring, key=lambda term: -len(term[1][0].split())):
        found = 0
        while (found < occurrences or zh in TERMS_OF_ART) and any(
            _taken(words, free, _words(variant)) for variant in variants
        ):
            found += 1
        if occurrences or found:
            yield RenderedTerm(zh, variants, occurrences, found)


@lru_cache(maxsize=4_000)
def _words(text: str) -> tuple[str, ...]:
    """Stems of the words, function words as they are; "." where a clause ends and "…" as such."""
    found = re.findall(r"[^\W\d_]+|\d[\d,]*|[.;:…]", text.lower())
    return tuple("." if w in ";:" else _stem(w) for w in found)


def _stem(word: str) -> str:
    if word == "information":  # its stem is that of "inform"
        return word
    return "".join(tokens(_FORMS.get(word, word), "en")) or word


def _taken(words: tuple[str, ...], free: list[bool], wanted: tuple[str, ...]) -> bool:
    """Whether `words` hold `wanted` at free places; the first such are taken. Words after a … may be shared."""
    cut = wanted.index("…") if "…" in wanted else len(wanted)
    first, last = wanted[:cut], wanted[cut + 1 :]
    for at in range(len(words) - cut + 1):
        end = at + cut
        if words[at:end] == first and all(free[at:end]) and _follows(words[end:], last):
            free[at:end] = [False] * cut
            return True
    return False


def _follows(words: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    for gap in range(_GAP + 1):
        if words[gap : gap + len(wanted)] == wanted:
            return True
        if words[gap : gap + 1] in ((), (".",)):
            return False
    return False


def _unwrapped(lines: list[str]) -> list[str]:
    """Paragraphs and items whole again where lines break as on a page: one ends with 。；： and nothing else."""
    whole: list[str] = []
    for line in lines:
        if whole and not whole[-1].endswith(tuple("。；：;:”）")):
            whole[-1] += line
        else:
            whole.append(line)
    return whole


def read_reference(folder: Path) -> dict[str, dict[str, list[str]]]:
    """Chinese reference texts: files named <law>.<version>.txt|md with lines that begin 第…条; ／ separates paragraphs.

    Bracketed evidence marks, sources in trailing parentheses and articles with words missing (…) are left out.
    """
    found: dict[str, dict[str, list[str]]] = {}
    for path in sorted((*folder.glob("*.txt"), *folder.glob("*.md"))):
        law, _, version = path.stem.partition(".")
        articles: dict[str, list[str]] = {}
        current: list[str] | None = None
        for raw in path.read_text(encoding="utf-8").splitlines():
            line = raw.strip()
            start = re.match(r"第([一二三四五六七八九十百]+)条(?:\s+|$)(.*)", line)
            if start:
                current = articles.setdefault(str(number(start[1])), [])
                line = re.sub(r"^\[[^\]]*\]\s*", "", start[2])
            if not line or line.startswith(("#", "<", "---")):
                if line.startswith("#"):
                    current = None
                continue
            if current is not None:
                current += [
                    piece.strip()
                    for piece in re.split(r"／", re.sub(r"\s*\([^()]*\)[^。()]*$", "", line))
                    if piece.strip()
                ]
        found[f"{law}@{version}"] = {
            a: _unwrapped(lines) for a, lines in articles.items() if lines and not any("…" in x for x in lines)
        }
    return found
