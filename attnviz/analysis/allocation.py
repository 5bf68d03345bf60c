"""Where attention goes: shares of its mass by class of key token, by segment and by distance.

Groups of tokens, their names and the shares of an even spread are made here; the sums over the maps are streamed by
`attnviz.capture.shares`, so that nothing here ever sees a T x T map.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from attnviz.analysis.token_classes import DEFINITIONS, TITLES, classify
from attnviz.types import FloatArray, IntArray, Tokens, readonly


@dataclass(frozen=True)
class Groups:
    """Tokens in groups: `index` (T,) is the group of each token; titles and definitions are for readers."""

    titles: tuple[str, ...]
    definitions: tuple[str, ...]
    index: Annotated[IntArray, "T"]


@dataclass(frozen=True)
class Allocation:
    """Shares of attention by group of the key token.

    Attributes:
        titles, definitions: of the C groups of keys.
        rows: titles of the G groups of queries, the first of them "all tokens".
        shares: (L, H, G, C) float32: what the average query of a group pays to each group of keys; sums to 1.
        even: (G, C) float32: the same if every query looked evenly at all that it may look at.
    """

    titles: tuple[str, ...]
    definitions: tuple[str, ...]
    rows: tuple[str, ...]
    shares: Annotated[FloatArray, "L H G C"]
    even: Annotated[FloatArray, "G C"]

    def __post_init__(self) -> None:
        object.__setattr__(self, "shares", readonly(self.shares, np.float32))
        object.__setattr__(self, "even", readonly(self.even, np.float32))

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays."""
        return self.shares.nbytes + self.even.nbytes


ALL = "all tokens"
SAME, OTHER, SPECIAL = "the same text", "the other text", "special tokens"


def class_groups(tokens: Tokens) -> Groups:
    """The tokens by class, see `attnviz.analysis.token_classes`."""
    classes = classify(tokens)
    titles = tuple(TITLES[name] for name in classes.names)
    return Groups(titles, tuple(DEFINITIONS[name] for name in classes.names), classes.index)


def segment_groups(tokens: Tokens) -> Groups:
    """The tokens of a pair by text, special tokens apart."""
    index = np.where(tokens.special, 2, tokens.segments)
    titles = ("first text", "second text", SPECIAL)
    return Groups(titles, ("", "", "Tokens that the tokenizer added."), index)


def with_all(
    shares: Annotated[FloatArray, "... G C"], query_groups: Annotated[IntArray, "Q"]
) -> Annotated[FloatArray, "... G+1 C"]:
    """The shares of all queries together, before those of each group: the mean weighted by the groups' sizes."""
    sizes = np.bincount(query_groups, minlength=shares.shape[-2])
    whole = np.einsum("...gc,g->...c", np.nan_to_num(shares).astype(np.float64), sizes / sizes.sum())
    return np.concatenate([whole[..., None, :], shares], axis=-2).astype(np.float32)


def same_and_other(shares: Annotated[FloatArray, "... 3 3"]) -> Annotated[FloatArray, "... 2 3"]:
    """From text-to-text shares to (same, other, special), for the queries of the first and of the second text."""
    first, second = shares[..., 0, :], shares[..., 1, :]
    return np.stack([first, second[..., [1, 0, 2]]], axis=-2).astype(np.float32)


def even_shares(
    query_groups: Annotated[IntArray, "Q"],
    key_groups: Annotated[IntArray, "K"],
    causal: bool,
    groups: tuple[int, int],
) -> Annotated[FloatArray, "G C"]:
    """The shares by group if each query looked evenly at all keys, or in a causal model at those up to itself."""
    queries, keys = len(query_groups), len(key_groups)
    hot = (key_groups[:, None] == np.arange(groups[1])).astype(np.float64)
    seen = np.cumsum(hot, axis=0)  # (K, C): keys of each group among the first k + 1
    last = np.minimum(np.arange(queries) + keys - queries, keys - 1) if causal else np.full(queries, keys - 1)
    rows = seen[last] / (last + 1)[:, None]
    sums = np.zeros(groups)
    np.add.at(sums, query_groups, rows)
    sizes = np.bincount(query_groups, minlength=groups[0])
    with np.errstate(invalid="ignore"):
        return (sums / sizes[:, None]).astype(np.float32)


def distance_edges(tokens: int, causal: bool) -> Annotated[IntArray, "B+1"]:
    """Bounds of the bins of j - i, doubling on either side of 0: ... [-3, -1), [-1, 0), [0, 1), [1, 2), [2, 4) ..."""
    after = [1]
    while after[-1] < tokens:
        after.append(after[-1] * 2)
    before = [1 - edge for edge in reversed(after)]
    return np.array(before + ([1] if causal else after), dtype=np.int64)


def distance_titles(edges: Annotated[IntArray, "B+1"]) -> tuple[str, ...]:
    """The bins in words: "4–7 before", "itself", "1 after"."""
    titles = []
    for low, high in zip(edges[:-1].tolist(), (edges[1:] - 1).tolist(), strict=True):
        near, far = sorted((abs(low), abs(high)))
        number = str(near) if near == far else f"{near}–{far}"
        titles.append("itself" if low == high == 0 else f"{number} {'before' if high < 0 else 'after'}")
    return tuple(titles)


def even_by_distance(
    tokens: int, edges: Annotated[IntArray, "B+1"], causal: bool
) -> Annotated[FloatArray, "B"]:
    """The shares by distance if each token looked evenly at all, or in a causal model at those up to itself."""
    i = np.arange(tokens)
    reach = i + 1 if causal else np.full(tokens, tokens)
    bounds = np.clip(i[:, None] + edges[None, :], 0, reach[:, None])
    return (np.diff(bounds, axis=1) / reach[:, None]).mean(axis=0).astype(np.float32)
