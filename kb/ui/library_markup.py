"""Text to HTML: escaped piece by piece, with hits marked, citations linked and Chinese words named as Chinese."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from markupsafe import Markup, escape

from kb.model import Language
from kb.ui.library_cited import Span

_AROUND = 90
"""Characters shown on each side of the first hit of a text."""
_CHINESE = re.compile(r"[\u3400-\u9fff](?:[\u3000-\u303f\u3400-\u9fff\uff00-\uffef\d〔〕]*[\u3400-\u9fff])?")


def runs(text: str, language: Language = "en") -> Markup:
    """A text, escaped; Chinese words in a text of another language carry their language, for voices and fonts."""
    if language == "zh":
        return escape(text)
    return _join(text, ((m.start(), m.end(), _chinese) for m in _CHINESE.finditer(text)), escape)


def mark(text: str, pattern: re.Pattern[str], language: Language = "en") -> Markup:
    """A text with every hit marked, all else escaped."""

    def marked(words: str) -> Markup:
        return Markup("<mark>{}</mark>").format(runs(words, language))

    return _join(text, ((m.start(), m.end(), marked) for m in pattern.finditer(text)), lambda t: runs(t, language))


def excerpt(text: str, pattern: re.Pattern[str], language: Language = "en") -> Markup:
    """The surroundings of the first hit of a text, marked; whole words of Latin script."""
    first = pattern.search(text)
    start = max(0, first.start() - _AROUND) if first else 0
    end = min(len(text), (first.end() if first else 0) + _AROUND * 2)
    while start > 0 and text[start - 1].isascii() and not text[start - 1].isspace():
        start -= 1
    while end < len(text) and text[end].isascii() and not text[end].isspace():
        end += 1
    shown = mark(text[start:end], pattern, language)
    return Markup("… " if start else "") + shown + Markup(" …" if end < len(text) else "")


def linked(text: str, spans: Iterable[Span], link: Callable[[Span], tuple[str, str]], language: Language) -> Markup:
    """A text with the places it cites as links; `link` gives the address of a span and the name of its place."""

    def one(span: Span) -> Callable[[str], Markup]:
        address, name = link(span)
        anchor = Markup('<a class="ref" href="{}" title="{}">{}</a>')
        return lambda words: anchor.format(address, name, words)

    return _join(text, ((s.start, s.end, one(s)) for s in spans), lambda t: runs(t, language))


def _chinese(words: str) -> Markup:
    return Markup('<span lang="zh">{}</span>').format(words)


_Html = Callable[[str], Markup]


def _join(text: str, parts: Iterable[tuple[int, int, _Html]], between: _Html) -> Markup:
    """The text in order: each part [start, end) through its own function, what lies between through the other."""
    out: list[Markup] = []
    at = 0
    for start, end, html in parts:
        out += [between(text[at:start]), html(text[start:end])]
        at = end
    return Markup("").join([*out, between(text[at:])])
