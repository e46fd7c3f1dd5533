"""Compare every English rendering with its Chinese: structure, quantities, cross-references, modality.

A remark is a place for an editor to look at, with the file; `EXPLAINED` lists those that were looked at and are right.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from kb.citation import number, read_citations
from kb.corpus import Corpus
from kb.corpus_files import chinese_places
from kb.ids import ProvisionId
from kb.model import Line, Provision
from kb.quantities import Quantity, quantities

CHECKS = ("structure", "quantities", "references", "modality")

EXPLAINED: Mapping[tuple[str, str], str] = {
    (
        "video-regs@2025-04-01/art_17",
        "structure",
    ): "the reference breaks lines as its page does; one paragraph by sense",
}
"""(provision id, check) → why the remark is none."""


@dataclass(frozen=True, slots=True)
class Remark:
    place: ProvisionId
    check: str
    detail: str


@dataclass(frozen=True, slots=True)
class LintReport:
    """What was compared, by law version, and the remarks that no entry of `EXPLAINED` covers."""

    articles: Mapping[str, int]
    lines: Mapping[str, int]
    remarks: tuple[Remark, ...]
    explained: int


def lint_corpus(corpus: Corpus, reference: Mapping[str, Mapping[str, list[str]]] | None = None) -> LintReport:
    """Lint every article whose Chinese is at hand: from the dataset, or from `reference` ("law@version" → article → lines)."""
    articles: dict[str, int] = {}
    lines: dict[str, int] = {}
    remarks: list[Remark] = []
    for article in corpus.all_articles():
        key = f"{article.id.law}@{article.id.version}"
        compared = _with_reference(article, (reference or {}).get(key, {}))
        if isinstance(compared, Remark):
            remarks.append(compared)
            continue
        if compared.text_en is None or compared.text_zh is None:
            continue
        articles[key] = articles.get(key, 0) + 1
        lines[key] = lines.get(key, 0) + len(compared.lines)
        remarks += lint_article(compared, corpus)
    kept = tuple(r for r in remarks if (str(r.place), r.check) not in EXPLAINED)
    return LintReport(articles, lines, kept, len(remarks) - len(kept))


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
