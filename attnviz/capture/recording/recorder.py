"""One forward pass, recorded: the queries, keys, values and outputs of every attention module, by reference.

`record` runs the model's own fast path and returns its output with one `Call` per attention module, in the order
in which they ran. Nothing is computed here: a `Call` recomputes weights when somebody asks for them.
"""

from __future__ import annotations

import contextlib
import inspect
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import torch

from attnviz.capture.masks import (
    DenseBias,
    DenseMask,
    Mask,
    SpanMask,
    ToeplitzBias,
    causal_mask,
    compact_bias,
    compact_mask,
)
from attnviz.capture.recompute.scores import DenseScores, QueryKeyScores, Scores
from attnviz.capture.recording.interface import ACTIVE, Sink, trusted_view
from attnviz.errors import ModelUnsupported
from attnviz.language import say

Role = Literal["encoder", "decoder", "cross"]
Tensor = torch.Tensor


@dataclass(frozen=True)
class Call:
    """One attention module, called once.

    `layer` counts the calls of one role from 0. Tensors: v (B, Hk, K, dv) and out (B, Q, H, dv), or None where
    the family did not show them.
    """

    module: torch.nn.Module | None
    name: str
    role: Role
    layer: int
    scores: Scores
    v: Annotated[Tensor, "B Hk K dv"] | None = None
    out: Annotated[Tensor, "B Q H dv"] | None = None

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(B, H, Q, K)."""
        return self.scores.shape

    @property
    def q(self) -> Tensor:
        """(B, H, Q, d) queries, after rotary embedding."""
        return self._scores().q

    @property
    def k(self) -> Tensor:
        """(B, H / groups, K, d) keys, after rotary embedding."""
        return self._scores().k

    @property
    def scale(self) -> float:
        """What the products of queries and keys are multiplied by."""
        return self._scores().scale

    def _scores(self) -> QueryKeyScores:
        if not isinstance(self.scores, QueryKeyScores):
            raise ModelUnsupported(
                f"{self.name or 'This attention'} shows its weights, but not its queries and keys.",
                reason="not-captured",
            )
        return self.scores

    def weights(
        self, head: int, rows: Any = slice(None), batch: int = 0, dtype: torch.dtype = torch.float32
    ) -> Annotated[Tensor, "rows K"]:
        """The exact softmax rows of one head, recomputed now."""
        return self.scores.weights_block(slice(head, head + 1), rows, batch, dtype=dtype)[0]


def role_of(name: str, module: torch.nn.Module | None) -> Role:
    """Which attention a module is: by its name first, since attributes alone mislead (DETR's decoder is not causal)."""
    if re.search(r"cross|encoder_attn|encdec", f"{name}.{type(module).__name__}", re.IGNORECASE):
        return "cross"
    if getattr(module, "is_cross_attention", False):
        return "cross"
    if re.search(r"(^|\.)decoder\.", name) and not re.search(r"(^|\.)encoder\.", name):
        return "decoder"
    causal = getattr(module, "is_causal", False) or getattr(module, "is_decoder", False)
    return "decoder" if causal else "encoder"


def looks_causal(scores: Scores) -> bool:
    """Whether no row looks ahead, in a square attention of more than one token."""
    _, _, queries, keys = scores.shape
    if queries != keys or queries == 1:
        return False
    if isinstance(scores, DenseScores):
        return not bool(scores.weights.triu(1).any())
    if isinstance(scores.mask, SpanMask):
        ahead = torch.arange(1, queries + 1, device=scores.mask.stop.device)
        return bool((scores.mask.stop <= ahead).all())
    return False


class Recorder:
    """Collects the calls of one forward pass. Masks and biases are shared by the layers: each is compacted once."""

    def __init__(self, module: torch.nn.Module) -> None:
        self._names = {id(part): name for name, part in module.named_modules()}
        self._calls: list[
            tuple[torch.nn.Module | None, Scores | dict[str, Any], Tensor | None, Tensor | None]
        ] = []
        self._memo: dict[tuple[int, int], Any] = {}

    def __len__(self) -> int:
        return len(self._calls)

    def attention(
        self, module: torch.nn.Module, q: Tensor, k: Tensor, v: Tensor, out: Tensor, **how: Any
    ) -> None:
        """Note one call; masks are compacted at the end, off the model's own path."""
        self._calls.append((module, {"q": q.detach(), "k": k.detach(), **how}, v.detach(), out.detach()))

    def weights(self, module: torch.nn.Module | None, weights: Tensor) -> None:
        """Note the weights of a family that does not show its queries and keys."""
        self._calls.append((module, DenseScores(weights.detach()), None, None))

    def calls(self) -> tuple[Call, ...]:
        """The finished calls, numbered by role in the order in which they ran."""
        counts: Counter[str] = Counter()
        finished = []
        noted = [(module, self._finished(scores), v, out) for module, scores, v, out in self._calls]
        roles = [role_of(self._names.get(id(module), ""), module) for module, *_ in noted]
        if set(roles) == {"encoder"} and all(looks_causal(scores) for _, scores, _, _ in noted):
            roles = ["decoder"] * len(roles)  # Bloom's and MPT's modules do not say that they are causal
        for (module, scores, v, out), role in zip(noted, roles, strict=True):
            name = self._names.get(id(module), "")
            finished.append(Call(module, name, role, counts[role], scores, v, out))
            counts[role] += 1
        self._calls.clear()
        self._memo.clear()
        return tuple(finished)

    def _finished(self, scores: Scores | dict[str, Any]) -> Scores:
        return self._scores(**scores) if isinstance(scores, dict) else scores

    def _scores(
        self, q: Tensor, k: Tensor, mask: Any, scale: float, causal: bool, bias: Any, softcap: Any, sinks: Any
    ) -> QueryKeyScores:
        rule, added = self._once(mask, q.shape[2], compact_mask) if mask is not None else (None, None)
        if causal:
            rule = self._once(
                None, q.shape[2] * (k.shape[2] + 1), lambda _, __: causal_mask(q, q.shape[2], k.shape[2])
            )
        position = self._once(bias, 0, lambda tensor, _: compact_bias(tensor)) if bias is not None else None
        return QueryKeyScores(
            q, k, scale, mask=_within(rule, k.shape[2]), bias=_sum_of(added, position),
            softcap=softcap, sinks=None if sinks is None else sinks.detach().reshape(-1),
        )  # fmt: skip

    def _once(self, tensor: Any, size: int, compact: Any) -> Any:
        key = (id(tensor), size)  # the tensor is kept beside the result, so that its id stays its own
        if key not in self._memo:
            self._memo[key] = (tensor, compact(tensor, size))
        return self._memo[key][1]


def _within(mask: Mask | None, keys: int) -> Mask | None:
    """Some families hand over a mask for more keys than there are."""
    if mask is None:
        return None
    if isinstance(mask, SpanMask) and mask.keys.shape[1] > keys:
        return SpanMask(mask.first.clamp(max=keys), mask.stop.clamp(max=keys), mask.keys[:, :keys])
    if isinstance(mask, DenseMask) and mask.allowed.shape[3] > keys:
        return DenseMask(mask.allowed[..., :keys])
    return mask


def _sum_of(first: Any, second: Any) -> ToeplitzBias | DenseBias | None:
    if first is None or second is None:
        return first if second is None else second
    raise ModelUnsupported(say("This model adds two position biases at once."), reason="not-captured")


@contextlib.contextmanager
def active(sink: Sink) -> Iterator[None]:
    """Within the block, the attention of views that run on this thread goes to the sink."""
    token = ACTIVE.set(sink)
    try:
        yield
    finally:
        ACTIVE.reset(token)


def record(module: torch.nn.Module, inputs: Mapping[str, Any]) -> tuple[Any, tuple[Call, ...]]:
    """Run one forward pass under no_grad and record its attention.

    Args:
        module: a transformers model in eval mode; it is not switched, and may be in use by other threads.
        inputs: keyword arguments of its forward.

    Returns:
        The model's output, bit-equal to `module(**inputs)`, and its calls.

    Raises:
        ModelUnsupported: nothing was recorded (`reason` "not-captured"); Mamba, for instance, has no attention.
    """
    output, calls, _ = _seen(module, inputs)
    return output, calls


def record_calls(
    module: torch.nn.Module, inputs: Mapping[str, Any]
) -> tuple[tuple[Call, ...], torch.nn.Module | None]:
    """The calls of `record`, without the logits that nobody looks at; and the view that was run in the module's place.

    The view is None where the thread was watched instead. Raises as `record` does.
    """
    _, calls, view = _seen(module, *unread(module, inputs))
    return calls, view


def unread(module: torch.nn.Module, inputs: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
    """Inputs for a pass whose output nobody reads, and whether its base may run alone, without the head.

    A language model gives the logits of one place where it can be told to. Another whose head is a vocabulary (BERT's
    masked one) runs without it, if its base takes the same inputs.
    """
    names = inspect.signature(module.forward).parameters
    if "logits_to_keep" in names:
        return {**inputs, "logits_to_keep": 1}, False
    base: Any = getattr(module, "base_model", module)
    output = getattr(module, "get_output_embeddings", lambda: None)
    bare = base is not module and output() is not None
    return dict(inputs), bare and set(inputs) <= set(inspect.signature(base.forward).parameters)


def _seen(
    module: torch.nn.Module, inputs: Mapping[str, Any], bare: bool = False
) -> tuple[Any, tuple[Call, ...], torch.nn.Module | None]:
    """The output, the calls and the view; with `bare` the base runs without its head."""
    with torch.no_grad():
        output, calls, view = _recorded(module, inputs, bare)
    if not calls:
        raise ModelUnsupported(
            say("{kind} ran, but showed no attention.", kind=type(module).__name__),
            say("It has none (Mamba, RWKV), or attends in blocks (Longformer); choose another Transformer."),
            reason="not-captured",
        )
    return output, calls, view


def _recorded(
    module: torch.nn.Module, inputs: Mapping[str, Any], bare: bool
) -> tuple[Any, tuple[Call, ...], torch.nn.Module | None]:
    """Through the interface where the family uses it, else by watching the thread."""
    from attnviz.capture.recording.tap import Tap

    if (view := trusted_view(module, inputs)) is not None:
        recorder = Recorder(view)
        running: Any = view
        with active(recorder):
            output = (running.base_model if bare else running)(**inputs)
        if len(recorder):
            return output, recorder.calls(), view
    recorder = Recorder(module)
    with Tap(module, recorder):
        output = module(**inputs)
    return output, recorder.calls(), None
