"""What is kept of a translation, and of a beam search: frozen records that travel between processes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, NamedTuple

import numpy as np

from attnviz.types import FloatArray, IntArray, Links, Tokens, readonly

Fate = Literal["kept", "pruned", "ended"]
Head = tuple[int, int]


class Link(NamedTuple):
    """Target tokens first .. end - 1 are to be read from source tokens key .. key_end - 1, and from nothing else."""

    first: int
    end: int
    key: int
    key_end: int


class Gold(NamedTuple):
    """Which tokens of a translation are known to belong together, as (source, target): for sure, or possibly."""

    sure: Links
    possible: Links


@dataclass(frozen=True)
class Translation:
    """T target tokens, special ones included, as the decoder predicted them, and where it looked in S source tokens.

    Attributes:
        source, target: the tokens.
        given: how many of the first target tokens were given; the model chose the others.
        log_probs: (T,) float32, natural logarithm of the probability of each token, after all those before it.
        entropy: (T,) float32 in nats, of the whole distribution that the token was chosen from.
        candidates: (T, C) int64 ids of the likeliest tokens at each place, and candidate_log_probs (T, C) float32.
        candidate_labels: what each of them reads like at its place.
        attention: (L, H, T, S) float32 cross-attention; row t is the one that predicts target token t.
        links: rows of attention that were forced, in `heads`.
        aligning: (layer, head) of the head that was trained to align, as the model names it; None where it names none.
        gold: what is known to belong together; None where the model brings no such knowledge of these two texts.
        reference: the translation of this source for which it is known; None where there is none.
    """

    source: Tokens
    target: Tokens
    given: int
    log_probs: Annotated[FloatArray, "T"]
    entropy: Annotated[FloatArray, "T"]
    candidates: Annotated[IntArray, "T C"]
    candidate_log_probs: Annotated[FloatArray, "T C"]
    candidate_labels: tuple[tuple[str, ...], ...]
    attention: Annotated[FloatArray, "L H T S"]
    links: tuple[Link, ...] = ()
    heads: tuple[Head, ...] = ()
    aligning: Head | None = None
    gold: Gold | None = None
    reference: str | None = None

    def __post_init__(self) -> None:
        for name in ("log_probs", "entropy", "candidate_log_probs", "attention"):
            object.__setattr__(self, name, readonly(getattr(self, name), np.float32))
        object.__setattr__(self, "candidates", readonly(self.candidates, np.int64))

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays; a token counts for about 200, a candidate's label for 60."""
        arrays = (self.log_probs, self.entropy, self.candidates, self.candidate_log_probs, self.attention)
        tokens = 200 * (len(self.source) + len(self.target))
        return sum(each.nbytes for each in arrays) + tokens + 60 * self.candidates.size


@dataclass(frozen=True)
class HeadErrors:
    """How far every head is from gold, over all sentences that come with a model, each given with its translation.

    Attributes:
        language: of the translations. sentences: how many.
        rates: (L, H + 1) float32 alignment error rate of each head, and last of the mean of its layer's heads.
        diagonal: the rate of linking the n-th word to the n-th.
    """

    language: str
    sentences: int
    rates: Annotated[FloatArray, "L H+1"]
    diagonal: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "rates", readonly(self.rates, np.float32))

    @property
    def nbytes(self) -> int:
        """Bytes, roughly."""
        return self.rates.nbytes + 100

    @property
    def best(self) -> tuple[int, int]:
        """The place with the lowest rate; head H is the mean of the layer."""
        layer, head = np.unravel_index(int(self.rates.argmin()), self.rates.shape)
        return int(layer), int(head)


@dataclass(frozen=True)
class Hypothesis:
    """A finished translation of a beam search: its last node, and the score that it is ranked by."""

    node: int
    score: float


@dataclass(frozen=True)
class BeamTree:
    """All that a beam search looked at closely: N tokens, each behind its parent; those that were pruned stay.

    Attributes:
        parents: (N,) int64, -1 for those that begin. ids: (N,) int64. labels: N strings, as a person reads them.
        log_probs: (N,) float32 of each token after those before it. totals: (N,) float32, their sum along the path.
        fates: "kept" where the search went on from it, "ended" where the sentence is complete, else "pruned".
        hypotheses: the finished ones, best first, by their total divided by length ** length_penalty.
        beams, length_penalty: of the search.
        prefix: ids that every hypothesis begins with.
    """

    parents: Annotated[IntArray, "N"]
    ids: Annotated[IntArray, "N"]
    labels: tuple[str, ...]
    log_probs: Annotated[FloatArray, "N"]
    totals: Annotated[FloatArray, "N"]
    fates: tuple[Fate, ...]
    hypotheses: tuple[Hypothesis, ...]
    beams: int
    length_penalty: float
    prefix: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        for name, dtype in (
            ("parents", np.int64), ("ids", np.int64), ("log_probs", np.float32), ("totals", np.float32),
        ):  # fmt: skip
            object.__setattr__(self, name, readonly(getattr(self, name), dtype))

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays; a node's label and fate count for 80."""
        return sum(each.nbytes for each in (self.parents, self.ids, self.log_probs, self.totals)) + 80 * len(
            self.ids
        )

    def nodes(self, node: int) -> tuple[int, ...]:
        """The nodes on the way to this one, from the first."""
        found: list[int] = []
        while node >= 0:
            found.append(node)
            node = int(self.parents[node])
        return tuple(reversed(found))

    def path(self, node: int) -> tuple[int, ...]:
        """The ids of the hypothesis that ends at this node, the prefix included."""
        return (*self.prefix, *(int(self.ids[each]) for each in self.nodes(node)))
