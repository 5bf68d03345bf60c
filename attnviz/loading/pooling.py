"""From token vectors to one text vector, as sentence-transformers makes it: pooling, dense layers, unit length.

The record is what a model's modules.json says (`sentence_modules` reads it); the plain mean stands where there is none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np

from attnviz.errors import ModelUnsupported
from attnviz.language import say
from attnviz.types import FloatArray

if TYPE_CHECKING:
    import torch

    Hidden = Annotated[torch.Tensor, "N T d"]
    Mask = Annotated[torch.Tensor, "N T"]
    Vectors = Annotated[torch.Tensor, "N d"]

Mode = Literal["mean", "cls", "max", "lasttoken", "mean_sqrt_len_tokens", "weightedmean"]


@dataclass(frozen=True, eq=False)
class Dense:
    """A layer behind the pooling: activation(W x + b), plus x or its own projection of x where it is residual.

    Tensors, float32: weight (out, in); bias (out,) or None; residual (out, in), None where x is added as it is.
    """

    weight: Annotated[torch.Tensor, "o i"]
    bias: Annotated[torch.Tensor, "o"] | None
    activation: Callable[[torch.Tensor], torch.Tensor] | None = None
    is_residual: bool = False
    residual: Annotated[torch.Tensor, "o i"] | None = None

    def __call__(self, vectors: Vectors) -> Vectors:
        import torch

        made = torch.nn.functional.linear(vectors, self.weight.to(vectors), _to(self.bias, vectors))
        made = made if self.activation is None else self.activation(made)
        if not self.is_residual:
            return made
        return made + (vectors if self.residual is None else vectors @ self.residual.to(vectors).T)

    @property
    def is_linear(self) -> bool:
        """Whether the layer of a sum is the sum of its layers."""
        return self.bias is None and self.activation is None


@dataclass(frozen=True)
class Pooling:
    """How one vector of a text is made, and what sentence-transformers would do with the text before.

    Attributes:
        modes: poolings, whose vectors are joined.
        steps: what follows, in order: "normalize" or a dense layer.
        max_seq_length: tokens that sentence-transformers reads, the rest of a text is cut off there; None for no limit
            but the model's own.
        prompts: what it may put before a text, by name. prompt: what it puts before every text, "" for nothing.
        refusal: why the vector cannot be made here, "" where it can.
    """

    modes: tuple[Mode, ...] = ("mean",)
    steps: tuple[Literal["normalize"] | Dense, ...] = ()
    max_seq_length: int | None = None
    prompts: dict[str, str] = field(default_factory=dict)
    prompt: str = ""
    refusal: str = ""

    def vector(self, hidden: Hidden, mask: Mask) -> Vectors:
        """One float32 vector per row, over the positions with mask 1. Raises ModelUnsupported where there is none."""
        import torch

        self._check()
        hidden = hidden.float()
        made = torch.cat([_POOL[mode](hidden, mask) for mode in self.modes], -1)
        for step in self.steps:
            made = torch.nn.functional.normalize(made, dim=-1) if step == "normalize" else step(made)
        return made

    def weights(self, tokens: int) -> Annotated[FloatArray, "T"]:
        """How much the vector of a text without padding reads each position; sums to 1.

        Max pooling reads positions by their values; as the map's rows are shared by all dimensions, every position
        counts the same here.
        """
        return np.mean([_weights(mode, tokens) for mode in self.modes], axis=0, dtype=np.float32)

    @property
    def is_additive(self) -> bool:
        """Whether the vector is the sum of what each token adds: no activation and no bias behind the pooling."""
        return not self.refusal and all(step == "normalize" or step.is_linear for step in self.steps)

    def shares(self, hidden: Annotated[torch.Tensor, "1 T d"]) -> Annotated[torch.Tensor, "T d"]:
        """What each token of a text without padding adds: their sum is `vector`. ModelUnsupported where none exist."""
        import torch

        self._check()
        if not self.is_additive:
            raise ModelUnsupported(
                say("The dense layer behind the pooling mixes what the tokens add."),
                say("Choose a method that does not split the vector."),
                reason="not-captured",
            )
        parts = torch.cat([_shares(mode, hidden[0].float()) for mode in self.modes], -1)
        for step in self.steps:
            parts = parts / parts.sum(0).norm().clamp(min=1e-12) if step == "normalize" else step(parts)
        return parts

    def _check(self) -> None:
        if self.refusal:
            raise ModelUnsupported(self.refusal, say("Choose another model."), reason="not-captured")


def last_position(mask: Mask) -> Annotated[torch.Tensor, "N"]:
    """The last position with mask 1 of each row; 0 for a row without any."""
    import torch

    return (mask.ne(0) * torch.arange(mask.shape[1], device=mask.device)).amax(1)


def _to(tensor: torch.Tensor | None, like: torch.Tensor) -> torch.Tensor | None:
    return None if tensor is None else tensor.to(like)


def _mean(hidden: Hidden, mask: Mask) -> Vectors:
    weights = mask[..., None].to(hidden.dtype)
    return (hidden * weights).sum(1) / weights.sum(1).clamp(min=1e-9)


def _root_mean(hidden: Hidden, mask: Mask) -> Vectors:
    weights = mask[..., None].to(hidden.dtype)
    return (hidden * weights).sum(1) / weights.sum(1).clamp(min=1e-9).sqrt()


def _weighted_mean(hidden: Hidden, mask: Mask) -> Vectors:
    import torch

    places = torch.arange(1, mask.shape[1] + 1, device=mask.device)
    return _mean(hidden, mask * places)


def _max(hidden: Hidden, mask: Mask) -> Vectors:
    return hidden.masked_fill(mask[..., None] == 0, -1e9).amax(1)


def _first(hidden: Hidden, mask: Mask) -> Vectors:
    return hidden[:, 0]


def _last(hidden: Hidden, mask: Mask) -> Vectors:
    import torch

    return hidden[torch.arange(len(hidden), device=hidden.device), last_position(mask)]


_POOL: dict[str, Callable[[Any, Any], Any]] = {
    "mean": _mean,
    "cls": _first,
    "max": _max,
    "lasttoken": _last,
    "mean_sqrt_len_tokens": _root_mean,
    "weightedmean": _weighted_mean,
}
MODES = tuple(_POOL)


def _weights(mode: str, tokens: int) -> Annotated[FloatArray, "T"]:
    if mode in ("cls", "lasttoken"):
        only = np.zeros(tokens, np.float32)
        only[0 if mode == "cls" else -1] = 1
        return only
    counts = np.arange(1, tokens + 1) if mode == "weightedmean" else np.ones(tokens)
    return (counts / counts.sum()).astype(np.float32)


def _shares(mode: str, rows: Annotated[torch.Tensor, "T d"]) -> Annotated[torch.Tensor, "T d"]:
    import torch

    if mode == "max":  # each dimension comes from the token that is largest in it
        return rows * torch.nn.functional.one_hot(rows.argmax(0), len(rows)).T
    weights = torch.as_tensor(_weights(mode, len(rows)), device=rows.device)[:, None]
    return rows * weights * (len(rows) ** 0.5 if mode == "mean_sqrt_len_tokens" else 1)
