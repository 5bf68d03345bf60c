"""The heads page: the grid of thumbnails with statistics, and two to four chosen heads side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from attnviz.figures.messages import axes as maps
from attnviz.web.controls import head_statistics
from attnviz.web.pages.attention import view as attention_view
from attnviz.web.share import map_settings
from attnviz.web.share.drawn import Drawn
from attnviz.web.shell import components, progress
from attnviz.web.state import address, session

if TYPE_CHECKING:
    from attnviz.capture import Capture
    from attnviz.runtime import Progress, Query
    from attnviz.types import Kind
    from attnviz.web.state.address import Head, State

THUMBNAIL = 64  # cells a side
ATTENTION = ("pages/look/attention.py", "attention")


def show(query: Query, state: State) -> Drawn:
    """Draw the page for this question."""
    from attnviz.figures import export
    from attnviz.figures.report import PIN_BYTES

    with progress.loading() as report:
        capture = session.runtime().capture(query, report)
    kind = attention_view.choose_kind(capture.kinds, state)
    shape = capture.shape(kind)
    chosen, opened = _chosen(state, shape), _opened(state, shape)
    _grid(query, capture, kind, chosen, opened)
    if len(chosen) > 1:
        _comparison(query, capture, kind, chosen)
    else:
        st.caption("Mark two to four heads to see them side by side, with the difference between them.")

    def whole(most: int) -> bytes:
        room = most // (4 * min(shape[2], maps.MAX_SIDE) * min(shape[3], maps.MAX_SIDE))
        places = export.fitting(shape[0], shape[1], opened or (0, 0), room)
        return message(query, capture, kind, (), places, opened)

    return Drawn(
        "heads",
        lambda: whole(export.PAGE_BYTES),
        "All heads",
        query.text,
        light=lambda: whole(PIN_BYTES),
        settings=(
            ("Shown", f"{shape[0]} layers of {shape[1]} heads, counted from 0"),
            ("Attention", map_settings.kind_of(kind)),
            *((("Opened", f"layer {opened[0]}, head {opened[1]}"),) if opened else ()),
        ),
    )


def _chosen(state: State, shape: tuple[int, int, int, int]) -> tuple[Head, ...]:
    """The chosen heads that this model has; a notice where it has fewer."""
    layers, heads = shape[:2]
    chosen = tuple(place for place in state.heads if place[0] < layers and place[1] < heads)
    if len(chosen) < len(state.heads):
        session.notice(
            f"This model has layers 0 to {layers - 1} and heads 0 to {heads - 1}; a head that it does not have "
            "is left out."
        )
    return chosen


def _opened(state: State, shape: tuple[int, int, int, int]) -> Head | None:
    """The head that is opened in place, where this model has it."""
    if state.opened is None or (state.opened[0] < shape[0] and state.opened[1] < shape[1]):
        return state.opened
    session.notice("The opened head in the link is not one of this model; none is opened.")
    return None


def _grid(query: Query, capture: Capture, kind: Kind, chosen: tuple[Head, ...], opened: Head | None) -> None:
    with progress.loading() as report:
        data = message(query, capture, kind, chosen, [opened] if opened else [], opened, report)
    asked = components.heads(data)
    if asked is not None:
        script, name = ATTENTION
        state = replace(session.state(), view=None, opened=None).on(asked)
        st.switch_page(st.Page(script, url_path=name), query_params=address.encode(state))


def message(
    query: Query,
    capture: Capture,
    kind: Kind,
    chosen: tuple[Head, ...],
    places: Sequence[Head] = (),
    opened: Head | None = None,
    report: Progress | None = None,
) -> bytes:
    """What the grid shows, for this page and for the page that is saved from it, with the maps of `places`."""
    from attnviz.figures import Details, heads_data

    runtime = session.runtime()
    queries, keys = (
        maps.axis(tokens, "token") for tokens in (capture.query_tokens(kind), capture.key_tokens(kind))
    )
    large = [maps.grouped(runtime.attention(query, *place, kind), queries, keys) for place in places]
    details = Details(
        np.stack(large) if large else np.zeros((0, len(queries.labels), len(keys.labels)), np.float32),
        places,
        queries.labels,
        keys.labels,
        queries.special,
        keys.special,
        queries.unit,
        opened,
        f"{query} {kind}",
    )
    overviews = runtime.overviews(query, THUMBNAIL, kind, report)
    table = runtime.statistics(query, kind, report)
    return heads_data(
        overviews,
        table,
        queries=capture.shape(kind)[2],
        keys=capture.shape(kind)[3],
        chosen=chosen,
        details=details,
        descriptions={metric: head_statistics.words(metric).meaning for metric in table.metrics},
        causal=attention_view.is_causal(capture, kind),
        model=session.model_name(query.model),
        text=query.text,
    )


def _comparison(query: Query, capture: Capture, kind: Kind, chosen: tuple[Head, ...]) -> None:
    from attnviz.figures import panes_data
    from attnviz.figures.messages.panes import Pane, Source

    st.subheader("Side by side", anchor=False)
    queries = maps.axis(capture.query_tokens(kind), "token")
    keys = maps.axis(capture.key_tokens(kind), "token")
    runtime = session.runtime()
    layers, heads = capture.shape(kind)[:2]
    source = Source(
        np.stack([maps.grouped(runtime.attention(query, *place, kind), queries, keys) for place in chosen]),
        chosen,
        queries.labels,
        keys.labels,
        queries.special,
        keys.special,
        layers,
        heads,
        causal=attention_view.is_causal(capture, kind),
        identity=f"{query} {kind}",
    )
    data = panes_data(
        [source],
        [Pane(f"layer {place[0]}, head {place[1]}", "", 0, place) for place in chosen],
        {},
        fixed=True,
        unit=queries.unit,
        note=maps.note(queries, keys),
        model=session.model_name(query.model),
    )
    components.panes(data)
