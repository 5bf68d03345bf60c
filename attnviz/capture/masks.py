"""Masks and biases in as few bytes as they need: a rule per row and key instead of a query x key tensor.

Nearly every mask is a span of keys per row (causal, padding, sliding window, chunk), and T5's bias is a Toeplitz
matrix. Whatever is neither is kept as it is. Axis letters: B batch, H heads, Q queries, K keys; arrays are torch's
or numpy's.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from attnviz.capture.arrays import Array, device_of, is_torch, namespace
from attnviz.types import BoolArray, IntArray


@dataclass(frozen=True)
class SpanMask:
    """Row i may look at key j where first[i] <= j < stop[i] and keys[j].

    Arrays: first, stop (B, Q) integers; keys (B, K) bool.
    """

    first: Array
    stop: Array
    keys: Array

    def block(self, batch: int, heads: slice, rows: slice, low: int, high: int) -> Array:
        """Which of the keys low..high the rows may look at: (1, rows, high - low) bool."""
        b = batch % self.first.shape[0]
        xp = namespace(self.first)
        j = xp.arange(low, high, device=device_of(self.first))[None, :]
        allowed = (j >= self.first[b, rows][:, None]) & (j < self.stop[b, rows][:, None])
        return (allowed & self.keys[b, low:high][None, :])[None]

    def all_see(self, batch: int, rows: slice) -> tuple[int, int]:
        """A range of keys that every one of these rows may look at; maybe an empty one."""
        b = batch % self.first.shape[0]
        first, stop = (edge[b, rows] for edge in self.edges[:2])
        if not len(first):
            return 0, 0
        low, high = int(first.max()), int(stop.min())
        return (low, high) if low < high and bool(self._host_keys[b, low:high].all()) else (0, 0)

    @cached_property
    def _host_keys(self) -> BoolArray:
        return _on_host(self.keys)

    @cached_property
    def edges(self) -> tuple[IntArray, IntArray, BoolArray]:
        """first, stop and which rows see nothing, (B, Q) on the host: no walk then waits for a device."""
        first, stop, keys = _on_host(self.first), _on_host(self.stop), self._host_keys
        seen = np.concatenate([np.zeros((len(keys), 1), np.int64), keys.cumsum(1)], 1)
        counts = np.take_along_axis(seen, np.maximum(first, stop), 1) - np.take_along_axis(seen, first, 1)
        return first, stop, counts <= 0

    def reach(self, batch: int, rows: slice) -> tuple[int, int]:
        """The smallest range of keys outside which these rows weigh nothing.

        A row that sees nothing weighs all keys alike, as in transformers' own attention.
        """
        first, stop, blind = (each[batch % self.first.shape[0], rows] for each in self.edges)
        return (0, int(self.keys.shape[1])) if blind.any() else (int(first.min()), int(stop.max()))

    def blind(self, batch: int) -> bool:
        """Whether some row sees no key at all."""
        return bool(self.edges[2][batch % self.first.shape[0]].any())


@dataclass(frozen=True)
class DenseMask:
    """A mask without a simpler rule: `allowed` is (B, H or 1, Q, K) bool."""

    allowed: Array

    def block(self, batch: int, heads: slice, rows: slice, low: int, high: int) -> Array:
        """Which of the keys low..high the rows may look at: (H or 1, rows, high - low) bool."""
        allowed = self.allowed[batch % self.allowed.shape[0]]
        return (allowed if allowed.shape[0] == 1 else allowed[heads])[:, rows, low:high]

    def reach(self, batch: int, rows: slice) -> tuple[int, int]:
        """All keys: nothing is known of the shape of this mask."""
        return 0, int(self.allowed.shape[3])

    def all_see(self, batch: int, rows: slice) -> tuple[int, int]:
        """No key: nothing is known of the shape of this mask."""
        return 0, 0

    @cached_property
    def _blind(self) -> BoolArray:
        return ~_on_host(self.allowed.any(-1)).all((1, 2))

    def blind(self, batch: int) -> bool:
        """Whether some row sees no key at all."""
        return bool(self._blind[batch % self.allowed.shape[0]])


@dataclass(frozen=True)
class ToeplitzBias:
    """A bias that depends on j - i only: `diagonals` is (H, Q + K - 1), from j - i = 1 - Q up."""

    diagonals: Array
    queries: int

    def block(self, batch: int, heads: slice, rows: slice, low: int, high: int) -> Array:
        """(heads or 1, rows, high - low) of the bias."""
        xp = namespace(self.diagonals)
        device = device_of(self.diagonals)
        i = xp.arange(self.queries, device=device)[rows]
        j = xp.arange(low, high, device=device)
        diagonals = self.diagonals if self.diagonals.shape[0] == 1 else self.diagonals[heads]
        return diagonals[:, j[None, :] - i[:, None] + self.queries - 1]


@dataclass(frozen=True)
class DenseBias:
    """A bias without a simpler rule: `values` is (B, H or 1, Q, K)."""

    values: Array

    def block(self, batch: int, heads: slice, rows: slice, low: int, high: int) -> Array:
        """(heads or 1, rows, high - low) of the bias."""
        values = self.values[batch % self.values.shape[0]]
        return (values if values.shape[0] == 1 else values[heads])[:, rows, low:high]


def _on_host(array: Array) -> Array:
    return array.cpu().numpy() if is_torch(array) else array


Mask = SpanMask | DenseMask
Bias = ToeplitzBias | DenseBias


def causal_mask(like: Array, queries: int, keys: int) -> SpanMask:
    """Row i sees keys 0..i: torch's is_causal, aligned at the upper left."""
    xp, device = namespace(like), device_of(like)
    stop = xp.arange(1, queries + 1, device=device)[None, :]
    return SpanMask(xp.zeros_like(stop), stop, xp.ones((1, keys), dtype=xp.bool, device=device))


