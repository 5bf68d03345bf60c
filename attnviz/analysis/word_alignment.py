"""Which source words each target word was read from: cross-attention as links between words, and what they are worth.

A row of cross-attention belongs to the word that it predicts, not to the word that was fed in: shifted by one, nearly
every link is wrong. All arrays here have the row that predicts target token i at place i.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Annotated

import numpy as np

from attnviz.analysis.entropy import entropy
from attnviz.analysis.groups import aggregate
from attnviz.types import BoolArray, FloatArray, IntArray, Links, Tokens, readonly

FLAT = 0.5  # a row whose entropy is more than this share of the largest possible is no answer
UNREAD = 0.2  # a source word that gets less than this in all rows together was hardly read
UNITS = ("word", "token")


@dataclass(frozen=True)
class WordAlignment:
    """T target words, each with its shares of attention to S source words; special tokens have no row or column.

    Attributes:
        sources, targets: the words. source_tokens (S, 2), target_tokens (T, 2): the first of each one's tokens and the
            one behind its last.
        weights: (T, S) float32. A row and what goes to special tokens add up to 1.
        entropy: (T,) float32, of the whole row, special tokens included, as a share of the largest possible, 0 to 1.
    """

    sources: tuple[str, ...]
    targets: tuple[str, ...]
    source_tokens: Annotated[IntArray, "S 2"]
    target_tokens: Annotated[IntArray, "T 2"]
    weights: Annotated[FloatArray, "T S"]
    entropy: Annotated[FloatArray, "T"]

    def __post_init__(self) -> None:
        for name, dtype in (
            ("source_tokens", np.int64), ("target_tokens", np.int64), ("weights", np.float32), ("entropy", np.float32),
        ):  # fmt: skip
            object.__setattr__(self, name, readonly(getattr(self, name), dtype))

    @property
    def best(self) -> Annotated[IntArray, "T"]:
        """The source word that each target word was read from most; -1 where there is no source word."""
        if not self.sources:
            return np.full(len(self.targets), -1)
        return self.weights.argmax(-1)

    @property
    def uncertain(self) -> Annotated[BoolArray, "T"]:
        """Rows that are too flat to name one source word."""
        return self.entropy > FLAT

    @property
    def coverage(self) -> Annotated[FloatArray, "S"]:
        """What each source word got from all target words together."""
        return self.weights.sum(0)

    @property
    def unread(self) -> Annotated[BoolArray, "S"]:
        """Source words that hardly any target word was read from."""
        return self.coverage < UNREAD

    @property
    def sureness(self) -> float:
        """How sharp the rows are, 0 to 1: one less their mean entropy."""
        return float(1 - self.entropy.mean()) if len(self.targets) else 0.0

    @property
    def completeness(self) -> float:
        """How much of the source was read, 0 to 1: the mean of min(1, coverage).

        Source: Wu et al. 2016, "Google's Neural Machine Translation System", eq. 14, without its logarithm.
        """
        return float(np.minimum(1, self.coverage).mean()) if self.sources else 0.0

    @property
    def links(self) -> Links:
        """(source, target) for each target word that is not uncertain."""
        rows = np.flatnonzero(~self.uncertain & (self.best >= 0))
        return frozenset((int(self.best[row]), int(row)) for row in rows)


def word_alignment(
    weights: Annotated[FloatArray, "Q K"], target: Tokens, source: Tokens, unit: str = "word"
) -> WordAlignment:
    """Cross-attention of one head, or a mean of heads, as an alignment of words.

    Args:
        weights: row i is the one that predicts target token i; rows add up to 1.
        target, source: the tokens. unit: "word", or "token" for their pieces.

    The pieces of a source word are added up; the pieces of a target word are averaged.
    """
    from attnviz.text import groups, visible

    if weights.shape != (len(target), len(source)):
        raise ValueError(f"{weights.shape} weights for {len(target)} target and {len(source)} source tokens")
    (rows, row_labels), (columns, column_labels) = groups(target, unit), groups(source, unit)
    cells = aggregate(weights, rows, columns)
    flatness = np.clip(entropy(cells.astype(np.float64)) / np.log2(max(2, cells.shape[1])), 0, 1)
    real = [_real(tokens, index, len(labels)) for tokens, index, labels in
            ((target, rows, row_labels), (source, columns, column_labels))]  # fmt: skip
    return WordAlignment(
        tuple(visible(column_labels[n].strip() or column_labels[n]) for n in real[1]),
        tuple(visible(row_labels[n].strip() or row_labels[n]) for n in real[0]),
        _ends(columns, real[1]),
        _ends(rows, real[0]),
        cells[np.ix_(real[0], real[1])],
        flatness[real[0]],
    )


def _real(tokens: Tokens, index: IntArray, count: int) -> IntArray:
    """The groups that are not special."""
    special = np.zeros(count, bool)
    special[index[tokens.special]] = True
    return np.flatnonzero(~special)


def _ends(index: IntArray, wanted: IntArray) -> Annotated[IntArray, "G 2"]:
    places = [np.flatnonzero(index == group) for group in wanted]
    return np.array([(at[0], at[-1] + 1) for at in places], dtype=np.int64).reshape(-1, 2)


def head_scores(
    attention: Annotated[FloatArray, "L H Q K"], target: Tokens, source: Tokens
) -> Annotated[FloatArray, "L H"]:
    """How well each head serves as an alignment of words, 0 to 1, without any gold: see `aligning_head`."""
    every = [[word_alignment(head, target, source) for head in layer] for layer in attention]
    mean = np.mean([[each.weights for each in layer] for layer in every], axis=(0, 1))
    common = mean.argmax(-1) if mean.size else np.zeros(len(mean), np.int64)
    scores = [
        [
            each.sureness * each.completeness * float((each.best == common).mean() if len(common) else 0)
            for each in layer
        ]
        for layer in every
    ]
    return np.array(scores, np.float32)


def aligning_head(
    attention: Annotated[FloatArray, "L H Q K"], target: Tokens, source: Tokens
) -> tuple[int, int]:
    """The head that links words best by its own looks, for a model that does not name one.

    The product of three shares is largest there: how sharp its rows are, how much of the source they cover, and how
    often its strongest source word is that of the mean over all heads. A head that rests on the end of the sentence is
    sharp, but covers nothing; one that is flat covers all, but is not sharp.
    """
    scores = head_scores(attention, target, source)
    layer, head = np.unravel_index(int(scores.argmax()), scores.shape)
    return int(layer), int(head)


def parse_links(written: str) -> Links:
    """Links as alignments are usually written: "0-0 1-2", source before target."""
    pairs = (each.split("-") for each in written.split())
    return frozenset((int(source), int(target)) for source, target in pairs)


def by_words(links: Iterable[tuple[int, int]], words: WordAlignment) -> Links:
    """Links between tokens, as links between the words that they are pieces of; those of special tokens go."""
    sources, targets = (
        {token: word for word, (first, end) in enumerate(ends.tolist()) for token in range(first, end)}
        for ends in (words.source_tokens, words.target_tokens)
    )
    return frozenset((sources[s], targets[t]) for s, t in links if s in sources and t in targets)


def agreement(
    found: Collection[tuple[int, int]],
    sure: Collection[tuple[int, int]],
    possible: Collection[tuple[int, int]] = (),
) -> tuple[int, int]:
    """Found links that are right, and found and sure links, of which the error rate of many sentences is made.

    A link that is sure counts twice, one that is only possible once: |A and S| + |A and P|, and |A| + |S|.
    """
    links, gold = set(found), set(sure)
    return len(links & gold) + len(links & (gold | set(possible))), len(links) + len(gold)


def alignment_error_rate(
    found: Iterable[tuple[int, int]],
    sure: Collection[tuple[int, int]],
    possible: Collection[tuple[int, int]] = (),
) -> float:
    """1 - (|A and S| + |A and P|) / (|A| + |S|) for found links A, sure S and possible P. 0 is perfect.

    Source: Och and Ney 2003, "A Systematic Comparison of Various Statistical Alignment Models", eq. 20.
    """
    right, total = agreement(set(found), sure, possible)
    return 1 - right / total if total else 0.0
