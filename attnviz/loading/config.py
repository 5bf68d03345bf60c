"""Refusals that config.json alone decides, before torch is imported or a weight is read or downloaded.

In flows the parsed JSON; out flows nothing, or ModelUnsupported with its reason.
"""

from __future__ import annotations

from typing import Any

from attnviz.errors import ModelUnsupported
from attnviz.language import say
from attnviz.loading import families
from attnviz.loading.weights import damaged

# Families of transformers 5 without any attention matrix: state-space, recurrent, Fourier and convolutional.
# Hybrids (jamba, bamba, zamba, falcon_h1, qwen3_next, recurrent_gemma ...) have attention layers.
ATTENTION_FREE = frozenset((
    "mamba", "mamba2", "falcon_mamba", "rwkv", "xlstm", "fnet", "poolformer", "bit", "convnext", "convnextv2",
    "dinov3_convnext", "efficientnet", "focalnet", "hgnet_v2", "mobilenet_v1", "mobilenet_v2", "regnet", "resnet",
    "superpoint", "textnet", "univnet", "dac", "encodec",
))  # fmt: skip
# Kinds of layers, in configs that list theirs, that keep no attention matrix.
LAYERS_WITHOUT = {"mamba", "mamba2", "linear_attention", "conv", "recurrent", "mlp", "moe"}
LAYER_KINDS = ("layer_types", "layers_block_type", "block_types")


def check_config(config: dict[str, Any], name: str) -> None:
    """Raises ModelUnsupported unless transformers, or this package, has code for this config, with attention in it."""
    family = config.get("model_type")
    if (isinstance(family, str) and family in ATTENTION_FREE) or _layers_without_attention(config):
        raise ModelUnsupported(
            say(
                "The model {name!r} is of the family {family!r}, which has no attention to show.",
                name=name,
                family=family,
            ),
            say("Choose a Transformer, for example one of the catalogue."),
            reason="no-attention",
        )
    remote = bool(config.get("auto_map"))
    if remote and not (_known_family(family) and _known_class(config)):
        raise ModelUnsupported(
            say(
                "The model {name!r} can only run with Python code of its own ('auto_map' in its "
                "config.json); code that comes with a model is never run here.",
                name=name,
            ),
            say("Choose a model of a family that transformers knows."),
            reason="needs-remote-code",
        )
    if not _known_family(family):
        raise ModelUnsupported(
            say(
                "The model {name!r} is of the family {short}, which the installed transformers does not "
                "know.",
                name=name,
                short=_short(family),
            ),
            say("Choose another model, or install a transformers that has this family."),
            reason="unknown-architecture",
        )
    if config.get("quantization_config"):
        raise ModelUnsupported(
            say("The weights of the model {name!r} are quantized, which is not supported.", name=name),
            say("Choose the model's unquantized version."),
            reason="unknown-architecture",
        )


def architecture(config: dict[str, Any]) -> str:
    """The class that the checkpoint was saved from, "" where config.json does not say."""
    names = config.get("architectures")
    return names[0] if isinstance(names, list) and names and isinstance(names[0], str) else ""


def check_shape(config: dict[str, Any], name: str) -> None:
    """Raises ModelUnsupported ("damaged") for sizes that no model can have."""
    for key in (
        "hidden_size",
        "d_model",
        "n_embd",
        "dim",
        "num_hidden_layers",
        "num_attention_heads",
        "vocab_size",
    ):
        value = config.get(key, 1)
        if isinstance(value, bool) or (isinstance(value, int) and value < 1) or isinstance(value, str):
            raise damaged(name, f"config.json gives {key} as {_short(value)}")


def _known_family(family: object) -> bool:
    from transformers.models.auto.auto_mappings import CONFIG_MAPPING_NAMES

    return isinstance(family, str) and (family in CONFIG_MAPPING_NAMES or family in families.OWN)


def _known_class(config: dict[str, Any]) -> bool:
    """Whether the checkpoint's class is one of transformers: a custom class may reuse a family's name."""
    import transformers

    name = architecture(config)
    return not name or name in dir(transformers)  # dir() knows all names without importing their modules


def _layers_without_attention(config: dict[str, Any]) -> bool:
    for key in LAYER_KINDS:
        kinds = config.get(key)
        if isinstance(kinds, list) and kinds and {str(kind) for kind in kinds} <= LAYERS_WITHOUT:
            return True
    return False


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
