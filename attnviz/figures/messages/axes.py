"""The rows and columns of a map: items, or groups of them such as words, and blocks where those would be too many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from attnviz.errors import UnknownName
from attnviz.figures.messages.prose import Run, prose_runs
from attnviz.language import say
from attnviz.types import BoolArray, FloatArray, Frames, IntArray, Items, Patches, Tokens

GRANULARITIES = Tokens.groups
GROUPS = tuple(name for kind in (Tokens, Patches, Frames) for name in kind.groups)
PLURALS = {"token": "tokens", "patch": "patches", "frame": "frames"}
LONG_NAMES = {"tenth": "tenth of a second"}  # of groups, where their names say too little
PADDING = "padding"
MAX_SIDE = 1024  # cells a side: more would neither be seen nor sent in time


@dataclass(frozen=True)
class Axis:
    """One side of a map: the group of each item, and a label and flags for each group.

    `unit`: what a group is; `item`: what is grouped; `unknown`: whether a group holds text that the vocabulary lacks.
    """

    groups: IntArray
    labels: tuple[str, ...]
    special: BoolArray
    unit: str
    item: str = "token"
    unknown: tuple[bool, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether each group is one token."""
        return len(self.labels) == len(self.groups)


def units(queries: Items, keys: Items) -> tuple[str, ...]:
    """By what the rows and columns of a map can be grouped; of a map from one sort of items to another, both's."""
    return tuple(dict.fromkeys((*queries.groups, *keys.groups)))


def axis(items: Items, granularity: str) -> Axis:
    """Items or groups of them; blocks of items where those would be too many. All padding of a sound is one group.

    Items that have no such group stand alone: patches by "word", tokens by "second". Raises UnknownName.
    """
    from attnviz.text import groups, unknown_pieces

    if granularity not in GROUPS:
        raise UnknownName(say("granularity"), granularity, items.groups)
    unit = granularity if granularity in items.groups else items.unit
    real = real_items(items)
    index, labels = _padded(*groups(items, unit), real)
    if len(labels) > MAX_SIDE:
        size = -(-real // (MAX_SIDE - (real < len(items))))
        index, labels = _padded(
            np.arange(len(items), dtype=np.int64) // size, _block_labels(items, size, real), real
        )
        special = np.zeros(len(labels), bool)
        if not isinstance(items, Tokens):
            np.logical_or.at(special, index, items.special)
        return Axis(index, labels, special, f"block of {size} {PLURALS[items.unit]}", items.unit)
    special = np.zeros(len(labels), bool)
    special[index[items.special]] = True
    unknown = np.zeros(len(labels), bool)
    if isinstance(items, Tokens):
        unknown[index[unknown_pieces(items)]] = True
    return Axis(index, labels, special, unit, items.unit, tuple(unknown.tolist()))


def real_items(items: Items) -> int:
    """How many items there are before the padding of a sound."""
    return int(np.count_nonzero(~items.special)) if isinstance(items, Frames) else len(items)


def _padded(index: IntArray, labels: tuple[str, ...], real: int) -> tuple[IntArray, tuple[str, ...]]:
    """The groups of the first `real` items, and one of all that come after them."""
    if real == len(index):
        return index, labels
    count = int(index[real - 1]) + 1 if real else 0
    return np.where(np.arange(len(index)) < real, index, count), (*labels[:count], PADDING)


def _block_labels(items: Items, size: int, count: int) -> tuple[str, ...]:
    """The first and the last of the first `count` items of each block; of frames, the time that it takes."""
    last = count - 1
    ends = [(start, min(start + size - 1, last)) for start in range(0, last + 1, size)]
    if isinstance(items, Frames):
        return tuple(f"{items.seconds[a, 0]:.2f}–{items.seconds[b, 1]:.2f} s" for a, b in ends)
    if isinstance(items, Patches):
        return tuple(f"{items.labels[a]} – {items.labels[b]}" for a, b in ends)
    return tuple(f"{a}–{b}" for a, b in ends)


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
    if all(each.whole or _only_padding(each) for each in (queries, keys)):
        return f"{about}All padding stands as one: the mean of its rows, the sum of its columns."
    rows, columns = (
        f"the {PLURALS[each.item]} of a {LONG_NAMES.get(each.unit, each.unit)}" for each in (queries, keys)
    )
    if queries.whole:
        grouped = f"A column is the sum over {columns}"
    elif keys.whole:
        grouped = f"A row is the mean over {rows}"
    else:
        if queries.item == keys.item:
            columns = columns.replace(f"the {PLURALS[keys.item]}", "those", 1)
        grouped = f"A row is the mean over {rows}, a column the sum over {columns}"
    return about + (f"{grouped}; so a row still adds up to 1." if weights else f"{grouped}.")


def _only_padding(axis: Axis) -> bool:
    """Whether nothing but padding was put together."""
    return axis.unit == axis.item and axis.labels[-1:] == (PADDING,)


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
    def of(cls, queries: Items, keys: Items, granularity: str) -> Axes:
        """The axes of a map from some items to others, the same or those of another text, picture or sound."""
        same = queries is keys
        rows = axis(queries, granularity)
        columns = rows if same else axis(keys, granularity)
        sides = ((queries, rows),) if same else ((queries, rows), (keys, columns))
        texts = [(text, each) for text, each in sides if isinstance(text, Tokens)]
        whole = rows.unit in GROUPS and columns.unit in GROUPS
        return cls(
            rows,
            columns,
            # Prose is of all sides or of none: a picture and a sound have no running text.
            [prose_runs(text, each.groups, shown(each.labels)) for text, each in texts]
            if len(texts) == len(sides)
            else [],
            ("both" if same else "keys") if whole else "",
        )

    @property
    def titles(self) -> tuple[str, str]:
        """Of the rows and of the columns."""
        return (f"query {self.queries.item}: looks from", f"key {self.keys.item}: looked at")

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
