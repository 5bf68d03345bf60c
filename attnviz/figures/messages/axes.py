"""From a map over tokens to what the heatmap shows: words, sentences or, for long texts, blocks of tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from attnviz.types import BoolArray, FloatArray, IntArray, Tokens

GRANULARITIES = ("token", "word", "sentence", "paragraph")
MAX_SIDE = 1024  # cells a side: more would neither be seen nor sent in time


@dataclass(frozen=True)
class Axis:
    """One side of a map: the group of each token, and a label and a flag for each group."""

    groups: IntArray
    labels: tuple[str, ...]
    special: BoolArray
    unit: str

    @property
    def whole(self) -> bool:
        """Whether each group is one token."""
        return len(self.labels) == len(self.groups)


def axis(tokens: Tokens, granularity: str) -> Axis:
    """The tokens, words or sentences of a text; blocks of tokens where those would be too many."""
    from attnviz.text import groups

    index, labels = groups(tokens, granularity)
    unit = granularity
    if len(labels) > MAX_SIDE:
        size = -(-len(tokens) // MAX_SIDE)
        index = np.arange(len(tokens), dtype=np.int64) // size
        last = len(tokens) - 1
        labels = tuple(f"{start}–{min(start + size - 1, last)}" for start in range(0, last + 1, size))
        unit = f"block of {size} tokens"
    special = np.zeros(len(labels), bool)
    if unit == granularity:
        special[index[tokens.special]] = True
    return Axis(index, labels, special, unit)


def grouped(matrix: FloatArray, queries: Axis, keys: Axis) -> FloatArray:
    """The map between groups: summed over the keys of a group, averaged over its queries."""
    from attnviz.analysis import aggregate

    if queries.whole and keys.whole:
        return matrix
    return aggregate(matrix, queries.groups, keys.groups)


def first_axes(queries: Axis, keys: Axis, same: bool) -> str:
    """On which axes the first token (word, sentence) can be left out: "both" where they are the same tokens.

    A block of tokens is more than a first token: "".
    """
    if keys.unit not in GRANULARITIES or queries.unit not in GRANULARITIES:
        return ""
    return "both" if same else "keys"


def shown(labels: Sequence[str]) -> list[str]:
    """Labels as a reader can see them."""
    from attnviz.text import visible

    return [visible(label) for label in labels]


def note(queries: Axis, keys: Axis, weights: bool = True, about: str = "") -> str:
    """How the map was put together, in words, after what there is to say `about` its heads."""
    if queries.whole and keys.whole:
        return about
    about = f"{about} " if about else ""
    grouped = (
        f"A row is the mean over the tokens of a {queries.unit}, a column the sum over those of a {keys.unit}"
    )
    return about + (f"{grouped}; so a row still adds up to 1." if weights else f"{grouped}.")
