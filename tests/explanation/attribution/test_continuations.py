"""What is explained of a continuation are the tokens that the model reads: its own, or what stands behind the text."""

from __future__ import annotations

import pytest
import torch

from attnviz.errors import InputEmpty, UnknownName
from attnviz.explanation import explain

TEXT = "The cat sat on the"


def log_probability(model, before: list[int], ids: list[int]) -> float:
    """Of the ids behind others, by one plain pass."""
    with torch.no_grad():
        logs = model.loaded.module(torch.tensor([[*before, *ids]])).logits[0].log_softmax(-1)
    return float(logs[range(len(before) - 1, len(before) + len(ids) - 1), ids].sum())


@pytest.mark.parametrize("model", ["gpt2", "llama", "marking"], indirect=True)
def test_what_a_decoder_writes_is_explained_by_its_own_ids(model):
    """Decoded and encoded again it would be another text: by the mark of a beginning, or by other merges."""
    before = model.loaded.tokenizer(TEXT)["input_ids"]
    written = model.generate(TEXT, max_new_tokens=12).target_tokens
    result = explain(model, TEXT, "sequence", method="attention")
    assert dict(result.options)["continuation_ids"] == tuple(written.ids.tolist())
    own = [int(number) for number, special in zip(written.ids, written.special, strict=True) if not special]
    assert result.value == pytest.approx(log_probability(model, before, own), abs=1e-3)
    again = explain(model, TEXT, method="attention", target="sequence", **dict(result.options))
    assert (again.value, again.options) == (result.value, result.options)


@pytest.mark.parametrize("model", ["gpt2", "llama", "marking"], indirect=True)
def test_a_given_continuation_is_tokenized_as_it_stands_behind_the_text(model):
    tokenizer = model.loaded.tokenizer
    before, both = (tokenizer(each)["input_ids"] for each in (TEXT, f"{TEXT} mat while the dog slept"))
    assert both[: len(before)] == before
    result = explain(model, TEXT, "sequence", method="attention", continuation=" mat while the dog slept")
    assert dict(result.options)["continuation_ids"] == tuple(both[len(before) :])
    assert result.value == pytest.approx(log_probability(model, before, both[len(before) :]), abs=1e-3)


def test_a_continuation_that_would_melt_into_the_text_leaves_the_text_as_it_is(marking):
    """Behind "the ca", "t" would make another token of "ca": the text stays as it is."""
    tokenizer = marking.loaded.tokenizer
    before = tokenizer("The ca")["input_ids"]
    assert tokenizer("The cat")["input_ids"][: len(before)] != before
    result = explain(marking, "The ca", "sequence", method="attention", continuation="t")
    ids = dict(result.options)["continuation_ids"]
    assert tokenizer.convert_ids_to_tokens(list(ids)) == ["t"], "without the mark of a beginning"
    assert result.value == pytest.approx(log_probability(marking, before, list(ids)), abs=1e-4)


def test_ids_that_end_in_the_middle_are_fed_to_a_decoder_behind_its_start(t5):
    """As the model writes where it is stopped: no end of the labels is there to be shifted round."""
    ids = torch.tensor([40, 41, 42, 43])
    start = t5.loaded.module.config.decoder_start_token_id
    with torch.no_grad():
        inputs = t5.loaded.tokenizer(TEXT, return_tensors="pt")
        fed = torch.tensor([[start, 40, 41, 42]])
        logs = t5.loaded.module(**inputs, decoder_input_ids=fed).logits[0].log_softmax(-1)
    result = explain(t5, TEXT, "sequence", method="attention", continuation_ids=ids.tolist())
    assert result.value == pytest.approx(float(logs[range(4), ids].sum()), abs=1e-3)


def test_ids_that_are_none_are_refused(llama):
    with pytest.raises(UnknownName, match=r"no token id 1000000\. Choose one of: 0 to"):
        explain(llama, TEXT, "sequence", continuation_ids=[1_000_000])
    with pytest.raises(UnknownName, match="no token id None"):
        explain(llama, TEXT, "sequence", continuation_ids=["the"])
    with pytest.raises(InputEmpty, match="has no token"):
        explain(llama, TEXT, "sequence", continuation_ids=())


def test_tokens_that_read_alike_are_told_apart_by_piece_and_id(marking):
    tokenizer = marking.loaded.tokenizer
    pieces = tokenizer.get_vocab()
    inner, leading = pieces["c"], pieces["▁c"] if "▁c" in pieces else pieces["▁the"]
    assert tokenizer.decode([inner]) == "c"
    result = explain(marking, TEXT, "next-token", method="attention", token=inner)
    assert f"'c' ('c', token {inner})" in result.note, (
        "typed, it would be the one with the mark of a beginning"
    )
    other = explain(marking, TEXT, "next-token", method="attention", token=leading)
    assert f"(token {leading})" in other.note
    names = [name for name, _ in result.outcomes]
    assert len(set(names)) == len(names)
