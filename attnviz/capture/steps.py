"""The steps from one query and its keys to their weights, taken apart for a reader.

Scores of a layer, a head and a row go in, a `QueryKey` comes out; the weights are those that `attention` gives.
"""

from __future__ import annotations

import numpy as np

from attnviz.capture.arrays import to_numpy
from attnviz.capture.recompute.scores import LOWEST, QueryKeyScores
from attnviz.types import QueryKey


def query_key(scores: QueryKeyScores, head: slice, row: int) -> QueryKey:
    """One query row of one head (a slice of length 1), of the first text of the batch."""
    rows = slice(row, row + 1)
    _, heads, _, keys = scores.shape
    shared = heads // scores.k.shape[1]  # query heads that share a key head
    allowed = np.ones(keys, bool)
    if scores.mask is not None:
        allowed = to_numpy(scores.mask.block(0, head, rows, 0, keys))[0, 0].astype(bool)
    bias = None if scores.bias is None else to_numpy(scores.bias.block(0, head, rows, 0, keys))[0, 0]
    logits = to_numpy(scores.logits(head, rows))[0, 0].astype(np.float32)
    return QueryKey(
        # Copied: a view would keep the whole capture in memory.
        q=np.array(to_numpy(scores.q[0, head.start, row]), np.float32),
        k=np.array(to_numpy(scores.k[0, head.start // shared]), np.float32),
        scale=float(scores.scale),
        logits=np.where(allowed, logits, np.float32(-np.inf)) if logits.min() <= LOWEST else logits,
        weights=to_numpy(scores.weights_block(head, rows))[0, 0],
        allowed=allowed,
        bias=bias,
        softcap=None if scores.softcap is None else float(scores.softcap),
        sink=None if scores.sinks is None else float(to_numpy(scores.sinks[head])[0]),
    )
