"""Which link of a map is worth a look first: the strongest one between two words that is not a place of rest."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from attnviz.types import BoolArray, FloatArray


def strongest_link(
    weights: Annotated[FloatArray, "Q K"],
    query_special: Annotated[BoolArray, "Q"],
    key_special: Annotated[BoolArray, "K"],
    same: bool,
) -> tuple[int, int] | None:
    """The query and the key of the largest weight, special tokens left out; None where all weights left are 0.

    `same`: queries and keys are the same items, which do not count as linked to themselves. Where moreover none sees a
    later one, the first key is left out too, as long as there is another: heads of causal models rest on it (Xiao et
    al. 2024, "Efficient streaming language models with attention sinks").
    """
    left = np.array(weights, np.float64)
    causal = same and not np.triu(left, 1).any()
    left[query_special] = 0
    left[:, key_special] = 0
    if same:
        np.fill_diagonal(left, 0)
    if causal and left[:, 1:].any():
        left[:, 0] = 0
    if not left.any():
        return None
    row, column = np.unravel_index(int(left.argmax()), left.shape)
    return int(row), int(column)
