"""The buttons that copy the link to what is shown: with its texts, and without them."""

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
_HTML = """<button type="button" name="query">Copy link</button>
<button type="button" name="bare" title="{bare}">Copy without text</button>
<input type="text" readonly hidden aria-label="Link to this view"><span role="status"></span>""".format(
    bare="The same view of the same model. Whoever opens the link types a text; the one that is shown stays with you."
)
_CSS = """
:host, div { font-family: var(--st-font); font-size: 0.875rem; color: var(--st-text-color); }
button { font: inherit; color: inherit; background: var(--st-background-color); cursor: pointer;
  padding: 0.25rem 0.75rem; min-height: 2.5rem;
  border: 1px solid var(--st-border-color); border-radius: var(--st-button-radius, 0.4rem); }
button[hidden] { display: none; }
button + button { margin-inline-start: 0.5rem; }
button:hover { color: var(--st-primary-color); border-color: var(--st-primary-color); }
button:focus-visible, input:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 2px; }
input { font: inherit; color: inherit; background: var(--st-secondary-background-color); margin-inline-start: 0.5rem;
  border: 1px solid var(--st-border-color); border-radius: 0.4rem; padding: 0.4rem; max-width: 100%; }
input[hidden] { display: none; }
span { margin-inline-start: 0.5rem; }
"""


def buttons(state: State, whole: bool = True) -> None:
    """Draw the buttons; a link shows this state on the page that is open. `whole`: whether one can carry its texts."""
    bare = urlencode(address.encode(address.without_texts(state)))
    data = {"query": urlencode(address.encode(state)) if whole else "", "bare": bare}
    _mount()(key=KEY, data=data, width="content")


@cache
def _mount() -> Callable[..., Any]:
    script = Path(__file__).with_name("copy_link.js").read_text("utf-8")
    return st.components.v2.component("attnviz_copy_link", html=_HTML, css=_CSS, js=script)
