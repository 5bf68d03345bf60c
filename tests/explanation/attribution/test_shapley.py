"""Shapley values: efficiency, symmetry and dummy hold exactly; few tokens get the mean over all orders itself."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
import torch

from attnviz.explanation import explain
from attnviz.explanation.attribution.methods.shapley import Shapley
from attnviz.explanation.attribution.registry import TARGETS


def problem_of(model, text: str, pair: str | None = None):
    name = "next-token" if model.card.kind == "decoder" else "similarity"
    return next(each for each in TARGETS if each.info.name == name).problems(model, text, pair)[0]


def shapley(problem, samples: int | None = None):
    return Shapley().attribute(problem, lambda fraction: None, samples=samples)


def value_of(problem, there: list[int]) -> float:
    """F with the special tokens and only some others, one pass."""
    mask = torch.as_tensor(problem.fixed)[None].long()
    mask[0, there] = 1
    with torch.no_grad():
        return float(problem.evaluate(mask=mask))


@pytest.mark.parametrize("model", ["minilm", "gpt2", "llama"], indirect=True)
def test_scores_add_up_whatever_the_sample(model):
    result = explain(model, "The cat sat on the mat.", pair="A kitten rests.", method="shapley", samples=2)
    assert result.residual == pytest.approx(0, abs=2e-5)
    assert abs(result.scores.sum() - (result.value - result.baseline_value)) < 2e-5
    special = np.array(result.tokens.special)
    assert not result.scores[special].any()
    assert not result.error[special].any()
    assert (result.error[~special] > 0).any()


@pytest.mark.parametrize("model", ["minilm", "gpt2"], indirect=True)
def test_few_tokens_get_the_mean_over_all_orders_and_a_sample_approaches_it(model):
    problem = problem_of(model, "The cat sat on", "A kitten rests.")
    players = np.flatnonzero(~problem.fixed).tolist()
    assert len(players) == 4
    empty = shapley(problem, 2).baseline_value
    values: dict[frozenset[int], float] = {}
    expected = np.zeros(len(problem.tokens))
    orders = list(permutations(players))
    for order in orders:
        for place, player in enumerate(order):
            sets = [frozenset(order[:place]), frozenset(order[: place + 1])]
            for each in sets:
                if each not in values:
                    values[each] = value_of(problem, sorted(each)) if each else empty
            expected[player] += (values[sets[1]] - values[sets[0]]) / len(orders)
    exact = shapley(problem)
    np.testing.assert_allclose(exact.scores, expected, atol=1e-5)
    assert exact.residual == pytest.approx(0, abs=1e-5)
    assert not exact.error.any()
    assert exact.note.startswith("All 16 subsets of the tokens: exact.")
    found = shapley(problem, 200)
    assert (np.abs(found.scores - expected) < 4 * found.error + 1e-6).all()
    assert found.note.startswith("200 random orders; standard error at most ")


def test_more_than_eight_tokens_are_sampled(minilm):
    nine = problem_of(minilm, "one two three four five six seven eight nine", "x")
    assert len(nine.tokens) == 11
    assert shapley(nine).note.startswith("25 random orders;")
    eight = problem_of(minilm, "one two three four five six seven eight", "x")
    assert shapley(eight).note.startswith("All 256 subsets")


def test_tokens_that_do_the_same_get_the_same_and_those_that_do_nothing_get_nothing(minilm):
    """A made-up result: how many of tokens 1 and 2 are there, both needed for the rest of it; 3 plays no part."""
    base = problem_of(minilm, "one two three four", "x")

    def read(run, mask):
        present = mask.float()
        return present[:, 1] + present[:, 2] + 5 * present[:, 1] * present[:, 2]

    problem = replace(base, read=read, value=7.0)
    orders = 200
    found = shapley(problem, orders)
    # Each pair of an order and its reverse has 1 before 2 once and after it once: exact, not only on average.
    assert found.scores[1] == pytest.approx(found.scores[2], abs=1e-6)
    assert found.scores[1] == pytest.approx(3.5, abs=1e-6)
    assert found.scores[3] == found.error[3] == 0
    assert found.residual == pytest.approx(0, abs=1e-6)


def test_the_same_seed_gives_the_same_scores_and_leaves_torchs_own_alone(minilm):
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    first, again, other = (
        explain(minilm, "The cat sat.", pair="A dog.", method="shapley", samples=4, seed=seed).scores
        for seed in (1, 1, 2)
    )
    assert torch.equal(torch.rand(2), expected)
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_without_special_tokens_the_empty_text_is_a_text_of_blanks(gpt2):
    result = explain(gpt2, "The cat sat", method="shapley", samples=2)
    assert "Without any token: <|endoftext|> in place of each." in result.note
    blanks = torch.zeros(1, len(result.tokens), dtype=torch.int64)  # the id of <|endoftext|>
    best = dict(result.options)["token"]
    with torch.no_grad():
        expected = float(gpt2.loaded.module(blanks).logits[0, -1, best])
    assert result.baseline_value == pytest.approx(expected, abs=1e-5)


def test_tokens_can_be_deleted_in_place_of_hidden(minilm):
    text, other = "cat sat down", "a kitten rests"
    found = explain(minilm, text, pair=other, method="shapley", operator="delete")
    words = text.split()

    def value(kept: tuple[int, ...]) -> float:
        if not kept:
            return found.baseline_value
        return explain(minilm, " ".join(words[n] for n in kept), pair=other, method="attention").value

    expected = [0.0] * 3
    for order in permutations(range(3)):
        for place, player in enumerate(order):
            before = tuple(sorted(order[:place]))
            expected[player] += (value(tuple(sorted((*before, player)))) - value(before)) / 6
    np.testing.assert_allclose(found.scores[1:-1], expected, atol=1e-5)
    assert abs(found.residual) < 1e-5
    assert "A token that is not there is deleted." in found.note
