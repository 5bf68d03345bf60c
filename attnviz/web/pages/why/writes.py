"""'What does it do?': what the head writes at the query, what that adds to the result, and the way to switch it off."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st

from attnviz.web.escape import markdown
from attnviz.web.pages.why import sentences
from attnviz.web.shell import links
from attnviz.web.state import session

if TYPE_CHECKING:
    from attnviz.types import Writes
    from attnviz.web.pages.why.cell import Cell
    from attnviz.web.state.address import State


def draw(found: Writes, cell: Cell, state: State) -> None:
    """The sentences, and the link to the page on which the head is switched off."""
    for line in sentences.written(found, markdown):
        st.markdown(line)
    off_link(cell, state)


def off_link(cell: Cell, state: State) -> None:
    """To the page that asks what becomes of the result without this head."""
    layer, head = cell.head
    whole = session.query(state)  # both texts, also where one of them is read alone here
    there = replace(
        state.elsewhere().unchanged(),
        text=whole.text,
        pair=whole.pair,
        off=f"{layer}.{head}",
        gate=None,
    )
    links.link("ablation", "Switch this head off and see", there, icon=":material/toggle_off:")
