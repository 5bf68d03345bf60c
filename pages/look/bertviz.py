"""BertViz's own head view and model view, for those who know them or teach with them."""

import streamlit as st

from attnviz.web.pages.bertviz import view as bertviz_view
from attnviz.web.share import take_away
from attnviz.web.shell import page
from attnviz.web.state import session

page.heading(
    "Classic BertViz",
    "The head view and the model view of BertViz (Vig 2019), drawn by its own code: a line for each attention "
    "weight, the more opaque the larger.",
)
state = session.state()
query = page.question(state)
if query is not None:
    with page.body(query):
        bertviz_view.show(query, state)
    take_away.bertviz(query, state)
st.caption(page.LOOKED)
