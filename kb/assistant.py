"""Question → answer: understand, plan, draft, verify, as one LangChain chain. Orchestration only.

With a chat model set, the draft is its own; where nothing of it passes the gate, or it fails, the quoting draft takes its place.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

import kb
from kb.chat import ChatModel, ReplyClaim, open_chat
from kb.corpus import Corpus
from kb.corpus_cache import open_corpus
from kb.drafting import draft_of, question_record, sources, standalone
from kb.encoder import Encoder, Progress, load_encoder
from kb.errors import BadInput, ChatError
from kb.generate import chain, quoting_draft
from kb.ids import FactId, PassageId, ProvisionId, SourceId
from kb.index import Index
from kb.index_build import BuildReport, ensure_index
from kb.model import Answer, Citation, Claim, Draft, Hit, Language, Note, Query, Refusal
from kb.phrases import STANDINGS, say, withheld_message
from kb.plan import plan
from kb.planned import Plan
from kb.prompts import read_prompt
from kb.question_encoder import QuestionEncoder, load_question_encoder
from kb.retrieve import LawRetriever
from kb.settings import MAX_QUESTION_CHARS, Settings
from kb.support import Support, load_support
from kb.text import detect_language, visible
from kb.understand import Understanding, understand
from kb.verify import verify_draft

if TYPE_CHECKING:
    from langchain_core.runnables import Runnable


@dataclass(frozen=True, slots=True)
class _State:
    """What is known of a question as it goes down the chain; `ms` holds the time of each stage so far."""

    query: Query
    started: float
    ms: dict[str, float]
    understanding: Understanding | None = None
    plan: Plan | None = None
    draft: Draft | None = None
    """The quoting draft, or that of the chat model; `quoting` is then the other one."""
    quoting: Draft | None = None
    trouble: str | None = None
    """Why the chat model gave no draft."""
    read_as: str | None = None
    """A follow-up question as the chat model put it."""


@contextmanager
def _timed(state: _State, stage: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    state.ms[stage] = round((time.perf_counter() - started) * 1000, 1)


class Assistant:
    """Answers questions from one corpus. `ask` is thread-safe; the encoder of questions is loaded on the first one."""

    def __init__(self, corpus: Corpus, settings: Settings, index: Index, report: BuildReport) -> None:
        self.corpus, self.settings, self.index, self.report = corpus, settings, index, report
        self._lock = threading.Lock()
        self.chat: ChatModel | None = open_chat(settings) if settings.llm else None
        self.chain: Runnable[Query, Answer] = chain(self._understand, self._plan, self._draft, self._verify)
        """The whole way from a query to its answer, as one LangChain runnable: invoke, batch, stream."""

    @classmethod
    def open(cls, settings: Settings, progress: Progress | None = None, encoder: Encoder | None = None) -> Assistant:
        """Load the corpus and open its index, building it first where it is missing or stale.

        LangChain's tracing is switched off: it would send questions to a service, whatever the environment says.
        """
        os.environ.update(LANGSMITH_TRACING="false", LANGCHAIN_TRACING_V2="false")
        corpus = open_corpus(settings)
        loaded: list[Encoder] = [encoder] if encoder else []

        def load() -> Encoder:
            loaded.append(load_encoder(settings))
            return loaded[-1]

        index, report = ensure_index(corpus, settings, load, progress)
        assistant = cls(corpus, settings, index, report)
        if loaded:
            assistant.__dict__["encoder"] = loaded[-1]
        return assistant

    @cached_property
    def encoder(self) -> Encoder:
        return load_encoder(self.settings)

    @cached_property
    def retriever(self) -> LawRetriever:
        return LawRetriever(corpus=self.corpus, index=self.index, load_encoder=self._load_encoder)

    @cached_property
    def question_encoder(self) -> QuestionEncoder | Encoder:
        """What encodes questions: the bundled model by onnxruntime, or the model that `KB_ENCODER` names."""
        self.index.open_chroma()
        return load_question_encoder(self.settings) or self.encoder

    def _load_encoder(self) -> QuestionEncoder | Encoder:
        with self._lock:
            return self.question_encoder

    @cached_property
    def support(self) -> Support:
        """The measure of support, loaded when a chat model's first claim is checked."""
        return load_support(self.settings)

    def _measure(self) -> Support:
        with self._lock:
            return self.support

    def query(
        self, text: str, on: date | None = None, language: Language | None = None, history: tuple[str, ...] = ()
    ) -> Query:
        """A checked query: BadInput where the text is empty or too long; the language is told from the text."""
        plain = visible(text).strip()
        if not plain:
            raise BadInput("the question is empty; write one, for example: May we use face recognition for attendance?")
        if len(plain) > MAX_QUESTION_CHARS:
            raise BadInput(f"the question has {len(plain)} characters; ask in at most {MAX_QUESTION_CHARS}")
        return Query(plain, on or date.today(), language or detect_language(plain), history[-4:])

    def ask(self, query: Query) -> Answer:
        """Answer one question. Nothing in the answer has skipped the checks."""
        return self.chain.invoke(query)

    def stream(self, query: Query) -> Iterator[Answer]:
        """The answer as it grows: with a chat model, one more whenever a claim has passed the checks; the last one is whole."""
        state = self._plan(self._understand(query))
        if not self._asks_chat(state):
            yield self._verify(self._draft(state))
            return
        shown, drafted = 0, state
        for drafted in self._drafts(state):
            partial = self._checked(drafted)
            if len(partial.claims) > shown and partial.provenance["generator"] != "quoting":
                shown = len(partial.claims)
                yield partial
        yield self._verify(drafted)

    def search(self, query: Query, k: int) -> tuple[Hit, ...]:
        """The places a question finds: those that its answer rests on first, in its order, then all others by their score."""
        asked = understand(query, self.corpus)
        vector = self.retriever.encode(asked.text)
        chosen = self._chosen(asked)
        found = list(self.retriever.find(asked.text, query.language, asked.on, asked.laws, vector).hits)
        if asked.draft:
            found += self.retriever.drafts(asked.text, query.language, asked.on, vector)
        if asked.documents:
            found += self.retriever.passages(asked.text, query.language, asked.on, asked.documents, vector)
        known = {h.id.whole_article: h for h in found if isinstance(h.id, ProvisionId)} | {h.id: h for h in found}
        first = [self._hit(place, asked, known) for place in chosen]
        seen = {p.whole_article if isinstance(p, ProvisionId) else p for p in chosen}
        rest = [h for h in found if (h.id.whole_article if isinstance(h.id, ProvisionId) else h.id) not in seen]
        return (*first, *sorted(rest, key=lambda h: -h.score))[:k]

    def _chosen(self, asked: Understanding) -> tuple[SourceId, ...]:
        """What the quoting answer rests on, in its order."""
        draft = quoting_draft(plan(asked, self.corpus, self.retriever).material, asked, self.corpus)
        return tuple(dict.fromkeys(citation.id for citation in draft.citations))

    def _hit(self, place: SourceId, asked: Understanding, known: Mapping[SourceId, Hit]) -> Hit:
        cited = any(c.place and self.corpus.find(c.place) and c.place == place for c in asked.cited)
        found = known.get(place) or known.get(place.whole_article if isinstance(place, ProvisionId) else place)
        return replace(found, id=place, cited=cited) if found else Hit(place, 1.0, None, None, cited=cited)

    # -------------------------------------------------------------- the chain

    def _understand(self, query: Query) -> _State:
        understanding = understand(query, self.corpus)
        read_as = None
        if self.chat and understanding.follows_up:
            read_as = standalone(query, self.chat, self.corpus)
            if read_as:
                understanding = understand(replace(query, text=read_as, history=()), self.corpus)
        return _State(query, time.perf_counter(), {}, understanding=understanding, read_as=read_as)

    def _plan(self, state: _State) -> _State:
        assert state.understanding is not None
        with _timed(state, "retrieve"):
            return replace(state, plan=plan(state.understanding, self.corpus, self.retriever))

    def _draft(self, state: _State) -> _State:
        with _timed(state, "generate"):
            *_, whole = self._drafts(state)
        return whole

    def _asks_chat(self, state: _State) -> bool:
        """Whether the chat model drafts: not where the question is refused by rule."""
        return self.chat is not None and state.plan is not None and state.plan.material.refusal is None

    def _drafts(self, state: _State) -> Iterator[_State]:
        """The draft: the quoting one, or that of the chat model as it grows by a claim; the last one is whole."""
        assert state.plan is not None and state.understanding is not None
        plan, asked, language = state.plan, state.understanding, state.query.language
        quoting = quoting_draft(plan.material, asked, self.corpus)
        if self.chat is None or not self._asks_chat(state):
            yield replace(state, draft=quoting)
            return
        places = sources(plan, self.corpus, asked.on)
        chatting = replace(state, plan=replace(plan, retrieved=plan.retrieved | frozenset(places)), quoting=quoting)
        claims: list[ReplyClaim] = []
        try:
            for claim in self.chat.claims(question_record(state.query, asked, places, self.corpus)):
                claims.append(claim)
                yield replace(chatting, draft=draft_of(claims, self.corpus, asked.on, language, quoting))
            if not claims:
                yield replace(chatting, draft=draft_of((), self.corpus, asked.on, language, quoting))
        except ChatError as error:
            yield replace(state, draft=quoting, trouble=str(error))

    def _verify(self, state: _State) -> Answer:
        with _timed(state, "verify"):
            answer = self._checked(state)
        total = round((time.perf_counter() - state.started) * 1000, 1)
        return replace(answer, timing_ms=state.ms | {"total": total})

    def _checked(self, state: _State) -> Answer:
        """The draft with its checks; where nothing of the chat model's draft passed, the quoting draft with its checks."""
        assert state.plan is not None and state.draft is not None and state.understanding is not None
        understanding, draft, language = state.understanding, state.draft, state.query.language
        generated = state.quoting is not None
        measure = self._measure() if generated else None
        shown, withheld = verify_draft(draft, self.corpus, understanding.on, state.plan.retrieved, measure)
        extra: list[Note] = []
        if withheld:
            extra.append(Note("scope", withheld_message(withheld, language)))
        if state.quoting is not None and not shown:
            extra.append(Note("scope", say("chat_nothing", language)))
            generated, draft = False, state.quoting
            shown, more = verify_draft(draft, self.corpus, understanding.on, state.plan.retrieved)
            withheld = (*withheld, *more)
        if state.trouble:
            extra.append(Note("scope", say("chat_failed", language, reason=state.trouble)))
        refusal, notes = draft.refusal, list(draft.notes)
        if refusal is None and not shown:
            message = " ".join([note.message for note in notes] or [say("nothing_verified", language)])
            refusal = Refusal("not_in_corpus", message)
        notes += extra
        if state.read_as or understanding.follows_up:
            text = state.read_as or understanding.read_as
            notes.insert(0, Note("scope", say("understood", language, text=text)))
        used = sorted({claim.citation for claim in shown})
        renumbered = {old: new for new, old in enumerate(used)}
        citations = tuple(draft.citations[i] for i in used)
        claims = tuple(replace(claim, citation=renumbered[claim.citation]) for claim in shown)
        query = replace(state.query, on=understanding.on)
        return Answer(
            query=query,
            outcome="refused" if refusal else "answered",
            refusal=refusal,
            text=render_text(self.corpus, query, claims, citations, tuple(notes), refusal),
            claims=claims,
            citations=citations,
            notes=tuple(notes),
            withheld=withheld,
            provenance=self._provenance(generated),
            timing_ms={},
        )

    def _provenance(self, generated: bool) -> dict[str, str]:
        """What an answer was made with; the chat model and its prompt where a statement of it is shown."""
        if not generated or self.chat is None:
            return self.provenance
        made = {"generator": self.chat.name, "prompt": read_prompt("answer").sha256, "support": self.support.name}
        return self.provenance | made

    @cached_property
    def provenance(self) -> dict[str, str]:
        return {
            "corpus": self.corpus.fingerprint,
            "index": self.index.fingerprint,
            "encoder": self.index.encoder,
            "generator": "quoting",
            "version": kb.__version__,
        }


