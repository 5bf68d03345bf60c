"""The page "compare": heads side by side, all heads with each other, and heads that look from token to token."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st

from attnviz.web.pages.compare import all_heads, finder, side_by_side
from attnviz.web.shell import page
from attnviz.web.state import session

if TYPE_CHECKING:
    from attnviz.web.share.drawn import Drawn
    from attnviz.web.state.address import State

VIEWS = {
    "token": "Side by side, by tokens",
    "word": "Side by side, by words",
    "heads": "All heads with each other",
    "find": "Find heads",
}


def draw(state: State) -> Drawn | None:
    """Draw the page; returns the figure, where there is one."""
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
    beside = view not in ("heads", "find")
    query = page.question(state, show_text=not beside)
    sent = st.session_state.pop(
        session.SENT, frozenset()
    )  # what the browser has, as long as the figure stays
    if query is None:
        return None
    if beside:
        return side_by_side.draw(state, view, sent)
    # Each text alone, as two visitors would send them: not as a pair that the model reads together.
    drawn = (all_heads if view == "heads" else finder).draw(replace(query, pair=None), state)
    return replace(drawn, query=query)
