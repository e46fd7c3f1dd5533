"""What the pages of the desk show, gathered from the records: dictionaries for the templates, no HTML."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

import yaml

from kb.corpus import Corpus
from kb.ids import FactId, PassageId, ProvisionId, SourceId, parse_source_id
from kb.model import Language, Standing
from kb.phrases import STANDINGS, say
from kb.signoff import Decision, lapsed, latest
from kb.store import Endorsement, Kept, QueueEntry, Store
from kb.ui.library_links import permanent_link
from kb.ui.render import CHIP
from kb.ui.templates_of import LANGUAGE_NAMES

if TYPE_CHECKING:
    from kb.ui.desk import Visit

MOST_BARS = 31


def moment(at: str) -> str:
    """A time as it is shown: to the minute, UTC said."""
    return at[:16].replace("T", " ") + " UTC"


def row(kept: Kept, store: Store, visit: Visit) -> dict[str, Any]:
    """One line of a history."""
    found = store.endorsement(kept.question, kept.language, visit.on, kept.content_hash)
    outcome = "answered" if kept.record["outcome"] == "answered" else "refused_short"
    return {
        "key": kept.id,
        "at": moment(kept.at),
        "question": kept.question,
        "href": visit.url(f"/answer/{kept.id}"),
        "outcome": visit.t(outcome),
        "legal": said_by_legal(found, visit.language) if found else "",
    }


def said_by_legal(found: Endorsement, language: Language) -> str:
    """What legal staff said of a question, in one line."""
    from kb.ui.desk_words import text as word

    at = found.at[:10]
    if found.lapsed:
        return word("lapsed_by", language, by=found.by, at=at, why=word(found.lapsed, language))
    return word("corrected_by" if found.correction else "signed_by", language, by=found.by, at=at)


def answer(kept: Kept, store: Store, corpus: Corpus, visit: Visit) -> dict[str, Any]:
    """A kept answer beside its sources, with what was decided of it."""
    record, spoken = kept.record, kept.language
    decisions = latest(store.decisions(kept.id))
    points = [
        {
            "text": claim["text"],
            "quote": claim["quote"].split("\n"),
            "quote_language": claim["quote_language"],
            "cited": _cited(record["citations"][claim["citation"]], corpus, kept, decisions, visit),
        }
        for claim in record["claims"]
    ]
    corrections = store.corrections(kept.id)
    last = corrections[-1] if corrections else None
    why = last.lapsed(corpus, visit.on) if last else None
    return {
        "kept": kept,
        "record": record,
        "spoken": spoken,
        "at": moment(kept.at),
        "points": points,
        "provenance": [f"{name} {value}" for name, value in record["provenance"].items()],
        "disclaimer": say("disclaimer", spoken),
        "copy": _copy(record),
        "correction": last,
        "correction_said": visit.t("corrected_by", by=last.by, at=last.at[:10]) if last else "",
        "correction_lapsed": visit.t("lapsed_by", by=last.by, at=last.at[:10], why=visit.t(why))
        if last and why
        else "",
    }


def _cited(
    citation: Mapping[str, Any], corpus: Corpus, kept: Kept, decisions: Mapping[str, Decision], visit: Visit
) -> dict[str, Any]:
    """One citation: its label, standing then, the words held today, and what was decided of it."""
    place = parse_source_id(citation["id"])
    spoken = kept.language
    decision = decisions.get(citation["id"])
    why = lapsed(decision, corpus, visit.on) if decision else None
    if decision is None:
        state, colour = visit.t("undecided"), "draft"
    elif decision.decision == "rejected":
        state, colour = visit.t("rejected_by", by=decision.by, at=decision.at[:10]), "bad"
    elif why:
        state, colour = visit.t("lapsed_by", by=decision.by, at=decision.at[:10], why=visit.t(why)), "moved"
    else:
        state, colour = visit.t("signed_by", by=decision.by, at=decision.at[:10]), "ok"
    texts = _texts(place, corpus)
    asked_for = date.fromisoformat(kept.record["on"])
    return {
        "id": citation["id"],
        "label": citation["label_zh"] if spoken == "zh" else citation["label"],
        "standing": _standing(place, citation["standing"], corpus, visit.language),
        "colour": CHIP.get(citation["standing"], "draft"),
        "href": permanent_link(place, corpus, asked_for, visit.language) if texts else "",
        "texts": texts,
        "decision": decision,
        "decided": decision is not None,
        "comment": decision.comment if decision else "",
        "state": state,
        "state_colour": colour,
    }


def _standing(place: SourceId, standing: Standing, corpus: Corpus, language: Language) -> str:
    words = STANDINGS[standing][language]
    if isinstance(place, ProvisionId) and corpus.find(place) is not None:
        version = corpus.version(place.law, place.version or "")
        return words.format(from_=version.key, until=version.in_force_until)
    return words.split("{")[0].strip() if "{" in words else words


def _texts(place: SourceId, corpus: Corpus) -> list[tuple[str, str]]:
    """The words held at a place, by language; none where it is no longer held."""
    if isinstance(place, PassageId):
        held = corpus.documents.get(place.document)
        found = next((p for p in held.passages if p.id == place), None) if held else None
        return [("en", found.text)] if found else []
    if isinstance(place, FactId):
        record = corpus.records.get(place.record)
        if record is None or not 1 <= place.number <= len(record.facts):
            return []
        return [("en", record.facts[place.number - 1].text.en), ("zh", record.facts[place.number - 1].text.zh)]
    provision = corpus.find(place)
    if provision is None:
        return []
    return [(code, text) for code, text in (("en", provision.text_en), ("zh", provision.text_zh)) if text]


def _copy(record: Mapping[str, Any]) -> str:
    """The answer as text to paste: question, points, words quoted, citations in both languages."""
    lines = [record["question"], ""]
    lines += [note["message"] for note in record["notes"]]
    for number, claim in enumerate(record["claims"], 1):
        cited = record["citations"][claim["citation"]]
        lines += [
            "",
            f"{number}. {claim['text']}",
            f"   “{claim['quote']}”",
            f"   — {cited['label']} — {cited['label_zh']} ({cited['id']})",
        ]
    if record["refusal"]:
        lines.append(record["refusal"]["message"])
    return "\n".join(lines)


def waiting(entry: QueueEntry, visit: Visit) -> dict[str, Any]:
    """One line of the queue."""
    kept = entry.kept
    return {
        "key": kept.id,
        "at": moment(kept.at),
        "question": kept.question,
        "href": visit.url(f"/answer/{kept.id}"),
        "asked_by": kept.asked_by or "–",
        "why": [visit.t(f"why_{reason}") for reason in entry.why],
        "said": [said for said in entry.said if said],
    }


def charts(counts: Mapping[str, Mapping[str, int]], corpus: Corpus, visit: Visit) -> list[dict[str, Any]]:
    """Bars for each kind of count: name, number, share of the longest."""
    found = []

    def named(kind: str, name: str) -> str:
        held = corpus.laws.get(name) or corpus.documents.get(name) or corpus.records.get(name)
        if kind == "law" and held:
            return held.short[visit.language]
        if kind in ("outcome", "refusal", "rating"):
            return visit.t(f"{kind}_{name}")
        return LANGUAGE_NAMES.get(name, name) if kind == "language" else name  # type: ignore[call-overload]

    for kind in ("day", "language", "outcome", "refusal", "law", "rating"):
        of = list(counts[kind].items())
        if kind == "day":
            of = of[-MOST_BARS:]
        else:
            of.sort(key=lambda pair: (-pair[1], pair[0]))
        most = max((n for _, n in of), default=0)
        bars = [{"name": named(kind, name), "n": n, "share": round(100 * n / most)} for name, n in of[:MOST_BARS]]
        if bars:
            found.append({"title": visit.t(f"by_{kind}"), "id": kind, "bars": bars})
    return found


def case(kept: Kept) -> str:
    """A real question as the draft of an evaluation case; who makes it decides what must be cited, and why."""
    record = kept.record
    draft: dict[str, Any] = {
        "id": f"real-{record['language']}-{kept.id[:8]}",
        "question": record["question"],
        "language": record["language"],
        "on": record["on"],
        "cited_by_the_answer": list(kept.cited),
    }
    if record["refusal"]:
        draft["refusal"] = record["refusal"]["kind"]
    draft["rationale"] = "TODO: which of these must be cited, which may be, and why"
    return yaml.safe_dump([draft], allow_unicode=True, sort_keys=False, width=120)
