"""Leave-one-out against one forward pass per token."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from attnviz.errors import InputEmpty, UnknownName
from attnviz.explanation import explain
from attnviz.explanation.attribution.methods.leave_one_out import LeaveOneOut
from attnviz.explanation.attribution.targets.similarity import Similarity

LONG = "The committee refused to answer why the old bank had raised its rates " * 3


@pytest.mark.parametrize("text", ["The cat sat on the mat.", LONG])
def test_similarity_equals_one_pass_per_token(minilm, text):
    other = "A kitten rests on a rug."
    module, tokenizer = minilm.loaded.module, minilm.loaded.tokenizer

    def vector(text: str, without: int | None = None) -> torch.Tensor:
        inputs = tokenizer(text, return_tensors="pt")
        if without is not None:
            inputs["attention_mask"][0, without] = 0
        with torch.no_grad():
            hidden = module(**inputs).last_hidden_state[0]
        return hidden[inputs["attention_mask"][0] == 1].mean(0)

    result = explain(minilm, text, pair=other, method="leave-one-out")
    fixed = vector(other)
    full = torch.cosine_similarity(vector(text), fixed, dim=0)
    expected = [
        float(full - torch.cosine_similarity(vector(text, k), fixed, dim=0))
        for k in range(len(result.tokens))
    ]
    np.testing.assert_allclose(result.scores, expected, atol=1e-5)


@pytest.mark.parametrize("model", ["gpt2", "llama"], indirect=True)
def test_next_token_equals_one_pass_per_token(model):
    text = "The cat sat on the old mat"
    inputs = model.loaded.tokenizer(text, return_tensors="pt")
    count = inputs["input_ids"].shape[1]
    result = explain(model, text, method="leave-one-out", token=7)
    for k in range(count):
        mask = torch.ones(1, count, dtype=torch.int64)
        mask[0, k] = 0
        with torch.no_grad():
            logits = model.loaded.module(input_ids=inputs["input_ids"], attention_mask=mask).logits[0]
        read = count - 2 if k == count - 1 else count - 1
        assert result.scores[k] == pytest.approx(result.value - float(logits[read, 7]), abs=1e-5)


def test_rows_go_through_the_model_in_chunks_of_at_most_32(minilm):
    (problem, _) = Similarity().problems(minilm, LONG, "A kitten.")
    sizes = []

    def counting(**inputs):
        sizes.append(len(inputs["input_ids"]))
        return minilm.loaded.module(**inputs)

    fractions = []
    LeaveOneOut().attribute(replace(problem, module=counting), fractions.append)
    count = len(problem.tokens)
    assert sizes == [32, count - 32]
    assert fractions == [0, 32 / count]


def test_a_single_token_cannot_be_left_out(gpt2):
    with pytest.raises(InputEmpty, match=r"single token; .* choose another method\."):
        explain(gpt2, "a", method="leave-one-out")


@pytest.mark.parametrize("unit", ["word", "sentence"])
def test_a_word_or_sentence_is_left_out_whole(minilm, unit):
    from attnviz.text import groups

    text, other = "Unbelievable kittens slept. Dogs barked loudly.", "A quiet cat."
    result = explain(minilm, text, pair=other, method="leave-one-out", unit=unit)
    index, labels = groups(result.tokens, unit)
    assert len(labels) < len(result.tokens)
    inputs = minilm.loaded.tokenizer(text, return_tensors="pt")
    pooled = minilm.loaded.tokenizer(other, return_tensors="pt")
    with torch.no_grad():
        against = minilm.loaded.module(**pooled).last_hidden_state[0].mean(0)
        for group in range(len(labels)):
            mask = torch.from_numpy((index != group).astype(np.int64))[None]
            hidden = minilm.loaded.module(**{**inputs, "attention_mask": mask}).last_hidden_state[0]
            vector = (hidden * mask[0, :, None]).sum(0) / mask.sum()
            fall = result.value - float(torch.cosine_similarity(vector, against, dim=0))
            assert result.scores[index == group].sum() == pytest.approx(fall, abs=1e-5)


def test_a_deleted_word_is_not_there_at_all(minilm):
    text, other = "the cat sat on the mat", "a kitten rests"
    found = explain(minilm, text, pair=other, method="leave-one-out", operator="delete")
    words = text.split()
    for place in range(len(words)):
        shorter = " ".join(words[:place] + words[place + 1 :])
        value = explain(minilm, shorter, pair=other, method="attention").value
        assert found.scores[place + 1] == pytest.approx(found.value - value, abs=1e-5)
    assert found.scores[[0, -1]].tolist() == [0, 0]
    assert found.note == "What is left out is deleted."


def test_an_unknown_way_is_refused(minilm):
    with pytest.raises(UnknownName, match="no way to take words away 'burn'"):
        explain(minilm, "A cat sat.", pair="A dog.", method="leave-one-out", operator="burn")
