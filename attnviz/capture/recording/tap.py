"""The fall-back for families outside transformers' attention interface: watch what the thread computes.

Every softmax over a query x key matrix, and every call of scaled_dot_product_attention, made inside a module of the
model on this thread is noted. Nothing is registered, switched or hooked, so the output is the model's own.
"""

from __future__ import annotations

import sys
from typing import Any

import torch
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from attnviz.capture.recording.interface import Sink

_ARGUMENTS = ("query", "key", "value", "attn_mask", "dropout_p", "is_causal")


class Tap(TorchFunctionMode):
    """`with Tap(module, sink): module(**inputs)` hands every attention of the model to the sink."""

    def __init__(self, module: torch.nn.Module, sink: Sink) -> None:
        super().__init__()
        self._parts = {id(part): part for part in module.modules()}
        self._sink = sink

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        out = func(*args, **kwargs)
        if func is functional.scaled_dot_product_attention:
            changed = self._note_fused(dict(zip(_ARGUMENTS, args, strict=False)) | kwargs, out)
            return out if changed is None else changed.transpose(1, 2)
        if getattr(func, "__name__", "") == "softmax" and out.dim() in (3, 4):
            owner = self._owner()
            if (weights := _as_heads(out, owner)) is not None:
                changed = self._sink.weights(owner, weights)
                return out if changed is None else changed.reshape(out.shape)
        return out

    def _note_fused(self, call: dict[str, Any], out: torch.Tensor) -> torch.Tensor | None:
        query, owner = call["query"], self._owner()
        return self._sink.attention(
            owner, query, call["key"], call["value"], out.transpose(1, 2), mask=call.get("attn_mask"),
            scale=call.get("scale") or query.shape[-1] ** -0.5, causal=bool(call.get("is_causal")),
            bias=None, softcap=None, sinks=None,
        )  # fmt: skip

    def _owner(self) -> Any:
        """The innermost attention module of the model on the call stack; the innermost module, if none is called so."""
        frame, innermost = sys._getframe(2), None
        while frame is not None:
            for name in ("self", "module"):
                part = frame.f_locals.get(name)
                if isinstance(part, torch.nn.Module) and id(part) in self._parts:
                    if _is_attention(part):
                        return part
                    innermost = innermost or part
            frame = frame.f_back  # type: ignore[assignment]
        return innermost


def _is_attention(part: torch.nn.Module) -> bool:
    return "attention" in type(part).__name__.lower()


def _head_count(owner: Any) -> int:
    names = ("num_heads", "n_heads", "num_attention_heads", "n_head")
    places = (owner, getattr(owner, "config", None))
    return next((count for place in places for name in names if (count := getattr(place, name, 0))), 0)


def _as_heads(weights: torch.Tensor, owner: Any) -> torch.Tensor | None:
    """(B, H, Q, K) weights; a softmax over anything but keys (a router, a vocabulary, a convolution) is None."""
    if owner is None or not _is_attention(owner):
        return None
    heads = _head_count(owner)
    if weights.dim() == 4:
        return weights if heads in (0, weights.shape[1]) else None
    if not heads or weights.shape[0] % heads:
        return None
    return weights.reshape(-1, heads, *weights.shape[1:])
