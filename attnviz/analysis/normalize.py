"""Attention without some of its tokens: their rows and columns go, and what is left of each row is rescaled.

A row whose whole weight lay on the dropped keys has nothing to rescale: it stays zero, and `empty_rows`
finds it, so that the page can say so.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np

from attnviz.types import BoolArray, FloatArray


def renormalize_without(
    matrix: Annotated[FloatArray, "... Q K"],
    drop_keys: Annotated[BoolArray, "K"],
    drop_queries: Annotated[BoolArray, "Q"] | None = None,
) -> Annotated[FloatArray, "... Q' K'"]:
    """The map without the dropped keys and queries, each row rescaled to sum to 1.

    Args:
        matrix: non-negative weights, one or many maps.
        drop_keys: true for the columns to leave out.
        drop_queries: true for the rows to leave out; none by default.

    Returns:
        float32, smaller by the dropped rows and columns. Rows without any weight left are zero.

    Raises:
        ValueError: a selection has not the length of its axis.
    """
    drop_keys = np.asarray(drop_keys, dtype=np.bool_)
    queries = (
        np.zeros(matrix.shape[-2], np.bool_) if drop_queries is None else np.asarray(drop_queries, np.bool_)
    )
    if (len(queries), len(drop_keys)) != matrix.shape[-2:]:
        raise ValueError(
            f"selection of {len(queries)} queries x {len(drop_keys)} keys for a map of "
            f"{matrix.shape[-2]} x {matrix.shape[-1]}"
        )
    kept = np.asarray(matrix, dtype=np.float32)[..., ~queries, :][..., ~drop_keys]
    total = kept.sum(axis=-1, keepdims=True, dtype=np.float64)
    return np.divide(kept, total, out=np.zeros_like(kept), where=total > 0, casting="same_kind")


def empty_rows(matrix: Annotated[FloatArray, "... Q K"]) -> Annotated[BoolArray, "... Q"]:
    """True for the rows without any weight."""
    return ~np.any(matrix, axis=-1)
