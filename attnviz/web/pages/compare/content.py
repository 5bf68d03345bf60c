"""The page "compare": heads side by side, and all heads with each other."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st

from attnviz.web.pages.compare import all_heads, side_by_side
from attnviz.web.shell import links, page
from attnviz.web.state import address, session

if TYPE_CHECKING:
    from attnviz.web.share.drawn import Drawn
    from attnviz.web.state.address import State

TITLES = {
    "token": "Side by side, by tokens",
    "word": "Side by side, by words",
    "heads": "All heads with each other",
}
PARTS = ("heads",)  # beside what stands side by side
FOUND = "find"  # in links of earlier versions: which heads make a link, which the Attention page says now


def draw(state: State) -> Drawn | None:
    """Draw the page; returns the figure, where there is one."""
    if state.part == FOUND:
        kept = replace(state.elsewhere(), held=state.held)
        st.switch_page(links.page("attention"), query_params=address.encode(kept))
    shown = _choose(state)
    beside = shown not in PARTS
    query = page.question(state, show_text=not beside)
    sent = st.session_state.pop(
        session.SENT, frozenset()
    )  # what the browser has, as long as the figure stays
    if query is None:
        return None
    if beside:
        return side_by_side.draw(state, shown, sent)
    # Each text alone, as two visitors would send them: not as a pair that the model reads together.
    drawn = all_heads.draw(replace(query, pair=None), state)
    return replace(drawn, query=query)


def _choose(state: State) -> str:
    """The part of the page, or the unit of what stands side by side."""
    units = tuple(name for name in TITLES if name not in PARTS)
    unit = "token" if state.part else session.choose("unit", state.unit, units, "token")
    shown = session.choose("part", state.part, PARTS, unit)

    def chosen() -> None:
        value = st.session_state["compare_part"]
        other = value in PARTS
        session.update(part=value if other else None, unit=None if other or value == "token" else value)

    st.segmented_control(
        "What to compare",
        tuple(TITLES),
        format_func=TITLES.__getitem__,
        key=session.set_choice("compare_part", shown),
        on_change=chosen,
        required=True,
        label_visibility="collapsed",
    )
    return shown
