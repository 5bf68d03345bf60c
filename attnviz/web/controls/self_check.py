"""A badge beside a loaded model: whether its attention, as it is recorded here, is what the model itself computes."""

from __future__ import annotations

import streamlit as st

from attnviz.errors import AttnVizError
from attnviz.web.escape import markdown
from attnviz.web.state import session


def show(model: str) -> None:
    """The badge and its numbers, of a model that is loaded; the check is made once, after the page has been drawn."""
    runtime = session.runtime()
    if model not in runtime.facts().models:
        return
    try:
        found = runtime.check(model)
    except AttnVizError as error:
        st.caption(f"The attention of this model was not checked: {markdown(str(error.message))}")
        return
    if found is None:
        return
    if found.passed is None:
        st.badge("attention not checked", icon=":material/help:", color="gray")
        st.caption(
            f"This family has no other path to its attention weights{markdown(found.remedy)}: there is nothing to "
            "compare them with."
        )
        return
    if found.passed:
        st.badge("attention checked", icon=":material/check:", color="blue")
    else:
        st.badge("attention is wrong", icon=":material/close:", color="red")
        st.caption("**What is drawn of this model is not what it computes. Do not rely on it.**")
    numbers = ", ".join(f"{kind} {difference:.1e}" for kind, difference in found.differences)
    st.caption(
        f"Against {markdown(found.against)}, {found.read}: {numbers} (rounding: up to {found.tolerance:.0e})."
    )
