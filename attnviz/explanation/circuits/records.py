"""What a traced pass notes: who wrote what to a stream, and which queries and keys were read from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

import torch

from attnviz.capture.recompute.scores import QueryKeyScores
from attnviz.capture.recording.recorder import Role
from attnviz.types import PartKind

Tensor = torch.Tensor


def _names(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


# Functions of one tensor that only move its numbers to other places, or copy them.
MOVES = _names(
    "view reshape transpose permute contiguous to type float type_as split chunk unbind __getitem__ "
    "expand expand_as repeat repeat_interleave squeeze unsqueeze flatten unflatten swapaxes swapdims "
    "movedim cat concat concatenate stack clone roll flip narrow select index_select broadcast_to t "
    "tensor_split split_with_sizes view_as view_as_complex view_as_real pad dropout __get__"
)
LINEAR = MOVES | {"neg", "__neg__", "negative", "sum", "mean"}
ADDS = _names("add add_ __add__ __radd__ __iadd__ sub sub_ __sub__ __rsub__ __isub__ rsub subtract")
TIMES = _names("mul mul_ __mul__ __rmul__ __imul__ multiply div div_ __truediv__ __itruediv__ true_divide")
PRODUCTS = _names("matmul __matmul__ bmm mm einsum")
DIVISIONS = _names("div div_ __truediv__ __itruediv__ true_divide")


@dataclass
class Write:
    """What was added to a stream at once: a leaf of the graph.

    Attributes:
        kind: of its part, or "heads" where the heads of an attention block can be told apart.
        layer, role: as in `attnviz.types.ScorePart`.
        leaf: (1, T, width); the graph starts here.
        z, weight: of heads: (T, H, dv) what they hand to the output projection, and its (width, H * dv) weight.
    """

    kind: PartKind | str
    layer: int | None
    role: Role
    leaf: Tensor
    z: Annotated[Tensor, "T H dv"] | None = None
    weight: Annotated[Tensor, "width H*dv"] | None = None

    def head(self, head: int, rows: Any = slice(None)) -> Annotated[Tensor, "rows width"]:
        """What one head wrote."""
        assert self.z is not None
        assert self.weight is not None
        size = self.z.shape[2]
        return self.z[rows, head] @ self.weight[:, head * size : (head + 1) * size].T

    def heads(self, rows: Any = slice(None)) -> Annotated[Tensor, "rows H width"]:
        """What all heads wrote."""
        assert self.z is not None
        assert self.weight is not None
        z = self.z[rows]
        weight = self.weight.reshape(self.weight.shape[0], *z.shape[1:])
        return torch.einsum("thv,whv->thw", z, weight)

    @property
    def value(self) -> Annotated[Tensor, "T width"]:
        """What was written, all heads together."""
        return self.leaf.detach().reshape(-1, self.leaf.shape[-1])


@dataclass
class Look:
    """One attention call, its queries and keys still tied to the graph.

    Attributes:
        q, k: (1, H, Q, d) and (1, Hk, K, d).
        scores: what was recorded of it; or of a family that multiplies by itself, what became of the products.
        write: the number of the write that its heads went into, None before.
    """

    role: Role
    layer: int
    q: Tensor
    k: Tensor
    scores: QueryKeyScores | Products
    write: int | None = None

    @property
    def group(self) -> int:
        """How many query heads share a key head."""
        return self.q.shape[1] // self.k.shape[1]

    def row(self, head: int, query: int) -> tuple[Tensor, Tensor, Tensor]:
        """Of one row, (K,) each: which keys it may look at, what their position alone adds, and its weights."""
        one, rows = slice(head, head + 1), slice(query, query + 1)
        if isinstance(self.scores, Products):
            return self.scores.row(head, query)
        allowed = self.scores.allowed(one, rows)[0, 0]
        bias = self.scores.bias
        added = torch.zeros(len(allowed), dtype=torch.float64, device=allowed.device)
        if bias is not None:
            added = bias.block(0, one, rows, 0, len(allowed))[0, 0].double()
            allowed = allowed & (added > -1e3)  # a mask, where a family adds its mask to its bias
        return allowed, added, self.scores.weights_block(one, rows, dtype=torch.float64)[0, 0]


class Products:
    """Products of queries and keys that a family makes itself, and what it does to them before the softmax."""

    softcap = None
    sinks = None

    def __init__(self, scale: float, added: Tensor | None) -> None:
        self.scale = scale
        self.added = None if added is None else _by_head(added)
        self.weights: Tensor | None = None
        self.known = True  # whether all that was done to them is understood

    def row(self, head: int, query: int) -> tuple[Tensor, Tensor, Tensor]:
        """As `Look.row`."""
        assert self.weights is not None
        shape = (-1, *self.weights.shape[-2:])
        weights = self.weights.reshape(shape)[head, query].double()
        if self.added is None:
            return weights > 0, torch.zeros_like(weights), weights
        every = self.added.expand(len(self.weights.reshape(shape)), *shape[1:])
        added = every[head, query].double()
        return (weights > 0) & (added > -1e3), added, weights

    def take(self, name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
        """One more step on the way to the softmax."""
        if name in MOVES or name in ("masked_fill", "masked_fill_", "where", "clamp", "max", "maximum"):
            return  # what is masked weighs nothing
        others = [each for each in (*args, *kwargs.values()) if tag_of(each) is not self]
        number = next((each for each in others if isinstance(each, int | float)), None)
        tensors = [each for each in others if isinstance(each, Tensor)]
        if name in TIMES and number is not None:
            self._scaled(1 / number if name in DIVISIONS else number)
        elif name in TIMES and tensors and tensors[0].numel() == 1:
            factor = float(tensors[0])
            self._scaled(1 / factor if name in DIVISIONS else factor)
        elif name in TIMES and tensors and bool(((tensors[0] == 0) | (tensors[0] == 1)).all()):
            return  # a mask
        elif name in ADDS and tensors and tag_of(tensors[0]) is None:
            more = _by_head(tensors[0])
            self.added = more if self.added is None else self.added + more
        else:
            self.known = False

    def _scaled(self, factor: float) -> None:
        self.scale *= factor
        self.added = None if self.added is None else self.added * factor


@dataclass
class Pass:
    """What one traced pass left behind.

    Attributes:
        writes, looks: in the order in which they came. output: of the model; None where the pass ended early.
        hidden: what the head of a language model reads, tied to the graph; None where there is none.
    """

    writes: list[Write] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)
    output: Any = None
    hidden: Tensor | None = None

    def look(self, role: Role, layer: int) -> Look | None:
        """The attention call of a layer."""
        return next((each for each in self.looks if (each.role, each.layer) == (role, layer)), None)


def _by_head(added: Tensor) -> Annotated[Tensor, "H|1 Q|1 K"]:
    """What is added to products, without the axis of a batch of one."""
    return added.reshape(added.shape[-3:]) if added.dim() > 2 else added[None]


class Enough(Exception):
    """Ends a pass when all that is asked for has been seen."""


def tag_of(tensor: Any) -> Any:
    return getattr(tensor, "_attnviz_from", None)
