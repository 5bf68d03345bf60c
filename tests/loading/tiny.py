"""Tiny random models and a tiny trained tokenizer, saved to disk the way people save theirs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

CORPUS = ["The cat sat on the mat.", "A dog ran to the cat and the mat.", "héllo wörld, 猫 и кот"] * 4


def tokenizer() -> transformers.PreTrainedTokenizerBase:
    """A byte-level BPE tokenizer trained on CORPUS, with <s>, </s>, <pad>."""
    bpe = Tokenizer(models.BPE(unk_token=None))
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=320,
        special_tokens=["<s>", "<pad>", "</s>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    bpe.train_from_iterator(CORPUS, trainer)
    bpe.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=bpe, bos_token="<s>", eos_token="</s>", pad_token="<pad>", model_max_length=64
    )


IDS: dict[str, Any] = {"vocab_size": 320, "pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2}
TWO_SIDED: dict[str, Any] = {
    "d_model": 16, "encoder_layers": 2, "decoder_layers": 3, "encoder_attention_heads": 2,
    "decoder_attention_heads": 4, "encoder_ffn_dim": 16, "decoder_ffn_dim": 16, "max_position_embeddings": 40,
    "decoder_start_token_id": 2, **IDS,
}  # fmt: skip
BERT: dict[str, Any] = {
    "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 16,
    "max_position_embeddings": 40, **IDS,
}  # fmt: skip
GPT2: dict[str, Any] = {"n_layer": 2, "n_head": 4, "n_embd": 16, "n_positions": 40, **IDS}
BLOOM: dict[str, Any] = {"n_layer": 2, "n_head": 4, "hidden_size": 16, **IDS}
LLAMA: dict[str, Any] = {**BERT, "num_key_value_heads": 2}
T5: dict[str, Any] = {
    "num_layers": 2, "num_decoder_layers": 3, "num_heads": 4, "d_model": 16, "d_kv": 4, "d_ff": 16, **IDS,
    "decoder_start_token_id": 1,
}  # fmt: skip
DISTILBERT: dict[str, Any] = {
    "dim": 16, "n_layers": 2, "n_heads": 4, "hidden_dim": 16, "max_position_embeddings": 40, **IDS,
}  # fmt: skip


def build(model: str, config: str, seed: int = 0, **values: Any) -> transformers.PreTrainedModel:
    torch.manual_seed(seed)
    return getattr(transformers, model)(getattr(transformers, config)(**values)).eval()


def save(model: transformers.PreTrainedModel, directory: Path, with_tokenizer: bool = True) -> Path:
    model.save_pretrained(directory)
    if with_tokenizer:
        tokenizer().save_pretrained(directory)
    return directory


def edit(directory: Path, file: str = "config.json", **changes: Any) -> None:
    """Change keys of one of a saved model's JSON files."""
    path = directory / file
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
