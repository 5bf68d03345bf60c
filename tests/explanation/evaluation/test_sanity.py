"""The sanity check: the upper layers of a copy are shuffled, the model itself is not."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

from attnviz.errors import UnknownName
from attnviz.explanation import explain, sanity
from attnviz.explanation.evaluation.sanity import _shuffled, layer_names

TEXT, OTHER = "The committee refused to answer the question about the bank.", "Nobody answered."


@pytest.mark.slow
def test_only_the_upper_layers_are_shuffled_each_weight_within_itself(minilm):
    module = minilm.loaded.module
    before = {name: weight.clone() for name, weight in module.named_parameters()}
    names = layer_names(minilm, TEXT)
    assert names == [f"encoder.layer.{n}" for n in range(6)]
    copy = _shuffled(module, names[3:], 0)
    for name, weight in copy.named_parameters():
        upper = any(name.startswith(layer + ".") for layer in names[3:])
        assert upper == (weight.data_ptr() != module.get_parameter(name).data_ptr()), name
        assert torch.equal(weight.flatten().sort().values, before[name].flatten().sort().values), name
        if upper and weight.dim() == 2:
            assert not torch.equal(weight, before[name])
    assert all(torch.equal(weight, before[name]) for name, weight in module.named_parameters())


@pytest.mark.parametrize("method", ["integrated-gradients", "rollout", "attention-relevance"])
def test_the_same_question_is_explained_again(minilm, method):
    attribution = explain(minilm, TEXT, pair=OTHER, method=method)
    result = sanity(minilm, attribution)
    assert result.before is attribution
    assert result.layers == (3, 4, 5)
    for one, other, told in (
        (attribution.scores, result.after.scores, result.correlation),
        (attribution.pair_scores, result.after.pair_scores, result.pair_correlation),
    ):
        # [CLS] and [SEP] are left out; scipy is not what computed it
        assert told == pytest.approx(spearmanr(one[1:-1], other[1:-1]).statistic, abs=1e-9)
    assert (result.after.method, result.after.target) == (method, "similarity")
    assert result.after.value != attribution.value
    again = explain(minilm, TEXT, pair=OTHER, method=method)
    np.testing.assert_array_equal(again.scores, attribution.scores)


def test_rollout_hardly_notices(minilm):
    """As measured by Adebayo et al. for other methods: what follows the input rather than what was learned."""
    found = {
        method: sanity(minilm, explain(minilm, TEXT, pair=OTHER, method=method)).correlation
        for method in ("rollout", "leave-one-out")
    }
    assert found["rollout"] > 0.5
    assert found["leave-one-out"] < found["rollout"]


@pytest.mark.parametrize("model", ["gpt2", "llama", "t5", "classifier"], indirect=True)
def test_every_kind_of_model_can_be_shuffled(model):
    given = {"continuation": "The dog slept."} if model.card.kind == "encoder-decoder" else {}
    attribution = explain(model, TEXT, method="leave-one-out", **given)
    result = sanity(model, attribution, fraction=1)
    assert result.after.options == attribution.options
    assert result.pair_correlation is None
    assert not np.array_equal(result.after.scores, attribution.scores)


def test_another_seed_is_another_shuffling(minilm):
    attribution = explain(minilm, TEXT, pair=OTHER, method="leave-one-out")
    found = [sanity(minilm, attribution, seed=seed) for seed in (0, 1, 1)]
    assert [each.seed for each in found] == [0, 1, 1]
    assert found[1].after.scores.tolist() == found[2].after.scores.tolist() != found[0].after.scores.tolist()


def test_a_fraction_that_is_none_is_refused(minilm):
    attribution = explain(minilm, TEXT, pair=OTHER, method="attention")
    with pytest.raises(UnknownName, match="no fraction of the layers 0"):
        sanity(minilm, attribution, fraction=0)
