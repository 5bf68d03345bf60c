"""Where figures that are saved take their maps from: a capture at hand, or questions to whoever has it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Protocol

from attnviz.analysis import combine
from attnviz.figures.messages import axes

if TYPE_CHECKING:
    from attnviz.capture import Capture
    from attnviz.figures.messages.heatmap import Head
    from attnviz.types import FloatArray, Items, Kind, ModelCard


class MapSource(Protocol):
    """What a saved figure asks of the attention that it shows. Axis letters as in `attnviz.capture.Capture`."""

    @property
    def card(self) -> ModelCard:
        """The model."""

    @property
    def tokens(self) -> Items:
        """What the model read."""

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds of attention."""

    def shape(self, kind: Kind | None = None) -> tuple[int, int, int, int]:
        """(L, H, Q, K)."""

    def query_tokens(self, kind: Kind | None = None) -> Items:
        """What the rows stand for."""

    def key_tokens(self, kind: Kind | None = None) -> Items:
        """What the columns stand for."""

    def map(
        self, quantity: str, head: Head, kind: Kind | None = None, unit: str | None = None
    ) -> Annotated[FloatArray, "Q K"]:
        """The map of a head, in units where one is named; `quantity`: a method of a Capture."""

    def combined(
        self,
        quantity: str,
        heads: tuple[Head, ...],
        how: str,
        kind: Kind | None = None,
        unit: str | None = None,
    ) -> Annotated[FloatArray, "Q K"]:
        """Many heads as one map: see `attnviz.analysis.combine`."""

    def corner(
        self, layer: int, rows: int, columns: int, kind: Kind | None = None
    ) -> Annotated[FloatArray, "H rows columns"]:
        """The attention of all heads of a layer between the first items."""


@dataclass(frozen=True)
class CaptureMaps:
    """The maps of a capture at hand."""

    capture: Capture

    @property
    def card(self) -> ModelCard:
        return self.capture.card

    @property
    def tokens(self) -> Items:
        return self.capture.tokens

    @property
    def kinds(self) -> tuple[Kind, ...]:
        return self.capture.kinds

    def shape(self, kind: Kind | None = None) -> tuple[int, int, int, int]:
        return self.capture.shape(kind)

    def query_tokens(self, kind: Kind | None = None) -> Items:
        return self.capture.query_tokens(kind)

    def key_tokens(self, kind: Kind | None = None) -> Items:
        return self.capture.key_tokens(kind)

    def map(
        self, quantity: str, head: Head, kind: Kind | None = None, unit: str | None = None
    ) -> Annotated[FloatArray, "Q K"]:
        return self._in_units(getattr(self.capture, quantity)(*head, kind=kind), kind, unit)

    def combined(
        self,
        quantity: str,
        heads: tuple[Head, ...],
        how: str,
        kind: Kind | None = None,
        unit: str | None = None,
    ) -> Annotated[FloatArray, "Q K"]:
        return self._in_units(combine((self.map(quantity, head, kind) for head in heads), how), kind, unit)

    def corner(
        self, layer: int, rows: int, columns: int, kind: Kind | None = None
    ) -> Annotated[FloatArray, "H rows columns"]:
        return self.capture.attention(layer, None, kind, slice(0, rows))[:, :, :columns]

    def _in_units(self, found: FloatArray, kind: Kind | None, unit: str | None) -> FloatArray:
        if unit is None:
            return found
        return axes.Axes.of(self.query_tokens(kind), self.key_tokens(kind), unit).grouped(found)


def source_of(given: Capture | MapSource) -> MapSource:
    """Where the maps come from; a capture has its own."""
    from attnviz.capture import Capture

    return CaptureMaps(given) if isinstance(given, Capture) else given
