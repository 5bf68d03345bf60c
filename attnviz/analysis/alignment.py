"""Two texts side by side: which tokens stand for which, and how much each head's attention changed between them.

Labels and maps come in, pairs of positions and one number for each head flow out.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Annotated

import numpy as np

from attnviz.analysis.entropy import distance_by_entropy, distributions
from attnviz.types import FloatArray, IntArray

LONG = 600  # labels; above, the matcher's own shortcut for frequent labels keeps it from taking minutes


def align(first: Sequence[str], second: Sequence[str]) -> Annotated[IntArray, "P 2"]:
    """Positions of the first and of the second sequence that stand for each other, in order.

    Equal labels are matched by difflib's SequenceMatcher (the longest run first); a run that was replaced by one of
    the same length is matched one by one, so that a changed word stands for the word in its place. Positions of
    anything else have no counterpart and are left out.
    """
    matcher = SequenceMatcher(None, first, second, autojunk=max(len(first), len(second)) > LONG)
    pairs = [
        (i, j)
        for tag, i0, i1, j0, j1 in matcher.get_opcodes()
        if tag == "equal" or (tag == "replace" and i1 - i0 == j1 - j0)
        for i, j in zip(range(i0, i1), range(j0, j1), strict=True)
    ]
    return np.array(pairs, dtype=np.int64).reshape(-1, 2)


def change(
    first: Annotated[FloatArray, "H Q K"],
    second: Annotated[FloatArray, "H Q' K'"],
    queries: Annotated[IntArray, "P 2"],
    keys: Annotated[IntArray, "P' 2"],
) -> Annotated[FloatArray, "H"]:
    """How much the rows of the tokens with a counterpart changed: mean Jensen-Shannon distance, 0 to 1.

    Each row is read as a distribution over the keys with a counterpart and one more place for all other keys. NaN
    where no query has a counterpart.
    """
    if not len(queries):
        return np.full(len(first), np.nan, np.float32)
    changed = []
    for one, other in zip(
        first, second, strict=True
    ):  # head by head: what stays in the processor's cache is fast
        sides = (_matched(one, queries[:, 0], keys[:, 0]), _matched(other, queries[:, 1], keys[:, 1]))
        changed.append(np.nanmean(distance_by_entropy(*sides)))
    return np.array(changed, np.float32)


def _matched(
    matrix: Annotated[FloatArray, "Q K"], rows: IntArray, columns: IntArray
) -> Annotated[np.ndarray, "P P'+1"]:
    """Some rows over some keys, and what is left of each for all other keys."""
    whole = np.asarray(matrix, np.float64)[rows]
    kept = whole[:, columns]
    rest = np.clip(whole.sum(-1, keepdims=True) - kept.sum(-1, keepdims=True), 0, None)
    rest[rest < 1e-6] = 0  # what float32 sums leave over
    return distributions(np.concatenate([kept, rest], axis=-1))
