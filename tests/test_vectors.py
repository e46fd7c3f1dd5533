"""Vectors kept by the hash of their text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kb import vectors


def unit_vectors(n: int) -> Any:
    matrix = np.random.default_rng(7).normal(size=(n, 384)).astype(np.float32)
    return matrix / np.linalg.norm(matrix, axis=1, keepdims=True)


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    matrix = unit_vectors(20)
    keys = [vectors.key_of(f"text {i}", "document") for i in range(20)]
    path = tmp_path / "v.npz"
    vectors.write_vectors(path, keys, dict(zip(keys, matrix, strict=True)))
    found = vectors.read_vectors([path])
    assert set(found) == set(keys)
    cosines = [float(found[k] @ v) for k, v in zip(keys, matrix, strict=True)]
    assert min(cosines) > 0.9995
    assert list(tmp_path.iterdir()) == [path]


def test_packing_is_what_storing_does(tmp_path: Path) -> None:
    matrix = unit_vectors(5)
    keys = [vectors.key_of(str(i), "query") for i in range(5)]
    vectors.write_vectors(tmp_path / "v.npz", keys, dict(zip(keys, matrix, strict=True)))
    found = vectors.read_vectors([tmp_path / "v.npz"])
    np.testing.assert_allclose(np.stack([found[k] for k in keys]), vectors.packed(matrix), atol=1e-6)


def test_the_prompt_is_part_of_the_key() -> None:
    assert vectors.key_of("a", "query") != vectors.key_of("a", "document")


@pytest.mark.parametrize("damage", [b"", b"not a zip", None])
def test_a_damaged_file_counts_as_absent(tmp_path: Path, damage: bytes | None) -> None:
    path = tmp_path / "v.npz"
    key = vectors.key_of("a", "query")
    vectors.write_vectors(path, [key], {key: unit_vectors(1)[0]})
    path.write_bytes(path.read_bytes()[:200] if damage is None else damage)
    assert vectors.read_vectors([path, tmp_path / "absent.npz"]) == {}


def test_a_flipped_bit_anywhere_is_noticed_or_changes_nothing(tmp_path: Path) -> None:
    """A bit can also ask for an unknown compression or a password; whatever numpy and zipfile make of it, reading goes on."""
    path = tmp_path / "v.npz"
    keys = [vectors.key_of(str(i), "query") for i in range(3)]
    vectors.write_vectors(path, keys, dict(zip(keys, unit_vectors(3), strict=True)))
    whole, content = vectors.read_vectors([path]), path.read_bytes()
    absent = 0
    for place in range(len(content)):
        data = bytearray(content)
        data[place] ^= 1 << place % 8
        path.write_bytes(data)
        found = vectors.read_vectors([path])
        absent += not found
        assert not found or all((found[key] == whole[key]).all() for key in keys)
    assert absent > len(content) / 2
