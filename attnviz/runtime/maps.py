"""Questions about single heads: a text's capture, the map of a head, how a row comes about, small pictures of all.

A part of the Runtime: each answer is computed from a capture and kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np

from attnviz.errors import UnknownName
from attnviz.runtime.engine.engine import Desk
from attnviz.runtime.query import OVERVIEWS, STATISTICS, Progress, Query, Stage, silent
from attnviz.types import FloatArray, HeadTable, Kind, QueryKey, readonly

if TYPE_CHECKING:
    from attnviz.capture import Capture

MAPS = ("attention", "value_weighted", "contribution")  # what a Capture computes of one head


class Looker(Desk):
    """What `Runtime` answers about the attention of one text."""

    def capture(self, query: Query, progress: Progress | None = None) -> Capture:
        """The capture of one text, kept for the next one who asks.

        Raises:
            InputEmpty, InputTooLong: before anything is computed.
            ModelNotFound, ModelUnsupported, ModelTooLarge: the model cannot be had.
        """
        return self._find(query, progress or silent)[1]

    def attention(
        self,
        query: Query,
        layer: int,
        head: int | None = None,
        kind: Kind | None = None,
        progress: Progress | None = None,
    ) -> Annotated[FloatArray, "Q K"]:
        """The attention of one head (Q, K), or of all heads of a layer (H, Q, K). Raises UnknownName."""
        return self.map(query, "attention", layer, head, kind, progress)

    def map(
        self,
        query: Query,
        quantity: str,
        layer: int,
        head: int | None = None,
        kind: Kind | None = None,
        progress: Progress | None = None,
    ) -> Annotated[FloatArray, "Q K"]:
        """One of `MAPS`, shaped like `attention`. Raises UnknownName, ModelUnsupported.

        Not through the gate: it takes milliseconds, and looking around must not queue.
        """
        if quantity not in MAPS:
            raise UnknownName("quantity", quantity, MAPS)
        key, capture = self._find(query, progress or silent)

        def compute(report: Progress) -> FloatArray:
            return self._guard(
                "computing a map", lambda: readonly(getattr(capture, quantity)(layer, head, kind), np.float32)
            )

        return self._maps.get((key, quantity, layer, head, kind), compute, progress or silent)

    def query_key(
        self,
        query: Query,
        layer: int,
        head: int,
        row: int,
        kind: Kind | None = None,
        progress: Progress | None = None,
    ) -> QueryKey:
        """How the weights of one query token come about. Raises UnknownName, ModelUnsupported."""
        key, capture = self._find(query, progress or silent)

        def compute(report: Progress) -> QueryKey:
            return self._guard("computing a row", lambda: capture.query_key(layer, head, row, kind))

        return self._maps.get((key, "query_key", layer, head, row, kind), compute, progress or silent)

    def overviews(
        self, query: Query, size: int = 64, kind: Kind | None = None, progress: Progress | None = None
    ) -> Annotated[FloatArray, "L H q k"]:
        """Small pictures of all heads: the maximum in each of at most size x size cells. Layer by layer."""
        key, capture = self._find(query, progress or silent)

        def compute(report: Progress) -> FloatArray:
            layers = capture.shape(kind)[0]
            cells = []
            for layer in range(layers):
                report(Stage(OVERVIEWS, layer / layers))
                cells.append(capture.overview(layer, None, size, kind=kind))
            return np.stack(cells)

        return self._all_heads((key, "overviews", size, kind), compute, progress)

    def statistics(
        self, query: Query, kind: Kind | None = None, progress: Progress | None = None
    ) -> HeadTable:
        """Entropy, distance and typical shares of every head."""
        key, capture = self._find(query, progress or silent)

        def compute(report: Progress) -> HeadTable:
            report(Stage(STATISTICS))
            return capture.statistics(kind)

        return self._all_heads((key, "statistics", kind), compute, progress)
