"""From token vectors to one text vector, as the model's own `Pooling` says (`Loaded.pooling`).

Where only a name is known, it is one of the poolings of sentence-transformers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from attnviz.errors import UnknownName
from attnviz.language import say
from attnviz.loading.pooling import MODES, Pooling, last_position
from attnviz.types import FloatArray

if TYPE_CHECKING:
    import torch

    Hidden = Annotated[torch.Tensor, "N T d"]
    Mask = Annotated[torch.Tensor, "N T"]
    Pooled = Annotated[torch.Tensor, "N d"]

__all__ = ["last_position", "pool", "query_weights", "shares"]


def pool(hidden: Hidden, mask: Mask, pooling: Pooling | str) -> Pooled:
    """One float32 vector per row, over the positions with mask 1.

    Raises:
        UnknownName: no such pooling. ModelUnsupported: the model's own cannot be made here.
    """
    return _find(pooling).vector(hidden, mask)


def query_weights(tokens: int, pooling: Pooling | str) -> Annotated[FloatArray, "T"]:
    """How much the pooled vector of a text without padding reads each position; sums to 1."""
    return _find(pooling).weights(tokens)


def shares(
    hidden: Annotated[torch.Tensor, "1 T d"], pooling: Pooling | str
) -> Annotated[torch.Tensor, "T d"]:
    """What each token of a text without padding adds to the pooled vector: their sum is that vector."""
    return _find(pooling).shares(hidden)


def _find(pooling: Pooling | str) -> Pooling:
    if isinstance(pooling, Pooling):
        return pooling
    if pooling not in MODES:
        raise UnknownName(say("pooling"), pooling, MODES)
    return Pooling((pooling,))  # type: ignore[arg-type]
