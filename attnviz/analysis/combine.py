"""Many heads as one map: their mean, their sum, or cell by cell the strongest; and sets of heads as people write them.

Maps come one at a time and are never held together, so that all heads of a model take the memory of two maps.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Annotated

import numpy as np

from attnviz.errors import UnknownName
from attnviz.language import say
from attnviz.types import FloatArray, readonly

HOWS = ("mean", "max", "sum")
_RANGE = re.compile(r"(\*|\d{1,4})(?:-(\d{1,4}))?")

Head = tuple[int, int]


def combine(maps: Iterable[FloatArray], how: str) -> Annotated[FloatArray, "Q K"]:
    """One map of many of the same shape, float32.

    Args:
        maps: (Q, K) each, at least one; read once, one after the other.
        how: "mean": of weights, rows still sum to 1. "max": the value farthest from 0, with its sign, in each cell;
            of weights the largest, and rows may sum to more than 1. "sum": for parts of a whole, such as contributions.

    Raises:
        UnknownName: another `how`. ValueError: no map.
    """
    if how not in HOWS:
        raise UnknownName(say("way to combine heads"), how, HOWS)
    total: FloatArray | None = None
    count = 0
    for each in maps:
        count += 1
        if total is None:
            total = np.array(each, np.float32)
        elif how == "max":
            np.copyto(total, each, where=np.abs(each) > np.abs(total))
        else:
            total += each
    if total is None:
        raise ValueError("there is no map to combine")
    if how == "mean":
        total /= count
    return readonly(total)


def read_heads(text: str, layers: int, heads: int) -> tuple[Head, ...]:
    """The heads that a text names, in order, each once; commas part several.

    `2.5` is layer 2, head 5; `3.*` or `3` are all heads of layer 3; `0-2.0` is head 0 of the layers 0 to 2.

    Raises ValueError, with a sentence, where it names no head or one that there is not.
    """
    found: set[Head] = set()
    for part in filter(None, text.replace(" ", "").split(",")):
        layer, dot, head = part.partition(".")
        rows = _numbers(layer, layers, "layer", part)
        found.update(
            (row, column) for row in rows for column in _numbers(head if dot else "*", heads, "head", part)
        )
    if not found:
        raise ValueError("no head is named")
    return tuple(sorted(found))


def write_heads(chosen: Iterable[Head], heads: int) -> str:
    """The inverse of `read_heads` for a model of `heads` heads in each layer: "2.5,3.*"."""
    rows: dict[int, set[int]] = {}
    for layer, head in chosen:
        rows.setdefault(layer, set()).add(head)
    parts = (
        [f"{layer}.*"] if len(row) == heads else [f"{layer}.{head}" for head in sorted(row)]
        for layer, row in sorted(rows.items())
    )
    return ",".join(name for part in parts for name in part)


def _numbers(text: str, count: int, what: str, part: str) -> range:
    match = _RANGE.fullmatch(text)
    if match is None or (match[1] == "*" and match[2]):
        raise ValueError(f"{part!r} is not written like 2.5, 3.* or 0-2.0")
    if match[1] == "*":
        return range(count)
    first, last = int(match[1]), int(match[2] or match[1])
    if not first <= last < count:
        raise ValueError(f"{part!r} names a {what} that there is not: they go from 0 to {count - 1}")
    return range(first, last + 1)
