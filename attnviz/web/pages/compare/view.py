"""The page "compare": heads side by side, all heads with each other, and heads that look from token to token."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st

from attnviz.web.pages.allocation import view as allocation_view
from attnviz.web.pages.attention import view as attention_view
from attnviz.web.pages.compare import finder
from attnviz.web.pages.compare import side_by_side as panes_view
from attnviz.web.share import map_settings, take_away
from attnviz.web.share.drawn import Drawn
from attnviz.web.shell import components, page, progress
from attnviz.web.state import address, session

if TYPE_CHECKING:
    from attnviz.runtime import Query
    from attnviz.web.state.address import State

VIEWS = {
    "token": "Side by side, by tokens",
    "word": "Side by side, by words",
    "heads": "All heads with each other",
    "find": "Find heads",
}
HEADS = ("pages/look/heads.py", "heads")


def show(state: State) -> None:
    """Draw the page."""
    view = session.choose("view", state.view, tuple(VIEWS), "token")
    st.segmented_control(
        "What to compare",
        tuple(VIEWS),
        format_func=VIEWS.__getitem__,
        key=session.set_choice("compare_view", view),
        on_change=session.on_change(
            "compare_view", "view", lambda value: None if value == "token" else value
        ),
        required=True,
    )
    side_by_side = view not in ("heads", "find")
    query = page.question(state, show_text=not side_by_side)
    sent = st.session_state.pop(
        panes_view.SENT, frozenset()
    )  # what the browser has, as long as the figure stays
    if query is None:
        return
    if side_by_side:
        panes_view.show(state, view, sent)
        return
    # Each text alone, as two visitors would send them: not as a pair that the model reads together.
    (_all_heads if view == "heads" else finder.show)(replace(query, pair=None), state)


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
    name = session.model_name(query.model)
    data = likeness_data(
        found.distances, found.order, found.points, found.kinds, found.shares, note=note, model=name
    )
    opened = components.likeness(data)
    drawn = Drawn(
        "likeness",
        lambda: data,
        "How alike all heads are",
        query.text,
        settings=(("Distance", "Jensen–Shannon"), ("Attention", map_settings.kind_of(kind))),
        texts=(("Text", query.text),),
    )
    take_away.figure(session.query(state), state, drawn, query)
    if len(opened) == 1:
        allocation_view.open_head(opened[0])
    elif opened:
        script, name = HEADS
        both = replace(session.state(), view=None).on(*opened)
        st.switch_page(st.Page(script, url_path=name), query_params=address.encode(both))
