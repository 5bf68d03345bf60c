"""'Who else does this?': the heads, over all layers, that make the held link most, each one click away."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from attnviz.text import visible
from attnviz.web.controls.why_link import why_link
from attnviz.web.escape import markdown, plain
from attnviz.web.share import offer
from attnviz.web.share.drawn import Drawn, file_stem
from attnviz.web.shell import progress
from attnviz.web.state import session

if TYPE_CHECKING:
    from attnviz.figures.messages.axes import Axis
    from attnviz.types import FloatArray, IntArray
    from attnviz.web.controls.head_map import HeadMap
    from attnviz.web.state.address import Head, Place, State

KEY = "same_link"
FOUND = 6  # heads that are offered
LISTED = 12  # heads of a figure that is taken away
HINT = (
    "Hold a cell of the map, or a word of the text, to see which other heads make the same link, and to ask why this "
    "one does."
)


@dataclass(frozen=True)
class Link:
    """From a query to a key, both in units of the map, and what each head (L, H) pays along it."""

    row: int
    key: int
    queries: Axis
    keys: Axis
    weights: FloatArray

    @property
    def rows(self) -> tuple[int, ...]:
        """The query's items."""
        return tuple(int(n) for n in np.flatnonzero(self.queries.groups == self.row))

    @property
    def columns(self) -> tuple[int, ...]:
        """The key's items."""
        return tuple(int(n) for n in np.flatnonzero(self.keys.groups == self.key))

    @property
    def ranked(self) -> IntArray:
        """All heads as (layer, head), the one with the largest weight first; ties by layer and head."""
        order = np.argsort(-self.weights, axis=None, kind="stable")
        return np.stack(np.unravel_index(order, self.weights.shape), axis=1)

    @property
    def mean(self) -> str:
        """What a head pays along it that was chosen by chance."""
        return f"Mean over all {self.weights.size} heads: {self.weights.mean():.1%}"

    @property
    def ends(self) -> tuple[str, str]:
        """What it leads from and to, for plain text."""
        sides = (self.queries, self.row), (self.keys, self.key)
        one, other = (f"“{plain(visible(axis.labels[at], 40).strip())}” ({at})" for axis, at in sides)
        return one, other

    def table(self) -> list[list[str | float]]:
        """All heads, ranked, as the rows of a table."""
        ends = [
            plain(self.queries.labels[self.row]), self.row, plain(self.keys.labels[self.key]), self.key,
        ]  # fmt: skip
        head: list[str | float] = ["from", "position", "to", "position", "layer", "head", "attention weight"]
        return [head, *([*ends, *place, float(self.weights[tuple(place)])] for place in self.ranked.tolist())]

    def message(self, model: str) -> bytes:
        """The first heads as a figure of its own."""
        from attnviz.figures import Results, Table, results_data

        places = [tuple(place) for place in self.ranked[:LISTED].tolist()]
        lines = [
            (f"layer {layer}, head {head}", f"{self.weights[layer, head]:.1%}") for layer, head in places
        ]
        layer, head = places[0]
        sentence = (
            f"Layer {layer}, head {head} looks most from {self.ends[0]} to {self.ends[1]}: with "
            f"{self.weights[layer, head]:.1%} of the attention."
        )
        note = f"{self.mean}. The first {len(places)} of {self.weights.size} heads."
        return results_data(
            Results(sentence, [Table("", ("head", "attention weight"), lines)], note), model=model
        )


def show(shown: HeadMap, state: State) -> None:
    """The heads for the cell that is held; of a row that is held alone, for its strongest link to another word."""
    st.subheader("Who else does this?", anchor=False)
    found = _link(shown)
    if found is None:
        st.caption(HINT)
        return
    link = _weighed(shown, *found)
    st.markdown("{} looks at {} in:".format(*map(markdown, link.ends)))
    places = [tuple(each) for each in link.ranked[:FOUND].tolist()]
    asked = shown.head if shown.pool is None else places[0]
    why = f"Why does layer {asked[0]}, head {asked[1]} look there?"
    why_link(shown.attention, asked, link.rows, link.columns, why)

    def named(place: Head) -> str:
        here = " (shown)" if place == shown.head and shown.pool is None else ""
        return f"Layer {place[0]}, head {place[1]}: {link.weights[place]:.0%}{here}"

    st.pills(
        link.mean,
        places,
        format_func=named,
        key=KEY,
        on_change=_go,
        args=(((0, link.row), (1, link.key)),),
    )
    # What it offers is sent when it is asked for: it would else go out with every step to another head.
    if st.checkbox("Take this list away", key="take_list"):
        offer.show(_drawn(link, shown, state), key="link", noun="this list")


def _go(held: tuple[Place, ...]) -> None:
    """To the head that was chosen, with the cell still held."""
    place = st.session_state[KEY]
    st.session_state[KEY] = None
    if place is not None:
        session.update(pool=None, over=None, heads=(tuple(place),), held=held)


def _link(shown: HeadMap) -> tuple[int, int] | None:
    """The held query and key, in units; None where no query is held."""
    rows = [index for side, index in shown.held if side == 0 and index < len(shown.axes.queries.labels)]
    keys = [index for side, index in shown.held if side == 1 and index < len(shown.axes.keys.labels)]
    if not rows:
        return None
    if keys:
        return rows[0], keys[0]
    values = np.abs(shown.of(shown.head)[rows[0]])
    other = np.where(np.asarray(shown.axes.keys.special), -1.0, values)
    if shown.attention.queries is shown.attention.keys:
        other[rows[0]] = -1.0
    best = int(np.argmax(other))
    return (rows[0], best) if other[best] >= 0 else None


def _weighed(shown: HeadMap, row: int, key: int) -> Link:
    axes, attention = shown.axes, shown.attention
    link = Link(row, key, axes.queries, axes.keys, np.zeros((0, 0), np.float32))
    with progress.loading() as report:
        weights = session.runtime().links(attention.query, link.rows, link.columns, attention.kind, report)
    return replace(link, weights=weights)


def _drawn(link: Link, shown: HeadMap, state: State) -> Drawn:
    query, name = shown.attention.query, session.model_name(shown.attention.query.model)
    return Drawn(
        query,
        replace(state, heads=(shown.head,), held=((0, link.row), (1, link.key))),
        "results",
        lambda: link.message(name),
        "Heads that look from {} to {}".format(*link.ends),
        settings=(("Attention", shown.attention.title),),
        file_name=f"heads-that-look-{file_stem(name, query.text)}",
        table=link.table,
    )
