"""Shared fixtures: the shipped corpus, a tiny corpus of two laws in two versions, and encoders.

The tiny corpus is written to a temporary folder, so that a test can break a file of it. `HashEncoder` turns words into
vectors without a model: texts that share words are near. Tests marked `model` use the real encoder; everything built
for them is kept in `.kb/` at the root of the repository (or in KB_HOME), so that a second run is quick.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import hypothesis
import numpy as np
import pytest

from kb.assistant import Assistant
from kb.corpus import Corpus
from kb.corpus_load import load_corpus, write_lock
from kb.encoder import Encoder, load_encoder
from kb.settings import Settings
from kb.text import detect_language, tokens

# Saved examples are indices into the corpus: they mean something else, or nothing, once it has changed. The same
# examples are tried on every run, so that a run can be repeated.
hypothesis.settings.register_profile("corpus", database=None, derandomize=True)
hypothesis.settings.load_profile("corpus")

ROOT = Path(__file__).resolve().parent.parent
TODAY = date(2026, 11, 22)
"""The date of every test that asks about today: the corpus says how things stood on this day."""


@pytest.fixture(scope="session")
def corpus() -> Corpus:
    """The shipped corpus."""
    return load_corpus(ROOT / "corpus")


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings for tests with the real encoder; the laws that a developer added for themselves stay out, their records too."""
    home = Path(os.environ.get("KB_HOME", ROOT / ".kb"))
    records = f"sqlite:///{tmp_path_factory.mktemp('records') / 'records.db'}"
    return Settings(home=home, corpus=ROOT / "corpus", local=home / "no-local-corpus", database_url=records)


@pytest.fixture(scope="session")
def encoder(settings: Settings) -> Encoder:
    return load_encoder(settings)


@pytest.fixture(scope="session")
def assistant(settings: Settings, encoder: Encoder) -> Assistant:
    """The assistant as shipped: whole corpus, real encoder, real Chroma."""
    return Assistant.open(settings, encoder=encoder)


class HashEncoder:
    """Words to vectors by hashing: quick, the same everywhere, no model. Counts the texts that it embeds."""

    name = "hash"
    dimension = 64

    def __init__(self) -> None:
        self.embedded: list[str] = []

    def _vectors(self, texts: Sequence[str]) -> Any:
        rows = np.zeros((len(texts), self.dimension), np.float32)
        for row, text in enumerate(texts):
            rows[row, 0] = 0.1
            for token in tokens(text, detect_language(text)):
                rows[row, int.from_bytes(hashlib.sha256(token.encode()).digest()[:4], "big") % self.dimension] += 1
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    def encode_queries(self, texts: Sequence[str]) -> Any:
        self.embedded += texts
        return self._vectors(texts)

    def encode_passages(self, texts: Sequence[str], progress: Any = None) -> Any:
        self.embedded += texts
        if progress:
            progress(len(texts), len(texts))
        return self._vectors(texts)


@pytest.fixture
def hash_encoder() -> HashEncoder:
    return HashEncoder()


