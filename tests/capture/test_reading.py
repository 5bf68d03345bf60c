"""What enters a model: special tokens and messages read as such, and refusals before anything runs."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from attnviz.capture import Model
from attnviz.capture.reading import embedding_rows, read_continuation
from attnviz.errors import InputInvalid, InputTooLong, ModelUnsupported


def reading(model: Model, **changed: Any) -> Model:
    """The same model with another tokenizer."""
    return Model(replace(model.loaded, **changed))


@pytest.fixture
def wider(minilm: Model) -> Model:
    """A tokenizer with a token and a special token that the embedding has no rows for."""
    tokenizer = copy.deepcopy(minilm.loaded.tokenizer)
    tokenizer.add_tokens(["kittenfish"])
    tokenizer.add_special_tokens({"additional_special_tokens": ["<|end|>"]})
    return reading(minilm, tokenizer=tokenizer)


def test_named_special_tokens_are_captured_as_such(minilm: Model) -> None:
    text = "The [MASK] sat."
    capture = minilm.capture(text, special=True)
    expected = minilm.loaded.tokenizer(text)["input_ids"]
    assert capture.tokens.ids.tolist() == minilm.tokenize(text, special=True).ids.tolist() == expected
    assert capture.tokens.special.tolist() == [True, False, True, False, False, True]
    assert "[MASK]" not in minilm.capture(text).tokens.pieces


def test_the_request_and_the_capture_are_tokenized_once(minilm: Model) -> None:
    assert minilm.capture("A cat once.").tokens is minilm.tokenize("A cat once.")


@pytest.mark.parametrize("call", ["tokenize", "capture", "encode"])
def test_tokens_beyond_the_embedding_are_refused(wider: Model, call: str) -> None:
    with pytest.raises(
        InputInvalid, match="'kittenfish' the id 30522, but the model's vocabulary ends at 30521"
    ):
        getattr(wider, call)("a kittenfish")
    with pytest.raises(InputInvalid, match="'kittenfish'"):
        getattr(wider, call)("a cat", "a kittenfish")
    with pytest.raises(InputInvalid, match=r"<\|end\|>"):
        getattr(wider.reads(special=True), call)("a <|end|>")
    getattr(wider, call)("a <|end|>")
    with pytest.raises(InputInvalid, match="text is not a string but int"):
        getattr(wider, call)(7)


def test_continuations_pass_the_same_check(wider: Model) -> None:
    expected = wider.loaded.tokenizer.convert_tokens_to_ids(["on", "a", "mat"])
    assert read_continuation(wider.loaded, "a cat", " on a mat") == expected
    with pytest.raises(InputInvalid, match="'kittenfish'"):
        read_continuation(wider.loaded, "a cat", " kittenfish")


def test_messages_by_the_template_of_the_tokenizer(minilm: Model, wider: Model) -> None:
    with pytest.raises(InputInvalid, match="no chat template"):
        minilm.chat([{"role": "user", "content": "a"}])
    tokenizer = copy.deepcopy(minilm.loaded.tokenizer)
    tokenizer.chat_template = (
        "{% for m in messages %}[CLS]{{ m.content }}[SEP]{% endfor %}"
        "{% if add_generation_prompt %}[MASK]{% endif %}"
    )
    messages = [{"role": "user", "content": "The cat."}, {"role": "assistant", "content": "A mat?"}]
    for prompted in (False, True):
        tokens = reading(minilm, tokenizer=tokenizer).chat(messages, add_generation_prompt=prompted)
        expected = tokenizer.apply_chat_template(messages, add_generation_prompt=prompted, return_dict=False)
        np.testing.assert_array_equal(tokens.ids, expected)
    wider.loaded.tokenizer.chat_template = "{{ messages[0].content }}<|end|>"
    with pytest.raises(InputInvalid, match="vocabulary ends at 30521"):
        wider.chat(messages)


def test_what_is_too_long_is_counted(minilm: Model) -> None:
    with pytest.raises(InputTooLong, match="The text has 602 tokens; minilm reads at most 512") as caught:
        minilm.capture("cat " * 600)
    assert (caught.value.tokens, caught.value.limit) == (602, 512)


def test_a_model_that_takes_no_text(minilm: Model) -> None:
    seeing = reading(minilm, tokenizer=None, card=replace(minilm.card, modality="image"))
    for call in (seeing.tokenize, seeing.capture, seeing.encode):
        with pytest.raises(ModelUnsupported, match="takes image, not text"):
            call("a cat")


def test_the_rows_of_each_side() -> None:
    from transformers import BertConfig, EncoderDecoderConfig, EncoderDecoderModel

    small = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1, "intermediate_size": 8}
    sides = [BertConfig(vocab_size=size, **small) for size in (50, 30)]
    module = EncoderDecoderModel(EncoderDecoderConfig.from_encoder_decoder_configs(*sides))
    assert (embedding_rows(module), embedding_rows(module, target=True)) == (50, 30)
    assert embedding_rows(object()) == 0
