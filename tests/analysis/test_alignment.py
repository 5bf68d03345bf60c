"""Alignments and changes small enough to be found by hand."""

import numpy as np
import pytest

from attnviz.analysis.alignment import align, change


@pytest.mark.parametrize(
    ("first", "second", "pairs"),
    [
        ("a b c", "a b c", [(0, 0), (1, 1), (2, 2)]),
        ("a b c", "a x c", [(0, 0), (1, 1), (2, 2)]),  # a changed word stands in the place of the old one
        ("a b c", "a c", [(0, 0), (2, 1)]),
        ("a c", "a b c", [(0, 0), (1, 2)]),
        ("a b c d", "a x d", [(0, 0), (3, 2)]),  # two words became one: nobody knows which stands for which
        ("", "a", []),
    ],
)
def test_alignment_by_hand(first, second, pairs):
    assert align(first.split(), second.split()).tolist() == [list(pair) for pair in pairs]


def test_long_texts_are_aligned_in_reasonable_time():
    first = ["the", "a"] * 1500
    second = [*first[:1000], "new", *first[1001:]]
    assert len(align(first, second)) >= 2900


def test_the_same_map_did_not_change():
    maps = np.random.default_rng(0).dirichlet([1, 1, 1], (2, 3)).astype(np.float32)
    pairs = np.array([[0, 0], [1, 1], [2, 2]])
    np.testing.assert_allclose(change(maps, maps, pairs, pairs), 0, atol=1e-6)


def test_change_by_hand():
    first = np.array([[[1, 0, 0], [0, 1, 0], [0, 0, 1]]], np.float32)
    second = np.array([[[1, 0], [0, 1]]], np.float32)
    queries = keys = np.array([[0, 0], [2, 1]])
    assert change(first, second, queries, keys).tolist() == [0]
    # The last row now looks at the first key instead of its own: no key in common, distance 1, mean of two rows.
    second = np.array([[[1, 0], [1, 0]]], np.float32)
    np.testing.assert_allclose(change(first, second, queries, keys), [0.5], atol=1e-6)


def test_weight_on_tokens_without_counterpart_counts_as_one_place():
    first = np.array([[[0.5, 0.25, 0.25]]], np.float32)
    second = np.array([[[0.5, 0.5]]], np.float32)
    found = change(first, second, np.array([[0, 0]]), np.array([[0, 0]]))
    np.testing.assert_allclose(found, [0], atol=1e-6)


def test_nothing_in_common_is_not_a_number():
    maps = np.ones((2, 1, 1), np.float32)
    assert np.isnan(change(maps, maps, np.empty((0, 2), int), np.empty((0, 2), int))).all()
