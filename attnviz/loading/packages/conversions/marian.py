"""A Marian 'tiny' translator packed for Bergamot as a directory of the family `marian_ssru`.

The int8 weights are multiplied out to float32, exactly; the tokenizer is the package's own, which ends each text with
"</s>" as Marian does.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy.typing as npt

from attnviz.loading.packages.conversions.directory import (
    check_shape,
    tokenizer_of,
    write_config,
    write_json,
    write_tokenizer,
    write_weights,
)
from attnviz.loading.packages.formats.bergamot import read_bergamot

END, UNKNOWN = "</s>", "<unk>"
HEADS, ALIGNMENT = (
    8,
    [[1, 0]],
)  # of the recipe 'tiny': eight heads, the first of the last layer guided to align
SENTENCE = 512  # tokens; positions have no end of their own, and the models were trained on sentences
Arrays = Mapping[str, npt.NDArray[Any]]


def convert(files: Mapping[str, bytes], out: Path) -> None:
    """`files`: "weights" and "tokenizer". Raises ValueError."""
    from attnviz.loading.families.marian_ssru import MarianSsruConfig

    arrays = read_bergamot(files["weights"])
    vocabulary, width = arrays["Wemb"].shape
    if width % HEADS:
        raise ValueError(f"{HEADS} heads do not share a width of {width}")
    config = MarianSsruConfig(
        vocab_size=vocabulary, d_model=width, ffn_dim=arrays["encoder_l1_ffn_W1"].shape[1],
        encoder_layers=_layers(arrays, "encoder"), decoder_layers=_layers(arrays, "decoder"),
        encoder_attention_heads=HEADS, decoder_attention_heads=HEADS, max_position_embeddings=SENTENCE,
        alignment_heads=ALIGNMENT,
    )  # fmt: skip
    write_weights(out, state(arrays, config), "float32")
    write_config(out, config, "MarianSsruForConditionalGeneration", "float32")
    generation = {"decoder_start_token_id": 0, "eos_token_id": 0, "pad_token_id": 0, "use_cache": False}
    write_json(out / "generation_config.json", generation)
    _write_tokenizer(files["tokenizer"], vocabulary, out)


def state(arrays: Arrays, config: Any) -> dict[str, npt.NDArray[Any]]:
    """The weights under the names of `attnviz.loading.families.marian_ssru`."""
    tensors = {"lm_head.weight": arrays["Wemb"], "lm_head.bias": arrays["decoder_ff_logit_out_b"].reshape(-1)}

    def linear(to: str, weight: str, bias: str | None) -> None:
        tensors[f"{to}.weight"] = arrays[weight].T
        if bias is not None:
            tensors[f"{to}.bias"] = arrays[bias].reshape(-1)

    def norm(to: str, name: str) -> None:
        for part in ("weight", "bias"):
            tensors[f"{to}.{part}"] = arrays[f"{name}_ln_{'scale' if part == 'weight' else 'bias'}"].reshape(
                -1
            )
            check_shape(tensors[f"{to}.{part}"], (config.d_model,), name)

    def attention(to: str, name: str) -> None:
        for ours, theirs in (("q_proj", "q"), ("k_proj", "k"), ("v_proj", "v"), ("out_proj", "o")):
            linear(f"{to}.{ours}", f"{name}_W{theirs}", f"{name}_b{theirs}")
        norm(f"{to}_layer_norm", f"{name}_Wo")

    def feed(to: str, name: str) -> None:
        linear(f"{to}.fc1", f"{name}_W1", f"{name}_b1")
        linear(f"{to}.fc2", f"{name}_W2", f"{name}_b2")
        norm(f"{to}.layer_norm", f"{name}_ffn")

    for n in range(config.encoder_layers):
        attention(f"encoder.layers.{n}.self_attn", f"encoder_l{n + 1}_self")
        feed(f"encoder.layers.{n}.feed", f"encoder_l{n + 1}_ffn")
    for n in range(config.decoder_layers):
        to, name = f"decoder.layers.{n}", f"decoder_l{n + 1}"
        linear(f"{to}.rnn.forget", f"{name}_rnn_Wf", f"{name}_rnn_bf")
        linear(f"{to}.rnn.candidate", f"{name}_rnn_W", None)
        norm(f"{to}.rnn.layer_norm", f"{name}_rnn_ffn")
        attention(f"{to}.encoder_attn", f"{name}_context")
        feed(f"{to}.feed", f"{name}_ffn")
    return tensors


def _layers(arrays: Arrays, side: str) -> int:
    return len({name.split("_")[1] for name in arrays if name.startswith(f"{side}_l")})


def _write_tokenizer(data: bytes, vocabulary: int, out: Path) -> None:
    from tokenizers import AddedToken, processors

    backend = tokenizer_of(data)
    if backend.get_vocab_size() != vocabulary or backend.token_to_id(END) != 0:
        raise ValueError("the tokenizer is not that of the weights")
    backend.add_special_tokens([AddedToken(name, special=True, normalized=False) for name in (END, UNKNOWN)])
    ends = {"single": f"$A {END}", "pair": f"$A $B {END}", "special_tokens": [(END, 0)]}
    backend.post_processor = processors.TemplateProcessing(**ends)
    names = {"eos_token": END, "pad_token": END, "unk_token": UNKNOWN, "model_max_length": SENTENCE}
    write_tokenizer(out, backend, {**names, "model_input_names": ["input_ids", "attention_mask"]})
