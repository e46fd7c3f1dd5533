"""What is measured in one answer. Every figure is a pair (numerator, denominator), so that shares can be summed over cases.

`score_case` reads the published record of an answer (`kb.record`), not the assistant's own objects, and trusts none of its claims:
places, quotes and standings are looked up in the corpus again. A pair is None where the metric does not apply to the case. The
definitions stand in the functions; whether "right", "wrong", "refused" or "unscored" is told in `verdict_of`.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import log2
from typing import Any

from eval.attribution import Attribution, Phrases, attribute
from eval.cases import Case, KeyFact
from eval.results import Verdict
from eval.stats import Pair
from kb.corpus import Corpus
from kb.errors import BadInput
from kb.ids import ProvisionId, SourceId, parse_source_id, source_of
from kb.model import Line
from kb.text import sentences
from kb.verify import source_text

Pairs = dict[str, Pair]
DEPTH = 10


@dataclass(frozen=True, slots=True)
class Scored:
    """The pairs of one case, what must never happen, and the verdict with its reasons."""

    pairs: Mapping[str, Pair]
    violations: tuple[str, ...]
    verdict: Verdict
    reasons: tuple[str, ...]


def score_case(
    case: Case, record: Mapping[str, Any] | None, ranking: Sequence[str], corpus: Corpus, phrases: Phrases
) -> Scored:
    """Everything that one answer and its ranking tell. `record` is None where the system gave no answer at all."""
    found = ranking_pairs(case, ranking, corpus.records)
    if record is None:
        return Scored(found, (), "unscored", ("no answer came",))
    cited = cited_names(record)
    text = attribute(record, corpus, phrases)
    broken = tuple(violations(record, text, corpus))
    misled = misleading(case, record, corpus)
    verdict, credit, reasons = verdict_of(case, record, cited, broken, misled)
    found |= place_pairs(case, cited)
    found |= answer_pairs(record, text, corpus)
    found |= outcome_pairs(case, record, cited)
    found |= {
        "right": (float(verdict == "right"), 1),
        "wrong": (float(verdict == "wrong"), 1),
        "refused": (float(verdict == "refused"), 1),
        "superseded_as_authority": (float(bool(misled)), 1) if record["outcome"] == "answered" else None,
        "span_recall": span_pair(case, record, corpus),
        "truthfulness": (credit, 1),
    }
    return Scored(found, broken, verdict, reasons)


# ------------------------------------------------------------------ which places are cited


def name_of(place: SourceId) -> str:
    """How a case names a place: a whole article by its id, a document or record by its slug."""
    return str(place.whole_article) if isinstance(place, ProvisionId) else source_of(place)


def cited_names(record: Mapping[str, Any]) -> tuple[str, ...]:
    """The places that an answer cites, in order, each once; an id that is none is kept as it is."""
    found = []
    for citation in record["citations"]:
        try:
            found.append(name_of(parse_source_id(citation["id"])))
        except ValueError:
            found.append(str(citation["id"]))
    return tuple(dict.fromkeys(found))


def place_pairs(case: Case, cited: Sequence[str]) -> Pairs:
    """Citation precision and recall (as in ALCE, Gao et al. 2023, with places instead of passages; set-based as in Manning et al. 2008).

    Precision: of the places cited, those in a need or acceptable besides. Recall: of the needs, those of which a place is cited; a need
    is one unit, however many places satisfy it. Macro: the mean over cases (no precision without citations; F1 is 0 then). Micro: sums over
    cases. Cases where a refusal is right have none: whether they were refused is measured apart.
    """
    if not case.must:
        return {}
    accepted = {*case.may, *(place for need in case.must for place in need)}
    good = sum(place in accepted for place in cited)
    met = sum(any(place in cited for place in need) for need in case.must)
    precision = good / len(cited) if cited else 0.0
    recall = met / len(case.must)
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return {
        "citation_precision": (precision, 1) if cited else None,
        "citation_recall": (recall, 1),
        "citation_f1": (f1, 1),
        "citation_precision_micro": (good, len(cited)),
        "citation_recall_micro": (met, len(case.must)),
    }


def ranking_pairs(case: Case, ranking: Sequence[str], unranked: Container[str]) -> Pairs:
    """How well the search ranks, over the needs that it could meet: those of places other than the `unranked` (records: the search
    ranks provisions and documents).

    recall@k: needs with a place among the first k. all_gold@10: whether that is all of them (as in multi-hop retrieval). mrr@10: the
    reciprocal rank of the first place of any need, 0 beyond 10 (Voorhees 1999). ndcg@10: gain 2 for a place of a need, 1 for one
    acceptable besides, discounted by log2(rank + 1), by the best order of all graded places (Järvelin and Kekäläinen 2002, linear gain as
    in trec_eval).
    """
    needs = [need for need in case.must if any(place not in unranked for place in need)]
    if not needs:
        return {}
    gains = dict.fromkeys(case.may, 1.0) | {place: 2.0 for need in needs for place in need}
    ideal = _discounted(sorted((g for place, g in gains.items() if place not in unranked), reverse=True))
    first = next((r for r, place in enumerate(ranking[:DEPTH], 1) if gains.get(place) == 2.0), None)
    met = {k: sum(any(place in ranking[:k] for place in need) for need in needs) for k in (1, 5, DEPTH)}
    return {
        **{f"recall@{k}": (n / len(needs), 1) for k, n in met.items()},
        "all_gold@10": (float(met[DEPTH] == len(needs)), 1),
        "mrr@10": (1 / first if first else 0.0, 1),
        "ndcg@10": (_discounted([gains.get(place, 0.0) for place in ranking]) / ideal, 1),
    }


def _discounted(gains: Sequence[float]) -> float:
    return sum(gain / log2(rank + 1) for rank, gain in enumerate(gains[:DEPTH], 1))


# ------------------------------------------------------------------ what the answer says


def answer_pairs(record: Mapping[str, Any], text: Attribution, corpus: Corpus) -> Pairs:
    """Grounding, by look-up alone (no judge).

    citation_existence: citations whose place is held. quote_fidelity: quotes that stand at the cited place word for word and stop inside
    no sentence of it, nor before one that takes something back (a text cut short can lose its exception). unattributed_text: stretches of
    the text that come from no source (`eval.attribution`). temporal_validity: citations whose standing and role are those which the dates of the versions give.
    """
    citations, claims = record["citations"], record["claims"]
    existing = [c for c in citations if place_of(c, corpus) is not None]
    on = date.fromisoformat(record["on"])
    return {
        "citation_existence": (len(existing), len(citations)),
        "quote_fidelity": (sum(quote_problem(record, c, corpus) is None for c in claims), len(claims)),
        "unattributed_text": (len(text.unattributed), text.stretches),
        "temporal_validity": (
            sum((c["standing"], c["role"]) == standing_of(c, corpus, on) for c in existing),
            len(citations),
        ),
    }


def place_of(citation: Mapping[str, Any], corpus: Corpus) -> SourceId | None:
    """The place of a citation, if the corpus holds it."""
    try:
        place = parse_source_id(citation["id"])
        source_text(place, corpus, "en")
    except (BadInput, ValueError):
        return None
    return place


def standing_of(citation: Mapping[str, Any], corpus: Corpus, on: date) -> tuple[str, str]:
    """Standing and role of a place held, told from the dates of its version alone."""
    place = place_of(citation, corpus)
    if not isinstance(place, ProvisionId):
        return "commentary", "commentary"
    if corpus.laws[place.law].kind == "draft":
        return "draft", "history"
    version = corpus.version(place.law, place.version or "")
    if on < version.in_force_from:
        return "not_yet_in_force", "history"
    if version.in_force_until is not None and on >= version.in_force_until:
        return "amended", "history"
    return "in_force", "authority"


_LIMITS = re.compile(r"[^\S\n]*(?:但|However\b|Toutefois\b|Cependant\b)")
"""How a sentence begins that takes something back from the one before it, on the same line."""


def quote_problem(record: Mapping[str, Any], claim: Mapping[str, Any], corpus: Corpus) -> str | None:
    """What is wrong with the quote of a claim; None where nothing is."""
    citations = record["citations"]
    if not 0 <= claim["citation"] < len(citations):
        return "the claim cites nothing"
    citation, quote = citations[claim["citation"]], claim["quote"]
    place = place_of(citation, corpus)
    text = source_text(place, corpus, claim["quote_language"]) if place else None
    if not text or not quote or quote not in text:
        return f"{citation['id']}: the quote does not stand there"
    edges = {0, len(text)} | {edge for a, b in sentences(text) for edge in (a, b, a + len(text[a:b].rstrip()))}
    start = text.find(quote)
    if start not in edges or start + len(quote) not in edges:
        return f"{citation['id']}: the quote stops inside a sentence"
    if _LIMITS.match(text, start + len(quote)):
        return f"{citation['id']}: the quote stops before the sentence that limits it"
    if any(line not in record["text"] for line in quote.split("\n")):
        return f"{citation['id']}: the quote is not in the text of the answer"
    return None


def violations(record: Mapping[str, Any], text: Attribution, corpus: Corpus) -> Iterator[str]:
    """What must never happen, whatever the question."""
    on = date.fromisoformat(record["on"])
    for citation in record["citations"]:
        if place_of(citation, corpus) is None:
            yield f"{citation['id']}: there is no such place"
        elif (citation["standing"], citation["role"]) != standing_of(citation, corpus, on):
            yield f"{citation['id']}: given as {citation['standing']}, {citation['role']}; it is not on {on}"
    for claim in record["claims"]:
        if problem := quote_problem(record, claim, corpus):
            yield problem
        if any(not check["passed"] for check in claim["checks"]):
            yield f"{claim['text'][:60]}: shown although a check failed"
    yield from (f"from no source: {stretch}" for stretch in text.unattributed)
    if (record["outcome"] == "refused") != (record["refusal"] is not None):
        yield "outcome and refusal do not agree"
    if record["outcome"] == "answered" and not record["claims"]:
        yield "answered without a claim"


def misleading(case: Case, record: Mapping[str, Any], corpus: Corpus) -> tuple[str, ...]:
    """Places given as authority that were not in force on the day, or that the case names as misleading."""
    on = date.fromisoformat(record["on"])
    found = []
    for citation in record["citations"]:
        place = place_of(citation, corpus)
        if place is None or citation["role"] != "authority":
            continue
        if standing_of(citation, corpus, on)[1] != "authority" or name_of(place) in case.must_not:
            found.append(str(place))
    return tuple(found)


# ------------------------------------------------------------------ key facts


def span_pair(case: Case, record: Mapping[str, Any], corpus: Corpus) -> Pair:
    """Vital-span recall (after the vital nuggets of TREC, Voorhees 2003): key facts of the case that stand in a quote shown."""
    if not case.facts:
        return None
    return sum(fact_shown(fact, record, corpus) for fact in case.facts), len(case.facts)


def fact_shown(fact: KeyFact, record: Mapping[str, Any], corpus: Corpus) -> bool:
    """Whether a quote of the fact's article holds its words; a Chinese quote, the whole line (paragraph or item) where they stand."""
    for claim in record["claims"]:
        if not 0 <= claim["citation"] < len(record["citations"]):
            continue
        if name_of_id(record["citations"][claim["citation"]]["id"]) != fact.id:
            continue
        if fact.quote in claim["quote"]:
            return True
        lines = _lines_with(fact.quote, corpus.provision(ProvisionId.parse(fact.id)).lines)
        if claim["quote_language"] == "zh" and lines and all(line.zh and line.zh in claim["quote"] for line in lines):
            return True
    return False


