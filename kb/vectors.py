"""Vectors of texts that were embedded before, found by the hash of the text: only changed texts are embedded again.

Two places are read: the vectors shipped with the corpus, and those made on this machine; only the latter is written.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

KEY_BYTES = 16


def packed(matrix: NDArray[np.float32]) -> NDArray[np.float32]:
    """Vectors as they are after being written and read: an index is the same whether they were stored or just made."""
    scales = (np.maximum(np.abs(matrix).max(axis=1, keepdims=True), 1e-9) / 127).astype(np.float32)
    rounded = np.rint(matrix / scales) * scales
    return np.asarray(rounded / np.maximum(np.linalg.norm(rounded, axis=1, keepdims=True), 1e-9), np.float32)


def key_of(text: str, prompt: str) -> bytes:
    return hashlib.sha256(f"{prompt}\0{text}".encode()).digest()[:KEY_BYTES]


def file_name(encoder_name: str) -> str:
    safe = "".join(c if c.isalnum() or c in "-._" else "-" for c in encoder_name)
    digest = hashlib.sha256(encoder_name.encode()).hexdigest()[:8]
    return f"{safe[:60]}-{digest}.npz"


def read_vectors(paths: Iterable[Path]) -> dict[bytes, NDArray[np.float32]]:
    """All vectors of the files that exist; a damaged file counts as absent (its vectors are made again)."""
    found: dict[bytes, NDArray[np.float32]] = {}
    for path in paths:
        try:
            with path.open("rb") as handle, np.load(handle, allow_pickle=False) as file:
                keys, vectors = file["keys"], file["vectors"].astype(np.float32) * file["scales"][:, None]
        except Exception:  # a damaged archive raises whatever its bytes lead to
            continue
        if keys.ndim != 2 or keys.shape[1] != KEY_BYTES or len(keys) != len(vectors) or not np.isfinite(vectors).all():
            continue
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
        found |= {key.tobytes(): vector for key, vector in zip(keys, vectors, strict=True)}
    return found


def write_vectors(path: Path, keys: Sequence[bytes], vectors: Mapping[bytes, NDArray[np.float32]]) -> None:
    """Write exactly the vectors of `keys`, in the order of the keys, whole or not at all.

    Each is kept as 8-bit numbers with one scale: a quarter of the size, and a cosine of 0.9999 with the original.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    ordered = sorted(set(keys))
    matrix = np.stack([vectors[key] for key in ordered])
    scales = (np.maximum(np.abs(matrix).max(axis=1), 1e-9) / 127).astype(np.float32)
    with beside.open("wb") as file:
        np.savez(
            file,
            keys=np.frombuffer(b"".join(ordered), np.uint8).reshape(-1, KEY_BYTES),
            vectors=np.rint(matrix / scales[:, None]).astype(np.int8),
            scales=scales,
        )
    beside.replace(path)
