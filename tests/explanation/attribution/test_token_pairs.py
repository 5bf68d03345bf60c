"""Token pairs: the matrix sums to the cosine, and swapping the texts transposes it, for every pooling."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from attnviz.capture import Model
from attnviz.explanation import explain
from attnviz.loading.pooling import Pooling

TEXT, OTHER = "A man is playing a guitar on the stage.", "Somebody performs music."


@pytest.mark.parametrize("pooling", ["mean", "cls", "max", "lasttoken", "weightedmean"])
def test_the_pairs_add_up_to_the_cosine(minilm, pooling):
    model = Model(replace(minilm.loaded, pooling=Pooling((pooling,))))
    result = explain(model, TEXT, pair=OTHER, method="token-pairs")
    assert result.matrix.shape == (len(result.tokens), len(result.pair_tokens))
    assert result.matrix.sum(dtype=np.float64) == pytest.approx(result.value, abs=1e-6)
    np.testing.assert_allclose(result.matrix.sum(1), result.scores, atol=1e-6)
    np.testing.assert_allclose(result.matrix.sum(0), result.pair_scores, atol=1e-6)
    assert result.baseline_value == 0
    assert result.residual == pytest.approx(0, abs=1e-6)
    swapped = explain(model, OTHER, pair=TEXT, method="token-pairs")
    np.testing.assert_allclose(swapped.matrix, result.matrix.T, atol=1e-7)


def test_a_pair_is_the_product_of_two_token_vectors(minilm):
    import torch

    tokenizer, module = minilm.loaded.tokenizer, minilm.loaded.module
    with torch.no_grad():
        one, two = (
            module(**tokenizer(text, return_tensors="pt")).last_hidden_state[0] for text in (TEXT, OTHER)
        )
    lengths = one.mean(0).norm() * two.mean(0).norm()
    expected = float(one[3] @ two[2] / len(one) / len(two) / lengths)
    result = explain(minilm, TEXT, pair=OTHER, method="token-pairs")
    assert float(result.matrix[3, 2]) == pytest.approx(expected, abs=1e-7)
