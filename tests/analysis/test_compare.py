import numpy as np
import pytest

from attnviz.analysis import difference, jensen_shannon


def test_difference_is_signed():
    a, b = np.array([[0.75, 0.25]], np.float32), np.array([[0.25, 0.75]], np.float32)
    assert difference(a, b).tolist() == [[0.5, -0.5]]


def test_jensen_shannon_solved_by_hand():
    a = np.array([[0.5, 0.5], [1.0, 0.0], [1.0, 0.0]], np.float32)
    b = np.array([[0.5, 0.5], [0.0, 1.0], [0.5, 0.5]], np.float32)
    # third row: (log2(4/3) + 0.5 log2(2/3) + 0.5 log2 2) / 2
    third = np.sqrt((np.log2(4 / 3) + 0.5 * np.log2(2 / 3) + 0.5) / 2)
    np.testing.assert_allclose(jensen_shannon(a, b), [0, 1, third], atol=1e-6)
    np.testing.assert_allclose(jensen_shannon(a, b), jensen_shannon(b, a), atol=1e-7)


def test_jensen_shannon_rescales_rows_and_says_nan_where_a_row_is_empty():
    a, b = np.array([[0.2, 0.2], [0.0, 0.0]], np.float32), np.array([[0.4, 0.4], [0.5, 0.5]], np.float32)
    result = jensen_shannon(a, b)
    assert result[0] == pytest.approx(0, abs=1e-6)
    assert np.isnan(result[1])


def test_maps_of_different_shapes_are_refused():
    with pytest.raises(ValueError, match=r"\(2, 2\) and \(1, 2\)"):
        difference(np.zeros((2, 2), np.float32), np.zeros((1, 2), np.float32))
    with pytest.raises(ValueError, match=r"\(2, 2\) and \(1, 2\)"):
        jensen_shannon(np.zeros((2, 2), np.float32), np.zeros((1, 2), np.float32))
