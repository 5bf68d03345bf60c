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

_HTML = """<nav aria-label="This page">
<button type="button" class="edit" aria-expanded="false"><svg viewBox="0 0 20 20" aria-hidden="true">
<path d="M3 17l1-4L14 3l3 3L7 16z M12 5l3 3"/></svg><span></span></button>
<button type="button" class="examples"><svg viewBox="0 0 20 20" aria-hidden="true">
<path d="M3 3h6v6H3z M11 3h6v6h-6z M3 11h6v6H3z M11 11h6v6h-6z"/></svg><span>Examples</span></button>
<button type="button" class="present" aria-pressed="false"><svg viewBox="0 0 20 20" aria-hidden="true">
<path d="M2 7V2h5 M13 2h5v5 M18 13v5h-5 M7 18H2v-5"/></svg><span>Present</span></button></nav>"""
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
    return st.components.v2.component("attnviz_head", html=_HTML, js=modules.loader("head"))
