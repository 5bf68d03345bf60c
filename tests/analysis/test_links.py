"""The link that is worth a look first, on maps that can be read by eye."""

import numpy as np

from attnviz.analysis import strongest_link

NONE = np.zeros(4, bool)


def test_a_causal_head_is_not_shown_at_its_sink():
    weights = np.array([[1, 0, 0, 0], [0.9, 0.1, 0, 0], [0.8, 0.15, 0.05, 0], [0.7, 0.1, 0.2, 0]])
    assert strongest_link(weights, NONE, NONE, same=True) == (3, 2)


def test_where_the_first_token_is_all_there_is_it_is_shown():
    weights = np.array([[1, 0], [0.9, 0.1]])
    assert strongest_link(weights, NONE[:2], NONE[:2], same=True) == (1, 0)


def test_an_encoder_has_no_sink_at_its_first_word_and_special_tokens_do_not_count():
    weights = np.array([[0.1, 0.2, 0.7], [0.5, 0.1, 0.4], [0.1, 0.8, 0.1]])
    assert strongest_link(weights, NONE[:3], NONE[:3], same=True) == (2, 1)
    special = np.array([False, False, True])
    assert strongest_link(weights, special, special, same=True) == (1, 0)
    assert strongest_link(weights, NONE[:3], special, same=False) == (2, 1)


def test_nothing_but_special_tokens():
    assert strongest_link(np.eye(2), NONE[:2], np.ones(2, bool), same=False) is None
