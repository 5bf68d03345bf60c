"""One head up close: the map of who looks at whom, and what kind of head it is."""

import streamlit as st

from attnviz.web import attention_view, page, session

page.heading(
    "Attention",
    "Each row is one token of your text. Its cells show how the token's attention is spread over all tokens: "
    "the stronger the colour, the more; a row adds up to 1.",
)
state = session.state()
query = page.question(state)
if query is not None:
    attention_view.show(query, state)
st.caption(page.LOOKED)
