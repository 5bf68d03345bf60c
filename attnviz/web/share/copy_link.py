"""The buttons that copy the link to what is shown: with its texts, and without them."""

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


def buttons(state: State, whole: bool = True) -> None:
    """Draw the buttons; a link shows this state on the page that is open. `whole`: whether one can carry its texts."""
    bare = urlencode(address.encode(address.without_texts(state)))
    data = {"query": urlencode(address.encode(state)) if whole else "", "bare": bare}
    _mount()(key=KEY, data=data, width="content")


@cache
def _mount() -> Callable[..., Any]:
    return st.components.v2.component("attnviz_copy_link", js=modules.loader("copy_link"))
