"""What the attention calls of many passes over a growing text were made of, put together as those of one pass.

Queries and outputs are appended row by row; keys and values are the last pass's own, which hold all that came before.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import torch

from attnviz.capture.masks import (
    Bias,
    DenseBias,
    DenseMask,
    Mask,
    SpanMask,
    compact_bias,
    compact_mask,
)
from attnviz.capture.recompute.scores import QueryKeyScores
from attnviz.capture.recording.recorder import Call, Role, looks_causal, role_of
from attnviz.capture.writing.buffers import Buffer

Rule = tuple[
    int, int, Any, bool, Any
]  # rows, keys, mask, whether it is torch's causal one, bias: of one pass
Part = tuple[Mask | None, Bias | None]


@dataclass
class _Track:
    """One attention module, called once in each pass."""

    module: torch.nn.Module
    role: Role
    how: dict[str, Any]
    q: Buffer = field(default_factory=lambda: Buffer(2))
    out: Buffer = field(default_factory=lambda: Buffer(1))
    k: torch.Tensor | None = None
    v: torch.Tensor | None = None
    rules: list[Rule] = field(default_factory=list)

    def add(self, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, out: torch.Tensor, rule: Rule) -> None:
        self.q.append(q)
        self.out.append(out)
        self.k, self.v = k, v
        self.rules.append(rule)

    def cut(self, rows: int) -> None:
        self.q.cut(rows)
        self.out.cut(rows)
        kept: list[Rule] = []
        for rule in self.rules:
            left = rows - sum(each[0] for each in kept)
            if left > 0:
                kept.append((min(left, rule[0]), *rule[1:]))
        self.rules = kept


class Tape:
    """The sink of every pass of one model; `begin` before each pass."""

    def __init__(self, module: torch.nn.Module) -> None:
        self._names = {id(part): name for name, part in module.named_modules()}
        self._tracks: dict[tuple[int, int], _Track] = {}
        self._seen: Counter[int] = Counter()
        self.shown = False  # whether some attention showed its weights only, which no tape can put together

    def begin(self) -> None:
        """A new pass."""
        self._seen.clear()

    def attention(
        self,
        module: torch.nn.Module,
        q: torch.Tensor,
        k: torch.Tensor,
        v: torch.Tensor,
        out: torch.Tensor,
        **how: Any,
    ) -> None:
        rule = (q.shape[2], k.shape[2], how.pop("mask"), how.pop("causal"), how.pop("bias"))
        key = (id(module), self._seen[id(module)])
        self._seen[id(module)] += 1
        track = self._tracks.get(key)
        if track is None:
            track = self._tracks[key] = _Track(module, role_of(self._names.get(id(module), ""), module), how)
        track.add(q, k, v, out, rule)

    def weights(self, module: torch.nn.Module | None, weights: torch.Tensor) -> None:
        self.shown = True

    def cut(self, rows: int) -> None:
        """Forget all but the first rows of what the decoder read."""
        for track in self._tracks.values():
            if track.role != "encoder":
                track.cut(rows)

    def holds(self, rows: int) -> bool:
        """Whether every decoder's attention has this many queries, and as many keys where it attends to itself."""
        own = [track for track in self._tracks.values() if track.role != "encoder"]
        return bool(own) and all(
            track.q.rows == rows
            and (track.role == "cross" or (track.k is not None and track.k.shape[2] == rows))
            for track in own
        )

    def calls(self, rows: int, lent: Any) -> tuple[Call, ...]:
        """The calls as one pass over the first `rows` of what the decoder read would have made them.

        `lent(tensor, rows)` is told of keys and values that are handed out.
        """
        counts: Counter[str] = Counter()
        memo: dict[Any, Part] = {}
        calls = []
        for track in self._tracks.values():
            own = track.role == "encoder"
            queries = track.q.rows if own else rows
            assert track.k is not None
            assert track.v is not None
            keys = rows if track.role == "decoder" else track.k.shape[2]
            k, v = track.k[:, :, :keys], track.v[:, :, :keys]
            for each in (k, v):
                lent(each, keys)
            mask, bias = _once(memo, track.rules, queries, keys)
            scores = QueryKeyScores(
                track.q.lend(queries), k, track.how["scale"], mask, bias, track.how["softcap"],
                None if track.how["sinks"] is None else track.how["sinks"].detach().reshape(-1),
            )  # fmt: skip
            name = self._names.get(id(track.module), "")
            calls.append(
                Call(track.module, name, track.role, counts[track.role], scores, v, track.out.lend(queries))
            )
            counts[track.role] += 1
        return tuple(calls)

    @property
    def causal(self) -> bool:
        """Whether no row of what this tape holds looks ahead: what is written depends on what came before alone."""
        calls = [call for call in self.calls(self.rows, lambda *_: None) if call.role == "decoder"]
        return all(call.shape[2] == 1 or looks_causal(call.scores) for call in calls)

    @property
    def rows(self) -> int:
        """Queries of the decoder."""
        return next((t.q.rows for t in self._tracks.values() if t.role != "encoder"), 0)

    @property
    def nbytes(self) -> int:
        """Bytes of queries, outputs, keys and values, each storage once."""
        found = {}
        for track in self._tracks.values():
            for tensor in (track.k, track.v):
                if tensor is not None:
                    storage = tensor.untyped_storage()
                    found[storage.data_ptr()] = storage.nbytes()
        return sum(found.values()) + sum(t.q.nbytes + t.out.nbytes for t in self._tracks.values())


