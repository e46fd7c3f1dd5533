"""The prompts of the chat model, as files with a version; their hash stands in every answer that was made with them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).with_name("prompts")


@dataclass(frozen=True, slots=True)
class Prompt:
    """`sha256` are the first 12 hexadecimal digits over the file as it is."""

    name: str
    version: int
    sha256: str
    text: str


@cache
def read_prompt(name: str) -> Prompt:
    """The prompt `prompts/<name>.md`: front matter with `version`, then the text."""
    content = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
    _, front, text = content.split("---\n", 2)
    version = int(front.removeprefix("version:"))
    return Prompt(name, version, hashlib.sha256(content.encode()).hexdigest()[:12], text.strip())
