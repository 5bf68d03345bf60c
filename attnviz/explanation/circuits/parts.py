"""Queries and keys as sums over what was written: each part of a stream, pulled through the linear maps behind it.

The map from what is written at a token to this token's query or key is read off the graph, one backward pass for all
components at once; it is then applied to the parts. No part is ever held for more than one write and, but for the mean
over the keys, for more than the tokens that are asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import torch

from attnviz.explanation.circuits.tracing import Look, Pass, Write
from attnviz.types import Kind, ScorePart

Tensor = torch.Tensor
BYTES = 256 << 20  # of the maps that are held at once


@dataclass(frozen=True)
class Vectors:
    """The parts of a query or key vector.

    Attributes:
        parts: who wrote. places: for each, the numbers of its writes; none for biases.
        values: (N, C, d) float64, of C columns of tokens: each vector is the sum over its N parts.
    """

    parts: tuple[ScorePart, ...]
    places: tuple[tuple[int, ...], ...]
    values: Annotated[Tensor, "N C d"]


def named(write: Write, single: bool, head: int | None = None) -> ScorePart:
    """Who wrote it, in words."""
    role: Kind = "self" if single else write.role
    where = "" if single else f" of the {write.role}"
    if write.kind == "heads":
        stack = "" if single else f"{write.role} "
        return ScorePart("head", f"{stack}head {write.layer}.{head}", write.layer, head, role)
    if write.kind in ("attention", "feed-forward"):
        word = "attention" if write.kind == "attention" else "feed-forward"
        return ScorePart(write.kind, f"{word} {write.layer}{where}", write.layer, None, role)  # type: ignore[arg-type]
    words = {"embedding": "word embedding", "position": "position embedding", "segment": "segment embedding"}
    return ScorePart(write.kind, words.get(write.kind, "biases") + where, None, None, role)  # type: ignore[arg-type]


def vectors(
    found: Pass,
    of: Annotated[Tensor, "T d"],
    columns: Annotated[Tensor, "C T"],
    single: bool,
) -> Vectors:
    """The parts of some vectors of a traced pass, each a weighted sum over tokens of `of`, a tensor of its graph.

    `columns` holds the weights of the tokens: a one for a token itself, 1 / n for a mean over n of them.
    """
    reached = _reached(found, of)
    rows = columns.ne(0).any(0).nonzero()[:, 0]
    weights = columns[:, rows].double()
    parts: list[ScorePart] = []
    places: list[tuple[int, ...]] = []
    values: list[Tensor] = []
    bias = torch.zeros(len(columns), of.shape[-1], dtype=torch.float64, device=of.device)
    spread = _pulled(found, of, reached, rows, weights)
    for number, value in zip(reached, spread, strict=True):  # (heads | 1, C, d)
        write = found.writes[number]
        if write.kind == "bias":
            bias += value[0]
            continue
        for head in range(len(value)):
            parts.append(named(write, single, head))
            places.append((number,))
            values.append(value[head])
    if any(found.writes[number].kind == "bias" for number in reached):
        parts.append(ScorePart("bias", "biases", None, None, "self"))
        places.append(())
        values.append(bias)
    return Vectors(*_merged(parts, places, values))


def _merged(
    parts: list[ScorePart], places: list[tuple[int, ...]], values: list[Tensor]
) -> tuple[tuple[ScorePart, ...], tuple[tuple[int, ...], ...], Tensor]:
    """Parts of the same name as one: a layer with several feed-forward layers, positions on two axes."""
    first: dict[ScorePart, int] = {}
    kept: list[Tensor] = []
    numbers: list[tuple[int, ...]] = []
    for part, place, value in zip(parts, places, values, strict=True):
        if part in first:
            at = first[part]
            kept[at], numbers[at] = kept[at] + value, numbers[at] + place
        else:
            first[part] = len(kept)
            kept.append(value)
            numbers.append(place)
    return tuple(first), tuple(numbers), torch.stack(kept)


def _reached(found: Pass, of: Tensor) -> list[int]:
    """The writes that lie on a way to this tensor."""
    leaves = [write.leaf for write in found.writes]
    slopes = torch.autograd.grad(of.sum(), leaves, retain_graph=True, allow_unused=True)
    return [number for number, slope in enumerate(slopes) if slope is not None]


def _pulled(
    found: Pass, of: Tensor, reached: list[int], rows: Tensor, weights: Tensor
) -> list[Annotated[Tensor, "parts C d"]]:
    """For each write that is reached, what its parts add to the vectors."""
    size = of.shape[-1]
    leaves = [found.writes[number].leaf for number in reached]
    totals: list[Tensor] = [
        torch.zeros(_count(found.writes[number]), len(weights), size, dtype=torch.float64, device=of.device)
        for number in reached
    ]
    own = max((leaf.numel() for leaf in leaves), default=1) * 4
    shared = _same_maps(of, leaves)
    step = max(1, min(size, int(BYTES // (own if shared else own * len(leaves)))))
    for low in range(0, size, step):
        high = min(size, low + step)
        ways = torch.zeros(high - low, *of.shape, dtype=of.dtype, device=of.device)
        ways[torch.arange(high - low), :, torch.arange(low, high)] = 1
        slopes = torch.autograd.grad(of, leaves, ways, retain_graph=True, is_grads_batched=True)
        for place, (number, slope) in enumerate(zip(reached, slopes, strict=True)):
            maps = slope.reshape(high - low, -1, slope.shape[-1])[:, rows]  # (c, R, width)
            totals[place][:, :, low:high] = _applied(found.writes[number], maps, rows, weights)
    return totals


def _count(write: Write) -> int:
    return write.z.shape[1] if write.z is not None else 1


def _applied(write: Write, maps: Tensor, rows: Tensor, weights: Tensor) -> Annotated[Tensor, "parts C c"]:
    """What the parts of a write become under maps, one for each row; summed over rows as the columns say."""
    if write.z is None:
        values = (maps * write.value[rows]).sum(-1)[None]  # (1, c, R)
    else:
        values = torch.einsum("crw,rhw->hcr", maps, write.heads(rows))
    return torch.einsum("hcr,Cr->hCc", values.double(), weights)


def _same_maps(of: Tensor, leaves: list[Tensor]) -> bool:
    """Whether all maps are one and the same tensor, as where nothing stands between a write and the stream."""
    ways = torch.ones(1, *of.shape, dtype=of.dtype, device=of.device)
    slopes = torch.autograd.grad(of, leaves, ways, retain_graph=True, is_grads_batched=True)
    return len({slope.data_ptr() for slope in slopes}) <= 2


def parts_of_look(
    found: Pass, look: Look, head: int, query: int, columns: Annotated[Tensor, "C K"], single: bool
) -> tuple[Vectors, Vectors]:
    """The parts of the query vector at a token (one column), and of key vectors."""
    one: Any = torch.zeros(1, look.q.shape[2], dtype=torch.float64, device=look.q.device)
    one[0, query] = 1
    return (
        vectors(found, look.q[0, head], one, single),
        vectors(found, look.k[0, head // look.group], columns, single),
    )


def as_numpy(tensor: Tensor) -> np.ndarray[Any, np.dtype[np.float64]]:
    """float64, on the processor."""
    return tensor.detach().double().cpu().numpy()
