"""A Llama in GGUF as a directory: weights unpacked and rounded to bfloat16, tokenizer and chat template.

Names and the order of rows in queries and keys as in llama.cpp's `convert_hf_to_gguf.py` (`LlamaModel.permute`).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attnviz.loading.packages.conversions.directory import (
    check_shape,
    write_config,
    write_tokenizer,
    write_weights,
)
from attnviz.loading.packages.formats.gguf import read_gguf
from attnviz.types import FloatArray

DTYPE = "bfloat16"  # rounds by 0.4 % at most: the 4 bits that the values come from are far coarser
PARTS = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
CONTROL = 3  # the type of a special token
KNOWN_TOKENIZERS = {("gpt2", "smollm")}


def convert(files: Mapping[str, bytes], out: Path) -> None:
    """`files`: "weights", the GGUF file. Raises ValueError."""
    metadata, packed = read_gguf(files["weights"])
    config = _config(metadata)
    tensors = state(packed, config)
    check_shape(tensors["model.embed_tokens.weight"], (config.vocab_size, config.hidden_size), "token_embd")
    write_weights(out, tensors, DTYPE)
    write_config(out, config, "LlamaForCausalLM", DTYPE)
    _write_tokenizer(metadata, out)


def state(packed: Mapping[str, FloatArray], config: Any) -> dict[str, FloatArray]:
    """The weights under transformers' names. Raises ValueError for one that has no place."""
    heads = {"attn_q": config.num_attention_heads, "attn_k": config.num_key_value_heads}
    renamed = {"token_embd.weight": "model.embed_tokens.weight", "output_norm.weight": "model.norm.weight"}
    tensors = {}
    for name, values in packed.items():
        if name in renamed:
            tensors[renamed[name]] = values
            continue
        block, layer, part, kind = name.split(".")
        if block != "blk" or kind != "weight" or not 0 <= int(layer) < config.num_hidden_layers:
            raise ValueError(f"the tensor {name} has no place in this family")
        own = _unpermuted(values, heads[part]) if part in heads else values
        tensors[f"model.layers.{int(layer)}.{PARTS[part]}.weight"] = own
    if len(tensors) != 2 + len(PARTS) * config.num_hidden_layers:
        raise ValueError(f"{len(tensors)} tensors do not fill {config.num_hidden_layers} layers")
    return tensors


def _unpermuted(values: FloatArray, heads: int) -> FloatArray:
    """llama.cpp turns pairs of neighbouring rows, transformers the two halves of a head."""
    return values.reshape(heads, -1, 2, values.shape[1]).swapaxes(1, 2).reshape(values.shape)


def _config(metadata: Mapping[str, Any]) -> Any:
    from transformers import LlamaConfig

    if metadata["general.architecture"] != "llama":
        raise ValueError(f"it is a {metadata['general.architecture']!r}, not a Llama")
    width, heads = metadata["llama.embedding_length"], metadata["llama.attention.head_count"]
    if not 0 < heads <= width or width % heads or metadata["llama.rope.dimension_count"] != width // heads:
        raise ValueError(f"{heads} heads do not share a width of {width}")
    return LlamaConfig(
        vocab_size=len(metadata["tokenizer.ggml.tokens"]),
        hidden_size=width,
        intermediate_size=metadata["llama.feed_forward_length"],
        num_hidden_layers=metadata["llama.block_count"],
        num_attention_heads=heads,
        num_key_value_heads=metadata["llama.attention.head_count_kv"],
        max_position_embeddings=metadata["llama.context_length"],
        rms_norm_eps=metadata["llama.attention.layer_norm_rms_epsilon"],
        rope_parameters={"rope_type": "default", "rope_theta": metadata["llama.rope.freq_base"]},
        bos_token_id=metadata["tokenizer.ggml.bos_token_id"],
        eos_token_id=metadata["tokenizer.ggml.eos_token_id"],
        pad_token_id=metadata["tokenizer.ggml.padding_token_id"],
        tie_word_embeddings=True,
    )


def _write_tokenizer(metadata: Mapping[str, Any], out: Path) -> None:
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    kind = metadata["tokenizer.ggml.model"], metadata["tokenizer.ggml.pre"]
    if kind not in KNOWN_TOKENIZERS:
        raise ValueError(f"its tokenizer is {kind}, which is not read here")
    pieces, merges = metadata["tokenizer.ggml.tokens"], metadata["tokenizer.ggml.merges"]
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    backend = Tokenizer(models.BPE(vocabulary, [tuple(pair.split(" ", 1)) for pair in merges]))
    # Each digit is a token of its own.
    digits, letters = pre_tokenizers.Digits(True), pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.pre_tokenizer = pre_tokenizers.Sequence([digits, letters])
    backend.decoder = decoders.ByteLevel()
    types = metadata["tokenizer.ggml.token_type"]
    special = [piece for piece, kind in zip(pieces, types, strict=True) if kind == CONTROL]
    backend.add_special_tokens([AddedToken(piece, special=True, normalized=False) for piece in special])
    names = {"bos": "bos", "eos": "eos", "unk": "unknown", "pad": "padding"}
    settings = {
        f"{ours}_token": pieces[metadata[f"tokenizer.ggml.{theirs}_token_id"]]
        for ours, theirs in names.items()
    }
    settings["model_max_length"] = metadata["llama.context_length"]
    write_tokenizer(out, backend, settings)
    (out / "chat_template.jinja").write_text(metadata["tokenizer.chat_template"], encoding="utf-8")
