"""Questions about all heads of a text: pictures and statistics of each, where attention goes, how alike heads are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import numpy as np

from attnviz import checks
from attnviz.errors import UnknownName
from attnviz.language import say
from attnviz.runtime.breakdowns import ALLOCATE, Breakdown, breakdowns, causal
from attnviz.runtime.engine.engine import Engine
from attnviz.runtime.maps import MAPS, in_units
from attnviz.runtime.progress import OVERVIEWS, STATISTICS, Progress, Stage
from attnviz.runtime.query import Query
from attnviz.types import FloatArray, HeadTable, Kind, Overviews

if TYPE_CHECKING:
    from attnviz.analysis.allocation import Allocation
    from attnviz.runtime.likeness import Likeness


class Statistics:
    """What `Runtime` answers about all heads of one text."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def overviews(
        self, query: Query, size: int = 64, kind: Kind | None = None, progress: Progress | None = None
    ) -> Overviews:
        """Small pictures of all heads, in bytes: the maximum in each of at most size x size cells. Layer by layer.

        The padding of a sound is left out.
        """
        from attnviz.figures.messages.axes import real_items

        key, capture = self._engine.find(query, progress)
        sides = [capture.query_tokens(kind), capture.key_tokens(kind)]
        real = [max(1, real_items(each)) for each in sides]
        # Cells of all items, so fine that those before the padding are `size`; blocks are the same for both sides.
        fine = max(-(-size * len(each) // count) for each, count in zip(sides, real, strict=True))

        def compute(report: Progress) -> Overviews:
            layers = capture.shape(kind)[0]
            parts = []
            for layer in range(layers):
                report(Stage(OVERVIEWS, layer / layers))
                found = capture.overview(layer, None, fine, kind=kind)
                rows, columns = (
                    -(-count // -(-len(each) // fine)) for each, count in zip(sides, real, strict=True)
                )
                parts.append(Overviews.of(found[None, :, :rows, :columns]))
            cells, scales = (
                np.concatenate([getattr(each, name) for each in parts]) for name in ("cells", "scales")
            )
            return Overviews(cells, scales)

        return self._engine.on_capture(key, ("overviews", size, kind), compute, progress)

    def statistics(
        self, query: Query, kind: Kind | None = None, progress: Progress | None = None
    ) -> HeadTable:
        """Entropy, distance and typical shares of every head."""
        key, capture = self._engine.find(query, progress)

        def compute(report: Progress) -> HeadTable:
            report(Stage(STATISTICS))
            return capture.statistics(kind)

        return self._engine.on_capture(key, ("statistics", kind), compute, progress)

    def breakdowns(
        self, query: Query, kind: Kind | None = None, progress: Progress | None = None
    ) -> tuple[Breakdown, ...]:
        """By what the attention of this text can be broken down: segments need a pair, distances one axis."""
        _, capture = self._engine.find(query, progress)
        return breakdowns(capture, kind)

    def allocation(
        self,
        query: Query,
        by: Breakdown = "class",
        kind: Kind | None = None,
        progress: Progress | None = None,
    ) -> Allocation:
        """The shares of attention by class, segment or distance of the key token, of every head. Raises UnknownName."""
        key, capture = self._engine.find(query, progress)
        valid = breakdowns(capture, kind)
        if by not in valid:
            if by in ALLOCATE:
                for items in (capture.query_tokens(kind), capture.key_tokens(kind)):
                    checks.tokens(f"A breakdown by {by}", items)
            raise UnknownName(say("breakdown of attention"), by, valid)

        def compute(report: Progress) -> Allocation:
            report(Stage(STATISTICS))
            return ALLOCATE[by](capture, kind)

        return self._engine.on_capture(key, ("allocation", by, kind), compute, progress)

    def pooled(
        self,
        query: Query,
        heads: tuple[tuple[int, int], ...],
        unit: str = "sentence",
        kind: Kind | None = None,
        progress: Progress | None = None,
    ) -> Annotated[FloatArray, "G C"]:
        """The mean map of some heads over words, sentences or paragraphs: see `attnviz.figures.messages.axes`.

        Streamed, so that the map over tokens is never held. Raises UnknownName; ValueError where there is no head.
        """
        key, capture = self._engine.find(query, progress)

        def compute(report: Progress) -> FloatArray:
            from attnviz.capture.recompute import shares
            from attnviz.figures.messages.axes import axis

            rows, columns = (
                axis(tokens, unit).groups for tokens in (capture.query_tokens(kind), capture.key_tokens(kind))
            )
            return shares.pooled(
                capture, heads, rows, columns, kind, lambda part: report(Stage(STATISTICS, part))
            )

        return self._engine.on_capture(key, ("pooled", heads, unit, kind), compute, progress)

    def likeness(self, query: Query, kind: Kind | None = None, progress: Progress | None = None) -> Likeness:
        """How alike all heads are on this text, and what each of them does."""
        from attnviz.runtime.likeness import likeness

        table, classes = (
            self.statistics(query, kind, progress),
            self.allocation(query, "class", kind, progress),
        )
        key, capture = self._engine.find(query, progress)

        def compute(report: Progress) -> Likeness:
            report(Stage(STATISTICS))
            return likeness(capture, table, classes, causal(capture, kind), kind, report)

        return self._engine.on_capture(key, ("likeness", kind), compute, progress)

    def links(
        self,
        query: Query,
        rows: tuple[int, ...],
        keys: tuple[int, ...],
        kind: Kind | None = None,
        progress: Progress | None = None,
    ) -> Annotated[FloatArray, "L H"]:
        """What the tokens `rows` pay to the tokens `keys`, in every head: summed over keys, mean over rows."""
        _, capture = self._engine.find(query, progress)
        layers = [
            capture.attention(layer, None, kind, np.asarray(rows)) for layer in range(capture.shape(kind)[0])
        ]
        return np.stack([each[..., list(keys)].sum(2).mean(1) for each in layers])

    def output_shares(
        self, query: Query, kind: Kind | None = None, progress: Progress | None = None
    ) -> Annotated[FloatArray, "L H"]:
        """What each head contributes to its block's output: see `Capture.output_shares`. Raises ModelUnsupported."""
        key, capture = self._engine.find(query, progress)

        def compute(report: Progress) -> FloatArray:
            report(Stage(STATISTICS))
            return capture.output_shares(kind)

        return self._engine.on_capture(key, ("output_shares", kind), compute, progress)

    def combined(
        self,
        query: Query,
        heads: tuple[tuple[int, int], ...],
        how: str = "mean",
        quantity: str = "attention",
        kind: Kind | None = None,
        progress: Progress | None = None,
        unit: str | None = None,
    ) -> Annotated[FloatArray, "Q K"]:
        """Many heads, (layer, head) each, as one map: see `attnviz.analysis.combine`. One head at a time is computed.

        `quantity`: the method of a Capture that gives the map of one head: one of `MAPS`. `unit`: as for `map`.
        Raises UnknownName, ModelUnsupported; ValueError where there is no head.
        """
        from attnviz.analysis import combine

        if quantity not in MAPS:
            raise UnknownName(say("quantity"), quantity, MAPS)
        key, capture = self._engine.find(query, progress)
        compute = getattr(capture, quantity)

        def work(report: Progress) -> FloatArray:
            def maps() -> Iterator[FloatArray]:
                for n, (layer, head) in enumerate(heads):
                    report(Stage(STATISTICS, n / len(heads)))
                    yield compute(layer, head, kind)

            found = combine(maps(), how)
            return found if unit is None else in_units(found, capture, kind, unit)

        what = ("combined", how, quantity, heads, kind, unit)
        return self._engine.on_capture(key, what, work, progress)
