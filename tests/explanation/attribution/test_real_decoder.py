"""A real decoder, SmolLM2: what its default explanation says, and where a path from blanks leads astray."""

from __future__ import annotations

import numpy as np
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


def test_the_default_is_leave_one_out_which_names_the_country(smollm2):
    result = explain(smollm2, TEXT)
    assert result.method == "leave-one-out"
    own = np.array(result.scores)
    own[0] = 0  # without the first token every order is lost
    assert result.tokens.labels[int(own.argmax())] == " France"
    test = faithfulness(smollm2, result, seeds=2)
    assert test.keep_first
    assert 0 not in test.word_tokens


def test_rollout_finds_nothing_but_the_first_token_where_it_is_not_left_out(smollm2):
    paper = explain(smollm2, TEXT, method="rollout", without_first=False)
    assert paper.scores[0] > 0.99
    assert explain(smollm2, TEXT, method="rollout").scores[0] == 0
