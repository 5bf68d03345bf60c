"""Links from one page to another, which take a state along."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import streamlit as st

from attnviz.web.shell import site
from attnviz.web.state import address, session

if TYPE_CHECKING:
    from streamlit.navigation.page import Page

    from attnviz.web.state.address import Head, State

FORWARD = ":material/arrow_forward:"


def page(name: str) -> Page:
    """The page of this name."""
    return st.Page(site.entry(name).script, url_path=name)


def link(
    name: str,
    label: str,
    state: State | Mapping[str, str],
    icon: str = FORWARD,
    help: str | None = None,
) -> None:
    """Draw a link to a page in this state, or with the query parameters of one."""
    params = dict(state) if isinstance(state, Mapping) else address.encode(state)
    st.page_link(page(name), label=label, icon=icon, query_params=params, help=help)


def go(name: str, *heads: Head) -> None:
    """Leave for another page, looking at these heads; what is opened or chosen on this one stays behind."""
    state = session.state().elsewhere().on(*heads)
    st.switch_page(page(name), query_params=address.encode(state))
