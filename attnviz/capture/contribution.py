"""How much of what an attention block writes comes from each key, head by head: the pieces, and the map made of them.

The block writes y_i = sum_h sum_j a_ij W_O v_j + b for token i (Kobayashi et al. 2020, eq. 3 to 5). The contribution of
one term is its projection on the whole, <a_ij W_O v_j, y_i> / ||y_i||^2: the importance of Mickus et al. 2022 ("How to
Dissect a Muppet", TACL 10), which sums to 1 over all terms, the bias among them. Works on torch and numpy alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from attnviz.capture.arrays import Array, device_of, namespace, to_numpy, wide_dtype
from attnviz.capture.blocks import blocks, source
from attnviz.capture.scores import Scores
from attnviz.types import FloatArray


@dataclass(frozen=True)
class OutputParts:
    """What contributions are made of, beside the weights.

    Arrays, float: v (Hk, K, dv) values; pulls (H, Q, dv): W_O^T y_i / ||y_i||^2 of each head, so that <pull, v_j> is
    the contribution of a weight of 1, and 0 where y_i is 0; bias (Q,): the contribution of the bias of W_O.
    """

    v: Annotated[Array, "Hk K dv"]
    pulls: Annotated[Array, "H Q dv"]
    bias: Annotated[Array, "Q"]

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays."""
        return self.v.nbytes + self.pulls.nbytes + self.bias.nbytes

    def maps(self, scores: Scores, heads: slice) -> Annotated[FloatArray, "heads Q K"]:
        """The contribution of every key to every query, of some heads; signed."""
        weights = scores.weights_block(heads, slice(None))
        return to_numpy(weights * self._products(heads, slice(None), 0, scores.shape[3]))

    def shares(self, scores: Scores) -> Annotated[FloatArray, "H"]:
        """What each head contributes, summed over keys, mean over queries. Streamed: Q x K is never held."""
        _, count, queries, _ = scores.shape
        like = source(scores)
        xp = namespace(like)
        wide = wide_dtype(like)
        total = xp.zeros(count, dtype=wide, device=device_of(like))
        for place, weights in blocks(scores, slice(None)):
            parts = weights * self._products(place.heads, place.rows, place.low, place.high)
            total[place.heads] += xp.sum(parts, axis=(1, 2), dtype=wide)
        return (to_numpy(total) / queries).astype(np.float32)

    def _products(
        self, heads: slice, rows: slice, low: int, high: int
    ) -> Annotated[Array, "heads rows keys"]:
        """<pull, v_j>; several heads may share their values."""
        xp = namespace(self.v)
        count = self.pulls.shape[0]
        groups = count // self.v.shape[0]
        of_head: Any = [head // groups for head in range(*heads.indices(count))]
        values = xp.astype(self.v[of_head][:, low:high], xp.float32, copy=False)
        pulls = xp.astype(self.pulls[heads][:, rows], xp.float32, copy=False)
        return xp.matmul(pulls, xp.permute_dims(values, (0, 2, 1)))
