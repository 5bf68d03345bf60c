"""Any heads side by side, all heads with each other, and the heads that look from one token to another."""

import streamlit as st

from attnviz.web.pages.compare import view as compare_view
from attnviz.web.shell import page
from attnviz.web.state import session

page.heading(
    "Compare",
    "What changed when you changed one word? What does another head do, or another model? Which heads are alike, and "
    "which look from this token to that one? Each text is read alone.",
)
compare_view.show(session.state())
st.caption(page.LOOKED)
