"""One head up close: the map of who looks at whom, and what kind of head it is."""

import streamlit as st

from attnviz.web.pages.attention import view as attention_view
from attnviz.web.share import take_away
from attnviz.web.shell import page
from attnviz.web.state import session

page.heading(
    "Attention",
    "Each row is one token of your text; the stronger a colour in it, the more the token looks there. "
    "A row of attention weights adds up to 1.",
)
state = session.state()
query = page.question(state)
if query is not None:
    with page.body(query):
        attention_view.show(query, state)
    take_away.attention(query, state)
st.caption(page.LOOKED)
