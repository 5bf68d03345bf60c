"""Sums of attention over groups and ranges of tokens, streamed over blocks of rows: T x T is never held.

A capture flows in, and float32 arrays with one value for each layer and head flow out. Works on torch tensors and
numpy arrays alike.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from attnviz.capture.arrays import Array, device_of, is_torch, namespace, to_numpy, wide_dtype
from attnviz.capture.recompute.blocks import blocks, source
from attnviz.types import FloatArray, IntArray, Kind, Tokens, default_kind

if TYPE_CHECKING:
    from attnviz.capture.capture import Capture
    from attnviz.capture.recompute.scores import Scores


def group_shares(
    scores: Scores, query_groups: Annotated[IntArray, "Q"], key_groups: Annotated[IntArray, "K"]
) -> Annotated[FloatArray, "H G C"]:
    """How much of its attention the average row of a group of queries pays to each group of keys: (H, G, C).

    Groups are numbers from 0; each token is in one. With every key in a group, the last axis sums to 1. NaN for a
    group without queries.
    """
    counts = np.bincount(query_groups)
    like = source(scores)
    xp, device, wide = namespace(like), device_of(like), wide_dtype(like)
    columns = xp.asarray(_one_hot(key_groups, int(key_groups.max()) + 1), device=device)
    rows = xp.asarray(_one_hot(query_groups, len(counts)).T, device=device)  # (G, Q)
    sums = xp.zeros((scores.shape[1], len(counts), columns.shape[1]), dtype=wide, device=device)
    for place, weights in blocks(scores, slice(None)):
        product = xp.matmul(weights, columns[place.low : place.high])  # (heads, rows, C)
        product = xp.astype(product, wide, copy=False)
        sums[place.heads] += xp.matmul(xp.astype(rows[:, place.rows], wide), product)
    with np.errstate(invalid="ignore"):
        return (to_numpy(sums, wide=True) / counts[:, None]).astype(np.float32)


def range_shares(
    scores: Scores,
    starts: Annotated[IntArray, "Q R"],
    stops: Annotated[IntArray, "Q R"],
    order: Annotated[IntArray, "K"] | None = None,
) -> Annotated[FloatArray, "H R"]:
    """How much of its attention the average row pays to the keys start..stop-1 of each of its R ranges: (H, R).

    The ranges differ from row to row and may be empty; they count keys in `order`, a permutation, where it is given.
    """
    _, heads, queries, keys = scores.shape
    like = source(scores)
    xp, device, wide = namespace(like), device_of(like), wide_dtype(like)
    # A range is the difference of two sums from the first key on: one gather of both edges.
    edges = xp.asarray(np.concatenate([np.maximum(starts, stops), starts], 1), device=device)
    columns = None if order is None else xp.asarray(order, device=device)
    sums = xp.zeros((heads, edges.shape[1]), dtype=wide, device=device)
    for place, weights in blocks(scores, slice(None)):
        low, count = place.low, place.high - place.low
        if columns is not None:
            whole = xp.zeros((*weights.shape[:2], keys), dtype=weights.dtype, device=device)
            whole[..., low : place.high] = weights
            weights, low, count = whole[..., columns], 0, keys
        running = xp.zeros((*weights.shape[:2], count + 1), dtype=wide, device=device)
        running[..., 1:] = xp.cumulative_sum(weights, axis=2, dtype=wide)
        at = xp.clip(edges[place.rows], low, low + count) - low  # (rows, 2 R)
        rows = xp.arange(len(at), device=device)[:, None]
        sums[place.heads] += xp.sum(running[:, rows, at], axis=1)
    inside = to_numpy(sums, wide=True)
    ranges = starts.shape[1]
    return ((inside[:, :ranges] - inside[:, ranges:]) / max(1, queries)).astype(np.float32)


def by_group(
    capture: Capture, query_groups: IntArray, key_groups: IntArray, kind: Kind | None = None
) -> Annotated[FloatArray, "L H G C"]:
    """`group_shares` of every layer. Raises UnknownName, and ValueError where a group list has a wrong length."""
    _, _, queries, keys = capture.shape(kind)
    if (len(query_groups), len(key_groups)) != (queries, keys):
        raise ValueError(
            f"groups of {len(query_groups)} queries x {len(key_groups)} keys for {queries} x {keys}"
        )
    return np.stack([group_shares(scores, query_groups, key_groups) for scores in _scores(capture, kind)])


def pooled_map(
    scores: Sequence[Scores],
    heads: Sequence[tuple[int, int]],
    query_groups: Annotated[IntArray, "Q"],
    key_groups: Annotated[IntArray, "K"],
    report: Callable[[float], None] = lambda fraction: None,
) -> Annotated[FloatArray, "G C"]:
    """The mean map of some heads, (layer, head) each, between groups of tokens: (G, C) float32.

    Summed over the keys of a group and averaged over its queries, so that rows still sum to 1. Groups are numbers from
    0, each in use. Nothing larger than a block of rows and the result is held. `report` is told the fraction done.
    """
    count = scores[0].shape[1]
    shape = (int(query_groups.max()) + 1, int(key_groups.max()) + 1)
    total = np.zeros(shape)
    for layer, each in enumerate(scores):
        report(layer / len(scores))
        own = sorted({head for at, head in heads if at == layer})
        parts = [slice(None)] if len(own) == count else [slice(head, head + 1) for head in own]
        if parts:
            total += _summed_cells(each, parts, query_groups, key_groups, shape)
    return (total / (np.bincount(query_groups)[:, None] * len(set(heads)))).astype(np.float32)


def _summed_cells(
    scores: Scores,
    parts: Sequence[slice],
    query_groups: IntArray,
    key_groups: IntArray,
    shape: tuple[int, int],
) -> Annotated[FloatArray, "G C"]:
    """The weights of some heads, summed by groups of queries and of keys."""
    like = source(scores)
    xp, device, wide = namespace(like), device_of(like), wide_dtype(like)
    order = np.argsort(key_groups, kind="stable")
    starts = np.searchsorted(key_groups[order], np.arange(shape[1] + 1))
    columns, edges, of_row = (xp.asarray(each, device=device) for each in (order, starts, query_groups))
    sums = xp.zeros(shape, dtype=wide, device=device)
    for place, weights in (block for part in parts for block in blocks(scores, part)):
        rows = xp.zeros((place.stop - place.start, scores.shape[3] + 1), dtype=wide, device=device)
        rows[:, 1 + place.low : 1 + place.high] = xp.sum(weights, axis=0)
        rows[:, 1:] = xp.cumulative_sum(rows[:, 1:][:, columns], axis=1)
        cells = rows[:, edges[1:]] - rows[:, edges[:-1]]
        _add_at(sums, of_row[place.rows], cells)
    return to_numpy(sums, wide=True)


def _add_at(sums: Array, rows: Array, cells: Array) -> None:
    """sums[rows] += cells, where a row may occur more than once."""
    if is_torch(sums):
        sums.index_add_(0, rows, cells)
    else:
        np.add.at(sums, rows, cells)


def pooled(
    capture: Capture,
    heads: Sequence[tuple[int, int]],
    query_groups: IntArray,
    key_groups: IntArray,
    kind: Kind | None = None,
    report: Callable[[float], None] = lambda fraction: None,
) -> Annotated[FloatArray, "G C"]:
    """`pooled_map` of a capture. Raises UnknownName; ValueError for a group list of a wrong length, or no head."""
    _, _, queries, keys = capture.shape(kind)
    given = (len(query_groups), len(key_groups))
    if given != (queries, keys) or not heads:
        raise ValueError(
            f"{len(heads)} heads, groups of {given[0]} queries x {given[1]} keys for {queries} x {keys}"
        )
    return pooled_map(_scores(capture, kind), heads, query_groups, key_groups, report)


def by_distance(
    capture: Capture, edges: Annotated[IntArray, "B+1"], kind: Kind | None = None
) -> Annotated[FloatArray, "L H B"]:
    """The share of attention on keys at j - i from edges[b] to edges[b + 1] - 1, of every layer and head."""
    _, _, queries, keys = capture.shape(kind)
    at = np.arange(queries)[:, None] + np.asarray(edges)[None, :]
    bounds = np.clip(at, 0, keys)
    return np.stack(
        [range_shares(scores, bounds[:, :-1], bounds[:, 1:]) for scores in _scores(capture, kind)]
    )


def on_same_token(capture: Capture, kind: Kind | None = None) -> Annotated[FloatArray, "L H"]:
    """The share of attention on other places of the same token, over the rows whose token occurs again; else NaN.

    Special tokens are neither counted as rows nor as places.
    """
    queries, keys = capture.query_tokens(kind), capture.key_tokens(kind)
    if not (isinstance(queries, Tokens) and isinstance(keys, Tokens)):  # no patch and no frame occurs again
        return np.full(capture.shape(kind)[:2], np.nan, np.float32)
    ids = np.where(keys.special, -1 - np.arange(len(keys)), keys.ids)  # a special token is like no other
    asked = np.where(queries.special, np.iinfo(np.int64).min, queries.ids)
    order = np.argsort(ids, kind="stable")
    first, last = (np.searchsorted(ids[order], asked, side) for side in ("left", "right"))
    itself = np.array_equal(queries.ids, keys.ids)
    others = last - first - (1 if itself else 0)
    counted = np.flatnonzero(others > 0)
    if not len(counted):
        return np.full(capture.shape(kind)[:2], np.nan, np.float32)
    first, last = np.where(others > 0, first, 0), np.where(others > 0, last, 0)
    own = (
        np.argsort(order)[: len(asked)] if itself else first
    )  # where a row's own key went: left out of its range
    middle = np.where(others > 0, own, 0)
    starts, stops = np.stack([first, middle + itself], 1), np.stack([middle if itself else last, last], 1)
    shares = [range_shares(scores, starts, stops, order) for scores in _scores(capture, kind)]
    whole = np.stack(shares).sum(2) if itself else np.stack(shares)[..., 0]
    return (whole * len(asked) / len(counted)).astype(np.float32)


def rows_of(
    capture: Capture, rows: Annotated[IntArray, "R"], kind: Kind | None = None
) -> Annotated[FloatArray, "N R K"]:
    """Some rows of the maps of all heads, layer after layer: N = L * H."""
    layers = capture.shape(kind)[0]
    return np.concatenate([capture.attention(layer, None, kind, rows) for layer in range(layers)])


def _scores(capture: Capture, kind: Kind | None) -> list[Scores]:
    kind = kind or default_kind(capture.kinds)
    capture.shape(kind)  # raises UnknownName
    return [layer.scores for layer in capture.layers[kind]]


def _one_hot(groups: IntArray, count: int) -> Any:
    return (np.asarray(groups)[:, None] == np.arange(count)).astype(np.float32)