# ------------------------------------------------------------------ as a person sees it


def standing_text(corpus: Corpus, citation: Citation, language: Language) -> str:
    """The standing of a citation in words: "in force since 2025-06-01"."""
    if isinstance(citation.id, PassageId):
        return STANDINGS["commentary"][language]
    if isinstance(citation.id, FactId):
        return say("record_standing", language, grade=corpus.fact(citation.id).grade)
    version = corpus.version(citation.id.law, citation.id.version or "")
    return STANDINGS[citation.standing][language].format(from_=version.key, until=version.in_force_until)


def render_text(
    corpus: Corpus,
    query: Query,
    claims: tuple[Claim, ...],
    citations: tuple[Citation, ...],
    notes: tuple[Note, ...],
    refusal: Refusal | None,
) -> str:
    """The answer as plain text: what changed, then the points with their quotes, then what it is not."""
    language = query.language
    if refusal:
        return refusal.message
    lines = [f"! {note.message}" for note in notes]
    for number, claim in enumerate(claims, 1):
        citation = citations[claim.citation]
        label = citation.label_zh if language == "zh" else citation.label
        marks = ("「", "」") if language == "zh" else ("« ", " »") if language == "fr" else ("“", "”")
        held = (
            "" if claim.quote_language == "zh" or citation.role == "commentary" else f" ({say('unofficial', language)})"
        )
        quote = claim.quote.replace("\n", "\n   ")
        lines += ["", f"{number}. {claim.text}", f"   {marks[0]}{quote}{marks[1]}"]
        lines.append(f"   — {label} · {standing_text(corpus, citation, language)}{held}")
    return "\n".join([*lines, "", say("disclaimer", language)]).strip()
