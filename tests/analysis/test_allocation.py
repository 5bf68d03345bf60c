"""Classes of tokens by hand; shares against sums over whole maps; reference shares against maps that are even."""

from itertools import pairwise

import numpy as np
import pytest

from attnviz.analysis import aggregate, allocation
from attnviz.analysis.token_classes import TITLES, classify
from attnviz.capture import open_capture, shares
from attnviz.capture.scores import DenseScores
from attnviz.runtime import gallery
from attnviz.text import groups
from attnviz.types import Tokens


def tokens(*words, special=(), text=None):
    """One token a word."""
    count = len(words)
    flags = np.array([n in special for n in range(count)])
    spans, at, numbers = [], 0, []
    for n, word in enumerate(words):
        spans.append((0, 0) if flags[n] else (at, at + len(word)))
        at += 0 if flags[n] else len(word) + 1
        numbers.append(-1 if flags[n] else n - int(flags[:n].sum()))
    whole = " ".join(word for n, word in enumerate(words) if not flags[n])
    return Tokens(
        whole, np.arange(count), words, words, np.array(spans), flags, np.array(numbers), np.zeros(count, int)
    )


def names(given):
    classes = classify(given)
    return [classes.names[n] for n in classes.index]


def test_each_token_is_in_one_class():
    given = tokens("[CLS]", "The", "cat", "didn’t", "sit", ".", "42", "😍", "[SEP]", special=(0, 8))
    assert names(given) == [
        "first", "function", "content", "function", "content", "punctuation", "content", "punctuation", "special",
    ]  # fmt: skip


def test_the_first_token_is_first_also_where_it_is_a_word():
    assert names(tokens("The", "cat", "on", "it")) == ["first", "content", "function", "function"]


@pytest.mark.parametrize(
    "text", [("Die", "Katze", "sitzt", "auf", "der", "Matte", "."), ("我", "喜", "欢", "读", "书", "。")]
)
def test_a_text_that_is_not_english_has_words_only(text):
    assert set(names(tokens(*text))) == {"first", "word", "punctuation"}


def test_only_classes_that_occur_are_named():
    assert classify(tokens("a")).names == ("first",)
    assert list(TITLES) == ["first", "special", "punctuation", "function", "content", "word"]


@pytest.fixture(scope="module")
def pair():
    """A stored capture of two texts, and its whole maps (L, H, T, T)."""
    capture = open_capture(
        gallery.capture_path(next(each for each in gallery.EXAMPLES if each.name == "similar"))
    )
    return capture, np.stack([capture.attention(layer) for layer in range(capture.shape()[0])])


@pytest.mark.parametrize("block_bytes", [1, 4 * 2**20])
def test_shares_by_group_are_sums_over_keys_and_means_over_queries(pair, monkeypatch, block_bytes):
    monkeypatch.setattr("attnviz.capture.blocks.CPU_BYTES", block_bytes)
    capture, maps = pair
    rows, keys = allocation.class_groups(capture.tokens).index, capture.tokens.segments
    found = shares.by_group(capture, rows, keys)
    for g in range(rows.max() + 1):
        for c in (0, 1):
            expected = maps[:, :, rows == g][..., keys == c].sum(-1).mean(-1)
            np.testing.assert_allclose(found[:, :, g, c], expected, atol=1e-6)
    whole = allocation.with_all(found, rows)
    np.testing.assert_allclose(whole[:, :, 0, 0], maps[..., keys == 0].sum(-1).mean(-1), atol=1e-6)
    np.testing.assert_allclose(whole.sum(-1), 1, atol=1e-5)


def test_pooled_maps_solved_by_hand():
    """Two layers of one head over three tokens, of which the first two are one sentence."""
    one = [[0.5, 0.5, 0.0], [0.25, 0.25, 0.5], [0.25, 0.5, 0.25]]
    scores = [DenseScores(np.array(each, np.float32)[None, None]) for each in (one, np.eye(3))]
    groups = np.array([0, 0, 1])
    first = shares.pooled_map(scores, [(0, 0)], groups, groups)
    np.testing.assert_allclose(first, [[0.75, 0.25], [0.75, 0.25]])
    both = shares.pooled_map(scores, [(0, 0), (1, 0)], groups, groups)
    np.testing.assert_allclose(both, [[0.875, 0.125], [0.375, 0.625]])


