"""A small picture of a figure that is pinned: drawn in the browser by the figure's own module, from its own message."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import streamlit as st

from attnviz.web.serving import modules
from attnviz.web.shell import components


def show(figure: str, message: bytes, key: str) -> None:
    """Mount the picture of one figure."""
    _mount()(key=key, data=components.sent(message, figure=figure), on_lost_change=components.forget)


@cache
def _mount() -> Callable[..., Any]:
    return st.components.v2.component("attnviz_thumb", js=modules.loader("thumb"))
