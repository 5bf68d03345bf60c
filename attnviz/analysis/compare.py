"""How two heads, or the same head on two models, differ: signed difference and Jensen-Shannon distance."""

from __future__ import annotations

from typing import Annotated

import numpy as np

from attnviz.analysis.entropy import distributions, jensen_shannon_distance
from attnviz.types import FloatArray


def difference(
    first: Annotated[FloatArray, "... Q K"], second: Annotated[FloatArray, "... Q K"]
) -> Annotated[FloatArray, "... Q K"]:
    """first - second, float32.

    Raises:
        ValueError: the maps differ in shape (numpy would broadcast and show nonsense).
    """
    _same_shape(first, second)
    return (np.asarray(first, np.float64) - np.asarray(second, np.float64)).astype(np.float32)


def jensen_shannon(
    first: Annotated[FloatArray, "... Q K"], second: Annotated[FloatArray, "... Q K"]
) -> Annotated[FloatArray, "... Q"]:
    """Jensen-Shannon distance of each pair of rows, 0 (equal) to 1 (no key in common).

    Rows are rescaled to sum to 1; NaN where either row has no weight. See `entropy.jensen_shannon_distance`.

    Raises:
        ValueError: the maps differ in shape.
    """
    _same_shape(first, second)
    distance = jensen_shannon_distance(distributions(first), distributions(second))
    return np.asarray(distance, np.float32)


def _same_shape(first: FloatArray, second: FloatArray) -> None:
    if np.shape(first) != np.shape(second):
        raise ValueError(f"two maps of one shape are needed; given {np.shape(first)} and {np.shape(second)}")
