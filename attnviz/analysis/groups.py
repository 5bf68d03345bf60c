"""From tokens to words or sentences: maps and scores summed or averaged by group.

The groups come from `attnviz.text.groups`: one group number per token, 0 to G-1, every number in use.
"""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
import numpy.typing as npt

from attnviz.types import FloatArray, IntArray

FEW = 8  # members of a group


def sum_by_group(
    values: Annotated[npt.NDArray[np.floating[Any]], "... T"], groups: Annotated[IntArray, "T"]
) -> Annotated[FloatArray, "... G"]:
    """The sum over each group, float32. Raises ValueError as `aggregate` does."""
    groups = np.asarray(groups)
    if groups.shape != values.shape[-1:]:
        raise ValueError(f"{groups.size} group numbers for {values.shape[-1]} tokens")
    if not groups.size:
        return np.asarray(values, dtype=np.float32)
    by_group = np.argsort(groups, kind="stable")  # groups need not be contiguous
    present, starts = np.unique(groups[by_group], return_index=True)
    if not np.array_equal(present, np.arange(len(present))):
        raise ValueError(f"group numbers must be 0 to G-1, each in use; given {present.tolist()}")
    if np.array_equal(groups, present):
        return np.asarray(values, np.float32)
    sizes = np.diff(starts, append=len(groups))
    if sizes.max() > FEW:
        return np.add.reduceat(values[..., by_group].astype(np.float64), starts, axis=-1).astype(np.float32)
    # Pieces of words: the first of each group, then the few others added. Many short runs are what reduceat is slow at.
    sums = np.take(values, by_group[starts], axis=-1).astype(np.float32, copy=False)
    for member in range(1, sizes.max()):
        more = np.flatnonzero(sizes > member)
        sums[..., more] += values[..., by_group[starts[more] + member]]
    return sums


def aggregate(
    matrix: Annotated[FloatArray, "... Q K"],
    query_groups: Annotated[IntArray, "Q"],
    key_groups: Annotated[IntArray, "K"],
) -> Annotated[FloatArray, "... GQ GK"]:
    """Attention from group to group: summed over the keys of a group, averaged over its queries.

    So a row keeps its sum: the attention that a word pays is the mean of what its tokens pay, and the
    attention that it gets is all that its tokens get (Clark et al. 2019, section 4.1).

    Raises:
        ValueError: a group list has not the length of its axis, or skips a number.
    """
    keys = sum_by_group(matrix, key_groups)
    sums = np.swapaxes(sum_by_group(np.swapaxes(keys, -1, -2), query_groups), -1, -2)
    sizes = np.bincount(np.asarray(query_groups))
    return (sums / sizes[:, None]).astype(np.float32)


def sum_scores(
    scores: Annotated[FloatArray, "T"], groups: Annotated[IntArray, "T"]
) -> Annotated[FloatArray, "G"]:
    """The score of each group: the sum of its tokens' scores, so that the total stays what it was.

    Raises:
        ValueError: the group list has not the length of the scores, or skips a number.
    """
    return sum_by_group(np.asarray(scores), groups)
