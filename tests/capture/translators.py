"""Four multilingual translators: tokenizer classes of transformers over a vocabulary of letters, random weights."""

from __future__ import annotations

import functools
import io
import json
import tempfile
from pathlib import Path
from typing import Any

import torch
import transformers
from transformers import (
    M2M100Config,
    M2M100ForConditionalGeneration,
    MBartConfig,
    MBartForConditionalGeneration,
)

LETTERS = list("abcdefghijklmnopqrstuvwxyz .,'")
TEXT, TARGET = "the cat sat", "le chat dort"
SIZES = {
    "d_model": 32, "encoder_layers": 2, "decoder_layers": 2, "encoder_attention_heads": 4,
    "decoder_attention_heads": 4, "encoder_ffn_dim": 64, "decoder_ffn_dim": 64, "max_position_embeddings": 64,
}  # fmt: skip
# name -> source and target language of the tests
LANGUAGES = {
    "m2m_100": ("de", "fr"),
    "nllb": ("deu_Latn", "fra_Latn"),
    "mbart50": ("de_DE", "fr_XX"),
    "mbart": ("de_DE", "fr_XX"),
}


@functools.cache
def _sentencepiece() -> Path:
    import sentencepiece

    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([TEXT, TARGET, "".join(LETTERS)] * 20), model_writer=model, vocab_size=40,
        model_type="char", minloglevel=2, hard_vocab_limit=False,
    )  # fmt: skip
    folder = Path(tempfile.mkdtemp())
    (folder / "spm.model").write_bytes(model.getvalue())
    vocabulary = {"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3, "▁": 4}
    vocabulary |= {letter: 5 + n for n, letter in enumerate(LETTERS)}
    (folder / "vocab.json").write_text(json.dumps(vocabulary))
    return folder


def tokenizer(name: str) -> Any:
    """A tokenizer of its own for each call, so that a test sees whether somebody changes it."""
    if name == "m2m_100":
        folder = _sentencepiece()
        return transformers.M2M100Tokenizer(str(folder / "vocab.json"), str(folder / "spm.model"))
    specials = ["<s>", "<pad>", "</s>", "<unk>", "▁"]
    if name == "nllb":
        return transformers.NllbTokenizer({each: n for n, each in enumerate([*specials, *LETTERS])}, [])
    own = transformers.MBart50Tokenizer if name == "mbart50" else transformers.MBartTokenizer
    codes = list(own().lang_code_to_id)
    scored = [(each, 0.0) for each in specials] + [(each, -3.0) for each in LETTERS]
    return own([*scored, *((code, 0.0) for code in codes), ("<mask>", 0.0)])


@functools.cache
def module(name: str) -> Any:
    size = 8 * (max(len(tokenizer(name)), *_codes(tokenizer(name)).values()) // 8 + 2)
    mbart = name.startswith("mbart")
    config = (MBartConfig if mbart else M2M100Config)(
        vocab_size=size, pad_token_id=1, bos_token_id=0, eos_token_id=2, forced_eos_token_id=2,
        decoder_start_token_id=None if name == "mbart" else 2, **SIZES,
    )  # fmt: skip
    torch.manual_seed(0)
    built = (MBartForConditionalGeneration if mbart else M2M100ForConditionalGeneration)(config).eval()
    for parameter in built.parameters():
        if parameter.dim() > 1:
            torch.nn.init.normal_(parameter, std=0.3)
    return built


def _codes(known: Any) -> dict[str, int]:
    from attnviz.text import language_ids

    return language_ids(known)


CODES = (">>fra<<", ">>deu<<")


@functools.cache
def marian() -> tuple[Any, Any]:
    """A Marian that writes two languages, each asked for by a token before the text; and its tokenizer."""
    from transformers import MarianConfig, MarianMTModel, MarianTokenizer

    folder = _sentencepiece()
    names = ["</s>", "<unk>", "▁", *LETTERS, *CODES, "<pad>"]
    vocabulary = {name: n for n, name in enumerate(names)}
    (folder / "marian.json").write_text(json.dumps(vocabulary))
    spm = str(folder / "spm.model")
    size, pad = len(names), vocabulary["<pad>"]
    config = MarianConfig(
        vocab_size=size,
        pad_token_id=pad,
        eos_token_id=0,
        decoder_start_token_id=pad,
        forced_eos_token_id=0,
        **SIZES,
    )
    torch.manual_seed(0)
    built = MarianMTModel(config).eval()
    for parameter in built.parameters():
        if parameter.dim() > 1:
            torch.nn.init.normal_(parameter, std=0.3)
    return built, MarianTokenizer(spm, spm, str(folder / "marian.json"))
