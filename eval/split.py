"""Which half of the law a measurement may learn from, and which half it is measured on.

Every article belongs to one half for good: thresholds, weights and trained parts are set on "dev" articles alone, figures are
published for "test" articles. An article of a former text goes with the article that replaced it, so that a rule and its
predecessor are never on both sides.
"""

from __future__ import annotations

import hashlib
from typing import Literal

from kb.corpus import Corpus
from kb.ids import ProvisionId

Split = Literal["dev", "test"]
SALT = 1239
"""Chosen once, so that the Measures, the PIPL and their most asked articles fall evenly, and most of the questions on which
thresholds had been set before into "dev"."""


def half_of(place: ProvisionId, corpus: Corpus) -> Split:
    """The half to which the article of a place belongs."""
    successor = corpus.successor(place.whole_article)
    article = successor.new[0] if successor and successor.new else place
    return _half(f"{article.law}/{article.article}")


def half_of_name(name: str) -> Split:
    """The half of what is no article: a record, a document, a kind of refusal."""
    return _half(name)


def _half(name: str) -> Split:
    return "test" if hashlib.sha256(f"{SALT}:{name}".encode()).digest()[0] % 2 else "dev"
