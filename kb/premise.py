"""What a statement is compared with: the words of the place that it cites, in the language that is nearest to it."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

from kb.corpus import Corpus
from kb.ids import FactId, PassageId, ProvisionId, SourceId
from kb.likeness import content_words
from kb.model import Language, Line

BUDGET: dict[str, int] = {"en": 1_000, "zh": 330}
"""Characters of a premise, some 220 tokens; of a longer place the sentences nearest to the statement are kept."""
_SENTENCE = re.compile(r"[^。；;.\n]+(?:[。；;\n]|\.(?!\d)|$)\s*")


def premise(place: SourceId, statement: str, language: Language, corpus: Corpus) -> str:
    """The text at a place, an item with the line that leads in to it; Chinese for a Chinese statement where it is held."""
    if isinstance(place, PassageId):
        return condensed(corpus.passage(place).text, statement, BUDGET["en"])
    if isinstance(place, FactId):
        return corpus.fact(place).text[language]
    lines = _lines(place, corpus)
    first: Literal["en", "zh"] = "zh" if language == "zh" else "en"
    second: Literal["en", "zh"] = "en" if language == "zh" else "zh"
    held = first if all(line.text(first) for line in lines) else second
    text = "\n".join(line.text(held) or "" for line in lines)
    return condensed(text, statement, BUDGET[held])


def _lines(place: ProvisionId, corpus: Corpus) -> tuple[Line, ...]:
    lines = corpus.provision(place).lines
    if not place.item:
        return lines
    article = corpus.provision(place.whole_article)
    return (*(x for x in article.lines if x.paragraph == lines[0].paragraph and x.item is None), *lines)


@lru_cache(maxsize=4_096)
def condensed(text: str, statement: str, budget: int) -> str:
    """The text where it fits; else its sentences that share most words with the statement, in their order."""
    if len(text) <= budget:
        return text
    words = content_words(statement)
    parts = _SENTENCE.findall(text)
    order = sorted(range(len(parts)), key=lambda i: (-len(words & content_words(parts[i])), i))
    kept: list[int] = []
    used = 0
    for number in order:
        if kept and used + len(parts[number]) > budget:
            continue
        kept.append(number)
        used += len(parts[number])
    return "".join(parts[number] for number in sorted(kept))[: budget + 400].strip()
