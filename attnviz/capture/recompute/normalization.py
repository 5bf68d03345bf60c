"""What turns the logits of a row into weights, kept for the rows that were walked over once.

A weight is exp(logit - reference) * factor of its row, so that any tile of a map costs its own cells only.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np

from attnviz.capture.arrays import Array, device_of, namespace

ROW_BYTES = 9  # of a head: reference and factor in float32, and whether they are known
KEY_BYTES = 4  # of a head: the norm of the transformed value, in float32


def kept_bytes(heads: int, queries: int, keys: int) -> int:
    """What a layer of queries and keys may come to keep beside them: of its rows, and of its keys."""
    return ROW_BYTES * heads * queries + KEY_BYTES * heads * keys


class Normalization:
    """reference and factor (H, Q) float32 of one layer, filled block by block.

    Threads may fill the same rows at once: they write the same numbers, and a row counts as known after they are there.
    """

    def __init__(self) -> None:
        self._arrays: tuple[Array, Array] | None = None
        self._known = np.zeros((0, 0), bool)

    def arrays(self, like: Annotated[Array, "B H Q d"]) -> tuple[Array, Array]:
        """The arrays to be filled, on the device of these queries."""
        if self._arrays is None:
            xp, shape = namespace(like), like.shape[1:3]
            made = tuple(xp.zeros(shape, dtype=xp.float32, device=device_of(like)) for _ in range(2))
            self._known = np.zeros(shape, bool)
            self._arrays = (made[0], made[1])
        return self._arrays

    def known(self, heads: slice, rows: slice) -> bool:
        """Whether all of these rows are."""
        return self._arrays is not None and bool(self._known[heads, rows].all())

    def settle(self, heads: slice, rows: slice) -> None:
        """Say that these rows of the arrays are filled."""
        self._known[heads, rows] = True

    def put(self, like: Array, heads: slice, rows: slice, reference: Array, factor: Array) -> None:
        """Keep the numbers of some rows."""
        references, factors = self.arrays(like)
        references[heads, rows], factors[heads, rows] = reference, factor
        self.settle(heads, rows)
