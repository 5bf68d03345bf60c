"""Where attention goes: its shares by kind of token, text and distance, and from part to part of the text."""

import streamlit as st

from attnviz.web.pages.allocation import view as allocation_view
from attnviz.web.share import take_away
from attnviz.web.shell import page
from attnviz.web.state import session

page.heading(
    "Where attention goes",
    "Each token spreads an attention of 100 % over the tokens of the text. Which kinds of token get it, in which "
    "layers and heads? Which sentence looks at which?",
)
state = session.state()
query = page.question(state)
if query is not None:
    drawn = allocation_view.show(query, state)
    take_away.figure(query, state, drawn, query)
st.caption(page.LOOKED)
