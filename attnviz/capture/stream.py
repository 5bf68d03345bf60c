"""Overviews and statistics of heads: by fused kernels where they serve, else over blocks that fit the device.

Works on torch tensors and numpy arrays alike. A T x T matrix is never held, and results leave the device once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

import numpy as np

from attnviz.capture import kernels
from attnviz.capture.arrays import Array, device_of, is_torch, namespace, to_numpy, wide_dtype
from attnviz.capture.blocks import Place, block_bytes, blocks, places, source
from attnviz.capture.scores import QueryKeyScores, Scores
from attnviz.types import BoolArray, FloatArray, IntArray

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
WITHIN = ("distance", "self", "previous", "next", "induction")  # what has a meaning within one text only


def overview(scores: Scores, heads: slice, size: int, pool: Pool) -> Annotated[FloatArray, "heads q k"]:
    """The weights of some heads, pooled into at most size x size cells: (heads, q, k) float32."""
    _, total, queries, keys = scores.shape
    high_q, high_k = -(-queries // size), -(-keys // size)  # tokens in a cell
    like = source(scores)
    xp, device = namespace(like), device_of(like)
    shape = (len(range(*heads.indices(total))), -(-queries // high_q), -(-keys // high_k))
    cells = xp.zeros(shape, dtype=xp.float32, device=device)
    if kernels.serve(scores):
        kernels.pool(scores, heads, (high_q, high_k), pool, cells)
    else:
        for place, weights in blocks(scores, heads):
            _merge(cells, heads.indices(total)[0], place, weights, (high_q, high_k), pool)
    cells = to_numpy(cells)
    if pool == "mean":
        cells = cells / (_extent(queries, high_q)[:, None] * _extent(keys, high_k)[None, :])
    return cells


def _extent(tokens: int, cell: int) -> Array:
    return np.minimum(cell, tokens - np.arange(0, tokens, cell)).astype(np.float32)


def _merge(
    cells: Array, first_head: int, place: Place, weights: Array, high: tuple[int, int], pool: Pool
) -> None:
    """Add the weights of a block to the cells, or raise the cells to them."""
    top, left = place.start // high[0], place.low // high[1]
    found = _pooled(weights, *high, place.start - top * high[0], place.low - left * high[1], pool)
    heads = slice(place.heads.start - first_head, place.heads.stop - first_head)
    part = (heads, slice(top, top + found.shape[1]), slice(left, left + found.shape[2]))
    if pool == "mean":
        cells[part] += found
    else:
        cells[part] = namespace(cells).maximum(cells[part], found)


def _pooled(weights: Array, high_q: int, high_k: int, above: int, left: int, pool: Pool) -> Array:
    """Cells of high_q x high_k tokens: their maximum, or their sum. The block begins inside of its first cell."""
    xp, device = namespace(weights), device_of(weights)
    if high_q == high_k == 1:
        return weights
    reduce = xp.max if pool == "max" else xp.sum
    # One axis after the other: what has to be padded for the second is small.
    for axis, high, before in ((2, high_k, left), (1, high_q, above)):
        shape = list(weights.shape)
        behind = -(before + shape[axis]) % high
        if before or behind:
            sides = [
                xp.zeros([*shape[:axis], n, *shape[axis + 1 :]], dtype=weights.dtype, device=device)
                for n in (before, behind)
            ]
            weights = xp.concat([sides[0], weights, sides[1]], axis=axis)
        shape[axis : axis + 1] = [-1, high]
        weights = reduce(xp.reshape(weights, tuple(shape)), axis=axis + 1)
    return weights


def statistics(scores: Scores, ids: IntArray | None, special_keys: BoolArray) -> Annotated[FloatArray, "M H"]:
    """All `METRICS` of all heads of a layer: (M, H) float32, means over the query rows. See `statistics_of`."""
    return statistics_of([scores], ids, special_keys)[:, 0]


def statistics_of(
    layers: Sequence[Scores], ids: IntArray | None, special_keys: BoolArray
) -> Annotated[FloatArray, "M L H"]:
    """All `METRICS` of all heads: (M, L, H) float32, means over the query rows.

    Args:
        layers: the scores of layers over the same tokens.
        ids: (T,) token ids of a self-attention; None for cross-attention, where distance, self, previous, next and
            induction mean nothing and are NaN.
        special_keys: (K,) bool.

    entropy is -sum_j a_ij ln a_ij; distance is sum_j a_ij |i - j|; induction is the weight on the token after the
    last earlier occurrence of the query token (Olsson et al. 2022), over the rows that have one (NaN if none has).
    """
    queries = layers[0].shape[2]
    after = np.full(queries, -1) if ids is None else _after_last_occurrence(np.asarray(ids))
    counts = dict.fromkeys((name for name, _ in METRICS), queries)
    counts["previous"] = counts["next"] = queries - 1
    counts["induction"] = int((after >= 0).sum())
    if ids is None:
        counts |= dict.fromkeys(WITHIN, 0)
    sums = [
        _sums(scores, after, special_keys) for scores in layers
    ]  # all are under way before one is waited for
    table = np.stack([to_numpy(each) for each in sums], axis=1).astype(np.float64)
    rows = np.array([counts[name] or np.nan for name, _ in METRICS])
    rows = np.where(rows < 0, np.nan, rows)
    return (table / rows[:, None, None]).astype(np.float32)


def _after_last_occurrence(ids: IntArray) -> IntArray:
    """For each position, 1 + the last earlier position of the same token, or -1."""
    order = np.argsort(ids, kind="stable")
    same = ids[order[1:]] == ids[order[:-1]]
    after = np.full(len(ids), -1, np.int64)
    after[order[1:][same]] = order[:-1][same] + 1
    return after


def _sums(scores: Scores, after: IntArray, special_keys: BoolArray) -> Annotated[Array, "M H"]:
    """`METRICS` summed over the rows, left on the device."""
    like = source(scores)
    xp, device = namespace(like), device_of(like)
    wide = wide_dtype(like)
    marks = xp.asarray(np.asarray(special_keys, np.float32), device=device)
    targets = xp.asarray(after, device=device)
    if kernels.serve(scores):
        return xp.sum(kernels.row_statistics(scores, targets, marks), axis=-1, dtype=wide)
    totals = xp.zeros((len(METRICS), scores.shape[1]), dtype=wide, device=device)
    cast = scores.with_float_keys()
    for place in places(scores, slice(None), block_bytes(like)):
        logs, reference = cast.exponents(place.heads, place.rows, place.low, place.high)
        weights = xp.exp(logs)
        logs *= weights  # in place: these are the largest arrays here
        masses = xp.matmul(weights, _columns(place, marks))  # (heads, rows, columns)
        factor = 1 / cast.divisor(masses[..., 0], reference, place.heads)
        # ln a = ln e + ln factor, where a = e * factor
        entropy = -(xp.sum(logs, axis=-1) + masses[..., 0] * xp.log(factor))
        cells = _cells(place, weights, targets)
        rows = xp.stack([entropy, _distances(place, weights, masses), masses[..., 2], *cells, masses[..., 1]])
        totals[:, place.heads] += xp.sum(rows * factor, axis=-1, dtype=wide)
        if isinstance(scores, QueryKeyScores):
            scores.normalization.put(like, place.heads, place.rows, reference, factor)
    return totals


def _columns(place: Place, marks: Array) -> Annotated[Array, "keys columns"]:
    """What a row's sums are taken over, by one matrix product: all keys, special ones, the first, and steps.

    |i - j| is linear in j on either side of the block's own square; steps are counted from its edges.
    """
    xp = namespace(marks)
    j = xp.arange(place.low, place.high, dtype=xp.float32, device=device_of(marks))
    before, behind = ((side) * xp.ones_like(j) for side in (j < place.start, j >= place.stop))
    columns = [
        xp.ones_like(j), marks[place.low : place.high], (j == 0) * xp.ones_like(j),
        before, behind, before * (place.start - j), behind * (j - place.stop + 1),
    ]  # fmt: skip
    return xp.stack(columns, axis=1)


def _distances(place: Place, weights: Array, masses: Array) -> Annotated[Array, "heads rows"]:
    """sum_j e_ij |i - j|."""
    xp, device = namespace(weights), device_of(weights)
    i = xp.arange(place.start, place.stop, dtype=xp.float32, device=device)
    low, high = max(place.start, place.low), max(place.low, min(place.stop, place.high))
    j = xp.arange(low, max(low, high), dtype=xp.float32, device=device)
    square = weights[..., low - place.low : low - place.low + len(j)]
    inside = xp.sum(square * xp.abs(i[:, None] - j[None, :]), axis=-1)
    left = masses[..., 5] + (i - place.start) * masses[..., 3]
    right = masses[..., 6] + (place.stop - 1 - i) * masses[..., 4]
    return left + right + inside


def _cells(place: Place, weights: Array, after: Array) -> list[Annotated[Array, "heads rows"]]:
    """One weight of each row: on itself, the token before, the token behind, and that of the induction."""
    xp, width = namespace(weights), place.high - place.low
    # One flat index keeps this a gather for torch and numpy alike.
    flat = xp.reshape(weights, (weights.shape[0], -1))
    i = xp.arange(place.start, place.stop, device=device_of(weights))
    found = []
    for target in (i, i - 1, i + 1, after[place.start : place.stop]):
        inside = (target >= max(0, place.low)) & (target < place.high)
        at = (i - place.start) * width + xp.clip(target - place.low, 0, width - 1)
        found.append(flat[:, at] * inside)
    return found


def as_index(positions: IntArray, like: Array) -> Array:
    """The positions as an index of arrays of this kind, on their device."""
    return namespace(like).asarray(positions, device=device_of(like)) if is_torch(like) else positions
