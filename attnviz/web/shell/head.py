"""The first line of every page: its title, what it is for, and buttons for text, examples and presentation."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

import streamlit as st

from attnviz.web.controls import entry as text_entry
from attnviz.web.controls import examples
from attnviz.web.serving import modules
from attnviz.web.state import session

if TYPE_CHECKING:
    from attnviz.web.shell.site import Entry

EDIT = {None: "Edit text", "image": "Change picture", "audio": "Change sound"}


def show(entry: Entry) -> None:
    """Draw the line, and below it the place of the texts, where the page is about some."""
    state = session.state()
    about_text = bool(entry.figure)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="page_head"):
        st.title(entry.title, anchor=False, width="content")
        st.markdown(entry.summary, help=entry.explanation)
        edit = EDIT[session.medium(state)] if about_text else ""
        pressed = _mount()(
            key="head",
            data={"edit": edit},
            on_examples_change=lambda: None,
            width="content",
            height="content",
        )
    if pressed.examples:
        examples.dialog()
    if about_text:
        text_entry.show(state)


@cache
def _mount() -> Callable[..., Any]:
    return st.components.v2.component("attnviz_head", js=modules.loader("head"))
