"""The button that copies the link to what is shown."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import streamlit as st

from attnviz.web.state import address

if TYPE_CHECKING:
    from attnviz.web.state.address import State

KEY = "copy_link"
_HTML = """<button type="button">Copy link</button>
<input type="text" readonly hidden aria-label="Link to this view"><span role="status"></span>"""
_CSS = """
:host, div { font-family: var(--st-font); font-size: 0.875rem; color: var(--st-text-color); }
button { font: inherit; color: inherit; background: var(--st-background-color); cursor: pointer;
  padding: 0.25rem 0.75rem; min-height: 2.5rem;
  border: 1px solid var(--st-border-color); border-radius: var(--st-button-radius, 0.4rem); }
button:hover { color: var(--st-primary-color); border-color: var(--st-primary-color); }
button:focus-visible, input:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 2px; }
input { font: inherit; color: inherit; background: var(--st-secondary-background-color); margin-inline-start: 0.5rem;
  border: 1px solid var(--st-border-color); border-radius: 0.4rem; padding: 0.4rem; max-width: 100%; }
input[hidden] { display: none; }
span { margin-inline-start: 0.5rem; }
"""


def button(state: State) -> None:
    """Draw the button; the link shows this state on the page that is open."""
    _mount()(key=KEY, data={"query": urlencode(address.encode(state))}, width="content")


@cache
def _mount() -> Callable[..., Any]:
    script = Path(__file__).with_name("copy_link.js").read_text("utf-8")
    return st.components.v2.component("attnviz_copy_link", html=_HTML, css=_CSS, js=script)
