"""Tiny random models with sharp attention: the record of a family, its seeded module and its inputs.

`build` makes the module from a config; the functions of inputs make a batch of two, unpadded or with a
shorter second row. Nothing here knows the engine under test; families.py lists the families.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
import transformers
from torch import Tensor, nn

LONG, SHORT = 14, 9  # tokens of the first row, and of the second where it is padded
SOURCE_LONG, SOURCE_SHORT = 11, 6  # the same for the other side of cross-attention
VOCABULARY = 99

Inputs = dict[str, Tensor]
Lengths = Mapping[str, tuple[int, int]]  # role -> number of real queries in row 0 and row 1


@dataclass(frozen=True)
class Family:
    """One entry of the contract.

    Attributes:
        name: the test id.
        config, model: class names in transformers; `options` are the config's.
        inputs: makes the inputs of a batch of two; the argument says whether the second row is padded.
        layers: role -> number of captured attention layers.
        lengths: role -> real queries of each row when padded; empty where the family takes no padding.
        gain: how far the query and key weights are scaled up, so that the attention is sharp.
        tolerance: largest absolute difference from eager attention in float32.
        fallback: the family does not use transformers' attention interface.
        sums_to_one: False where part of a row goes to a sink.
        reference: where the truth comes from. "outputs": eager, output_attentions=True. "function": the modelling
            file's own eager function, observed, where the outputs leave layers out. "logits": the outputs show
            scores before the softmax. "sdpa": torch's function, observed, where the eager path computes
            something else than the default path does.
        notes: what is special about it.
    """

    name: str
    config: str
    model: str
    options: Mapping[str, Any]
    inputs: Callable[[bool], Inputs]
    layers: Mapping[str, int]
    lengths: Lengths = field(default_factory=dict)
    gain: float = 2.0
    tolerance: float = 1e-5
    fallback: bool = False
    sums_to_one: bool = True
    reference: str = "outputs"
    notes: str = ""

    @property
    def takes_padding(self) -> bool:
        return bool(self.lengths)


# --------------------------------------------------------------------------------------------- inputs


def _ids(seed: int, length: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(5, VOCABULARY, (2, length), generator=generator)


def _mask(long: int, short: int) -> Tensor:
    mask = torch.ones(2, long, dtype=torch.long)
    mask[1, short:] = 0
    return mask


def _noise(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(7))


def text(padded: bool) -> Inputs:
    inputs = {"input_ids": _ids(1, LONG)}
    if padded:
        inputs["attention_mask"] = _mask(LONG, SHORT)
    return inputs


def text_beside_encoder(padded: bool) -> Inputs:
    """A decoder fed with somebody else's encoder states."""
    inputs = text(padded) | {"encoder_hidden_states": _noise(2, SOURCE_LONG, 32)}
    if padded:
        inputs["encoder_attention_mask"] = _mask(SOURCE_LONG, SOURCE_SHORT)
    return inputs


def sequence_to_sequence(padded: bool) -> Inputs:
    inputs = {"input_ids": _ids(2, SOURCE_LONG), "decoder_input_ids": _ids(3, LONG)}
    if padded:
        inputs["attention_mask"] = _mask(SOURCE_LONG, SOURCE_SHORT)
        inputs["decoder_attention_mask"] = _mask(LONG, SHORT)
    return inputs


def speech_to_text(padded: bool) -> Inputs:
    inputs = {"input_features": _noise(2, 20, 30), "decoder_input_ids": _ids(3, LONG)}
    if padded:
        inputs["decoder_attention_mask"] = _mask(LONG, SHORT)
    return inputs


def waveform(padded: bool) -> Inputs:
    inputs = {"input_values": _noise(2, 160)}
    if padded:
        inputs["attention_mask"] = _mask(160, 96)
    return inputs


def picture(padded: bool) -> Inputs:
    return {"pixel_values": _noise(2, 3, 16, 16)}


def picture_with_mask(padded: bool) -> Inputs:
    inputs = {"pixel_values": _noise(2, 3, 64, 64)}
    if padded:
        mask = torch.ones(2, 64, 64, dtype=torch.long)
        mask[1, :, 32:] = 0
        inputs["pixel_mask"] = mask
    return inputs


# --------------------------------------------------------------------------------------------- modules

_QUERY_OR_KEY = re.compile(
    r"(^|[._])(q|k|q_proj|k_proj|query|key|q_lin|k_lin|Wq|Wk|c_attn|qkv|qkv_proj|Wqkv|query_key_value|query_proj|key_proj"
    r"|in_proj|q_a_proj|q_b_proj|kv_b_proj)([._]|$)"
)
_QUERY_OR_KEY_NORM = re.compile(r"[qk]_(layer)?norm\.weight$")
_EMBEDDING = re.compile(r"embed|wte|wpe")
_STATE_SPACE = re.compile(r"A_log|dt_|conv1d|\.D$|mamba|linear_attn")


def _sharpen(module: nn.Module, gain: float) -> None:
    """Weights of unit gain, and queries and keys scaled by `gain`; norms and biases away from 1 and 0.

    A model as it is initialised attends almost uniformly, which would hide a lost mask, bias or scale.
    """
    generator = torch.Generator().manual_seed(11)
    with torch.no_grad():
        for name, weight in module.named_parameters():
            noise = torch.randn(weight.shape, generator=generator)
            if _STATE_SPACE.search(name):
                continue
            if _QUERY_OR_KEY_NORM.search(name):
                weight.mul_(0).add_(gain + 0.2 * noise)
            elif name.endswith("sinks"):
                weight.copy_(2.0 + noise)
            elif weight.dim() < 2:
                weight.add_(0.2 * noise)
            else:
                # 3-d: experts (E, in, out) or a 1-d convolution
                fan_in = weight.shape[-1] if weight.dim() == 3 else weight[0].numel()
                scale = 1.0 if "bias" in name else 0.5 if _EMBEDDING.search(name) else fan_in**-0.5
                if "input_projection" in name:  # DETR's backbone is loud
                    scale *= 0.12
                weight.copy_(noise * scale * (gain if _QUERY_OR_KEY.search(name) else 1.0))


@dataclass(frozen=True)
class Nested:
    """A config inside a config."""

    config: str
    options: Mapping[str, Any]


def _make_config(family: Family, attention: str | None) -> Any:
    options = dict(family.options)
    for name, value in options.items():
        if isinstance(value, Nested):
            options[name] = getattr(transformers, value.config)(**value.options)
    if attention is not None:
        options["attn_implementation"] = attention
    return getattr(transformers, family.config)(**options)


def build(family: Family, attention: str | None = None) -> nn.Module:
    """The family's module in eval mode, always with the same weights; `attention` None: transformers' default."""
    torch.manual_seed(0)
    module: nn.Module = getattr(transformers, family.model)(_make_config(family, attention)).eval()
    _sharpen(module, family.gain)
    return module


def tensors(output: Any) -> dict[str, Tensor]:
    """The tensors of a module's output, by name."""
    return {name: value for name, value in output.items() if isinstance(value, Tensor)}
