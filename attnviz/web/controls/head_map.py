"""One map of attention with every choice about it: resolved from the address once, then drawn and described."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from attnviz.figures import HIDEABLE, QUANTITIES, SHARES
from attnviz.figures import axes as maps
from attnviz.web.shell import progress
from attnviz.web.state import session

if TYPE_CHECKING:
    from attnviz.figures import Pool
    from attnviz.types import FloatArray
    from attnviz.web.controls.attention import Attention
    from attnviz.web.state.address import Head, Place, State

UNIT_TITLES = {"token": "Tokens", "word": "Words", "sentence": "Sentences", "paragraph": "Paragraphs"}
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
    def sums_to_one(self) -> bool:
        """Whether the values of a row do."""
        quantity = QUANTITIES[self.quantity]
        return self.pool.sums_to_one(quantity) if self.pool else quantity.sums_to_one

    @property
    def name(self) -> str:
        """The head, or the heads that are combined, in words."""
        if self.pool is None:
            return f"layer {self.head[0]}, head {self.head[1]}"
        words = self.pool.words(self.attention.layers, self.attention.heads)
        return words.format(layer=self.head[0])

    @cached_property
    def axes(self) -> tuple[maps.Axis, maps.Axis]:
        """The queries and the keys, in units."""
        return maps.axis(self.attention.queries, self.unit), maps.axis(self.attention.keys, self.unit)

    def of(self, place: Head) -> FloatArray:
        """The map of a head, or of many, over tokens. Raises ModelUnsupported where the family hides its values."""
        runtime, query, kind = session.runtime(), self.attention.query, self.attention.kind
        method = QUANTITIES[self.quantity].method
        if self.pool is None:
            return runtime.map(query, method, *place, kind)
        heads = self.pool.heads(place[0], self.attention.heads)
        with progress.loading() as report:
            return runtime.combined(query, heads, self.pool.how, method, kind, report)

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


def message(shown: HeadMap, found: FloatArray, places: Sequence[Head], **words: Any) -> bytes:
    """The message of the figure "heatmap": the maps `found` (N, Q, K), in units, of the heads `places`.

    `words`: what else `heatmap_data` takes.
    """
    from attnviz.figures import heatmap_data, note_of, prose_runs

    attention, quantity = shown.attention, QUANTITIES[shown.quantity]
    tokens = attention.queries, attention.keys
    axes = queries, keys = shown.axes
    same = tokens[0] is tokens[1]
    texts = list(zip(tokens, axes, strict=True))[: 1 if same else 2]
    words.setdefault("note", maps.note(queries, keys, shown.sums_to_one, note_of(quantity, shown.pool)))
    words.setdefault("identity", attention.kind)
    return heatmap_data(
        found,
        places,
        queries.labels,
        keys.labels,
        layers=attention.layers,
        heads=attention.heads,
        layer=shown.head[0],
        head=shown.head[1],
        query_special=queries.special,
        key_special=keys.special,
        unit=queries.unit,
        quantity=quantity.title,
        rows_sum_to_one=shown.sums_to_one,
        signed=quantity.signed,
        causal=attention.causal,
        model=session.model_name(attention.query.model),
        text=attention.query.text,
        form=shown.form,
        proses=[prose_runs(text, axis.groups, maps.shown(axis.labels)) for text, axis in texts],
        first=maps.first_axes(queries, keys, same),
        hide=shown.hide,
        keep=shown.keep,
        held=shown.held,
        pool=shown.pool,
        **words,
    )


def grouped(shown: HeadMap, places: Sequence[Head]) -> FloatArray:
    """(N, Q, K) the maps of these heads, in units."""
    queries, keys = shown.axes
    return np.stack([maps.grouped(shown.of(place), queries, keys) for place in places])
