"""Mutations of true quotations: the checker verifies every true one and none of the false ones.

A seeded sample of lines of every law in force, in both languages, is quoted with its citation; then one thing in the
sentence is changed. Whether the changed words by chance stand in the place cited is told by a definition of its own
(`stands`), not by the code under test. `pytest -s` prints the outcomes.
"""

from __future__ import annotations

import random
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import pytest
from conftest import TODAY

from kb.check import check_text
from kb.citation import format_citation
from kb.corpus import Corpus
from kb.ids import ProvisionId
from kb.model import Line

Lang = Literal["en", "zh"]
LANGUAGES: tuple[Lang, ...] = ("en", "zh")
LINES_A_LAW_AND_LANGUAGE = 34
TEMPLATES: dict[Lang, tuple[str, ...]] = {
    "en": (
        "{place} provides: “{words}”.",
        "As the law has it, “{words}” ({place}).",
        'We read in {place} that "{words}".',
        "Look at {place}. It says “{words}”.",
        "See {place}:\n\n> {words}\n",
    ),
    "zh": (
        "{place}规定：“{words}”。",
        "法律要求“{words}”（{place}）。",
        "依照{place}，「{words}」。",
        '根据{place}的规定，"{words}"。',
        "{place}：\n\n> {words}\n",
    ),
}
FORGED: dict[Lang, tuple[str, ...]] = {
    "en": (
        "A handler that relies on facial recognition shall obtain a licence before the first scan.",
        "Consent once given in writing cannot be withdrawn during the term of the contract.",
        "Images of faces shall be kept for at least seven years and handed over on request.",
    ),
    "zh": (
        "使用人脸识别技术的单位应当在首次采集前取得经营许可证。",
        "书面同意一经作出，在合同期限内不得撤回。",
        "人脸图像应当至少保存七年，并根据要求移交。",
    ),
}
NEGATIONS: dict[Lang, tuple[str, ...]] = {
    "en": ("not", "no", "never", "neither", "nor", "without", "unless", "cannot", "non"),
    "zh": ("不", "不得", "不应", "不能", "不可", "未", "无", "非", "禁止", "没有", "除非"),
}
MODALS = ("shall", "may", "must", "can", "will", "is", "are", "does", "do")


@dataclass(frozen=True)
class Quote:
    """Words of a line, cut from it at [start, end), with a place whose text holds them and a frame for the sentence."""

    language: Lang
    place: ProvisionId
    line: str
    start: int
    end: int
    frame: str

    @property
    def words(self) -> str:
        return self.line[self.start : self.end]


def squeezed(text: str) -> str:
    """The letters, digits and marks of a text, without white space, case, width and the form of quote marks and dashes."""
    plain = re.sub(r"[‘’]", "'", re.sub(r"[“”「」『』]", '"', re.sub(r"[–—]", "-", text)))
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", plain)).lower()


def stands(words: str, text: str) -> bool:
    return squeezed(words).strip(".,;:。，；：") in squeezed(text)


def text_at(corpus: Corpus, place: ProvisionId, language: Lang) -> str:
    return corpus.provision(place).text(language) or ""


def sentence(corpus: Corpus, quote: Quote, words: str | None = None, place: ProvisionId | None = None) -> str:
    cited = place or quote.place
    return quote.frame.format(
        place=format_citation(cited, corpus.laws[cited.law], quote.language), words=words or quote.words
    )


def verdicts(corpus: Corpus, text: str) -> list[str]:
    return [c.verdict for c in check_text(text, corpus, TODAY).citations]


# ------------------------------------------------------------------ the sample


def windows(line: str, language: Lang, rng: random.Random) -> Iterator[tuple[int, int]]:
    """Random stretches of 8 to 40 words, or of 12 to 40 Chinese characters, from border to border."""
    borders = [(m.start(), m.end()) for m in re.finditer(r"\S+" if language == "en" else r"[\u4e00-\u9fff]", line)]
    least = 8 if language == "en" else 12
    for _ in range(30 if len(borders) >= least else 0):
        length = rng.randint(least, min(40, len(borders)))
        first = rng.randint(0, len(borders) - length)
        yield borders[first][0], borders[first + length - 1][1]


