"""A cursor over the bytes of a file that somebody else wrote: it never reads past the end, and never makes room first.

Every reader of a format goes through it, so that a hostile or damaged file ends in ValueError.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import numpy.typing as npt

MAX_TENSORS, MAX_RANK, MAX_NAME = 10_000, 8, 1 << 16
MAX_ELEMENTS = 1 << 28  # of one tensor, once it is unpacked to float32: 1 GB


class Cursor:
    """Reads little-endian values one after the other. Every method raises ValueError where the bytes end too soon."""

    def __init__(self, data: bytes | memoryview) -> None:
        self.data = memoryview(data)
        self.at = 0

    @property
    def left(self) -> int:
        return len(self.data) - self.at

    def take(self, count: int) -> memoryview:
        """The next `count` bytes."""
        if not 0 <= count <= self.left:
            raise ValueError(f"{count:,} bytes are promised at {self.at:,}, and {self.left:,} are left")
        self.at += count
        return self.data[self.at - count : self.at]

    def number(self, form: str) -> Any:
        """One number of a format of `struct`, such as "I" for uint32."""
        return struct.unpack("<" + form, self.take(struct.calcsize("<" + form)))[0]

    def count(self, form: str, limit: int, what: str) -> int:
        """A number of things, of which there may be `limit` and, at a byte each at least, not more than bytes left."""
        value = int(self.number(form))
        if not 0 <= value <= min(limit, self.left):
            raise ValueError(f"the number of {what} is {value:,}")
        return value

    def text(self, length: int) -> str:
        """UTF-8 of `length` bytes."""
        return bytes(self.take(length)).decode("utf-8")

    def align(self, size: int) -> None:
        """Go on at the next multiple of `size` bytes."""
        self.take(-self.at % size)


def elements(shape: tuple[int, ...]) -> int:
    """How many elements a tensor of this shape has. Raises ValueError for a shape that no tensor here has."""
    total = 1
    for size in shape:
        total *= size
        if size < 1 or total > MAX_ELEMENTS:
            raise ValueError(f"a tensor has the shape {shape}")
    if len(shape) > MAX_RANK:
        raise ValueError(f"a tensor has {len(shape)} dimensions")
    return total


def array(data: memoryview, dtype: npt.DTypeLike, shape: tuple[int, ...]) -> npt.NDArray[Any]:
    """The tensor that exactly these bytes hold. Raises ValueError."""
    if len(data) != elements(shape) * np.dtype(dtype).itemsize:
        raise ValueError(f"a tensor of shape {shape} has {len(data):,} bytes")
    return np.frombuffer(data, dtype).reshape(shape)
