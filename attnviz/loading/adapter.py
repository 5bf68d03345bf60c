"""PEFT's LoRA adapters: directories of a few weights that change those of a base model, merged into it at load.

W' = W + s B A, with s = alpha / r (Hu et al. 2021, section 4.1) or alpha / sqrt(r) (rank-stabilised). What else an
adapter may be is refused with the way to merge it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attnviz.errors import ModelUnsupported
from attnviz.language import say
from attnviz.loading.weights import damaged, read_json, read_tensors

if TYPE_CHECKING:
    import torch
    from torch import nn

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
MOST = 1 << 20  # of rank and alpha; those of people are a thousand times smaller
PREFIX = "base_model.model."
A, B = ".lora_A.weight", ".lora_B.weight"
# Settings that change what the adapter computes, and the values with which they do not.
PLAIN: dict[str, tuple[Any, ...]] = {
    "use_dora": (None, False), "modules_to_save": (None, []), "bias": (None, "none"),
    "trainable_token_indices": (None,),
    "target_parameters": (None, []), "layer_replication": (None,), "use_qalora": (None, False),
    "megatron_config": (None,), "alora_invocation_tokens": (None,), "rank_pattern": (None, {}),
    "alpha_pattern": (None, {}),
}  # fmt: skip


@dataclass(frozen=True)
class Adapter:
    """An adapter's directory, the base that it names, and s, by which B A is multiplied."""

    directory: Path
    base: str
    revision: str | None
    scale: float
    transposed: bool


def read_adapter(directory: Path, name: str) -> Adapter | None:
    """The adapter in a directory, None where there is none. Raises ModelUnsupported for what cannot be merged here."""
    if not (directory / CONFIG).is_file():
        return None
    config = read_json(directory / CONFIG, name)
    kind = config.get("peft_type")
    odd = [key for key, plain in PLAIN.items() if config.get(key) not in plain]
    if kind != "LORA" or odd:
        what = f"of the kind {str(kind)[:20]!r}" if kind != "LORA" else f"with {', '.join(odd)}"
        raise unmerged(name, f"its adapter is one {what}, which is not merged here")
    base, rank, alpha = (config.get(key) for key in ("base_model_name_or_path", "r", "lora_alpha"))
    if (
        not isinstance(base, str)
        or not base
        or type(rank) is not int
        or not 0 < rank <= MOST
        or not isinstance(alpha, int | float)
        or not abs(alpha) <= MOST  # neither infinite nor no number
    ):
        raise damaged(name, f"{CONFIG} names no base model, or no rank and alpha")
    revision = config.get("revision")
    return Adapter(
        directory,
        base,
        revision if isinstance(revision, str) and revision else None,
        float(alpha) / (rank**0.5 if config.get("use_rslora") else rank),
        config.get("fan_in_fan_out") is True,
    )


def merge(module: nn.Module, adapter: Adapter, name: str) -> None:
    """Add the adapter to the module's weights, in float32. Raises ModelUnsupported where its parts do not fit."""
    import torch
    from safetensors.torch import load_file

    if not (adapter.directory / WEIGHTS).is_file():
        raise damaged(name, f"it has no {WEIGHTS}")
    read_tensors(adapter.directory / WEIGHTS, name)  # checks the header
    tensors = load_file(adapter.directory / WEIGHTS)
    places = {key.removesuffix(A).removesuffix(B) for key in tensors}
    if not places or set(tensors) != {place + part for place in places for part in (A, B)}:
        raise unmerged(name, "its adapter holds more than pairs of matrices for linear layers")
    for place in sorted(places):
        weight = _weight(module, place.removeprefix(PREFIX), name)
        up, down = tensors[place + B].float(), tensors[place + A].float()
        sizes = (
            *up.shape[:1],
            *down.shape[1:],
        )  # of the product, which two thin matrices make as large as they like
        if (
            up.ndim != 2
            or down.ndim != 2
            or up.shape[1] != down.shape[0]
            or (sizes[::-1] if adapter.transposed else sizes) != weight.shape
        ):
            raise damaged(name, f"its adapter does not fit the base at {place}")
        change = adapter.scale * (up @ down)
        change = change.T if adapter.transposed else change
        with torch.no_grad():
            weight.data = (weight.float() + change.to(weight.device)).to(weight.dtype)


def _weight(module: nn.Module, place: str, name: str) -> torch.Tensor:
    try:
        weight: torch.Tensor = module.get_parameter(f"{place}.weight")
    except AttributeError as error:
        raise damaged(name, f"its adapter changes {place[:80]}, which the base does not have") from error
    return weight


def unmerged(name: str, what: str) -> ModelUnsupported:
    """The error for an adapter that is not merged here, with the way to do it."""
    return ModelUnsupported(
        say("The model {name!r} cannot be used: {what}.", name=name, what=what),
        say(
            "Merge it with PEFT: PeftModel.from_pretrained(base, "
            "directory).merge_and_unload().save_pretrained(new)."
        ),
        reason="not-captured",
    )
