"""True statements with the place that each of them cites, over the whole corpus: what the gate is measured on.

Four styles are freer and freer wordings of the law: `verbatim` (a sentence of the provision), `gist` (the editors' line), and the
hand-written `summary`, `lawyer` and `plain` of `eval/claims`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from eval.split import Split, half_of
from kb.corpus import Corpus
from kb.corpus_files import read_yaml
from kb.ids import ProvisionId
from kb.model import LANGUAGES, Language
from kb.text import sentences

FOLDER = Path(__file__).parent / "claims"
Style = Literal["verbatim", "gist", "summary", "lawyer", "plain"]
MIN_CHARS, MAX_CHARS = {"en": 45, "zh": 14, "fr": 45}, {"en": 420, "zh": 140, "fr": 450}


class WrittenClaim(BaseModel):
    """A sentence that follows from one provision alone, in words that are neither those of the law nor those of its guide."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    id: str
    cites: str
    style: Literal["plain", "lawyer", "summary"]
    text: str


@dataclass(frozen=True, slots=True)
class TrueClaim:
    """A statement, the place that bears it out, and words of that place as its quotation."""

    id: str
    language: Language
    style: Style
    place: ProvisionId
    text: str
    quote: str
    quote_language: Literal["en", "zh"]


def written_claims(language: Language) -> list[WrittenClaim]:
    """The hand-written claims of a language; CorpusError names the line of one that cannot be read."""
    claims: list[WrittenClaim] = read_yaml(FOLDER / f"{language}.yaml", list[WrittenClaim])
    return claims


def true_claims(corpus: Corpus, half: Split) -> list[TrueClaim]:
    """Every true statement about the articles of a half, in a fixed order.

    Of texts that are not in force, the lines of the Draft's guide alone: they say in their words that it is a draft. A sentence of a
    former text, said as if it were of today, is no true statement.
    """
    found: list[TrueClaim] = []
    for language in LANGUAGES:
        for claim in written_claims(language):
            place = ProvisionId.parse(claim.cites)
            if half_of(place, corpus) == half:
                found.append(_claim(claim.id, language, claim.style, place, claim.text, corpus))
    for article in corpus.all_articles():
        law = corpus.laws[article.id.law]
        current = article.id.version == corpus.versions(law.slug)[-1].key
        if half_of(article.id, corpus) != half or not current:
            continue
        if article.gist:
            for language in LANGUAGES:
                found.append(
                    _claim(
                        f"{article.id}#gist.{language}", language, "gist", article.id, article.gist[language], corpus
                    )
                )
        for line in article.lines if law.binding else ():
            if line.item is not None:
                continue
            place = ProvisionId(article.id.law, article.id.version, article.id.article, line.paragraph)
            canonical = corpus.provision(place).id
            for held in ("en", "zh"):
                text = line.text(held)
                for number, (start, end) in enumerate(sentences(text) if text else ()):
                    sentence = (text or "")[start:end].strip()
                    if MIN_CHARS[held] <= len(sentence) <= MAX_CHARS[held] and sentence[-1] in ".。":
                        name = f"{canonical}#{number}.{held}"
                        found.append(_claim(name, held, "verbatim", canonical, sentence, corpus))
    return found


def _claim(name: str, language: Language, style: Style, place: ProvisionId, text: str, corpus: Corpus) -> TrueClaim:
    quote, held = quote_of(place, language, corpus)
    return TrueClaim(name, language, style, place, text, quote, held)


def quote_of(place: ProvisionId, language: Language, corpus: Corpus) -> tuple[str, Literal["en", "zh"]]:
    """Words of a place to quote: its whole text, Chinese under a Chinese statement where it is held."""
    provision = corpus.provision(place)
    if language == "zh" and provision.text_zh is not None:
        return provision.text_zh, "zh"
    if provision.text_en is not None:
        return provision.text_en, "en"
    return provision.text_zh or "", "zh"
