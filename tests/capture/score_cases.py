"""Scores under every rule, and what they must give: dense float64, written out here from the formulas.

Run as a script it prints the largest deviation of each case on a device, as JSON; with TRITON_INTERPRET=1 the kernels
serve on a CPU.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from attnviz.capture import blocks, kernels, stream
from attnviz.capture.masks import compact_bias, compact_mask
from attnviz.capture.scores import QueryKeyScores

HEADS = 4


@dataclass(frozen=True)
class Case:
    """One layer of attention; `allowed` and `bias` are functions of (i, j), the columns and rows of all positions."""

    key_heads: int = HEADS
    size: int = 16
    dtype: torch.dtype = torch.float32
    queries: float = 1.0  # of the length
    allowed: Callable[[torch.Tensor, torch.Tensor], torch.Tensor] | None = None
    bias: Callable[[torch.Tensor, torch.Tensor], torch.Tensor] | None = None
    softcap: float | None = None
    sinks: bool = False


def causal(i: torch.Tensor, j: torch.Tensor) -> torch.Tensor:
    return j <= i


SLOPES = torch.tensor([0.5, 0.25, 0.125, 0.0625])[:, None, None]
CASES = {
    "causal": Case(allowed=causal),
    "full": Case(),
    "grouped": Case(2, allowed=causal),
    "padded": Case(allowed=lambda i, j: (j < j.shape[1] * 3 // 4) & (j % 11 != 10) & (i >= 0)),
    "window": Case(2, allowed=lambda i, j: (j <= i) & (j > i - 9)),
    "chunks": Case(allowed=lambda i, j: (j <= i) & (j >= i - i % 20)),
    "any mask": Case(1, allowed=lambda i, j: ((i * 7 + j * 13) % 5 != 0) | (j == i)),
    "soft cap": Case(allowed=causal, softcap=2.0),
    "sinks": Case(2, allowed=causal, sinks=True),
    "sinks and window": Case(allowed=lambda i, j: (j <= i) & (j > i - 9), sinks=True),
    "slopes": Case(allowed=causal, bias=lambda i, j: SLOPES * (j - i)),
    "any bias": Case(bias=lambda i, j: torch.cos(i * 1.7 + j * 0.9 + SLOPES * 40), softcap=3.0),
    "cross": Case(queries=0.6, size=20),
    "bfloat16": Case(2, dtype=torch.bfloat16, allowed=causal),
    "float16": Case(size=80, dtype=torch.float16, allowed=causal),
}


# Triton's interpreter keeps bfloat16 as bits, and multiplies those.
INTERPRETED = [name for name, case in CASES.items() if case.dtype != torch.bfloat16]


def scores_of(case: Case, length: int, device: str = "cpu") -> QueryKeyScores:
    """The scores of a case over so many keys, rules compacted as those of a captured model are."""
    generator = torch.Generator().manual_seed(0)
    queries = int(length * case.queries)
    q = 2 * torch.randn(1, HEADS, queries, case.size, generator=generator).to(case.dtype)
    k = torch.randn(1, case.key_heads, length, case.size, generator=generator).to(case.dtype)
    allowed, bias = _maps(case, queries, length)
    mask = None if allowed is None else compact_mask(allowed[None, None].to(device), queries)[0]
    added = None if bias is None else compact_bias(bias[None].float().to(device))
    sinks = torch.tensor([0.5, 4.0, -1.0, 2.0], device=device) if case.sinks else None
    return QueryKeyScores(q.to(device), k.to(device), case.size**-0.5, mask, added, case.softcap, sinks)


def _maps(case: Case, queries: int, keys: int) -> tuple[torch.Tensor | None, torch.Tensor | None]:
    i, j = torch.arange(queries)[:, None], torch.arange(keys)[None, :]
    return case.allowed and case.allowed(i, j), case.bias and case.bias(i, j)


def dense(case: Case, scores: QueryKeyScores) -> np.ndarray:
    """(H, Q, K) float64 weights, without any of our own code."""
    q, k = scores.q[0].cpu().double(), scores.k[0].cpu().double()
    allowed, bias = _maps(case, q.shape[1], k.shape[1])
    logits = q @ k.repeat_interleave(HEADS // case.key_heads, 0).transpose(1, 2) * case.size**-0.5
    if case.softcap is not None:
        logits = case.softcap * torch.tanh(logits / case.softcap)
    if bias is not None:
        logits = logits + bias.float().double()
    if allowed is not None:
        logits = logits.masked_fill(~allowed, -torch.inf)
    if scores.sinks is None:
        return logits.softmax(-1).numpy()
    sinks = scores.sinks.cpu().double()[:, None, None].expand(-1, logits.shape[1], 1)
    return torch.cat([logits, sinks], -1).softmax(-1)[..., :-1].numpy()


def metrics(weights: np.ndarray, ids: np.ndarray | None, special: np.ndarray) -> np.ndarray:
    """The definitions of `stream.METRICS` on whole maps, (M, H)."""
    _, queries, keys = weights.shape
    i, j = np.arange(queries), np.arange(keys)
    logs = np.log(np.where(weights > 0, weights, 1))
    table = dict.fromkeys((name for name, _ in stream.METRICS), np.full(len(weights), np.nan))
    table["entropy"] = -(weights * logs).sum(-1).mean(-1)
    table["first"], table["special"] = weights[..., 0].mean(-1), weights[..., special].sum(-1).mean(-1)
    if ids is not None:
        after = [max((n for n in range(at) if ids[n] == ids[at]), default=-2) + 1 for at in range(keys)]
        again = [at for at in range(keys) if after[at] > 0]
        table["distance"] = (weights * abs(i[:, None] - j)).sum(-1).mean(-1)
        table["self"] = weights[:, i, i].mean(-1)
        table["previous"], table["next"] = (
            weights[:, i[1:], i[:-1]].mean(-1),
            weights[:, i[:-1], i[1:]].mean(-1),
        )
        table["induction"] = weights[:, again, [after[at] for at in again]].mean(-1)
    return np.stack(list(table.values()))


def pooled(weights: np.ndarray, size: int, how: str) -> np.ndarray:
    """Cells of equal size, the last ones smaller."""
    high = [-(-length // size) for length in weights.shape[1:]]
    reduce = np.max if how == "max" else np.mean
    rows, columns = (range(0, length, step) for length, step in zip(weights.shape[1:], high, strict=True))
    cells = [[reduce(weights[:, a : a + high[0], b : b + high[1]], (1, 2)) for b in columns] for a in rows]
    return np.moveaxis(np.array(cells), 2, 0)


def deviation(
    name: str,
    length: int,
    device: str = "cpu",
    pools: tuple[tuple[int, stream.Pool], ...] = ((5, "max"), (23, "mean")),
    served: bool | None = None,
) -> float:
    """The largest deviation from dense float64 of statistics (relative, above 1), overviews and a tile."""
    case = CASES[name]
    scores = scores_of(case, length, device)
    if served is not None:
        assert kernels.serve(scores) == served, "by the wrong path"
    weights = dense(case, scores)
    random = np.random.default_rng(1)
    ids = random.integers(0, length // 4, length) if case.queries == 1 else None
    special = random.random(length) < 0.05
    expected = metrics(weights, ids, special)
    found = [np.abs(stream.statistics(scores, ids, special) - expected) / np.maximum(1, np.abs(expected))]
    assert np.array_equal(np.isnan(found[0]), np.isnan(expected))
    for size, how in pools:
        part = replace(scores)  # nothing is known of its rows
        found.append(np.abs(stream.overview(part, slice(1, 3), size, how) - pooled(weights[1:3], size, how)))
    rows, keys = slice(length // 4, length // 2), slice(length // 8, length // 3)
    for known in (scores, replace(scores)):
        tile: Any = blocks.tile(known, slice(2, 3), rows, keys)
        found.append(np.abs(tile.cpu().numpy() - weights[2:3, rows, keys]))
    return float(max(np.nanmax(each) for each in found))


def main() -> None:
    device, length = sys.argv[1], int(sys.argv[2])
    json.dump({name: deviation(name, length, device, served=True) for name in INTERPRETED}, sys.stdout)


if __name__ == "__main__":
    main()
