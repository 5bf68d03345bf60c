"""The intervals of random orders: order statistics solved by hand, coverage by simulation, and what needs them."""

from __future__ import annotations

import numpy as np
import pytest

from attnviz.explanation import explain, faithfulness
from attnviz.explanation.evaluation import verdict
from attnviz.explanation.results import prediction_interval

TEXT = "The committee refused to answer the question of the old man."


def test_an_interval_is_two_order_statistics():
    values = np.random.default_rng(0).permutation(np.arange(1.0, 40.0))
    assert prediction_interval(values, 0.95).tolist() == [1, 39]
    assert prediction_interval(values, 0.9).tolist() == [2, 38]
    assert prediction_interval(values[:19], 0.9).tolist() == [values[:19].min(), values[:19].max()]
    assert prediction_interval(values[:18], 0.9) is None
    assert prediction_interval(np.ones((20, 3)), 0.9).shape == (2, 3)


def test_one_more_value_lies_in_it_as_often_as_its_level_says():
    """For a skewed distribution, too: nothing is assumed of it."""
    draw = np.random.default_rng(1).exponential(size=(20_000, 21))
    bounds = np.stack([prediction_interval(row[:-1], 0.9) for row in draw])
    inside = (draw[:, -1] >= bounds[:, 0]) & (draw[:, -1] <= bounds[:, 1])
    assert inside.mean() == pytest.approx(1 - 2 / 21, abs=0.01)


def test_twenty_orders_make_the_intervals_of_the_record(classifier):
    test = faithfulness(classifier, explain(classifier, TEXT, method="leave-one-out"))
    assert test.level == 0.9
    assert len(test.seeds) == 20
    np.testing.assert_array_equal(
        test.removed_interval, [test.random_removed.min(0), test.random_removed.max(0)]
    )
    np.testing.assert_array_equal(test.kept_interval, [test.random_kept.min(0), test.random_kept.max(0)])
    low, high = test.comprehensiveness_interval
    assert (low, high) == (test.random_comprehensiveness.min(), test.random_comprehensiveness.max())
    assert test.sufficiency_interval == (test.random_sufficiency.min(), test.random_sufficiency.max())
    assert test.beats_random == (test.comprehensiveness > high)


@pytest.mark.parametrize(("text", "seeds"), [(TEXT, 5), ("cats sleep here", 20)])
def test_what_too_few_orders_or_words_cannot_carry_is_not_said(classifier, text, seeds):
    """Of five orders the best is the best in one case of six; three tokens have but six orders."""
    attribution = explain(classifier, text, method="leave-one-out")
    test = faithfulness(classifier, attribution, seeds=seeds)
    assert test.beats_random is None
    assert verdict.badges(test, attribution) == ()


@pytest.mark.parametrize("model", ["gpt2", "llama"], indirect=True)
def test_curves_of_a_decoder_keep_the_first_token(model):
    """Where the tokenizer adds one, nothing changes; where it does not, the option takes the text's own first."""
    attribution = explain(model, TEXT, method="leave-one-out")
    test, other = (faithfulness(model, attribution, seeds=2, keep_first=each) for each in (None, False))
    count = len(attribution.tokens)
    assert round(test.counts[-1] / test.fractions[-1]) == count - 1
    assert test.keep_first == (not attribution.tokens.special[0])
    if test.keep_first:
        assert test.operator_title == "hidden by the attention mask, the first token stays"
        assert other.operator_title == "hidden by the attention mask"
        assert round(other.counts[-1] / other.fractions[-1]) == count
    else:
        assert (other.removed == test.removed).all()
    expected = model.loaded.tokenizer(TEXT, return_tensors="pt")
    import torch

    expected["attention_mask"][0, 1:] = 0
    with torch.no_grad():
        logits = model.loaded.module(**expected).logits[0, 0]
    assert test.removed[-1] == pytest.approx(float(logits[dict(attribution.options)["token"]]), abs=1e-4)
