"""Questions that ask for several things at once: each part is searched by itself too, leaning on the whole.

The law that one part asks for is often far from the whole of a long question, whose words pull it elsewhere. What was tried stands in
`docs/experiments.md`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from kb.cues import ASKS, SANCTION
from kb.ids import ProvisionId
from kb.model import Hit, Language
from kb.retrieve import Found, LawRetriever
from kb.understand import Understanding

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kb.fuse import Ranked

    Part = tuple[str, NDArray[np.float32]]
    """A part of a question, and its vector."""

MAX_PARTS = 5
LEANING = 0.4
"""How much of the vector of a part is that of the whole question: "and what if we say no?" means nothing alone."""
PART_MARGIN = 0.02
"""A part with a lesser margin (see `retrieve.Found`) asks for nothing that the law answers; one with it makes the whole a question of law."""


GENERAL_LAW, GENERAL_LEAD = "pipl", 0.012
"""Its sanctions are for any unlawful processing of personal information: those of other laws are for what is nearer to them by this cosine."""


_AT_ONCE = ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="search-parts")


def asked_parts(understanding: Understanding) -> list[str]:
    """The parts that ask; none of a question of one part, or of one that says where to look."""
    if len(understanding.parts) < 2 or understanding.names_a_source:
        return []
    return [part for part in understanding.parts if ASKS.search(part)][:MAX_PARTS]


def encode_all(texts: Sequence[str], retriever: LawRetriever) -> list[NDArray[np.float32]]:
    """The vectors of texts, each as `LawRetriever.encode` gives it, at the same time where there are processors."""
    return [retriever.encode(texts[0])] if len(texts) == 1 else list(_AT_ONCE.map(retriever.encode, texts))


def search_words(text: str, language: Language, on: date, retriever: LawRetriever) -> Future[Ranked]:
    """What the words of a question find, searched in a thread: while the question is encoded."""
    return _AT_ONCE.submit(retriever.words, text, language, on)


def search_parts(
    parts: Sequence[Part], whole: NDArray[np.float32], understanding: Understanding, retriever: LawRetriever
) -> Callable[[], tuple[Found, ...]]:
    """Begin to search what each part finds in the law of the day, given the vector of the whole question; what is returned waits for it."""

    def search(part: Part) -> Found:
        text, own = part
        mixed = (1 - LEANING) * own + LEANING * whole
        near = np.asarray(mixed / np.linalg.norm(mixed), np.float32)
        return _sanctions_first(
            retriever.find(text, understanding.query.language, understanding.on, (), near), text, retriever
        )

    begun = [_AT_ONCE.submit(search, part) for part in parts]

    def found() -> tuple[Found, ...]:
        return tuple(f for f in (one.result() for one in begun) if f.hits and f.margin >= PART_MARGIN)

    return found


def _sanctions_first(found: Found, part: str, retriever: LawRetriever) -> Found:
    """Of a part that asks what a breach costs, the articles that say so before the others."""
    if not SANCTION.search(part):
        return found
    first = nearest_sanctions(found.hits, retriever)
    return replace(found, hits=(*first, *(h for h in found.hits if h not in first)))


def nearest_sanctions(hits: Iterable[Hit], retriever: LawRetriever) -> list[Hit]:
    """The articles on sanctions among hits, nearest first; those of the law that covers any unlawful processing have a lead."""

    def nearness(hit: Hit) -> float:
        general = isinstance(hit.id, ProvisionId) and hit.id.law == GENERAL_LAW
        return hit.similarity + (GENERAL_LEAD if general else 0.0)

    held = (h for h in hits if isinstance(h.id, ProvisionId) and h.id.whole_article in retriever.sanctions)
    return sorted(held, key=nearness, reverse=True)