TINY: dict[str, str] = {
    "glossary.yaml": "- {zh: 灯塔, en: lighthouse, fr: phare}\n",
    "scope.yaml": "near: {en: [Who sells lamps?], zh: [灯多少钱？], fr: [Qui vend des lampes ?]}\n"
    "far: {en: [What is the weather?], zh: [天气怎么样？], fr: [Quel temps fait-il ?]}\n",
    "laws/harbour-law/law.yaml": """slug: harbour-law
title: {en: Harbour Law, zh: 中华人民共和国港口法, fr: Loi sur les ports}
short: {en: Harbour Law, zh: 港口法, fr: Loi sur les ports}
aliases: {en: [HL], zh: [港法], fr: []}
kind: law
issuer: {en: Assembly, zh: 大会, fr: Assemblée}
rank: 1
binding: true
url: https://example.invalid/harbour
""",
    "laws/harbour-law/2018-01-01.md": """---
adopted_on: 2017-10-01
source_url: https://example.invalid/harbour-2018
retrieved_on: 2026-01-01
evidence: "Written for the tests."
articles: 1-3
completeness: full
chinese: {link: https://example.invalid/harbour-2018}
---

# Chapter I Boats

### Article 1

A boat shall carry 2 lamps.

### Article 2

A harbour master may inspect:

(1) boats longer than 10 metres;

(2) rafts with more than 500 persons.

A fine of CNY 1,000 may be imposed.

### Article 3

This Law comes into force on 1 January 2018.
""",
    "laws/harbour-law/2024-01-01.md": """---
adopted_on: 2023-10-01
source_url: https://example.invalid/harbour-2024
retrieved_on: 2026-01-01
evidence: "Written for the tests."
articles: 1-4
completeness: full
chinese: {link: https://example.invalid/harbour-2024}
---

# Chapter I Boats

### Article 1

The harbour is open to every boat.

### Article 2

A boat shall carry 3 lamps.

### Article 3

A harbour master may inspect:

(1) boats longer than 10 metres;

(2) rafts with more than 900 persons.

A fine of CNY 5,000 may be imposed.

### Article 4

This Law comes into force on 1 January 2018.
""",
    "laws/harbour-law/2024-01-01.guide.yaml": """"2":
  heading: {en: Lamps, zh: 灯, fr: Lampes}
  gist: {en: A boat needs 3 lamps., zh: 船要有三盏灯。, fr: Un bateau doit porter 3 lampes.}
  asks: {en: [How many lamps do I need on my boat?], zh: [船上要几盏灯？], fr: [Combien de lampes sur mon bateau ?]}
"3":
  heading: {en: Inspection, zh: 检查, fr: Contrôle}
  gist: {en: Long boats and crowded rafts may be inspected and fined., zh: 长船和拥挤的筏子可能被检查并罚款。, fr: Les longs bateaux et les radeaux bondés peuvent être contrôlés.}
  asks: {en: [Can the harbour master come aboard?], zh: [港务长可以上船检查吗？], fr: [Le capitaine du port peut-il monter à bord ?]}
""",
    "laws/lamp-draft/law.yaml": """slug: lamp-draft
title: {en: Lamp Rules (Draft), zh: 灯具规定（征求意见稿）, fr: Règles sur les lampes (projet)}
short: {en: Lamp Draft, zh: 灯具征求意见稿, fr: Projet lampes}
kind: draft
issuer: {en: Office, zh: 办公室, fr: Bureau}
rank: 9
binding: false
url: https://example.invalid/lamp
""",
    "laws/lamp-draft/2022-05-05.md": """---
promulgated_on: 2022-05-05
source_url: https://example.invalid/lamp
retrieved_on: 2026-01-01
evidence: "Written for the tests."
articles: 1-3
completeness: partial
chinese: {link: https://example.invalid/lamp}
gaps: {"3": Not found.}
partial: {"2": The second sentence was not read.}
---

### Article 1

A raft with more than 500 persons shall register.

### Article 2

Lamps shall be green. […]
""",
    "documents/letter.md": """---
slug: letter
title: {en: A letter on lamps, zh: 关于灯的信, fr: Lettre sur les lampes}
short: {en: Lamp letter, zh: 灯信, fr: Lettre}
aliases: {en: [the letter], zh: [那封信], fr: [la lettre]}
author: A firm
published: {from: 2019-01-01, to: 2019-12-31}
---

## 1 Lamps

Article 1 of the Harbour Law asks for two lamps.

- Lamps are cheap.

## 2 Fines

The fine is CNY 1,000.
""",
    "documents/letter.notes.yaml": """- at: letter/sec_1__para_1
  kind: renumbered
  message: {en: Now Article 2 asks for 3 lamps., zh: 现为第二条，三盏灯。, fr: Désormais l’article 2 en demande 3.}
  decided_by: [harbour-law@2024-01-01/art_2]
""",
    "concordances/harbour.csv": "old,new,change,note\n"
    "harbour-law@2018-01-01/art_1,harbour-law@2024-01-01/art_2,changed,two lamps became three\n"
    "harbour-law@2018-01-01/art_2,harbour-law@2024-01-01/art_3,changed,500 became 900\n"
    "lamp-draft@2022-05-05/art_1,harbour-law@2024-01-01/art_3,replaced,\n"
    "lamp-draft@2022-05-05/art_2,,dropped,\n",
    "scenarios/sailing.yaml": """title: {en: Sailing, zh: 航行, fr: Navigation}
suggestion: {en: May I sail at night?, zh: 可以夜航吗？, fr: Puis-je naviguer de nuit ?}
asks: {en: [Can we leave port after dark?], zh: [天黑后能出港吗？], fr: [Peut-on sortir du port la nuit ?]}
provisions:
  - {id: harbour-law@2024-01-01/art_2, why: {en: lamps first, zh: 先看灯, fr: d’abord les lampes}}
  - {id: harbour-law@2024-01-01/art_3__para_2, why: {en: then the fine, zh: 再看罚款, fr: puis l’amende}}
""",
}


def write_tiny(root: Path) -> Path:
    for name, text in TINY.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    write_lock(root)
    return root


@pytest.fixture
def tiny_root(tmp_path: Path) -> Path:
    """A folder with the tiny corpus, to be changed at will."""
    return write_tiny(tmp_path / "corpus")


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """The tiny corpus, loaded."""
    return load_corpus(write_tiny(tmp_path_factory.mktemp("tiny") / "corpus"))


@pytest.fixture
def tiny_settings(tmp_path: Path, tiny_root: Path) -> Settings:
    return Settings(home=tmp_path / "home", corpus=tiny_root, encoder="hash")
