"""Examples as cards: a text, what is to be seen in it, and a link that opens its page at its head, its word held."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st

from attnviz.web.escape import markdown, plain
from attnviz.web.shell import links
from attnviz.web.state import address, session

if TYPE_CHECKING:
    from attnviz.runtime import Example

COLUMNS = 2
COMPARE = "compare"


@st.dialog("Examples", width="large")
def dialog() -> None:
    """The cards, over the page."""
    columns = st.columns(COLUMNS, gap="small")
    for index, example in enumerate(session.runtime().examples()):
        with columns[index % COLUMNS], st.container(border=True, gap="small", key=f"example_{example.name}"):
            card(example)


def card(example: Example) -> None:
    """One example: its link, its text, what to look at."""
    links.link(example.page, example.title, view_of(example))
    st.text(plain(example.text))
    if example.pair:
        st.text(plain(example.pair))
    st.caption(markdown(example.look))


def view_of(example: Example) -> address.State:
    """The state that shows what the example is for."""
    model = session.state().model
    state = address.State(None if session.is_file(model) else model)
    if example.page != COMPARE:  # which compares the stored texts by itself
        state = replace(state, text=example.text, pair=example.pair)
    if state.model is not None:  # heads and positions were looked up in the default model
        return state
    return replace(state, heads=(example.place,) if example.place else (), held=example.held)


def show(example: Example) -> None:
    """Take the texts of an example."""
    session.update(text=example.text, pair=example.pair, target_text=None)


def of(text: str, pair: str | None) -> Example | None:
    """The gallery's entry with these texts."""
    return next(
        (each for each in session.runtime().examples() if (each.text, each.pair) == (text, pair)), None
    )
