"""Many heads as one map, against numpy on all of them at once; and sets of heads as people write them."""

import tracemalloc

import numpy as np
import pytest

from attnviz.analysis import combine, read_heads
from attnviz.errors import UnknownName

MAPS = np.array([[[1, 0], [0.25, 0.75]], [[0.5, 0.5], [0, 1]], [[0, 1], [0.5, 0.5]]], np.float32)


def test_mean_and_maximum_solved_by_hand():
    np.testing.assert_array_equal(combine(iter(MAPS), "mean"), [[0.5, 0.5], [0.25, 0.75]])
    np.testing.assert_array_equal(combine(iter(MAPS), "max"), [[1, 1], [0.5, 1]])


def test_of_values_with_a_sign_the_one_farthest_from_zero_stays():
    signed = np.array([[[-0.5, 0.2]], [[0.4, -0.1]], [[0.1, -0.3]]], np.float32)
    np.testing.assert_array_equal(combine(signed, "max"), np.array([[-0.5, -0.3]], np.float32))


def test_a_mean_of_rows_that_sum_to_one_does_so_too():
    maps = np.random.default_rng(0).random((7, 5, 9), np.float32)
    maps /= maps.sum(-1, keepdims=True)
    np.testing.assert_allclose(combine(maps, "mean"), maps.mean(0), atol=1e-7)
    np.testing.assert_allclose(combine(maps, "mean").sum(-1), 1, atol=1e-6)


def test_one_map_is_itself_and_no_map_an_error():
    np.testing.assert_array_equal(combine([MAPS[0]], "max"), MAPS[0])
    with pytest.raises(ValueError, match="no map"):
        combine([], "mean")
    with pytest.raises(UnknownName, match="median"):
        combine(MAPS, "median")


def test_the_given_maps_are_left_alone_and_never_held_together():
    size = 500
    tracemalloc.start()
    combine((np.full((size, size), n, np.float32) for n in range(30)), "max")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 6 * 4 * size * size
    first = MAPS[0].copy()
    first.flags.writeable = False
    combine([first, MAPS[1]], "mean")
    np.testing.assert_array_equal(first, MAPS[0])


@pytest.mark.parametrize(
    ("text", "heads"),
    [
        ("2.1", [(2, 1)]),
        ("2.1, 0.2 ,2.1", [(0, 2), (2, 1)]),
        ("1.*", [(1, 0), (1, 1), (1, 2)]),
        ("1", [(1, 0), (1, 1), (1, 2)]),
        ("*.0", [(0, 0), (1, 0), (2, 0), (3, 0)]),
        ("1-2.0-1", [(1, 0), (1, 1), (2, 0), (2, 1)]),
        ("*", [(layer, head) for layer in range(4) for head in range(3)]),
    ],
)
def test_sets_of_heads_as_people_write_them(text, heads):
    assert read_heads(text, 4, 3) == tuple(heads)


@pytest.mark.parametrize(
    "text", ["", ",", "4.0", "0.3", "x", "1.x", "2-1.0", "1.2.3", "-1.0", "*-2.0", "²", "99999.0"]
)
def test_what_names_no_head_says_why(text):
    with pytest.raises(ValueError, match=r"head|layer|written"):
        read_heads(text, 4, 3)
