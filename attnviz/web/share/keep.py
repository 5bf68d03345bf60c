"""Pins in the browser's own storage: titles, notes and links, from which they are made again after a reload.

What comes back is anybody's text: it is read like a link that somebody sent.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any

import streamlit as st

from attnviz.figures import COMPONENTS
from attnviz.web.escape import clean
from attnviz.web.serving import modules
from attnviz.web.share import report
from attnviz.web.share.report import MAX_NOTE, MAX_SUMMARY, MAX_TITLE, MOST, Pin
from attnviz.web.state.fields import MAX_LINK

KEY = "keep"
ASKED = "attnviz_keep_asked"  # whether the browser has said what it holds, or what it holds is older than the report
LONGEST = MOST * (MAX_TITLE + MAX_NOTE + 3 * MAX_LINK) + MAX_SUMMARY


def show() -> None:
    """Hand the browser what to keep; the first time in a window, ask what it has."""
    shown = report.current()
    if shown.pins or shown.removed or shown.title or shown.summary:
        st.session_state[ASKED] = True
    asks = not st.session_state.get(ASKED, False)
    data = {
        "asks": asks,
        "kept": "" if asks else written(shown),
        "lost": any(not pin.link for pin in shown.pins.values()),
    }
    _mount()(key=KEY, data=data, on_found_change=_found)


def written(shown: report.Report) -> str:
    """The report as the browser keeps it, without figures that no link can make again; "" where there is nothing."""
    pins = [
        {"name": name, "figure": pin.figure, "title": pin.title, "note": pin.note, "link": pin.link}
        for name, pin in shown.pins.items()
        if pin.link
    ]
    if not pins and not shown.title and not shown.summary:
        return ""
    return json.dumps({"title": shown.title, "summary": shown.summary, "pins": pins})


def read(letters: object) -> report.Report | None:
    """The inverse of `written`; None for anything that it did not write."""
    if not isinstance(letters, str) or len(letters) > LONGEST:
        return None
    try:
        found = json.loads(letters)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or not isinstance(found.get("pins"), list):
        return None
    shown = report.Report(_text(found.get("title"), MAX_TITLE), _text(found.get("summary"), MAX_SUMMARY))
    for each in found["pins"][:MOST]:
        pin = _pin(each)
        if pin is not None:
            shown.pins[_text(each.get("name"), 64) or str(len(shown.pins))] = pin
    return shown


def _pin(found: object) -> Pin | None:
    if not isinstance(found, dict):
        return None
    link, figure = _text(found.get("link"), 4 * MAX_LINK), found.get("figure")
    if not link or not isinstance(figure, str) or figure not in COMPONENTS:
        return None
    return Pin(_text(found.get("title"), MAX_TITLE), _text(found.get("note"), MAX_NOTE), link, "", 0, figure)


def _text(value: object, most: int) -> str:
    return clean(value)[:most] if isinstance(value, str) else ""


def _found() -> None:
    """The browser has said what it holds: a callback."""
    st.session_state[ASKED] = True
    values = st.session_state.get(KEY)
    shown = read(values["found"] if values is not None and "found" in values else None)
    if shown is not None and not report.current().pins:
        shown.returned = True
        st.session_state[report.KEY] = shown


@cache
def _mount() -> Callable[..., Any]:
    return st.components.v2.component("attnviz_keep", js=modules.loader("keep"))
