"""How a running model is tapped: one attention function and one mask function registered with transformers.

Both do exactly what the model's own implementation does (so that the output stays bit-equal) and hand the
inputs of the attention to the recorder of the current thread, if there is one. A model is tapped through a
second view over the same weights, never switched itself: another thread may be running it.
"""

from __future__ import annotations

import copy
import inspect
import re
import sys
import threading
import weakref
from collections.abc import Mapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Protocol

import torch
from transformers import AttentionInterface, AttentionMaskInterface, PreTrainedModel
from transformers.masking_utils import ALL_MASK_ATTENTION_FUNCTIONS
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Callable

# transformers parses the name: it must not contain "sdpa", "flash", "flex_attention", "|" or "/".
IMPLEMENTATION = "attnviz"
DEFAULT_BASE = "sdpa"

_views: weakref.WeakKeyDictionary[torch.nn.Module, torch.nn.Module | None] = weakref.WeakKeyDictionary()
_views_lock = threading.Lock()


class Sink(Protocol):
    """What receives the inputs and the output of every attention call of one forward pass.

    It may return what the model goes on with in place of the output; None leaves it as it is.
    """

    def attention(
        self,
        module: torch.nn.Module,
        q: torch.Tensor,
        k: torch.Tensor,
        v: torch.Tensor,
        out: torch.Tensor,
        **how: Any,
    ) -> torch.Tensor | None: ...

    def weights(self, module: torch.nn.Module | None, weights: torch.Tensor) -> torch.Tensor | None:
        """In place of `attention`, from families that show their weights only: (B, H, Q, K)."""


ACTIVE: ContextVar[Sink | None] = ContextVar("attnviz_recorder", default=None)


def base_of(config: Any) -> str:
    """The implementation that the model itself would use, as noted when its view was made."""
    return getattr(config, "_attnviz_base", None) or DEFAULT_BASE


def _own_function(module: torch.nn.Module, base: str) -> Callable[..., Any]:
    """The function that the model's own file would have called."""
    file: Any = sys.modules[type(module).__module__]
    functions: Any = getattr(file, "ALL_ATTENTION_FUNCTIONS", ALL_ATTENTION_FUNCTIONS)
    return functions.get_interface(base, getattr(file, "eager_attention_forward", None))


def capturing_attention(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    **kwargs: Any,
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Attend as the model would have, and note what it takes to recompute the weights later."""
    base = base_of(getattr(module, "config", None))
    out, weights = _own_function(module, base)(module, query, key, value, attention_mask, **kwargs)
    if (sink := ACTIVE.get()) is not None:
        changed = sink.attention(
            module, query, key, value, out, mask=attention_mask,
            scale=_scale(module, query, kwargs.get("scaling")),
            causal=base != "eager" and attention_mask is None and query.shape[2] > 1 and _is_causal(module, kwargs),
            bias=kwargs.get("position_bias"), softcap=kwargs.get("softcap"),
            sinks=kwargs.get("s_aux") if kwargs.get("s_aux") is not None else getattr(module, "sinks", None),
        )  # fmt: skip
        out = out if changed is None else changed
    return out, weights


def _scale(module: torch.nn.Module, query: torch.Tensor, scaling: float | None) -> float:
    return float(scaling) if scaling is not None else float(query.shape[-1] ** -0.5)


def _is_causal(module: torch.nn.Module, kwargs: dict[str, Any]) -> bool:
    # The rule of transformers' sdpa_attention_forward: the call's own word first, then the module's, then yes.
    causal = kwargs.get("is_causal")
    return bool(causal if causal is not None else getattr(module, "is_causal", True))


def own_mask(*args: Any, config: Any = None, **kwargs: Any) -> torch.Tensor | None:
    """The mask that the model's own implementation would have been given."""
    return ALL_MASK_ATTENTION_FUNCTIONS[base_of(config)](*args, config=config, **kwargs)


def register() -> None:
    """Make the names known to transformers: the only process-wide effect, and an idempotent one."""
    AttentionInterface.register(IMPLEMENTATION, capturing_attention)
    AttentionMaskInterface.register(IMPLEMENTATION, own_mask)


def supports_interface(module: torch.nn.Module) -> bool:
    """Whether every part of the model takes its attention function from transformers' interface."""
    parts = [part for part in module.modules() if isinstance(part, PreTrainedModel)]
    return bool(parts) and all(type(part)._can_set_attn_implementation() for part in parts)


def _asks_for_its_implementation(module: torch.nn.Module) -> bool:
    """Whether a modelling file compares the name of the implementation, and so may act differently under ours."""
    files = {
        sys.modules.get(type(part).__module__)
        for part in module.modules()
        if isinstance(part, PreTrainedModel)
    }
    return any(
        file and re.search(r"_attn_implementation\s*(==|!=|in\b|not in\b)", inspect.getsource(file))
        for file in files
    )


def trusted_view(module: torch.nn.Module, inputs: Mapping[str, Any]) -> torch.nn.Module | None:
    """A view of the model that gives its own output bit for bit, or None.

    Views are kept for as long as the model lives. A family whose code asks for the name of the implementation is put
    to the test with these inputs, once: DeepSeek V3.2 computes something else under a name that it does not know.
    """
    with _views_lock:
        if module in _views:
            return _views[module]
    # Without the lock, since it takes up to two passes: who is here at the same time makes a view, too.
    view = None
    if supports_interface(module):
        register()
        view = _new_view(module)
        if _asks_for_its_implementation(module) and not _same_output(module, view, inputs):
            view = None
    with _views_lock:
        return _views.setdefault(module, view)


def _same_output(module: torch.nn.Module, view: torch.nn.Module, inputs: Mapping[str, Any]) -> bool:
    pairs = zip(_tensors(module(**inputs)), _tensors(view(**inputs)), strict=True)
    return all(torch.equal(own, seen) for own, seen in pairs)


def _tensors(output: Any) -> list[torch.Tensor]:
    values = output.values() if isinstance(output, Mapping) else output
    return [value for value in values if isinstance(value, torch.Tensor)]


def _new_view(module: torch.nn.Module) -> torch.nn.Module:
    """A second model over the SAME weights, with its own configs, that attends through `capturing_attention`.

    Parameters and buffers are put into deepcopy's memo, so that only the small Python shell is copied (about 20 ms).
    """
    memo = {id(tensor): tensor for tensor in (*module.parameters(), *module.buffers())}
    view: Any = copy.deepcopy(module, memo)
    for part in view.modules():
        config = getattr(part, "config", None)
        if config is not None and getattr(config, "_attnviz_base", None) is None:
            config._attnviz_base = config._attn_implementation
    view.set_attn_implementation(IMPLEMENTATION)
    return view
