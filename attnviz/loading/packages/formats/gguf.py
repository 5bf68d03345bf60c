"""Reads GGUF, the format of llama.cpp: metadata by name, and tensors unpacked to float32.

The layout is that of https://github.com/ggml-org/ggml/blob/master/docs/gguf.md, version 3; blocks of Q4_1 and Q8_0 as
in ggml's `block_q4_1` and `block_q8_0`. Other packings are refused.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from attnviz.loading.packages.formats.cursor import MAX_NAME, MAX_RANK, MAX_TENSORS, Cursor, array, elements
from attnviz.types import FloatArray

MAX_KEYS, MAX_ITEMS, MAX_TEXT = 1_000, 1 << 20, 1 << 20
NUMBERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
STRING, LIST = 8, 9
F32, F16, Q4_1, Q8_0 = 0, 1, 3, 8
BLOCK = 32  # elements that share a scale


def read_gguf(data: bytes) -> tuple[dict[str, Any], dict[str, FloatArray]]:
    """Metadata, and float32 tensors with the last axis the one that was packed. Raises ValueError."""
    cursor = Cursor(data)
    if cursor.take(4) != b"GGUF" or cursor.number("I") != 3:
        raise ValueError("it is no GGUF file of version 3")
    tensor_count = cursor.count("Q", MAX_TENSORS, "tensors")
    metadata = {}
    for _ in range(cursor.count("Q", MAX_KEYS, "keys")):
        name = _text(cursor, MAX_NAME)
        metadata[name] = _value(cursor, cursor.number("I"))
    described = [_description(cursor) for _ in range(tensor_count)]
    alignment = metadata.get("general.alignment", 32)
    if type(alignment) is not int or not 1 <= alignment <= 4096:
        raise ValueError(f"the alignment is {alignment!r}")
    cursor.align(alignment)
    begin = cursor.at
    tensors = {}
    for name, shape, packing, offset in described:
        tensors[name] = _unpacked(cursor.data, begin + offset, shape, packing)
    if len(tensors) != tensor_count:
        raise ValueError("two tensors have one name")
    return metadata, tensors


def _text(cursor: Cursor, limit: int) -> str:
    return cursor.text(cursor.count("Q", limit, "letters"))


def _value(cursor: Cursor, kind: int) -> Any:
    if kind in NUMBERS:
        return cursor.number(NUMBERS[kind])
    if kind == STRING:
        return _text(cursor, MAX_TEXT)
    if kind == LIST:
        inner = cursor.number("I")
        count = cursor.count("Q", MAX_ITEMS, "items of a list")
        if inner == LIST:
            raise ValueError("a list holds lists")
        return [_value(cursor, inner) for _ in range(count)]
    raise ValueError(f"a value has the kind {kind}")


def _description(cursor: Cursor) -> tuple[str, tuple[int, ...], int, int]:
    """Name, shape (outermost axis first), packing and offset of a tensor."""
    name = _text(cursor, MAX_NAME)
    rank = cursor.count("I", MAX_RANK, "dimensions")
    shape = tuple(int(cursor.number("Q")) for _ in range(rank))[::-1]
    elements(shape)
    return name, shape, int(cursor.number("I")), int(cursor.number("Q"))


def _unpacked(data: memoryview, at: int, shape: tuple[int, ...], packing: int) -> FloatArray:
    cursor, count = Cursor(data), elements(shape)
    cursor.take(at)
    if packing in (F32, F16):
        dtype = np.dtype("<f4" if packing == F32 else "<f2")
        return array(cursor.take(count * dtype.itemsize), dtype, shape).astype(np.float32)
    if packing not in (Q4_1, Q8_0) or not shape or shape[-1] % BLOCK:
        raise ValueError(
            f"a tensor of shape {shape} is packed in a way (number {packing}) that is not read here"
        )
    rows = count // BLOCK
    if packing == Q8_0:  # a scale, 32 signed bytes
        blocks = np.frombuffer(cursor.take(rows * 34), np.dtype([("d", "<f2"), ("q", "i1", BLOCK)]))
        return (blocks["d"].astype(np.float32)[:, None] * blocks["q"].astype(np.float32)).reshape(shape)
    # A scale, a minimum, 16 bytes: the low halves are the first 16 elements, the high ones the others.
    blocks = np.frombuffer(
        cursor.take(rows * 20), np.dtype([("d", "<f2"), ("m", "<f2"), ("q", "u1", BLOCK // 2)])
    )
    q = np.concatenate([blocks["q"] & 15, blocks["q"] >> 4], axis=1).astype(np.float32)
    scale, least = (blocks[part].astype(np.float32)[:, None] for part in "dm")
    return (scale * q + least).reshape(shape)
