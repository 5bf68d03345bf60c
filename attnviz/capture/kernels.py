"""When and how the fused kernels are called: statistics, normalization and pooled maps of a layer on a GPU.

Which scores they serve stands in `SERVED`, once; the walk over blocks serves all others. Triton comes with torch's CUDA
builds on Linux; with TRITON_INTERPRET=1 its interpreter runs the kernels on a CPU, slowly.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
from collections.abc import Callable
from functools import cache
from typing import Annotated, Any, NamedTuple, TypeGuard

from attnviz.capture.arrays import Array, is_torch
from attnviz.capture.masks import DenseMask, SpanMask, ToeplitzBias
from attnviz.capture.scores import QueryKeyScores, Scores

LARGEST_HEAD = 256


class Tile(NamedTuple):
    """A tile of rows x keys, for heads whose vectors take at most so many bytes (padded to a power of two)."""

    head_bytes: int
    rows: int
    keys: int
    warps: int
    stages: int


# Smaller where a head is long, so that a tile fits into a multiprocessor.
TILES = (Tile(128, 64, 64, 4, 2), Tile(512, 64, 32, 4, 2), Tile(1024, 32, 32, 4, 1))


@cache
def _has_triton() -> bool:
    return importlib.util.find_spec("triton") is not None


def _on_a_card(scores: QueryKeyScores) -> bool:
    if not is_torch(scores.q):
        return False
    if scores.q.device.type == "cuda":
        import torch

        # Compute capability 7.0 is the least that Triton compiles for.
        return bool(torch.version.hip) or torch.cuda.get_device_capability(scores.q.device) >= (7, 0)
    return scores.q.device.type == "cpu" and os.environ.get("TRITON_INTERPRET") == "1"


def _in_known_dtype(scores: QueryKeyScores) -> bool:
    names = {str(array.dtype).removeprefix("torch.") for array in (scores.q, scores.k)}
    return len(names) == 1 and names <= {"float32", "bfloat16", "float16"}


# What the kernels ask of scores of queries and keys; every mask, bias, cap and sink is theirs.
SERVED: dict[str, Callable[[Any], bool]] = {
    "Triton": lambda scores: _has_triton(),
    "a card": _on_a_card,
    "float32, bfloat16 or float16": _in_known_dtype,
    "a head that fits": lambda scores: scores.q.shape[3] <= LARGEST_HEAD,
    "keys for every row": lambda scores: scores.mask is None or not scores.mask.blind(0),
}


def serve(scores: Scores) -> TypeGuard[QueryKeyScores]:
    """Whether the kernels serve these scores. Of a batch, they read the first text."""
    return isinstance(scores, QueryKeyScores) and all(met(scores) for met in SERVED.values())


def row_statistics(
    scores: QueryKeyScores, after: Annotated[Array, "Q"], marks: Annotated[Array, "K"]
) -> Annotated[Array, "M H Q"]:
    """The metrics of every row, float32; the normalization is filled on the way. See `stream.statistics_of`."""
    import torch

    _, heads, queries, _ = scores.shape
    table = torch.empty((heads, 8, queries), dtype=torch.float32, device=scores.q.device)
    _over_rows(scores, slice(0, heads), after, marks, table)
    return table.transpose(0, 1)


def normalize(scores: QueryKeyScores, heads: slice) -> None:
    """Fill the normalization of some heads."""
    _over_rows(scores, heads)


def pool(
    scores: QueryKeyScores,
    heads: slice,
    high: tuple[int, int],
    how: str,
    cells: Annotated[Array, "heads q k"],
) -> None:
    """Fill cells of zeros with the maximum ("max") or the sum of the weights of high[0] x high[1] tokens each."""
    import torch

    from attnviz.capture.triton_kernels import cells_kernel

    first, last, _ = heads.indices(scores.shape[1])
    if not scores.normalization.known(heads, slice(None)):
        normalize(scores, heads)
    call = _Call(scores)
    padded = [
        min(side, 1 << (tokens - 1).bit_length())
        for side, tokens in zip((call.tile.rows, call.tile.keys), high, strict=True)
    ]
    parts = [-(-tokens // each) if each < tokens else 1 for tokens, each in zip(high, padded, strict=True)]
    rows = -(-cells.shape[1] // (call.tile.rows // padded[0])) * parts[0]
    with call.device():
        cells_kernel[(rows, last - first)](
            *call.arguments(first), *scores.normalization.arrays(scores.q),
            cells if how == "mean" else cells.view(torch.int32), *high, *parts, cells.shape[2],
            MEAN=how == "mean", PQ=padded[0], PK=padded[1], **call.options,
        )  # fmt: skip


def _over_rows(scores: QueryKeyScores, heads: slice, *statistics: Array) -> None:
    from attnviz.capture.triton_kernels import rows_kernel

    first, last, _ = heads.indices(scores.shape[1])
    reference, factor = scores.normalization.arrays(scores.q)
    call = _Call(scores)
    grid = (-(-scores.shape[2] // call.tile.rows), last - first)
    with call.device():
        rows_kernel[grid](
            *call.arguments(first), call.sinks, reference, factor, *(statistics or (factor, factor, factor)),
            SUNK=scores.sinks is not None, STATISTICS=bool(statistics), **call.options,
        )  # fmt: skip
    scores.normalization.settle(heads, slice(None))


class _Call:
    """What both kernels are given: arrays with their strides, the rules in use, and the size of a tile."""

    def __init__(self, scores: QueryKeyScores) -> None:
        self._scores = scores
        self._q, self._k = (
            each[0] if each.stride(3) == 1 else each[0].contiguous() for each in (scores.q, scores.k)
        )
        # What is not in use is passed as something that is, and never read.
        self.sinks = self._q if scores.sinks is None else scores.sinks
        size = self._q.shape[2]
        padded = max(16, 1 << (size - 1).bit_length())
        self.tile = next(tile for tile in TILES if padded * self._q.dtype.itemsize <= tile.head_bytes)
        mask = scores.mask
        self.options = {
            "CAPPED": scores.softcap is not None, "SPANNED": isinstance(mask, SpanMask),
            "DENSE": isinstance(mask, DenseMask), "BIASED": scores.bias is not None,
            "SIZE": size, "D": padded, "BM": self.tile.rows, "BN": self.tile.keys,
            "num_warps": self.tile.warps, "num_stages": self.tile.stages,
        }  # fmt: skip

    def device(self) -> Any:
        """Triton launches on the current device, not on that of its arguments."""
        import torch

        on_card = self._q.device.type == "cuda"
        return torch.cuda.device(self._q.device) if on_card else contextlib.nullcontext()

    def arguments(self, first_head: int) -> tuple[Any, ...]:
        """The arguments that both kernels begin with."""
        scores, q, k = self._scores, self._q, self._k
        return (
            q, k, *q.stride()[:2], *k.stride()[:2], first_head, scores.groups, q.shape[1], k.shape[1],
            float(scores.scale), float(scores.softcap or 1.0), *self._mask(), *self._bias(),
        )  # fmt: skip

    def _mask(self) -> tuple[Any, ...]:
        mask, unused = self._scores.mask, (self._q,) * 3
        if isinstance(mask, SpanMask):
            return (mask.first[0], mask.stop[0], _bytes(mask.keys[0]), self._q, 0, 0, 0)
        if isinstance(mask, DenseMask):
            allowed = _bytes(mask.allowed[0])
            return (*unused, allowed, *_strides(allowed))
        return (*unused, self._q, 0, 0, 0)

    def _bias(self) -> tuple[Any, ...]:
        bias = self._scores.bias
        if bias is None:
            return (self._q, 0, 0, 0)
        if isinstance(bias, ToeplitzBias):  # the diagonal of row i and key j lies at j - i + queries - 1
            diagonals = bias.diagonals[:, bias.queries - 1 :]
            step = diagonals.stride(1)
            return (diagonals, diagonals.stride(0) if len(diagonals) > 1 else 0, -step, step)
        values = bias.values[0]
        return (values, *_strides(values))


def _bytes(array: Array) -> Array:
    """A mask as int8, in the same memory."""
    import torch

    return array.view(torch.int8)


def _strides(array: Annotated[Array, "H|1 Q K"]) -> tuple[int, ...]:
    """The strides of (head, row, key); 0 for heads that share one map."""
    head, row, key = array.stride()
    return (0 if array.shape[0] == 1 else head), row, key
