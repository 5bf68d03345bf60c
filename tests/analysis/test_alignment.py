"""Alignments and changes small enough to be found by hand."""

import numpy as np
import pytest

from attnviz.analysis.alignment import Matching, align, change, match
from attnviz.types import Tokens


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


def tokens(text, *pieces):
    """Tokens of a text: a span, or the name of a special token. Words are cut at spaces and full stops."""
    spans = [(0, 0) if isinstance(each, str) else each for each in pieces]
    special = [isinstance(each, str) for each in pieces]
    labels = [each if isinstance(each, str) else text[slice(*each)] for each in pieces]
    words, number = [], {}
    for (start, _), flag in zip(spans, special, strict=True):
        unit = text[:start].count(" ") + text[: start + 1].count(".")
        words.append(-1 if flag else number.setdefault(unit, len(number)))
    return Tokens(
        text,
        range(len(pieces)),
        tuple(labels),
        tuple(labels),
        np.array(spans),
        special,
        words,
        [0] * len(pieces),
    )


CLASSIC = tokens("unlike cats.", "[CLS]", (0, 2), (2, 6), (7, 11), (11, 12), "[SEP]")


def test_one_text_under_two_tokenizers_is_matched_by_characters():
    # un|like| |cats|. under the other is unl|ike| |cat|s.| and begins with nothing.
    other = tokens("unlike cats.", (0, 3), (3, 6), (6, 7), (7, 10), (10, 12), "</s>")
    found = match(CLASSIC, other, alike=False)
    assert found.way == "characters"
    assert found.first.tolist() == [-1, 0, 0, 1, 1, 2]
    assert found.second.tolist() == [0, 0, -1, 1, 1, 2], "the space is no token of the first tokenizer"
    assert found.labels == ("unlike", "cats.", "[SEP] ⇄ </s>")
    assert found.alone == (1, 1)


def test_matching_by_characters_is_the_same_from_either_side():
    other = tokens("unlike cats.", "<s>", (0, 6), (7, 12), "</s>")
    there, back = match(CLASSIC, other, alike=False), match(other, CLASSIC, alike=False)
    assert (there.first.tolist(), there.second.tolist()) == (back.second.tolist(), back.first.tolist())
    assert there.first.tolist() == [0, 1, 1, 2, 2, 3]
    assert there.labels[0] == "[CLS] ⇄ <s>"


def test_two_texts_under_two_tokenizers_are_matched_by_words():
    other = tokens("like some cats.", (0, 4), (5, 9), (10, 13), (13, 14), (14, 15))
    found = match(CLASSIC, other, alike=False)
    assert found.way == "words"
    assert found.first.tolist() == [-1, -1, -1, 0, 1, -1]
    assert found.second.tolist() == [-1, -1, 0, 0, 1]
    assert found.labels == ("cats", ".")


def test_one_tokenizer_is_matched_by_labels():
    other = tokens("unlike dogs.", "[CLS]", (0, 2), (2, 6), (7, 11), (11, 12), "[SEP]")
    found = match(CLASSIC, other)
    assert found.way == "labels"
    assert found.first.tolist() == found.second.tolist() == list(range(6))
    assert found.labels[3] == "cats ⇄ dogs"
    assert match(CLASSIC, CLASSIC).way == "same"


def test_special_tokens_stand_for_special_tokens_only():
    found = match(tokens("x y", (0, 1), (2, 3)), tokens("z", "<s>", (0, 1)), alike=False)
    assert found.alone == (2, 2)


def pairs(found, first, second):
    """One position for one."""
    units = [np.full(size, -1) for size in (first, second)]
    for n, pair in enumerate(found):
        for side in (0, 1):
            units[side][pair[side]] = n
    return Matching(*units, ("",) * len(found), "labels")


def test_the_same_map_did_not_change():
    maps = np.random.default_rng(0).dirichlet([1, 1, 1], (2, 3)).astype(np.float32)
    whole = pairs([(0, 0), (1, 1), (2, 2)], 3, 3)
    np.testing.assert_allclose(change(maps, maps, whole, whole), 0, atol=1e-6)


def test_change_by_hand():
    first = np.array([[[1, 0, 0], [0, 1, 0], [0, 0, 1]]], np.float32)
    second = np.array([[[1, 0], [0, 1]]], np.float32)
    both = pairs([(0, 0), (2, 1)], 3, 2)
    assert change(first, second, both, both).tolist() == [0]
    # The last row now looks at the first key instead of its own: no key in common, distance 1, mean of two rows.
    second = np.array([[[1, 0], [1, 0]]], np.float32)
    np.testing.assert_allclose(change(first, second, both, both), [0.5], atol=1e-6)


def test_change_over_units_of_several_tokens():
    # The first two tokens of the first side are one token of the second.
    first = np.array([[[0.5, 0.25, 0.25], [0.25, 0.25, 0.5], [0, 0, 1]]], np.float32)
    second = np.array([[[0.625, 0.375], [0, 1]]], np.float32)
    both = Matching([0, 0, 1], [0, 1], ("ab", "c"), "characters")
    np.testing.assert_allclose(change(first, second, both, both), [0], atol=1e-6)


def test_weight_on_tokens_without_counterpart_counts_as_one_place():
    first = np.array([[[0.5, 0.25, 0.25]]], np.float32)
    second = np.array([[[0.5, 0.5]]], np.float32)
    found = change(first, second, pairs([(0, 0)], 1, 1), pairs([(0, 0)], 3, 2))
    np.testing.assert_allclose(found, [0], atol=1e-6)


def test_nothing_in_common_is_not_a_number():
    maps = np.ones((2, 1, 1), np.float32)
    assert np.isnan(change(maps, maps, pairs([], 1, 1), pairs([], 1, 1))).all()
