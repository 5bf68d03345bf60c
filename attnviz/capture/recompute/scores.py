"""Attention weights from queries and keys: the exact softmax of any heads and rows, whenever somebody looks.

The same few lines serve torch tensors (a capture that was just made, on its device) and numpy arrays (one that
was opened from a file, without torch). Equation 1 of Vaswani et al. 2017, with what families add to it: an
additive bias (T5, ALiBi), a soft cap (Gemma 2) and sinks (GPT-OSS).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Annotated, Any

from attnviz.capture.arrays import Array, device_of, is_torch, namespace
from attnviz.capture.masks import Bias, DenseMask, Mask
from attnviz.capture.recompute.normalization import Normalization

# Exp of this difference is 0 in every dtype, and products with it stay finite.
LOWEST = -1e30


@dataclass(frozen=True)
class QueryKeyScores:
    """Everything that turns queries and keys into weights.

    Arrays: q (B, H, Q, d); k (B, H / groups, K, d), after rotary embedding and before repeating; sinks (H,).
    """

    q: Annotated[Array, "B H Q d"]
    k: Annotated[Array, "B Hk K d"]
    scale: float
    mask: Mask | None = None
    bias: Bias | None = None
    softcap: float | None = None
    sinks: Annotated[Array, "H"] | None = None
    # Of the first text of the batch; filled by whoever goes over whole rows.
    normalization: Normalization = field(default_factory=Normalization, init=False, repr=False, compare=False)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(B, H, Q, K)."""
        return self.q.shape[0], self.q.shape[1], self.q.shape[2], self.k.shape[2]

    @property
    def groups(self) -> int:
        """How many query heads share a key head."""
        return self.q.shape[1] // self.k.shape[1]

    def reach(self, rows: slice, batch: int = 0) -> tuple[int, int]:
        """The range of keys outside which the weights of these rows are zero."""
        return self.mask.reach(batch, rows) if self.mask is not None else (0, self.k.shape[2])

    def allowed(self, heads: slice, rows: Any, batch: int = 0) -> Annotated[Array, "heads|1 rows keys"]:
        """Which keys these rows may look at, bool; one map where it is the same for all heads."""
        keys = self.k.shape[2]
        if self.mask is not None:
            return self.mask.block(batch, heads, rows, 0, keys)
        xp = namespace(self.q)
        return xp.ones((1, self.q.shape[2], keys), dtype=xp.bool, device=device_of(self.q))[:, rows]

    def without(self, cut: Annotated[Array, "Q K"]) -> QueryKeyScores:
        """The same scores where the cells that `cut` marks (bool) are masked, besides those that are."""
        xp, everything = namespace(self.q), slice(None)
        allowed = [self.allowed(everything, everything, batch) & ~cut for batch in range(self.q.shape[0])]
        return replace(self, mask=DenseMask(xp.stack(allowed)))

    def logits(
        self,
        heads: slice,
        rows: Any,
        batch: int = 0,
        low: int = 0,
        high: int | None = None,
        dtype: Any = None,
    ) -> Annotated[Array, "heads rows keys"]:
        """Scores before the softmax, masked ones at `LOWEST`, for the keys low..high."""
        xp = namespace(self.q)
        dtype = dtype or xp.float32
        high = self.k.shape[2] if high is None else high
        q, k = self.q[batch % self.q.shape[0]], self.k[batch % self.k.shape[0]]
        q = xp.astype(q[heads][:, rows], dtype, copy=False) * self.scale
        logits = _grouped_product(q, k, heads, self.q.shape[1], low, high, dtype)
        if self.softcap is not None:
            logits = xp.tanh(logits / self.softcap) * self.softcap
        if self.bias is not None:
            logits = logits + xp.astype(self.bias.block(batch, heads, rows, low, high), dtype, copy=False)
        if self.mask is None:
            return logits
        # What all rows see needs no look at the mask: under a causal one, all but the square at the end.
        seen = self.mask.all_see(batch, rows) if isinstance(rows, slice) else (0, 0)
        start, stop = (min(max(edge, low), high) for edge in seen)
        if start == stop:
            return self._masked(logits, batch, heads, rows, low, high)
        for first, last in ((low, start), (stop, high)):
            if first < last:
                part = logits[..., first - low : last - low]
                part[...] = self._masked(part, batch, heads, rows, first, last)
        return logits

    def _masked(self, logits: Array, batch: int, heads: slice, rows: Any, low: int, high: int) -> Array:
        xp = namespace(logits)
        allowed = self.mask.block(batch, heads, rows, low, high)  # type: ignore[union-attr]
        return xp.where(allowed, logits, xp.asarray(LOWEST, dtype=logits.dtype))

    def weights_block(
        self,
        heads: slice,
        rows: Any,
        batch: int = 0,
        low: int = 0,
        high: int | None = None,
        dtype: Any = None,
    ) -> Annotated[Array, "heads rows keys"]:
        """Softmax rows for the keys low..high; exact when no key outside that range is within reach."""
        logits, extra = self._with_sinks(self.logits(heads, rows, batch, low, high, dtype), heads)
        weights = softmax(logits)
        return weights[..., :-1] if extra else weights

    def exponents(
        self, heads: slice, rows: slice, low: int, high: int
    ) -> tuple[Annotated[Array, "heads rows keys"], Annotated[Array, "heads rows"]]:
        """Logits less the largest of their row, and that: weights are exp(exponents) / `divisor` of their sums."""
        xp = namespace(self.q)
        logits = self.logits(heads, rows, 0, low, high)
        reference = xp.max(logits, axis=-1)
        if self.sinks is not None:
            sinks = xp.astype(self.sinks[heads], logits.dtype, copy=False)
            reference = xp.maximum(reference, sinks[:, None])
        logits -= reference[..., None]
        return logits, reference

    def divisor(self, sums: Array, reference: Array, heads: slice) -> Annotated[Array, "heads rows"]:
        """What exponentials are divided by: their sums over all keys, and what the sink takes."""
        if self.sinks is None:
            return sums
        xp = namespace(self.q)
        sinks = xp.astype(self.sinks[heads], sums.dtype, copy=False)
        return sums + xp.exp(sinks[:, None] - reference)

    def with_float_keys(self) -> QueryKeyScores:
        """The same scores with keys in float32: for walks over many blocks, which would cast them again and again."""
        xp = namespace(self.k)
        return self if self.k.dtype == xp.float32 else replace(self, k=xp.astype(self.k, xp.float32))

    def _with_sinks(self, logits: Array, heads: slice) -> tuple[Array, bool]:
        if self.sinks is None:
            return logits, False
        xp = namespace(logits)
        sinks = xp.astype(self.sinks[heads], logits.dtype, copy=False)[:, None, None]
        sinks = xp.broadcast_to(sinks, (logits.shape[0], logits.shape[1], 1))
        return xp.concat([logits, sinks], axis=-1), True


