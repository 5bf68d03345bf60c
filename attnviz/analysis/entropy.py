"""Distributions, their entropy, and the Jensen-Shannon distance of two of them."""

from __future__ import annotations

from typing import Annotated

import numpy as np

_NEXT_TO_0 = 1e-300


def distributions(rows: Annotated[np.ndarray, "... K"]) -> Annotated[np.ndarray, "... K"]:
    """The rows as float64 that sum to 1; a row without weight becomes NaN."""
    values = np.asarray(rows, np.float64)
    total = values.sum(-1, keepdims=True)
    return np.asarray(values / np.where(total > 0, total, np.nan))


def entropy(p: Annotated[np.ndarray, "... K"]) -> Annotated[np.ndarray, "..."]:
    """-sum p log2 p, in bits; 0 log 0 = 0."""
    logs = np.maximum(p, _NEXT_TO_0)  # no mask: numpy takes the logarithm of a whole array much faster
    np.log2(logs, out=logs)
    return -np.einsum("...k,...k->...", p, logs)


def jensen_shannon_distance(
    p: Annotated[np.ndarray, "... K"],
    q: Annotated[np.ndarray, "... K"],
    entropies: tuple[np.ndarray, np.ndarray] | None = None,
) -> Annotated[np.ndarray, "..."]:
    """The Jensen-Shannon distance of `distributions`, 0 to 1: the root of H((p + q) / 2) - (H(p) + H(q)) / 2.

    The root of the divergence in bits, which is a metric (Endres & Schindelin 2003). `entropies`: of p and q, where
    they are at hand.
    """
    own = entropies or (entropy(p), entropy(q))
    bits = entropy((p + q) / 2) - (own[0] + own[1]) / 2
    return np.sqrt(np.clip(bits, 0, 1))
