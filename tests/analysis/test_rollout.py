import numpy as np
import pytest

from attnviz.analysis import rollout


def test_two_layers_solved_by_hand():
    first = np.array([[0.5, 0.5], [0.0, 1.0]])  # with the residual: [[.75, .25], [0, 1]]
    second = np.array([[0.0, 1.0], [1.0, 0.0]])  # with the residual: [[.5, .5], [.5, .5]]
    np.testing.assert_allclose(rollout([first, second]), [[0.375, 0.625], [0.375, 0.625]], atol=1e-7)
    # the other order differs: the last layer stands on the left
    np.testing.assert_allclose(rollout([second, first]), [[0.5, 0.5], [0.5, 0.5]], atol=1e-7)
    np.testing.assert_allclose(rollout([first, second], residual=0), [[0, 1], [0.5, 0.5]], atol=1e-7)


def test_rows_stay_stochastic_and_causal_stays_causal():
    rng = np.random.default_rng(1)
    layers = np.tril(rng.random((4, 7, 7)))
    layers /= layers.sum(-1, keepdims=True)
    result = rollout(layers)
    np.testing.assert_allclose(result.sum(-1), 1, atol=1e-6)
    assert (result >= 0).all()
    assert not np.triu(result, 1).any()


def test_uniform_attention_without_residual_gives_uniform():
    np.testing.assert_allclose(rollout(np.full((3, 5, 5), 0.2), residual=0), 0.2, atol=1e-7)


def test_rows_that_lose_weight_are_rescaled_and_masked_rows_keep_to_themselves():
    sink = np.array([[[0.2, 0.2], [0.0, 0.0]]])  # a sink took 0.6 of the first row: (.6, .1) / .7
    np.testing.assert_allclose(rollout(sink), [[6 / 7, 1 / 7], [0, 1]], atol=1e-6)
    np.testing.assert_allclose(rollout(sink, residual=0), [[0.5, 0.5], [0, 1]], atol=1e-6)


def test_following_given_rows_equals_the_full_product():
    rng = np.random.default_rng(2)
    layers = rng.dirichlet(np.ones(6), size=(3, 6))
    rows = rng.dirichlet(np.ones(6), size=2)
    np.testing.assert_allclose(rollout(layers, rows=rows), rows @ rollout(layers), atol=1e-6)


@pytest.mark.parametrize(
    ("layers", "residual", "message"),
    [
        (np.zeros((0, 2, 2)), 0.5, "at least one layer"),
        (np.zeros((1, 2, 3)), 0.5, r"square maps .* \(2, 3\)"),
        (np.zeros((1, 2, 2)), 1.5, "given 1.5"),
    ],
)
def test_wrong_input_is_named(layers, residual, message):
    with pytest.raises(ValueError, match=message):
        rollout(layers, residual)
