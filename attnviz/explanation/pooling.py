"""From token vectors to one text vector, as sentence-transformers pools: by mask, in float32.

The names are those of `Loaded.pooling`. `query_weights` says how much each position counts, for the methods
that read attention maps.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import numpy as np

from attnviz.errors import UnknownName
from attnviz.types import FloatArray

if TYPE_CHECKING:
    import torch

    Hidden = Annotated[torch.Tensor, "N T d"]
    Mask = Annotated[torch.Tensor, "N T"]
    Pooled = Annotated[torch.Tensor, "N d"]


def pool(hidden: Hidden, mask: Mask, pooling: str) -> Pooled:
    """One float32 vector per row, over the positions with mask 1.

    Raises:
        UnknownName: no such pooling.
    """
    return _find(pooling)(hidden.float(), mask)


def query_weights(tokens: int, pooling: str) -> Annotated[FloatArray, "T"]:
    """How much the pooled vector of a text without padding reads each position; sums to 1.

    Max pooling reads positions by their values; as the map's rows are shared by all dimensions, every
    position counts the same here.
    """
    _find(pooling)
    if pooling in ("cls", "lasttoken"):
        only = np.zeros(tokens, np.float32)
        only[0 if pooling == "cls" else -1] = 1
        return only
    return np.full(tokens, 1 / tokens, np.float32)


def shares(hidden: Annotated[torch.Tensor, "1 T d"], pooling: str) -> Annotated[torch.Tensor, "T d"]:
    """What each token of a text without padding adds to the pooled vector: their sum is that vector."""
    import torch

    rows = hidden[0].float()
    if pooling == "max":  # each dimension comes from the token that is largest in it
        chosen = torch.nn.functional.one_hot(rows.argmax(0), len(rows)).T
        return rows * chosen
    return rows * torch.as_tensor(query_weights(len(rows), pooling), device=rows.device)[:, None]


def last_position(mask: Mask) -> Annotated[torch.Tensor, "N"]:
    """The last position with mask 1 of each row; 0 for a row without any."""
    import torch

    return (mask.ne(0) * torch.arange(mask.shape[1], device=mask.device)).amax(1)


def _mean(hidden: Hidden, mask: Mask) -> Pooled:
    weights = mask[..., None].to(hidden.dtype)
    return (hidden * weights).sum(1) / weights.sum(1).clamp(min=1e-9)


def _max(hidden: Hidden, mask: Mask) -> Pooled:
    return hidden.masked_fill(mask[..., None] == 0, -1e9).amax(1)


def _first(hidden: Hidden, mask: Mask) -> Pooled:
    return hidden[:, 0]


def _last(hidden: Hidden, mask: Mask) -> Pooled:
    import torch

    return hidden[torch.arange(len(hidden), device=hidden.device), last_position(mask)]


_POOLINGS: dict[str, Callable[[Hidden, Mask], Pooled]] = {
    "mean": _mean,
    "cls": _first,
    "max": _max,
    "lasttoken": _last,
}


def _find(pooling: str) -> Callable[[Hidden, Mask], Pooled]:
    if pooling not in _POOLINGS:
        raise UnknownName("pooling", pooling, _POOLINGS)
    return _POOLINGS[pooling]
