"""'Who else does this?': the heads, over all layers, that make the held link most, each one click away."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from attnviz.text import visible
from attnviz.web.controls.why_link import why_link
from attnviz.web.escape import markdown
from attnviz.web.shell import progress
from attnviz.web.state import session

if TYPE_CHECKING:
    from attnviz.figures.messages.axes import Axis
    from attnviz.web.controls.head_map import HeadMap
    from attnviz.web.state.address import Head, Place

KEY = "same_link"
FOUND = 6  # heads listed
HINT = (
    "Hold a cell of the map, or a word of the text, to see which other heads make the same link, and to ask why this "
    "one does."
)


def _go(held: tuple[Place, ...]) -> None:
    """To the head that was chosen, with the cell still held."""
    place = st.session_state[KEY]
    st.session_state[KEY] = None
    if place is not None:
        session.update(pool=None, over=None, heads=(tuple(place),), held=held)


def show(shown: HeadMap) -> None:
    """The heads for the cell that is held; of a row that is held alone, for its strongest link to another word."""
    st.subheader("Who else does this?", anchor=False)
    link = _link(shown)
    if link is None:
        st.caption(HINT)
        return
    row, key = link
    axes, attention = shown.axes, shown.attention
    rows = tuple(int(n) for n in np.flatnonzero(axes.queries.groups == row))
    keys = tuple(int(n) for n in np.flatnonzero(axes.keys.groups == key))
    with progress.loading() as report:
        weights = session.runtime().links(attention.query, rows, keys, attention.kind, report)
    st.markdown(f"{_name(axes.queries, row)} looks at {_name(axes.keys, key)} in:")
    order = np.argsort(-weights, axis=None, kind="stable")[:FOUND]
    places = [tuple(each) for each in np.stack(np.unravel_index(order, weights.shape), axis=1).tolist()]

    asked = shown.head if shown.pool is None else places[0]
    why_link(attention, asked, rows, keys, f"Why does layer {asked[0]}, head {asked[1]} look there?")

    def named(place: Head) -> str:
        here = " (shown)" if place == shown.head and shown.pool is None else ""
        return f"Layer {place[0]}, head {place[1]}: {weights[place]:.0%}{here}"

    st.pills(
        f"Mean over all {weights.size} heads: {weights.mean():.1%}",
        places,
        format_func=named,
        key=KEY,
        on_change=_go,
        args=(((0, row), (1, key)),),
    )


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


def _name(axis: Axis, at: int) -> str:
    return f"“{markdown(visible(axis.labels[at], 40).strip())}” ({at})"
