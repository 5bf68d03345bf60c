"""How much memory a value keeps alive, by its parts, so that what several values share is counted once."""

from __future__ import annotations

import sys
from collections.abc import Hashable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from attnviz.capture import Capture

Parts = Mapping[Hashable, int]
_PLAIN = (str, bytes, int, float, complex)


def parts_of(value: Any) -> dict[Hashable, int]:
    """Bytes of the storages of all arrays and of all strings in a value, each under what identifies it.

    Walks through dataclasses, sequences and mappings. Other objects count nothing: a model's own weights, which
    captures refer to, stand in such an object.
    """
    found: dict[Hashable, int] = {}
    ahead = [value]
    seen: set[int] = set()
    while ahead:
        each = ahead.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        if hasattr(each, "untyped_storage"):  # a tensor, without importing torch
            storage = each.untyped_storage()
            found[str(storage.device), storage.data_ptr()] = storage.nbytes()
        elif isinstance(each, np.ndarray):
            base = _base(each)
            found["numpy", base.__array_interface__["data"][0]] = base.nbytes
        elif isinstance(each, _PLAIN):
            found["object", id(each)] = sys.getsizeof(each)
        else:
            ahead.extend(_below(each))
    return found


def capture_parts(capture: Capture) -> dict[Hashable, int]:
    """The parts of a capture, with what it may come to keep (see `Capture.nbytes`)."""
    parts = parts_of(capture)
    layers = parts_of(capture.layers).items()
    now = sum(size for part, size in layers if isinstance(part, tuple) and part[0] != "object")
    parts["later", id(capture)] = max(0, capture.nbytes - now)
    return parts


def nbytes_of(value: Any) -> int:
    """Bytes that a value keeps alive by itself."""
    return sum(parts_of(value).values())


def _base(array: Any) -> Any:
    """The array that owns the memory: a small view keeps all of it alive."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def _below(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        yield from value.keys()
        yield from value.values()
    elif isinstance(value, tuple | list | set | frozenset):
        yield from value
    elif hasattr(value, "__dataclass_fields__") and not isinstance(value, type):
        yield from (getattr(value, name) for name in value.__dataclass_fields__)
