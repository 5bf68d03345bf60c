"""The attention page: the heatmap of one layer and head, and that head's statistics beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np
import streamlit as st

from attnviz.web import components, maps, metrics, progress, session
from attnviz.web.url import Head, State

if TYPE_CHECKING:
    from attnviz.capture import Capture
    from attnviz.runtime import Query
    from attnviz.types import FloatArray, Kind

KIND_TITLES = {
    "self": "self-attention",
    "encoder": "Encoder: the input looks at itself",
    "decoder": "Decoder: the output looks at itself",
    "cross": "Cross: the output looks at the input",
}
VIEW_TITLES = {"token": "Tokens", "word": "Words", "sentence": "Sentences"}
# In the default model, the head whose "it" looks at "animal" in the stored example: a first picture worth a look.
START = (3, 1)
SEND_ALL = (
    1_000_000  # bytes: below this all heads travel with the first picture, and steps need no round trip
)
SENT = "attnviz_sent"


def show(query: Query, state: State) -> None:
    """Draw the page for this question."""
    with progress.loading() as report:
        capture = session.runtime().capture(query, report)
    kind, view = _choices(capture.kinds, state)
    layers, heads, _, _ = capture.shape(kind)
    shown = chosen_head(state, layers, heads)
    picture, beside = st.columns([3, 1], gap="large")
    with picture:
        _heatmap(query, capture, kind, view, shown)
    with beside, progress.loading() as report:
        metrics.of_head(session.runtime().statistics(query, kind, report), shown)


def chosen_head(state: State, layers: int, heads: int) -> Head:
    """The head that the state asks for; the default, and a notice, where the model has no such head."""
    default = START if START[0] < layers and START[1] < heads else (0, 0)
    layer, head = state.heads[0] if state.heads else default
    if layer < layers and head < heads:
        return layer, head
    session.notice(
        f"There is no layer {layer}, head {head}: this model has layers 0 to {layers - 1} and heads 0 to "
        f"{heads - 1}. Layer {default[0]}, head {default[1]} is shown."
    )
    return default


def choose_kind(kinds: tuple[Kind, ...], state: State) -> Kind:
    """The kind of attention, with a selector where there are several."""
    default = "cross" if "cross" in kinds else kinds[0]
    kind = cast("Kind", session.choose("kind", state.kind, kinds, default))
    if len(kinds) > 1:
        st.segmented_control(
            "Which attention",
            kinds,
            format_func=KIND_TITLES.__getitem__,
            key=session.follow("kind", kind),
            on_change=session.on_change("kind", "kind", lambda value: None if value == default else value),
            required=True,
        )
    return kind


def is_causal(capture: Capture, kind: Kind) -> bool:
    """Whether a token cannot look at those after it."""
    return kind == "decoder" or (kind == "self" and capture.card.kind == "decoder")


def _choices(kinds: tuple[Kind, ...], state: State) -> tuple[Kind, str]:
    kind = choose_kind(kinds, state)
    view = session.choose("view", state.view, maps.GRANULARITIES, "token")
    st.segmented_control(
        "Rows and columns are",
        maps.GRANULARITIES,
        format_func=VIEW_TITLES.__getitem__,
        key=session.follow("view", view),
        on_change=session.on_change("view", "view", lambda value: None if value == "token" else value),
        required=True,
    )
    return kind, view


def _heatmap(query: Query, capture: Capture, kind: Kind, view: str, shown: Head) -> None:
    from attnviz.figures import heatmap_data

    layers, heads, _, _ = capture.shape(kind)
    queries = maps.axis(capture.query_tokens(kind), view)
    keys = maps.axis(capture.key_tokens(kind), view)
    places = _places(query, kind, view, layers, heads, len(queries.labels) * len(keys.labels), shown)
    data = heatmap_data(
        np.stack([maps.grouped(_attention(query, place, kind), queries, keys) for place in places]),
        places,
        queries.labels,
        keys.labels,
        layers=layers,
        heads=heads,
        layer=shown[0],
        head=shown[1],
        query_special=queries.special,
        key_special=keys.special,
        unit=queries.unit,
        causal=is_causal(capture, kind),
        note=maps.note(queries, keys),
        model=query.model,
        text=query.text,
        identity=kind,
    )
    components.heatmap(data, shown)


def _attention(query: Query, place: Head, kind: Kind) -> FloatArray:
    return session.runtime().attention(query, *place, kind)


def _places(
    query: Query, kind: Kind, view: str, layers: int, heads: int, cells: int, shown: Head
) -> list[Head]:
    """The heads whose maps travel: all of a short text the first time, then only the one that is shown."""
    everything = (query, kind, view)
    if layers * heads * cells * 4 > SEND_ALL or st.session_state.get(SENT) == everything:
        return [shown]
    st.session_state[SENT] = everything
    return [(layer, head) for layer in range(layers) for head in range(heads)]
