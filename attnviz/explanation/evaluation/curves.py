"""How faithful an attribution is: take the words that it puts first away, or keep only those, and look at the result.

Deletion and keep-only curves over ten fractions, comprehensiveness and sufficiency (DeYoung et al. 2020, ERASER,
section 4; mean over the fractions), each beside random orders: numbers mean nothing without that reference.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from attnviz.checks import between, index
from attnviz.errors import AttnVizError, InputEmpty
from attnviz.explanation.declarations import Progress
from attnviz.explanation.removal import operator_of, something_left, values_of
from attnviz.explanation.results import Faithfulness
from attnviz.language import say
from attnviz.types import Attribution, BoolArray, FloatArray, IntArray, Record, readonly

if TYPE_CHECKING:
    from attnviz.capture import Model
    from attnviz.explanation.problem import Problem

    Values = np.ndarray[Any, np.dtype[np.float64]]

STEPS = 10
WORDS = 3
SEEDS = 20  # enough for an interval, see `Faithfulness`
MAX_SEEDS = 1000


@dataclass(frozen=True, repr=False)
class RandomOrders(Record):
    """What random orders do to a text and a target: the reference for every method. Fields as in Faithfulness."""

    removed: Annotated[Values, "S K"]
    kept: Annotated[Values, "S K"]
    without_words: Annotated[Values, "S"]
    seeds: tuple[int, ...]

    def __post_init__(self) -> None:
        for name in ("removed", "kept", "without_words"):
            object.__setattr__(self, name, readonly(getattr(self, name)))

    @property
    def nbytes(self) -> int:
        """Bytes of its arrays."""
        return self.removed.nbytes + self.kept.nbytes + self.without_words.nbytes


def faithfulness(
    model: Model,
    attribution: Attribution,
    operator: str = "attention-mask",
    seeds: int = SEEDS,
    *,
    side: int = 0,
    keep_first: bool | None = None,
    random: RandomOrders | None = None,
    progress: Progress | None = None,
) -> Faithfulness:
    """What taking away, or keeping alone, the tokens with the largest scores does to the target.

    Args:
        model: that the attribution was made with.
        attribution: of `attnviz.explain`.
        operator: how tokens are taken away: "attention-mask", "delete", or "mask" for models with a mask token.
        seeds: how many random orders to compare with, 1 to 1000; 19 or more make an interval.
        side: 1 tests the scores of the other text of a pair.
        keep_first: whether the first token is never taken away. By default it is not in causal models, whose heads
            park attention on it: without it every other order does harm, too. Many of them add such a token themselves.
        random: of `random_orders` with the same text, target, operator and seeds, where they are at hand.
        progress: called with a fraction from 0 to 1; what it raises stops the work and reaches the caller.

    Raises:
        UnknownName: no such operator, number of seeds or side.
        InputEmpty: the text has nothing that could be taken away.
        AttnVizError: the attribution was not made with this model.
    """
    from attnviz.explanation.attribution.run import check_model

    check_model(model)
    way = operator_of(model, operator)
    report = progress or (lambda fraction: None)
    if random is None:
        random = random_orders(
            model,
            attribution,
            operator,
            seeds,
            side=side,
            keep_first=keep_first,
            progress=lambda part: report(0.7 * part),
        )
    problem, scores = _posed(model, attribution, side)
    plan = _Plan(problem, keep_first)
    order = plan.removable[np.argsort(-scores[plan.removable], kind="stable")]
    words = plan.first_words(scores)
    rows = [*plan.without(order), *plan.only(order), plan.without_words(words)]
    values = values_of(problem, np.stack(rows), operator, lambda part: report(0.7 + 0.3 * part))
    report(1.0)
    steps = len(plan.counts)
    removed, kept = values[:steps], values[steps : 2 * steps]
    return Faithfulness(
        method=attribution.method,
        target=attribution.target,
        side=side,
        operator=operator,
        operator_title=f"{way.title}, the first token stays" if plan.keep_first else way.title,
        value=problem.value,
        counts=plan.counts,
        fractions=plan.counts / len(plan.removable),
        removed=removed,
        kept=kept,
        comprehensiveness=float((problem.value - removed).mean()),
        sufficiency=float((problem.value - kept).mean()),
        random_removed=random.removed,
        random_kept=random.kept,
        random_comprehensiveness=(problem.value - random.removed).mean(1),
        random_sufficiency=(problem.value - random.kept).mean(1),
        words=tuple(plan.labels[group].strip() for group in words),
        word_tokens=tuple(np.flatnonzero(np.isin(plan.index, words) & ~plan.fixed).tolist()),
        without_words=float(values[-1]),
        without_random_words=random.without_words,
        seeds=random.seeds,
        keep_first=plan.keep_first,
    )


def random_orders(
    model: Model,
    attribution: Attribution,
    operator: str = "attention-mask",
    seeds: int = SEEDS,
    *,
    side: int = 0,
    keep_first: bool | None = None,
    progress: Progress | None = None,
) -> RandomOrders:
    """What random orders do to the attribution's text and target, whatever its method. See `faithfulness`."""
    from attnviz.explanation.attribution.run import check_model

    check_model(model)
    operator_of(model, operator)
    seeds = between("number of seeds", seeds, 1, MAX_SEEDS)
    problem, _ = _posed(model, attribution, side)
    plan = _Plan(problem, keep_first)
    rows = []
    for seed in range(seeds):
        random = np.random.default_rng(seed)
        order = random.permutation(plan.removable)
        words = random.permutation(plan.words)[: plan.word_count]
        rows += [*plan.without(order), *plan.only(order), plan.without_words(words)]
    values = values_of(problem, np.stack(rows), operator, progress or (lambda fraction: None))
    table, steps = values.reshape(seeds, -1), len(plan.counts)
    return RandomOrders(table[:, :steps], table[:, steps : 2 * steps], table[:, -1], tuple(range(seeds)))


