"""What a tutorial builds: LangChain's recursive splitter, the same encoder, Chroma, the nearest chunks. No guides, no dates, no checks.

Every text of every law held, English and Chinese, is cut into chunks of 1000 characters with 200 shared; a chunk stands for the
articles of which it holds at least half, or that fill at least half of it.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from kb.corpus import Corpus
from kb.encoder import Encoder

if TYPE_CHECKING:
    from langchain_chroma import Chroma
    from langchain_core.embeddings import Embeddings

CHUNK, OVERLAP = 1_000, 200
NEAREST = 60
"""Chunks taken: enough for a ranking of some fifty articles."""
LIMIT = 50


@dataclass(frozen=True, slots=True)
class LawText:
    """One text of a law as one string; `articles` lists (start, end, id) of its articles in it."""

    text: str
    articles: tuple[tuple[int, int, str], ...]


def law_texts(corpus: Corpus) -> Iterator[LawText]:
    """Every version of every law, in English and in Chinese where it is held."""
    for versions in corpus.versions_by_law.values():
        for version in versions:
            languages: tuple[Literal["en", "zh"], ...] = ("en", "zh")
            for language in languages:
                text, spans = "", []
                for article in corpus.articles(version):
                    words = article.text(language)
                    if words is None:
                        continue
                    number = f"Article {article.id.article}\n" if language == "en" else f"第{article.id.article}条\n"
                    spans.append((len(text), len(text) + len(number + words), str(article.id)))
                    text += number + words + "\n\n"
                if text:
                    yield LawText(text, tuple(spans))


def articles_of(start: int, end: int, articles: tuple[tuple[int, int, str], ...]) -> list[str]:
    """The articles that a chunk [start, end) stands for, those that fill most of it first; at least the one it shares most with."""
    shared = [(min(end, b) - max(start, a), b - a, name) for a, b, name in articles if a < end and start < b]
    shared.sort(key=lambda x: (-x[0], x[2]))
    return [name for n, (part, length, name) in enumerate(shared) if n == 0 or 2 * part >= min(length, end - start)]


class Pipeline:
    """Opened on a folder of the cache, which is filled on first use (some hundred chunks are encoded)."""

    def __init__(self, corpus: Corpus, encoder: Encoder, cache: Path) -> None:
        folder = folder_of(corpus, encoder.name, cache)
        if not (folder / "chroma.sqlite3").exists():
            fill(folder, corpus, encoder)
        self._store = open_store(folder, encoder)

    def rank(self, vector: list[float]) -> list[str]:
        """The articles of the nearest chunks, best first."""
        found: dict[str, None] = {}
        for document in self._store.similarity_search_by_vector(vector, k=NEAREST):
            found |= dict.fromkeys(str(document.metadata["articles"]).split(" "))
        return list(found)[:LIMIT]


def folder_of(corpus: Corpus, encoder: str, cache: Path) -> Path:
    """Where the chunks of a corpus are kept, with the vectors of the encoder of that name."""
    name = "".join(c if c.isalnum() else "-" for c in f"{corpus.fingerprint}-{encoder}-{CHUNK}-{OVERLAP}")
    return cache / f"langchain-{name}"


def open_store(folder: Path, encoder: Embeddings) -> Chroma:
    """The chunks of a folder as LangChain's vector store, empty where nothing is there yet."""
    from chromadb.config import Settings
    from langchain_chroma import Chroma

    return Chroma(
        collection_name="laws",
        embedding_function=encoder,
        persist_directory=str(folder),
        client_settings=Settings(anonymized_telemetry=False, is_persistent=True),
        collection_metadata={"hnsw:space": "cosine"},
    )


def fill(folder: Path, corpus: Corpus, encoder: Embeddings) -> None:
    """Built beside its place, so that it is whole or absent; those of another corpus go."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=".langchain-", dir=folder.parent))
    try:
        texts, about = chunks(corpus)
        open_store(beside, encoder).add_texts(texts, about)
        try:
            beside.replace(folder)
        except OSError:  # another process was first
            if not folder.exists():
                raise
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    for old in folder.parent.glob("langchain-*"):
        if old != folder:
            shutil.rmtree(old, ignore_errors=True)


def chunks(corpus: Corpus) -> tuple[list[str], list[dict[str, Any]]]:
    """The chunks with the articles that each stands for."""
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    splitter = RecursiveCharacterTextSplitter(chunk_size=CHUNK, chunk_overlap=OVERLAP, add_start_index=True)
    texts, about = [], []
    for law in law_texts(corpus):
        for document in splitter.create_documents([law.text]):
            start = int(document.metadata["start_index"])
            names = articles_of(start, start + len(document.page_content), law.articles)
            texts.append(document.page_content)
            about.append({"articles": " ".join(names)})
    return texts, about
