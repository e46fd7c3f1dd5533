"""The index on the tiny corpus: built once, again only for what changed, and never half."""

from __future__ import annotations

import json
import threading
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kb.corpus_load import load_corpus, write_lock
from kb.errors import IndexError_
from kb.index import AT_ONCE, Index, digests
from kb.index_build import BuildReport, built_folder, ensure_index, ship_vectors
from kb.settings import Settings
from kb.text import tokens
from kb.units import build_units, fingerprint

TODAY = date(2026, 11, 22)
GUIDE = "laws/harbour-law/2024-01-01.guide.yaml"


def build(settings: Settings, encoder: Any, rebuild: bool = False) -> tuple[Index, BuildReport]:
    return ensure_index(load_corpus(settings.corpus), settings, lambda: encoder, rebuild=rebuild)


def edit(settings: Settings, name: str, old: str, new: str) -> None:
    path = settings.corpus / name
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")
    write_lock(settings.corpus)


def test_builds_and_then_only_opens(tiny_settings: Settings, hash_encoder: Any) -> None:
    index, report = build(tiny_settings, hash_encoder)
    assert report.built and report.embedded > 0 and report.units == len(index)
    hash_encoder.embedded.clear()
    again, second = build(tiny_settings, hash_encoder)
    assert not second.built and hash_encoder.embedded == [] and again.fingerprint == index.fingerprint


def test_only_changed_texts_are_embedded_again(tiny_settings: Settings, hash_encoder: Any) -> None:
    build(tiny_settings, hash_encoder)
    hash_encoder.embedded.clear()
    edit(tiny_settings, GUIDE, "How many lamps do I need on my boat?", "How many lamps must my boat show?")
    _, report = build(tiny_settings, hash_encoder)
    assert report.built and hash_encoder.embedded == ["How many lamps must my boat show?"]


def test_an_old_index_is_removed_after_the_swap(tiny_settings: Settings, hash_encoder: Any) -> None:
    first, _ = build(tiny_settings, hash_encoder)
    edit(tiny_settings, GUIDE, "船上要几盏灯？", "船上需要几盏灯？")
    second, _ = build(tiny_settings, hash_encoder)
    folders = [p.name for p in (tiny_settings.home / "index").iterdir() if p.is_dir()]
    assert [f.rpartition("-")[0] for f in folders] == [second.fingerprint] and first.fingerprint != second.fingerprint


def test_ids_and_fingerprint_depend_on_the_content_alone(tiny_root: Path) -> None:
    units = build_units(load_corpus(tiny_root))
    assert len({u.id for u in units}) == len(units)
    assert fingerprint(units, "a") == fingerprint(build_units(load_corpus(tiny_root)), "a") != fingerprint(units, "b")


@pytest.mark.parametrize("name", ["columns.json", "columns.npz", "vectors.npy", "manifest.json", "bm25"])
def test_a_damaged_index_is_made_again(tiny_settings: Settings, hash_encoder: Any, name: str) -> None:
    index, _ = build(tiny_settings, hash_encoder)
    folder = built_folder(tiny_settings, index.fingerprint)
    assert folder is not None
    target = folder / name
    files = [target] if target.is_file() else [p for p in target.rglob("*") if p.is_file()]
    for file in files:
        file.write_bytes(b"")
    _, report = build(tiny_settings, hash_encoder)
    assert report.built and report.embedded == 0


def test_a_missing_unit_is_noticed(tiny_settings: Settings, hash_encoder: Any) -> None:
    index, _ = build(tiny_settings, hash_encoder)
    folder = built_folder(tiny_settings, index.fingerprint)
    assert folder is not None
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    (folder / "manifest.json").write_text(json.dumps(manifest | {"units": manifest["units"] + 1}), "utf-8")
    with pytest.raises(IndexError_, match="incomplete"):
        Index(folder)