def _once(memo: dict[Any, Part], rules: list[Rule], queries: int, keys: int) -> Part:
    """Masks and biases are shared by the layers: each is put together once."""
    key = (
        queries,
        keys,
        *((rows, reach, id(mask), causal, id(bias)) for rows, reach, mask, causal, bias in rules),
    )
    if key not in memo:
        memo[key] = _joined(rules, queries, keys)
    return memo[key]


def _joined(rules: list[Rule], queries: int, keys: int) -> Part:
    """What the masks and biases of many passes mean for all rows together."""
    if all(mask is None and bias is None for _, _, mask, _, bias in rules):
        stops = [
            row + 1 if causal else reach for count, reach, _, causal, _ in rules for row in range(count)
        ][:queries]
        if all(stop >= keys for stop in stops):
            return None, None
        stop = torch.tensor([stops])
        return SpanMask(torch.zeros_like(stop), stop, torch.ones((1, keys), dtype=torch.bool)), None
    parts = [_dense(rule, keys) for rule in rules]
    device = next(each.device for pair in parts for each in pair if each is not None)
    heads = max(each[0].shape[1] for each in parts)
    allowed = torch.cat([each.to(device).expand(1, heads, -1, -1) for each, _ in parts], 2)[:, :, :queries]
    mask, _ = compact_mask(allowed, queries)
    added = [each for _, each in parts if each is not None]
    if not added:
        return mask, None
    heads = max(each.shape[1] for each in added)
    rows = [
        torch.zeros((1, heads, cells.shape[2], keys), device=device)
        if each is None
        else each.expand(1, heads, -1, -1)
        for cells, each in parts
    ]
    return mask, compact_bias(torch.cat(rows, 2)[:, :, :queries])


def _dense(rule: Rule, keys: int) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Which of all keys the rows of one pass see, and what is added to their scores."""
    count, reach, mask, causal, position = rule
    allowed = torch.ones((1, 1, count, reach), dtype=torch.bool)
    added = None
    if mask is not None:
        full = mask if mask.shape[2] in (1, count) else mask[:, :, :count]
        found, added = compact_mask(full, full.shape[2] if full.shape[2] > 1 else count)
        allowed = _block(found, count, reach, full.device)
    elif causal:
        allowed = torch.ones((count, reach), dtype=torch.bool).tril()[None, None]
    biases = [each for each in (added, None if position is None else DenseBias(position)) if each is not None]
    bias = None
    if biases:
        bias = biases[0].block(0, slice(None), slice(0, count), 0, min(reach, keys))[None]
        bias = torch.nn.functional.pad(
            bias.masked_fill(~allowed[..., : bias.shape[3]].to(bias.device), 0), (0, keys - bias.shape[3])
        )
    allowed = allowed[..., :keys]
    return torch.nn.functional.pad(allowed, (0, keys - allowed.shape[3])), bias


def _block(mask: Mask | None, count: int, reach: int, device: torch.device) -> torch.Tensor:
    if mask is None:
        return torch.ones((1, 1, count, reach), dtype=torch.bool, device=device)
    width = mask.allowed.shape[3] if isinstance(mask, DenseMask) else mask.keys.shape[1]
    return mask.block(0, slice(None), slice(0, count), 0, min(width, reach))[None]
