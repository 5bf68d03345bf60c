"""Translators: tiny random ones of six families, and the real one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from tests.capture import translators
from tests.fetched import fetched

if TYPE_CHECKING:
    from attnviz.capture import Model

SENTENCE = "The old man sold his red car because he needed money."


@pytest.fixture(scope="session")
def translator() -> Callable[[str], tuple[Model, str, dict[str, Any]]]:
    """A tiny model of a family, a text for it, and its languages as options."""
    kept: dict[str, Model] = {}

    def get(name: str) -> tuple[Model, str, dict[str, Any]]:
        if name not in kept:
            kept[name] = made(name)
        languages = translators.LANGUAGES.get(name)
        options = (
            {}
            if languages is None
            else dict(zip(("source_language", "target_language"), languages, strict=True))
        )
        return kept[name], translators.TEXT, options

    return get


def made(name: str) -> Model:
    import torch
    import transformers

    import attnviz

    if name in translators.LANGUAGES:
        return attnviz.load(translators.module(name), tokenizer=translators.tokenizer(name))
    tokenizer = translators.tokenizer("nllb")
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer.backend_tokenizer, eos_token="</s>", pad_token="<pad>", unk_token="<unk>"
    )
    size, ends = len(tokenizer), {"pad_token_id": 1, "eos_token_id": 2}
    if name == "t5":
        config: Any = transformers.T5Config(
            vocab_size=size,
            d_model=32,
            d_kv=8,
            d_ff=64,
            num_layers=2,
            num_heads=4,
            decoder_start_token_id=1,
            **ends,
        )
        build: Any = transformers.T5ForConditionalGeneration
    else:
        both = {
            "marian": ("MarianConfig", "MarianMTModel"),
            "bart": ("BartConfig", "BartForConditionalGeneration"),
        }
        config_class, build_class = (getattr(transformers, each) for each in both[name])
        config = config_class(vocab_size=size, decoder_start_token_id=1, **translators.SIZES, **ends)
        build = build_class
    torch.manual_seed(1)
    module = build(config).eval()
    for parameter in module.parameters():
        if parameter.dim() > 1:
            torch.nn.init.normal_(parameter, std=0.3)
    module.generation_config.no_repeat_ngram_size = 2  # so that random weights do not say one word for ever
    return attnviz.load(module, tokenizer=tokenizer)


@pytest.fixture(scope="session")
def real() -> Model:
    """translator-en-pt."""
    import attnviz

    fetched("translator-en-pt")
    return attnviz.load("translator-en-pt", device="cpu", dtype="float32")
