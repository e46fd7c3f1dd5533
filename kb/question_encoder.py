"""The bundled model for one question at a time, by onnxruntime: no torch, no sentence-transformers.

The same weights, tokens, pooling and map as `kb.encoder` gives to sentence-transformers; vectors agree with its to five digits (a test
compares them). Rows of the vocabulary are read from the file as they are needed, so that most of the model never enters memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from filelock import Timeout

from kb.disk import write_whole
from kb.e5_graph import graph_bytes
from kb.encoder import E5_PROMPTS, bundled_folder, encoder_name, read_map, unpacking
from kb.errors import EncoderError
from kb.settings import BUNDLED_ENCODER, Settings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]

MAX_TOKENS = 512
EPSILON = np.float32(1e-12)
GRAPH = "questions.onnx"


class QuestionEncoder:
    """Questions → unit vectors of the bundled model. Thread-safe: nothing is changed after loading, and other threads go on meanwhile.

    Each question is computed by the thread that asks for it, alone: many at once share the cores, and none waits for another.
    """

    def __init__(self, folder: Path, change: Matrix | None, name: str) -> None:
        import onnxruntime
        from safetensors import safe_open
        from tokenizers import Tokenizer

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        try:
            self._tokenizer: Any = Tokenizer.from_file(str(folder / "tokenizer.json"))
            held: Any = safe_open(str(folder / "model.safetensors"), framework="numpy")
            self._words = held.get_slice("embeddings.word_embeddings.weight")
            get = held.get_tensor
            self._positions = (
                get("embeddings.position_embeddings.weight") + get("embeddings.token_type_embeddings.weight")[0]
            )
            self._norm = (get("embeddings.LayerNorm.weight"), get("embeddings.LayerNorm.bias"))
            self._layers: Any = onnxruntime.InferenceSession(
                str(folder / GRAPH), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # tokenizers, safetensors and onnxruntime raise nothing narrower
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
        mean: Matrix = self._layers.run(None, {"x": _normalised(x, *self._norm)[None]})[0][0]
        vector = _unit(mean)
        return _unit(vector + vector @ self._change) if self._change is not None else vector


def _normalised(x: Matrix, weight: Matrix, bias: Matrix) -> Matrix:
    x = x - x.mean(-1, keepdims=True)
    return np.asarray(x / np.sqrt((x * x).mean(-1, keepdims=True) + EPSILON) * weight + bias)


def _unit(vector: Matrix) -> Matrix:
    return np.asarray(vector / np.linalg.norm(vector), np.float32)


def load_question_encoder(settings: Settings) -> QuestionEncoder | None:
    """The light encoder of questions, where the bundled model is configured; None for any other model."""
    if settings.encoder != BUNDLED_ENCODER:
        return None
    change = read_map() if settings.encoder_map else None
    folder = bundled_folder(settings)
    if not (folder / GRAPH).exists():
        try:
            with unpacking(settings):
                if not (folder / GRAPH).exists():  # another process may have been first
                    write_whole(folder / GRAPH, graph_bytes())
        except Timeout:
            raise EncoderError(
                f"{folder}: another process has been writing the model for long; stop it, or wait"
            ) from None
        except OSError as error:
            raise EncoderError(
                f"{folder}: cannot be written ({error.strerror}); set KB_HOME to a folder you own"
            ) from None
    return QuestionEncoder(folder, change, encoder_name(settings))
