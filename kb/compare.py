"""What differs between two texts, word by word; Chinese character by character."""

from __future__ import annotations

import difflib
import re

from kb.model import DiffPart

_WORD = re.compile(r"[\u3400-\u9fff]|[^\W_\u3400-\u9fff]+(?:['’.,-][^\W_\u3400-\u9fff]+)*|\s+|.", re.DOTALL)
MAX_WORDS = 4_000
"""Longer texts are compared as a whole: a diff of them would be no help and cost seconds."""


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
    parts: list[DiffPart] = []
    for op, i, j, k, m in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if op == "equal":
            parts.append(("=", "".join(before[i:j])))
            continue
        if i < j:
            parts.append(("-", "".join(before[i:j])))
        if k < m:
            parts.append(("+", "".join(after[k:m])))
    return tuple(parts)
