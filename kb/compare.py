"""What differs between two texts, word by word; Chinese character by character."""

from __future__ import annotations

import difflib
import re

from kb.model import DiffPart

_WORD = re.compile(r"[\u3400-\u9fff]|[^\W_\u3400-\u9fff]+(?:['’.,-][^\W_\u3400-\u9fff]+)*|\s+|.", re.DOTALL)
MAX_WORDS = 4_000
"""Longer texts are compared as a whole: a diff of them would be no help and cost seconds."""


MAX_SPLINTER = 1
"""Words kept alike between two changes that are shown as part of the change."""


def words_of(text: str) -> list[str]:
    """The text cut into words, Chinese characters, marks and white space; joined again they are the text."""
    return _WORD.findall(text)


def word_diff(old: str, new: str) -> tuple[DiffPart, ...]:
    """How `old` becomes `new`: stretches that stay (=), go (-) and come (+). The = and - parts spell `old`, = and + `new`."""
    before, after = words_of(old), words_of(new)
    if old == new:
        return (("=", old),) if old else ()
    if len(before) > MAX_WORDS or len(after) > MAX_WORDS:
        return tuple(part for part in (("-", old), ("+", new)) if part[1])
    gone: list[str] = []
    come: list[str] = []
    parts: list[DiffPart] = []
    steps = difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    for number, (op, i, j, k, m) in enumerate(steps):
        between = 0 < number < len(steps) - 1
        if op == "equal" and not (between and _is_splinter(before[i:j])):
            parts += _changed(gone, come)
            gone, come = [], []
            parts.append(("=", "".join(before[i:j])))
        else:
            gone += before[i:j]
            come += after[k:m]
    return (*parts, *_changed(gone, come))


def _is_splinter(words: list[str]) -> bool:
    """Whether words that both texts have between two changes are so few that showing them apart would hide what changed."""
    return sum(word.isalnum() for word in words) <= MAX_SPLINTER


def _changed(gone: list[str], come: list[str]) -> list[DiffPart]:
    parts: tuple[DiffPart, ...] = (("-", "".join(gone)), ("+", "".join(come)))
    return [part for part in parts if part[1]]
