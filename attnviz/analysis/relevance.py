"""The update rules of gradient-weighted attention: how relevance runs through layers of maps.

Chefer, Gur & Wolf 2021, "Generic Attention-model Explainability" (ICCV). Maps are (Q, K), not negative, averaged
over heads, from the first layer to the last; they need not sum to 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np

Matrix = np.ndarray[Any, np.dtype[np.float64]]


def of_layers(maps: Sequence[np.ndarray[Any, Any]]) -> Annotated[Matrix, "T T"]:
    """R = I, then R += A R for each layer (equation 6)."""
    relevance: Matrix = np.eye(maps[0].shape[0])
    for layer in maps:
        relevance = relevance + layer @ relevance
    return relevance


def of_encoder_decoder(
    encoder: Sequence[np.ndarray[Any, Any]],
    decoder: Sequence[np.ndarray[Any, Any]],
    cross: Sequence[np.ndarray[Any, Any]],
) -> Annotated[Matrix, "Q K"]:
    """How relevant each source token is to each position of the decoder (equations 6, 7 and 10).

    A decoder that does not attend to itself has no maps of its own: nothing travels between its positions then.
    """
    source = normalised(of_layers(encoder))
    own: Matrix = np.eye(cross[0].shape[0])
    mixed: Matrix = np.zeros((len(own), len(source)))
    for attention, look in zip(decoder or [np.zeros_like(own)] * len(cross), cross, strict=True):
        own, mixed = own + attention @ own, mixed + attention @ mixed
        mixed = mixed + normalised(own).T @ look @ source
    return mixed


def normalised(relevance: Matrix) -> Matrix:
    """R without its identity, every row summing to 1 (rows without anything stay 0), plus the identity (8 and 9)."""
    identity = np.eye(len(relevance))
    rest = relevance - identity
    sums = rest.sum(1, keepdims=True)
    return np.divide(rest, sums, out=np.zeros_like(rest), where=sums > 0) + identity
