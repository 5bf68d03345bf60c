"""What a safetensors file says of itself, checked before any tensor is built.

The format is that of https://huggingface.co/docs/safetensors: u64 LE length, a JSON header, then the data, which the
tensors fill without gap or overlap.
"""

from __future__ import annotations

import json
import math
from typing import Any, NamedTuple

BITS = {
    "BOOL": 8, "U8": 8, "I8": 8, "U16": 16, "I16": 16, "U32": 32, "I32": 32, "U64": 64, "I64": 64, "C64": 64,
}  # fmt: skip
FLOAT_BITS = {
    "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8, "F8_E4M3FNUZ": 8,
    "F8_E5M2FNUZ": 8, "F16": 16, "BF16": 16, "F32": 32, "F64": 64,
}  # fmt: skip
MAX_HEADER = 100_000_000  # bytes, the limit of the safetensors library


class Tensor(NamedTuple):
    """One tensor: its stored dtype and shape, and where its bytes are, counted from the end of the header."""

    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int


def header_length(start: bytes, size: int, limit: int = MAX_HEADER) -> int:
    """Bytes of the JSON header of a file of `size` bytes that begins with `start`. Raises ValueError."""
    length = int.from_bytes(start[:8], "little") if len(start) >= 8 else 0
    if not 2 <= length <= min(limit, size - 8):
        raise ValueError("not a safetensors file, or cut off")
    return length


def parse_header(header: bytes, data_bytes: int) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Metadata and tensors of a header with `data_bytes` bytes of data behind it.

    Raises ValueError where the header is not valid, or promises other data than there are.
    """
    try:
        document = json.loads(header)
        metadata = document.pop("__metadata__", None) or {}
        tensors = {name: _tensor(entry) for name, entry in document.items()}
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise ValueError(f"the header is not valid: {str(error)[:100]}") from error
    end = 0
    for tensor in sorted(tensors.values(), key=lambda each: (each.begin, each.end)):
        if tensor.begin != end:
            raise ValueError("the header is not valid: its tensors overlap or leave a gap")
        end = tensor.end
    if end != data_bytes:
        raise ValueError(f"the header promises {end:,} bytes of data, and there are {data_bytes:,}")
    return metadata, tensors


def _tensor(entry: dict[str, Any]) -> Tensor:
    shape, (begin, end) = tuple(entry["shape"]), entry["data_offsets"]
    if not all(type(number) is int and number >= 0 for number in (*shape, begin, end)):
        raise ValueError("a size is no whole number")
    bits = math.prod(shape) * (BITS | FLOAT_BITS)[entry["dtype"]]
    if (end - begin) * 8 != bits:
        raise ValueError("a tensor's shape and bytes disagree")
    return Tensor(entry["dtype"], shape, begin, end)
