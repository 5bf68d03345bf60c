"""What tests of an explanation found: what taking words away does, and what switching heads off does.

Frozen records with read-only arrays; nothing here computes. Axis letters: K steps, S random orders, L layers, H heads.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt

from attnviz.types import Attribution, BoolArray, FloatArray, IntArray, Kind, Mark, Record, Tokens, readonly

Outcomes = tuple[tuple[str, float], ...]
LEVEL = 0.9  # of intervals of random orders; 19 of them are enough for it


def prediction_interval(
    values: Annotated[npt.NDArray[np.float64], "S ..."], level: float
) -> Annotated[npt.NDArray[np.float64], "2 ..."] | None:
    """The order statistics between which one more value lies with probability `level` or more; None: too few values.

    Of S values drawn alike, one more lies between the k-th smallest and the k-th largest with probability
    1 - 2k / (S + 1) (Wilks 1941).
    """
    cut = int((1 - level) / 2 * (len(values) + 1) + 1e-9)
    if cut < 1:
        return None
    ordered = np.sort(values, axis=0)
    return np.stack([ordered[cut - 1], ordered[-cut]])


def _pair(interval: npt.NDArray[np.float64] | None) -> tuple[float, float] | None:
    return None if interval is None else (float(interval[0]), float(interval[1]))


@dataclass(frozen=True, repr=False)
class Faithfulness(Record):
    """What happens to a target when the words that an attribution puts first are taken away, or kept alone.

    K steps take (or keep) ever more tokens, in the order of their scores; S random orders show what any order does.
    An interval holds what one more random order would give with the probability `level`: order statistics of the S,
    without any assumption on how they are distributed. Fewer orders than `level` needs make no interval.
    DeYoung et al. 2020 (ERASER), section 4.

    Attributes:
        method, target: of the attribution. side: 0 for the text, 1 for the other text of a pair.
        operator, operator_title: how tokens are taken away, by name and in words.
        value: F of the whole text.
        counts, fractions: (K,) how many tokens, and which fraction of those that can be taken away.
        removed, kept: (K,) float64 F without the first tokens, and of the first tokens alone.
        comprehensiveness: mean over the steps of value - removed; high where the tokens were needed.
        sufficiency: mean over the steps of value - kept; low where the tokens are enough.
        random_removed, random_kept: (S, K) the same in random orders.
        random_comprehensiveness, random_sufficiency: (S,).
        words, word_tokens: the few words with the largest scores, in the order of the text, and their positions.
        without_words, without_random_words: F without them all, and (S,) without as many random words.
        seeds: (S,) of the random orders.
        keep_first: whether the first token was never taken away, since a causal model cannot do without it.
        level: of the intervals.
    """

    method: str
    target: str
    side: int
    operator: str
    operator_title: str
    value: float
    counts: Annotated[IntArray, "K"]
    fractions: Annotated[npt.NDArray[np.float64], "K"]
    removed: Annotated[npt.NDArray[np.float64], "K"]
    kept: Annotated[npt.NDArray[np.float64], "K"]
    comprehensiveness: float
    sufficiency: float
    random_removed: Annotated[npt.NDArray[np.float64], "S K"]
    random_kept: Annotated[npt.NDArray[np.float64], "S K"]
    random_comprehensiveness: Annotated[npt.NDArray[np.float64], "S"]
    random_sufficiency: Annotated[npt.NDArray[np.float64], "S"]
    words: tuple[str, ...]
    word_tokens: tuple[int, ...]
    without_words: float
    without_random_words: Annotated[npt.NDArray[np.float64], "S"]
    seeds: tuple[int, ...]
    keep_first: bool = False
    level: float = LEVEL

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if isinstance(value, np.ndarray):
                object.__setattr__(self, name, readonly(value))

    @property
    def removed_area(self) -> float:
        """The mean of the curve without the first tokens (deletion): low where they were needed."""
        return float(self.removed.mean())

    @property
    def kept_area(self) -> float:
        """The mean of the curve of the first tokens alone (insertion): high where they are enough."""
        return float(self.kept.mean())

    @property
    def removed_interval(self) -> Annotated[npt.NDArray[np.float64], "2 K"] | None:
        """From where to where the curve without the first tokens goes in random orders, step by step."""
        return prediction_interval(self.random_removed, self.level)

    @property
    def kept_interval(self) -> Annotated[npt.NDArray[np.float64], "2 K"] | None:
        """The same for the curve of the first tokens alone."""
        return prediction_interval(self.random_kept, self.level)

    @property
    def comprehensiveness_interval(self) -> tuple[float, float] | None:
        """From where to where comprehensiveness goes in random orders."""
        return _pair(prediction_interval(self.random_comprehensiveness, self.level))

    @property
    def sufficiency_interval(self) -> tuple[float, float] | None:
        """From where to where sufficiency goes in random orders."""
        return _pair(prediction_interval(self.random_sufficiency, self.level))

    @property
    def beats_random(self) -> bool | None:
        """Whether comprehensiveness lies above that of random orders, beyond their interval.

        None where the data cannot say: too few orders for the level, or too few tokens to be put in many orders.
        """
        interval, tokens = self.comprehensiveness_interval, round(self.counts[-1] / self.fractions[-1])
        if interval is None or math.factorial(min(tokens, 20)) < len(self.seeds):
            return None
        return self.comprehensiveness > interval[1]

    @property
    def nbytes(self) -> int:
        """Bytes of its arrays."""
        return sum(value.nbytes for value in vars(self).values() if isinstance(value, np.ndarray))


@dataclass(frozen=True, repr=False)
class Answer(Record):
    """A target of a text, with nothing taken away and nothing changed.

    Attributes:
        tokens: of the text. value: F. note: what a reader must know of the target, may be empty.
        target, options, outcomes, outcome_unit: as in Ablation. marks: as in `attnviz.types.Attribution`.
    """

    tokens: Tokens
    target: str
    options: tuple[tuple[str, Any], ...]
    value: float
    note: str = ""
    outcomes: Outcomes = ()
    outcome_unit: str = ""
    marks: tuple[Mark, ...] = ()

    @property
    def nbytes(self) -> int:
        """Bytes, roughly: a token counts for 200, a pair of a name and a number, or a mark, for 100."""
        return 200 * len(self.tokens) + 100 * (len(self.outcomes) + len(self.marks))


@dataclass(frozen=True, repr=False)
class Removal(Record):
    """What a target and the model's predictions are without some words of a text.

    Attributes:
        tokens: of the text that words were taken from. side: 0 for the text, 1 for the other text of a pair.
        free: (T,) which of its tokens can be taken away: none that the tokenizer added or the target asks about.
        words, word_tokens: what was taken away, in the order of the text, and the positions of its tokens.
        how: in words; empty where nothing was taken away.
        target, options, before, after, outcomes_before, outcomes_after, outcome_unit: as in Ablation.
    """

    tokens: Tokens
    side: int
    free: Annotated[BoolArray, "T"]
    words: tuple[str, ...]
    word_tokens: tuple[int, ...]
    how: str
    target: str
    options: tuple[tuple[str, Any], ...]
    before: float
    after: float
    outcomes_before: Outcomes = ()
    outcomes_after: Outcomes = ()
    outcome_unit: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "free", readonly(self.free, np.bool_))

    @property
    def change(self) -> float:
        """after - before."""
        return self.after - self.before

    @property
    def nbytes(self) -> int:
        """Bytes, roughly: a token counts for 200, a pair of a name and a number for 100."""
        return 200 * len(self.tokens) + 100 * (len(self.outcomes_before) + len(self.outcomes_after))


@dataclass(frozen=True, repr=False)
class Forced(Record):
    """Rows of attention that were set, and what they were.

    Attributes:
        force: how, a key of `attnviz.explanation.FORCES`.
        queries: the tokens whose rows were set; None for all. keys: the tokens that were kept from them.
        left: queries that stayed as they were, since nothing but `keys` is within their sight.
        before, after: (K,) float32 weight of each key, the mean over the heads and the rows.
    """

    force: str
    queries: tuple[int, ...] | None
    keys: tuple[int, ...]
    left: tuple[int, ...]
    before: Annotated[FloatArray, "K"]
    after: Annotated[FloatArray, "K"]

    def __post_init__(self) -> None:
        for name in ("before", "after"):
            object.__setattr__(self, name, readonly(getattr(self, name), np.float32))


@dataclass(frozen=True, repr=False)
class Ablation(Record):
    """What a target and the model's predictions are with some heads changed.

    Attributes:
        heads: (layer, head) pairs, counted from 0. kind: of attention. how: what was done to them, in words.
        target, options: the question, all of its options decided before anything was changed.
        before, after: F with the model as it is, and with the heads changed.
        outcomes_before, outcomes_after: what the model says, as (name, value) pairs; empty where the target
            has nothing but its value. outcome_unit: their unit.
        forced: the rows, where it was rows of attention that were changed.
    """

    heads: tuple[tuple[int, int], ...]
    kind: Kind
    how: str
    target: str
    options: tuple[tuple[str, Any], ...]
    before: float
    after: float
    outcomes_before: Outcomes = ()
    outcomes_after: Outcomes = ()
    outcome_unit: str = ""
    forced: Forced | None = None

    @property
    def change(self) -> float:
        """after - before."""
        return self.after - self.before

    @property
    def nbytes(self) -> int:
        """Bytes, roughly: a pair of a name and a number counts for 100."""
        rows = 0 if self.forced is None else 2 * self.forced.before.nbytes
        return rows + 100 * (len(self.heads) + len(self.outcomes_before) + len(self.outcomes_after) + 4)


@dataclass(frozen=True, repr=False)
class HeadImportance(Record):
    """How far a target falls without each head, one head at a time.

    Attributes:
        values: (L, H) float32 F - F without the head, in the unit of the target: positive where the head supports
            it. NaN where a layer has fewer heads than others.
        exact: computed by switching every head off; else estimated from one gradient (Michel et al. 2019).
        value: F with all heads.
        target, options, kind: as in Ablation.
    """

    values: Annotated[FloatArray, "L H"]
    exact: bool
    value: float
    target: str
    options: tuple[tuple[str, Any], ...]
    kind: Kind

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", readonly(self.values, np.float32))

    @property
    def nbytes(self) -> int:
        """Bytes of its array."""
        return self.values.nbytes


@dataclass(frozen=True, repr=False)
class Sanity(Record):
    """An explanation, and the same one by a copy of the model whose upper layers were shuffled.

    Attributes:
        before, after: the two attributions, of one question.
        layers: the layers that were shuffled, counted from 0.
        correlation: Spearman's rank correlation of the two lists of scores over the text's own tokens: near 1, the
            picture does not depend on what these layers learned. NaN where one of them does not vary.
        pair_correlation: the same over the second text, where it is explained, too; else None.
        seed: of the shuffling.
    """

    before: Attribution
    after: Attribution
    layers: tuple[int, ...]
    correlation: float
    pair_correlation: float | None
    seed: int

    @property
    def nbytes(self) -> int:
        """Bytes of both attributions."""
        return self.before.nbytes + self.after.nbytes


@dataclass(frozen=True, repr=False)
class LayerByLayer(Record):
    """What a target and the predictions would be if the model stopped after each layer.

    Attributes:
        values: (L + 1,) float64 F: before the first layer, after the first, ..., after the last: the model itself.
        outcomes: for each of these what the model says, as (name, value) pairs; empty where the target has
            nothing but its value. outcome_unit: their unit.
        target, options: as in Ablation.
    """

    values: Annotated[npt.NDArray[np.float64], "L+1"]
    outcomes: tuple[Outcomes, ...]
    outcome_unit: str
    target: str
    options: tuple[tuple[str, Any], ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", readonly(self.values))

    @property
    def nbytes(self) -> int:
        """Bytes, roughly: a pair of a name and a number counts for 100."""
        return self.values.nbytes + 100 * sum(map(len, self.outcomes))
