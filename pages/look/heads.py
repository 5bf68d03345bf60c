"""Every head of every layer side by side, and a few of them compared."""

import streamlit as st

from attnviz.web.pages.heads import view as heads_view
from attnviz.web.share import take_away
from attnviz.web.shell import page
from attnviz.web.state import session

page.heading(
    "All heads",
    "Each small picture is the attention map of one head; layers go down, heads go across. Point at one to read "
    "its statistics, click it to open it, or mark two to four of them to compare them below.",
)
state = session.state()
query = page.question(state)
if query is not None:
    with page.body(query):
        drawn = heads_view.show(query, state)
    take_away.figure(query, state, drawn, query)
st.caption(page.LOOKED)
