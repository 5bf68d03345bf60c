"""One pass in which queries and keys stay linear in everything that was written to the streams they were read from.

A function mode watches what the model computes on this thread. Embeddings, what attention blocks and feed-forward
layers add to a stream, and biases become leaves of a graph; linear maps, rotations and reshapes are let through; norms
are let through at the scale that they have; all else (attention itself, activations) is cut off. No family is known
by name: what is not linear then fails the check of the sum.
"""

from __future__ import annotations

import contextlib
import copy
import re
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

import torch
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from attnviz.capture.recompute.scores import QueryKeyScores
from attnviz.capture.recording.interface import trusted_view
from attnviz.capture.recording.recorder import Recorder, Role, active, role_of
from attnviz.types import PartKind

Tensor = torch.Tensor

# Functions of one tensor that only move its numbers to other places, or copy them.
_MOVES = frozenset(
    [
        "view",
        "reshape",
        "transpose",
        "permute",
        "contiguous",
        "to",
        "type",
        "float",
        "type_as",
        "split",
        "chunk",
        "unbind",
        "__getitem__",
        "expand",
        "expand_as",
        "repeat",
        "repeat_interleave",
        "squeeze",
        "unsqueeze",
        "flatten",
        "unflatten",
        "swapaxes",
        "swapdims",
        "movedim",
        "cat",
        "concat",
        "concatenate",
        "stack",
        "clone",
        "roll",
        "flip",
        "narrow",
        "select",
        "index_select",
        "broadcast_to",
        "t",
        "tensor_split",
        "split_with_sizes",
        "view_as",
        "view_as_complex",
        "view_as_real",
        "pad",
        "dropout",
        "__get__",
    ]
)
_LINEAR = _MOVES | {"neg", "__neg__", "negative", "sum", "mean"}
_ADDS = frozenset(
    [
        "add",
        "add_",
        "__add__",
        "__radd__",
        "__iadd__",
        "sub",
        "sub_",
        "__sub__",
        "__rsub__",
        "__isub__",
        "rsub",
        "subtract",
    ]
)
_TIMES = frozenset(
    [
        "mul",
        "mul_",
        "__mul__",
        "__rmul__",
        "__imul__",
        "multiply",
        "div",
        "div_",
        "__truediv__",
        "__itruediv__",
        "true_divide",
    ]
)
_PRODUCTS = frozenset(["matmul", "__matmul__", "bmm", "mm", "einsum"])
_DIVISIONS = frozenset(["div", "div_", "__truediv__", "__itruediv__", "true_divide"])
_ACTIVATION = re.compile(r"gelu|relu|silu|swish|mish|activation", re.IGNORECASE)
_POSITION = re.compile(r"pos(ition)?s?(_|$|\.)|wpe|pos_emb|position", re.IGNORECASE)
_SEGMENT = re.compile(r"token_type|segment", re.IGNORECASE)


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
        if name in _MOVES or name in ("masked_fill", "masked_fill_", "where", "clamp", "max", "maximum"):
            return  # what is masked weighs nothing
        others = [each for each in (*args, *kwargs.values()) if _tag(each) is not self]
        number = next((each for each in others if isinstance(each, int | float)), None)
        tensors = [each for each in others if isinstance(each, Tensor)]
        if name in _TIMES and number is not None:
            self._scaled(1 / number if name in _DIVISIONS else number)
        elif name in _TIMES and tensors and tensors[0].numel() == 1:
            factor = float(tensors[0])
            self._scaled(1 / factor if name in _DIVISIONS else factor)
        elif name in _TIMES and tensors and bool(((tensors[0] == 0) | (tensors[0] == 1)).all()):
            return  # a mask
        elif name in _ADDS and tensors and _tag(tensors[0]) is None:
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


# Given the number of a write and what it would be, says what it is in this pass.
Change = Callable[[int, Tensor], Tensor]


