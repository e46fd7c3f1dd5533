"""The trained map of the bundled encoder: what it does to vectors, what names it, and how it is trained."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eval import train_encoder as training
from kb import encoder as encoders
from kb.corpus import Corpus
from kb.encoder import Encoder, encoder_name, load_encoder, read_map
from kb.errors import EncoderError
from kb.ids import ProvisionId
from kb.settings import Settings
from kb.units import build_units

TEXTS = ["Must staff be able to clock in with a card?", "人脸信息可以存多久？", "Faut-il un consentement séparé ?", "x"]


def unit_vectors(n: int, dimension: int = 384, seed: int = 3) -> Any:
    matrix = np.random.default_rng(seed).normal(size=(n, dimension)).astype(np.float32)
    return matrix / np.linalg.norm(matrix, axis=1, keepdims=True)


@pytest.fixture(scope="module")
def plain(settings: Settings) -> Encoder:
    return load_encoder(settings.model_copy(update={"encoder_map": False}))


# ------------------------------------------------------------------ in the encoder


@pytest.mark.model
def test_vectors_are_those_of_the_plain_model_multiplied_by_the_map(encoder: Encoder, plain: Encoder) -> None:
    for ours, theirs in (
        (encoder.encode_queries(TEXTS), plain.encode_queries(TEXTS)),
        (encoder.encode_passages(TEXTS), plain.encode_passages(TEXTS)),
    ):
        np.testing.assert_allclose(ours, training.mapped(theirs, read_map()), atol=1e-5)
        assert float((ours * theirs).sum(axis=1).max()) < 0.9999  # the map is there, and does something


@pytest.mark.model
def test_the_map_adds_no_time_that_counts(encoder: Encoder, plain: Encoder) -> None:
    """A question passes some 21 million weights beside the embeddings; the map has 384 × 384."""
    added = sum(p.numel() for p in encoder.model.parameters()) - sum(p.numel() for p in plain.model.parameters())
    assert added == 384 * 384


def test_the_name_tells_the_map(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without = encoder_name(settings.model_copy(update={"encoder_map": False}))
    shipped = encoder_name(settings)
    assert shipped.startswith(without + "+")
    other = tmp_path / "other.npz"
    np.savez(other, change=np.zeros((384, 384), np.float16))
    monkeypatch.setattr(encoders, "MAP", other)
    assert encoder_name(settings) not in (shipped, without)


def test_another_model_has_no_map(settings: Settings) -> None:
    assert encoder_name(settings.model_copy(update={"encoder": "some/e5"})) == "some/e5"


def test_the_map_is_small() -> None:
    assert encoders.MAP.stat().st_size < 400_000
    assert read_map().shape == (384, 384)


@pytest.mark.parametrize("content", [b"", b"nonsense", "not square", "not finite", "other name"])
def test_a_damaged_map_is_refused(content: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "map.npz"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content == "not square":
        np.savez(path, change=np.zeros((3, 4)))
    elif content == "not finite":
        np.savez(path, change=np.full((3, 3), np.nan))
    else:
        np.savez(path, matrix=np.zeros((3, 3)))
    monkeypatch.setattr(encoders, "MAP", path)
    with pytest.raises(EncoderError, match=r"map\.npz"):
        read_map()


def test_a_missing_map_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    monkeypatch.setattr(encoders, "MAP", tmp_path / "none.npz")
    with pytest.raises(EncoderError, match="install kb again"):
        encoder_name(settings)


# ------------------------------------------------------------------ training


def test_asks_of_articles_in_force_and_of_scenarios_are_trained_on(corpus: Corpus) -> None:
    units = build_units(corpus)
    articles = training.standing_articles(units)
    of = training.material(units, corpus, articles)
    assert len(articles) > 300
    assert {corpus.role(ProvisionId.parse(a), training.TODAY) for a in of.articles} == {"authority"}
    asked = {row for row, _ in of.asked}
    assert {units[row].group for row in asked} == {"law", "scenario"}


def _small() -> tuple[training.Material, Any]:
    """Six articles with four asks, a gist and a text each, whose vectors share a direction that is weak beside the rest."""
    owners = np.repeat(np.arange(6), 6)
    matrix = 0.6 * unit_vectors(6, 24, 1)[owners] + unit_vectors(36, 24, 2) + 2.0
    matrix = (matrix / np.linalg.norm(matrix, axis=1, keepdims=True)).astype(np.float32)
    rows = {"ask": [r for r in range(36) if r % 6 < 4], "gist": list(range(4, 36, 6)), "text": list(range(5, 36, 6))}
    owner = {kind: tuple(int(owners[r]) for r in found) for kind, found in rows.items()}
    asked = tuple((row, (at,)) for row, at in zip(rows["ask"], owner["ask"], strict=True))
    return training.Material(tuple("abcdef"), {k: tuple(v) for k, v in rows.items()}, owner, asked), matrix


def test_scores_are_those_of_the_search() -> None:
    """The mean of the best two other asks, the best gist and the best text, by the weights of the search."""
    import torch

    of, matrix = _small()
    row, right = of.asked[0]
    found = training.Scores(of)(torch.from_numpy(matrix), [row])[0].numpy()
    cosines = matrix @ matrix[row]
    for at in range(6):
        asks = sorted(
            (cosines[r] for r, o in zip(of.rows["ask"], of.owner["ask"], strict=True) if o == at and r != row)
        )
        parts = {
            "ask": np.mean(asks[-2:]),
            "gist": max(cosines[r] for r, o in zip(of.rows["gist"], of.owner["gist"], strict=True) if o == at),
            "text": max(cosines[r] for r, o in zip(of.rows["text"], of.owner["text"], strict=True) if o == at),
        }
        wanted = sum(training.SHARES[k] * max(v, training.LEAST) for k, v in parts.items()) / sum(
            training.SHARES.values()
        )
        assert found[at] == pytest.approx(wanted, abs=1e-5)
    assert right == (0,)


def test_training_brings_asks_nearer_to_their_article_and_repeats(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(training, "EPOCHS", 40)
    of, matrix = _small()
    change = training.train(of, matrix)
    np.testing.assert_array_equal(change, training.train(of, matrix))

    def right_first(vectors: Any) -> float:
        scores = training.Scores(of)(torch.from_numpy(vectors), [row for row, _ in of.asked])
        return float(
            np.mean([int(line.argmax()) == right[0] for line, (_, right) in zip(scores, of.asked, strict=True)])
        )

    assert right_first(training.mapped(matrix, change)) > right_first(matrix)


def test_widening_restores_the_gap_to_the_tenth_article() -> None:
    plain = unit_vectors(200, 24) + 0.5
    plain = (plain / np.linalg.norm(plain, axis=1, keepdims=True)).astype(np.float32)
    questions, law = plain[:20], {str(i): [i] for i in range(20, 200)}
    mean = plain.mean(axis=0) / np.linalg.norm(plain.mean(axis=0))
    narrow = (-0.5 * np.outer(mean, mean)).astype(np.float32)  # less of what all share: everything lies further apart

    def gap(vectors: Any) -> float:
        best = np.sort(vectors[:20] @ vectors[20:].T, axis=1)
        return float((best[:, -1] - best[:, -training.GAP_RANK]).mean())

    assert gap(training.mapped(plain, narrow)) > 1.2 * gap(plain)
    kept = training.keep_gaps(narrow, plain, questions, law)
    assert gap(training.mapped(plain, kept)) == pytest.approx(gap(plain), rel=0.01)
