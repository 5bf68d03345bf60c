"""Figures of a report that are made again, one after the other: each link is opened, and its figure is pinned."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

import streamlit as st

from attnviz.web.share import pin, report
from attnviz.web.shell import links
from attnviz.web.shell.site import SITE

if TYPE_CHECKING:
    from attnviz.web.share.drawn import Drawn

WAITING = (
    "attnviz_again"  # the names of pins that are still to be made; the first one is that of the page shown
)
REPORT = "report"


def begin(names: list[str]) -> None:
    """Make these again, beginning with the first: a callback."""
    st.session_state[WAITING] = ["", *names]


def take(drawn: Drawn) -> None:
    """Pin what a page has drawn, where it is what is waited for."""
    waiting = st.session_state.get(WAITING)
    name = waiting[0] if waiting else ""
    known = report.current().pins.get(name)
    if known is not None and known.figure == drawn.figure:
        report.current().add(pin.item(drawn), again=name)


def proceed() -> None:
    """At the end of a page: on to the next one, and after the last back to the report."""
    waiting = st.session_state.get(WAITING)
    if not waiting:
        return
    rest = waiting[1:]
    while rest and target(known.link if (known := report.current().pins.get(rest[0])) else "") is None:
        rest = rest[1:]
    st.session_state[WAITING] = rest
    name, params = (target(report.current().pins[rest[0]].link) if rest else None) or (REPORT, {})
    st.switch_page(links.page(name), query_params=params)


def target(link: str) -> tuple[str, dict[str, str]] | None:
    """The page that a link opens, and its query parameters; None where there is no such page."""
    try:
        parts = urlsplit(link)
        found = parts.path.rsplit("/", 1)[-1], dict(parse_qsl(parts.query, keep_blank_values=True))
    except ValueError:
        return None
    return found if any(each.name == found[0] for each in SITE) and found[0] != REPORT else None
