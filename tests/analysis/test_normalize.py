import numpy as np
import pytest

from attnviz.analysis import empty_rows, renormalize_without

MAP = np.array([[0.5, 0.25, 0.25], [1.0, 0.0, 0.0], [0.2, 0.2, 0.6]], np.float32)


def test_rows_are_rescaled_and_a_row_without_weight_stays_zero_and_is_reported():
    result = renormalize_without(MAP, np.array([True, False, False]))
    np.testing.assert_allclose(result, [[0.5, 0.5], [0, 0], [0.25, 0.75]], atol=1e-7)
    assert empty_rows(result).tolist() == [False, True, False]
    assert result.dtype == np.float32


def test_queries_are_dropped_too_and_leading_axes_kept():
    drop = np.array([True, False, False])
    result = renormalize_without(np.stack([MAP, MAP.T]), drop, drop)
    np.testing.assert_allclose(result[0], [[0, 0], [0.25, 0.75]], atol=1e-7)
    np.testing.assert_allclose(result[1], [[0, 1], [0, 1]], atol=1e-7)


def test_dropping_nothing_changes_nothing_and_the_input_is_untouched():
    before = MAP.copy()
    np.testing.assert_allclose(renormalize_without(MAP, np.zeros(3, bool)), MAP, atol=1e-7)
    assert np.array_equal(MAP, before)


def test_dropping_every_key_leaves_no_column():
    result = renormalize_without(MAP, np.ones(3, bool))
    assert result.shape == (3, 0)
    assert empty_rows(result).all()


def test_a_selection_of_another_length_is_named():
    with pytest.raises(ValueError, match="3 queries x 2 keys for a map of 3 x 3"):
        renormalize_without(MAP, np.zeros(2, bool))
