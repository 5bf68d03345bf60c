"""Shapley values: what a token adds, on average over the orders of adding tokens.

A token that is not there is hidden by the attention mask. Few tokens have few subsets, so that the average over all
orders is exact. For more, orders are sampled; captum walks one at a time, and their spread gives the standard error.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import comb
from typing import TYPE_CHECKING, Any

import numpy as np

from attnviz.checks import between
from attnviz.explanation.declarations import MethodInfo, Progress, Scores
from attnviz.explanation.removal import OPERATORS, operator_of, run_without

if TYPE_CHECKING:
    import torch

    from attnviz.explanation.problem import Problem

SAMPLES = 25
MAX_SAMPLES = 10_000
EXACT = 8  # tokens: 256 subsets, which take no longer than 25 orders


class Shapley:
    info = MethodInfo(
        name="shapley",
        title="Shapley values",
        needs=("forward passes",),
        signed=True,
        sums_up=True,
        cost="25 passes forward for each token, in batches of up to 16; all subsets of up to 8 tokens",
        source="Shapley 1953, equation 13; sampled: Štrumbelj & Kononenko 2010, algorithm 1, implementation: captum",
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
            marginals = np.zeros((samples or SAMPLES, len(problem.tokens)))
            for number, order in enumerate(_orders(len(game.players), len(marginals), seed)):
                progress(number / len(marginals))
                marginals[number, game.players] = game.walk(order)
            scores, error = marginals.mean(0), _error(marginals)
            how = f"{len(marginals)} random orders; standard error at most {error.max():.2g}."
        single = scores.astype(np.float32)
        change = problem.value - game.empty
        residual = change - float(single.sum(dtype=np.float64))
        return Scores(
            single, game.empty, residual, f"{how} {game.note}".strip(), error=error.astype(np.float32)
        )


class _Game:
    """F of the text with only some of its tokens, as a function of (N, n) rows of 0 and 1 over the n players."""

    def __init__(self, problem: Problem, operator: str) -> None:
        import torch

        from attnviz.explanation.batches import rows_at_once
        from attnviz.explanation.compact_rows import CompactRows

        # Orders add token by token: smaller batches hold rows of nearly one length.
        self.problem, self.rows = problem, max(1, rows_at_once(len(problem.tokens)) // 2)
        self.compact = CompactRows(problem)
        self.players = np.flatnonzero(~problem.fixed)
        self.way = operator_of(problem.model, operator)
        self.note = "" if self.way is OPERATORS[0] else f"A token that is not there is {self.way.title}."
        with torch.no_grad():
            if problem.fixed.any():
                self.empty = float(self._run(torch.zeros(1, len(self.players))))
            else:
                # Nothing at all cannot be run: the text of blanks stands for it, as for integrated gradients.
                from attnviz.explanation.attribution.methods.integrated_gradients import (
                    blank_text,
                    default_baseline,
                )

                blank, start = blank_text(problem, default_baseline(problem), keep_first=False)
                self.empty = float(problem.evaluate(embeddings=start))
                self.note = f"{self.note} Without any token: {blank} in place of each.".strip()

    def walk(self, order: list[int]) -> np.ndarray[Any, np.dtype[np.float64]]:
        """(n,) what each player adds when they come in this order, by captum."""
        import torch
        from captum.attr import ShapleyValueSampling

        sampling = ShapleyValueSampling(self._value)
        sampling.permutation_generator = lambda features, samples: iter([order])
        everyone = torch.ones(1, len(self.players), device=self.problem.mask.device)
        added = sampling.attribute(everyone, baselines=0.0, n_samples=1, perturbations_per_eval=self.rows)
        return added[0].double().cpu().numpy()

    def exact(self, progress: Progress) -> np.ndarray[Any, np.dtype[np.float64]]:
        """(n,) the mean over all orders: what each player adds to each subset of the others, weighted."""
        import torch

        count = len(self.players)
        subsets = np.arange(2**count)
        rows = torch.from_numpy(subsets[:, None] >> np.arange(count) & 1)
        values = []
        for first in range(0, len(rows), self.rows):
            progress(first / len(rows))
            values.append(self._value(rows[first : first + self.rows]).double().cpu().numpy())
        found, sizes = np.concatenate(values), rows.sum(1).numpy()
        weights = np.array([1 / (count * comb(count - 1, size)) for size in range(count)])
        added = np.zeros(count)
        for player in range(count):
            others = subsets[subsets >> player & 1 == 0]
            added[player] = weights[sizes[others]] @ (found[others | 1 << player] - found[others])
        return added

    def _value(self, there: torch.Tensor) -> torch.Tensor:
        import torch

        with torch.no_grad():
            anybody = there.sum(1) > 0
            values = torch.full((len(there),), self.empty, device=self.problem.mask.device)
            if bool(anybody.any()):
                values[anybody] = self._run(there[anybody])
            return values

    def _run(self, there: torch.Tensor) -> torch.Tensor:
        """(N,) F where each row has a token or more, or special ones."""
        kept = self.problem.mask.repeat(len(there), 1)
        kept[:, self.players] = there.to(kept.dtype).to(kept.device)
        if self.way is OPERATORS[0]:
            return self.compact.values(kept)
        run = run_without(self.problem, {self.way.name: kept.bool().cpu().numpy()})
        return self.problem.read(run, run.rows["attention_mask"]).float()


def _orders(players: int, samples: int, seed: int) -> Iterator[list[int]]:
    """Random orders; every second one is the one before it turned round, which evens out what comes early."""
    random = np.random.default_rng(seed)
    order: list[int] = []
    for number in range(samples):
        order = order[::-1] if number % 2 else random.permutation(players).tolist()
        yield order


def _error(marginals: np.ndarray[Any, np.dtype[np.float64]]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """(T,) standard errors of the means, from pairs of an order and its reverse, which are independent."""
    pairs = len(marginals) // 2
    if pairs < 2:
        return marginals.std(0, ddof=1) / np.sqrt(len(marginals))
    means = marginals[: 2 * pairs].reshape(pairs, 2, -1).mean(1)
    return means.std(0, ddof=1) / np.sqrt(pairs)
