"""What is found of a model: statistics of heads, a row taken apart, an attribution; frozen, with read-only arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from attnviz.language import say
from attnviz.types.arrays import BoolArray, ByteArray, FloatArray, readonly
from attnviz.types.items import Tokens
from attnviz.types.record import Record


@dataclass(frozen=True, repr=False)
class HeadTable(Record):
    """Statistics of every head: `values` is (M, L, H) float32, NaN where a metric is not defined."""

    metrics: tuple[str, ...]
    units: tuple[str, ...]
    values: Annotated[FloatArray, "M L H"]

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", readonly(self.values, np.float32))
        if not len(self.metrics) == len(self.units) == len(self.values):
            raise ValueError(
                f"{len(self.metrics)} metrics, {len(self.units)} units, {len(self.values)} tables of values"
            )

    def __getitem__(self, metric: str) -> Annotated[FloatArray, "L H"]:
        """The (L, H) values of one metric. Raises UnknownName."""
        from attnviz.errors import UnknownName

        if metric not in self.metrics:
            raise UnknownName(say("head statistic"), metric, self.metrics)
        return self.values[self.metrics.index(metric)]


@dataclass(frozen=True, repr=False)
class Overviews(Record):
    """Small maps of all heads in bytes: a weight is (byte / 255)² of the largest weight of its head.

    The square root keeps small weights apart, which straight steps would round to 0; a weight is off by at most
    1/255 of that largest one.

    Attributes:
        cells: (L, H, q, k) uint8. scales: (L, H) float32, the largest weight of each head.
    """

    cells: Annotated[ByteArray, "L H q k"]
    scales: Annotated[FloatArray, "L H"]

    def __post_init__(self) -> None:
        object.__setattr__(self, "cells", readonly(self.cells, np.uint8))
        object.__setattr__(self, "scales", readonly(self.scales, np.float32))
        if self.cells.ndim != 4 or self.cells.shape[:2] != self.scales.shape:
            raise ValueError(f"the maps are {self.cells.shape}, their scales {self.scales.shape}")

    @classmethod
    def of(cls, weights: Annotated[FloatArray, "L H q k"]) -> Overviews:
        """Weights, none below 0, in bytes."""
        weights = np.asarray(weights, np.float32)
        scales = weights.max(axis=(2, 3), initial=0.0)
        share = np.clip(weights / np.where(scales > 0, scales, 1)[..., None, None], 0, 1)
        return cls(np.rint(np.sqrt(share) * 255).astype(np.uint8), scales)

    @property
    def weights(self) -> Annotated[FloatArray, "L H q k"]:
        """The weights again, as near as bytes tell them."""
        roots = self.cells.astype(np.float32) / 255
        return readonly(roots**2 * self.scales[..., None, None], np.float32)

    @property
    def nbytes(self) -> int:
        """Bytes of its arrays."""
        return self.cells.nbytes + self.scales.nbytes


@dataclass(frozen=True, repr=False)
class QueryKey(Record):
    """How one query token's weights come about, step by step: q * k, summed, scaled, masked, softmax.

    Attributes:
        q: (d,) the query vector of one head. k: (K, d) the key vectors. Both after rotary embedding.
        scale: what the sum of the products is multiplied with.
        logits: (K,) what goes into the softmax, soft cap, bias and mask included; -inf where the mask forbids.
        weights: (K,) what comes out of it; they sum to 1, or to less where there is a sink.
        bias: (K,) what is added to the scaled sum (T5, ALiBi), or None.
        allowed: (K,) bool, false where the mask forbids.
        softcap: c of c * tanh(x / c), by which scaled sums are bounded before the bias (Gemma 2), or None.
        sink: a logit without a key that takes part in the softmax (GPT-OSS), or None.
    """

    q: Annotated[FloatArray, "d"]
    k: Annotated[FloatArray, "K d"]
    scale: float
    logits: Annotated[FloatArray, "K"]
    weights: Annotated[FloatArray, "K"]
    allowed: Annotated[BoolArray, "K"]
    bias: Annotated[FloatArray, "K"] | None = None
    softcap: float | None = None
    sink: float | None = None

    def __post_init__(self) -> None:
        for name in ("q", "k", "logits", "weights", "bias"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, readonly(getattr(self, name), np.float32))
        object.__setattr__(self, "allowed", readonly(self.allowed, np.bool_))
        keys, size = self.k.shape
        one = [
            each.shape for each in (self.logits, self.weights, self.allowed, self.bias) if each is not None
        ]
        if self.q.shape != (size,) or any(shape != (keys,) for shape in one):
            raise ValueError(f"q is {self.q.shape}, k {self.k.shape}, what belongs to the keys {one}")

    @property
    def nbytes(self) -> int:
        """Bytes of its arrays."""
        arrays = (self.q, self.k, self.logits, self.weights, self.allowed, self.bias)
        return sum(each.nbytes for each in arrays if each is not None)


# A run of tokens and what the model says of it: first token, the one behind the last, name, probability.
Mark = tuple[int, int, str, float]

SUM_TOLERANCE = 0.01  # of |F(x) - F(x')|: a sum of scores that is nearer than that checks
SUM_ROUNDING = 2e-6  # of |F(x)|, and at least of 1: below it, float32 leaves nothing to check


def sum_tolerance(value: float, change: float) -> float:
    """How far a sum of scores may lie from F(x) - F(x') (`change`) to count as equal; `value` is F(x)."""
    return max(SUM_TOLERANCE * abs(change), SUM_ROUNDING * max(1.0, abs(value)))


@dataclass(frozen=True, repr=False)
class Attribution(Record):
    """How much each token contributed to a target, by one method.

    Attributes:
        tokens, scores: the explained text and its (T,) float32 scores, in units of the target.
        pair_tokens, pair_scores: the other text and its scores, for targets with two texts, else None.
        method, target: names in the registries.
        value: F(x), the target on the text. baseline_value: F(x'), where the method has a baseline, else None.
        residual: F(x) - F(x') - sum of scores, for methods whose scores claim to sum up, else None.
        pair_baseline_value, pair_residual: the same of the other text, where it has scores of its own.
        signed: whether a negative score means "pushes away".
        note: what a reader must know (steps used, a sum that does not check); may be empty.
        options: the target's options as (name, value) pairs, those left open decided (which label, which token).
        method_options: the method's, those left open decided (which baseline, whether the first token was kept).
        outcomes: what the model says of the text, as (name, value) pairs, such as labels and their probabilities;
            empty where it says nothing but the target. outcome_unit: their unit.
        marks: parts of the text that the model marks, such as tags of tokens or an answer; in the order of the text.
        error, pair_error: (T,) float32 standard errors of the scores, for methods that sample, else None.
        matrix: (T, T') float32, for methods that score pairs of tokens of the two texts, else None; its rows
            sum to `scores`, its columns to `pair_scores`.
    """

    tokens: Tokens
    scores: Annotated[FloatArray, "T"]
    pair_tokens: Tokens | None
    pair_scores: Annotated[FloatArray, "T"] | None
    method: str
    target: str
    value: float
    baseline_value: float | None
    residual: float | None
    signed: bool
    note: str = ""
    options: tuple[tuple[str, Any], ...] = ()
    outcomes: tuple[tuple[str, float], ...] = ()
    outcome_unit: str = ""
    error: Annotated[FloatArray, "T"] | None = None
    pair_error: Annotated[FloatArray, "T"] | None = None
    matrix: Annotated[FloatArray, "T T'"] | None = None
    pair_baseline_value: float | None = None
    pair_residual: float | None = None
    method_options: tuple[tuple[str, Any], ...] = ()
    marks: tuple[Mark, ...] = ()

    def __post_init__(self) -> None:
        for name in ("method_options", "marks"):
            object.__setattr__(self, name, tuple(tuple(each) for each in getattr(self, name)))
        for name in ("scores", "pair_scores", "error", "pair_error", "matrix"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, readonly(getattr(self, name), np.float32))

    @property
    def change(self) -> float:
        """F(x) - F(x'), in units of the target; F(x) where there is no baseline."""
        return self.value - (self.baseline_value or 0.0)

    @property
    def second_text(self) -> str | None:
        """The other text, whether it was read apart or together with the first; None where there is none."""
        return self.tokens.pair if self.pair_tokens is None else self.pair_tokens.text

    def side_tokens(self, side: int) -> Tokens:
        """The tokens of the second text (side 1) where it was read apart, else those of the first."""
        return self.tokens if side == 0 or self.pair_tokens is None else self.pair_tokens

    @property
    def sum_holds(self) -> bool | None:
        """Whether the scores of each text add up to its change (see `sum_tolerance`); None: they do not claim to."""
        if self.residual is None:
            return None
        sides = [(self.residual, self.change)]
        if self.pair_residual is not None:
            sides.append((self.pair_residual, self.value - (self.pair_baseline_value or 0.0)))
        return all(abs(residual) <= sum_tolerance(self.value, change) for residual, change in sides)

    @property
    def nbytes(self) -> int:
        """Bytes of its arrays; a token counts for about 200, in its own arrays, piece and label."""
        arrays = (self.scores, self.pair_scores, self.error, self.pair_error, self.matrix)
        texts = [each for each in (self.tokens, self.pair_tokens) if each is not None]
        return sum(each.nbytes for each in arrays if each is not None) + 200 * sum(map(len, texts))
