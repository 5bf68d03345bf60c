"""A text that is too long can be read from its beginning; that it is not the whole is said wherever it is shown."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st

from attnviz.web.state import session

if TYPE_CHECKING:
    from attnviz.runtime import Query
    from attnviz.web.share.drawn import Drawn

NAME = "Text read"


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


def named(drawn: Drawn) -> Drawn:
    """The figure with how much of the text it is of, where that is not all of it."""
    read = session.read_of_text()
    return replace(drawn, settings=(*drawn.settings, (NAME, read))) if read else drawn
