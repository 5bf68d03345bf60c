"""Agreement of methods: Kendall's tau solved by hand."""

import numpy as np
import pytest

from attnviz.analysis.rank_correlation import kendall_taus, spearman


def test_three_words_by_hand():
    scores = np.array([[3.0, 2.0, 1.0], [-6.0, 4.0, -1.0], [1.0, 2.0, 3.0], [3.0, 1.0, 2.0]])
    found = kendall_taus(scores)
    assert found[0, 1] == 1  # sizes count: 6 > 4 > 1
    assert found[0, 2] == -1
    assert found[0, 3] == pytest.approx(1 / 3)  # two pairs in the same order, one not
    assert found.tolist() == found.T.tolist()
    assert np.diag(found).tolist() == [1, 1, 1, 1]


def test_only_the_largest_words_of_either_count():
    first = np.array([9.0, 8.0, 0.3, 0.2, 0.1])
    second = np.array([9.0, 8.0, 0.1, 0.2, 0.3])
    assert kendall_taus(np.stack([first, second]), top=2)[0, 1] == 1
    assert kendall_taus(np.stack([first, second]), top=5)[0, 1] < 1


def test_a_method_without_an_order_agrees_with_nothing():
    assert np.isnan(kendall_taus(np.array([[1.0, 1.0, 1.0], [3.0, 2.0, 1.0]]))[0, 1])


def test_spearman_sees_order_only():
    scores = np.array([0.1, 0.5, -2.0, 3.0])
    assert spearman(scores, np.exp(scores)) == pytest.approx(1)
    assert spearman(scores, -scores) == pytest.approx(-1)
    # Differences of ranks (1, -1, 0, 0): 1 - 6 * 2 / (4 * 15).
    assert spearman(np.arange(4), np.array([1, 0, 2, 3])) == pytest.approx(0.8)
    assert np.isnan(spearman(scores, np.ones(4)))
