"""Attention rollout (Abnar & Zuidema 2020, "Quantifying Attention Flow in Transformers", section 3).

Layer by layer, the head-averaged map is mixed with the identity for the residual connection, and the
mixtures are multiplied: an estimate of how much of each input token reaches each position.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import numpy as np

from attnviz.types import FloatArray


def rollout(
    layers: Annotated[FloatArray, "L T T"] | Sequence[Annotated[FloatArray, "T T"]],
    residual: float = 0.5,
    rows: Annotated[FloatArray, "R T"] | None = None,
) -> Annotated[FloatArray, "R T"]:
    """The product of all layers' mixed maps, last layer on the left.

    Args:
        layers: head-averaged maps, first layer first. Read once each, from the last to the first, so a
            sequence that makes its maps when asked never holds them all.
        residual: weight of the identity; 0.5 in the paper.
        rows: what to follow down instead of every position: R distributions over the last layer's T
            positions, such as the rows that a pooling reads. R x T work per layer instead of T x T.

    Returns:
        float32 (T, T), or (R, T) with `rows`. Each row sums to 1 (to what the row of `rows` sums to).

    Raises:
        ValueError: no layer, maps that are not square, or a residual outside 0 to 1.
    """
    if len(layers) == 0:
        raise ValueError("rollout needs at least one layer")
    if not 0 <= residual <= 1:
        raise ValueError(f"residual must lie between 0 and 1; given {residual}")
    product = None if rows is None else np.asarray(rows, dtype=np.float64)
    for attention in reversed(layers):
        mixed = _with_residual(np.asarray(attention, dtype=np.float64), residual)
        product = mixed if product is None else product @ mixed
    return np.asarray(product, dtype=np.float32)


def _with_residual(attention: Annotated[np.ndarray, "T T"], residual: float) -> Annotated[np.ndarray, "T T"]:
    if attention.ndim != 2 or attention.shape[0] != attention.shape[1]:
        raise ValueError(f"rollout needs square maps of one token list; given {attention.shape}")
    mixed = (1 - residual) * attention + residual * np.eye(len(attention))
    total = mixed.sum(
        axis=1, keepdims=True
    )  # not 1 where a sink took part of the weight, or the row is masked
    return np.divide(mixed, total, out=np.eye(len(attention)), where=total > 0)
