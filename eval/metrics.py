"""What is measured, each a few lines. Rates come with Wilson intervals (Wilson 1927, 95 %)."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from eval.cases import Case
from kb.assistant import Assistant
from kb.ids import ProvisionId, source_of
from kb.model import Answer, Citation
from kb.verify import source_text

Z = 1.959964


@dataclass(frozen=True, slots=True)
class Rate:
    """`hits` of `n`; the interval holds the true rate with 95 % confidence. `n` 0 has no rate."""

    hits: int
    n: int

    @property
    def value(self) -> float | None:
        return self.hits / self.n if self.n else None

    @property
    def interval(self) -> tuple[float, float] | None:
        if not self.n:
            return None
        p, n = self.hits / self.n, self.n
        centre = (p + Z * Z / (2 * n)) / (1 + Z * Z / n)
        half = Z * sqrt(p * (1 - p) / n + Z * Z / (4 * n * n)) / (1 + Z * Z / n)
        return max(0.0, centre - half), min(1.0, centre + half)

    def __str__(self) -> str:
        if self.value is None or self.interval is None:
            return "none"
        return f"{self.value:.3f} [{self.interval[0]:.3f}, {self.interval[1]:.3f}] ({self.hits}/{self.n})"


def names_of(citation: Citation) -> frozenset[str]:
    """The ids under which a case may name a citation: the place, its article, its document."""
    place = citation.id
    if not isinstance(place, ProvisionId):
        return frozenset({source_of(place), str(place)})
    return frozenset({str(place), str(place.whole_article)})


def decided(case: Case, answer: Answer) -> bool:
    """Whether the answer is of the expected kind and cites a deciding place (or refuses for the expected reason)."""
    if case.refusal:
        return answer.refusal is not None and answer.refusal.kind == case.refusal
    cited = frozenset().union(*(names_of(c) for c in answer.citations))
    return answer.outcome == "answered" and bool(cited & set(case.must))


def acceptable(case: Case, answer: Answer) -> Rate:
    """Citation precision of one answer: how many of its citations a careful lawyer would accept."""
    wanted = {*case.must, *case.also}
    return Rate(sum(bool(names_of(c) & wanted) for c in answer.citations), len(answer.citations))


def violations(answer: Answer, assistant: Assistant) -> list[str]:
    """What must never happen: a quote that does not stand there, authority that is not law in force that day."""
    found = []
    for claim in answer.claims:
        citation = answer.citations[claim.citation]
        text = source_text(citation.id, assistant.corpus, claim.quote_language)
        if text is None or text[citation.start : citation.end] != claim.quote:
            found.append(f"{citation.id}: the quote does not stand there")
        if any(not check.passed for check in claim.checks):
            found.append(f"{citation.id}: shown although a check failed")
    for citation in answer.citations:
        in_force = assistant.corpus.standing(citation.id, answer.query.on) == "in_force"
        if citation.role == "authority" and not (in_force and isinstance(citation.id, ProvisionId)):
            found.append(f"{citation.id}: authority, yet not in force on {answer.query.on}")
    return found
