"""The sentence of a term, shown at the word itself: `terms.js` listens for words that name one."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import streamlit as st

from attnviz.web.serving import modules


def show() -> None:
    """Listen; the sentences come with the modules, once."""
    _mount()(key="terms", data={}, height="content")


@cache
def _mount() -> Callable[..., Any]:
    return st.components.v2.component("attnviz_terms", js=modules.loader("terms"))
