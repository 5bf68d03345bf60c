"""Questions about single heads: a text's capture, the map of a head, how a row comes about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np

from attnviz.errors import UnknownName
from attnviz.language import say
from attnviz.runtime.engine.engine import Engine
from attnviz.runtime.progress import Progress
from attnviz.runtime.query import CaptureInfo, KindInfo, Query
from attnviz.types import FloatArray, Kind, QueryKey

if TYPE_CHECKING:
    from attnviz.capture import Capture

MAPS = ("attention", "value_weighted", "contribution")  # what a Capture computes of one head


class Maps:
    """What `Runtime` answers about the attention of single heads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def capture(self, query: Query, progress: Progress | None = None) -> Capture:
        """The capture of one text, kept for the next one who asks.

        Raises:
            InputEmpty, InputTooLong: before anything is computed.
            ModelNotFound, ModelUnsupported, ModelTooLarge: the model cannot be had.
        """
        return self._engine.find(query, progress)[1]

    def info(self, query: Query, progress: Progress | None = None) -> CaptureInfo:
        """What pages get of the capture, which is made where it is not kept. Raises what `capture` raises."""
        capture = self.capture(query, progress)
        return CaptureInfo(
            capture.card,
            capture.tokens,
            {
                kind: KindInfo(
                    capture.shape(kind),
                    capture.query_tokens(kind),
                    capture.key_tokens(kind),
                    capture.quantities(kind),
                )
                for kind in capture.kinds
            },
        )

    def attention(
        self,
        query: Query,
        layer: int,
        head: int | None = None,
        kind: Kind | None = None,
        progress: Progress | None = None,
        unit: str | None = None,
    ) -> Annotated[FloatArray, "Q K"]:
        """The attention of one head, or of all heads of a layer: `map` of "attention". Raises UnknownName."""
        return self.map(query, "attention", layer, head, kind, progress, unit)

    def map(
        self,
        query: Query,
        quantity: str,
        layer: int,
        head: int | None = None,
        kind: Kind | None = None,
        progress: Progress | None = None,
        unit: str | None = None,
    ) -> Annotated[FloatArray, "Q K"]:
        """One of `MAPS` of one head (Q, K), or of all heads of a layer (H, Q, K).

        Raises UnknownName, ModelUnsupported.

        `unit`: over words, for instance, in place of items, or over blocks where those are more than a screen shows:
        rows and columns are the groups of `attnviz.figures.messages.axes.axis`.

        Not through the gate: it takes milliseconds, and looking around must not queue.
        """
        if quantity not in MAPS:
            raise UnknownName(say("quantity"), quantity, MAPS)
        key, capture = self._engine.find(query, progress)

        def compute(report: Progress) -> FloatArray:
            weights: FloatArray = getattr(capture, quantity)(layer, head, kind)
            return weights if unit is None else in_units(weights, capture, kind, unit)

        what = (quantity, layer, head, kind, unit)
        found: FloatArray = self._engine.on_capture(
            key, what, compute, progress, "computing a map", queue=False
        )
        return found

    def strongest(self, query: Query, layer: int, head: int, kind: Kind | None = None) -> tuple[int, int]:
        """The query and the key of a head's strongest link: see `attnviz.analysis.strongest_link`; (0, 0) where it has
        none.

        Raises UnknownName.
        """
        key, capture = self._engine.find(query)

        def compute(report: Progress) -> tuple[int, int]:
            from attnviz.analysis import strongest_link

            rows, keys = capture.query_tokens(kind), capture.key_tokens(kind)
            weights = capture.attention(layer, head, kind)
            return strongest_link(weights, rows.special, keys.special, rows is keys) or (0, 0)

        found: tuple[int, int] = self._engine.on_capture(
            key, ("strongest", layer, head, kind), compute, None, "computing a map", queue=False
        )
        return found

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
        key, capture = self._engine.find(query, progress)

        def compute(report: Progress) -> QueryKey:
            return capture.query_key(layer, head, row, kind)

        what = ("query_key", layer, head, row, kind)
        found: QueryKey = self._engine.on_capture(
            key, what, compute, progress, "computing a row", queue=False
        )
        return found


def in_units(
    weights: Annotated[FloatArray, "... Q K"], capture: Capture, kind: Kind | None, unit: str
) -> Annotated[FloatArray, "... G C"]:
    """Maps over items as maps over their groups. Raises UnknownName."""
    from attnviz.figures.messages.axes import axis, grouped

    queries, keys = capture.query_tokens(kind), capture.key_tokens(kind)
    rows = axis(queries, unit)
    columns = rows if queries is keys else axis(keys, unit)
    if weights.ndim == 2:
        return grouped(weights, rows, columns)
    return np.stack([grouped(each, rows, columns) for each in weights])
