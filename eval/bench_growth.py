"""A corpus grown many times over, without an encoding: every law again under other names, with vectors near those of its original.

The copies are held, dated and guided like their originals, so that a search meets the same kinds of units, only more of them.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from kb import vectors
from kb.corpus import Corpus
from kb.corpus_load import load_corpus
from kb.encoder import encoder_name, load_encoder
from kb.index_build import ensure_index
from kb.model import Language, Law, Provision, Trilingual
from kb.retrieve import LawRetriever
from kb.settings import Settings
from kb.units import build_units

if TYPE_CHECKING:
    from numpy.typing import NDArray

NOISE = 0.35
"""Length of the random part beside a vector of length 1: a cosine of about 0.94 with the original, as neighbours in the law have."""
SEED = 20261122


def _marked(text: Trilingual, mark: str) -> Trilingual:
    return replace(text, **{language: f"{text[language]} {mark}" for language in get_args(Language)})


def _again(law: Law, copy: int) -> Law:
    mark = f"No. {copy}"
    names = {language: tuple(f"{name} {mark}" for name in of) for language, of in law.aliases.items()}
    return replace(
        law,
        slug=f"{law.slug}-x{copy}",
        title=_marked(law.title, mark),
        short=_marked(law.short, mark),
        aliases=names,
    )


def _article_again(article: Provision, copy: int) -> Provision:
    mark = f"({copy})"
    asks = {language: tuple(f"{ask} {mark}" for ask in of) for language, of in article.asks.items()}
    gist = _marked(article.gist, mark) if article.gist else None
    return replace(article, id=replace(article.id, law=f"{article.id.law}-x{copy}"), gist=gist, asks=asks)


def copies(corpus: Corpus, times: int) -> int:
    """How often every law must be held so that there are about `times` times the units: documents and records do not grow."""
    units = build_units(corpus)
    laws = sum(unit.group in ("law", "draft") for unit in units)
    return round((times * len(units) - (len(units) - laws)) / laws)


def grown(corpus: Corpus, times: int) -> Corpus:
    """The corpus with every law held `times` times."""
    laws, versions, articles = dict(corpus.laws), dict(corpus.versions_by_law), dict(corpus.articles_by_version)
    for copy in range(2, times + 1):
        for slug, law in corpus.laws.items():
            laws[f"{slug}-x{copy}"] = _again(law, copy)
            versions[f"{slug}-x{copy}"] = tuple(
                replace(version, law=f"{slug}-x{copy}") for version in corpus.versions_by_law[slug]
            )
        for (slug, key), held in corpus.articles_by_version.items():
            articles[f"{slug}-x{copy}", key] = {n: _article_again(a, copy) for n, a in held.items()}
    return replace(corpus, laws=laws, versions_by_law=versions, articles_by_version=articles)


def write_grown_vectors(base: Corpus, more: Corpus, settings: Settings, home: Path) -> int:
    """Vectors of every unit of the grown corpus, so that its build embeds nothing; the number of units."""
    file = vectors.file_name(encoder_name(settings))
    known = vectors.read_vectors([folder / "vectors" / file for folder in (base.root, settings.home)])
    original = {unit.id: known[vectors.key_of(unit.text, unit.prompt)] for unit in build_units(base)}
    drawn = np.random.default_rng(SEED)
    found: dict[bytes, NDArray[np.float32]] = {}
    units = build_units(more)
    for unit in units:
        key = vectors.key_of(unit.text, unit.prompt)
        vector = original.get(unit.id)
        if vector is None:
            slug, at, rest = unit.id.partition("@")
            vector = _near(original[slug.rpartition("-x")[0] + at + rest], drawn)
        found.setdefault(key, vector)
    vectors.write_vectors(home / "vectors" / file, list(found), found)
    return len(units)


def _near(vector: NDArray[np.float32], drawn: np.random.Generator) -> NDArray[np.float32]:
    noise = drawn.standard_normal(len(vector)).astype(np.float32) * (NOISE / np.sqrt(len(vector)))
    moved = vector + noise
    return np.asarray(moved / np.linalg.norm(moved), np.float32)


def questions(count: int) -> Sequence[Any]:
    """So many of the dev questions, evenly taken."""
    from eval.cases import all_cases

    asked = [case for case in all_cases() if case.split == "dev"]
    return asked[:: max(1, len(asked) // count)][:count]


def search_times(times: int, count: int) -> dict[str, Any]:
    """Milliseconds of a search (`LawRetriever.find`, its question encoded before) for each question, at so many times the units."""
    settings = Settings()
    encoder = load_encoder(settings)
    base = load_corpus(settings.corpus, local=settings.local)
    more = grown(base, copies(base, times))
    with tempfile.TemporaryDirectory(prefix="kb-growth-") as folder:
        home = Path(folder)
        units = write_grown_vectors(base, more, settings, home)
        index, report = ensure_index(more, settings.model_copy(update={"home": home}), lambda: encoder)
        retriever = LawRetriever(corpus=more, index=index, load_encoder=lambda: encoder)
        took = []
        for turn, case in enumerate([*questions(5), *questions(count)]):
            vector = retriever.encode(case.question)
            started = time.perf_counter()
            retriever.find(case.question, case.language, case.on, vector=vector)
            if turn >= 5:
                took.append((time.perf_counter() - started) * 1000)
    return {"units": units, "embedded": report.embedded, "ms": took}
