"""Reads the binary file of a Marian model packed for Bergamot: int8 matrices with one scale each, and float32.

The layout is that of marian-dev's `binary.cpp`, version 1: counts, a header of four numbers for each tensor, names,
shapes, an alignment gap, then the data.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from attnviz.loading.packages.formats.cursor import MAX_NAME, MAX_RANK, MAX_TENSORS, Cursor, array, elements

FLOAT32, INT8 = 0x404, 0x4101  # Marian's codes; the second is intgemm's, which stores matrices transposed
TEXT = 0x101  # the model's own configuration
EMBEDDING = "Wemb"  # the one matrix that is not transposed
MAX_GAP = 4096


def read_bergamot(data: bytes) -> dict[str, npt.NDArray[Any]]:
    """Float32 tensors by Marian's names, matrices as (in, out). Raises ValueError."""
    cursor = Cursor(data)
    if cursor.number("Q") != 1:
        raise ValueError("it is no Marian file of version 1")
    count = cursor.count("Q", MAX_TENSORS, "tensors")
    headers = [tuple(int(cursor.number("Q")) for _ in range(4)) for _ in range(count)]
    names = [_name(cursor, length) for length, _, _, _ in headers]
    shapes = [_shape(cursor, rank) for _, _, rank, _ in headers]
    cursor.take(cursor.count("Q", MAX_GAP, "bytes in a gap"))
    tensors = {}
    for name, shape, (_, kind, _, size) in zip(names, shapes, headers, strict=True):
        block = cursor.take(size)
        if kind != TEXT and not (
            kind == INT8 and elements(shape) == 1
        ):  # one number: a scale for faster hardware
            tensors[name] = _tensor(block, name, shape, kind)
    return tensors


def _name(cursor: Cursor, length: int) -> str:
    if length > MAX_NAME:
        raise ValueError(f"a name has {length:,} letters")
    return cursor.text(length).rstrip("\0")


def _shape(cursor: Cursor, rank: int) -> tuple[int, ...]:
    if rank > MAX_RANK:
        raise ValueError(f"a tensor has {rank} dimensions")
    return tuple(int(cursor.number("i")) for _ in range(rank))


def _tensor(block: memoryview, name: str, shape: tuple[int, ...], kind: int) -> npt.NDArray[Any]:
    count = elements(shape)
    if kind == FLOAT32:
        return array(block[: 4 * count], "<f4", shape)
    if kind != INT8 or len(shape) != 2:
        raise ValueError(f"the tensor {name} is of a kind ({kind:#x}) that is not read here")
    cursor = Cursor(block)
    whole = np.frombuffer(cursor.take(count), np.int8).astype(np.float32)
    scale = float(cursor.number("f"))
    if not (np.isfinite(scale) and scale > 0):
        raise ValueError(f"the tensor {name} has the scale {scale}")
    values = whole / np.float32(scale)
    return values.reshape(shape) if name == EMBEDDING else values.reshape(shape[::-1]).T
