"""From which tokens of a passage each token of an answer was read, by attention, and what that is worth.

A row belongs to the token that it predicts. Heads that copy are found by what the other tokens of the answer read, so
that no token vouches for its own link; beside each share stands that of an even spread.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from attnviz.analysis.entropy import entropy
from attnviz.types import BoolArray, FloatArray, IntArray, readonly

FLAT = 0.5  # entropy of a row over the passage, as a share of the largest possible, from which on it names no place
LEAST = 0.05  # of its attention that the heads give to the passage; with less they were not reading it
COPYING = 5  # heads that are averaged


@dataclass(frozen=True)
class Quotations:
    """Where A tokens of an answer were read, among P tokens of a passage.

    Attributes:
        best: (A,) the passage token that was read most, from 0. share: (A,) what of the passage's attention it gets.
        mass: (A,) what of all attention the passage gets. sure: (A,) whether the row names a place.
        known: (A,) whether the same token stands in the passage. hits: (A,) whether `best` is such a place.
        chance: of a share, 1 / P. chance_hits: how many of the known an even spread would hit.
        heads: (n, 2) those that copy most in the whole answer, the first most; lifts: (n,) how much more of their
            attention goes to the same token than an even spread over the passage would give.
    """

    best: Annotated[IntArray, "A"]
    share: Annotated[FloatArray, "A"]
    mass: Annotated[FloatArray, "A"]
    sure: Annotated[BoolArray, "A"]
    known: Annotated[BoolArray, "A"]
    hits: Annotated[BoolArray, "A"]
    chance: float
    chance_hits: float
    heads: Annotated[IntArray, "n 2"]
    lifts: Annotated[FloatArray, "n"]

    def __post_init__(self) -> None:
        for name, dtype in (
            ("best", np.int64), ("share", np.float32), ("mass", np.float32), ("sure", np.bool_),
            ("known", np.bool_), ("hits", np.bool_), ("heads", np.int64), ("lifts", np.float32),
        ):  # fmt: skip
            object.__setattr__(self, name, readonly(getattr(self, name), dtype))


def quotations(
    rows: Annotated[FloatArray, "A L H P"],
    same: Annotated[BoolArray, "A P"],
    head: tuple[int, int] | None = None,
    copying: bool = True,
) -> Quotations:
    """The links of an answer.

    Args:
        rows: the attention that each answer token's row gives to the passage, as it is: rows need not add up to 1.
        same: where in the passage the answer's token stands.
        head: (layer, head) to read alone. copying: without `head`, whether the heads that copy are read; for each
            token those that copied the others. Else, and where no other token stands in the passage, all heads.
    """
    count, layers, heads, keys = rows.shape
    flat = rows.reshape(count, layers * heads, keys)
    # How far a head gives the token's own places more than an even spread of what it gives to the passage.
    lifts = np.einsum("ahp,ap->ah", flat, same.astype(flat.dtype))
    lifts -= flat.sum(-1) * same.mean(1, keepdims=True)
    known = np.asarray(same.any(1))
    lifts[~known] = 0
    if head is not None:
        row = rows[:, head[0], head[1]]
    elif not copying or not np.any(known):
        row = flat.mean(1)
    else:
        row = np.stack([flat[n, _best(lifts.sum(0) - lifts[n])].mean(0) for n in range(count)])
    mass = row.sum(-1)
    shares = row / np.maximum(mass, 1e-12)[:, None]
    best = shares.argmax(-1)
    spread = entropy(shares) / max(np.log2(keys), 1e-12)
    order = _best(lifts.sum(0), fallback=False)
    return Quotations(
        best=best,
        share=np.take_along_axis(shares, best[:, None], 1)[:, 0],
        mass=mass,
        sure=(spread <= FLAT) & (mass >= LEAST),
        known=known,
        hits=known & np.take_along_axis(same, best[:, None], 1)[:, 0],
        chance=1 / keys,
        chance_hits=float(same.mean(1).sum()),
        heads=np.stack(np.divmod(order, heads), -1),
        lifts=lifts.sum(0)[order] / max(1, int(known.sum())),
    )


def _best(lifts: Annotated[FloatArray, "heads"], fallback: bool = True) -> IntArray:
    """The heads that copy most; all, where none does."""
    order = np.argsort(-lifts, kind="stable")[:COPYING]
    order = order[lifts[order] > 0]
    return np.arange(len(lifts)) if fallback and not len(order) else order
