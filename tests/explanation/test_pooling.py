"""Poolings solved by hand; the second row ends with a masked position, the third has a hole."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from attnviz.errors import UnknownName
from attnviz.explanation.pooling import last_position, pool, query_weights
from attnviz.loading.pooling import Pooling

HIDDEN = torch.tensor([[[1.0, -5.0], [3.0, -1.0], [8.0, 0.0]]]).expand(3, -1, -1)
MASK = torch.tensor([[1, 1, 1], [1, 1, 0], [1, 0, 1]])
EXPECTED = {
    "mean": [[4, -2], [2, -3], [4.5, -2.5]],
    "cls": [[1, -5], [1, -5], [1, -5]],
    "max": [[8, 0], [3, -1], [8, 0]],
    "lasttoken": [[8, 0], [3, -1], [8, 0]],
}


@pytest.mark.parametrize("pooling", EXPECTED)
def test_solved_by_hand(pooling):
    assert pool(HIDDEN, MASK, pooling).tolist() == EXPECTED[pooling]
    assert pool(HIDDEN.bfloat16(), MASK, pooling).dtype == torch.float32


def test_last_position():
    assert last_position(torch.tensor([[1, 1, 1], [1, 1, 0], [0, 1, 0], [0, 0, 0]])).tolist() == [2, 1, 1, 0]


def test_rows_that_a_pooling_reads():
    np.testing.assert_allclose(query_weights(4, "mean"), 0.25)
    np.testing.assert_allclose(query_weights(4, "max"), 0.25)
    assert query_weights(3, "cls").tolist() == [1, 0, 0]
    assert query_weights(3, "lasttoken").tolist() == [0, 0, 1]


def test_an_unknown_pooling_lists_those_there_are():
    with pytest.raises(
        UnknownName,
        match=r"no pooling 'median'\. Did you mean 'mean'\? Choose one of: mean, cls, max, lasttoken, mean_sqrt",
    ):
        pool(HIDDEN, MASK, "median")
    with pytest.raises(UnknownName, match="no pooling 'median'"):
        query_weights(3, "median")


@pytest.mark.parametrize("pooling", EXPECTED)
def test_gradients_go_through_the_models_own_pooling(minilm, pooling):
    from dataclasses import replace

    from attnviz.capture import Model
    from attnviz.explanation import explain

    model = Model(replace(minilm.loaded, pooling=Pooling((pooling,))))
    result = explain(model, "A cat sleeps.", pair="Dogs.")
    with torch.no_grad():
        vectors = []
        for text in ("A cat sleeps.", "Dogs."):
            inputs = minilm.loaded.tokenizer(text, return_tensors="pt")
            hidden = minilm.loaded.module(**inputs).last_hidden_state[0]
            vectors.append(
                {"mean": hidden.mean(0), "cls": hidden[0], "max": hidden.amax(0), "lasttoken": hidden[-1]}[
                    pooling
                ]
            )
    assert result.value == pytest.approx(float(torch.cosine_similarity(*vectors, dim=0)), abs=1e-6)
    if "does not check" not in result.note:
        assert abs(result.residual) < 0.01 * abs(result.value - result.baseline_value)
