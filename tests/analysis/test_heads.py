import numpy as np
import pytest

from attnviz.analysis import order
from attnviz.errors import UnknownName
from attnviz.types import HeadTable

TABLE = HeadTable(("entropy",), ("nats",), np.array([[[1.0, np.nan], [3.0, 1.0]]], np.float32))


def test_highest_first_ties_by_position_nan_last():
    assert order(TABLE, "entropy").tolist() == [[1, 0], [0, 0], [1, 1], [0, 1]]
    assert order(TABLE, "entropy", lowest_first=True).tolist() == [[0, 0], [1, 1], [1, 0], [0, 1]]


def test_an_unknown_metric_lists_those_there_are():
    with pytest.raises(UnknownName, match=r"'entropi'.*Did you mean 'entropy'\?"):
        order(TABLE, "entropi")
