"""Answers and evidence as HTML. Every text that comes from outside this module is escaped here, once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import urlsplit

from kb.assistant import standing_text
from kb.corpus import Corpus
from kb.generate import contains
from kb.ids import FactId, PassageId, ProvisionId
from kb.model import Answer, Citation, Claim, Language, Line
from kb.ui.library_links import permanent_link
from kb.ui.strings import word

CHIP: dict[str, str] = {
    "in_force": "ok",
    "not_yet_in_force": "moved",
    "amended": "moved",
    "repealed": "moved",
    "draft": "draft",
    "commentary": "draft",
}
"""Colours mean standing: in force, moved (amended, renumbered), draft or commentary."""


def label_of(citation: Citation, language: Language) -> str:
    return citation.label_zh if language == "zh" else citation.label


@dataclass(frozen=True, slots=True)
class Beside:
    """What stands above and below an answer besides it, as HTML: what legal staff said of it, where to go on."""

    above: str = ""
    below: str = ""


def conversation(
    turns: list[tuple[str, Answer | None]],
    corpus: Corpus | None,
    language: Language,
    pending: str | None = None,
    besides: Sequence[Beside] = (),
) -> str:
    """The conversation, the newest turn first; `pending` is a question that is being looked up, `besides` goes with the turns."""
    if not turns and pending is None:
        return f'<div class="kb-empty">{escape(word("empty", language))}</div>'
    blocks = [
        turn(number, text, answer, corpus, language, besides[number] if number < len(besides) else Beside())
        for number, (text, answer) in enumerate(turns)
        if answer and corpus
    ]
    if pending is not None:
        blocks.append(
            f'<section class="kb-turn"><h2 class="kb-q">{escape(pending)}</h2>'
            f'<p class="kb-wait" role="status">{escape(word("searching", language))}</p></section>'
        )
    return f'<div class="kb-conversation" aria-live="polite">{"".join(reversed(blocks))}</div>'


def turn(
    number: int, question: str, answer: Answer, corpus: Corpus, language: Language, beside: Beside = Beside()
) -> str:
    """One question with its answer. The words of the answer are in the language of the question."""
    spoken = answer.query.language
    parts = [f'<section class="kb-turn" data-turn="{number}"><h2 class="kb-q">{escape(question)}</h2>', beside.above]
    if answer.refusal:
        parts.append(
            f'<div class="kb-refusal" lang="{spoken}"><strong>{escape(word("refused", spoken))}</strong> {escape(answer.refusal.message)}</div>'
        )
    else:
        for note in answer.notes:
            parts.append(f'<p class="kb-note kb-{note.kind}" lang="{spoken}">{escape(note.message)}</p>')
        items = "".join(point(number, claim, answer, corpus) for claim in answer.claims)
        parts.append(f'<ol class="kb-points" lang="{spoken}">{items}</ol>')
        parts.append(f'<p class="kb-checked">✓ {escape(word("passed", language))}</p>')
    parts += [beside.below, "</section>"]
    return "".join(parts)


def point(turn_number: int, claim: Claim, answer: Answer, corpus: Corpus) -> str:
    citation = answer.citations[claim.citation]
    language = answer.query.language
    name = f"ev-{turn_number}-{claim.citation}"
    standing = standing_text(corpus, citation, language)
    quote = "<br>".join(escape(line) for line in claim.quote.split("\n"))
    note = (
        ""
        if claim.quote_language == "zh" or citation.role == "commentary"
        else f'<span class="kb-unofficial">{escape(word("unofficial", language))}</span>'
    )
    return (
        f'<li class="kb-point"><p class="kb-gist">{escape(claim.text)}</p>'
        f'<button type="button" class="kb-chip kb-{CHIP[citation.standing]}" data-open="{name}" aria-controls="{name}">'
        f"<b>{escape(label_of(citation, language))}</b> <span>· {escape(standing)}</span></button>"
        f'<blockquote class="kb-quote" lang="{claim.quote_language}">{quote}</blockquote>{note}</li>'
    )


def evidence(turns: list[tuple[str, Answer | None]], corpus: Corpus | None, language: Language) -> str:
    """The cards of every citation of the conversation, the first of the last answer open."""
    answered = [(number, answer) for number, (_, answer) in enumerate(turns) if answer and answer.citations]
    if not answered or corpus is None:
        return f'<div class="kb-empty">{escape(word("evidence_empty", language))}</div>'
    last = answered[-1][0]
    cards = [
        card(f"ev-{number}-{i}", citation, answer, corpus, language, opened=number == last and i == 0)
        for number, answer in answered
        for i, citation in enumerate(answer.citations)
    ]
    return f'<h2 class="kb-side">{escape(word("evidence", language))}</h2><div class="kb-cards">{"".join(cards)}</div>'


def card(name: str, citation: Citation, answer: Answer, corpus: Corpus, language: Language, opened: bool) -> str:
    """One citation opened: the article in both languages, the words relied on marked, its version and its source."""
    claims = [c for c in answer.claims if answer.citations[c.citation] is citation]
    quoted = {c.quote_language for c in claims}
    label = label_of(citation, language)
    head = f'<summary><b>{escape(label)}</b> <span class="kb-chip kb-{CHIP[citation.standing]}">{escape(standing_text(corpus, citation, language))}</span></summary>'
    if isinstance(citation.id, PassageId):
        body = _passage_body(citation, corpus, language)
    elif isinstance(citation.id, FactId):
        body = _fact_body(citation.id, corpus, language)
    else:
        body = _provision_body(citation, quoted, corpus, language)
    copy = f"{citation.label} — {citation.label_zh}"
    buttons = (
        f'<button type="button" class="kb-copy" data-copy="{escape(copy, quote=True)}" data-done="{escape(word("copied", language), quote=True)}">'
        f"{escape(word('copy', language))}</button>"
    )
    address = escape(permanent_link(citation.id, corpus, answer.query.on, language), quote=True)
    buttons += (
        f' <a class="kb-library" href="{address}" target="_blank" rel="noopener">'
        f"{escape(word('open_in_library', language))}</a>"
    )
    return f'<details class="kb-card" id="{name}"{" open" if opened else ""}>{head}{body}<p class="kb-actions">{buttons}</p></details>'


def _provision_body(citation: Citation, quoted: Collection[str], corpus: Corpus, language: Language) -> str:
    place = citation.id
    assert isinstance(place, ProvisionId)
    article = corpus.provision(place.whole_article)
    version, law = corpus.version(place.law, place.version or ""), corpus.laws[place.law]
    single = max(line.paragraph for line in article.lines) == 1
    columns, missing = [], ""
    for code, key in (("en", "english"), ("zh", "chinese")):
        spans = _spans(citation, code, corpus) if code in quoted else {}
        text = "".join(_line(line, place, single, code, spans) for line in article.lines)
        if article.text("zh" if code == "zh" else "en") is None:
            missing = (
                f'<p class="kb-missing">{escape(word("chinese_link" if code == "zh" else "no_english", language))}</p>'
            )
            continue
        note = f'<p class="kb-unofficial">{escape(word("unofficial", language))}</p>' if code == "en" else ""
        columns.append(f'<div lang="{code}"><h4>{escape(word(key, language))}</h4>{text}{note}</div>')
    facts = [law.title[language], article.chapter or ""]
    about = f'<p class="kb-facts">{" · ".join(escape(f) for f in facts if f)}</p>'
    if article.heading:
        about += f"<h3>{escape(article.heading[language])}</h3>"
    warnings = []
    if place.article in version.partial:
        warnings.append(f"{word('incomplete', language)} {version.partial[place.article]}")
    if place.article in version.inferred_numbers:
        warnings.append(word("inferred", language))
    warned = "".join(f'<p class="kb-note">{escape(w)}</p>' for w in warnings)
    gist = (
        f'<p class="kb-editorial"><b>{escape(word("in_plain_words", language))}:</b> {escape(article.gist[language])}</p>'
        if article.gist
        else ""
    )
    source = f'<p class="kb-facts">{link(version.source_url, word("official", language))} · {escape(word("read_in", language))} {escape(version.evidence)}</p>'
    return f'{about}{warned}<div class="kb-columns kb-{len(columns)}">{"".join(columns)}</div>{missing}{gist}{source}'


def _spans(citation: Citation, code: str, corpus: Corpus) -> dict[tuple[int, int | None], tuple[int, int]]:
    """Which part of each line of the place is quoted: (paragraph, item) → offsets into that line; lines not quoted are left out."""
    found: dict[tuple[int, int | None], tuple[int, int]] = {}
    before = 0
    assert isinstance(citation.id, ProvisionId)
    for line in corpus.provision(citation.id).lines:
        length = len(line.text("zh" if code == "zh" else "en") or "")
        start, end = max(citation.start - before, 0), min(citation.end - before, length)
        if start < end:
            found[line.paragraph, line.item] = (start, end)
        before += length + 1
    return found


def _line(
    line: Line, place: ProvisionId, single: bool, code: str, spans: dict[tuple[int, int | None], tuple[int, int]]
) -> str:
    """A paragraph or item; the words quoted are marked, their counterpart in the other language is set off."""
    text = (line.zh if code == "zh" else line.en) or ""
    here = ProvisionId(place.law, place.version, place.article, None if single else line.paragraph, line.item)
    kind = "item" if line.item else "paragraph"
    if span := spans.get((line.paragraph, line.item)):
        return f'<p class="kb-{kind}">{_marked(text, *span)}</p>'
    parallel = not spans and contains(place, here)
    return f'<p class="kb-{kind}{" kb-parallel" if parallel else ""}">{escape(text)}</p>'


def _marked(text: str, start: int, end: int) -> str:
    return f"{escape(text[:start])}<mark>{escape(text[start:end])}</mark>{escape(text[end:])}"


def _passage_body(citation: Citation, corpus: Corpus, language: Language) -> str:
    place = citation.id
    assert isinstance(place, PassageId)
    passage, document = corpus.passage(place), corpus.documents[place.document]
    notes = "".join(f'<p class="kb-note">{escape(note.message[language])}</p>' for note in corpus.notes_at(place))
    facts = f"{document.title[language]} · {document.author} · {document.published_from} – {document.published_to}"
    return (
        f'<p class="kb-facts">{escape(word("document", language))}: {escape(facts)}</p><h3>{escape(passage.section)}</h3>'
        f'<div lang="en"><p>{_marked(passage.text, citation.start, citation.end)}</p></div>{notes}'
    )


def _fact_body(place: FactId, corpus: Corpus, language: Language) -> str:
    """A record opened: what the instrument is, its facts with their grades, the one relied on marked."""
    record = corpus.records[place.record]
    facts = "".join(
        f'<li value="{fact.id.number}">{"<mark>" if fact.id == place else ""}{escape(fact.text[language])}'
        f"{'</mark>' if fact.id == place else ''} ({escape(fact.grade)})</li>"
        for fact in record.facts
    )
    about = " · ".join(x for x in (record.title[language], record.issuer[language], record.number or "") if x)
    source = link(record.source_url, word("official", language)) + " · " if record.source_url else ""
    return (
        f'<p class="kb-facts">{escape(about)}</p><p class="kb-missing">{escape(word("record", language))}</p><ol>{facts}</ol>'
        f'<p class="kb-facts">{source}{escape(word("read_in", language))} {escape(record.read_in)}</p>'
    )


def link(url: str, text: str) -> str:
    """A link to an official page; anything but http(s) is shown as text."""
    if urlsplit(url).scheme not in ("http", "https"):
        return escape(text)
    return f'<a href="{escape(url, quote=True)}" target="_blank" rel="noopener noreferrer">{escape(text)} ↗</a>'
