"""Two texts on a page of attention: read together, as one, or one of them alone, as an embedding model reads it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st

from attnviz.web.state import session
from attnviz.web.state.address import TOGETHER

if TYPE_CHECKING:
    from attnviz.runtime import Query
    from attnviz.web.state.address import State

BOTH, FIRST, SECOND = TOGETHER
TITLES = {BOTH: "Read together here", FIRST: "First text alone", SECOND: "Second text alone"}
MEANINGS = {
    True: "As one: words of one text look at words of the other. What says how alike they are reads each alone.",
    False: "Each text is read alone, as where its similarity is computed: no word sees the other text.",
}


def choose(query: Query, state: State) -> Query:
    """The question about what the reader chooses of two texts, with the switch; about one text, as it is."""
    if not query.pair or session.is_file(query.model):
        return query
    usual = FIRST if _embeds(query.model) else BOTH
    chosen = session.choose("texts", state.together, TOGETHER, usual)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="two_texts"):
        st.segmented_control(
            "How the two texts are read",
            TOGETHER,
            format_func=TITLES.__getitem__,
            key=session.set_choice("together", chosen),
            on_change=session.on_change(
                "together", "together", lambda value: None if value == usual else value
            ),
            required=True,
            label_visibility="collapsed",
        )
        st.caption(MEANINGS[chosen == BOTH])
    if chosen == BOTH:
        return query
    return replace(query, text=query.pair if chosen == SECOND else query.text, pair=None)


def _embeds(model: str) -> bool:
    """Whether what such a model is asked first is how alike two texts are, each read alone."""
    targets = session.runtime().targets(model)
    return bool(targets) and targets[0].name == "similarity"
