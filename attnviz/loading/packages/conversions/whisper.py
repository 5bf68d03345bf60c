"""An English Whisper in CTranslate2 as a directory: weights in their own half precision, processor, alignment heads."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attnviz.loading.packages.conversions.directory import (
    json_object,
    tokenizer_of,
    write_config,
    write_json,
    write_tokenizer,
    write_weights,
)
from attnviz.loading.packages.formats.ctranslate2 import read_ctranslate2
from attnviz.types import FloatArray

DTYPE = "float16"  # what the package holds
HEAD_SIZE, MEL = 64, 80  # of every Whisper of this size
END, START, NO_TIMES = "<|endoftext|>", "<|startoftranscript|>", "<|notimestamps|>"


def convert(files: Mapping[str, bytes], out: Path) -> None:
    """`files`: "weights", "tokenizer" and "config". Raises ValueError."""
    from transformers import WhisperConfig, WhisperFeatureExtractor

    specification, arrays = read_ctranslate2(files["weights"])
    if specification != "WhisperSpec":
        raise ValueError(f"it is a {specification!r}, not a Whisper")
    backend = tokenizer_of(files["tokenizer"])
    end, start = (_number(backend, name) for name in (END, START))
    vocabulary, width = arrays["decoder/embeddings/weight"].shape
    heads = width // HEAD_SIZE
    inner = arrays["encoder/layer_0/ffn/linear_0/weight"].shape[0]
    config = WhisperConfig(
        vocab_size=vocabulary, d_model=width, encoder_ffn_dim=inner, decoder_ffn_dim=inner, num_mel_bins=MEL,
        max_source_positions=len(arrays["encoder/position_encodings/encodings"]),
        max_target_positions=len(arrays["decoder/position_encodings/encodings"]),
        decoder_start_token_id=start, pad_token_id=end, bos_token_id=end, eos_token_id=end,
        encoder_layers=_layers(arrays, "encoder"), decoder_layers=_layers(arrays, "decoder"),
        encoder_attention_heads=heads, decoder_attention_heads=heads,
    )  # fmt: skip
    write_weights(out, state(arrays, config), DTYPE)
    write_config(out, config, "WhisperForConditionalGeneration", DTYPE)
    write_json(out / "generation_config.json", _generation(json_object(files["config"]), backend, config))
    WhisperFeatureExtractor(feature_size=MEL).save_pretrained(out)
    names = {"bos_token": END, "eos_token": END, "pad_token": END, "unk_token": END}
    length = config.max_target_positions
    write_tokenizer(
        out, backend, {"tokenizer_class": "WhisperTokenizer", **names, "model_max_length": length}
    )


def state(arrays: Mapping[str, FloatArray], config: Any) -> dict[str, FloatArray]:
    """The weights under transformers' names."""
    width, tensors = config.d_model, {}

    def linear(to: str, name: str, part: int | None = None) -> None:
        rows = slice(None) if part is None else slice(part * width, (part + 1) * width)
        tensors[f"{to}.weight"] = arrays[f"{name}/weight"][rows]
        if not to.endswith("k_proj"):  # Whisper's keys have no bias; CTranslate2 stores zeros for them
            tensors[f"{to}.bias"] = arrays[f"{name}/bias"][rows]

    def norm(to: str, name: str) -> None:
        tensors[f"{to}.weight"], tensors[f"{to}.bias"] = arrays[f"{name}/gamma"], arrays[f"{name}/beta"]

    def layer(to: str, name: str, decodes: bool) -> None:
        for part, letter in enumerate("qkv"):
            linear(f"{to}.self_attn.{letter}_proj", f"{name}/self_attention/linear_0", part)
        linear(f"{to}.self_attn.out_proj", f"{name}/self_attention/linear_1")
        norm(f"{to}.self_attn_layer_norm", f"{name}/self_attention/layer_norm")
        if decodes:
            linear(f"{to}.encoder_attn.q_proj", f"{name}/attention/linear_0")
            for part, letter in enumerate("kv"):
                linear(f"{to}.encoder_attn.{letter}_proj", f"{name}/attention/linear_1", part)
            linear(f"{to}.encoder_attn.out_proj", f"{name}/attention/linear_2")
            norm(f"{to}.encoder_attn_layer_norm", f"{name}/attention/layer_norm")
        linear(f"{to}.fc1", f"{name}/ffn/linear_0")
        linear(f"{to}.fc2", f"{name}/ffn/linear_1")
        norm(f"{to}.final_layer_norm", f"{name}/ffn/layer_norm")

    for side, count in (("encoder", config.encoder_layers), ("decoder", config.decoder_layers)):
        tensors[f"model.{side}.embed_positions.weight"] = arrays[f"{side}/position_encodings/encodings"]
        norm(f"model.{side}.layer_norm", f"{side}/layer_norm")
        for n in range(count):
            layer(f"model.{side}.layers.{n}", f"{side}/layer_{n}", side == "decoder")
    for name in ("conv1", "conv2"):
        linear(f"model.encoder.{name}", f"encoder/{name}")
    tensors["model.decoder.embed_tokens.weight"] = arrays["decoder/embeddings/weight"]
    return tensors


def _layers(arrays: Mapping[str, FloatArray], side: str) -> int:
    return len(
        {name.split("/")[1] for name in arrays if name.startswith(f"{side}/layer_") and name.count("/") > 2}
    )


def _number(backend: Any, piece: str) -> int:
    number = backend.token_to_id(piece)
    if number is None:
        raise ValueError(f"the tokenizer has no {piece}")
    return int(number)


def _generation(given: Mapping[str, Any], backend: Any, config: Any) -> dict[str, Any]:
    """generation_config.json: without `alignment_heads` in it, words could not be given times."""
    heads = [[int(layer), int(head)] for layer, head in given["alignment_heads"]]
    if any(
        not (0 <= a < config.decoder_layers and 0 <= b < config.decoder_attention_heads) for a, b in heads
    ):
        raise ValueError(f"it names alignment heads that it does not have: {heads}")
    return {
        "alignment_heads": heads,
        "suppress_tokens": [int(number) for number in given["suppress_ids"]],
        "begin_suppress_tokens": [int(number) for number in given["suppress_ids_begin"]],
        "no_timestamps_token_id": _number(backend, NO_TIMES),
        "prev_sot_token_id": _number(backend, "<|startofprev|>"),
        "decoder_start_token_id": config.decoder_start_token_id,
        "bos_token_id": config.bos_token_id,
        "eos_token_id": config.eos_token_id,
        "pad_token_id": config.pad_token_id,
        "max_initial_timestamp_index": 50,
        "max_length": config.max_target_positions,
        "is_multilingual": False,
        "return_timestamps": False,
    }
