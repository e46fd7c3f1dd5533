"""Question → places: dense and lexical search over the units, folded to articles and fused by reciprocal rank.

Five lists are fused, because an ask that a layperson might have written says more about a question than the words of
the law do; the weights and what each list brings are recorded in `docs/adr/0004-retrieval.md`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document as LangChainDocument
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict

from kb.corpus import Corpus
from kb.encoder import Encoder
from kb.fuse import RANK_CONSTANT, Folded, fused, ranks
from kb.ids import FactId, PassageId, ProvisionId, SourceId
from kb.index import Index
from kb.model import Hit, Language, Query, Scenario
from kb.question_encoder import QuestionEncoder
from kb.text import detect_language, tokens
from kb.units import Group

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kb.fuse import Ranked, Rows, Scores

SEARCHED: tuple[Group, ...] = ("law", "record", "scenario", "outside", "misconception")
WEIGHTS: Mapping[str, float] = {"asks": 1.5, "gist": 0.7, "text": 0.5, "words of guides": 1.0, "words of texts": 0.3}
INSTEAD_OF_GUIDES = {"gist": "text", "words of guides": "words of texts"}
"""A law that the user added has no guides: the rank of its text stands for them. No shipped law is ranked so."""
NAMED_LAW_BONUS = 0.12
MOST_HITS = 100
"""Articles that a search gives: those further down answer nothing, and of a corpus ten times as large there would be thousands."""
WHOLE_ARTICLE_CHARS = 900
"""A shorter article is quoted whole: which of its paragraphs decides is easily mistaken, and a rule is read beside its exception."""
WHOLE_PARAGRAPH_CHARS = 1_300
"""A paragraph with its items longer than this is not quoted whole: the item that matches is."""


FORMAL_SHARE = 0.6
MAX_FORMAL_LINES = 2
_COMMENCEMENT = re.compile(r"\bcomes? into force (?:on|from)\b")
_ASKS_WHEN = re.compile(
    r"\b(?:when|since|date|in force|into force|effective|purpose|why was|apply to (?:earlier|past)|before|retroactive)\b"
    r"|\b(?:quand|depuis|date|vigueur|rétroacti\w*|avant|objet|but de)\b|何时|什么时候|哪天|生效|施行|立法目的|之前|溯及",
    re.IGNORECASE,
)


_SANCTION = re.compile(r"\bfine[ds]?\b|\bpenalties under\b|\bdetention of (?:not|up)")
_NO_DAY = re.compile(
    r"\b(?:law|rule|text|anything|something)s?\s+(?:that was\s+|already\s+|then\s+)?in force\b|\b(?:texte|loi|règle|droit)s?\s+(?:déjà\s+|alors\s+)?en vigueur\b|(?:现行|当时)?有效的|生效的(?:法|规定)|"
    r"\b(?:at|on|by|as of) (?:that|this|the same) (?:date|time|day|moment)\b|\bà (?:cette|la même) (?:date|époque)\b|\bà ce moment\b",
    re.IGNORECASE,
)
"""A day that the question named before, or law that stands: it does not ask since when."""


@dataclass(frozen=True, slots=True)
class Places:
    """What the corpus says of the articles of an index, one entry an article (see `kb.fuse`); `ids` None for what is no article."""

    ids: list[ProvisionId | None]
    law: NDArray[np.str_]
    rank: NDArray[np.int64]
    formal: NDArray[np.bool_]
    local: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Found:
    """What a search brought. Hits are articles, best first, each with the narrowest place that matched.

    `margin` is how much nearer the question is to what the corpus answers than to questions it does not answer (a
    difference of cosines); `scenario`, `record` and `misconception` are the nearest ones, by their asks, with the cosine.
    """

    hits: tuple[Hit, ...]
    margin: float
    scenario: Scenario | None
    scenario_similarity: float
    record: str | None = None
    record_similarity: float = 0.0
    misconception: str | None = None
    misconception_similarity: float = 0.0


class LawRetriever(BaseRetriever):
    """Finds provisions and passages; a LangChain retriever, so it can stand in any chain.

    `invoke` takes a plain question about the law as it stands today; `find` and `passages` are what the assistant uses.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    corpus: Corpus
    index: Index
    load_encoder: Callable[[], Encoder | QuestionEncoder]
    k: int = 10

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,  # noqa: ARG002  (LangChain names it)
    ) -> list[LangChainDocument]:
        asked = Query(query, date.today(), detect_language(query))
        found = self.find(query, asked.language, asked.on)
        return [self._as_document(hit) for hit in found.hits[: self.k]]

    def _as_document(self, hit: Hit) -> LangChainDocument:
        if isinstance(hit.id, PassageId):
            text = self.corpus.passage(hit.id).text
        elif isinstance(hit.id, FactId):
            text = self.corpus.fact(hit.id).text.en
        else:
            provision = self.corpus.provision(hit.id)
            text = provision.text_en or provision.text_zh or ""
        ranks = {"dense_rank": hit.dense_rank, "bm25_rank": hit.bm25_rank}
        return LangChainDocument(page_content=text, metadata={"id": str(hit.id), "score": hit.score, **ranks})

    def encode(self, text: str) -> NDArray[np.float32]:
        """The vector of a question; the encoder is loaded when the first one is asked for."""
        vector: NDArray[np.float32] = self.load_encoder().encode_queries([text])[0]
        return vector

    def find(
        self,
        text: str,
        language: Language,
        on: date,
        named: Sequence[str] = (),
        vector: NDArray[np.float32] | None = None,
        words: Future[Ranked] | None = None,
    ) -> Found:
        """Provisions that stand on a date. Articles of the laws `named` in the question come before equals.

        `words` is what `words` gives, where it was begun before; where it has not come to its turn yet, it is not waited for.
        """
        vector = self.encode(text) if vector is None else vector
        asked = self.index.ask(vector)
        worded = words.result() if words and not words.cancel() else self.words(text, language, on)
        rows, cosines = self.index.dense(vector, SEARCHED, on, asked)
        hits = self._fuse((rows, cosines), worded, ("law",), named, text)
        hits = (*self.narrow(hits[: self.k], vector), *hits[self.k :])
        columns = self.index.columns
        answered = cosines[~columns.of(rows, "outside", "misconception")][:3]
        unanswered = cosines[columns.of(rows, "outside")][:3]
        margin = float(answered.sum() / max(1, len(answered)) - unanswered.mean()) if len(unanswered) else 1.0
        name, similarity = self._nearest_asks(rows, cosines, "scenario")
        scenario = next((s for s in self.corpus.scenarios if s.name == name), None)
        record = self._nearest_asks(rows, cosines, "record")
        mistaken = self._nearest_asks(rows, cosines, "misconception")
        return Found(hits, margin, scenario, similarity, *record, *mistaken)

    def words(self, text: str, language: Language, on: date) -> Ranked:
        """The units of law that share words with a question."""
        return self.index.lexical(tokens(text, language), ("law",), on)

    def drafts(
        self, text: str, language: Language, on: date, vector: NDArray[np.float32] | None = None
    ) -> tuple[Hit, ...]:
        """Articles of drafts, for questions that name one."""
        vector = self.encode(text) if vector is None else vector
        near = self.index.dense(vector, ("draft",), on)
        return self._fuse(near, self.index.lexical(tokens(text, language), ("draft",), on), ("draft",), (), text)

    def passages(
        self,
        text: str,
        language: Language,
        on: date,
        documents: Sequence[str],
        vector: NDArray[np.float32] | None = None,
    ) -> tuple[Hit, ...]:
        """Passages of source documents, for questions that ask what a document says."""
        vector = self.encode(text) if vector is None else vector
        near = self.index.dense(vector, ("document",), on)
        words = self.index.lexical(tokens(text, language), ("document",), on)
        similar, worded = self._by_target(near), self._by_target(words)
        ranks_near, ranks_words = _ranks(similar), _ranks(worded)
        hits = []
        for target in ranks_near | ranks_words:
            place = PassageId.parse(target)
            if place.document not in documents:
                continue
            dense, lexical = ranks_near.get(target), ranks_words.get(target)
            score = sum(1.0 / (RANK_CONSTANT + rank) for rank in (dense, lexical) if rank)
            hits.append(Hit(place, score, dense, lexical, cited=False, similarity=similar.get(target, 0.0)))
        return tuple(sorted(hits, key=lambda h: (-h.score, str(h.id))))

    def _by_target(self, of: Ranked) -> dict[str, float]:
        """The best score of each passage; passages of one section are not folded."""
        found: dict[str, float] = {}
        for row, score in zip(of[0].tolist(), of[1].tolist(), strict=True):
            found.setdefault(self.index.columns.targets[row], score)
        return found

    def facts(self, records: Sequence[str], vector: NDArray[np.float32]) -> dict[FactId, float]:
        """How near each fact of the records is to the question."""
        held = self.index.columns.rows_of_kind.get("fact", {})
        wanted = {str(fact.id) for slug in records for fact in self.corpus.records[slug].facts}
        rows = sorted(row for name in wanted for row in held.get(name, ()))
        found: dict[FactId, float] = {}
        for row, similarity in self.index.similarities(vector, rows).items():
            place = FactId.parse(self.index.columns.targets[row])
            found[place] = max(similarity, found.get(place, 0.0))
        return found

    def notes(self, passages: Sequence[PassageId], vector: NDArray[np.float32]) -> dict[int, float]:
        """How near each note on the passages is to the question: position in `corpus.notes` → cosine."""
        held = self.index.columns.rows_of_kind.get("note", {})
        rows = sorted(row for name in {str(p) for p in passages} for row in held.get(name, ()))
        found: dict[int, float] = {}
        for row, similarity in self.index.similarities(vector, rows).items():
            number = int(self.index.columns.ids[row].rsplit(".", 1)[1])
            found[number] = max(similarity, found.get(number, 0.0))
        return found

    @cached_property
    def _formal(self) -> frozenset[str]:
        """Articles that say when a law comes into force and why it was made: they answer only questions about that."""
        return frozenset(
            str(a.id)
            for a in self.corpus.all_articles()
            if a.id.article == "1" or (_COMMENCEMENT.search(a.text_en or "") and len(a.lines) <= MAX_FORMAL_LINES)
        )

    @cached_property
    def sanctions(self) -> frozenset[ProvisionId]:
        """Articles that say what a breach costs: fines, detention, criminal liability."""
        return frozenset(a.id for a in self.corpus.all_articles() if _SANCTION.search(a.text_en or ""))

    def commencement(self, laws: Sequence[str]) -> tuple[ProvisionId, ...]:
        """The articles that say since when the laws apply, in their first texts."""
        places = (ProvisionId.parse(place) for place in sorted(self._formal))
        return tuple(
            p for p in places if p.law in laws and p.article != "1" and p.version == self.corpus.versions(p.law)[0].key
        )

    # -------------------------------------------------------------- fusing

    @cached_property
    def _places(self) -> Places:
        """What the corpus says of each article of the index: its place, law, rank, whether it is formal or the user's own."""
        names = self.index.columns.names
        places = [ProvisionId.parse(name) if "@" in name else None for name in names]
        laws = [self.corpus.laws[place.law] if place else None for place in places]
        return Places(
            ids=places,
            law=np.array([law.slug if law else "" for law in laws]),
            rank=np.array([law.rank if law else 0 for law in laws]),
            formal=np.array([name in self._formal for name in names]),
            local=np.array([bool(law and self.corpus.is_local(law.slug)) for law in laws]),
        )

    def _fuse(
        self, near: Ranked, words: Ranked, groups: Sequence[Group], named: Sequence[str], text: str
    ) -> tuple[Hit, ...]:
        columns, places = self.index.columns, self._places
        inside = columns.of(near[0], *groups)
        rows, cosines = near[0][inside], near[1][inside]
        folded = Folded.of(columns.article[np.concatenate([rows, words[0]])])
        by_vector, by_word = folded.places[: len(rows)], folded.places[len(rows) :]

        def near_of(name: str) -> Ranked:
            chosen = columns.kind(rows, name)
            return by_vector[chosen], cosines[chosen]

        law = columns.kind(words[0], "words")
        lists = {
            "asks": folded.best_two(near_of("ask")),
            "gist": folded.best(near_of("gist")),
            "text": folded.best(near_of("text")),
            "words of guides": folded.best((by_word[~law], words[1][~law])),
            "words of texts": folded.best((by_word[law], words[1][law])),
        }
        ranked = {name: ranks(scores) for name, scores in lists.items()}
        similar = np.maximum.reduce([lists[name] for name in ("asks", "gist", "text")])
        dense = ranks(similar)
        lexical = ranks(np.maximum(lists["words of guides"], lists["words of texts"]))
        found = folded.articles
        for name, other in INSTEAD_OF_GUIDES.items():
            ranked[name] = np.where(places.local[found] & (ranked[name] == 0), ranked[other], ranked[name])
        scores = fused(ranked, WEIGHTS)
        scores += np.where(np.isin(places.law[found], list(named)), NAMED_LAW_BONUS, 0.0)
        if not _ASKS_WHEN.search(_NO_DAY.sub(" ", text)):
            scores *= np.where(places.formal[found], FORMAL_SHARE, 1.0)
        order = np.lexsort((found, places.rank[found], -np.round(scores, 9)))[:MOST_HITS]
        numbers = zip(*(of[order].tolist() for of in (found, scores, dense, lexical, similar)), strict=True)
        hits = []
        for number, score, dense_rank, word_rank, similarity in numbers:
            place = places.ids[number]
            assert place is not None, "only articles are in the groups law and draft"
            hits.append(
                Hit(
                    place,
                    score,
                    dense_rank or None,
                    word_rank or None,
                    cited=False,
                    similarity=similarity if dense_rank else 0.0,
                )
            )
        return tuple(hits)

    def narrow(self, hits: Sequence[Hit], vector: NDArray[np.float32]) -> tuple[Hit, ...]:
        """The same hits; of a long article at the paragraph that matches best, of a long list at the item that does."""
        rows = [row for hit in hits for row in self.index.rows_of_article.get(str(hit.id), ())]
        similar = self.index.similarities(vector, rows)
        return tuple(replace(hit, id=self._narrowest(hit.id, similar)) for hit in hits)

    def _narrowest(self, article: SourceId, similar: Mapping[int, float]) -> SourceId:
        rows = [row for row in self.index.rows_of_article.get(str(article), ()) if row in similar]
        if not rows or not isinstance(article, ProvisionId):
            return article
        whole = self.corpus.provision(article)
        if len(whole.text_en or whole.text_zh or "") <= WHOLE_ARTICLE_CHARS:
            return article
        place = ProvisionId.parse(self.index.columns.targets[max(rows, key=lambda row: (similar[row], -row))])
        paragraph = self.corpus.provision(ProvisionId(place.law, place.version, place.article, place.paragraph))
        text = paragraph.text_en or paragraph.text_zh or ""
        return place if place.item and len(text) > WHOLE_PARAGRAPH_CHARS else paragraph.id

    def _nearest_asks(self, rows: Rows, cosines: Scores, group: Group) -> tuple[str | None, float]:
        """The target of a group whose asks are nearest to the question (mean of its best two), with that cosine."""
        columns = self.index.columns
        chosen = np.flatnonzero(columns.of(rows, group))
        chosen = chosen[columns.kind(rows[chosen], "ask")]
        if not len(chosen):
            return None, 0.0
        articles, scores = columns.best_two(rows[chosen], cosines[chosen])
        best = int(np.flatnonzero(scores == scores.max())[-1])
        return columns.names[int(articles[best])], float(scores[best])


def _ranks(scores: Mapping[str, float]) -> dict[str, int]:
    order = sorted(scores, key=lambda target: (-round(scores[target], 6), target))
    return {target: rank for rank, target in enumerate(order, 1)}