def name_of_id(text: str) -> str:
    """`name_of` for the text of an id; the text itself where it is none."""
    try:
        return name_of(parse_source_id(text))
    except ValueError:
        return text


def _lines_with(words: str, lines: Sequence[Line]) -> list[Line]:
    """The fewest neighbouring lines in which English words stand."""
    for width in range(1, len(lines) + 1):
        for first in range(len(lines) - width + 1):
            window = list(lines[first : first + width])
            if words in "\n".join(line.en or "" for line in window):
                return window
    return []


# ------------------------------------------------------------------ outcome


def outcome_pairs(case: Case, record: Mapping[str, Any], cited: Sequence[str]) -> Pairs:
    """Refusals as a yes-or-no decision (as in SQuAD 2.0, Rajpurkar et al. 2018, and selective answering), and wrong premises.

    abstention_precision: of the refusals made, those due. abstention_recall: of those due, those made, whatever reason is given.
    abstention_f1: 2·TP / (2·TP + FP + FN). refusal_kind: of the due refusals made, those of the expected kind. false_refusals: of
    the answers due, those refused. premise_recall: of the cases that expect a note, those whose answer carries every kind of note
    expected and cites a place of the first need.
    """
    refused, due = record["outcome"] == "refused", case.refusal is not None
    kind = record["refusal"]["kind"] if record["refusal"] else None
    noted = {*case.notes} <= {note["kind"] for note in record["notes"]}
    decides = bool(case.must) and any(place in cited for place in case.must[0])
    hit = float(refused and due)
    return {
        "abstention_precision": (hit, 1) if refused else None,
        "abstention_recall": (hit, 1) if due else None,
        "abstention_f1": (2 * hit, 2 * hit + (refused != due)) if refused or due else None,
        "refusal_kind": (float(kind == case.refusal), 1) if refused and due else None,
        "false_refusals": (float(refused), 1) if not due else None,
        "premise_recall": (float(not refused and noted and decides), 1) if case.notes else None,
    }


