"""Putting heads in order by one of their statistics."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from attnviz.types import HeadTable, IntArray


def order(table: HeadTable, metric: str, lowest_first: bool = False) -> Annotated[IntArray, "N 2"]:
    """All heads as (layer, head), highest value of the metric first; ties by layer and head, NaN last.

    Raises:
        UnknownName: no such metric; lists those of the table.
    """
    values = np.asarray(table[metric], dtype=np.float64)
    keys = values if lowest_first else -values
    ranked = np.argsort(keys, axis=None, kind="stable")  # argsort puts NaN last, negated or not
    return np.stack(np.unravel_index(ranked, values.shape), axis=1).astype(np.int64)
