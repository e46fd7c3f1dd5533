"""One flat set of settings, read from the environment (`KB_*`)."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from platformdirs import user_data_path
from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

BUNDLED_ENCODER = "multilingual-e5-small"
BUNDLED_SUPPORT = "bundled"
MAX_QUESTION_CHARS = 2_000


class Settings(BaseSettings):
    """Where things are and which models are used. Every field can be set as KB_<NAME>."""

    model_config = SettingsConfigDict(env_prefix="KB_", frozen=True)

    home: Path = Field(default_factory=lambda: user_data_path("frt-kb"))
    corpus: Path = Path(__file__).resolve().parent.parent / "corpus"
    local: Path = Field(default_factory=lambda data: data["home"] / "corpus")
    """The user's own laws, documents and official texts, read after the shipped corpus; may be missing."""
    encoder: str = BUNDLED_ENCODER
    encoder_map: bool = True
    """Whether vectors of the bundled encoder go through its trained map; no other model has one."""
    support: str = BUNDLED_SUPPORT
    llm: str = ""
    """provider:model of a chat model that drafts the answers; empty: quoting, which needs none."""
    llm_base_url: str = ""
    llm_timeout: float = Field(default=30.0, gt=0)
    database_url: str = ""
    """Where the records are kept, as SQLAlchemy names it (postgresql+psycopg://…); empty: the file records.db in `home`."""
    chroma_url: str = ""
    """A Chroma server (http://host:8000, https://name:password@host) that many copies of the app share; empty: a folder in `home`."""
    host: str = "127.0.0.1"
    port: int = 7860
    proxy: str = ""
    """Addresses and networks of proxies (10.0.0.5,172.30.0.0/24) whose word on the client's address and on https is believed; empty: nobody's."""
    log: Literal["off", "text", "json"] = "off"
    """A line a request on standard error."""
    log_questions: bool = False
    """Whether these lines hold the questions."""
    metrics_token: str = ""
    """The bearer token that opens /metrics to other machines; empty: it is open to this machine alone."""
    limit_questions: int = Field(default=60, ge=0)
    """Questions and searches of one person a minute, on the pages and over the API together; 0: no limit."""
    limit_checks: int = Field(default=30, ge=0)
    """Texts that one person has checked a minute, and files uploaded; 0: no limit."""
    limit_log_ins: int = Field(default=20, ge=0)
    """Attempts to log in from one address a minute; 0: no limit."""
    limit_requests: int = Field(default=1200, ge=0)
    """Requests of any kind of one person a minute; 0: no limit."""
    limit_waiting: int = Field(default=200, ge=1)
    """Requests that may wait for an answer, over the API and in the queue of the pages each."""
    limit_connections: int = Field(default=500, ge=1)
    """Open connections."""
    limit_seconds: float = Field(default=20.0, gt=0)
    """Seconds that a request may take to arrive: its head, and again its body (an upload six times as long)."""


def settings_faults(error: ValidationError) -> str:
    """What is wrong with the environment, by variable, in one line."""
    return "; ".join(f"KB_{'_'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors())
