"""Questions about all heads at once: where attention goes, how alike heads are, who looks from one token to another.

A part of the Runtime: each answer is computed from a capture, through the gate, and kept in the cache of maps.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import numpy as np

from attnviz.errors import UnknownName
from attnviz.runtime import gallery
from attnviz.runtime.breakdowns import ALLOCATE, Breakdown, breakdowns, causal
from attnviz.runtime.maps import MAPS, Looker
from attnviz.runtime.query import STATISTICS, Progress, Query, Stage, silent
from attnviz.types import FloatArray, IntArray, Kind

if TYPE_CHECKING:
    from attnviz.analysis.alignment import Matching
    from attnviz.analysis.allocation import Allocation
    from attnviz.capture import Capture
    from attnviz.runtime.likeness import Likeness


class Explorer(Looker):
    """What `Runtime` answers about all heads of one text."""

    def breakdowns(
        self, query: Query, kind: Kind | None = None, progress: Progress | None = None
    ) -> tuple[Breakdown, ...]:
        """By what the attention of this text can be broken down: segments need a pair, distances one axis."""
        _, capture = self._find(query, progress or silent)
        return breakdowns(capture, kind)

    def allocation(
        self,
        query: Query,
        by: Breakdown = "class",
        kind: Kind | None = None,
        progress: Progress | None = None,
    ) -> Allocation:
        """The shares of attention by class, segment or distance of the key token, of every head. Raises UnknownName."""
        valid = self.breakdowns(query, kind, progress)
        if by not in valid:
            raise UnknownName("breakdown of attention", by, valid)
        key, capture = self._find(query, progress or silent)

        def compute(report: Progress) -> Allocation:
            report(Stage(STATISTICS))
            return ALLOCATE[by](capture, kind)

        return self._all_heads((key, "allocation", by, kind), compute, progress)

    def pooled(
        self,
        query: Query,
        heads: tuple[tuple[int, int], ...],
        unit: str = "sentence",
        kind: Kind | None = None,
        progress: Progress | None = None,
    ) -> Annotated[FloatArray, "G C"]:
        """The mean map of some heads over words, sentences or paragraphs, as `attnviz.figures.axes.axis` groups them.

        Streamed, so that the map over tokens is never held. Raises UnknownName; ValueError where there is no head.
        """
        key, capture = self._find(query, progress or silent)

        def compute(report: Progress) -> FloatArray:
            from attnviz.capture import shares
            from attnviz.figures.axes import axis

            rows, columns = (
                axis(tokens, unit).groups for tokens in (capture.query_tokens(kind), capture.key_tokens(kind))
            )
            return shares.pooled(
                capture, heads, rows, columns, kind, lambda part: report(Stage(STATISTICS, part))
            )

        return self._all_heads((key, "pooled", heads, unit, kind), compute, progress)

    def likeness(self, query: Query, kind: Kind | None = None, progress: Progress | None = None) -> Likeness:
        """How alike all heads are on this text, and what each of them does."""
        from attnviz.runtime.likeness import likeness

        table, classes = (
            self.statistics(query, kind, progress),
            self.allocation(query, "class", kind, progress),
        )
        key, capture = self._find(query, progress or silent)

        def compute(report: Progress) -> Likeness:
            report(Stage(STATISTICS))
            return likeness(capture, table, classes, causal(capture, kind), kind, report)

        return self._all_heads((key, "likeness", kind), compute, progress)

    def links(
        self,
        query: Query,
        rows: tuple[int, ...],
        keys: tuple[int, ...],
        kind: Kind | None = None,
        progress: Progress | None = None,
    ) -> Annotated[FloatArray, "L H"]:
        """What the tokens `rows` pay to the tokens `keys`, in every head: summed over keys, mean over rows."""
        _, capture = self._find(query, progress or silent)
        layers = [
            capture.attention(layer, None, kind, np.asarray(rows)) for layer in range(capture.shape(kind)[0])
        ]
        return np.stack([each[..., list(keys)].sum(2).mean(1) for each in layers])

    def output_shares(
        self, query: Query, kind: Kind | None = None, progress: Progress | None = None
    ) -> Annotated[FloatArray, "L H"]:
        """What each head contributes to its block's output: see `Capture.output_shares`. Raises ModelUnsupported."""
        key, capture = self._find(query, progress or silent)

        def compute(report: Progress) -> FloatArray:
            report(Stage(STATISTICS))
            return capture.output_shares(kind)

        return self._all_heads((key, "output_shares", kind), compute, progress)

    def combined(
        self,
        query: Query,
        heads: tuple[tuple[int, int], ...],
        how: str = "mean",
        quantity: str = "attention",
        kind: Kind | None = None,
        progress: Progress | None = None,
    ) -> Annotated[FloatArray, "Q K"]:
        """Many heads, (layer, head) each, as one map: see `attnviz.analysis.combine`. One head at a time is computed.

        `quantity`: the method of a Capture that gives the map of one head: one of `MAPS`.
        Raises UnknownName, ModelUnsupported; ValueError where there is no head.
        """
        from attnviz.analysis import combine

        if quantity not in MAPS:
            raise UnknownName("quantity", quantity, MAPS)
        key, capture = self._find(query, progress or silent)
        compute = getattr(capture, quantity)

        def work(report: Progress) -> FloatArray:
            def maps() -> Iterator[FloatArray]:
                for n, (layer, head) in enumerate(heads):
                    report(Stage(STATISTICS, n / len(heads)))
                    yield compute(layer, head, kind)

            return combine(maps(), how)

        return self._all_heads((key, "combined", how, quantity, heads, kind), work, progress)

    @property
    def default_change_query(self) -> Query:
        """A text, and the same text with one word changed, each alone answered from a file."""
        first, second = gallery.EXAMPLES[0].query, gallery.changed_example().query
        return Query(first.model, first.text, second.text)

    def matchings(
        self,
        first: Query,
        second: Query,
        unit: str = "token",
        kinds: tuple[Kind | None, Kind | None] = (None, None),
    ) -> tuple[Matching, Matching]:
        """Which queries, and which keys, of two captures stand for each other. Raises UnknownName."""
        found = [self._find(query, silent) for query in (first, second)]
        # A file names the model that it was made with; what a name stands for can be two things, its digest cannot.
        (card, other) = (capture.card for _, capture in found)
        alike = first.model == second.model or (card.name, card.revision) == (other.name, other.revision)

        def compute(report: Progress) -> tuple[Matching, Matching]:
            from attnviz.analysis.alignment import match

            sides = zip((capture for _, capture in found), kinds, strict=True)
            axes = [(capture.query_tokens(kind), capture.key_tokens(kind)) for capture, kind in sides]
            queries = match(axes[0][0], axes[1][0], unit, alike)
            if all(rows is keys for rows, keys in axes):
                return queries, queries
            return queries, match(axes[0][1], axes[1][1], unit, alike)

        key = (found[0][0], "matchings", found[1][0], unit, kinds)
        return self._maps.get(key, compute, silent)

    def changes(
        self,
        first: Query,
        second: Query,
        unit: str = "token",
        kinds: tuple[Kind | None, Kind | None] = (None, None),
        progress: Progress | None = None,
    ) -> Annotated[FloatArray, "L H"]:
        """How much each head changed between two captures of the same number of heads, 0 to 1.

        Raises:
            UnknownName: no such unit or kind.
            ValueError: the two models differ in layers or heads.
        """
        (key, one), (other_key, other) = (self._find(query, progress or silent) for query in (first, second))
        shapes = [each.shape(kind)[:2] for each, kind in zip((one, other), kinds, strict=True)]
        if shapes[0] != shapes[1]:
            raise ValueError(f"heads of {shapes[0]} and {shapes[1]} cannot be compared")
        matchings = self.matchings(first, second, unit, kinds)

        def compute(report: Progress) -> FloatArray:
            return _changes((one, other), matchings, unit, kinds, report)

        return self._all_heads((key, "changes", other_key, unit, kinds), compute, progress)


def _changes(
    captures: tuple[Capture, Capture],
    matchings: tuple[Matching, Matching],
    unit: str,
    kinds: tuple[Kind | None, Kind | None],
    report: Progress,
) -> FloatArray:
    from attnviz.analysis.alignment import change
    from attnviz.text import groups

    sides = [
        (each, kind, groups(each.query_tokens(kind), unit), groups(each.key_tokens(kind), unit))
        for each, kind in zip(captures, kinds, strict=True)
    ]
    values = []
    layers = captures[0].shape(kinds[0])[0]
    for layer in range(layers):
        report(Stage(STATISTICS, layer / layers))
        maps = [
            _grouped(capture.attention(layer, None, kind), rows, keys) for capture, kind, rows, keys in sides
        ]
        values.append(change(maps[0], maps[1], *matchings))
    return np.stack(values)


def _grouped(
    maps: FloatArray, rows: tuple[IntArray, tuple[str, ...]], columns: tuple[IntArray, tuple[str, ...]]
) -> FloatArray:
    """The maps between groups of tokens; as they are where every group is one token."""
    from attnviz.analysis import aggregate

    whole = all(len(index) == len(labels) for index, labels in (rows, columns))
    return maps if whole else aggregate(maps, rows[0], columns[0])