def _posed(model: Model, attribution: Attribution, side: int) -> tuple[Problem, FloatArray]:
    """The attribution's question asked again, of one of its texts, and the scores of that text."""
    from attnviz.explanation.attribution.run import find_target, pose

    sides = [(attribution.tokens, attribution.scores)]
    if attribution.pair_tokens is not None and attribution.pair_scores is not None:
        sides.append((attribution.pair_tokens, attribution.pair_scores))
    side = index("side", side, len(sides))
    first = attribution.tokens
    pair = attribution.second_text
    target = find_target(model, attribution.target)
    problem = pose(model, target, first.text, pair, dict(attribution.options))[side]
    tokens, scores = sides[side]
    if not np.array_equal(problem.tokens.ids, tokens.ids):
        raise AttnVizError(
            say("The attribution was not made with {name!r}: its tokens are others.", name=model.card.name),
            say("Explain the text with this model first."),
        )
    return problem, scores


class _Plan:
    """Which tokens of a text can be taken away, in which steps, and in which words they stand."""

    def __init__(self, problem: Problem, keep_first: bool | None) -> None:
        from attnviz.text import groups

        self.problem, self.fixed = problem, problem.fixed
        self.keep_first = bool(problem.causal if keep_first is None else keep_first) and not self.fixed[0]
        self.fixed[0] |= self.keep_first
        self.removable = np.flatnonzero(~self.fixed)
        total = len(self.removable)
        # Something must be left to run: where the tokenizer adds no special token, the last one stays.
        most = total if self.fixed.any() else total - 1
        if most < 1:
            raise InputEmpty(say("The text has no token that could be taken away."), say("Write more."))
        steps = np.ceil(total * np.arange(1, STEPS + 1) / STEPS).astype(np.int64)
        self.counts: IntArray = np.unique(np.minimum(steps, most))
        self.index, self.labels = groups(problem.tokens, "word")
        self.words = np.unique(self.index[self.removable])
        self.word_count = max(1, min(WORDS, len(self.words) // 2))

    def without(self, order: IntArray) -> list[BoolArray]:
        """Step by step, what is kept where the first tokens of the order are taken away."""
        return [self._kept(order[count:]) for count in self.counts]

    def only(self, order: IntArray) -> list[BoolArray]:
        """Step by step, the first tokens of the order alone."""
        return [self._kept(order[:count]) for count in self.counts]

    def without_words(self, words: IntArray) -> BoolArray:
        return something_left(self.problem, ~np.isin(self.index, words) | self.fixed)

    def first_words(self, scores: FloatArray) -> IntArray:
        """The words with the largest sums, in the order of the text."""
        sums = np.bincount(self.index, np.where(self.fixed, 0, scores.astype(np.float64)))
        return np.sort(self.words[np.argsort(-sums[self.words], kind="stable")[: self.word_count]])

    def _kept(self, positions: IntArray) -> BoolArray:
        kept = self.fixed.copy()
        kept[positions] = True
        return kept
