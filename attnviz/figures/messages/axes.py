"""The rows and columns of a map: tokens, words or sentences, and blocks of tokens where those would be too many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from attnviz.figures.messages.prose import Run, prose_runs
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


def labelled(labels: Sequence[str], special: BoolArray | None = None, unit: str = "token") -> Axis:
    """An axis of items that are what they are: none is a group of several. `special`: (N,) flags; None: none is."""
    flags = np.zeros(len(labels), bool) if special is None else np.asarray(special, bool)
    return Axis(np.arange(len(labels), dtype=np.int64), tuple(labels), flags, unit)


@dataclass(frozen=True)
class Axes:
    """The rows and columns of a map, with what forms other than the matrix show of them.

    Attributes:
        queries, keys: of the rows and the columns.
        proses: the text of the rows and that of the columns in runs (see `prose_runs`), one where they are the same
            text; empty: labels in a row.
        first: on which axes the first token (word, sentence) can be left out: "both" where they are the same tokens,
            "keys", or "" where a label is more than that.
    """

    queries: Axis
    keys: Axis
    proses: Sequence[Sequence[Run]] = ()
    first: str = ""

    @classmethod
    def of(cls, queries: Tokens, keys: Tokens, granularity: str) -> Axes:
        """The axes of a map from some tokens to others, the same or those of another text."""
        same = queries is keys
        rows = axis(queries, granularity)
        columns = rows if same else axis(keys, granularity)
        texts = ((queries, rows),) if same else ((queries, rows), (keys, columns))
        whole = rows.unit in GRANULARITIES and columns.unit in GRANULARITIES
        return cls(
            rows,
            columns,
            [prose_runs(text, each.groups, shown(each.labels)) for text, each in texts],
            ("both" if same else "keys") if whole else "",
        )

    @property
    def cells(self) -> int:
        """How many a map has."""
        return len(self.queries.labels) * len(self.keys.labels)

    def grouped(self, matrix: FloatArray) -> FloatArray:
        """The map over tokens as one over these axes."""
        return grouped(matrix, self.queries, self.keys)

    def note(self, weights: bool = True, about: str = "") -> str:
        """How the map was put together, in words: see `note`."""
        return note(self.queries, self.keys, weights, about)
