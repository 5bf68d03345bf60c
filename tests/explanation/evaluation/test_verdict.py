"""The test in words: the numbers of the record, a badge for each property that can be judged, meanings of red ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from attnviz.explanation import Agreement, Sanity
from attnviz.explanation.evaluation import verdict
from attnviz.types import Attribution, Tokens
from tests.explanation.evaluation.records import record


def attribution(residual: float | None) -> Attribution:
    tokens = Tokens(
        "one two", [1, 2], ("one", "two"), ("one", " two"), [[0, 3], [3, 7]], [0, 0], [0, 1], [0, 0]
    )
    return Attribution(
        tokens, np.array([0.5, 0.4]), None, None, "leave-one-out", "similarity", 0.9, 0.0, residual, True
    )


def test_the_headline_names_the_target_that_it_knows():
    said = verdict.headline(record())
    assert (
        said
        == "Without these 2 words the similarity falls from 0.90 to 0.10; without 2 random words to 0.75."
    )
    assert "the result falls" in verdict.headline(record(target="label"))
    assert "the score rises from 0.90 to 0.95" in verdict.headline(record(without_words=0.95), "score")


@pytest.mark.parametrize(("residual", "words"), [(0.0, "adds up"), (0.5, "does not add up"), (None, "")])
def test_badges_judge_only_what_is_claimed(residual, words):
    found = verdict.badges(record(), attribution(residual))
    assert [badge.holds for badge in found] == [True, *([residual == 0.0] if residual is not None else [])]
    assert words in found[-1].words if words else len(found) == 1


def test_a_red_badge_says_what_it_means():
    (badge,) = verdict.badges(record(0.35), attribution(None))
    assert not badge.holds
    assert "Do not tell anybody" in badge.meaning
    assert "of 20 random orders 0.300 to 0.400 (an interval at the level of 90%)" in badge.meaning
    assert (
        verdict.badges(record(0.35, random_comprehensiveness=np.linspace(0.3, 0.4, 5)), attribution(None))
        == ()
    )


def test_a_sum_that_does_not_check_says_what_that_means():
    badge = verdict.badges(record(), attribution(0.5))[-1]
    assert not badge.holds
    assert "their sizes mean nothing" in badge.meaning
    assert "The scores add up to 0.400 of the 0.900 between them: the sum does not check" in badge.meaning
    second = replace(attribution(0.0), pair_residual=0.3, pair_baseline_value=0.1)
    assert "The scores add up to 0.500 of the 0.800 between them" in verdict.sum_check(second), (
        "the worse text"
    )


def test_the_table_holds_every_step():
    first, second = verdict.curve_table(record())
    assert first["taken or kept, tokens"] == 4
    assert (first["random, from of 90%"], first["random, to of 90%"]) == (0.5, 0.7)
    assert second["result without the first"] == 0.5
    assert first["random, mean"] == pytest.approx(0.6)


def test_no_sentence_holds_a_word_of_the_text():
    test = record()
    said = [verdict.headline(test), verdict.conditions(test), verdict.curve_numbers(test)]
    assert not any("<" in sentence for sentence in said)


@pytest.mark.parametrize(
    ("correlation", "words"),
    [
        (0.91, "Rank correlation 0.91: this picture hardly depends on"),
        (0.7, "hardly depends"),
        (0.55, "depends only in part"),
        (0.1, "does depend on what the upper layers learned"),
        (-0.8, "does depend"),
        (float("nan"), "cannot be compared"),
    ],
)
def test_the_rank_correlation_after_shuffling_in_words(correlation, words):
    assert words in verdict.shuffled(correlation)


def test_what_was_shuffled_is_said():
    one = attribution(0.0)
    found = Sanity(one, replace(one, value=0.25), (3, 4, 5), 0.5, None, 7)
    said = verdict.shuffling(found)
    assert "layers 3 to 5 (of 6, counted from 0)" in said
    assert "with seed 7" in said
    assert "from 0.900 to 0.250" in said
    assert "of layer 1 (of 2" in verdict.shuffling(replace(found, layers=(1,)))


TITLES = {"a": "Method A", "b": "Method B"}


@pytest.mark.parametrize(
    ("taus", "baseline_tau", "words"),
    [
        (
            (0.5, 0.36),
            0.35,
            ["agrees with other methods, worst Method B: 0.36", "survives a change of baseline"],
        ),
        (
            (0.9, 0.1),
            0.34,
            ["other methods disagree, worst Method B: 0.10", "does not survive a change of baseline"],
        ),
        ((0.5, 0.4), float("nan"), ["agrees with other methods, worst Method B: 0.40"]),
        ((0.5, float("nan")), 0.9, ["survives a change of baseline"]),
    ],
)
def test_agreement_becomes_badges_with_their_numbers(taus, baseline_tau, words):
    found = Agreement("m", "similarity", 0, ("a", "b"), taus, "blanks", baseline_tau)
    badges = verdict.agreement_badges(found, TITLES)
    assert [badge.words for badge in badges] == words
    for badge in badges:
        assert bool(badge.meaning) != badge.holds
        assert badge.note in badge.meaning + badge.note
        assert f"{taus[0]:.2f}" in badge.note or f"{baseline_tau:.2f}" in badge.note
    if "other methods" in words[0]:
        assert f"Method A ({taus[0]:.2f}) and Method B ({taus[1]:.2f})" in badges[0].note
