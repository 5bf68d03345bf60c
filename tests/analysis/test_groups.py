import numpy as np
import pytest

from attnviz.analysis import aggregate, sum_scores
from attnviz.analysis.groups import FEW, sum_by_group


def test_sum_over_keys_mean_over_queries():
    matrix = np.array([[0.1, 0.2, 0.7], [0.3, 0.3, 0.4], [0.0, 1.0, 0.0]], np.float32)
    words = np.array([0, 0, 1])
    np.testing.assert_allclose(aggregate(matrix, words, words), [[0.45, 0.55], [1.0, 0.0]], atol=1e-6)


def test_groups_need_not_be_contiguous_and_rows_keep_their_sum():
    rng = np.random.default_rng(0)
    matrix = rng.dirichlet(np.ones(6), size=(2, 5)).astype(np.float32)  # (2, 5, 6)
    queries, keys = np.array([1, 0, 1, 0, 2]), np.array([2, 0, 1, 0, 2, 2])
    result = aggregate(matrix, queries, keys)
    assert result.shape == (2, 3, 3)
    np.testing.assert_allclose(result.sum(-1), 1, atol=1e-6)
    expected = (matrix[1, 1, [1, 3]].sum() + matrix[1, 3, [1, 3]].sum()) / 2
    assert result[1, 0, 0] == pytest.approx(expected, abs=1e-6)


def test_word_scores_are_sums_and_keep_the_total():
    scores = np.array([0.5, -0.25, 1.0, 0.125], np.float32)
    assert sum_scores(scores, np.array([0, 1, 1, 2])).tolist() == [0.5, 0.75, 0.125]
    assert sum_scores(np.zeros(0, np.float32), np.zeros(0, int)).shape == (0,)


def test_wrong_groups_are_named():
    with pytest.raises(ValueError, match="3 group numbers for 2 tokens"):
        sum_scores(np.ones(2, np.float32), np.array([0, 1, 1]))
    with pytest.raises(ValueError, match=r"given \[0, 2\]"):
        sum_scores(np.ones(2, np.float32), np.array([0, 2]))
    with pytest.raises(ValueError, match=r"given \[-1, 0\]"):
        aggregate(np.ones((2, 2), np.float32), np.array([-1, 0]), np.array([0, 1]))


@pytest.mark.parametrize("largest", [1, 3, FEW, FEW + 1, 40])
def test_sums_of_groups_of_any_size_are_plain_sums(largest):
    rng = np.random.default_rng(largest)
    groups = rng.permutation(np.repeat(np.arange(7), rng.integers(1, largest + 1, 7)))
    values = rng.random((2, 3, len(groups)), np.float32)
    expected = np.stack([values[..., groups == group].sum(-1) for group in range(7)], -1)
    np.testing.assert_allclose(sum_by_group(values, groups), expected, rtol=1e-5)