@pytest.mark.parametrize("block_bytes", [1, 4 * 2**20])
@pytest.mark.parametrize("heads", [[(2, 3)], [(1, h) for h in range(12)], [(0, 1), (5, 0), (5, 11)]])
def test_pooled_maps_are_means_of_whole_maps(pair, monkeypatch, block_bytes, heads):
    monkeypatch.setattr("attnviz.capture.blocks.CPU_BYTES", block_bytes)
    capture, maps = pair
    index, labels = groups(capture.tokens, "sentence")
    words, _ = groups(capture.tokens, "word")
    found = shares.pooled(capture, heads, index, words)
    mean = np.mean([maps[place] for place in heads], axis=0)
    np.testing.assert_allclose(found, aggregate(mean, index, words), atol=1e-6)
    np.testing.assert_allclose(found.sum(1), np.ones(len(labels)), atol=1e-5)


def test_no_heads_are_refused(pair):
    with pytest.raises(ValueError, match="0 heads"):
        shares.pooled(pair[0], [], pair[0].tokens.segments, pair[0].tokens.segments)


def test_groups_of_a_wrong_length_are_refused(pair):
    with pytest.raises(ValueError, match="groups of 2 queries"):
        shares.by_group(pair[0], np.zeros(2, int), pair[0].tokens.segments)


@pytest.mark.parametrize("block_bytes", [1, 4 * 2**20])
def test_shares_by_distance(pair, monkeypatch, block_bytes):
    monkeypatch.setattr("attnviz.capture.blocks.CPU_BYTES", block_bytes)
    capture, maps = pair
    edges = allocation.distance_edges(len(capture.tokens), causal=False)
    found = shares.by_distance(capture, edges)
    steps = np.arange(maps.shape[-1])[None, :] - np.arange(maps.shape[-1])[:, None]
    for b, (low, high) in enumerate(pairwise(edges)):
        expected = (maps * ((steps >= low) & (steps < high))).sum((-1, -2)) / maps.shape[-1]
        np.testing.assert_allclose(found[..., b], expected, atol=1e-6)
    np.testing.assert_allclose(found.sum(-1), 1, atol=1e-5)


def test_shares_on_the_same_token(pair):
    capture, maps = pair
    ids, special = capture.tokens.ids, capture.tokens.special
    same = (ids[:, None] == ids) & ~np.eye(len(ids), dtype=bool) & ~special[:, None] & ~special
    rows = same.any(1)
    assert rows.sum() > 2
    np.testing.assert_allclose(
        shares.on_same_token(capture), (maps * same).sum(-1)[..., rows].mean(-1), atol=1e-6
    )


@pytest.mark.parametrize("causal", [False, True])
def test_even_shares_are_those_of_an_even_map(causal):
    groups = np.array([0, 1, 2, 1, 1, 0])
    even = np.tril(np.ones((6, 6))) if causal else np.ones((6, 6))
    even /= even.sum(1, keepdims=True)
    found = allocation.even_shares(groups, groups, causal, (3, 3))
    for g in range(3):
        for c in range(3):
            assert found[g, c] == pytest.approx(even[groups == g][:, groups == c].sum(1).mean())
    edges = allocation.distance_edges(6, causal)
    steps = np.arange(6)[None, :] - np.arange(6)[:, None]
    by_distance = allocation.even_by_distance(6, edges, causal)
    for b in range(len(edges) - 1):
        expected = (even * ((steps >= edges[b]) & (steps < edges[b + 1]))).sum() / 6
        assert by_distance[b] == pytest.approx(expected)


def test_distances_in_words():
    assert allocation.distance_titles(allocation.distance_edges(6, causal=False)) == (
        "4–7 before", "2–3 before", "1 before", "itself", "1 after", "2–3 after", "4–7 after",
    )  # fmt: skip
    assert allocation.distance_titles(allocation.distance_edges(3, causal=True)) == (
        "2–3 before", "1 before", "itself",
    )  # fmt: skip
    assert allocation.distance_titles(allocation.distance_edges(1, causal=True)) == ("itself",)


def test_same_and_other_text_by_hand():
    by_text = np.array([[0.5, 0.3, 0.2], [0.1, 0.6, 0.3], [0.3, 0.3, 0.4]])
    np.testing.assert_allclose(
        allocation.same_and_other(by_text), [[0.5, 0.3, 0.2], [0.6, 0.1, 0.3]], rtol=1e-6
    )
