"""The button that copies the link to what is shown."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import streamlit as st

from attnviz.web.serving import modules
from attnviz.web.state import address

if TYPE_CHECKING:
    from attnviz.web.state.address import State

KEY = "copy_link"
_HTML = """<button type="button">Copy link</button>
<input type="text" readonly hidden aria-label="Link to this view"><span role="status"></span>"""


def button(state: State) -> None:
    """Draw the button; the link shows this state on the page that is open."""
    _mount()(key=KEY, data={"query": urlencode(address.encode(state))}, width="content")


@cache
def _mount() -> Callable[..., Any]:
    return st.components.v2.component("attnviz_copy_link", html=_HTML, js=modules.loader("copy_link"))