@dataclass(frozen=True)
class DenseScores:
    """Weights that were seen as they are, where a family gives no queries and keys: (B, H, Q, K)."""

    weights: Annotated[Array, "B H Q K"]

    groups = 1

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(B, H, Q, K)."""
        b, h, q, k = self.weights.shape
        return b, h, q, k

    def reach(self, rows: slice, batch: int = 0) -> tuple[int, int]:
        """All keys."""
        return 0, self.weights.shape[3]

    def allowed(self, heads: slice, rows: Any, batch: int = 0) -> Annotated[Array, "heads|1 rows keys"]:
        """Which keys these rows look at, bool: a weight that rounds to 0 cannot be told from a masked one."""
        return self.weights[batch % self.weights.shape[0]][heads][:, rows] > 0

    def without(self, cut: Annotated[Array, "Q K"]) -> DenseScores:
        """The same weights where the cells that `cut` marks (bool) were masked: the others share what these had."""
        xp = namespace(self.weights)
        kept = xp.where(cut, xp.zeros_like(self.weights), self.weights)
        total = xp.sum(kept, axis=-1, keepdims=True)
        return DenseScores(kept / xp.where(total > 0, total, xp.ones_like(total)))

    def weights_block(
        self,
        heads: slice,
        rows: Any,
        batch: int = 0,
        low: int = 0,
        high: int | None = None,
        dtype: Any = None,
    ) -> Annotated[Array, "heads rows keys"]:
        """The stored rows for the keys low..high."""
        xp = namespace(self.weights)
        block = self.weights[batch % self.weights.shape[0]][heads][:, rows, low:high]
        return xp.astype(block, dtype or xp.float32, copy=False)

    def exponents(
        self, heads: slice, rows: slice, low: int, high: int
    ) -> tuple[Annotated[Array, "heads rows keys"], Annotated[Array, "heads rows"]]:
        """Natural logarithms of the weights, `LOWEST` where one is 0; and zeros."""
        xp = namespace(self.weights)
        weights = self.weights_block(heads, rows, 0, low, high)
        seen = weights > 0
        one, lowest = (xp.asarray(value, dtype=weights.dtype) for value in (1.0, LOWEST))
        logs = xp.where(seen, xp.log(xp.where(seen, weights, one)), lowest)
        return logs, xp.zeros_like(weights[..., 0])

    def divisor(self, sums: Array, reference: Array, heads: slice) -> Annotated[Array, "heads rows"]:
        """Ones: the weights are as they were seen."""
        return namespace(sums).ones_like(sums)

    def with_float_keys(self) -> DenseScores:
        """These scores: there are no keys."""
        return self


Scores = QueryKeyScores | DenseScores


def _grouped_product(
    q: Array, k: Array, heads: slice, total: int, low: int, high: int, dtype: Any
) -> Annotated[Array, "heads rows keys"]:
    """q @ k^T where several query heads share a key head (grouped- and multi-query attention), without repeating k."""
    xp = namespace(q)
    groups = total // k.shape[0]
    start, stop, _ = heads.indices(total)
    first, last = start // groups, (stop - 1) // groups
    shared = first == last and stop - start > 1
    if shared or (start % groups == 0 and stop % groups == 0):
        keys = xp.astype(k[first : last + 1, low:high], dtype, copy=False)
        folded = xp.reshape(q, (keys.shape[0], -1, q.shape[2]))  # (Hk, groups * rows, d)
        product = xp.matmul(folded, xp.permute_dims(keys, (0, 2, 1)))
        return xp.reshape(product, (q.shape[0], q.shape[1], high - low))
    parts = [
        xp.matmul(
            q[n], xp.permute_dims(xp.astype(k[(start + n) // groups, low:high], dtype, copy=False), (1, 0))
        )
        for n in range(q.shape[0])
    ]
    return xp.stack(parts)


def softmax(logits: Array) -> Array:
    """Softmax over the last axis, by torch's fused kernel where there is torch."""
    if is_torch(logits):
        return logits.softmax(-1)
    xp = namespace(logits)
    weights = logits - xp.max(logits, axis=-1, keepdims=True)
    xp.exp(weights, out=weights)
    weights /= xp.sum(weights, axis=-1, keepdims=True)
    return weights