def beside_negation(line: str, start: int, end: int, language: Lang) -> bool:
    before, words, behind = line[:start].rstrip(), line[start:end], line[end:].lstrip()
    if language == "zh":
        return before.endswith(NEGATIONS["zh"])
    last, following = words.split()[-1].lower(), (re.findall(r"\w+", behind) or [""])[0].lower()
    previous = (re.findall(r"\w+", before) or [""])[-1].lower()
    return previous in NEGATIONS["en"] or (last in MODALS and following in ("not", "never", "neither", "no"))


def sample(corpus: Corpus) -> list[Quote]:
    rng = random.Random(20261122)
    quotes: list[Quote] = []
    for slug, law in corpus.laws.items():
        version = corpus.in_force(slug, TODAY)
        if law.kind == "draft" or version is None:
            continue
        lines = [(article.id, line) for article in corpus.articles(version) for line in article.lines]
        for language in LANGUAGES:
            kept: list[Quote] = []
            for article, line in rng.sample(lines, len(lines)):
                quote = quoted(corpus, article, line, language, rng, len(kept))
                kept += [quote] if quote else []
                if len(kept) == LINES_A_LAW_AND_LANGUAGE:
                    break
            quotes += kept
    return quotes


def quoted(
    corpus: Corpus, article: ProvisionId, line: Line, language: Lang, rng: random.Random, n: int
) -> Quote | None:
    text = line.text(language)
    if text is None:
        return None
    narrow = corpus.provision(replace(article, paragraph=line.paragraph, item=line.item)).id
    frame = TEMPLATES[language][n % len(TEMPLATES[language])]
    for start, end in windows(text, language, rng):
        words = text[start:end]
        if not re.search(r"[“”\"「」『』‘’\[\]…]", words) and not beside_negation(text, start, end, language):
            return Quote(language, rng.choice((article, narrow)), text, start, end, frame)
    return None


@pytest.fixture(scope="module")
def quotes(corpus: Corpus) -> list[Quote]:
    return sample(corpus)


# ------------------------------------------------------------------ mutations of the words quoted

Mutation = Callable[[Quote, random.Random], str | None]


def character(quote: Quote, rng: random.Random) -> str | None:
    pattern, others = (
        (r"[A-Za-z]", "abcdefghijklmnopqrstuvwxyz") if quote.language == "en" else (r"[\u4e00-\u9fff]", "海山木石竹")
    )
    at = rng.choice([m.start() for m in re.finditer(pattern, quote.words)])
    other = rng.choice([c for c in others if c != quote.words[at].lower()])
    return quote.words[:at] + other + quote.words[at + 1 :]


def character_dropped(quote: Quote, rng: random.Random) -> str | None:
    inner = [m.start() for m in re.finditer(r"(?<=\w)\w(?=\w)", quote.words)]
    at = rng.choice(inner) if inner else None
    return quote.words[:at] + quote.words[at + 1 :] if at is not None else None


def numeral(quote: Quote, rng: random.Random) -> str | None:
    """Another digit or numeral: 3 → 4, three → four, 十 → 九."""
    english = ["one", "two", "three", "four", "five", "six", "seven", "ten", "twelve", "fifteen", "thirty", "fifty"]
    chinese = "一二三四五六七八九十百千万"
    pattern = r"\d|\b(?:" + "|".join(english) + r")\b" if quote.language == "en" else f"[0-9{chinese}]"
    found = list(re.finditer(pattern, quote.words, re.IGNORECASE))
    if not found:
        return None
    one = rng.choice(found)
    order: Sequence[str] = "0123456789" if one[0].isdecimal() else english if quote.language == "en" else chinese
    other = order[order.index(one[0].lower()) - 1]
    return quote.words[: one.start()] + other + quote.words[one.end() :]


def swapped(pairs: dict[Lang, tuple[tuple[str, str], ...]]) -> Mutation:
    """One occurrence of one of the patterns replaced."""

    def mutate(quote: Quote, rng: random.Random) -> str | None:
        found = [(m, new) for old, new in pairs[quote.language] for m in re.finditer(old, quote.words)]
        if not found:
            return None
        one, new = rng.choice(found)
        return quote.words[: one.start()] + one.expand(new) + quote.words[one.end() :]

    return mutate


