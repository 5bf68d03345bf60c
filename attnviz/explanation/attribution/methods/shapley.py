"""Shapley values: what a token adds, on average over the orders of adding tokens.

A token that is not there is hidden by the attention mask. Few tokens have few subsets, so that the average over all
orders is exact. For more, orders are sampled, and their spread gives the standard error. What several orders begin with
is run once, and everything in batches.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from attnviz.checks import between
from attnviz.explanation.declarations import MethodInfo, Progress, Scores
from attnviz.explanation.removal import OPERATORS, operator_of, values_of
from attnviz.types import BoolArray, IntArray

if TYPE_CHECKING:
    from attnviz.explanation.problem import Problem

    Values = np.ndarray[Any, np.dtype[np.float64]]

SAMPLES = 25
MAX_SAMPLES = 10_000
EXACT = 8  # tokens: 256 subsets, which take no longer than 25 orders
CELLS = 2**24  # of the table of who is there in walks that are run together


class Shapley:
    info = MethodInfo(
        name="shapley",
        title="Shapley values",
        needs=("forward passes",),
        signed=True,
        sums_up=True,
        cost="25 passes forward for each token, in batches; all subsets of up to 8 tokens",
        source="Shapley 1953, equation 13; sampled: Štrumbelj & Kononenko 2010, algorithm 1",
        description="Adds the tokens one by one, in all orders or in random ones, and takes for each what it adds on "
        "average. All scores together are the whole change.",
        positive="The token raises the result, on average over what else is already there.",
        negative="The token lowers the result, on average over what else is already there.",
        caveat="Where the orders are a sample, differences smaller than the standard error mean nothing.",
        options=("samples", "seed", "operator"),
    )

    def attribute(
        self,
        problem: Problem,
        progress: Progress,
        samples: int | None = None,
        seed: int = 0,
        operator: str = OPERATORS[0].name,
        **options: Any,
    ) -> Scores:
        """`samples`: orders, at least 2; by default all of them where there are at most 8 tokens to add, else 25.

        `operator`: how a token that is not there is taken away, one of `operators_for` the model. The special tokens
        are always there; their scores are 0.
        """
        if samples is not None:
            samples = between("number of samples", samples, 2, MAX_SAMPLES)
        game = _Game(problem, operator)
        scores, error = np.zeros((2, len(problem.tokens)))
        if samples is None and len(game.players) <= EXACT:
            scores[game.players] = game.exact(progress)
            how = f"All {2 ** len(game.players)} subsets of the tokens: exact."
        else:
            orders = list(_orders(len(game.players), samples or SAMPLES, seed))
            marginals = np.zeros((len(orders), len(problem.tokens)))
            marginals[:, game.players] = game.walks(np.array(orders), progress)
            scores, error = marginals.mean(0), _error(marginals)
            how = f"{len(marginals)} random orders; standard error at most {error.max():.2g}."
        single = scores.astype(np.float32)
        change = problem.value - game.empty
        residual = change - float(single.sum(dtype=np.float64))
        return Scores(
            single, game.empty, residual, f"{how} {game.note}".strip(), error=error.astype(np.float32)
        )


class _Game:
    """F of the text with only some of its tokens, as a function of (N, n) rows of which of the n players are there."""

    def __init__(self, problem: Problem, operator: str) -> None:
        self.problem, self.players = problem, np.flatnonzero(~problem.fixed)
        self.way = operator_of(problem.model, operator)
        self.note = "" if self.way is OPERATORS[0] else f"A token that is not there is {self.way.title}."
        self.empty = math.nan  # F without any player, known from the first values on
        if not problem.fixed.any():
            self.empty = self._blank()

    def walks(self, orders: Annotated[IntArray, "S n"], progress: Progress) -> Annotated[Values, "S n"]:
        """What each player adds when they come in each of the orders."""
        count, added = orders.shape[1], np.empty(orders.shape)
        step = max(1, CELLS // max(1, (count + 1) * len(self.problem.tokens)))
        for first in range(0, len(orders), step):
            some = orders[first : first + step]
            # In the row `place` of a walk those players are there who come before it.
            there = np.argsort(some)[:, None, :] < np.arange(count + 1)[:, None]
            report = partial(_report, progress, first / len(orders), len(some) / len(orders))
            values = self._values(there.reshape(-1, count), report).reshape(len(some), count + 1)
            np.put_along_axis(added[first : first + step], some, np.diff(values), 1)
        return added

    def exact(self, progress: Progress) -> Annotated[Values, "n"]:
        """The mean over all orders: what each player adds to each subset of the others, weighted."""
        count = len(self.players)
        subsets = np.arange(2**count)
        there = (subsets[:, None] >> np.arange(count) & 1).astype(bool)
        found, sizes = self._values(there, progress), there.sum(1)
        weights = np.array([1 / (count * math.comb(count - 1, size)) for size in range(count)])
        added = np.zeros(count)
        for player in range(count):
            others = subsets[subsets >> player & 1 == 0]
            added[player] = weights[sizes[others]] @ (found[others | 1 << player] - found[others])
        return added

    def _values(self, there: Annotated[BoolArray, "N n"], progress: Progress) -> Annotated[Values, "N"]:
        """F of each row; the first one is without any player."""
        kept = np.tile(self.problem.fixed, (len(there), 1))
        kept[:, self.players] = there
        runs = kept.any(1)  # nothing at all cannot be run
        values = np.full(len(there), self.empty)
        values[runs] = values_of(self.problem, kept[runs], self.way.name, progress)
        self.empty = float(values[0])
        return values

    def _blank(self) -> float:
        """F of the text of blanks, which stands for nothing at all, as for integrated gradients."""
        import torch

        from attnviz.explanation.attribution.methods.integrated_gradients import blank_text, default_baseline

        blank, start = blank_text(self.problem, default_baseline(self.problem), keep_first=False)
        self.note = f"{self.note} Without any token: {blank} in place of each.".strip()
        with torch.no_grad():
            return float(self.problem.evaluate(embeddings=start))


def _report(progress: Progress, before: float, share: float, part: float) -> None:
    progress(before + share * part)


def _orders(players: int, samples: int, seed: int) -> Iterator[list[int]]:
    """Random orders; every second one is the one before it turned round, which evens out what comes early."""
    random = np.random.default_rng(seed)
    order: list[int] = []
    for number in range(samples):
        order = order[::-1] if number % 2 else random.permutation(players).tolist()
        yield order


def _error(marginals: Annotated[Values, "S T"]) -> Annotated[Values, "T"]:
    """Standard errors of the means, from pairs of an order and its reverse, which are independent."""
    pairs = len(marginals) // 2
    if pairs < 2:
        return marginals.std(0, ddof=1) / np.sqrt(len(marginals))
    means = marginals[: 2 * pairs].reshape(pairs, 2, -1).mean(1)
    return means.std(0, ddof=1) / np.sqrt(pairs)
