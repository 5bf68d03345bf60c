"""A model's card from its transformers config, for any family.

In flows a config object; out flows a ModelCard. Families disagree on names of fields: transformers' attribute maps
settle most, the tables here the rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attnviz.types import ModelCard, ModelKind

if TYPE_CHECKING:
    from transformers import PreTrainedConfig

# Position ids start behind the padding index here, so that many rows of the position table are never used.
PADDED_POSITIONS = frozenset((
    "roberta", "xlm-roberta", "xlm-roberta-xl", "roberta-prelayernorm", "camembert", "xmod", "data2vec-text",
    "longformer", "mpnet", "ibert", "luke", "mluke", "markuplm", "layoutlmv3", "lilt",
))  # fmt: skip
# Relative positions without a table: the number in the config, if any, is only a training length.
RELATIVE_POSITIONS = frozenset((
    "t5", "mt5", "umt5", "longt5", "switch_transformers", "udop", "pop2piano", "bloom", "mpt", "xlnet", "funnel",
))  # fmt: skip
SANE_LENGTH = 10_000_000  # tokenizers without a limit say 10**30
POSITION_KEYS = (
    "max_position_embeddings",
    "max_encoder_position_embeddings",
    "n_positions",
    "max_target_positions",
    "max_seq_len",
    "seq_length",
)
DECODER_LAYER_KEYS = ("num_decoder_layers", "decoder_layers")
LAYER_KEYS = ("depths", "num_hidden_layers", "num_layers", "n_layer", "n_layers", "encoder_layers")
DECODER_HEAD_KEYS = ("decoder_attention_heads",)
HEAD_KEYS = ("num_attention_heads", "num_heads", "n_head", "n_heads", "encoder_attention_heads")
WIDTH_KEYS = ("hidden_size", "d_model", "n_embd", "dim", "embed_dim", "hidden_sizes")
# In transformers' table of causal language models, and yet two-directional unless the config says is_decoder.
TWO_WAY = frozenset({"bert-generation", "xlnet"})
GENERATES = ("ForConditionalGeneration", "ForCausalLM", "LMHeadModel")


def card_of(
    config: PreTrainedConfig,
    name: str,
    *,
    architecture: str = "",
    source: str = "",
    revision: str = "",
    parameters: int = 0,
    license: str = "",
    notes: str = "",
    tokenizer_limit: int = 0,
) -> ModelCard:
    """The card of a model with this config.

    For an encoder-decoder layers, heads and width are the decoder's. `max_tokens` is 0 where positions have no
    limit. Does not raise for an odd config: what it does not say is 0.

    Args:
        architecture: the class that is loaded, "" for the one that the config names first.
        tokenizer_limit: the tokenizer's model_max_length, used where the architecture has no limit.
    """
    architecture = architecture or (getattr(config, "architectures", None) or [""])[0]
    kind = kind_of(config, architecture)
    text = _text_config(config, kind)
    modality = modality_of(config)
    decodes = kind != "encoder"
    return ModelCard(
        name=name,
        source=source,
        revision=revision,
        family=str(config.model_type),
        kind=kind,
        modality=modality,
        layers=_count(text, DECODER_LAYER_KEYS * decodes + LAYER_KEYS, total=True),
        heads=_count(text, DECODER_HEAD_KEYS * decodes + HEAD_KEYS),
        width=_count(text, WIDTH_KEYS),
        max_tokens=_max_tokens(text, tokenizer_limit) if modality in ("text", "text+image") else 0,
        parameters=parameters,
        license=license,
        notes=notes,
    )


def kind_of(config: PreTrainedConfig, architecture: str) -> ModelKind:
    """Which way attention runs: from the class, the config's flags, and transformers' tables of families."""
    from transformers.models.auto.modeling_auto import (
        MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
        MODEL_FOR_MASKED_LM_MAPPING_NAMES,
    )

    if architecture.endswith(
        ("EncoderModel", "ForTextEncoding", "ForAudioClassification")
    ):  # of two-part configs
        return "encoder"
    if getattr(config, "is_encoder_decoder", False):
        return "decoder" if architecture.endswith("ForCausalLM") else "encoder-decoder"
    text = _text_config(config, "decoder")
    if text is not config and modality_of(config) == "text+image" and architecture.endswith(GENERATES):
        return "decoder"  # a language model that also reads images, whatever its text part is called
    if getattr(text, "use_bidirectional_attention", False) is True:
        return "encoder"
    family = text.model_type
    two_way = family in MODEL_FOR_MASKED_LM_MAPPING_NAMES or family in TWO_WAY
    if two_way:
        return "decoder" if getattr(text, "is_decoder", False) else "encoder"
    causal = family in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES or architecture.endswith(
        ("ForCausalLM", "LMHeadModel")
    )
    return "decoder" if causal else "encoder"


def modality_of(config: PreTrainedConfig) -> str:
    """ "text", "image", "speech" or "text+image", from what the family's base model takes as input."""
    from transformers import MODEL_MAPPING

    if config.model_type.startswith(("vision-encoder", "speech-encoder")):
        return "image" if config.model_type.startswith("vision") else "speech"
    try:
        model: Any = MODEL_MAPPING[type(config)]
    except Exception:  # not in the table, or its code needs a package that is not installed
        return "text"
    given: Any = (model[0] if isinstance(model, tuple) else model).input_modalities
    inputs = {given} if isinstance(given, str) else set(given)
    if inputs & {"image", "video"}:
        return "text+image" if "text" in inputs else "image"
    return "speech" if "audio" in inputs else "text"


def _text_config(config: PreTrainedConfig, kind: ModelKind) -> Any:
    """The part of a composite config that describes the text side, or the config itself."""
    names = ("decoder", "text_config", "generator") if kind != "encoder" else ("text_config", "text_encoder")
    for name in names:
        part = getattr(config, name, None)
        if part is not None and hasattr(part, "model_type"):
            return part
    return config


def _count(config: Any, keys: tuple[str, ...], total: bool = False) -> int:
    """The first of `keys` that is a number; of a list (one per stage) the sum or the largest."""
    for key in keys:
        try:
            value = getattr(config, key, None)
        except Exception:  # transformers refuses to give one number where layers differ
            continue
        if isinstance(value, list | tuple) and value and all(isinstance(item, int) for item in value):
            value = sum(value) if total else max(value)
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            return value
    return 0


def _max_tokens(config: Any, tokenizer_limit: int) -> int:
    fallback = tokenizer_limit if 0 < tokenizer_limit < SANE_LENGTH else 0
    if config.model_type in RELATIVE_POSITIONS or getattr(config, "alibi", False) is True:
        return fallback
    positions = _count(config, POSITION_KEYS)
    if positions and config.model_type in PADDED_POSITIONS:
        return max(positions - (getattr(config, "pad_token_id", None) or 0) - 1, 0)
    return positions or fallback
