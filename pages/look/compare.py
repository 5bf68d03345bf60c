"""One head on two texts, all heads with each other, and the heads that look from one token to another."""

import streamlit as st

from attnviz.web import compare_view, page, session

page.heading(
    "Compare",
    "What changed when you changed one word? Which heads are alike, and which look from this token to that one? "
    "Each text is read alone.",
)
state = session.state()
query = page.question(state)
if query is not None:
    compare_view.show(query, state)
st.caption(page.LOOKED)
