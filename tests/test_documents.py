"""The source documents are complete: each body is the supplied text minus the furniture declared in its front matter.

Compared are words (`\\w+`, HTML tags taken out). Markup, punctuation and our section numbers are not words.
"""

import hashlib
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent
DOCUMENTS = [
    ("ds-newsletter", "1e5fc40500b65ac599b5f5d11c990219b5d16f77f4f93f56370dfa5f141356bf"),
    ("draft-article", "77d41aae8563c1405add11cc750c640b0839d0ed6ba4cda8213ade1aecfbf7fd"),
]


def words(text: str) -> list[str]:
    return re.findall(r"\w+", re.sub(r"</?[a-zA-Z]+>", "", text))


def supplied(slug: str) -> str:
    return (ROOT / f"tests/data/supplied/{slug}.txt").read_text(encoding="utf-8")


def load(slug: str) -> tuple[dict[str, Any], list[str]]:
    """Front matter and the non-blank lines of the body."""
    _, front, body = (ROOT / f"corpus/documents/{slug}.md").read_text(encoding="utf-8").split("---\n", 2)
    return yaml.safe_load(front), [line for line in body.splitlines() if line.strip()]


def without(text: list[str], runs: list[list[str]]) -> list[str]:
    """`text` less each run, at the first place where it stands after the run before it."""
    kept, at = [], 0
    for run in runs:
        starts = (i for i in range(at, len(text) - len(run) + 1) if text[i : i + len(run)] == run)
        start = next(starts, None)
        assert start is not None, f"declared, but not in the supplied text here: {' '.join(run)}"
        kept += text[at:start]
        at = start + len(run)
    return kept + text[at:]


@pytest.mark.parametrize(("slug", "sha256"), DOCUMENTS)
def test_supplied_text_is_untouched(slug: str, sha256: str) -> None:
    assert hashlib.sha256((ROOT / f"tests/data/supplied/{slug}.txt").read_bytes()).hexdigest() == sha256


@pytest.mark.parametrize("slug", [slug for slug, _ in DOCUMENTS])
def test_no_word_is_lost_added_or_moved(slug: str) -> None:
    front, lines = load(slug)
    text, title = words(supplied(slug)), words(front["title"]["en"])
    body = words("\n".join(re.sub(r"^## \d+ ", "", line) for line in lines))
    if text[: len(title)] == title:  # a title of ours, where the supplied text has none, is not compared
        body = title + body
    assert body == without(text, [words(left_out["text"]) for left_out in front["furniture"]])


@pytest.mark.parametrize("slug", [slug for slug, _ in DOCUMENTS])
def test_sections_are_numbered_and_none_is_empty(slug: str) -> None:
    _, lines = load(slug)
    headings = [i for i, line in enumerate(lines) if line.startswith("#")]
    assert all(re.match(rf"## {n} \S", lines[i]) for n, i in enumerate(headings, 1))
    assert headings[0] == 0
    assert all(b - a > 1 for a, b in zip(headings, [*headings[1:], len(lines)], strict=True))
