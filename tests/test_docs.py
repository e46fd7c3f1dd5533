"""The documents name what exists: commands, options, files, modules, settings, dependencies, words of the source documents."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from kb.cli import app
from kb.corpus import Corpus
from kb.ids import PassageId
from kb.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "corpus" / "README.md"])
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
GROUPS: dict[str, Any] = {n: c for n, c in get_command(app).commands.items() if hasattr(c, "commands")}  # type: ignore[attr-defined]
COMMANDS: dict[str, Any] = {
    **{name: c for name, c in get_command(app).commands.items() if name not in GROUPS},  # type: ignore[attr-defined]
    **{f"{group} {name}": c for group, of in GROUPS.items() for name, c in of.commands.items()},
}


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def without_code(text: str) -> str:
    """A page without its code blocks and code spans, in which nothing is a link."""
    text = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"^ {4}.*$", "", text, flags=re.MULTILINE)
    return re.sub(r"`[^`\n]*`", "", text)


# ------------------------------------------------------------------ commands

_LINE = re.compile(r"^(?: {4})?(?:\$ )?(?:\.venv/bin/)?(kb [a-z].*)$", re.MULTILINE)
_SPAN = re.compile(r"`(?:\.venv/bin/)?(kb [a-z][^`\n]*)`")


def words_of(line: str) -> list[str]:
    """Command (of one word, or of two in a group), options and arguments of a line, as the shell cuts it; what follows # is left out."""
    words = shlex.split(line, comments=True)[1:]
    return [" ".join(words[:2]), *words[2:]] if words[0] in GROUPS else words


def command_lines() -> list[tuple[str, str]]:
    """Whole command lines, as a reader would copy them: where they stand, and the line."""
    return [(named(path), line) for path in PAGES for line in _LINE.findall(path.read_text(encoding="utf-8"))]


def command_spans() -> list[tuple[str, str]]:
    """Commands named within a sentence."""
    return [(named(path), span) for path in PAGES for span in _SPAN.findall(path.read_text(encoding="utf-8"))]


def test_every_command_is_documented() -> None:
    named_there = {words_of(line)[0] for _, line in (*command_lines(), *command_spans())}
    assert named_there - set(GROUPS) == set(COMMANDS)


@pytest.mark.parametrize(("page", "line"), command_lines())
def test_a_command_line_can_be_run_as_it_stands(page: str, line: str) -> None:
    name, *arguments = words_of(line)
    assert name in COMMANDS, page
    COMMANDS[name].make_context(name, arguments)  # parses, and raises at an unknown option or a missing argument


@pytest.mark.parametrize(("page", "span"), command_spans())
def test_a_command_in_a_sentence_exists_with_its_options(page: str, span: str) -> None:
    name, *rest = words_of(span)
    if name in GROUPS and not rest:
        return
    assert name in COMMANDS, page
    options = {option for parameter in COMMANDS[name].params for option in parameter.opts}
    assert {word for word in rest if word.startswith("-") and word != "-"} <= options, page