negation_dropped = swapped(
    {
        "en": (
            (r"\b(shall|may|must|is|are|do|does|can|has|have) not\b", r"\1"),
            (r"\bcannot\b", "can"),
            (r"\bwithout\b", "with"),
            (r"\bnot (?=\w)", ""),
        ),
        "zh": (
            ("不得", "可以"),
            ("不得", "应当"),
            ("不(?=[\u4e00-\u9fff])", ""),
            ("未经", "经"),
            ("禁止", "允许"),
            ("无(?=[\u4e00-\u9fff])", ""),
        ),
    }
)
negation_added = swapped(
    {
        "en": ((r"\b(shall|may|must|is|are|does|do|can)\b(?! not)(?= \w)", r"\1 not"), (r"\bwith\b(?= \w)", "without")),
        "zh": (
            ("应当|可以", "不得"),
            ("(?<!不)应当", "不应当"),
            ("同意", "不同意"),
            ("(?<!不)符合", "不符合"),
            ("必须", "不必"),
        ),
    }
)
modal = swapped(
    {
        "en": (
            (r"\bshall\b(?= \w)", "may"),
            (r"\bmay\b(?= \w)", "shall"),
            (r"\bmust\b(?= \w)", "may"),
            (r"\band\b(?= \w)", "or"),
            (r"\bor\b(?= \w)", "and"),
        ),
        "zh": (("应当", "可以"), ("可以", "应当"), ("或者", "并且"), ("并处", "或者处")),
    }
)


def words_cut(quote: Quote, rng: random.Random) -> str | None:
    """Some words in the middle left out without a mark."""
    if quote.language == "en":
        words = quote.words.split()
        first = rng.randint(2, len(words) - 4)
        return " ".join([*words[:first], *words[first + rng.randint(1, 2) :]])
    first = rng.randint(3, len(quote.words) - 7)
    return quote.words[:first] + quote.words[first + rng.randint(1, 4) :]


WORDS: dict[str, Mutation] = {
    "one character changed": character,
    "one character dropped": character_dropped,
    "numeral changed": numeral,
    "negation dropped": negation_dropped,
    "negation added": negation_added,
    "duty ⇄ power, and ⇄ or": modal,
    "words cut without mark": words_cut,
    "forged sentence": lambda quote, rng: rng.choice(FORGED[quote.language]),
}


# ------------------------------------------------------------------ tests


def test_the_sample_covers_every_law_in_force_in_both_languages(corpus: Corpus, quotes: list[Quote]) -> None:
    held = {
        (slug, language)
        for slug, law in corpus.laws.items()
        if law.kind != "draft" and (version := corpus.in_force(slug, TODAY))
        for language in LANGUAGES
        if any(article.text(language) for article in corpus.articles(version))
    }
    assert len(quotes) >= 400
    assert {(q.place.law, q.language) for q in quotes} == held
    assert "csl@2017-06-01" not in {f"{q.place.law}@{q.place.version}" for q in quotes}


def test_every_true_quotation_is_verified(corpus: Corpus, quotes: list[Quote]) -> None:
    wrong = [(t, v) for q in quotes if (v := verdicts(corpus, t := sentence(corpus, q))) != ["VERIFIED"]]
    print(f"\n{'true quotation':28} {len(quotes):5} sentences, {len(quotes) - len(wrong)} VERIFIED")
    assert not wrong


@pytest.mark.parametrize("name", WORDS)
def test_changed_words_are_never_verified(corpus: Corpus, quotes: list[Quote], name: str) -> None:
    rng, outcome, wrong = random.Random(name), Counter[str](), []
    for quote in quotes:
        words = WORDS[name](quote, rng)
        if words is None:
            continue
        if stands(words, text_at(corpus, quote.place, quote.language)):
            outcome["stands there too"] += 1
            continue
        text = sentence(corpus, quote, words)
        found = verdicts(corpus, text)
        outcome.update(found)
        if found != ["QUOTE_MISMATCH"] and len(corpus.versions(quote.place.law)) == 1:
            wrong.append((text, found))
    print(f"\n{name:28} {dict(outcome)}")
    assert outcome["QUOTE_MISMATCH"] >= 30
    assert outcome["VERIFIED"] == 0
    assert not wrong