def compact_mask(mask: Array, queries: int) -> tuple[Mask | None, Bias | None]:
    """What a (B, H or 1, Q or 1, K) mask of a torch model means: which keys are allowed, what is added.

    Boolean masks, and cells of float masks that hold the lowest number, become a mask; what other cells of float masks
    add is a bias (Falcon writes its ALiBi into its causal mask).
    """
    while mask.dim() < 4:
        mask = mask[None]
    mask = mask.expand(mask.shape[0], mask.shape[1], queries, mask.shape[3])
    if not mask.dtype.is_floating_point:
        return _compact_bool(mask.bool()), None
    import torch

    off = mask <= torch.finfo(mask.dtype).min / 2
    added = None if bool(((mask == 0) | off).all()) else _bias_beside(mask, off)
    return _compact_bool(~off), added


def _bias_beside(bias: Array, off: Array) -> Bias | None:
    """What a bias adds where it does not switch off: of each key where all rows add the same, else of each cell."""
    columns = bias.masked_fill(off, -float("inf")).amax(2, keepdim=True)
    columns = columns.masked_fill(columns == -float("inf"), 0)
    if bool(((bias == columns) | off).all()):
        return DenseBias(columns.expand(bias.shape))
    return compact_bias(bias.masked_fill(off, 0))


def _compact_bool(allowed: Array) -> Mask | None:
    import torch

    if bool(allowed.all()):
        return None
    if allowed.shape[1] > 1 and not bool((allowed == allowed[:, :1]).all()):
        return DenseMask(allowed)
    rows = allowed[:, 0]  # (B, Q, K)
    keys = rows.any(1)
    small = rows.byte()
    counts = small.sum(-1)
    first = small.argmax(-1) * (counts > 0)
    stop = (rows.shape[-1] - small.flip(-1).argmax(-1)) * (counts > 0)
    # Every allowed key lies in its row's span and in `keys`; if as many do, they are the same set.
    seen = torch.nn.functional.pad(keys.long().cumsum(-1), (1, 0))
    if bool((seen.gather(1, stop) - seen.gather(1, first) == counts).all()):
        return SpanMask(first, stop, keys)
    return DenseMask(allowed[:, :1].clone())


def compact_bias(bias: Array) -> Bias | None:
    """An additive (B, H or 1, Q, K) torch tensor as its diagonals, where it has no more in it; None if all zero."""
    if bias.shape[0] == 1 and bias.shape[2] > 1:
        if not bool(bias.any()):
            return None
        import torch

        if torch.equal(bias[..., 1:, 1:], bias[..., :-1, :-1]):
            left, top = bias[0, :, 1:, 0].flip(-1), bias[0, :, 0]
            return ToeplitzBias(torch.cat([left, top], -1).contiguous(), bias.shape[2])
    return DenseBias(bias)