def test_two_builders_build_once(tiny_settings: Settings, hash_encoder: Any) -> None:
    reports: list[BuildReport] = []
    threads = [threading.Thread(target=lambda: reports.append(build(tiny_settings, hash_encoder)[1])) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(r.built for r in reports) == [False, False, True]


def test_shipped_vectors_make_the_first_build_embed_nothing(
    tiny_settings: Settings, hash_encoder: Any, tmp_path: Path
) -> None:
    corpus = load_corpus(tiny_settings.corpus)
    build(tiny_settings, hash_encoder)
    ship_vectors(corpus, tiny_settings)
    fresh = tiny_settings.model_copy(update={"home": tmp_path / "another"})
    hash_encoder.embedded.clear()
    _, report = build(fresh, hash_encoder)
    assert report.built and report.embedded == 0 and hash_encoder.embedded == []


def test_an_unwritable_home_says_what_to_do(tiny_settings: Settings, hash_encoder: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(IndexError_, match="KB_HOME"):
        build(tiny_settings.model_copy(update={"home": tmp_path / "file" / "x"}), hash_encoder)


@pytest.mark.parametrize(
    ("on", "groups", "versions"),
    [
        (date(2026, 1, 1), ("law",), {"harbour-law@2024-01-01"}),
        (date(2020, 1, 1), ("law",), {"harbour-law@2018-01-01"}),
        (date(2017, 1, 1), ("law",), set()),
        (date(2026, 1, 1), ("draft",), {"lamp-draft@2022-05-05"}),
        (date(2020, 1, 1), ("draft",), set()),
    ],
)
def test_search_keeps_to_the_day_and_the_group(
    tiny_settings: Settings, hash_encoder: Any, on: date, groups: Any, versions: set[str]
) -> None:
    index, _ = build(tiny_settings, hash_encoder)
    vector = hash_encoder.encode_queries(["lamps on a boat"])[0]
    dense = {index.columns.targets[row].split("/")[0] for row in index.dense(vector, groups, on)[0]}
    words = {index.columns.targets[row].split("/")[0] for row in index.lexical(tokens("lamps", "en"), groups, on)[0]}
    assert dense == versions and words <= versions


@pytest.fixture
def searched(tiny_settings: Settings, hash_encoder: Any, monkeypatch: pytest.MonkeyPatch) -> tuple[Index, Any]:
    """An index of which no group is compared whole for its few units, and the vector of a question."""
    monkeypatch.setattr("kb.index.FEW_ROWS", 0)
    index, _ = build(tiny_settings, hash_encoder)
    index.checks_graph = True
    vector = hash_encoder.encode_queries(["How many lamps do I need on my boat?"])[0]
    return index, vector


def test_exact_scores_serve_where_the_query_of_chroma_fails(
    searched: tuple[Index, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    index, vector = searched
    expected = index.dense(vector, ("law",), TODAY)[1][:5]

    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("Error finding id")

    monkeypatch.setattr(index.nearest.collection(), "query", fail)
    assert index._named(vector) is None and index.nearest.state == "failing"
    found = index.dense(vector, ("law",), TODAY)[1][:5]
    assert found.round(4).tolist() == expected.round(4).tolist()
    index.nearest._until = 0.0  # the pause is over: Chroma is asked again, by a new client
    assert index._named(vector) is not None and index.nearest.state == "ready"


def test_what_the_graph_of_chroma_misses_changes_no_answer(
    searched: tuple[Index, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    index, vector = searched
    index.checks_graph = False
    nearest, _ = index.dense(vector, ("law",), TODAY)
    assert index.nearest.state == "waiting", "a command does not load Chroma"
    index.checks_graph = True
    of = index.columns.article
    far = next(row for row in nearest[::-1].tolist() if of[row] != of[nearest[0]])
    asked: list[int] = []

    def ids(_: Any, held: int) -> list[str]:
        asked.append(held)
        return [index.columns.ids[far]]

    monkeypatch.setattr(index.nearest, "ids", ids)
    monkeypatch.setattr("kb.index.CANDIDATES", 1)
    found, _ = index.dense(vector, ("law",), TODAY)
    assert set(of[found]) == {of[nearest[0]]}, "the exact comparison decides"
    with monkeypatch.context() as many:
        many.setattr("kb.index.MANY_ROWS", 0)
        assert set(of[index.dense(vector, ("law",), TODAY)[0]]) == {of[far]}, "of many units those that Chroma names"
    index._asking.shutdown()
    assert len(asked) == 2 and index.missed_share() == 1, "each search was checked, by nobody who waits"


def test_a_chroma_that_hangs_is_not_waited_for(searched: tuple[Index, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    index, vector = searched
    answers, asked = threading.Event(), list[int]()

    def ids(_: Any, held: int) -> None:
        asked.append(held)
        answers.wait(60)

    monkeypatch.setattr(index.nearest, "ids", ids)
    found = [index.dense(vector, ("law",), TODAY)[0].tolist() for _ in range(3 * AT_ONCE)]
    assert found == found[:1] * len(found) and len(asked) <= AT_ONCE, "no more wait for it than may"
    answers.set()
    index._asking.shutdown()
    assert len(asked) == AT_ONCE and index.missed_share() == 0


def test_a_collection_of_another_index_is_not_believed(tiny_settings: Settings, hash_encoder: Any) -> None:
    index, _ = build(tiny_settings, hash_encoder)
    index.columns.row = {}
    assert index._named(hash_encoder.encode_queries(["lamps"])[0]) is None and index.nearest.state == "failing"


def test_a_damaged_graph_never_reaches_chroma(tiny_settings: Settings, hash_encoder: Any) -> None:
    """Chroma reads its graph as it is and can crash on it: each byte is checked before, and the comparison is exact without."""
    index, _ = build(tiny_settings, hash_encoder)
    vector = hash_encoder.encode_queries(["How many lamps do I need on my boat?"])[0]
    expected = index.dense(vector, ("law",), TODAY)
    folder = built_folder(tiny_settings, index.fingerprint)
    assert folder is not None
    graph = folder / "chroma" / "segment"
    graph.mkdir()
    (graph / "index_metadata.pickle").write_bytes(b"as written")
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    (folder / "manifest.json").write_text(json.dumps(manifest | {"sha256": digests(folder)}), "utf-8")
    assert Index(folder)._named(vector) is not None
    (graph / "index_metadata.pickle").write_bytes(b"as damaged")
    again = Index(folder)
    assert again._named(vector) is None and again.nearest.state == "failing"
    assert [of.tolist() for of in again.dense(vector, ("law",), TODAY)] == [of.tolist() for of in expected]


def test_an_index_after_an_edit_finds_what_a_first_one_finds(
    tiny_settings: Settings, hash_encoder: Any, tmp_path: Path
) -> None:
    build(tiny_settings, hash_encoder)
    edit(tiny_settings, GUIDE, "How many lamps do I need on my boat?", "How many lamps must my boat show?")
    changed, report = build(tiny_settings, hash_encoder)
    fresh, _ = build(tiny_settings.model_copy(update={"home": tmp_path / "another"}), hash_encoder)
    assert report.embedded == 1 and changed.fingerprint == fresh.fingerprint
    for question in ("How many lamps must my boat show?", "船上要几盏灯？", "Who may moor at night?"):
        vector = hash_encoder.encode_queries([question])[0]
        for one, other in (
            (changed.dense(vector, ("law", "scenario"), TODAY), fresh.dense(vector, ("law", "scenario"), TODAY)),
            (
                changed.lexical(question.lower().split(), ("law",), TODAY),
                fresh.lexical(question.lower().split(), ("law",), TODAY),
            ),
        ):
            assert sorted(one[0].tolist()) == sorted(other[0].tolist()) and np.allclose(one[1], other[1], atol=1e-5)
        assert set(changed.nearest.ids(vector, len(changed)) or ()) == set(fresh.nearest.ids(vector, len(fresh)) or ())


def test_unknown_words_find_nothing(tiny_settings: Settings, hash_encoder: Any) -> None:
    index, _ = build(tiny_settings, hash_encoder)
    for words in (["zzzz"], []):
        assert not index.lexical(words, ("law",), TODAY)[0].size
    assert not index.dense(np.ones(64, np.float32), ("law",), date(1990, 1, 1))[0].size