def test_the_words_under_another_number_of_the_same_law_are_never_verified(corpus: Corpus, quotes: list[Quote]) -> None:
    rng, outcome = random.Random(1), Counter[str]()
    for quote in quotes:
        law, version = quote.place.law, quote.place.version
        others = [n for n in corpus.articles_by_version[law, version or ""] if n != quote.place.article]
        place = ProvisionId(law, version, rng.choice(others)) if others else None
        if place and not stands(quote.words, text_at(corpus, place, quote.language)):
            outcome.update(verdicts(corpus, sentence(corpus, quote, place=place)))
    print(f"\n{'another article':28} {dict(outcome)}")
    assert sum(outcome.values()) >= 400
    assert outcome["VERIFIED"] == 0


def test_the_words_under_the_same_number_of_another_law_are_never_verified(corpus: Corpus, quotes: list[Quote]) -> None:
    rng, outcome = random.Random(2), Counter[str]()
    standing = [v for slug in corpus.laws if (v := corpus.in_force(slug, TODAY)) and corpus.laws[slug].kind != "draft"]
    for quote in quotes:
        others = [
            ProvisionId(v.law, v.key, quote.place.article)
            for v in standing
            if v.law != quote.place.law and quote.place.article in corpus.articles_by_version[v.law, v.key]
        ]
        place = rng.choice(others) if others else None
        if place and not stands(quote.words, text_at(corpus, place, quote.language)):
            outcome.update(verdicts(corpus, sentence(corpus, quote, place=place)))
    print(f"\n{'another law':28} {dict(outcome)}")
    assert sum(outcome.values()) >= 300
    assert outcome["VERIFIED"] == 0


EXCEPTION: dict[Lang, re.Pattern[str]] = {
    "en": re.compile(r"(?<=\w),? (?:except|unless|save|but|provided that)\b[^,;.]{6,}(?=[,;] \w)"),
    "zh": re.compile(r"，?(?:但是?|除)[^，。；]{4,}(?:除外|以外|外)(?=，[\u4e00-\u9fff])|，?除非[^，。；]{3,}(?=，)"),
}


def articles_in_force(corpus: Corpus) -> Iterator[tuple[Lang, str, str]]:
    """Every article of the law in force: language, citation, text."""
    for slug, law in corpus.laws.items():
        version = corpus.in_force(slug, TODAY)
        for article in corpus.articles(version) if version and law.kind != "draft" else ():
            for language in LANGUAGES:
                if text := article.text(language):
                    yield language, format_citation(article.id, law, language), text


def test_an_exception_cut_from_the_middle_without_a_mark_is_never_verified(corpus: Corpus) -> None:
    outcome = Counter[str]()
    for language, place, text in articles_in_force(corpus):
        for line in text.split("\n"):
            words = EXCEPTION[language].sub("", line)
            if words != line and not re.search(r"[“”\"「」]", line) and not stands(words, text):
                outcome.update(verdicts(corpus, f"{place}: “{words}”."))
    print(f"\n{'exception cut':28} {dict(outcome)}")
    assert sum(outcome.values()) >= 15
    assert outcome["VERIFIED"] == 0


CUTS: dict[Lang, re.Pattern[str]] = {
    "en": re.compile(r"\b(?:(?:shall|may|must) not|without|cannot) (?P<rest>\w+(?: [\w-]+){4,12})"),
    "zh": re.compile(r"(?:不得|未|不)(?P<rest>[\u4e00-\u9fff]{8,30})"),
}


def test_words_that_lost_their_negation_at_the_border_are_never_verified(corpus: Corpus) -> None:
    """“process personal information” of “may not process …”, “shall” of “shall not”: cut there it says the contrary."""
    outcome = Counter[str]()
    for language, place, text in articles_in_force(corpus):
        cut = [found["rest"] for found in CUTS[language].finditer(text)]
        if language == "en":
            cut += re.findall(r"(?:[\w-]+ ){6}(?:shall|may|must)(?= not\b)", text)
        for words in cut:
            if squeezed(text).count(squeezed(words)) == 1:
                outcome.update(verdicts(corpus, f"{place}: “{words}”."))
    print(f"\n{'negation left outside':28} {dict(outcome)}")
    assert sum(outcome.values()) >= 150
    assert outcome["VERIFIED"] == 0
