"""What is counted: questions, times of stages, withheld claims, failures, refused log-ins. Never a question, a name or an address.

One `Metrics` has a registry of its own, so that several apps in a process (the tests) do not count together. Several copies of the app
are several targets: each counts for itself, and the sum is made where they are read.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from prometheus_client import (
    CONTENT_TYPE_PLAIN_0_0_4,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)

from kb.model import Answer

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Bounds of the classes of times: an answer takes some 50 ms, one of a chat model seconds."""


class Metrics:
    """The counters of one app. Thread-safe."""

    def __init__(self) -> None:
        self._registry = held = CollectorRegistry()
        self._started = time.monotonic()
        self._questions = Counter(
            "kb_questions", "Questions that were answered or refused", ["outcome", "language"], registry=held
        )
        self._stages = Histogram(
            "kb_stage_seconds", "Time of the stages of an answer", ["stage"], buckets=SECONDS, registry=held
        )
        self._withheld = Counter("kb_withheld_claims", "Statements that the gate withheld", registry=held)
        self._not_kept = Counter(
            "kb_answers_not_kept", "Answers given whose record could not be written", registry=held
        )
        self._errors = Counter(
            "kb_errors", "Questions of the page Ask (ask) and requests (request) that failed", ["where"], registry=held
        )
        self._requests = Counter(
            "kb_requests", "Requests by route and status", ["method", "route", "status"], registry=held
        )
        self._refused = Counter("kb_logins_refused", "Log-ins refused", registry=held)
        self._uptime = Gauge("kb_uptime_seconds", "Time since the app was made", registry=held)
        self._uptime.set_function(lambda: time.monotonic() - self._started)
        self._chroma = Gauge(
            "kb_chroma_answers", "0 while Chroma fails and all vectors are compared instead", registry=held
        )
        self._missed = Gauge(
            "kb_chroma_missed_share",
            "Share of the nearest units that the graph of Chroma has missed since the start",
            registry=held,
        )
        self._build = Gauge("kb_build", "What runs: always 1", ["version", "corpus", "index", "encoder"], registry=held)
        for where in ("ask", "request"):
            self._errors.labels(where)
        ProcessCollector(registry=held)

    def describe(
        self, provenance: Mapping[str, str], chroma_answers: Callable[[], bool], missed_share: Callable[[], float]
    ) -> None:
        """Say what runs, once, and how to see whether Chroma answers, and how well."""
        self._build.labels(*(provenance[name] for name in ("version", "corpus", "index", "encoder"))).set(1)
        self._chroma.set_function(chroma_answers)
        self._missed.set_function(missed_share)

    def answered(self, answer: Answer) -> None:
        """One question, answered or refused."""
        self._questions.labels(answer.outcome, answer.query.language).inc()
        self._withheld.inc(len(answer.withheld))
        for stage, ms in answer.timing_ms.items():
            self._stages.labels(stage).observe(ms / 1000)

    def not_kept(self) -> None:
        self._not_kept.inc()

    def failed(self, where: str) -> None:
        """A question of the page Ask (`ask`) or a request (`request`) that came to nothing, by no fault of the reader."""
        self._errors.labels(where).inc()

    def requested(self, method: str, route: str, status: int) -> None:
        """One request. `route` is a template of the app, never an address as it was sent."""
        self._requests.labels(method, route, str(status)).inc()
        if status >= 500:
            self.failed("request")
        if (method, route, status) == ("POST", "/login", 401):
            self._refused.inc()

    def text(self) -> bytes:
        """Everything, in the text format of Prometheus."""
        return generate_latest(self._registry)
