"""Kept answers to take away, with what legal staff decided of them: Markdown, CSV, JSON. Word is in kb/answer_docx.py.

An answer comes as its published record. A point whose citation was rejected, or failed a check, is left out of what is meant to be passed on
(Markdown, Word), which says how many were; CSV and JSON hold everything.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from io import StringIO
from typing import Any

from kb.annotate import safe_cell
from kb.model import Trilingual
from kb.signoff import Decided

WORDS: Mapping[str, Trilingual] = {
    "answers": Trilingual("Answers with their citations", "问答及其引用", "Réponses et leurs références"),
    "law_of": Trilingual("Law as of {on}", "按{on}的法律", "Droit au {on}"),
    "refused": Trilingual("Not answered:", "未予回答：", "Sans réponse :"),
    "signed": Trilingual("signed off by {by} on {on}", "已由{by}于{on}审核确认", "validé par {by} le {on}"),
    "lapsed": Trilingual("sign-off by {by} of {on}, lapsed since", "曾由{by}于{on}审核确认，现已失效", "validation de {by} du {on}, caduque depuis"),
    "left_out": Trilingual(
        "Left out, since their citations were rejected or not verified: {n}.",
        "因引用被否定或未通过核对而略去的要点：{n}条。",
        "Points omis, leur référence étant rejetée ou non vérifiée : {n}.",
    ),
    "corrected": Trilingual("Answer of the legal staff ({by})", "法务答复（{by}）", "Réponse des juristes ({by})"),
    "made_with": Trilingual("Made with", "生成信息", "Établi avec"),
    "notice": Trilingual(
        "General information, not legal advice. English texts are an unofficial rendering; the Chinese text prevails.",
        "一般信息，不构成法律意见。英文为非官方译文，以中文文本为准。",
        "Information générale, non un conseil juridique. Les textes anglais sont une traduction non officielle ; le texte chinois fait foi.",
    ),
}  # fmt: skip
COLUMNS = (
    "question", "law_as_of", "outcome", "statement", "quote", "label", "label_zh", "id", "standing", "role", "verified",
    "decision", "decided_by", "decided_on", "comment", "lapsed",
)  # fmt: skip


MAX_CELL = 32_767
"""Characters that a cell of Excel holds; what is longer is cut."""


@dataclass(frozen=True, slots=True)
class Signature:
    """What legal staff decided of one citation; `on` is a day."""

    citation_id: str
    by: str
    on: str
    decision: Decided
    comment: str
    lapsed: bool


@dataclass(frozen=True, slots=True)
class Exported:
    """One answer: its record, the last decision on each citation, the corrected answer where there is one."""

    record: Mapping[str, Any]
    signatures: tuple[Signature, ...] = ()
    correction: str | None = None
    correction_by: str | None = None

    def signature(self, citation_id: str) -> Signature | None:
        return next((s for s in self.signatures if s.citation_id == citation_id), None)


@dataclass(frozen=True, slots=True)
class Point:
    """A statement with its quotation and its citation; `verified`: every check of it passed."""

    text: str
    quote: str
    quote_language: str
    citation: Mapping[str, Any]
    verified: bool
    signature: Signature | None

    @property
    def fit(self) -> bool:
        """Whether it is passed on."""
        return self.verified and not (self.signature and self.signature.decision == "rejected")


def points(answer: Exported) -> list[Point]:
    """The statements of an answer, in order."""
    found = []
    for claim in answer.record["claims"]:
        citation = answer.record["citations"][claim["citation"]]
        passed = bool(claim["checks"]) and all(check["passed"] for check in claim["checks"])
        signature = answer.signature(citation["id"])
        found.append(Point(claim["text"], claim["quote"], claim["quote_language"], citation, passed, signature))
    return found


def said_of(signature: Signature | None, language: str) -> str:
    """The sign-off of a citation in words; empty where there is none."""
    if signature is None or signature.decision == "rejected":
        return ""
    words = WORDS["lapsed" if signature.lapsed else "signed"]
    return words[language].format(by=signature.by, on=signature.on)  # type: ignore[index]


def footnote(point: Point, language: str) -> str:
    """A citation as a footnote: both labels, the standing, the id, the sign-off."""
    cited = point.citation
    parts = [f"{cited['label']} — {cited['label_zh']}", cited["standing"].replace("_", " "), cited["id"]]
    return "; ".join([*parts, *([said_of(point.signature, language)] if said_of(point.signature, language) else [])])


def markdown(answers: Sequence[Exported]) -> str:
    """One heading an answer; citations as numbered notes at its end. What was written by people or models is escaped."""
    blocks = []
    for answer in answers:
        record, language = answer.record, answer.record["language"]
        lines = [f"# {_md(record['question'])}", "", WORDS["law_of"][language].format(on=record["on"]), ""]
        if answer.correction:
            by = WORDS["corrected"][language].format(by=_md(answer.correction_by or ""))
            lines += [f"## {by}", "", _md(answer.correction), ""]
        lines += [f"> {_md(note['message'])}\n" for note in record["notes"]]
        if record["refusal"]:
            lines += [f"**{WORDS['refused'][language]}** {_md(record['refusal']['message'])}", ""]
        held = points(answer)
        fit = [p for p in held if p.fit]
        for number, point in enumerate(fit, 1):
            quote = "\n".join(f"   > {_md(line)}" for line in point.quote.split("\n"))
            lines += [f"{number}. {_md(point.text)} [{number}]", "", quote, ""]
        lines += [f"[{n}] {_md(footnote(p, language))}  " for n, p in enumerate(fit, 1)]
        if len(fit) < len(held):
            lines += ["", WORDS["left_out"][language].format(n=len(held) - len(fit))]
        lines += ["", f"{WORDS['made_with'][language]}: {_md(made_with(record))}", "", WORDS["notice"][language], ""]
        blocks.append("\n".join(lines))
    return "\n".join(blocks)


def made_with(record: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in record["provenance"].items())


def _md(text: str) -> str:
    """Text that Markdown shows as it is."""
    plain = "".join(c for c in text if c == "\n" or c.isprintable()).replace("\\", "\\\\")
    for mark in "`*_[]<>#|~$":
        plain = plain.replace(mark, f"\\{mark}")
    return plain


def csv_table(answers: Sequence[Exported]) -> str:
    """One row a statement (one an answer without any), with a mark so that Excel reads it as UTF-8."""
    out = StringIO(newline="")
    rows = csv.writer(out)
    rows.writerow(COLUMNS)
    for answer in answers:
        record = answer.record
        head = [record["question"], record["on"], record["outcome"]]
        held = points(answer)
        for p in held:
            cited = [p.citation[name] for name in ("label", "label_zh", "id", "standing", "role")]
            s = p.signature
            decided = [s.decision, s.by, s.on, s.comment, "yes" if s.lapsed else "no"] if s else [""] * 5
            cells = [*head, p.text, p.quote, *cited, "yes" if p.verified else "no", *decided]
            rows.writerow([_cell(cell) for cell in cells])
        if not held:
            rows.writerow([_cell(cell) for cell in head] + [""] * (len(COLUMNS) - len(head)))
    return "\ufeff" + out.getvalue()


def _cell(value: object) -> str:
    text = safe_cell(str(value))
    return text if len(text) <= MAX_CELL else text[: MAX_CELL - 1] + "…"


def json_records(answers: Sequence[Exported]) -> str:
    """The published records, with signatures and corrections."""
    found = [
        {
            "answer": dict(a.record),
            "signatures": [asdict(s) for s in a.signatures],
            "correction": {"text": a.correction, "by": a.correction_by} if a.correction else None,
        }
        for a in answers
    ]
    return json.dumps(found, ensure_ascii=False, indent=1) + "\n"
