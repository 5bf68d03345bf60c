"""Packs attention maps for the figure "heatmap": exact float32 maps of some heads, their axes, and how to show them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

import numpy as np

from attnviz.figures.messages.axes import Axes, shown
from attnviz.figures.messages.products import Products
from attnviz.figures.messages.quantities import QUANTITIES, Pool, Quantity, note_of
from attnviz.figures.wire import pack
from attnviz.types import FloatArray

Head = tuple[int, int]
Option = dict[str, Any]  # name, label, value, usual, choices [[value, title]], help: see options.js
FORMS = ("heatmap", "text", "lines", "qk")
HIDEABLE = ("special", "first")
SHARES = (50, 75, 90, 95, 99, 100)  # percent of a row's mass that the shown links hold


@dataclass(frozen=True)
class MapView:
    """Some heads' maps over the same axes, one of them shown: what the figure "heatmap" draws, in one of its forms.

    Attributes:
        maps: (N, Q, K) float32, exact; N may be 0 (the figure then shows its loading state).
        places: N pairs (layer, head) that say whose map each is.
        axes: the Q rows and K columns.
        layers, heads: how many there are to step through. shown: the layer and head to show.
        quantity: what a cell holds.
        pool: which heads each map combines, where it is not of one; `places` then name the layer, and any head.
        causal: cells right of the diagonal (of the lower right corner, if Q != K) are drawn as "cannot look
            ahead", not as zero.
        titles: of the rows and of the columns; None: what their items are.
        note: one line under the figure; None: what there is to say of quantity, pool and axes.
        model, text: for descriptions and file names.
        identity: whatever else tells two messages' maps apart, when axes, quantity, model and text do not.
        form: the form to show, one of `FORMS`, with a selector of all of them; "": the heatmap alone.
        products: what the form "qk" shows of one query token, or why it cannot.
        hide: of `HIDEABLE`, what is hidden to begin with: special tokens, the first token (a sink of many heads).
        keep: of `SHARES`, how much of a row's mass is not faded to begin with; None: what fits the form.
        held: pairs (side, position) of the queries (side 0) and keys (side 1) that are held to begin with.
        options: what else can be chosen of a map where there is somebody to make another one.
    """

    maps: Annotated[FloatArray, "N Q K"]
    places: Sequence[Head]
    axes: Axes
    layers: int
    heads: int
    shown: Head
    quantity: Quantity = field(default=QUANTITIES["attention"])
    pool: Pool | None = None
    causal: bool = False
    titles: tuple[str, str] | None = None
    note: str | None = None
    model: str = ""
    text: str = ""
    identity: str = ""
    form: str = ""
    products: Products | None = None
    hide: Sequence[str] = ()
    keep: int | None = None
    held: Sequence[tuple[int, int]] = ()
    options: Sequence[Option] = ()

    @property
    def sums_to_one(self) -> bool:
        """Whether the values of a row do, so that they are renormalised where some are hidden."""
        return self.pool.sums_to_one(self.quantity) if self.pool else self.quantity.sums_to_one

    def message(self) -> bytes:
        """The message of the figure "heatmap".

        Header: figure, layers, heads, layer, head, at [[layer, head] * N], queries, keys, querySpecial,
        keySpecial, queryUnknown, keyUnknown, queryTitle, keyTitle, unit, quantity, rowsSumToOne, causal, note, model,
        text, identity, form, proses, first, hide, keep, held, options, signed, pool (see `Pool.header`), qk (see
        `Products.header`).
        Sections: maps f32 (N, Q, K), and those of `Products.sections`.

        Raises:
            ValueError: shapes that disagree, a layer or head out of range, an unknown form, or nothing to hide or
                keep.
        """
        maps = np.asarray(self.maps, np.float32)
        self._check(maps)
        kept = self._identified()
        note = (
            self.axes.note(self.sums_to_one, note_of(self.quantity, self.pool))
            if self.note is None
            else self.note
        )
        header = {
            "figure": "heatmap",
            **kept,
            "layer": self.shown[0],
            "head": self.shown[1],
            "at": [list(place) for place in self.places],
            "note": note,
            "identity": _digest(kept, self.identity),
            "form": self.form,
            "proses": [list(runs) for runs in self.axes.proses],
            "first": self.axes.first,
            "hide": list(self.hide),
            "keep": self.keep,
            "held": [list(place) for place in self.held],
            "options": list(self.options),
            "qk": self.products.header() if self.products else None,
        }
        return pack(header, {"maps": maps, **(self.products.sections() if self.products else {})})

    def _check(self, maps: FloatArray) -> None:
        queries, keys = self.axes.queries, self.axes.keys
        shape = (len(queries.labels), len(keys.labels))
        if maps.shape != (len(self.places), *shape):
            raise ValueError(
                f"maps are {maps.shape}, but {len(self.places)} heads are named, and there are "
                f"{shape[0]} x {shape[1]} labels"
            )
        if (len(queries.special), len(keys.special)) != shape:
            raise ValueError(
                f"maps are {maps.shape}, special flags {len(queries.special)} and {len(keys.special)}"
            )
        for layer, head in (*self.places, self.shown):
            if not (0 <= layer < self.layers and 0 <= head < self.heads):
                raise ValueError(f"there is no layer {layer}, head {head} among {self.layers} x {self.heads}")
        if self.form and self.form not in FORMS:
            raise ValueError(f"there is no form {self.form!r}; choose one of {', '.join(FORMS)}")
        first = self.axes.first
        if (
            set(self.hide) - set(HIDEABLE)
            or self.keep not in (None, *SHARES)
            or first not in ("", "keys", "both")
        ):
            raise ValueError(f"hide {self.hide!r}, keep {self.keep!r}, first {first!r}")

    def _identified(self) -> dict[str, Any]:
        """The part of the header by which maps are interchangeable."""
        queries, keys = self.axes.queries, self.axes.keys
        titles = self.titles or self.axes.titles
        return {
            "queries": shown(queries.labels),
            "keys": shown(keys.labels),
            "querySpecial": np.asarray(queries.special).astype(int).tolist(),
            "keySpecial": np.asarray(keys.special).astype(int).tolist(),
            "queryUnknown": np.asarray(queries.unknown).astype(int).tolist(),
            "keyUnknown": np.asarray(keys.unknown).astype(int).tolist(),
            "queryTitle": titles[0],
            "keyTitle": titles[1],
            "unit": queries.unit,
            "quantity": self.quantity.title,
            "rowsSumToOne": self.sums_to_one,
            "causal": self.causal,
            "model": self.model,
            "text": self.text,
            "layers": self.layers,
            "heads": self.heads,
            "pool": self.pool.header(self.layers, self.heads) if self.pool else None,
            "signed": self.quantity.signed,
        }


def _digest(kept: dict[str, Any], identity: str) -> str:
    """Names the set of maps that a message belongs to: equal digests, interchangeable maps."""
    return hashlib.blake2b(json.dumps([kept, identity]).encode(), digest_size=12).hexdigest()
