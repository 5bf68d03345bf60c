"""The heads page: the grid of thumbnails with statistics, and two to four chosen heads side by side."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from attnviz.figures.messages import axes as maps
from attnviz.provenance import call
from attnviz.web import glossary
from attnviz.web.controls.attention import Attention, archive, read_attention
from attnviz.web.share.drawn import Drawn
from attnviz.web.shell import components, links, progress
from attnviz.web.state import session

if TYPE_CHECKING:
    from attnviz.runtime import Progress, Query
    from attnviz.types import FloatArray
    from attnviz.web.state.address import Head, State

THUMBNAIL = 64  # cells a side, or fewer where there are many heads
FEW = 4  # heads that are looked at side by side
THUMBNAIL_BYTES = 400_000  # of all heads


def draw(query: Query, state: State) -> Drawn:
    """Draw the page for this question."""
    from attnviz.figures import export
    from attnviz.figures.report import PIN_BYTES

    attention = read_attention(query, state)
    layers, heads, rows, columns = attention.shape
    chosen, opened = _chosen(state, attention), _opened(state, attention)
    with progress.loading() as report:
        data = message(attention, chosen, [opened] if opened else [], opened, report)
    to_open = components.heads(data)
    if to_open is not None:
        links.go("attention", to_open)
    if len(chosen) > 1:
        _comparison(attention, chosen)
    else:
        st.caption("Mark two to four heads to see them side by side, with the difference between them.")

    def whole(most: int) -> bytes:
        room = most // (4 * min(rows, maps.MAX_SIDE) * min(columns, maps.MAX_SIDE))
        return message(attention, (), export.fitting(layers, heads, opened or (0, 0), room), opened)

    return Drawn(
        query,
        state,
        "heads",
        lambda: whole(export.PAGE_BYTES),
        "All heads",
        light=lambda: whole(PIN_BYTES),
        settings=(
            ("Shown", f"{layers} layers of {heads} heads, counted from 0"),
            ("Attention", attention.title),
            *((("Opened", f"layer {opened[0]}, head {opened[1]}"),) if opened else ()),
        ),
        attention=attention,
        arrays=lambda: archive(attention, state),
        again=(call("capture.statistics", kind=attention.kind),),
    )


def _chosen(state: State, attention: Attention) -> tuple[Head, ...]:
    """The chosen heads that this model has; a notice where it has fewer."""
    layers, heads = attention.layers, attention.heads
    chosen = tuple(place for place in state.heads if place[0] < layers and place[1] < heads)
    if len(chosen) < len(state.heads):
        session.notice(
            f"This model has layers 0 to {layers - 1} and heads 0 to {heads - 1}; a head that it does not have "
            "is left out."
        )
    return chosen


def _opened(state: State, attention: Attention) -> Head | None:
    """The head that is opened in place, where this model has it."""
    opened = state.opened
    if opened is None or (opened[0] < attention.layers and opened[1] < attention.heads):
        return opened
    session.notice("The opened head in the link is not one of this model; none is opened.")
    return None


def message(
    attention: Attention,
    chosen: tuple[Head, ...],
    places: Sequence[Head] = (),
    opened: Head | None = None,
    report: Progress | None = None,
) -> bytes:
    """What the grid shows, for this page and for the page that is saved from it, with the maps of `places`."""
    from attnviz.figures import Details, heads_data

    runtime, query, kind = session.runtime(), attention.query, attention.kind
    queries, keys = maps.axis(attention.queries, "token"), maps.axis(attention.keys, "token")
    details = Details(
        _maps(attention, places, queries, keys),
        places,
        queries.labels,
        keys.labels,
        queries.special,
        keys.special,
        queries.unit,
        opened,
        f"{query} {kind}",
    )
    padded = any(maps.real_items(each) < len(each) for each in (attention.queries, attention.keys))
    overviews = runtime.overviews(query, _side(attention), kind, report)
    table = runtime.statistics(query, kind, report)
    return heads_data(
        overviews,
        table,
        queries=attention.shape[2],
        keys=attention.shape[3],
        chosen=chosen,
        details=details,
        descriptions={metric: glossary.term(metric).meaning for metric in table.metrics},
        causal=attention.causal,
        note="The padding of the sound is left out of the small maps." if padded else "",
        model=session.model_name(query.model),
        text=attention.text,
    )


def _maps(attention: Attention, places: Sequence[Head], queries: maps.Axis, keys: maps.Axis) -> FloatArray:
    """(N, Q, K) the maps of these heads."""
    runtime = session.runtime()
    if (
        len(places) > FEW
    ):  # of a page that is saved, or pinned: as heavy as a forward pass, and in turn like one
        return runtime.head_maps(attention.query, tuple(places), attention.kind, "token")
    found = [runtime.attention(attention.query, *place, attention.kind, unit="token") for place in places]
    return np.stack(found) if found else np.zeros((0, len(queries.labels), len(keys.labels)), np.float32)


def _side(attention: Attention) -> int:
    """How many cells a side a small map has; where nobody looks ahead, only half of them are sent."""
    layers, heads, rows, columns = attention.shape
    halved = attention.causal and rows == columns
    return min(THUMBNAIL, math.isqrt(THUMBNAIL_BYTES * (2 if halved else 1) // (layers * heads)))


def _comparison(attention: Attention, chosen: tuple[Head, ...]) -> None:
    """The chosen heads side by side."""
    from attnviz.figures import panes_data
    from attnviz.figures.messages.panes import Pane, Source

    st.subheader("Side by side", anchor=False)
    queries, keys = maps.axis(attention.queries, "token"), maps.axis(attention.keys, "token")
    source = Source(
        _maps(attention, chosen, queries, keys),
        chosen,
        queries.labels,
        keys.labels,
        queries.special,
        keys.special,
        attention.layers,
        attention.heads,
        causal=attention.causal,
        identity=f"{attention.query} {attention.kind}",
    )
    data = panes_data(
        [source],
        [Pane(f"layer {place[0]}, head {place[1]}", "", 0, place) for place in chosen],
        {},
        fixed=True,
        unit=queries.unit,
        note=maps.note(queries, keys),
        model=session.model_name(attention.query.model),
    )
    components.panes(data)
