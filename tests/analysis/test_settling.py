"""When a list settles, on lists solved by hand."""

import numpy as np
import pytest

from attnviz.analysis.settling import largest_step, settled_answer, settled_value


@pytest.mark.parametrize(
    ("answers", "place"),
    [("abcc", 2), ("cbcc", 2), ("abc", 2), ("ccc", 0), ("c", 0), ("ccac", 3)],
)
def test_the_answer_settles_where_it_stays(answers, place):
    assert settled_answer(list(answers)) == place


@pytest.mark.parametrize(
    ("values", "place"),
    [
        ([0, 5, 9.5, 10], 2),
        ([10, 0, 9, 10], 2),  # one that is as far away as `near` allows counts
        ([0, 10, 8.9, 10], 3),
        ([10, 10.5, 0, 10], 3),
        ([1, 1, 1], 0),
        ([0, -1], 1),
    ],
)
def test_the_value_settles_where_it_stays_near(values, place):
    assert settled_value(np.array(values, float)) == place


def test_the_largest_step_has_either_direction():
    assert largest_step(np.array([0.0, 1.0, -1.0, 0.5])) == 2
