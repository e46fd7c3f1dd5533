"""Pairs (premise, statement, whether it is borne out) for training the measure of support.

From the development half of the corpus: sentences of the law, items with their lead, the editors' lines and the parts of them, the reasons
in scenarios, the hand-written claims and twins; each as it is and said otherwise, falsified, and beside the words of other articles. Besides, sentences
of Chinese laws that are not in the corpus. No article of the test half is used.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from pydantic import BaseModel, ConfigDict, Field

from eval.mutations import added_facts
from eval.split import half_of
from eval.training_changes import CHANGES, said_otherwise
from eval.true_claims import FOLDER, written_claims
from kb.corpus import Corpus
from kb.corpus_files import read_yaml
from kb.dataset import chinese_articles, held_texts
from kb.errors import DataPackageError
from kb.ids import ProvisionId
from kb.model import LANGUAGES, Language
from kb.premise import BUDGET, condensed, premise
from kb.text import sentences

OUTSIDE_SENTENCES = 6_500
ROUNDS = {"claim": 10, "gist": 6, "piece": 3, "reason": 4, "sentence": 3, "item": 1}
"""How often a true statement of each kind is used, each time in other words."""


@dataclass(frozen=True, slots=True)
class Pair:
    """`kind` says how the statement was made; `original` that it is a true statement as somebody wrote it; `article` whose words
    the premise is, None outside the corpus."""

    premise: str
    statement: str
    borne_out: bool
    kind: str
    language: Language
    original: bool = False
    article: str | None = None


class Twin(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    cites: str
    language: Language
    text: str
    false: list[str] = Field(alias="false")


@dataclass(frozen=True, slots=True)
class _True:
    place: ProvisionId
    text: str
    language: Language
    kind: str


def _twins() -> list[Twin]:
    twins: list[Twin] = read_yaml(FOLDER / "twins.yaml", list[Twin])
    return twins


def _true_statements(corpus: Corpus) -> Iterator[_True]:
    """Every true statement about an article of the development half."""
    for language in LANGUAGES:
        for claim in written_claims(language):
            yield _True(ProvisionId.parse(claim.cites), claim.text, language, "claim")
    for twin in _twins():
        yield _True(ProvisionId.parse(twin.cites), twin.text, twin.language, "claim")
    for scenario in corpus.scenarios:
        for step in scenario.steps:
            for language in LANGUAGES:
                yield _True(step.id, step.why[language], language, "reason")
    for article in corpus.all_articles():
        for language in LANGUAGES if article.gist else ():
            gist = article.gist[language] if article.gist else ""
            yield _True(article.id, gist, language, "gist")
            parts = [p.strip(" ,，。.") for p in re.split(r"[；;]|，并(?=要|应|可|不)", gist)]
            for part in parts if len(parts) > 1 else ():
                if len(part) > (10 if language == "zh" else 35):
                    yield _True(
                        article.id, part[:1].upper() + part[1:] + ("。" if language == "zh" else "."), language, "piece"
                    )
        for line in article.lines:
            place = ProvisionId(article.id.law, article.id.version, article.id.article, line.paragraph, line.item)
            found = corpus.find(place)
            for held in ("en", "zh"):
                text = line.text(held)
                if text is None or found is None:
                    continue
                for start, end in sentences(text) if line.item is None else ():
                    if end - start > 12:
                        yield _True(found.id, text[start:end].strip(), held, "sentence")


def training_pairs(corpus: Corpus, seed: int = 7) -> list[Pair]:
    """All pairs, in a fixed order for a seed."""
    rng = Random(seed)
    true = [t for t in _true_statements(corpus) if half_of(t.place, corpus) == "dev"]
    articles = [a.id for a in corpus.all_articles() if half_of(a.id, corpus) == "dev"]
    by_law: defaultdict[tuple[str, str | None], list[ProvisionId]] = defaultdict(list)
    for place in articles:
        by_law[place.law, place.version].append(place)
    found: list[Pair] = []
    for t in true:
        same = [p for p in by_law[t.place.law, t.place.version] if p != t.place.whole_article]
        for number in range(ROUNDS[t.kind]):
            text = said_otherwise(t.text, t.language, rng) if number and rng.random() < 0.6 else t.text
            found.append(_pair(t.place, text, True, t.kind, t.language, corpus, rng, original=number == 0))
            found += _falsified(t, text, corpus, rng)
            elsewhere = [rng.choice(same)] if same else []
            elsewhere += [rng.choice(articles)] if number % 2 == 0 else []
            for place in elsewhere:
                found.append(_pair(place, text, False, "elsewhere", t.language, corpus, rng))
    for twin in _twins():
        for text in twin.false:
            found += [_pair(ProvisionId.parse(twin.cites), text, False, "twin", twin.language, corpus, rng)] * 4
    return [*found, *_outside(corpus, rng)]


def _falsified(t: _True, text: str, corpus: Corpus, rng: Random) -> Iterator[Pair]:
    most = 5 if t.kind in ("claim", "gist") else 3
    made = [(change.__name__, m) for change in CHANGES if (m := change(text, t.language, rng)) and m != text]
    end = "。" if t.language == "zh" else "."
    made.append(("added_fact", text.rstrip("。.；; ") + rng.choice(added_facts()[t.language]) + end))
    for kind, statement in made[:3] + rng.sample(made[3:], min(len(made[3:]), most - 3)):
        yield _pair(t.place, statement, False, kind, t.language, corpus, rng)


def _pair(
    place: ProvisionId,
    text: str,
    borne_out: bool,
    kind: str,
    language: Language,
    corpus: Corpus,
    rng: Random,
    original: bool = False,
) -> Pair:
    """With the words of a place, now and then in the other language, as the gate would compare them."""
    read_as: Language = language if rng.random() < 0.8 else "en" if language == "zh" else "zh"
    words = premise(place, text, read_as, corpus)
    return Pair(words, text, borne_out, kind, language, original, f"{place.law}/{place.article}")


def _outside(corpus: Corpus, rng: Random) -> Iterator[Pair]:
    """Sentences of Chinese laws of the data package that the corpus does not hold."""
    held = {law.title.zh for law in corpus.laws.values()}
    texts = [t for t in held_texts() if t.title not in held]
    rng.shuffle(texts)
    count = 0
    for text in texts:
        try:
            articles = chinese_articles(text.title, text.version_date)
        except DataPackageError:
            continue
        whole = ["\n".join(a.lines) for a in articles if 20 < sum(map(len, a.lines)) < 420]
        for words in rng.sample(whole, min(60, len(whole))) if len(whole) > 5 else ():
            spans = [words[a:b].strip() for a, b in sentences(words)]
            usable = [s for s in spans if 8 < len(s) <= 150]
            if not usable:
                continue
            said = said_otherwise(rng.choice(usable), "zh", rng)
            yield Pair(condensed(words, said, BUDGET["zh"]), said, True, "outside", "zh")
            made = [m for change in CHANGES if (m := change(said, "zh", rng)) and m != said]
            for statement in made[:3]:
                yield Pair(condensed(words, statement, BUDGET["zh"]), statement, False, "outside", "zh")
            other = rng.choice(whole)
            if other != words:
                yield Pair(condensed(other, said, BUDGET["zh"]), said, False, "outside", "zh")
            count += 1
        if count >= OUTSIDE_SENTENCES:
            return
