"""How two heads, or the same head on two models, differ: signed difference and Jensen-Shannon distance."""

from __future__ import annotations

from typing import Annotated

import numpy as np

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

    The square root of the divergence in bits (Endres & Schindelin 2003), which is a metric. Rows are
    rescaled to sum to 1; NaN where either row has no weight.

    Raises:
        ValueError: the maps differ in shape.
    """
    _same_shape(first, second)
    p, q = _distribution(first), _distribution(second)
    middle = (p + q) / 2
    bits = (_relative_entropy(p, middle) + _relative_entropy(q, middle)) / 2
    return np.sqrt(np.clip(bits, 0, 1)).astype(np.float32)


def _distribution(rows: Annotated[FloatArray, "... K"]) -> Annotated[np.ndarray, "... K"]:
    values = np.asarray(rows, dtype=np.float64)
    total = values.sum(axis=-1, keepdims=True)
    return np.divide(values, total, out=np.full_like(values, np.nan), where=total > 0)


def _relative_entropy(
    p: Annotated[np.ndarray, "... K"], q: Annotated[np.ndarray, "... K"]
) -> Annotated[np.ndarray, "..."]:
    ratio = np.divide(p, q, out=np.ones_like(p), where=(p > 0) | np.isnan(p))  # 0 log 0 = 0
    return (p * np.log2(ratio)).sum(axis=-1)


def _same_shape(first: FloatArray, second: FloatArray) -> None:
    if np.shape(first) != np.shape(second):
        raise ValueError(f"two maps of one shape are needed; given {np.shape(first)} and {np.shape(second)}")
