"""Walks over the weights of a layer in blocks that fit a device: some heads, some of their rows, the keys in reach.

Works on torch tensors and numpy arrays alike. Nothing here waits for a device.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from attnviz.capture.arrays import Array, in_place_exp, is_torch
from attnviz.capture.recompute import kernels
from attnviz.capture.recompute.scores import DenseScores, QueryKeyScores, Scores
from attnviz.loading.device import free_bytes

CPU_BYTES = 4 * 2**20  # what stays in the caches
GPU_BYTES = 256 * 2**20  # beyond it nothing is gained; about four arrays of this size are alive at once
FREE_SHARE = 16  # of a card's free memory a block takes at most one part in so many
ROWS = 64  # of a head, below which products of matrices become slow
STEPS = 16  # where rows reach ever more keys: a block computes for all of its rows what its last one needs
SMALL = 8  # but blocks are not made smaller than one part in so many


class Place(NamedTuple):
    """Where a block lies: heads, and rows start..stop on the keys low..high, outside which their weights are 0."""

    heads: slice
    start: int
    stop: int
    low: int
    high: int

    @property
    def rows(self) -> slice:
        return slice(self.start, self.stop)


class Block(NamedTuple):
    """Weights (heads, rows, keys) of a place."""

    place: Place
    weights: Array


def source(scores: Scores) -> Array:
    """An array of the scores, for what lives where they do."""
    return scores.weights if isinstance(scores, DenseScores) else scores.q


def block_bytes(like: Array) -> int:
    """How many bytes of float32 weights a block on the device of this array may hold."""
    if not is_torch(like) or like.device.type == "cpu":
        return CPU_BYTES
    if like.device.type != "cuda":
        return GPU_BYTES // 4
    return max(CPU_BYTES, min(GPU_BYTES, free_bytes(like.device) // FREE_SHARE))


def places(scores: Scores, heads: slice, size: int) -> Iterator[Place]:
    """Tiles of heads, and of their rows, that hold at most `size` bytes of weights (or one row of one head)."""
    _, total, queries, keys = scores.shape
    first, last, _ = heads.indices(total)
    count = _heads_at_once(last - first, scores.groups, size // (4 * keys * min(ROWS, queries)))
    step = max(1, size // (4 * keys * count))
    start, stop = scores.reach(slice(0, min(step, ROWS, queries)))
    if stop - start < keys:
        step = min(step, max(ROWS, -(-queries // STEPS), step // SMALL))
    for head in range(first, last, count):
        tile = slice(head, min(head + count, last))
        for start in range(0, queries, step):
            rows = slice(start, min(start + step, queries))
            low, high = scores.reach(rows)
            yield Place(tile, rows.start, rows.stop, low, high)


def _heads_at_once(count: int, groups: int, fit: int) -> int:
    """At most `fit` heads, such that a tile has its key heads to itself or shares a single one."""
    if fit >= count:
        return count
    if fit >= groups:
        return fit - fit % groups
    return next(n for n in range(max(1, fit), 0, -1) if groups % n == 0)


def blocks(scores: Scores, heads: slice) -> Iterator[Block]:
    """Walk over the weights of some heads."""
    cast = scores.with_float_keys()
    for place in places(scores, heads, block_bytes(source(scores))):
        weights = cast.weights_block(place.heads, place.rows, low=place.low, high=place.high)
        yield Block(place, weights)


def normalize(scores: QueryKeyScores, heads: slice, rows: slice) -> None:
    """Fill what is not known yet of the normalization of some rows."""
    if scores.normalization.known(heads, rows):
        return
    if kernels.serve(scores):
        kernels.normalize(scores, heads)
        return
    size, (first, last, _) = block_bytes(scores.q), heads.indices(scores.shape[1])
    step = max(1, size // (4 * scores.shape[3]))
    for head in range(first, last):
        for start in range(rows.start, rows.stop, step):
            part = slice(head, head + 1), slice(start, min(start + step, rows.stop))
            exponents, reference = scores.exponents(*part, *scores.reach(part[1]))
            sums = in_place_exp(exponents).sum(-1)
            scores.normalization.put(scores.q, *part, reference, 1 / scores.divisor(sums, reference, part[0]))


def tile(scores: Scores, heads: slice, rows: slice, keys: slice) -> Array:
    """The exact weights (heads, rows, keys) of a part of some maps.

    The rows are walked over whole the first time; from then on a tile of them costs its own cells.
    """
    if isinstance(scores, DenseScores):
        return scores.weights_block(heads, rows, low=keys.start, high=keys.stop)
    normalize(scores, heads, rows)
    references, factors = scores.normalization.arrays(scores.q)
    weights = scores.logits(heads, rows, 0, keys.start, keys.stop)
    weights -= references[heads, rows][..., None]
    weights = in_place_exp(weights)
    weights *= factors[heads, rows][..., None]
    return weights
