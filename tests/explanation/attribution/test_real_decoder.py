"""A real decoder, SmolLM2: what its default explanation says, and where a path from blanks leads astray."""

from __future__ import annotations

import pytest

from attnviz.explanation import explain, faithfulness

TEXT = "The capital of France is"


def test_the_sum_checks_where_the_first_token_stays_and_only_there(smollm2):
    kept = explain(smollm2, TEXT, method="integrated-gradients")
    assert kept.outcomes[0] == (" Paris", pytest.approx(0.77, abs=0.02))
    assert kept.sum_holds
    assert dict(kept.method_options)["steps"] == 64
    lost = explain(smollm2, TEXT, method="integrated-gradients", keep_first=False, steps=64)
    assert not lost.sum_holds
    assert "The sum does not check" in lost.note


def test_the_default_is_leave_one_out_against_single_passes(smollm2):
    import torch

    result = explain(smollm2, TEXT)
    assert result.method == "leave-one-out"
    token = dict(result.options)["token"]
    inputs = smollm2.loaded.tokenizer(TEXT, return_tensors="pt")
    place = result.tokens.labels.index(" France")
    inputs["attention_mask"][0, place] = 0
    with torch.no_grad():
        positions = torch.arange(len(result.tokens))[None]
        without = smollm2.loaded.module(**inputs, position_ids=positions).logits[0, -1, token]
    assert result.scores[place] == pytest.approx(result.value - float(without), abs=1e-3)
    test = faithfulness(smollm2, result, seeds=2)
    assert test.keep_first
    assert 0 not in test.word_tokens


def test_rollout_finds_nothing_but_the_first_token_where_it_is_not_left_out(smollm2):
    paper = explain(smollm2, TEXT, method="rollout", without_first=False)
    assert paper.scores[0] > 0.99
    assert explain(smollm2, TEXT, method="rollout").scores[0] == 0
