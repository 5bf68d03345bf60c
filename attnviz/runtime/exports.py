"""What is saved from maps: made where the capture is, in turn, since all heads are as heavy as a forward pass."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import numpy as np

from attnviz.runtime.engine.engine import Engine
from attnviz.runtime.progress import SAVING, Progress
from attnviz.runtime.query import Query
from attnviz.types import FloatArray, Kind

if TYPE_CHECKING:
    from attnviz.figures import Pool
    from attnviz.figures.bertviz import View

MAPS = "saving the maps"


class Exports:
    """What `Runtime` makes of a capture to be taken away."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def archive(
        self,
        query: Query,
        layer: int,
        head: int,
        kind: Kind | None = None,
        quantity: str = "attention",
        pool: Pool | None = None,
        progress: Progress | None = None,
    ) -> bytes:
        """Maps as NPZ; see `attnviz.figures.export.archive`, also for its errors."""
        from attnviz.figures import export

        capture = self._engine.find(query, progress)[1]
        data: bytes = self._engine.in_turn(
            SAVING,
            MAPS,
            lambda: export.archive(capture, layer, head, kind=kind, quantity=quantity, pool=pool),
            progress,
        )
        return data

    def head_maps(
        self,
        query: Query,
        heads: Sequence[tuple[int, int]],
        kind: Kind | None = None,
        unit: str | None = None,
        progress: Progress | None = None,
    ) -> Annotated[FloatArray, "N Q K"]:
        """The attention of many heads at once, for a page that holds them; `unit` as for `Runtime.map`."""
        from attnviz.runtime.maps import in_units

        capture = self._engine.find(query, progress)[1]

        def work() -> FloatArray:
            found = [capture.attention(layer, head, kind) for layer, head in heads]
            return np.stack([each if unit is None else in_units(each, capture, kind, unit) for each in found])

        maps: FloatArray = self._engine.in_turn(SAVING, MAPS, work, progress)
        return maps

    def heatmap_message(
        self,
        query: Query,
        layer: int,
        head: int,
        kind: Kind | None = None,
        granularity: str = "token",
        quantity: str = "attention",
        form: str = "heatmap",
        hide: Sequence[str] = (),
        keep: int | None = None,
        held: Sequence[tuple[int, int]] = (),
        pool: Pool | None = None,
        most: int | None = None,
        progress: Progress | None = None,
    ) -> bytes:
        """The message of a heatmap that stands alone; see `attnviz.figures.export.heatmap_message`.

        `most`: bytes of its maps, None for as many as a page may hold.
        """
        from attnviz.figures import export

        capture = self._engine.find(query, progress)[1]
        data: bytes = self._engine.in_turn(
            SAVING,
            MAPS,
            lambda: export.heatmap_message(
                capture,
                layer,
                head,
                kind=kind,
                granularity=granularity,
                quantity=quantity,
                form=form,
                hide=hide,
                keep=keep,
                held=held,
                pool=pool,
                most=export.PAGE_BYTES if most is None else most,
            ),
            progress,
        )
        return data

    def bertviz_document(
        self, query: Query, view: View, layer: int, head: int, kind: Kind | None = None
    ) -> str:
        """BertViz's own view as one HTML document; see `attnviz.figures.bertviz.document`. Not in turn: a few heads."""
        from attnviz.figures import bertviz

        return bertviz.document(self._engine.find(query)[1], view, layer, head, kind)