def test_the_table_of_commands_is_that_of_the_program() -> None:
    rows = re.findall(r"^\| `kb ([a-z -]+)` \|[^|]*\|([^|]*)\|$", text_of("README.md"), re.MULTILINE)
    listed = {name: set(re.findall(r"`(-[^`]+)`", options)) for name, options in rows}
    held = {
        name: {o for p in command.params for o in p.opts if o.startswith("-")} - {"--help"}
        for name, command in COMMANDS.items()
    }
    assert listed == held


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_every_target_of_make_exists(path: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", text_of("Makefile"), re.MULTILINE))
    text = path.read_text(encoding="utf-8")
    assert set(re.findall(r"(?:^ {4}|`)make ([a-z-]+)", text, re.MULTILINE)) <= targets


# ------------------------------------------------------------------ links and pictures

_LINK = re.compile(r"(!?)\[[^\]\n]*\]\(([^)\s]+)\)")


def targets(path: Path, pictures: bool) -> set[str]:
    """The files of the repository that a page links to, as written there; pictures are those under docs/screenshots."""
    found = (target for _, target in _LINK.findall(without_code(path.read_text(encoding="utf-8"))))
    local = {t.partition("#")[0] for t in found if not re.match(r"[a-z]+:|#", t)}
    return {t for t in local if t.endswith((".png", ".jpg", ".svg")) == pictures}


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_every_link_leads_to_a_file(path: Path) -> None:
    assert [t for t in sorted(targets(path, pictures=False)) if not (path.parent / t).exists()] == []


def test_links_are_found() -> None:
    assert "docs/architecture.md" in targets(ROOT / "README.md", pictures=False)
    assert "docs/screenshots/ask-en.png" in targets(ROOT / "README.md", pictures=True)


def test_the_pictures_are_those_that_the_readme_shows() -> None:
    shown = {named(ROOT / t) for t in targets(ROOT / "README.md", pictures=True)}
    assert shown == {named(path) for path in (ROOT / "docs" / "screenshots").glob("*")}


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_headings_linked_to_exist(path: Path) -> None:
    for _, target in _LINK.findall(without_code(path.read_text(encoding="utf-8"))):
        file, _, fragment = target.partition("#")
        if fragment and not re.match(r"[a-z]+:", target):
            linked = (path.parent / file if file else path).read_text(encoding="utf-8")
            headings = re.findall(r"^#+ (.+)$", linked, re.MULTILINE)
            assert fragment in {re.sub(r"[^\w -]", "", h).strip().lower().replace(" ", "-") for h in headings}


# ------------------------------------------------------------------ architecture


def module_rows() -> list[tuple[int, str]]:
    """Layer and module of the first table of docs/architecture.md."""
    rows = re.findall(r"^\| (\d+) \| `([a-z_0-9]+)` \|", text_of("docs/architecture.md"), re.MULTILINE)
    return [(int(layer), name) for layer, name in rows]


def test_the_modules_are_those_of_the_program() -> None:
    held = {p.stem for p in (ROOT / "kb").glob("*.py")} - {"__init__"} | {"ui", "migrations"}
    assert {name for _, name in module_rows()} == held


def test_the_layers_are_those_that_are_checked() -> None:
    layers = PROJECT["tool"]["importlinter"]["contracts"][0]["layers"]
    checked = [(i, name.strip("() ")) for i, layer in enumerate(layers, 1) for name in layer.split("|")]
    assert sorted(module_rows()) == sorted(checked)


def test_the_modules_of_the_pages_are_those_of_the_program() -> None:
    rows = re.findall(r"^\| `ui/([a-z_]+)` \|", text_of("docs/architecture.md"), re.MULTILINE)
    assert sorted(rows) == sorted(p.stem for p in (ROOT / "kb" / "ui").glob("*.py") if p.stem != "__init__")


def test_the_settings_are_those_of_the_program() -> None:
    held = {f"KB_{name.upper()}" for name in Settings.model_fields}
    listed = set(re.findall(r"^\| `(KB_[A-Z_]+)` \|", text_of("docs/architecture.md"), re.MULTILINE))
    assert listed == held
    written = {v for path in PAGES for v in re.findall(r"KB_[A-Z_]+[A-Z]", path.read_text(encoding="utf-8"))}
    assert written <= held | {"KB_ZH_REFERENCE"}


# ------------------------------------------------------------------ dependencies


def plain(requirement: str) -> str:
    """The name of a requirement as package indexes compare names."""
    name = re.split(r"[\[<>=!~; ]", requirement, maxsplit=1)[0]
    return re.sub(r"[-_.]+", "-", name).lower()


DIRECT = {plain(r) for r in PROJECT["project"]["dependencies"]}
EXTRAS = {extra: {plain(r) for r in held} for extra, held in PROJECT["project"]["optional-dependencies"].items()}


def test_every_direct_dependency_has_its_reason() -> None:
    text = text_of("docs/dependencies.md")
    rows = re.findall(r"^\| ([\w.-]+) \| [^|]+ \|$", text, re.MULTILINE)
    extras = re.findall(r"^\| ([a-z]+) \| ([\w.-]+) \| [^|]+ \|$", text, re.MULTILINE)
    assert {plain(name) for name in rows if name != "package"} == DIRECT
    assert {(e, plain(n)) for e, n in extras if e != "extra"} == {(e, n) for e, held in EXTRAS.items() for n in held}


def test_every_direct_dependency_is_pinned() -> None:
    pinned = {plain(line) for line in text_of("constraints.txt").splitlines() if "==" in line}
    assert (DIRECT | EXTRAS["dev"]) - pinned == set()


# ------------------------------------------------------------------ docs/cited-instruments.md

CITED = [line for line in text_of("docs/cited-instruments.md").splitlines() if line.startswith("| “")]


def flat(text: str) -> str:
    """Text with straight quotes and single spaces."""
    return re.sub(r"\s+", " ", text.translate(str.maketrans("“”‘’", "\"\"''"))).strip(' "')


def passages_of(cell: str) -> list[PassageId]:
    """The passages named in a cell; one without a document is of the document named before."""
    found: list[PassageId] = []
    for document, passage in re.findall(r"(?:([a-z-]+)/)?(sec_\d+__para_\d+)", cell):
        found.append(PassageId.parse(f"{document or found[-1].document}/{passage}"))
    return found


@pytest.mark.parametrize("row", CITED, ids=lambda row: row[3:40])
def test_words_cited_stand_in_their_passage(row: str, corpus: Corpus) -> None:
    cell = row.split(" | ", maxsplit=1)[0]
    texts = {p.id: flat(p.text) for document in corpus.documents.values() for p in document.passages}
    places = passages_of(cell)
    assert places and set(places) <= set(texts)
    said = " ".join(texts[place] for place in places)
    for words in re.findall(r"“(.+?)”(?= \(`| and “)", cell):
        assert all(flat(part) in said for part in words.split("…")), words


@pytest.mark.parametrize("row", CITED, ids=lambda row: row[3:40])
def test_what_is_said_to_be_held_is_held(row: str, corpus: Corpus) -> None:
    _, _, held, links, _ = (cell.strip() for cell in row.strip("| ").split(" | "))
    files = re.findall(r"\]\(\.\./corpus/(laws|records)/([a-z0-9-]+)[./]", links)
    for kind, slug in files:
        assert slug in (corpus.laws if kind == "laws" else corpus.records)
    laws = [slug for kind, slug in files if kind == "laws"]
    words = {"full": "in full", "partial": "in part"}
    assert ("record" in held) == any(kind == "records" for kind, _ in files)
    assert all(words[corpus.versions(slug)[-1].completeness] in held for slug in laws)


def test_every_record_that_cites_a_passage_has_its_row(corpus: Corpus) -> None:
    rows = "\n".join(CITED)
    pointed = {record.slug for record in corpus.records.values() if record.cited_at}
    assert {slug for slug in pointed if f"records/{slug}.yaml" not in rows} == set()