def hollow(module: torch.nn.Module, inputs: Mapping[str, Any]) -> tuple[torch.nn.Module, bool]:
    """A shell of the model over the same weights, none of which asks for gradients; whether it uses the interface."""
    with torch.no_grad():
        view = trusted_view(module, inputs)
    source = view if view is not None else module
    memo: dict[int, Any] = {
        id(weight): torch.nn.Parameter(weight.detach(), requires_grad=False) for weight in source.parameters()
    }
    memo.update({id(buffer): buffer for buffer in source.buffers()})
    shell = copy.deepcopy(source, memo)
    for part in shell.modules():
        # Some activations are autograd functions of their own, which no function mode sees.
        if _ACTIVATION.search(type(part).__name__) and not list(part.children()):
            part.register_forward_hook(lambda module, given, out: _put(out.detach(), "cut"))
    return shell, view is not None


def traced(
    shell: tuple[torch.nn.Module, bool],
    inputs: Mapping[str, Any],
    until: tuple[Role, int] | None = None,
    change: Change | None = None,
    single: bool = True,
) -> Pass:
    """One pass of a `hollow` model; until the attention call of a role and layer, or to the end.

    Args:
        change: puts other values in the place of writes.
        single: the model has one kind of attention, whatever its modules are called.
    """
    module, interface = shell
    tracer = _Tracer(module, interface, until, change, single)
    with torch.enable_grad(), active(tracer), tracer, contextlib.suppress(Enough):
        tracer.found.output = module(**inputs)
    return tracer.found


