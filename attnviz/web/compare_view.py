"""The page "compare": one head on two texts, all heads with each other, and heads that look from token to token."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from attnviz.web import allocation_view, attention_view, components, finder_view, maps, progress, session, url

if TYPE_CHECKING:
    from attnviz.runtime import Query
    from attnviz.types import FloatArray, Kind
    from attnviz.web.url import Head, State

VIEWS = {
    "token": "Two texts, by tokens",
    "word": "Two texts, by words",
    "heads": "All heads with each other",
    "find": "Find heads",
}
HEADS = ("pages/look/heads.py", "heads")
SENT = "attnviz_sent"
TITLE = 80  # characters of a text above its map


def show(query: Query, state: State) -> None:
    """Draw the page for this question; the second text is the other side."""
    view = session.choose("view", state.view, tuple(VIEWS), "token")
    st.segmented_control(
        "What to compare",
        tuple(VIEWS),
        format_func=VIEWS.__getitem__,
        key=session.follow("compare_view", view),
        on_change=session.on_change(
            "compare_view", "view", lambda value: None if value == "token" else value
        ),
        required=True,
    )
    # Each text alone, as two visitors would send them: not as a pair that the model reads together.
    first = replace(query, pair=None)
    if view in ("heads", "find"):
        st.session_state.pop(
            SENT, None
        )  # the figure of two texts goes, and with it the maps that it was sent
        (_all_heads if view == "heads" else finder_view.show)(first, state)
        return
    if not query.pair:
        _second_text_missing(query)
        return
    _two_texts(first, replace(query, text=query.pair, pair=None), view, state)


def _all_heads(query: Query, state: State) -> None:
    """How alike all heads are on the first text."""
    from attnviz.analysis.head_kinds import RULE
    from attnviz.figures import likeness_data

    runtime = session.runtime()
    with progress.loading() as report:
        capture = runtime.capture(query, report)
    kind = attention_view.choose_kind(capture.kinds, state)
    with progress.loading() as report:
        found = runtime.likeness(query, kind, report)
    queries = capture.shape(kind)[2]
    rows = "all rows" if len(found.rows) == queries else f"{len(found.rows)} of {queries} rows, evenly spaced"
    note = (
        f"Distance: Jensen–Shannon, the mean over {rows} of the first text; 0: the same attention, 1: no token in "
        "common. Order: clusters by average linkage. Map: multidimensional scaling; its stress is "
        f"{found.stress:.2f} (0: exact, above 0.2: read it with care). {RULE}"
    )
    data = likeness_data(
        found.distances, found.order, found.points, found.kinds, found.shares, note=note, model=query.model
    )
    opened = components.likeness(data)
    if len(opened) == 1:
        allocation_view.open_head(opened[0])
    elif opened:
        script, name = HEADS
        both = replace(session.state(), view=None).on(*opened)
        st.switch_page(st.Page(script, url_path=name), query_params=url.encode(both))


def _second_text_missing(query: Query) -> None:
    with st.container(border=True):
        st.subheader("A second text is needed", anchor=False)
        st.markdown("Type it under **Second text** and press **Show**, or begin with a copy of the first:")
        st.button("Copy the text, then change a word", on_click=session.update, kwargs={"pair": query.text})


def _two_texts(first: Query, second: Query, unit: str, state: State) -> None:
    from attnviz.figures import panes_data
    from attnviz.figures.panes import Pane

    runtime = session.runtime()
    with progress.loading() as report:
        captures = [runtime.capture(query, report) for query in (first, second)]
    kind = attention_view.choose_kind(captures[0].kinds, state)
    layers, heads, _, _ = captures[0].shape(kind)
    shown = attention_view.chosen_head(state, layers, heads)
    sides = [(capture.query_tokens(kind), capture.key_tokens(kind)) for capture in captures]
    if any(len(tokens) > maps.MAX_SIDE for side in sides for tokens in side):
        _too_long()
        return
    with progress.loading() as report:
        changes = runtime.changes(first, second, unit, kind, report)
    axes = [(maps.axis(rows, unit), maps.axis(keys, unit)) for rows, keys in sides]
    cells = sum(len(rows.labels) * len(keys.labels) for rows, keys in axes)
    places = _places((first, second, kind, unit), layers, heads, cells, shown)
    panes = [
        Pane(
            query.text[:TITLE],
            np.stack([maps.grouped(_map(query, place, kind), rows, keys) for place in places]),
            rows.labels,
            keys.labels,
            rows.special,
            keys.special,
        )
        for query, (rows, keys) in zip((first, second), axes, strict=True)
    ]
    data = panes_data(
        panes[0],
        panes[1],
        places,
        changes.queries,
        changes.keys,
        changes.values,
        layer=shown[0],
        head=shown[1],
        unit=unit,
        causal=attention_view.is_causal(captures[0], kind),
        note=_note(changes.keys, axes[0][1], axes[1][1], unit),
        model=first.model,
        identity=f"{kind} {first.text} {second.text}",
    )
    components.panes(data, shown)


def _map(query: Query, place: Head, kind: Kind) -> FloatArray:
    return session.runtime().attention(query, *place, kind)


def _places(question: object, layers: int, heads: int, cells: int, shown: Head) -> list[Head]:
    """The heads whose maps travel: all of short texts the first time, then only the one that is shown."""
    if layers * heads * cells * 4 > attention_view.SEND_ALL or st.session_state.get(SENT) == question:
        return [shown]
    st.session_state[SENT] = question
    return [(layer, head) for layer in range(layers) for head in range(heads)]


def _note(pairs: np.ndarray, first: maps.Axis, second: maps.Axis, unit: str) -> str:
    """How the two sides were matched, in words."""
    alone = [len(side.labels) - len(pairs) for side in (first, second)]
    matched = (
        "Equal ones are matched in order (Python’s difflib), and a run that was replaced by one of the same "
    )
    matched += "length is matched one by one."
    if any(alone):
        counts = f"{alone[0]} of the first text and {alone[1]} of the second have none"
        lines = [
            f"{len(pairs)} {unit}s have a counterpart; {counts} and are left out of the difference.",
            matched,
        ]
    else:
        lines = [f"All {len(pairs)} {unit}s have a counterpart.", matched]
    lines.append(maps.note(first, first))
    return " ".join(line for line in lines if line)


def _too_long() -> None:
    with st.container(border=True):
        st.subheader("These texts are too long to compare", anchor=False)
        st.markdown(f"A text of up to {maps.MAX_SIDE:,} tokens can be compared with another, token by token.")
