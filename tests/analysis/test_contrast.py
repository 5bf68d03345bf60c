"""Two heads that tell attention from importance, on tables that can be read by eye; sets of heads written and read."""

import numpy as np
import pytest

from attnviz.analysis import read_heads, write_heads
from attnviz.analysis.contrast import contrast

ENTROPY = np.array([[0.1, 0.3, 0.2], [2.0, 1.9, 1.0]], np.float32)
SPECIAL = np.array([[0.9, 0.1, 0.2], [0.1, 0.1, 0.1]], np.float32)
FALLS = np.array([[0.0, 0.01, 0.5], [-0.3, 0.2, 0.02]], np.float32)


def test_the_strong_head_is_focused_on_words_and_not_needed_and_the_other_is_its_opposite():
    """(0, 0) rests on special tokens, (0, 2) is needed; of the wide ones, (1, 0) changes more than (1, 1)."""
    found = contrast(ENTROPY, SPECIAL, FALLS)
    assert (found.strong, found.spread) == ((0, 1), (1, 0))


def test_a_head_that_is_not_there_is_passed_over():
    falls = FALLS.copy()
    falls[1, 0] = np.nan
    assert contrast(ENTROPY, SPECIAL, falls).spread == (1, 1)
    assert contrast(ENTROPY, SPECIAL, np.full_like(FALLS, np.nan)) is None


def test_where_no_head_looks_at_words_there_is_no_pair():
    assert contrast(ENTROPY, np.full_like(SPECIAL, 0.8), FALLS) is None


def test_heads_that_all_do_the_same_are_no_contrast():
    assert contrast(ENTROPY, SPECIAL, np.ones_like(FALLS)) is None


@pytest.mark.parametrize(
    ("text", "written"),
    [("2.5", "2.5"), ("3", "3.*"), ("1.0-2,0.3", "0.3,1.0,1.1,1.2"), ("*.0,2", "0.0,1.0,2.*,3.0")],
)
def test_sets_of_heads_are_written_as_they_are_read(text, written):
    heads = read_heads(text, 4, 6)
    assert write_heads(heads, 6) == written
    assert read_heads(written, 4, 6) == heads
