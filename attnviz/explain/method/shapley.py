"""Shapley values by sampled orders, by captum: what a token adds, on average over the orders of adding tokens.

A token that is not there is hidden by the attention mask. captum walks one order at a time, so that the spread
between orders gives the standard error.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from attnviz.errors import UnknownName
from attnviz.explain.records import MethodInfo, Progress, Scores

if TYPE_CHECKING:
    import torch

    from attnviz.explain.problem import Problem

SAMPLES = 25
MAX_SAMPLES = 10_000


class Shapley:
    info = MethodInfo(
        name="shapley",
        title="Shapley values",
        needs=("forward passes",),
        signed=True,
        sums_up=True,
        cost="25 passes forward for each token, in batches of up to 32",
        source="Štrumbelj & Kononenko 2010, algorithm 1; implementation: captum",
        description="Adds the tokens one by one in random orders, and takes for each what it adds on average. "
        "All scores together are the whole change.",
        positive="The token raises the result, on average over what else is already there.",
        negative="The token lowers the result, on average over what else is already there.",
        caveat="The orders are a sample: differences smaller than the standard error mean nothing.",
        options=("samples", "seed"),
    )

    def attribute(
        self, problem: Problem, progress: Progress, samples: int = SAMPLES, seed: int = 0, **options: Any
    ) -> Scores:
        """`samples`: orders, at least 2. The special tokens are always there; their scores are 0."""
        if isinstance(samples, bool) or not isinstance(samples, int) or not 2 <= samples <= MAX_SAMPLES:
            raise UnknownName("number of samples", samples, (f"2 to {MAX_SAMPLES}",))
        game = _Game(problem)
        marginals = np.zeros((samples, len(problem.tokens)))
        for number, order in enumerate(_orders(len(game.players), samples, seed)):
            progress(number / samples)
            marginals[number, game.players] = game.walk(order)
        scores = marginals.mean(0).astype(np.float32)
        change = problem.value - game.empty
        return Scores(
            scores,
            game.empty,
            change - float(scores.sum(dtype=np.float64)),
            f"{samples} random orders; standard error at most {_error(marginals).max():.2g}. {game.note}".strip(),
            error=_error(marginals),
        )


class _Game:
    """F of the text with only some of its tokens, as a function of (N, n) rows of 0 and 1 over the n players."""

    def __init__(self, problem: Problem) -> None:
        import torch

        from attnviz.explain.batches import rows_at_once

        self.problem, self.rows = problem, rows_at_once(len(problem.tokens))
        self.players = np.flatnonzero(~problem.fixed)
        self.note = ""
        with torch.no_grad():
            if problem.fixed.any():
                self.empty = float(problem.evaluate(mask=self._mask(torch.zeros(1, len(self.players)))))
            else:
                # Nothing at all cannot be run: the text of blanks stands for it, as for integrated gradients.
                from attnviz.explain.method.integrated_gradients import blank_text

                blank, start = blank_text(problem, None)
                self.empty = float(problem.evaluate(embeddings=start))
                self.note = f"Without any token: {blank} in place of each."

    def walk(self, order: list[int]) -> np.ndarray[Any, np.dtype[np.float64]]:
        """(n,) what each player adds when they come in this order, by captum."""
        import torch
        from captum.attr import ShapleyValueSampling

        sampling = ShapleyValueSampling(self._value)
        sampling.permutation_generator = lambda features, samples: iter([order])
        everyone = torch.ones(1, len(self.players), device=self.problem.mask.device)
        added = sampling.attribute(everyone, baselines=0.0, n_samples=1, perturbations_per_eval=self.rows)
        return added[0].double().cpu().numpy()

    def _value(self, there: torch.Tensor) -> torch.Tensor:
        import torch

        with torch.no_grad():
            nobody = there.sum(1) == 0
            if bool(nobody.all()):
                return torch.full((len(there),), self.empty, device=there.device)
            return self.problem.evaluate(mask=self._mask(there))

    def _mask(self, there: torch.Tensor) -> torch.Tensor:
        mask = self.problem.mask.repeat(len(there), 1)
        mask[:, self.players] = there.to(mask.dtype).to(mask.device)
        return mask


def _orders(players: int, samples: int, seed: int) -> Iterator[list[int]]:
    """Random orders; every second one is the one before it turned round, which evens out what comes early."""
    random = np.random.default_rng(seed)
    order: list[int] = []
    for number in range(samples):
        order = order[::-1] if number % 2 else random.permutation(players).tolist()
        yield order


def _error(marginals: np.ndarray[Any, np.dtype[np.float64]]) -> np.ndarray[Any, np.dtype[np.float32]]:
    """(T,) standard errors of the means, from pairs of an order and its reverse, which are independent."""
    pairs = len(marginals) // 2
    if pairs < 2:
        return (marginals.std(0, ddof=1) / np.sqrt(len(marginals))).astype(np.float32)
    means = marginals[: 2 * pairs].reshape(pairs, 2, -1).mean(1)
    return (means.std(0, ddof=1) / np.sqrt(pairs)).astype(np.float32)
