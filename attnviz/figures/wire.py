"""The message between Python and the browser modules: a JSON header and raw, aligned arrays in one `bytes`.

Arrays in, bytes out, and back again for tests. Text that is not valid Unicode is repaired, never refused.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

_TYPES: dict[str, np.dtype[Any]] = {"f32": np.dtype("<f4"), "u8": np.dtype("u1"), "i32": np.dtype("<i4")}
_NAMES: dict[np.dtype[Any], str] = {dtype: name for name, dtype in _TYPES.items()}
PART = 256  # bytes; what is shorter is no part of its own
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


class Message(bytes):
    """The bytes of a message, and where it falls into parts that change apart from each other.

    `cuts`: ascending places between two parts: before a section, between the maps of one, and in the header before
    each value that is long.
    """

    cuts: tuple[int, ...] = ()


def pack(header: Mapping[str, Any], sections: Mapping[str, npt.NDArray[Any]]) -> Message:
    """One message: u32 LE header length | UTF-8 JSON, short values first | sections at multiples of 4 bytes.

    Args:
        header: JSON values; numpy numbers are taken, non-finite numbers become null, lone surrogates U+FFFD.
        sections: arrays of any shape, float32, uint8 or int32; their place goes into header["sections"].

    Raises:
        TypeError: a section of another dtype, since a silent conversion would change the numbers.
        ValueError: the header has a "sections" of its own.
    """
    if "sections" in header:
        raise ValueError('the header may not have a key "sections": pack() writes it')
    table: dict[str, dict[str, Any]] = {}
    parts: list[bytes] = []
    offset = 0
    cuts = []  # from the first section on
    for name, array in sections.items():
        kind = _NAMES.get(array.dtype.newbyteorder("<"))
        if kind is None:
            raise TypeError(f"section {name!r} is {array.dtype}; send float32, uint8 or int32")
        raw = np.ascontiguousarray(array, dtype=_TYPES[kind]).tobytes()
        raw += b"\0" * (-len(raw) % 4)
        table[name] = {"type": kind, "shape": list(array.shape), "offset": offset}
        parts.append(raw)
        step = array[0].nbytes if array.ndim == 3 and array.shape[0] > 1 else 0
        cuts += [offset + n * step for n in range(array.shape[0] if step >= PART else 1)] if raw else []
        offset += len(raw)
    text, inside = _header({**header, "sections": table})
    start = 4 + len(text)
    message = Message(b"".join([struct.pack("<I", len(text)), text, *parts]))
    message.cuts = tuple(4 + cut for cut in inside) + tuple(start + cut for cut in cuts)
    return message


def _header(header: Mapping[str, Any]) -> tuple[bytes, list[int]]:
    """The header as JSON, filled up to a multiple of 4 bytes, and the places before its long values."""

    def written(value: Any) -> str:
        return json.dumps(_clean(value), ensure_ascii=False, allow_nan=False)

    values = [f"{written(str(name))}: {written(value)}".encode() for name, value in header.items()]
    short = [value for value in values if len(value) < PART]
    long = [value for value in values if len(value) >= PART]
    length = sum(map(len, values)) + 2 * len(values)  # two braces, and ", " between values
    # What fills it up stands in front, so that long values stay as they are when a short one changes.
    text = b"{" + b" " * (-length % 4) + b", ".join(short)
    cuts: list[int] = []
    for value in long:
        text += b", " if short or cuts else b""
        cuts.append(len(text))
        text += value
    return text + b"}", cuts


def unpack(message: bytes) -> tuple[dict[str, Any], dict[str, npt.NDArray[Any]]]:
    """The header (without "sections") and the arrays of a message that `pack` made."""
    (length,) = struct.unpack_from("<I", message)
    header = json.loads(message[4 : 4 + length])
    sections = {}
    for name, place in header.pop("sections").items():
        shape = tuple(place["shape"])
        count = int(np.prod(shape, dtype=np.int64))
        flat = np.frombuffer(message, _TYPES[place["type"]], count, 4 + length + place["offset"])
        sections[name] = flat.reshape(shape)
    return header, sections


def _clean(value: Any) -> Any:
    """The value as strict JSON: no lone surrogates, no NaN, no numpy scalars."""
    if isinstance(value, str):
        return _LONE_SURROGATE.sub("\N{REPLACEMENT CHARACTER}", value)
    if isinstance(value, Mapping):
        return {_clean(str(key)): _clean(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return _clean(value.tolist())
    if isinstance(value, list | tuple):
        return [_clean(item) for item in value]
    if isinstance(value, np.generic):
        return _clean(value.item())
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value