def verdict_of(
    case: Case, record: Mapping[str, Any], cited: Sequence[str], broken: Sequence[str], misled: Sequence[str]
) -> tuple[Verdict, float, tuple[str, ...]]:
    """(verdict, truthfulness, reasons). Truthfulness follows CRAG (Yang et al. 2024): right 1, acceptable 0.5, missing 0, wrong −1.

    Where a refusal is due: right if refused for the expected reason; refused for another one is wrong, but acceptable. Where an answer
    is due: right if every need is cited, the notes expected are there, nothing misleads and nothing is violated; "refused" (missing) if it
    was refused; otherwise wrong, but acceptable where a need is cited, nothing misleads and nothing is violated.
    """
    refused = record["outcome"] == "refused"
    if case.refusal:
        if not refused:
            return "wrong", -1.0, (f"answered; a refusal ({case.refusal}) was due",)
        kind = record["refusal"]["kind"] if record["refusal"] else None
        if broken:
            return "wrong", -1.0, tuple(broken)
        if kind == case.refusal:
            return "right", 1.0, ()
        return "wrong", 0.5, (f"refused as {kind}; {case.refusal} was due",)
    if refused:
        return "refused", 0.0, (f"refused as {record['refusal']['kind'] if record['refusal'] else None}",)
    missing = [need for need in case.must if not any(place in cited for place in need)]
    lacking = sorted({*case.notes} - {note["kind"] for note in record["notes"]})
    reasons = [f"not cited: {' or '.join(need)}" for need in missing]
    reasons += [f"no note of the kind {kind}" for kind in lacking]
    reasons += [f"given as authority: {place}" for place in misled]
    reasons += broken
    if not reasons:
        return "right", 1.0, ()
    acceptable = len(missing) < len(case.must) and not misled and not broken
    return "wrong", 0.5 if acceptable else -1.0, tuple(reasons)
