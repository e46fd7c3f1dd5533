"""The bundled model for one question at a time, in numpy alone: no torch, no sentence-transformers, half a second to load.

The same weights, tokens, pooling and map as `kb.encoder` gives to sentence-transformers; vectors agree with its to five digits (a test
compares them). Rows of the vocabulary are read from the file as they are needed, so that most of the model never enters memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kb.encoder import E5_PROMPTS, bundled_folder, encoder_name, read_map
from kb.errors import EncoderError
from kb.settings import BUNDLED_ENCODER, Settings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]

HEADS = 12
MAX_TOKENS = 512
EPSILON = np.float32(1e-12)


class QuestionEncoder:
    """Questions → unit vectors of the bundled model. Thread-safe: nothing is changed after loading."""

    def __init__(self, folder: Path, change: Matrix | None, name: str) -> None:
        from safetensors import safe_open
        from tokenizers import Tokenizer

        try:
            self._tokenizer: Any = Tokenizer.from_file(str(folder / "tokenizer.json"))
            held: Any = safe_open(str(folder / "model.safetensors"), framework="numpy")
            self._words = held.get_slice("embeddings.word_embeddings.weight")
            get = held.get_tensor
            self._positions = (
                get("embeddings.position_embeddings.weight") + get("embeddings.token_type_embeddings.weight")[0]
            )
            self._norm = (get("embeddings.LayerNorm.weight"), get("embeddings.LayerNorm.bias"))
            numbers = sorted({int(n.split(".")[2]) for n in held.keys() if n.startswith("encoder.layer.")})  # noqa: SIM118
            self._layers = [_Layer(get, f"encoder.layer.{number}") for number in numbers]
        except Exception as error:  # tokenizers and safetensors raise nothing narrower
            raise EncoderError(f"{folder}: damaged ({error}); delete it, it is made again") from None
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._held, self._change, self.name = held, change, name

    def encode_queries(self, texts: Sequence[str]) -> Matrix:
        """(n, dimension) vectors of questions."""
        return np.stack([self._vector(E5_PROMPTS["query"] + text) for text in texts])

    def _vector(self, text: str) -> Matrix:
        ids = self._tokenizer.encode(text).ids
        x = np.concatenate([self._words[i : i + 1] for i in ids]) + self._positions[: len(ids)]
        x = _normalised(x, *self._norm)
        for layer in self._layers:
            x = layer(x)
        vector = _unit(x.mean(0))
        return _unit(vector + vector @ self._change) if self._change is not None else vector


class _Layer:
    """One layer of BERT, its three projections of attention as one matrix."""

    def __init__(self, get: Any, name: str) -> None:
        parts = [f"{name}.attention.self.{part}" for part in ("query", "key", "value")]
        self._in = np.concatenate([get(f"{p}.weight") for p in parts])
        self._in_bias = np.concatenate([get(f"{p}.bias") for p in parts])
        self._out, self._out_bias = _held(get, f"{name}.attention.output.dense")
        self._norm = (get(f"{name}.attention.output.LayerNorm.weight"), get(f"{name}.attention.output.LayerNorm.bias"))
        self._wide, self._wide_bias = _held(get, f"{name}.intermediate.dense")
        self._narrow, self._narrow_bias = _held(get, f"{name}.output.dense")
        self._last_norm = (get(f"{name}.output.LayerNorm.weight"), get(f"{name}.output.LayerNorm.bias"))

    def __call__(self, x: Matrix) -> Matrix:
        length, width = x.shape
        heads = _linear(x, self._in, self._in_bias).reshape(length, 3, HEADS, width // HEADS).transpose(1, 2, 0, 3)
        query, key, value = heads
        scores = query @ key.transpose(0, 2, 1) * np.float32((width // HEADS) ** -0.5)
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        scores /= scores.sum(-1, keepdims=True)
        mixed = (scores @ value).transpose(1, 0, 2).reshape(length, width)
        x = _normalised(x + _linear(mixed, self._out, self._out_bias), *self._norm)
        inner = _gelu(_linear(x, self._wide, self._wide_bias))
        return _normalised(x + _linear(inner, self._narrow, self._narrow_bias), *self._last_norm)


def _held(get: Any, name: str) -> tuple[Matrix, Matrix]:
    return get(f"{name}.weight"), get(f"{name}.bias")


def _linear(x: Matrix, weight: Matrix, bias: Matrix) -> Matrix:
    """x·Wᵀ + b; multiplied as W·xᵀ, which is quicker for a few rows."""
    return np.asarray((weight @ x.T).T + bias)


def _normalised(x: Matrix, weight: Matrix, bias: Matrix) -> Matrix:
    x = x - x.mean(-1, keepdims=True)
    return np.asarray(x / np.sqrt((x * x).mean(-1, keepdims=True) + EPSILON) * weight + bias)


def _gelu(x: Matrix) -> Matrix:
    """x·Φ(x), with erf by Abramowitz and Stegun 7.1.26 (error below 1.5e-7); in place, since it is most of what is not a product."""
    z = np.abs(x)
    z *= np.float32(0.7071067811865476)
    t = 1 / (1 + np.float32(0.3275911) * z)
    tail = t * np.float32(1.061405429)
    for term in (-1.453152027, 1.421413741, -0.284496736, 0.254829592):
        tail += np.float32(term)
        tail *= t
    np.square(z, out=z)
    np.negative(z, out=z)
    tail *= np.exp(z, out=z)
    tail *= np.float32(0.5)
    return np.asarray(x * np.where(x >= 0, 1 - tail, tail))


def _unit(vector: Matrix) -> Matrix:
    return np.asarray(vector / np.linalg.norm(vector), np.float32)


def load_question_encoder(settings: Settings) -> QuestionEncoder | None:
    """The light encoder of questions, where the bundled model is configured; None for any other model."""
    if settings.encoder != BUNDLED_ENCODER:
        return None
    change = read_map() if settings.encoder_map else None
    return QuestionEncoder(bundled_folder(settings), change, encoder_name(settings))
