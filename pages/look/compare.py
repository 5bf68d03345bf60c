"""One head on two texts: both maps, their difference, and how much each head changed."""

import streamlit as st

from attnviz.web import compare_view, page, session

page.heading(
    "Compare",
    "What changed when you changed one word? Each text is read alone; the difference is over the tokens that both have.",
)
state = session.state()
query = page.question(state)
if query is not None:
    compare_view.show(query, state)
st.caption(page.LOOKED)
