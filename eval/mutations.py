"""False statements made from true ones: what the gate has to withhold.

Every kind changes one thing: the place, the words quoted, or the statement. A mutant is false by construction; what that
takes (a figure that the article does not have, an article that says something else) is compared here with the corpus.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from random import Random
from typing import Literal

from eval.falsify import MODALITIES, NEGATIONS, other_actor, rewrite, without_exception
from eval.true_claims import TrueClaim, quote_of
from kb.corpus import Corpus
from kb.corpus_files import read_yaml
from kb.ids import ProvisionId
from kb.likeness import nearness
from kb.model import Language, Provision, Role
from kb.quantities import Quantity, quantities

KINDS = {
    "wrong_article": "another article of the same law, with words of that article as the quotation",
    "no_such_article": "an article number that the law does not have",
    "wrong_law": "an article of another law, with words of that article as the quotation",
    "draft_for_final": "the Draft's article instead of the Measures' one, cited as law in force",
    "draft_as_today": "the same, cited as history, in a statement that speaks of today",
    "wrong_version": "the same article in the other text of the Cybersecurity Law, cited as law in force",
    "number": "a count, share or period in the statement changed",
    "date": "a date in the statement changed",
    "amount": "an amount of money in the statement changed",
    "negation": "a negation taken out of the statement",
    "modality": "shall, may, need not exchanged",
    "exception": "an exception left out that the provision has",
    "added_fact": "a duty, deadline or sanction added that no provision has",
    "actor": "the first actor of the statement replaced by another one",
    "forged_quote": "plausible words as the quotation",
    "one_character": "one character of the quotation changed",
    "neighbours_quote": "words of a neighbouring article as the quotation",
}
FAR = 0.5
"""Another article counts as saying something else where it holds less than this share of the words that the right one holds."""
Kind = str


@dataclass(frozen=True, slots=True)
class Mutant:
    """A false statement. `role` None: as the corpus says; else the role that the citation pretends."""

    kind: Kind
    source: TrueClaim
    claim: TrueClaim
    role: Role | None = None


def mutants(claim: TrueClaim, corpus: Corpus, kinds: Mapping[str, str] = KINDS) -> Iterator[Mutant]:
    """One mutant of each kind that applies, the same on every run."""
    for kind in kinds:
        made = _MAKERS[kind](claim, corpus, Random(f"{kind} {claim.id}"))
        if made is not None:
            yield made if isinstance(made, Mutant) else Mutant(kind, claim, made)


# ------------------------------------------------------------------ the place


def _wrong_article(claim: TrueClaim, corpus: Corpus, rng: Random) -> TrueClaim | None:
    version = corpus.version(claim.place.law, claim.place.version or "")
    others = [a for a in corpus.articles(version) if a.id != claim.place.whole_article]
    return _elsewhere(claim, others, corpus, rng)


def _wrong_law(claim: TrueClaim, corpus: Corpus, rng: Random) -> TrueClaim | None:
    laws = [x for x in corpus.laws.values() if x.slug != claim.place.law and x.kind != "draft"]
    others = [a for law in laws for a in corpus.articles(corpus.versions(law.slug)[-1])]
    same_number = [a for a in others if a.id.article == claim.place.article]
    return _elsewhere(claim, same_number or others, corpus, rng) or _elsewhere(claim, others, corpus, rng)


def _elsewhere(claim: TrueClaim, others: list[Provision], corpus: Corpus, rng: Random) -> TrueClaim | None:
    """The statement on another article that says something else, found in at most a dozen draws."""
    right = nearness(claim.text, corpus.provision(claim.place.whole_article))
    for _ in range(min(12, len(others))):
        other = rng.choice(others)
        if nearness(claim.text, other) < FAR * right and (claim.language != "fr" or right > 0):
            return _at(claim, other.id, corpus)
    return None


def _at(claim: TrueClaim, place: ProvisionId, corpus: Corpus) -> TrueClaim:
    quote, language = quote_of(place, claim.language, corpus)
    return replace(claim, place=place, quote=quote, quote_language=language)


def _no_such_article(claim: TrueClaim, corpus: Corpus, rng: Random) -> TrueClaim:
    version = corpus.version(claim.place.law, claim.place.version or "")
    beyond = max(int(n.split("-")[0]) for n in version.articles) + rng.randint(1, 40)
    return replace(claim, place=ProvisionId(claim.place.law, claim.place.version, str(beyond)))


def _draft(claim: TrueClaim, corpus: Corpus) -> TrueClaim | None:
    if claim.place.law != "frt-measures":
        return None
    for old, successor in corpus.successors.items():
        replaced = claim.place.whole_article in {n.whole_article for n in successor.new}
        if old.law == "frt-draft" and replaced and corpus.find(old.whole_article):
            return _at(claim, old.whole_article, corpus)
    return None


def _draft_for_final(claim: TrueClaim, corpus: Corpus, _rng: Random) -> Mutant | None:
    made = _draft(claim, corpus)
    return Mutant("draft_for_final", claim, made, "authority") if made else None


def _draft_as_today(claim: TrueClaim, corpus: Corpus, _rng: Random) -> TrueClaim | None:
    return _draft(claim, corpus)


def _wrong_version(claim: TrueClaim, corpus: Corpus, _rng: Random) -> Mutant | None:
    """Both texts hold the article; what it is cited for is the law of the other one."""
    versions = corpus.versions(claim.place.law)
    if len(versions) < 2 or claim.place.version != versions[-1].key:
        return None
    old = ProvisionId(claim.place.law, versions[0].key, claim.place.article)
    if corpus.find(old) is None:
        return None
    return Mutant("wrong_version", claim, _at(claim, old, corpus), "authority")


# ------------------------------------------------------------------ the statement


def _said(text: str | None, claim: TrueClaim) -> TrueClaim | None:
    return replace(claim, text=text) if text and text != claim.text else None


_WORDS: Mapping[Language, str] = {
    "en": "two three four five six seven eight nine ten fifteen thirty fourteen sixteen eighteen",
    "zh": "两 二 三 四 五 六 七 八 九 十 十五 三十 十四 十六 十八",
    "fr": "deux trois quatre cinq six sept huit neuf dix quinze trente quatorze seize",
}
_FIGURE: Mapping[Language, re.Pattern[str]] = {
    "en": re.compile(rf"\b(?:\d[\d,.]*\d|\d|{_WORDS['en'].replace(' ', '|')})\b"),
    "zh": re.compile(r"\d[\d,.]*|[一二三四五六七八九十百千]+(?=[万年月日天倍个周元岁小次])"),
    "fr": re.compile(rf"\b(?:\d[\d\u202f .,]*\d|\d|{_WORDS['fr'].replace(' ', '|')})\b"),
}
FigureUnit = Literal["number", "date", "amount"]


def _figure(unit: FigureUnit) -> Callable[[TrueClaim, Corpus, Random], TrueClaim | None]:
    """A figure of the statement changed so that the article has no such quantity."""

    def change(claim: TrueClaim, corpus: Corpus, rng: Random) -> TrueClaim | None:
        held = _held(corpus, claim.place.whole_article)
        before = quantities(claim.text)
        options = []
        for match in _FIGURE[claim.language].finditer(claim.text):
            for new in _other_figures(match[0], claim.language):
                text = claim.text[: match.start()] + new + claim.text[match.end() :]
                after = quantities(text)
                fresh = after - before
                if not fresh or fresh & held or not before - after:
                    continue
                if {_unit(q.unit) for q in fresh} == {unit}:
                    options.append(text)
        return _said(rng.choice(options), claim) if options else None

    return change


def _unit(name: str) -> FigureUnit:
    return {"date": "date", "yuan": "amount"}.get(name, "number")  # type: ignore[return-value]


def _other_figures(written: str, language: Language) -> list[str]:
    words = _WORDS[language].split()
    plain = re.sub(r"[,\u202f ]", "", written)
    if not re.fullmatch(r"\d+(?:\.\d+)?", plain):
        return [w for w in words if w != written]
    value = int(float(plain))
    others = {value * 10, value * 2, value + 1, value + 5, max(1, value // 2), max(1, value // 10)} - {value}
    return [f"{v:,}" if "," in written else str(v) for v in sorted(others)]


def _held(corpus: Corpus, place: ProvisionId) -> frozenset[Quantity]:
    article = corpus.provision(place)
    return frozenset(q for text in (article.text_en, article.text_zh) if text for q in quantities(text))


def _negation(claim: TrueClaim, _corpus: Corpus, rng: Random) -> TrueClaim | None:
    return _said(rewrite(claim.text, claim.language, NEGATIONS, rng), claim)


def _modality(claim: TrueClaim, _corpus: Corpus, rng: Random) -> TrueClaim | None:
    return _said(rewrite(claim.text, claim.language, MODALITIES, rng), claim)


def _exception(claim: TrueClaim, _corpus: Corpus, rng: Random) -> TrueClaim | None:
    return _said(without_exception(claim.text, claim.language, rng), claim)


def _actor(claim: TrueClaim, _corpus: Corpus, rng: Random) -> TrueClaim | None:
    return _said(other_actor(claim.text, claim.language, rng), claim)


@cache
def added_facts() -> Mapping[Language, tuple[str, ...]]:
    read: dict[Language, list[str]] = read_yaml(Path(__file__).with_name("added_facts.yaml"), dict[Language, list[str]])
    return {language: tuple(facts) for language, facts in read.items()}


def _added_fact(claim: TrueClaim, _corpus: Corpus, rng: Random) -> TrueClaim | None:
    end = "。" if claim.language == "zh" else "."
    return _said(claim.text.rstrip("。.；; ") + rng.choice(added_facts()[claim.language]) + end, claim)


# ------------------------------------------------------------------ the quotation

_FORGED = {
    "en": (
        "The personal information handler may do so without informing the individual.",
        "A fine of not more than CNY 3,000,000 shall be imposed.",
        "The consent of the employee is not required in the workplace.",
        "Facial recognition technology may be used wherever it is convenient.",
    ),
    "zh": (
        "个人信息处理者可以不告知个人。",
        "处三百万元以下罚款。",
        "在工作场所无需取得员工同意。",
        "为了方便，可以使用人脸识别技术。",
    ),
}


def _forged_quote(claim: TrueClaim, _corpus: Corpus, rng: Random) -> TrueClaim | None:
    return replace(claim, quote=rng.choice(_FORGED[claim.quote_language]))


def _one_character(claim: TrueClaim, _corpus: Corpus, rng: Random) -> TrueClaim | None:
    at = rng.choice([i for i, c in enumerate(claim.quote) if c.isalnum()])
    new = rng.choice([c for c in ("aeiorst" if claim.quote_language == "en" else "不可应得有") if c != claim.quote[at]])
    return replace(claim, quote=claim.quote[:at] + new + claim.quote[at + 1 :])


def _neighbours_quote(claim: TrueClaim, corpus: Corpus, _rng: Random) -> TrueClaim | None:
    version = corpus.version(claim.place.law, claim.place.version or "")
    articles = [a.id for a in corpus.articles(version)]
    at = articles.index(claim.place.whole_article)
    near = articles[at + 1] if at + 1 < len(articles) else articles[at - 1]
    quote, language = quote_of(near, claim.language, corpus)
    return replace(claim, quote=quote, quote_language=language) if near != claim.place.whole_article else None


_MAKERS: Mapping[str, Callable[[TrueClaim, Corpus, Random], TrueClaim | Mutant | None]] = {
    "wrong_article": _wrong_article,
    "no_such_article": _no_such_article,
    "wrong_law": _wrong_law,
    "draft_for_final": _draft_for_final,
    "draft_as_today": _draft_as_today,
    "wrong_version": _wrong_version,
    "number": _figure("number"),
    "date": _figure("date"),
    "amount": _figure("amount"),
    "negation": _negation,
    "modality": _modality,
    "exception": _exception,
    "added_fact": _added_fact,
    "actor": _actor,
    "forged_quote": _forged_quote,
    "one_character": _one_character,
    "neighbours_quote": _neighbours_quote,
}
