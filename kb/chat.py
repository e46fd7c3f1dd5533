"""A chat model that proposes claims: opened through LangChain, asked for JSON, read as it streams. Nothing of it is trusted.

What it is sent is the question and the provisions found, fenced as JSON; what comes back becomes a `Draft` like any other and
goes through the gate (`kb.verify`). The model never says how a text stands: that is taken from the corpus.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from langchain_core.utils.json import parse_partial_json
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kb.errors import BadInput, ChatError
from kb.prompts import read_prompt
from kb.settings import Settings

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

MAX_CLAIMS = 6
MAX_REPLY_CHARS = 20_000
MAX_STANDALONE_CHARS = 300
ATTEMPTS = 2
"""A malformed or broken reply is asked for once more."""
EXTRAS: Mapping[str, str] = {"openai": "openai", "anthropic": "anthropic", "ollama": "ollama"}
_JSON_MODE: Mapping[str, dict[str, Any]] = {
    "openai": {"response_format": {"type": "json_object"}},
    "ollama": {"format": "json"},
}


class ReplyClaim(BaseModel):
    """One claim as the model wrote it: a sentence, the id of the source, the words relied on."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)
    text: str = Field(max_length=4_000)
    place: str = Field(max_length=200)
    quote: str = Field(max_length=8_000)


class Reply(BaseModel):
    """A whole reply; `cannot_answer` where the sources do not answer the question."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)
    claims: list[ReplyClaim]
    cannot_answer: bool = False


class ChatModel:
    """A LangChain chat model behind two calls. Every fault of it is a `ChatError`; the time for one call is bounded."""

    def __init__(self, model: BaseChatModel, name: str, timeout: float, json_mode: Mapping[str, Any]) -> None:
        self.name, self.timeout = name, timeout
        self._model = model
        self._runnable = model.bind(**json_mode) if json_mode else model

    def claims(self, question: Mapping[str, Any]) -> Iterator[ReplyClaim]:
        """The claims of a reply, each as soon as it is complete; after a fault they come once more from the beginning."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                yield from self._claims(question)
                return
            except ChatError:
                if attempt == ATTEMPTS:
                    raise

    def _claims(self, question: Mapping[str, Any]) -> Iterator[ReplyClaim]:
        text, given = "", 0
        for text in self._stream("answer", question):
            for claim in _complete(text)[given:MAX_CLAIMS]:
                given += 1
                yield claim
        reply = _reply(text)
        yield from reply.claims[given:MAX_CLAIMS]

    def standalone(self, earlier: Sequence[str], question: str) -> str:
        """A follow-up question as the model puts it without the conversation."""
        replies = [*self._stream("standalone", {"earlier": list(earlier), "question": question})]
        found = _object(replies[-1] if replies else "").get("question")
        if not isinstance(found, str) or not found.strip() or len(found) > MAX_STANDALONE_CHARS:
            raise ChatError(f"{self.name}: no usable question in its reply")
        return found.strip()

    def _stream(self, prompt: str, data: Mapping[str, Any]) -> Iterator[str]:
        """The reply so far, growing."""
        deadline = time.monotonic() + self.timeout
        messages = [("system", read_prompt(prompt).text), ("human", fenced(data))]
        text = ""
        with _faults_as_chat_errors(self.name):
            for chunk in self._runnable.stream(messages):
                text += chunk.text
                if len(text) > MAX_REPLY_CHARS:
                    raise ChatError(f"{self.name}: the reply is longer than {MAX_REPLY_CHARS} characters")
                if time.monotonic() > deadline:
                    raise ChatError(f"{self.name}: no whole reply within {self.timeout:g} s (KB_LLM_TIMEOUT)")
                yield text


def fenced(data: Mapping[str, Any]) -> str:
    """Data as JSON in which no markup of a prompt can be imitated."""
    return json.dumps(data, ensure_ascii=False).replace("<", "\\u003c").replace(">", "\\u003e")


@contextmanager
def _faults_as_chat_errors(name: str) -> Iterator[None]:
    """Whatever the client of a provider raises becomes one `ChatError` of one line."""
    try:
        yield
    except ChatError:
        raise
    except Exception as error:  # every provider has its own tree of errors, and none of them may end an answer
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise ChatError(f"{name}: {type(error).__name__}: {reason}") from error


# ------------------------------------------------------------------ the reply


def _json_of(text: str) -> str:
    """The reply from its first brace on: some models talk before, or fence it."""
    at = text.find("{")
    return text[at:] if at >= 0 else ""


def _complete(text: str) -> list[ReplyClaim]:
    """The claims of an unfinished reply that are surely complete: all but the last one begun."""
    start = _json_of(text)
    if not start:
        return []
    try:
        partial = parse_partial_json(start)
    except ValueError:
        return []
    raw = partial.get("claims") if isinstance(partial, dict) else None
    found: list[ReplyClaim] = []
    for record in raw[:-1] if isinstance(raw, list) else ():
        try:
            found.append(ReplyClaim.model_validate(record))
        except ValidationError:
            break
    return found


def _object(text: str) -> dict[str, Any]:
    start = _json_of(text)
    try:
        found, _ = json.JSONDecoder(strict=False).raw_decode(start)
    except ValueError:
        raise ChatError("the reply of the chat model is no JSON object") from None
    if not isinstance(found, dict):
        raise ChatError("the reply of the chat model is no JSON object")
    return found


def _reply(text: str) -> Reply:
    try:
        return Reply.model_validate(_object(text))
    except ValidationError as error:
        fault = error.errors()[0]
        place = ".".join(str(p) for p in fault["loc"])
        raise ChatError(f"the reply of the chat model does not fit: {place}: {fault['msg']}") from None


# ------------------------------------------------------------------ opening


def open_chat(settings: Settings) -> ChatModel:
    """The chat model that KB_LLM names; BadInput says what to set or install where it cannot be opened. Nothing is sent yet."""
    provider, _, model = settings.llm.partition(":")
    if not provider or not model:
        raise BadInput(f"KB_LLM={settings.llm}: write provider:model, for example openai:gpt-4o-mini or ollama:qwen3")
    from langchain.chat_models import init_chat_model

    options: dict[str, Any] = {"temperature": 0, "timeout": settings.llm_timeout, "max_retries": 1}
    if provider == "ollama":
        options = {"temperature": 0, "client_kwargs": {"timeout": settings.llm_timeout}}
    if settings.llm_base_url:
        options["base_url"] = settings.llm_base_url
        if provider == "openai" and not os.environ.get("OPENAI_API_KEY"):
            _require_local(settings.llm_base_url)
            options["api_key"] = "none"  # servers on this machine ask for no key, the client for one
    try:
        opened = init_chat_model(model, model_provider=provider, **options)
    except ImportError:
        extra = EXTRAS.get(provider)
        how = f"pip install 'frt-kb[{extra}]'" if extra else f"pip install langchain-{provider.replace('_', '-')}"
        raise BadInput(f"KB_LLM={settings.llm}: the package for {provider} is not installed; run {how}") from None
    except Exception as error:  # an unknown provider, a missing key: each provider has its own error
        reason = " ".join(str(error).split())[:160]
        raise BadInput(f"KB_LLM={settings.llm}: cannot be opened ({reason}); see docs/chat-model.md") from None
    return ChatModel(opened, settings.llm, settings.llm_timeout, _JSON_MODE.get(provider, {}))


def _require_local(url: str) -> None:
    if urlsplit(url).hostname not in ("127.0.0.1", "localhost", "::1"):
        raise BadInput(
            f"KB_LLM_BASE_URL={url}: set OPENAI_API_KEY; only a server on this machine is asked without a key"
        )
