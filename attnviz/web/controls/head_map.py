"""One map of attention with every choice about it: resolved from the address once, then drawn and described."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from attnviz.figures import HIDEABLE, QUANTITIES, SHARES
from attnviz.figures.messages.axes import Axes
from attnviz.web.shell import progress
from attnviz.web.state import session

if TYPE_CHECKING:
    from attnviz.figures import Pool
    from attnviz.types import FloatArray
    from attnviz.web.controls.attention import Attention
    from attnviz.web.state.address import Head, Place, State

UNIT_TITLES = {
    "token": "Tokens", "word": "Words", "sentence": "Sentences", "paragraph": "Paragraphs", "patch": "Patches",
    "frame": "Frames", "tenth": "Tenths of a second", "second": "Seconds",
}  # fmt: skip
QUANTITY = "attention"  # what is shown where nothing is chosen
FORM_TITLES = {"heatmap": "heatmap", "text": "shaded text", "lines": "lines"}
HIDDEN_TITLES = {"special": "special tokens", "first": "the first token"}


@dataclass(frozen=True)
class HeadMap:
    """What is drawn, and how.

    Attributes:
        head: the head that is shown; of several that are combined, the one whose layer is shown.
        unit: what rows and columns are. quantity: what a cell is. form: as what it is drawn.
        hide: which tokens are left out. keep: percent of a row's mass that is not faded.
        pool: how many heads are combined; None for the one. held: the queries and keys that are held.
    """

    attention: Attention
    head: Head
    unit: str
    quantity: str = QUANTITY
    form: str = "heatmap"
    hide: tuple[str, ...] = ()
    keep: int | None = None
    pool: Pool | None = None
    held: tuple[Place, ...] = ()

    @property
    def name(self) -> str:
        """The head, or the heads that are combined, in words."""
        if self.pool is None:
            return f"layer {self.head[0]}, head {self.head[1]}"
        words = self.pool.words(self.attention.layers, self.attention.heads)
        return words.format(layer=self.head[0])

    @cached_property
    def axes(self) -> Axes:
        """The rows and columns, in units."""
        return Axes.of(self.attention.queries, self.attention.keys, self.unit)

    def of(self, place: Head) -> FloatArray:
        """The map of a head, or of many, in units. Raises ModelUnsupported where the family hides its values."""
        runtime, query, kind = session.runtime(), self.attention.query, self.attention.kind
        method = QUANTITIES[self.quantity].method
        if self.pool is None:
            return runtime.map(query, method, *place, kind, unit=self.unit)
        heads = self.pool.heads(place[0], self.attention.heads)
        with progress.loading() as report:
            return runtime.combined(query, heads, self.pool.how, method, kind, report, self.unit)

    def settings(self) -> tuple[tuple[str, str], ...]:
        """How it was made, as rows of (name, value), all of them our own words."""
        layers, heads = self.attention.layers, self.attention.heads
        if self.pool is None:
            place: tuple[tuple[str, str], ...] = (("Layer", str(self.head[0])), ("Head", str(self.head[1])))
        else:
            place = (("Heads", self.name),)
        hidden = " and ".join(HIDDEN_TITLES[name] for name in self.hide)
        kept = "" if self.keep is None else f"those outside {self.keep} % of each row’s mass"
        return (
            *place,
            ("Of the model’s", f"{layers} layers of {heads} heads, counted from 0"),
            ("Attention", self.attention.title),
            ("What is shown", QUANTITIES[self.quantity].title),
            ("Rows and columns", UNIT_TITLES[self.unit].lower()),
            ("Form", FORM_TITLES.get(self.form, FORM_TITLES["heatmap"])),
            *((name, words) for name, words in (("Left out", hidden), ("Faded", kept)) if words),
        )


def hidden(state: State) -> tuple[tuple[str, ...], int | None]:
    """Which tokens are hidden, and how much of a row's mass is not faded."""
    names = (state.hide or "").split(",")
    hide = tuple(name for name in HIDEABLE if name in names)
    return hide, next((share for share in SHARES if str(share) == state.keep), None)


def message(shown: HeadMap, found: FloatArray, places: Sequence[Head], **more: Any) -> bytes:
    """The message of the figure "heatmap": the maps `found` (N, Q, K), in units, of the heads `places`.

    `more`: what else a `MapView` holds.
    """
    from attnviz.figures import MapView

    attention = shown.attention
    more.setdefault("identity", attention.kind)
    return MapView(
        found,
        places,
        shown.axes,
        attention.layers,
        attention.heads,
        shown.head,
        QUANTITIES[shown.quantity],
        shown.pool,
        causal=attention.causal,
        model=session.model_name(attention.query.model),
        text=attention.text,
        form=shown.form,
        hide=shown.hide,
        keep=shown.keep,
        held=shown.held,
        **more,
    ).message()


def grouped(shown: HeadMap, places: Sequence[Head]) -> FloatArray:
    """(N, Q, K) the maps of these heads, in units."""
    return np.stack([shown.of(place) for place in places])
