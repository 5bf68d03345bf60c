"""A model that is already there: looked at through a view of its own, so that the caller's is never changed.

The view shares the weights; it is in evaluation mode, and its parameters want no gradient, whatever the caller's do.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from attnviz.errors import ModelUnsupported
from attnviz.language import say
from attnviz.loading.cards import card_of
from attnviz.loading.config import check_config
from attnviz.loading.loader import Loaded
from attnviz.loading.processor import part_for

if TYPE_CHECKING:
    import torch
    from torch import nn
    from transformers import PreTrainedModel


def load_module(module: Any, tokenizer: Any = None, processor: Any = None) -> Loaded:
    """A model of transformers that is in memory, on its own device and in its own dtype.

    Args:
        tokenizer: the one that it was trained with; needed where the model reads text.
        processor: its image processor or feature extractor, or what holds one; its tokenizer is taken from there, too.

    Raises: ModelUnsupported, which says what the model lacks.
    """
    device = _checked(module)
    tokenizer = getattr(processor, "tokenizer", None) if tokenizer is None else tokenizer
    card = card_of(
        module.config,
        str(getattr(module.config, "_name_or_path", "") or type(module).__name__),
        architecture=type(module).__name__,
        source="memory",
        parameters=sum(parameter.numel() for parameter in module.parameters()),
        tokenizer_limit=int(min(getattr(tokenizer, "model_max_length", 0), 10**18)),
    )
    check_config(module.config.to_dict(), card.name)
    if tokenizer is None and card.modality in ("text", "text+image"):
        raise _refusal(
            card.name, "it reads text, and no tokenizer was given", "Give it: load(module, tokenizer=...)."
        )
    if tokenizer is not None and not callable(getattr(tokenizer, "get_vocab", None)):
        raise _refusal(
            card.name, f"{type(tokenizer).__name__} is no tokenizer of transformers", "Give its tokenizer."
        )
    takes_text = card.modality == "text"  # a processor then carried the tokenizer
    part = None if processor is None or takes_text else part_for(processor, card.modality, card.name)
    return Loaded(card, device, module.dtype, view(module), tokenizer, processor=part)


def view(module: PreTrainedModel) -> PreTrainedModel:
    """The same model over the same weights, in evaluation mode; what is done to it does not reach the original."""
    from torch import nn

    memo: dict[int, Any] = {
        id(parameter): nn.Parameter(parameter.detach(), requires_grad=False)
        for parameter in module.parameters()
    }
    memo |= {id(buffer): buffer for buffer in module.buffers()}
    return copy.deepcopy(module, memo).eval()


def _checked(module: Any) -> torch.device:
    """The device of a model that can be looked at."""
    from transformers import PreTrainedModel

    kind = type(module)
    if _of_peft(kind) or (
        hasattr(module, "modules") and any(_of_peft(type(part)) for part in module.modules())
    ):
        raise _refusal(
            kind.__name__,
            "an adapter of PEFT is put around its layers, so that what they write is not what their weights say",
            "Merge it first: module = module.merge_and_unload().",
        )
    if not isinstance(module, PreTrainedModel):
        raise _refusal(
            kind.__name__,
            "it is no model of transformers",
            "Give a PreTrainedModel, or save yours with save_pretrained and load the directory.",
        )
    devices: set[Any] = {parameter.device for parameter in module.parameters()}
    if len(devices) != 1 or next(iter(devices)).type == "meta":
        raise _refusal(
            kind.__name__,
            f"its weights lie on {', '.join(sorted(map(str, devices))) or 'no device'}",
            "Put all of it on one device: module.to(device).",
        )
    device: torch.device = devices.pop()
    return device


def _of_peft(kind: type[nn.Module]) -> bool:
    return any(base.__module__.split(".")[0] == "peft" for base in kind.__mro__)


def _refusal(name: str, what: str, remedy: str) -> ModelUnsupported:
    return ModelUnsupported(
        say("The model {name!r} cannot be used: {what}.", name=name, what=what), remedy, reason="not-captured"
    )
