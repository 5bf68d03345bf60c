"""Questions about two captures: which tokens stand for each other, and how much each head changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np

from attnviz import checks
from attnviz.runtime.engine.engine import Engine
from attnviz.runtime.progress import STATISTICS, Progress, Stage
from attnviz.runtime.query import Query
from attnviz.types import FloatArray, IntArray, Kind

if TYPE_CHECKING:
    from attnviz.analysis.alignment import Matching
    from attnviz.capture import Capture


class Comparisons:
    """What `Runtime` answers about the heads of two captures."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def matchings(
        self,
        first: Query,
        second: Query,
        unit: str = "token",
        kinds: tuple[Kind | None, Kind | None] = (None, None),
    ) -> tuple[Matching, Matching]:
        """Which queries, and which keys, of two captures stand for each other. Raises UnknownName."""
        found = [self._engine.find(query) for query in (first, second)]
        # A file names the model that it was made with; what a name stands for can be two things, its digest cannot.
        (card, other) = (capture.card for _, capture in found)
        alike = first.model == second.model or (card.name, card.revision) == (other.name, other.revision)

        (key, _), (other_key, _) = found

        def compute(report: Progress) -> tuple[Matching, Matching]:
            from attnviz.analysis.alignment import match

            sides = zip((capture for _, capture in found), kinds, strict=True)
            axes = [
                tuple(
                    checks.tokens("A comparison", each)
                    for each in (capture.query_tokens(kind), capture.key_tokens(kind))
                )
                for capture, kind in sides
            ]
            queries = match(axes[0][0], axes[1][0], unit, alike)
            if all(rows is keys for rows, keys in axes):
                return queries, queries
            return queries, match(axes[0][1], axes[1][1], unit, alike)

        what = ("matchings", other_key, unit, kinds)
        matched: tuple[Matching, Matching] = self._engine.on_capture(
            key, what, compute, None, "aligning two texts", queue=False
        )
        return matched

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
        (key, one), (other_key, other) = (self._engine.find(query, progress) for query in (first, second))
        shapes = [each.shape(kind)[:2] for each, kind in zip((one, other), kinds, strict=True)]
        if shapes[0] != shapes[1]:
            raise ValueError(f"heads of {shapes[0]} and {shapes[1]} cannot be compared")
        matchings = self.matchings(first, second, unit, kinds)

        def compute(report: Progress) -> FloatArray:
            return _changes((one, other), matchings, unit, kinds, report)

        return self._engine.on_capture(key, ("changes", other_key, unit, kinds), compute, progress)


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
