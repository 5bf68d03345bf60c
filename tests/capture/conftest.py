"""Real models for the capture tests: MiniLM, and tiny random ones saved to disk and loaded like a user's own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

import attnviz
from attnviz.capture import Capture, Model

SENTENCE = "The animal didn't cross the street because it was too tired."
WORDS = [
    "the",
    "cat",
    "sat",
    "on",
    "a",
    "mat",
    "and",
    "dog",
    "ran",
    "to",
    "house",
    "while",
    "it",
    "was",
    "big",
    "red",
    "old",
    "new",
]


@pytest.fixture(scope="session")
def minilm() -> Model:
    return attnviz.load("minilm", device="cpu")


@pytest.fixture(scope="session")
def capture(minilm: Model) -> Capture:
    return minilm.capture(SENTENCE)


def _tokenizer() -> Any:
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    vocabulary = {word: n for n, word in enumerate(["<pad>", "<s>", "</s>", "<unk>", *WORDS, "."])}
    backend = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    backend.pre_tokenizer = pre_tokenizers.Whitespace()
    backend.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 2)])
    return PreTrainedTokenizerFast(
        tokenizer_object=backend, pad_token="<pad>", bos_token="<s>", eos_token="</s>", unk_token="<unk>"
    )


def _sharpen(module: torch.nn.Module) -> None:
    """Random weights attend to everything alike, which hides errors: make queries and keys large."""
    for name, parameter in module.named_parameters():
        if any(part in name for part in ("q_proj", "k_proj", ".q.", ".k.", "c_attn")):
            parameter.data.mul_(8)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Model]:
    """Tiny random models by family, loaded from a directory."""
    made: dict[str, Model] = {}

    def build(family: str) -> Model:
        if family not in made:
            import transformers as T

            directory: Path = tmp_path_factory.mktemp(family)
            size = 4 + len(WORDS) + 1
            ends: dict[str, Any] = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
            deep: dict[str, Any] = {"encoder_layers": 2, "decoder_layers": 2, "d_model": 32}
            config = {
                "gpt2": lambda: T.GPT2Config(vocab_size=size, n_embd=32, n_layer=2, n_head=4, n_positions=64, **ends),
                "llama": lambda: T.LlamaConfig(
                    vocab_size=size, hidden_size=32, intermediate_size=64, num_hidden_layers=2,
                    num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=64, **ends,
                ),
                "bart": lambda: T.BartConfig(
                    vocab_size=size, encoder_attention_heads=4, decoder_attention_heads=4, encoder_ffn_dim=64,
                    decoder_ffn_dim=64, max_position_embeddings=64, decoder_start_token_id=2, forced_eos_token_id=2,
                    **deep, **ends,
                ),
                "marian": lambda: T.MarianConfig(
                    vocab_size=size, encoder_attention_heads=4, decoder_attention_heads=4, encoder_ffn_dim=64,
                    decoder_ffn_dim=64, max_position_embeddings=64, decoder_start_token_id=0, **deep, **ends,
                ),
                "bloom": lambda: T.BloomConfig(vocab_size=size, hidden_size=32, n_layer=2, n_head=4, **ends),
                "mistral": lambda: T.MistralConfig(
                    vocab_size=size, hidden_size=32, intermediate_size=64, num_hidden_layers=2, sliding_window=6,
                    num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=64, **ends,
                ),
                "gemma2": lambda: T.Gemma2Config(
                    vocab_size=size, hidden_size=32, intermediate_size=64, num_hidden_layers=2, sliding_window=6,
                    num_attention_heads=4, num_key_value_heads=2, head_dim=8, max_position_embeddings=64, **ends,
                ),
                "t5": lambda: T.T5Config(
                    vocab_size=size, d_model=32, d_kv=8, d_ff=64, num_layers=2, num_heads=4, decoder_start_token_id=0,
                    pad_token_id=0, eos_token_id=2,
                ),
            }[family]()  # fmt: skip
            heads = {
                "gpt2": T.GPT2LMHeadModel,
                "llama": T.LlamaForCausalLM,
                "bart": T.BartForConditionalGeneration,
                "marian": T.MarianMTModel,
                "bloom": T.BloomForCausalLM,
                "mistral": T.MistralForCausalLM,
                "gemma2": T.Gemma2ForCausalLM,
            }
            torch.manual_seed(0)
            module = heads.get(family, T.T5ForConditionalGeneration)(config).eval()
            _sharpen(module)
            module.save_pretrained(directory)
            _tokenizer().save_pretrained(directory)
            made[family] = attnviz.load(str(directory), device="cpu", dtype="float32")
        return made[family]

    return build