class _Tracer(TorchFunctionMode):
    """See the module."""

    def __init__(
        self,
        module: torch.nn.Module,
        interface: bool,
        until: tuple[Role, int] | None,
        change: Change | None,
        single: bool,
    ) -> None:
        super().__init__()
        self.found = Pass()
        self._names = {id(part): name for name, part in module.named_modules()}
        self._module, self._interface, self._until = module, interface, until
        self._change, self._single = change, single
        self._counts: Counter[str] = Counter()
        self._stack: Role = "encoder"
        self._pairs: dict[int, tuple[Tensor, Tensor]] = {}  # queries and keys of products, by their id
        self._width = 0
        head: Any = getattr(module, "get_output_embeddings", lambda: None)()
        self._vocabulary = head.weight.data_ptr() if hasattr(head, "weight") else 0
        self._fresh = True  # no attention has come since words were looked up

    # ---------------------------------------------------------------- what the model calls

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        name = getattr(func, "__name__", "")
        given = list(_tensors((args, tuple(kwargs.values()))))
        if not any(each.requires_grad for each in given):
            return self._constant(func, name, args, kwargs, given)
        if name in _LINEAR:
            return func(*args, **kwargs)
        rule = _RULES.get(name)
        result = rule(self, func, name, args, kwargs) if rule else None
        return self._cut(func, args, kwargs) if result is None else result

    def _constant(
        self, func: Any, name: str, args: tuple[Any, ...], kwargs: dict[str, Any], given: list[Tensor]
    ) -> Any:
        """What does not come from a stream: words looked up, what heads hand to their projection, masks."""
        tags = [tag for each in given if (tag := _tag(each)) is not None]
        if name == "embedding":
            return self._looked_up(func(*args, **kwargs))
        if tags and name in ("linear", "addmm", "matmul", "__matmul__"):
            z = args[1 if name == "addmm" else 0]
            if isinstance(_tag(z), Look):
                return self._projected(_tag(z), z, *_affine(name, args, kwargs))
        result = func(*args, **kwargs)
        if name in _MOVES:
            return _put(result, tags[0]) if tags else result
        if (pending := next((tag for tag in tags if isinstance(tag, Products)), None)) is not None:
            return _put(result, self._weighed(pending, func, name, args, kwargs, result))
        if tags:
            tag = next((each for each in tags if isinstance(each, Look)), tags[0])
            _put(result, tag if name in _TIMES or not isinstance(tag, Look) else "mixed")
        return result

    def _weighed(self, pending: Products, func: Any, name: str, args: Any, kwargs: Any, result: Any) -> Any:
        """A step from products to weights; at the softmax they are an attention call."""
        if not isinstance(result, Tensor):
            return None  # its size, say
        if name != "softmax":
            pending.take(name, args, kwargs)
            return pending
        pending.weights = result
        return self._noted("encoder", *self._pairs.pop(id(pending)), pending)

    def _cut(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The result as a constant, marked as one that comes from a stream."""
        result = func(*_detached(args), **_detached(kwargs))
        return _put(result, "cut")

    # ---------------------------------------------------------------- rules for what is linear in a stream

    def _add(self, func: Any, name: str, args: Any, kwargs: Any) -> Any:
        first, second = args[:2] if len(args) > 1 else (args[0], kwargs["other"])
        both = [first, second]
        if all(isinstance(each, Tensor) and each.requires_grad for each in both):
            return func(*args, **kwargs)
        place = 0 if isinstance(second, Tensor) and second.requires_grad else 1
        constant = both[place]
        moving = both[1 - place]
        if not isinstance(constant, Tensor):
            constant = torch.full((1,), float(constant), dtype=moving.dtype, device=moving.device)
        if not constant.is_floating_point():
            return None
        both[place] = self._added(constant, moving)
        more = {key: value for key, value in kwargs.items() if key != "other"}
        plain = {"add_": "add", "__iadd__": "add", "sub_": "sub", "__isub__": "sub"}.get(name)
        if plain and place == 0:  # the constant would be changed in its place, and with it what others hold
            return getattr(torch, plain)(*both, *args[2:], **more)
        return func(*both, *args[2:], **more)

    def _times(self, func: Any, name: str, args: Any, kwargs: Any) -> Any:
        first, second = args[:2] if len(args) > 1 else (args[0], kwargs["other"])
        moving = [isinstance(each, Tensor) and each.requires_grad for each in (first, second)]
        if all(moving) or (moving[1] and name in _DIVISIONS):
            return None
        carried, factor = (first, second) if moving[0] else (second, first)
        gate = (
            isinstance(factor, Tensor)
            and _tag(factor) is not None
            and factor.shape[-1:] == carried.shape[-1:]
        )
        if gate and carried.shape[-1] > 1:
            return None  # what an activation gates is the feed-forward layer's own
        return func(*args, **kwargs)

    def _product(self, func: Any, name: str, args: Any, kwargs: Any) -> Any:
        factors = [each for each in args if isinstance(each, Tensor)]
        if name == "einsum" and len(factors) < 2:
            factors = list(_tensors(args))
        moving = [each.requires_grad for each in factors[:2]]
        if len(factors) != 2:
            return None
        if all(moving):
            return (
                None
                if self._interface or name == "einsum"
                else self._compared(func, args, kwargs, factors[0], factors[1])
            )
        constant = factors[moving.index(False)]
        tag = _tag(constant)
        if tag is None:
            return func(*args, **kwargs)
        result = self._cut(func, args, kwargs)
        return _put(result, tag) if isinstance(tag, Look) else result

    def _linear(self, func: Any, name: str, args: Any, kwargs: Any) -> Any:
        weight, bias, transposed = _affine(name, args, kwargs)
        moving = args[0] if name == "linear" else args[1]
        if self._vocabulary == weight.data_ptr() and weight.shape[-1] == moving.shape[-1]:
            self.found.hidden = moving
            raise Enough
        if weight.requires_grad or not moving.requires_grad:
            return None
        out = moving @ weight if transposed else functional.linear(moving, weight)
        return out if bias is None else out + self._write("bias", None, bias.expand_as(out))

    def _layer_norm(self, func: Any, name: str, args: Any, kwargs: Any) -> Any:
        x, _, weight, bias, eps = _arguments(args, kwargs, "input normalized_shape weight bias eps", 1e-5)
        if args[1:] and len(tuple(args[1])) != 1:
            return None
        fixed = x.detach()
        scale = torch.rsqrt(fixed.var(-1, unbiased=False, keepdim=True) + eps)
        out = (x - x.mean(-1, keepdim=True)) * scale
        out = out if weight is None else out * weight
        return out if bias is None else out + self._write("bias", None, bias.expand_as(out))

    def _rms_norm(self, func: Any, name: str, args: Any, kwargs: Any) -> Any:
        x, _, weight, eps = _arguments(args, kwargs, "input normalized_shape weight eps", None)
        eps = torch.finfo(x.dtype).eps if eps is None else eps
        out = x * torch.rsqrt(x.detach().square().mean(-1, keepdim=True) + eps)
        return out if weight is None else out * weight

    def _fused(self, func: Any, name: str, args: Any, kwargs: Any) -> Any:
        """torch's own attention, called by a family that does not use transformers' interface."""
        if self._interface:
            return None
        names = "query key value attn_mask dropout_p is_causal scale"
        q, k, v, mask, _, causal, scale = _arguments(args, kwargs, names, None)
        look = self._looked(
            self._owner(), q, k, v, mask=None if mask is None else mask.detach(), scale=scale or q.shape[-1] ** -0.5,
            causal=bool(causal), bias=None, softcap=None, sinks=None,
        )  # fmt: skip
        return _put(self._cut(func, args, kwargs), look)

    def _biased_product(self, func: Any, name: str, args: Any, kwargs: Any) -> Any:
        """torch.baddbmm of queries and keys, as BLOOM calls it: beta * bias + alpha * q @ k^T, heads in the batch."""
        bias, q, k = _arguments(args, kwargs, "input batch1 batch2", None)
        if self._interface or not (q.requires_grad and k.requires_grad):
            return None
        scale, added = float(kwargs.get("alpha", 1)), bias.detach() * float(kwargs.get("beta", 1))
        return self._compared(func, args, kwargs, q, k, scale, added)

    # ---------------------------------------------------------------- what is noted

    def attention(
        self, module: torch.nn.Module, q: Tensor, k: Tensor, v: Tensor, out: Tensor, **how: Any
    ) -> Tensor:
        """A call of transformers' interface; its output goes on as a constant, which knows whose it is."""
        plain = {name: value.detach() if isinstance(value, Tensor) else value for name, value in how.items()}
        look = self._looked(module, q, k, v, **plain)
        result = out.detach()
        _put(result, look)
        return result

    def weights(self, module: torch.nn.Module | None, weights: Tensor) -> None:
        """Never called: nothing here watches for weights alone."""

    def _looked(self, module: Any, q: Tensor, k: Tensor, v: Tensor, **how: Any) -> Look:
        recorder = Recorder(self._module)
        recorder.attention(module, q.detach(), k.detach(), v.detach(), v.detach(), **how)
        call = recorder.calls()[0]
        role = "encoder" if self._single else role_of(self._names.get(id(module), ""), module)
        return self._noted(role, q, k, call.scores)

    def _noted(self, role: Role, q: Tensor, k: Tensor, scores: Any) -> Look:
        look = Look(role, self._counts[role], q, k, scores)
        self._counts[role] += 1
        self._stack, self._fresh = ("encoder" if role == "encoder" else "decoder"), False
        self.found.looks.append(look)
        if self._until == (role, look.layer):
            raise Enough
        return look

    def _compared(
        self,
        func: Any,
        args: Any,
        kwargs: Any,
        q: Tensor,
        k: Tensor,
        scale: float = 1.0,
        added: Tensor | None = None,
    ) -> Any:
        """Products of what may be queries and keys; they were if a softmax follows."""
        result = self._cut(func, args, kwargs)
        pending = Products(scale, added)
        shape = (1, -1, q.shape[-2], q.shape[-1]), (1, -1, k.shape[-1], q.shape[-1])
        if q.dim() < 3 or q.shape[-1] != k.shape[-2]:
            return result
        self._pairs[id(pending)] = (q.reshape(shape[0]), k.transpose(-1, -2).reshape(shape[1]))
        return _put(result, pending)

    def _looked_up(self, found: Tensor) -> Tensor:
        if found.dim() > 3 or (found.dim() == 3 and found.shape[0] != 1 and found.shape[1] != 1):
            return found
        if found.dim() < 3 and found.shape[-1] != self._width:  # sines of a rotation
            return found
        self._width = found.shape[-1]
        name = self._names.get(id(self._owner("")), "")
        last = name.rpartition("embeddings.")[2] or name
        kind: PartKind = (
            "segment" if _SEGMENT.search(last) else "position" if _POSITION.search(last) else "embedding"
        )
        if kind == "embedding":
            self._fresh = True
        return self._write(kind, None, found)

    def _projected(
        self, look: Look, z: Tensor, weight: Tensor, bias: Tensor | None, transposed: bool
    ) -> Tensor:
        """W_O: what the heads write becomes a leaf, its bias another."""
        weight = weight.T if transposed else weight
        out = functional.linear(z, weight)
        heads = look.q.shape[1]
        look.write = len(self.found.writes)
        apart = z.shape[-1] % heads == 0
        written = self._write(
            "heads" if apart else "attention", look.layer, out, look.role,
            z.reshape(-1, heads, z.shape[-1] // heads) if apart else None, weight if apart else None,
        )  # fmt: skip
        return written if bias is None else written + self._write("bias", None, bias.expand_as(out))

    def _added(self, constant: Tensor, stream: Tensor) -> Tensor:
        """A constant that is added to a stream: a bias, a table of positions, or what a feed-forward layer wrote."""
        if constant.shape != stream.shape and constant.numel() != stream.numel():
            kind: PartKind = "position" if self._fresh and constant.dim() > 1 else "bias"
            return self._write(kind, None, constant.expand_as(stream) if constant.dim() < 2 else constant)
        if _tag(constant) == "mixed":
            return self._write("attention", self._layer(), constant)
        if self._fresh:
            return self._write("position", None, constant)
        return self._write("feed-forward", self._layer(), constant)

    def _layer(self) -> int:
        return self._counts[self._stack] - 1

    def _write(
        self,
        kind: PartKind | str,
        layer: int | None,
        value: Tensor,
        role: Role | None = None,
        z: Tensor | None = None,
        weight: Tensor | None = None,
    ) -> Tensor:
        value = value.detach()
        if self._change is not None:
            value = self._change(len(self.found.writes), value)
        leaf = value.requires_grad_() if not value.requires_grad else value.detach().requires_grad_()
        self.found.writes.append(Write(kind, layer, role or self._stack, leaf, z, weight))
        return leaf.clone()  # families add in place, which a leaf does not allow

    def _owner(self, called: str = "attention") -> Any:
        """The innermost module of the model on the call stack whose class is called so."""
        frame = sys._getframe(2)
        while frame is not None:
            part = frame.f_locals.get("self")
            if id(part) in self._names and called in type(part).__name__.lower():
                return part
            frame = frame.f_back  # type: ignore[assignment]
        return None


_RULES: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(_ADDS, _Tracer._add),
    **dict.fromkeys(_TIMES, _Tracer._times),
    **dict.fromkeys(_PRODUCTS, _Tracer._product),
    **dict.fromkeys(("linear", "addmm"), _Tracer._linear),
    "layer_norm": _Tracer._layer_norm,
    "rms_norm": _Tracer._rms_norm,
    "scaled_dot_product_attention": _Tracer._fused,
    "baddbmm": _Tracer._biased_product,
}


# -------------------------------------------------------------------- helpers


def _tensors(values: Any) -> Any:
    for value in values:
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, list | tuple):
            yield from _tensors(value)


