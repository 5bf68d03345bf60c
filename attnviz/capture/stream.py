"""Overviews and statistics of heads, streamed over blocks of rows: nothing here ever holds a T x T matrix.

Works on torch tensors and numpy arrays alike. A block holds at most `BLOCK_BYTES` of weights.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np

from attnviz.capture.arrays import Array, device_of, is_torch, namespace, to_numpy
from attnviz.capture.scores import Scores
from attnviz.types import BoolArray, FloatArray, IntArray

BLOCK_BYTES = 4 * 2**20

Pool = Literal["max", "mean"]

# name, unit; the order in which statistics are tabulated
METRICS: tuple[tuple[str, str], ...] = (
    ("entropy", "nats"),
    ("distance", "tokens"),
    ("first", "share"),
    ("self", "share"),
    ("previous", "share"),
    ("next", "share"),
    ("induction", "share"),
    ("special", "share"),
)


class Block(NamedTuple):
    """Weights, or their logarithms, (heads, rows, keys) of rows start..stop on the keys low..high; 0 outside them."""

    start: int
    stop: int
    low: int
    high: int
    weights: Array


def blocks(scores: Scores, heads: slice, multiple: int = 1, logs: bool = False) -> Iterator[Block]:
    """Walk over the rows, as many at a time as fit, rounded to a multiple; weights, or their logarithms."""
    _, total, queries, keys = scores.shape
    count = len(range(*heads.indices(total)))
    read = scores.log_weights_block if logs else scores.weights_block
    step = max(1, BLOCK_BYTES // max(1, 4 * count * keys * multiple)) * multiple
    for start in range(0, queries, step):
        stop = min(start + step, queries)
        rows = slice(start, stop)
        low, high = scores.reach(rows)
        if high <= low:  # rows that may look at nothing
            low, high = 0, keys
        yield Block(start, stop, low, high, read(heads, rows, low=low, high=high))


def overview(scores: Scores, heads: slice, size: int, pool: Pool) -> Annotated[FloatArray, "heads q k"]:
    """The weights of some heads, pooled into at most size x size cells: (heads, q, k) float32."""
    _, total, queries, keys = scores.shape
    high_q, high_k = -(-queries // size), -(-keys // size)  # tokens in a cell
    rows, columns = -(-queries // high_q), -(-keys // high_k)
    result = np.zeros((len(range(*heads.indices(total))), rows, columns), np.float32)
    for block in blocks(scores, heads, multiple=high_q):
        # Columns are cut at cells of the whole map, so a block that starts inside one begins further left.
        left = block.low - block.low % high_k
        cells = _pooled(block.weights, high_q, high_k, block.low - left, pool)
        top = block.start // high_q
        result[:, top : top + cells.shape[1], left // high_k : left // high_k + cells.shape[2]] = to_numpy(
            cells
        )
    if pool == "mean":
        result /= _extent(queries, high_q)[:, None] * _extent(keys, high_k)[None, :]
    return result


def _extent(tokens: int, cell: int) -> Array:
    return np.minimum(cell, tokens - np.arange(0, tokens, cell)).astype(np.float32)


def _pooled(weights: Array, high_q: int, high_k: int, left: int, pool: Pool) -> Array:
    """Cells of high_q x high_k tokens: their maximum, or their sum."""
    xp, device = namespace(weights), device_of(weights)
    heads, rows, keys = weights.shape
    if high_q == high_k == 1:
        return weights
    right, below = -(left + keys) % high_k, -rows % high_q
    if left or right:
        sides = [xp.zeros((heads, rows, n), dtype=weights.dtype, device=device) for n in (left, right)]
        weights = xp.concat([sides[0], weights, sides[1]], axis=2)
    if below:
        more = xp.zeros((heads, below, weights.shape[2]), dtype=weights.dtype, device=device)
        weights = xp.concat([weights, more], axis=1)
    cells = xp.reshape(
        weights, (heads, weights.shape[1] // high_q, high_q, weights.shape[2] // high_k, high_k)
    )
    reduce = xp.max if pool == "max" else xp.sum
    return reduce(reduce(cells, axis=4), axis=2)


def statistics(scores: Scores, ids: IntArray | None, special_keys: BoolArray) -> Annotated[FloatArray, "M H"]:
    """All `METRICS` of all heads: (M, H) float32, means over the query rows.

    Args:
        scores: of one layer.
        ids: (T,) token ids of a self-attention; None for cross-attention, where distance, self, previous, next and
            induction mean nothing and are NaN.
        special_keys: (K,) bool.

    entropy is -sum_j a_ij ln a_ij; distance is sum_j a_ij |i - j|; induction is the weight on the token after the
    last earlier occurrence of the query token (Olsson et al. 2022), over the rows that have one (NaN if none has).
    """
    _, heads, queries, _ = scores.shape
    sums = {name: np.zeros(heads) for name, _ in METRICS}
    after = _after_last_occurrence(ids) if ids is not None else None
    for logs in blocks(scores, slice(None), logs=True):
        xp = namespace(logs.weights)
        block = logs._replace(weights=xp.exp(logs.weights))
        surprise = logs.weights
        surprise *= block.weights  # in place: these are the largest arrays here
        sums["entropy"] -= _numpy_sum(surprise, (1, 2))
        _add_masses(sums, block, special_keys, distances=ids is not None)
        if after is not None:
            _add_cells(sums, block, after)
    counts = dict.fromkeys(sums, queries)
    counts["previous"] = counts["next"] = queries - 1
    counts["induction"] = 0 if after is None else int((after >= 0).sum())
    if ids is None:
        counts.update(dict.fromkeys(("distance", "self", "previous", "next"), 0))
    table = [sums[name] / counts[name] if counts[name] > 0 else np.full(heads, np.nan) for name, _ in METRICS]
    return np.stack(table).astype(np.float32)


def _after_last_occurrence(ids: IntArray) -> IntArray:
    """For each position, 1 + the last earlier position of the same token, or -1."""
    seen: dict[int, int] = {}
    after = np.full(len(ids), -1, np.int64)
    for position, token in enumerate(ids.tolist()):
        if token in seen:
            after[position] = seen[token] + 1
        seen[token] = position
    return after


def _add_masses(sums: dict[str, Any], block: Block, special_keys: BoolArray, distances: bool) -> None:
    """Everything that is linear in a row, by one matrix product."""
    xp, device = namespace(block.weights), device_of(block.weights)
    weights = block.weights
    j = np.arange(block.low, block.high)
    before, behind = j < block.start, j >= block.stop
    # |i - j| is linear in j on either side of the block's own square.
    columns = np.stack([special_keys[j], j == 0, before, behind, j * before, j * behind], 1).astype(
        np.float32
    )
    product = xp.matmul(weights, xp.asarray(columns, device=device))  # (heads, rows, 6)
    product = to_numpy(product).astype(np.float64)
    sums["special"] += product[..., 0].sum(1)
    sums["first"] += product[..., 1].sum(1)
    if not distances:
        return
    i = np.arange(block.start, block.stop)
    left = i * product[..., 2] - product[..., 4]
    right = product[..., 5] - i * product[..., 3]
    square = slice(max(block.start, block.low) - block.low, max(0, min(block.stop, block.high) - block.low))
    steps = np.abs(i[:, None] - j[square][None, :]).astype(np.float32)
    inside = _numpy_sum(weights[..., square] * xp.asarray(steps, device=device), (1, 2))
    sums["distance"] += (left + right).sum(1) + inside


def _add_cells(sums: dict[str, Any], block: Block, after: IntArray) -> None:
    """Metrics that read one cell of each row."""
    i = np.arange(block.start, block.stop)
    for name, target in (("self", i), ("previous", i - 1), ("next", i + 1), ("induction", after[i])):
        seen = np.flatnonzero((target >= max(0, block.low)) & (target < block.high))
        if len(seen):
            # One flat index keeps this a gather for torch and numpy alike.
            width = block.high - block.low
            flat = namespace(block.weights).reshape(block.weights, (block.weights.shape[0], -1))
            picked = flat[:, as_index(seen * width + target[seen] - block.low, block.weights)]
            sums[name] += to_numpy(picked).astype(np.float64).sum(1)


def as_index(positions: IntArray, like: Array) -> Array:
    """The positions as an index of arrays of this kind, on their device."""
    return namespace(like).asarray(positions, device=device_of(like)) if is_torch(like) else positions


def _numpy_sum(array: Array, axes: tuple[int, ...]) -> Array:
    return to_numpy(namespace(array).sum(array, axis=axes)).astype(np.float64)
