"""The rules of gradient-weighted attention, on maps solved by hand."""

from __future__ import annotations

import numpy as np

from attnviz.analysis import relevance


def test_layers_multiply_up():
    first, second = np.array([[0.0, 0.5], [0.25, 0.0]]), np.array([[0.1, 0.0], [0.0, 0.2]])
    expected = (np.eye(2) + second) @ (np.eye(2) + first)
    np.testing.assert_allclose(relevance.of_layers([first, second]), expected)
    np.testing.assert_array_equal(relevance.of_layers([np.zeros((3, 3))]), np.eye(3))


def test_normalised_rows_have_their_identity_and_a_sum_of_one_beside_it():
    given = np.eye(3) + np.array([[0.0, 2.0, 2.0], [0.0, 0.0, 0.0], [1.0, 0.0, 3.0]])
    expected = np.eye(3) + np.array([[0.0, 0.5, 0.5], [0.0, 0.0, 0.0], [0.25, 0.0, 0.75]])
    np.testing.assert_allclose(relevance.normalised(given), expected)


def test_cross_attention_joins_both_sides():
    """One decoder position, no attention to itself but for its own: R_ti = 1 * look * R_ii, normalised."""
    encoder, look = np.array([[0.0, 3.0], [0.0, 0.0]]), np.array([[0.2, 0.8]])
    found = relevance.of_encoder_decoder([encoder], [np.zeros((1, 1))], [look])
    np.testing.assert_array_equal(relevance.of_encoder_decoder([encoder], [], [look]), found)
    np.testing.assert_allclose(found, look @ np.array([[1.0, 1.0], [0.0, 1.0]]))
    # In a second layer what has been gathered is passed on by the decoder's own attention.
    half = np.array([[0.5]])
    again = relevance.of_encoder_decoder([encoder], [np.zeros((1, 1)), half], [look, np.zeros((1, 2))])
    np.testing.assert_allclose(again, 1.5 * found)


def test_nothing_comes_from_where_no_map_looks():
    maps = [np.array([[0.0, 0.3, 0.0], [0.2, 0.0, 0.0], [0.1, 0.1, 0.0]])] * 4
    assert not relevance.of_layers(maps)[:2, 2].any()
