"""The evaluator's own test: right answers are falsified in known ways, and the metric in charge of each way must fall.

A metric that does not fall measures nothing. Every kind of corruption names the metrics of which one must get worse; that some other
figure changes is not enough. The choice of answers and of places is fixed by a seed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from random import Random
from typing import Any

from eval.attribution import Phrases
from eval.cases import Case
from eval.metrics import Scored, fact_shown, name_of_id, score_case
from eval.results import MEASURES, CaseResult, Corruption
from eval.stats import SEED
from kb.corpus import Corpus
from kb.ids import ProvisionId, parse_source_id
from kb.text import CJK

PER_KIND = 20
"""Answers falsified in each way, fewer where fewer can be."""
_EXCEPTION = re.compile(r"[,;，；]\s*(?:unless|except|but\b|但)|\b(?:unless|except)\b|但(?:是|法律)?|除外")
_INVENTED = {
    "en": "Small companies are exempt from this rule in practice.",
    "zh": "小型企业在实践中不受此规则约束。",
    "fr": "En pratique, les petites entreprises sont dispensées de cette règle.",
}

Record = dict[str, Any]
Corrupt = Callable[[Case, Record, Corpus, Random], Record | None]
"""A right answer (a copy, to be changed) → the false one; None where it cannot be falsified in this way."""


def _provision_citations(record: Record) -> list[tuple[Record, Record]]:
    """(claim, citation) of the claims that cite a provision in force."""
    pairs = [(claim, record["citations"][claim["citation"]]) for claim in record["claims"]]
    return [
        (claim, citation) for claim, citation in pairs if "/art_" in citation["id"] and citation["role"] == "authority"
    ]


def _cite_instead(record: Record, citation: Record, place: ProvisionId, corpus: Corpus) -> Record:
    """The same answer with another place under its quote, in the record and in the text."""
    old = corpus.label(parse_source_id(citation["id"]), record["language"])
    record["text"] = record["text"].replace(f"— {old} · ", f"— {corpus.label(place, record['language'])} · ", 1)
    citation |= {"id": str(place), "label": corpus.label(place, "en"), "label_zh": corpus.label(place, "zh")}
    return record


def _quote_instead(record: Record, claim: Record, quote: str) -> Record:
    """The same answer with other words in quotation marks, in the record and in the text."""
    shown, new = (words.replace("\n", "\n   ") for words in (claim["quote"], quote))
    record["text"] = record["text"].replace(shown, new, 1)
    claim["quote"] = quote
    return record


def article(case: Case, record: Record, corpus: Corpus, rng: Random) -> Record | None:
    """Another article of the same text, one that the case does not accept."""
    accepted = {*case.may, *(place for need in case.must for place in need)}
    for claim, citation in _provision_citations(record):
        place = ProvisionId.parse(citation["id"])
        held = corpus.articles(corpus.version(place.law, place.version or ""))
        others = [a.id for a in held if str(a.id) not in accepted and claim["quote"] not in (a.text_en, a.text_zh)]
        if others:
            return _cite_instead(record, citation, rng.choice(others), corpus)
    return None


def law(_: Case, record: Record, corpus: Corpus, rng: Random) -> Record | None:
    """The same number in another law in force."""
    for _claim, citation in _provision_citations(record):
        place = ProvisionId.parse(citation["id"])
        others = [
            a.id
            for a in corpus.all_articles()
            if a.id.article == place.article and a.id.law != place.law and corpus.laws[a.id.law].kind != "draft"
        ]
        if others:
            return _cite_instead(record, citation, rng.choice(others), corpus)
    return None


def version(_: Case, record: Record, corpus: Corpus, rng: Random) -> Record | None:
    """The same number in another text of the law; a text of a day that is none where only one is held."""
    for _claim, citation in _provision_citations(record):
        place = ProvisionId.parse(citation["id"])
        others = [v.key for v in corpus.versions(place.law) if v.key != place.version] or ["2019-01-01"]
        changed = ProvisionId(place.law, rng.choice(others), place.article, place.paragraph, place.item)
        return _cite_instead(record, citation, changed, corpus)
    return None


def character(_: Case, record: Record, corpus: Corpus, rng: Random) -> Record | None:  # noqa: ARG001
    """One letter of a quote is another one."""
    if not record["claims"]:
        return None
    claim = rng.choice(record["claims"])
    quote = claim["quote"]
    at = rng.choice([i for i, c in enumerate(quote) if c.isalnum()])
    letter = rng.choice([c for c in ("可应不得有" if CJK.match(quote[at]) else "aeinst") if c != quote[at]])
    return _quote_instead(record, claim, quote[:at] + letter + quote[at + 1 :])


def exception(case: Case, record: Record, corpus: Corpus, rng: Random) -> Record | None:  # noqa: ARG001
    """A quote that ends before its exception, or before the key fact of the case."""
    for claim, citation in _provision_citations(record):
        quote = claim["quote"]
        cuts = [found.start() for found in _EXCEPTION.finditer(quote) if found.start() > 0]
        facts = [f.quote for f in case.facts if name_of_id(citation["id"]) == f.id and f.quote in quote]
        cuts += [at for words in facts if (at := quote.find(words)) > 0]
        if cuts and quote[: cuts[-1]].strip():
            return _quote_instead(record, claim, quote[: cuts[-1]].rstrip())
    return None


def fact(case: Case, record: Record, corpus: Corpus, rng: Random) -> Record | None:  # noqa: ARG001
    """The points that quote a key fact are left out, other points of the answer stay."""
    for one in case.facts:
        if not fact_shown(one, record, corpus):
            continue
        kept = [c for c in record["claims"] if name_of_id(record["citations"][c["citation"]]["id"]) != one.id]
        if kept:
            record["claims"] = kept
            return record
    return None


def refusal(case: Case, record: Record, corpus: Corpus, rng: Random) -> Record | None:  # noqa: ARG001
    """A refusal where an answer is due."""
    if case.refusal:
        return None
    from kb.phrases import say

    message = say("out_of_scope", record["language"])
    refused = {"outcome": "refused", "refusal": {"kind": "out_of_scope", "message": message}, "text": message}
    return record | refused | {"claims": [], "citations": [], "notes": []}


def role(_: Case, record: Record, corpus: Corpus, rng: Random) -> Record | None:  # noqa: ARG001
    """A draft or former text given as law in force."""
    for citation in record["citations"]:
        if citation["role"] == "history":
            citation |= {"role": "authority", "standing": "in_force"}
            return record
    return None


def invention(_: Case, record: Record, corpus: Corpus, rng: Random) -> Record | None:  # noqa: ARG001
    """A sentence from nowhere between the points of an answer."""
    if not record["claims"]:
        return None
    record["text"] = record["text"].replace("\n\n", f"\n\n{_INVENTED[record['language']]}\n\n", 1)
    return record if _INVENTED[record["language"]] in record["text"] else None


def note(case: Case, record: Record, corpus: Corpus, rng: Random) -> Record | None:  # noqa: ARG001
    """The note that corrects a wrong premise is left out."""
    if not case.notes:
        return None
    kept = [n for n in record["notes"] if n["kind"] not in case.notes]
    lost = [n["message"] for n in record["notes"] if n["kind"] in case.notes]
    record["text"] = "\n".join(line for line in record["text"].split("\n") if line.removeprefix("! ") not in lost)
    return record | {"notes": kept}


@dataclass(frozen=True, slots=True)
class Way:
    """One way to falsify an answer, and the metrics of which one must get worse."""

    make: Corrupt
    falls: tuple[str, ...]


WAYS: Mapping[str, Way] = {
    "article": Way(article, ("quote_fidelity",)),
    "law": Way(law, ("quote_fidelity", "citation_existence")),
    "version": Way(version, ("temporal_validity", "citation_existence")),
    "character": Way(character, ("quote_fidelity",)),
    "exception": Way(exception, ("quote_fidelity", "span_recall")),
    "fact": Way(fact, ("span_recall",)),
    "refusal for an answer": Way(refusal, ("false_refusals",)),
    "draft as law": Way(role, ("temporal_validity",)),
    "invented sentence": Way(invention, ("unattributed_text",)),
    "note left out": Way(note, ("premise_recall",)),
}
ANSWER_FOR_REFUSAL = "answer for a refusal"


def corruptions(
    cases: Sequence[Case], results: Mapping[str, CaseResult], corpus: Corpus, phrases: Phrases
) -> tuple[Corruption, ...]:
    """Every way on up to PER_KIND right answers of the run. A way for which no answer is at hand has `made` 0."""
    right = [case for case in cases if results[case.id].verdict == "right" and results[case.id].answer]
    found = []
    for kind, way in WAYS.items():
        made = ((case, false) for case in right if (false := falsified(kind, case, results[case.id], corpus)))
        found.append(_tally(kind, way.falls, made, results, corpus, phrases))
    answers = [results[case.id].answer for case in right if not case.refusal]
    flipped = (
        (case, {**answers[i % len(answers)], "question": case.question, "id": case.id})  # type: ignore[dict-item]
        for i, case in enumerate(c for c in right if c.refusal)
        if answers
    )
    found.append(_tally(ANSWER_FOR_REFUSAL, ("abstention_recall",), flipped, results, corpus, phrases))
    return tuple(found)


def falsified(kind: str, case: Case, result: CaseResult, corpus: Corpus) -> Record | None:
    """A right answer falsified in one way; None where that cannot be done."""
    rng = Random(f"{SEED}:{kind}:{case.id}")
    return WAYS[kind].make(case, deepcopy(dict(result.answer or {})), corpus, rng)


def _tally(
    kind: str,
    falls: Sequence[str],
    made: Iterator[tuple[Case, Record]],
    results: Mapping[str, CaseResult],
    corpus: Corpus,
    phrases: Phrases,
) -> Corruption:
    count, missed = 0, []
    for case, record in made:
        if count == PER_KIND:
            break
        count += 1
        before = score_case(case, results[case.id].answer, (), corpus, phrases)
        after = score_case(case, record, (), corpus, phrases)
        if not any(fell(metric, before, after) for metric in falls):
            missed.append(case.id)
    return Corruption(kind, count, count - len(missed), tuple(missed))


def fell(metric: str, before: Scored, after: Scored) -> bool:
    """Whether a metric of one case got worse."""
    old, new = before.pairs.get(metric), after.pairs.get(metric)
    if not old or not new or not old[1] or not new[1]:
        return False
    change = new[0] / new[1] - old[0] / old[1]
    return change < 0 if MEASURES[metric].better == "high" else change > 0
