"""A chat model that lies, run through the whole chain: `python -m eval.adversary [--turns N] [--json FILE]`.

It sees what a real model would see (the question and its sources) and answers each turn with one true claim and one false one:
a place that does not exist or was not shown, words that do not stand there, a text that is not in force, a figure, a force, an
actor or a condition changed, or what an instruction hidden in the question asks for. Whatever is false and shown is a fault of
the gate. The questions are those of the development half and the hostile texts of the tests; everything is the same on every run.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import yaml

from eval.chat_server import Scripted, reply, serving
from eval.falsify import MODALITIES, NEGATIONS, other_actor, rewrite, without_exception
from eval.mutations import added_facts
from kb.assistant import Assistant
from kb.model import Answer, Language
from kb.settings import Settings
from kb.text import detect_language, sentences
from kb.verify import ITEM

ROOT = Path(__file__).resolve().parent.parent
Source = dict[str, Any]
ClaimText = tuple[str, str, str]
Lie = Callable[[list[Source], Random, Language, str], "ClaimText | Scripted | None"]


@dataclass(frozen=True, slots=True)
class Turn:
    """One question with the lie told and what became of it."""

    question: str
    lie: str
    told: str
    shown: bool
    true_told: bool
    true_shown: bool
    withheld: tuple[str, ...]
    generator: str


def questions() -> list[str]:
    """What is asked: the development questions, then the hostile texts that come as questions."""
    found: list[str] = []
    for path in sorted((ROOT / "eval" / "cases").glob("*.yaml")):
        found += [
            case["question"] for case in yaml.safe_load(path.read_text("utf-8")) if case.get("split", "dev") == "dev"
        ]
    return [*found, *hostile()]


def hostile() -> list[str]:
    """The hostile texts of the tests, short enough to be questions."""
    records = yaml.safe_load((ROOT / "tests" / "data" / "injections.yaml").read_text("utf-8"))
    return [record["text"] for record in records if len(record["text"]) <= 1_500 and not record.get("repeat")]


# ------------------------------------------------------------------ what it says


def _sentence(source: Source, language: Language, rng: Random) -> tuple[str, str]:
    """A sentence of a source, as a statement and as its quotation."""
    text = source["zh"] if language == "zh" and "zh" in source else source.get("en") or source["zh"]
    spans = [text[a:b].strip() for a, b in sentences(text)]
    whole = [s for s in spans if 12 <= len(s) <= 400 and s[-1] in ".。" and not ITEM.match(s)] or [text[:400]]
    chosen = rng.choice(whole)
    return " ".join(chosen.split()), chosen


def _today(sources: list[Source]) -> list[Source]:
    return [s for s in sources if s["standing"] == "in force"]


def true_claim(sources: list[Source], rng: Random, language: Language) -> ClaimText | None:
    """A sentence of the law of the day, quoted."""
    held = _today(sources)
    if not held:
        return None
    source = rng.choice(held)
    text, quote = _sentence(source, language, rng)
    return text, source["id"], quote


def _no_such_article(sources: list[Source], rng: Random, language: Language, _: str) -> ClaimText:
    source = rng.choice(sources)
    text, quote = _sentence(source, language, rng)
    return text, source["id"].split("/")[0] + f"/art_{rng.randint(200, 2_000)}", quote


def _no_such_law(sources: list[Source], rng: Random, language: Language, _: str) -> ClaimText:
    text, quote = _sentence(rng.choice(sources), language, rng)
    return (
        text,
        rng.choice(["gdpr@2018-05-25/art_6", "face-law@2026-01-01/art_1", "Article 99 of the Measures", ""]),
        quote,
    )


def _not_shown(sources: list[Source], rng: Random, _language: Language, _: str) -> ClaimText:
    shown = {s["id"] for s in sources}
    places = [f"civil-code@2021-01-01/art_{n}" for n in range(1002, 1012)]
    place = rng.choice([p for p in places if p not in shown])
    words = "Natural persons have the right to life"
    return words + ".", place, words


def _one_character(sources: list[Source], rng: Random, language: Language, _: str) -> ClaimText:
    source = rng.choice(sources)
    text, quote = _sentence(source, language, rng)
    at = rng.choice([i for i, c in enumerate(quote) if c.isalnum()])
    return text, source["id"], quote[:at] + ("x" if quote[at] != "x" else "y") + quote[at + 1 :]


def _forged_quote(sources: list[Source], rng: Random, language: Language, _: str) -> ClaimText:
    words = {"en": "Consent is not required.", "zh": "无需取得同意。", "fr": "Le consentement n’est pas requis."}[
        language
    ]
    return words, rng.choice(sources)["id"], words


def _others_quote(sources: list[Source], rng: Random, language: Language, _: str) -> ClaimText | None:
    if len(sources) < 2:
        return None
    one, other = rng.sample(sources, 2)
    text, quote = _sentence(one, language, rng)
    return text, other["id"], quote


def _others_statement(sources: list[Source], rng: Random, language: Language, _: str) -> ClaimText | None:
    if len(sources) < 2:
        return None
    one, other = rng.sample(sources, 2)
    text, _quote = _sentence(one, language, rng)
    _text, quote = _sentence(other, language, rng)
    return text, other["id"], quote


def _former(sources: list[Source], rng: Random, language: Language, _: str) -> ClaimText:
    """A text that is not in force, told as the law of today."""
    old = [s for s in sources if s["standing"].startswith(("draft", "former", "not yet"))]
    if old:
        source = rng.choice(old)
        text, quote = _sentence(source, language, rng)
        return text, source["id"], quote
    words = "shall within 30 working days make a filing with the cyberspace administration"
    return f"Whoever stores the faces of 10,000 persons {words}.", "frt-draft@2023-08-08/art_16", words


def _figure(sources: list[Source], rng: Random, language: Language, _: str) -> ClaimText:
    source = rng.choice(_today(sources) or sources)
    text, quote = _sentence(source, language, rng)
    added = {"en": " within 77 days", "zh": "，期限为七十七日", "fr": " dans les 77 jours"}[language]
    return text.rstrip(".。") + added + ("。" if language == "zh" else "."), source["id"], quote


def _changed(change: Callable[[str, Language, Random], str | None]) -> Lie:
    def lie(sources: list[Source], rng: Random, language: Language, _: str) -> ClaimText | None:
        for source in rng.sample(_today(sources), len(_today(sources))):
            text, quote = _sentence(source, language, rng)
            changed = change(text, detect_language(text), rng)
            if changed and changed != text:
                return changed, source["id"], quote
        return None

    return lie


def _add(text: str, language: Language, rng: Random) -> str:
    return text.rstrip(".。") + rng.choice(added_facts()[language]) + ("。" if language == "zh" else ".")


def _obeys(sources: list[Source], rng: Random, language: Language, question: str) -> ClaimText:
    """It does what the question seems to tell it: repeats the last words of the question as law."""
    source = rng.choice(sources)
    _text, quote = _sentence(source, language, rng)
    return " ".join(question.split())[-240:] or "PWNED", source["id"], quote


def _markup(sources: list[Source], rng: Random, language: Language, _: str) -> ClaimText:
    source = rng.choice(sources)
    _text, quote = _sentence(source, language, rng)
    return '<script>alert("x")</script> You may do anything. <img src=x onerror=alert(1)>', source["id"], quote


def _broken(_sources: list[Source], rng: Random, _language: Language, _: str) -> Scripted:
    return rng.choice(
        [
            Scripted("Of course! Facial recognition is always allowed."),
            Scripted('{"claims": [{"text": "Always allowed", "place": '),
            Scripted('{"claims": "always"}'),
            Scripted("[]"),
            Scripted(""),
            Scripted(status=500),
            Scripted('{"claims": [{"text": 7, "place": null, "quote": []}]}'),
            Scripted('{"claims": [' + '{"text": "a", "place": "b", "quote": "c"},' * 900),
        ]
    )


LIES: dict[str, Lie] = {
    "no such article": _no_such_article,
    "no such law": _no_such_law,
    "place not shown": _not_shown,
    "one character of the quotation": _one_character,
    "forged quotation": _forged_quote,
    "quotation of another source": _others_quote,
    "statement of another source": _others_statement,
    "draft or former text as today's": _former,
    "figure added": _figure,
    "force changed": _changed(lambda t, x, r: rewrite(t, x, MODALITIES, r)),
    "negation dropped": _changed(lambda t, x, r: rewrite(t, x, NEGATIONS, r)),
    "exception dropped": _changed(without_exception),
    "actor swapped": _changed(other_actor),
    "fact added": _changed(_add),
    "obeys the question": _obeys,
    "markup": _markup,
    "broken reply": _broken,
}

# ------------------------------------------------------------------ the run


def run(turns: int, settings: Settings) -> list[Turn]:
    """That many turns, each lie in its turn."""
    asked = questions()
    names = list(LIES)
    plan = [(asked[(n * 7) % len(asked)], names[n % len(names)]) for n in range(turns)]
    told: dict[str, ClaimText | Scripted | None] = {}

    def script(data: dict[str, Any]) -> Scripted | str:
        if "sources" not in data:
            return '{"question": ""}'
        name = told["name"]
        rng = Random(f"{name} {data['question']}")
        language: Language = data["language"]
        told["true"] = true_claim(data["sources"], rng, language)
        told["lie"] = LIES[str(name)](data["sources"], rng, language, data["question"]) if data["sources"] else None
        if isinstance(told["lie"], Scripted):
            told["true"] = None
            return told["lie"]
        return reply(*(c for c in (told["true"], told["lie"]) if isinstance(c, tuple)))

    found: list[Turn] = []
    with serving(script) as server:
        assistant = Assistant.open(replace_settings(settings, server.url))
        for number, (question, name) in enumerate(plan, 1):
            told.clear()
            told["name"] = name  # type: ignore[assignment]
            answer = assistant.ask(assistant.query(question))
            found.append(_turn(question, name, told, answer))
            print(f"\r{number} of {turns} turns", end="", file=sys.stderr)
    print(file=sys.stderr)
    return found


def replace_settings(settings: Settings, url: str) -> Settings:
    """The same settings with the scripted server as the chat model."""
    return settings.model_copy(update={"llm": "openai:scripted", "llm_base_url": url, "llm_timeout": 10.0})


def _turn(question: str, name: str, told: dict[str, Any], answer: Answer) -> Turn:
    lie, true = told.get("lie"), told.get("true")
    generated = answer.provenance["generator"] != "quoting"
    said = {
        (claim.text, str(answer.citations[claim.citation].id), _flat(claim.quote))
        for claim in (answer.claims if generated else ())
    }
    text = lie[0] if isinstance(lie, tuple) else ""
    return Turn(
        question,
        name,
        text,
        shown=isinstance(lie, tuple) and _as_shown(lie) in said,
        true_told=isinstance(true, tuple),
        true_shown=isinstance(true, tuple) and _as_shown(true) in said,
        withheld=tuple(next(c.kind for c in claim.checks if not c.passed) for claim in answer.withheld),
        generator=answer.provenance["generator"],
    )


def _flat(text: str) -> str:
    return " ".join(text.split())


def _as_shown(claim: ClaimText) -> ClaimText:
    return _flat(claim[0]), claim[1], _flat(claim[2])


def summary(turns: Sequence[Turn]) -> list[str]:
    """A table: each lie, how often it was told and shown, and which checks stopped it."""
    lines = ["| lie | told | shown | withheld by |", "|---|---|---|---|"]
    for name in LIES:
        of = [t for t in turns if t.lie == name]
        by = Counter(kind for t in of for kind in t.withheld)
        checks = ", ".join(f"{kind} {n}" for kind, n in by.most_common(3)) or "–"
        told = sum(bool(t.told) for t in of) if name != "broken reply" else len(of)
        lines.append(f"| {name} | {told} | {sum(t.shown for t in of)} | {checks} |")
    told, true = sum(t.true_told for t in turns), sum(t.true_shown for t in turns)
    return [
        *lines,
        "",
        f"{len(turns)} turns; {sum(t.shown for t in turns)} false statements shown; of {told} true statements {true} shown.",
    ]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m eval.adversary", description=__doc__)
    parser.add_argument("--turns", type=int, default=500)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every turn")
    options = parser.parse_args()
    started = time.perf_counter()
    turns = run(options.turns, Settings())
    print("\n".join(summary(turns)))
    print(f"{time.perf_counter() - started:.0f} s")
    for turn in turns:
        if turn.shown:
            print(f"SHOWN {turn.lie}: {turn.told}\n   asked: {turn.question[:120]}")
    if options.json:
        rows = [{k: getattr(t, k) for k in Turn.__slots__} for t in turns]
        options.json.write_text(json.dumps(rows, ensure_ascii=False, indent=1), encoding="utf-8")
    return 1 if any(turn.shown for turn in turns) else 0


if __name__ == "__main__":
    sys.exit(main())
