"""Official Chinese text of an instrument that the corpus only links: page → articles → checked → stored on this machine.

The page is untrusted: it is parsed as data, nothing in it is run or followed. Its articles are compared with the rendering
(numbers, paragraphs, items, quantities, references, modality), and on any doubt nothing is stored.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from urllib.parse import urljoin, urlsplit, urlunsplit

from kb import corpus_files as files
from kb import dataset
from kb.citation import number
from kb.corpus import Corpus
from kb.corpus_load import load_corpus
from kb.errors import BadInput
from kb.lint import lint_corpus
from kb.model import Version
from kb.settings import Settings
from kb.text import CJK

TIMEOUT_SECONDS = 20
MAX_PAGE_BYTES = 5_000_000
MAX_REDIRECTS = 5
_PAGES = ("text/html", "application/xhtml+xml")
_SAVE = "save the page in a browser and give it with --from FILE"


@dataclass(frozen=True, slots=True)
class Page:
    """A page as it was read: where, its bytes, and the character set that its server named (None: none)."""

    source: str
    content: bytes
    charset: str | None = None


@dataclass(frozen=True, slots=True)
class Fetched:
    """What was stored: the version, the file, how many articles, and those left out since their rendering is incomplete."""

    version: Version
    path: Path
    articles: int
    left_out: tuple[str, ...]


# ------------------------------------------------------------------ which version, which page


def linked_version(name: str, key: str | None, corpus: Corpus) -> Version:
    """The version meant, whose Chinese is only linked; BadInput says which there are."""
    named = {n.text.lower(): n.slug for n in corpus.names if n.slug in corpus.laws}
    law = name if name in corpus.laws else named.get(name.strip().strip("《》").lower())
    linked = {
        slug: [v for v in corpus.versions(slug) if _front(corpus, v).chinese.dataset is None] for slug in corpus.laws
    }
    known = ", ".join(f"{slug}@{v.key}" for slug, versions in linked.items() for v in versions)
    if law is None:
        raise BadInput(f"{name!r} is not a law of the shipped corpus; an official text can be fetched for {known}")
    if key is not None:
        version = corpus.version(law, key)
        if version not in linked[law]:
            raise BadInput(f"the Chinese of {law}@{key} is in the data package; there is nothing to fetch")
        return version
    if len(linked[law]) != 1:
        reason = "give one with --version: " + ", ".join(v.key for v in linked[law]) if linked[law] else ""
        raise BadInput(
            f"{law}: " + (reason or f"its Chinese is in the data package; nothing to fetch. Linked: {known}")
        )
    return linked[law][0]


def _front(corpus: Corpus, version: Version) -> files.VersionFront:
    return files.read_version(corpus.root / "laws" / version.law / f"{version.key}.md")[0]


def read_page(source: str) -> Page:
    """A page by its address, or from a saved file; BadInput says what is wrong with it."""
    if re.match(r"https?://", source, re.IGNORECASE):
        return download(source)
    path = Path(source)
    try:
        with path.open("rb") as file:
            content = file.read(MAX_PAGE_BYTES + 1)
    except OSError as error:
        raise BadInput(f"--from: {path}: cannot be read ({error.strerror})") from None
    if len(content) > MAX_PAGE_BYTES:
        raise BadInput(f"--from: {path}: more than {MAX_PAGE_BYTES:,} bytes; save the page alone")
    return Page(path.name, content)


def _secure(url: str) -> str:
    """The address with https; http only on this machine itself."""
    parts = urlsplit(url)
    if parts.hostname in ("127.0.0.1", "localhost", "::1"):
        return url
    if parts.port not in (None, 80, 443):
        raise BadInput(f"{url}: an official page is read at the usual port of https")
    return urlunsplit(("https", parts.hostname or "", parts.path or "/", parts.query, ""))


def _site(url: str) -> tuple[str, int | None]:
    parts = urlsplit(url)
    return (parts.hostname or "").lower().removeprefix("www."), parts.port


def download(url: str) -> Page:
    """Read a page by https with verified certificates, within one site, size and time; BadInput otherwise."""
    import httpx

    until = time.monotonic() + TIMEOUT_SECONDS
    try:
        first = address = _secure(url)
        with httpx.Client(timeout=TIMEOUT_SECONDS, follow_redirects=False) as client:
            for _ in range(MAX_REDIRECTS + 1):
                with client.stream("GET", address, headers={"Accept": ", ".join(_PAGES)}) as response:
                    if not response.has_redirect_location:
                        return Page(url, _content(response, url, until), response.charset_encoding)
                    address = _secure(urljoin(address, response.headers["location"]))
                if _site(address) != _site(first):
                    raise BadInput(f"{url}: leads to another site ({_site(address)[0]}); {_SAVE}")
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise BadInput(f"{url}: cannot be read ({reason}); try later, or {_SAVE}") from None
    raise BadInput(f"{url}: leads on and on (more than {MAX_REDIRECTS} times); {_SAVE}")


def _content(response: object, url: str, until: float) -> bytes:
    import httpx

    assert isinstance(response, httpx.Response)
    if response.status_code != 200:
        raise BadInput(f"{url}: the server answers {response.status_code}; try later, or {_SAVE}")
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in _PAGES:
        raise BadInput(f"{url}: not a web page but {kind or 'content of no stated type'}; {_SAVE}")
    content = b""
    for block in response.iter_bytes(65_536):
        content += block
        if len(content) > MAX_PAGE_BYTES:
            raise BadInput(f"{url}: more than {MAX_PAGE_BYTES:,} bytes; {_SAVE}")
        if time.monotonic() > until:
            raise BadInput(f"{url}: took more than {TIMEOUT_SECONDS} s; try later, or {_SAVE}")
    return content


# ------------------------------------------------------------------ page → lines → articles


_BLOCKS = re.compile(
    r"address|article|aside|blockquote|body|br|caption|center|d[dlt]|div|fig(?:caption|ure)|footer|form|h[1-6r]|header|html|li"
    r"|main|nav|[ou]l|option|p|pre|section|select|t(?:able|body|d|foot|h|head|itle|r)"
)
_UNSEEN = ["script", "style", "noscript", "template", "iframe", "svg", "textarea"]
_SPACE = r"[^\S\n]|[\u200b\u200c\u200d\ufeff]"
_NUMERAL = r"[一二三四五六七八九十百千零〇]+|\d{1,4}"
_ARTICLE = re.compile(
    rf"第(?P<n>{_NUMERAL})条(?:之(?P<ins>[一二三四五六七八九十]+))?(?:(?P<gap>\s+)|$|(?![至到、，,和与或及的第规所中之]))(?P<rest>.*)",
    re.DOTALL,
)
_ENDS = tuple("。；：;:”）！？")


def decoded(page: Page) -> str:
    """The text of a page in the character set that it or its server names, else UTF-8 or GB 18030; BadInput where none fits."""
    from bs4.dammit import EncodingDetector

    named = [page.charset, EncodingDetector.find_declared_encoding(page.content, is_html=True), "utf-8-sig", "gb18030"]
    for name in named:
        if not name:
            continue
        wide = "gb18030" if name.lower().replace("_", "-") in ("gb2312", "gbk", "gb-2312", "x-gbk") else name
        try:
            return page.content.decode(wide)
        except (LookupError, UnicodeDecodeError):
            continue
    raise BadInput(f"{page.source}: its characters cannot be read; {_SAVE}")


class _Text(HTMLParser):
    """Collects the visible text in one pass, with a line break at both ends of every block; nesting costs nothing."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self.unseen: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        if self.unseen is None and tag in _UNSEEN:
            self.unseen = tag
        self._break(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self._break(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag == self.unseen:
            self.unseen = None
        self._break(tag)

    def handle_data(self, data: str) -> None:
        if self.unseen is None:
            self.pieces.append(re.sub(r"[ \t\r\n\f]+", " ", data))

    def _break(self, tag: str) -> None:
        if _BLOCKS.fullmatch(tag):
            self.pieces.append("\n")


def page_lines(html: str) -> list[str]:
    """The visible text of a page, a paragraph a line, without white space that only lays it out."""
    reader = _Text()
    reader.feed(html)
    reader.close()
    text = re.sub(r"(?<=[。；：])\u3000{2}", "\n", "".join(reader.pieces))
    lines = (re.sub(rf"(?:{_SPACE})+", " ", line).strip() for line in text.split("\n"))
    return [line for line in lines if line]


def _tight(line: str) -> str:
    """A line without the blanks beside Chinese characters and their punctuation."""
    wide = rf"(?:{CJK.pattern}|[，。；：、！？（）《》“”])"
    return re.sub(rf"(?<={wide}) | (?={wide})", "", line.strip())


def _name(match: re.Match[str]) -> str | None:
    try:
        return str(number(match["n"])) + (f"-{number(match['ins'])}" if match["ins"] else "")
    except ValueError:
        return None


def articles_of(lines: Sequence[str]) -> list[dataset.ChineseArticle]:
    """The articles in the lines of a page, in order: from the first one that opens `第一条` to the end of the law.

    A line that opens no article and ends like no sentence is a heading or page furniture: the article before it ends there. Numbers may repeat here: `problems` looks for that.
    """
    found: list[tuple[str, list[str]]] = []
    ended = False
    for line in lines:
        match = _ARTICLE.match(line)
        name = _name(match) if match else None
        if match and name and (found or name == "1"):
            rest = _tight(match["rest"])
            found.append((name, [rest] if rest else []))
            ended = False
        elif found and not ended:
            ended = not line.endswith(_ENDS)
            found[-1][1].extend([] if ended else [_tight(line)])
    return [dataset.ChineseArticle(name, None, tuple(texts)) for name, texts in found]


# ------------------------------------------------------------------ checks


def problems(page: Sequence[dataset.ChineseArticle], version: Version, corpus: Corpus) -> Iterator[str]:
    """What tells the articles of a page from those of a version, the most telling first."""
    numbers = [a.number for a in page]
    whole = list(version.articles) == [str(n) for n in range(1, len(version.articles) + 1)]
    if not numbers:
        yield "no article was found on the page (lines that begin 第一条, 第二条, …)"
        return
    for twice in sorted({n for n in numbers if numbers.count(n) > 1}, key=numbers.index):
        yield f"Article {twice} stands {numbers.count(twice)} times on the page"
    missing = [a for a in version.articles if a not in numbers]
    yield from (f"Article {article} is missing on the page" for article in missing)
    if whole:
        yield from (
            f"Article {n} is on the page, yet not in this version" for n in numbers if n not in version.articles
        )
    plain = [int(n) for n in numbers if n.isdigit()]
    for before, after in pairwise(plain):
        if after != before + 1 and not missing:
            yield f"Article {after} follows Article {before} on the page"
    if missing or len(set(numbers)) != len(numbers):
        return
    held = {a.number: list(a.lines) for a in page}
    for article in corpus.articles(version):
        if article.id.article in version.partial:
            continue
        lines = held[article.id.article]
        places = files.chinese_places(lines, number)
        expected = tuple((line.paragraph, line.item) for line in article.lines)
        broken = next((p for p in places.problems if p), None)
        if broken or places.places != expected:
            reason = broken or f"{_counted(places.places)} on the page, {_counted(expected)} in the rendering"
            yield f"Article {article.id.article} differs: {reason}"
            return
    key = (version.law, version.key)
    alone = replace(corpus, articles_by_version={key: corpus.articles_by_version[key]})
    compared = {a: lines for a, lines in held.items() if a not in version.partial}
    for remark in lint_corpus(alone, {"@".join(key): compared}).remarks:
        yield f"Article {remark.place.article} differs: {remark.check}: {remark.detail}"


def _counted(places: Sequence[files.Place]) -> str:
    items = sum(item is not None for _, item in places)
    return f"{len(places) - items} paragraphs and {items} items"


def fetch_official(name: str, settings: Settings, key: str | None = None, source: str | None = None) -> Fetched:
    """Read, check and store the official Chinese of a version; on any doubt BadInput, and nothing is stored."""
    corpus = load_corpus(settings.corpus)
    version = linked_version(name, key, corpus)
    page = read_page(source or version.source_url)
    lines = page_lines(decoded(page))
    title = _bare(corpus.laws[version.law].title.zh.removeprefix("中华人民共和国"))
    if title not in _bare("".join(lines)):
        raise BadInput(f"{page.source}: nothing stored: the page does not name 《{corpus.laws[version.law].title.zh}》")
    articles = articles_of(lines)
    doubt = next(problems(articles, version, corpus), None)
    if doubt:
        raise BadInput(f"{page.source}: nothing stored: {doubt}; check the page, or {_SAVE}")
    found: Mapping[str, dataset.ChineseArticle] = {a.number: a for a in articles}
    left_out = tuple(a for a in version.articles if a in version.partial or a in version.gaps)
    kept = [found[a] for a in version.articles if a not in left_out]
    about = [
        f"Chinese text of {version.law}@{version.key}, compared with the rendering article by article.",
        f"url: {page.source}" if source is None or page.source == source else f"file: {page.source}",
        f"day: {date.today()}",
        f"page-sha256: {hashlib.sha256(page.content).hexdigest()}",
    ]
    path = settings.local / "chinese" / version.law / f"{version.key}.txt"
    beside = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_bytes(dataset.stored_text(kept, about).encode())
        beside.replace(path)
    except OSError as error:
        raise BadInput(f"{path}: cannot be written ({error.strerror}); set KB_LOCAL to a folder you own") from None
    return Fetched(version, path, len(kept), left_out)


def _bare(text: str) -> str:
    return re.sub(r"[\s()（）《》]", "", text)
