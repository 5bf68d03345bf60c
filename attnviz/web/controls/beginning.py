"""A text that is too long can be read from its beginning; that it is not the whole is said wherever it is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from attnviz.web.state import session

if TYPE_CHECKING:
    from attnviz.runtime import Query


def offer(query: Query) -> None:
    """Under the error: a button for as much of the text as is read."""
    found = session.runtime().counted(query)
    if found is None or found.beginning is None:
        return
    st.button(
        f"Read the first {found.read:,} tokens",
        key="read_beginning",
        type="primary",
        on_click=session.update,
        kwargs={"text": found.beginning, "whole": f"{found.read}.{found.tokens}"},
    )