def _detached(values: Any) -> Any:
    if isinstance(values, Tensor):
        return values.detach() if values.requires_grad else values
    if isinstance(values, dict):
        return {name: _detached(value) for name, value in values.items()}
    if isinstance(values, list | tuple) and type(values) in (list, tuple):
        return type(values)(_detached(value) for value in values)
    return values


def _tag(tensor: Any) -> Any:
    return getattr(tensor, "_attnviz_from", None)


def _put(result: Any, tag: Any) -> Any:
    for each in _tensors((result,)):
        if each.is_floating_point():
            each._attnviz_from = tag
    return result


def _affine(name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[Tensor, Tensor | None, bool]:
    """Weight, bias, and whether the weight stands as (in, out): of `linear`, and of `addmm` as GPT-2 calls it."""
    if name != "linear":
        return (args[2], args[0], True) if name == "addmm" else (args[1], None, True)
    _, weight, bias = _arguments(args, kwargs, "input weight bias", None)
    return weight, bias, False


def _arguments(args: Sequence[Any], kwargs: Mapping[str, Any], names: str, last: Any) -> list[Any]:
    """The arguments by name; what is missing is None, the last one `last`."""
    listed = names.split()
    found = dict(zip(listed, args, strict=False)) | {name: kwargs[name] for name in listed if name in kwargs}
    return [found.get(name, last if name == listed[-1] else None) for name in listed]
