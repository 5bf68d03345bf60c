"""Word alignment from rows of attention: hand-solved, and on rows whose right links are known."""

import numpy as np
import pytest

from attnviz.analysis.word_alignment import (
    agreement,
    aligning_head,
    alignment_error_rate,
    by_words,
    head_scores,
    parse_links,
    word_alignment,
)
from attnviz.types import Tokens


def tokens(text: str, pieces: list[str]) -> Tokens:
    """Pieces of the text in order, then an end that is special; pieces that begin with a space begin a word."""
    spans, words, at, word = [], [], 0, -1
    for piece in pieces:
        word += piece.startswith(" ") or at == 0
        spans.append((at, at + len(piece)))
        words.append(word)
        at += len(piece)
    assert "".join(pieces) == text
    count = len(pieces)
    return Tokens(
        text, np.arange(count + 1), (*pieces, "</s>"), (*pieces, "</s>"), np.array([*spans, (0, 0)]),
        np.array([False] * count + [True]), np.array([*words, -1]), np.zeros(count + 1, int),
    )  # fmt: skip


SOURCE = tokens("red cars stop", ["red", " car", "s", " stop"])
TARGET = tokens("carros vermelhos", ["carr", "os", " vermelhos"])
#                  red  car   s  stop  end
ROWS = np.array([[0.1, 0.5, 0.3, 0.0, 0.1],
                 [0.0, 0.2, 0.6, 0.0, 0.2],
                 [1.0, 0.0, 0.0, 0.0, 0.0],
                 [0.2, 0.2, 0.2, 0.2, 0.2]], np.float32)  # fmt: skip


def test_pieces_of_a_source_word_add_up_and_those_of_a_target_word_are_averaged():
    found = word_alignment(ROWS, TARGET, SOURCE)
    assert (found.sources, found.targets) == (("red", "cars", "stop"), ("carros", "vermelhos"))
    np.testing.assert_allclose(found.weights, [[0.05, 0.8, 0], [1, 0, 0]], atol=1e-7)
    assert found.target_tokens.tolist() == [[0, 2], [2, 3]]
    assert found.source_tokens.tolist() == [[0, 1], [1, 3], [3, 4]]
    assert found.best.tolist() == [1, 0]
    assert found.links == {(1, 0), (0, 1)}


def test_entropy_counts_the_special_tokens_and_coverage_finds_what_nobody_read():
    found = word_alignment(ROWS, TARGET, SOURCE)
    row = np.array([0.05, 0.8, 0.15])
    np.testing.assert_allclose(found.entropy, [-(row * np.log(row)).sum() / np.log(4), 0], atol=1e-6)
    np.testing.assert_allclose(found.coverage, [1.05, 0.8, 0], atol=1e-6)
    assert found.unread.tolist() == [False, False, True]
    assert found.completeness == pytest.approx((1 + 0.8 + 0) / 3)
    flat = word_alignment(np.full((4, 5), 0.2, np.float32), TARGET, SOURCE)
    assert flat.uncertain.all()
    assert flat.links == set()


def test_pieces_can_be_the_words():
    found = word_alignment(ROWS, TARGET, SOURCE, "token")
    assert (len(found.sources), len(found.targets)) == (4, 3)
    np.testing.assert_array_equal(found.weights, ROWS[:3, :4])


def test_rows_of_another_text_are_refused():
    with pytest.raises(ValueError, match="3, 5"):
        word_alignment(ROWS[:3], TARGET, SOURCE)


def test_the_head_that_aligns_is_found_among_sharp_and_flat_ones():
    resting = np.zeros((4, 5), np.float32)
    resting[:, 4] = 1  # sharp, and always on the end of the sentence
    diagonal = np.eye(4, 5, dtype=np.float32)
    flat = np.full((4, 5), 0.2, np.float32)
    attention = np.stack([[resting, flat], [ROWS, 0.5 * ROWS + 0.5 * flat]])
    assert aligning_head(attention, TARGET, SOURCE) == (1, 0)
    scores = head_scores(attention, TARGET, SOURCE)
    assert scores[0, 0] == 0
    assert ((scores >= 0) & (scores <= 1)).all()
    assert aligning_head(np.stack([[ROWS, ROWS, diagonal]]), TARGET, SOURCE)[1] in (0, 1)


def test_the_error_rate_is_that_of_och_and_ney():
    gold = parse_links("0-0 1-2 2-1 3-3")
    assert gold == {(0, 0), (1, 2), (2, 1), (3, 3)}
    assert alignment_error_rate(gold, gold) == 0
    assert alignment_error_rate({(0, 0), (1, 1)}, gold) == pytest.approx(1 - 2 / 6)
    assert alignment_error_rate((), gold) == 1
    assert alignment_error_rate((), ()) == 0


def test_links_that_are_only_possible_count_for_what_was_found_and_not_for_what_was_missed():
    sure, possible = {(0, 0), (1, 1)}, {(2, 1), (2, 2)}
    assert alignment_error_rate({(0, 0), (1, 1), (2, 2)}, sure, possible) == 0
    assert alignment_error_rate({(0, 0), (2, 1)}, sure, possible) == pytest.approx(1 - (1 + 2) / (2 + 2))
    assert alignment_error_rate({(0, 1)}, sure, possible) == 1
    assert agreement({(0, 0), (2, 1)}, sure, possible) == (3, 4)


def test_links_of_pieces_become_links_of_words():
    words = word_alignment(ROWS, TARGET, SOURCE)
    source, target = words.source_tokens, words.target_tokens
    every = {(s, t) for s in range(len(SOURCE)) for t in range(len(TARGET))}
    whole = frozenset((s, t) for s in range(len(source)) for t in range(len(target)))
    assert by_words(every, words) == whole
    assert by_words({(int(source[0, 0]), int(target[-1, 1]) - 1)}, words) == {(0, len(target) - 1)}
    assert by_words({(len(SOURCE) + 5, 0)}, words) == frozenset()
