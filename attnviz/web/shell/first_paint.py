"""The first picture of a visit is painted before the controls around it arrive.

A browser that receives picture and controls in one breath builds all of them before it paints any: a quarter of a
second, in which nothing is seen. So the server waits once, after the picture has gone out, and then sends the rest.
What takes long below a picture comes last of all, so that a reader can go elsewhere meanwhile.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import streamlit as st

from attnviz.web.shell import problems

PAUSE = 0.25  # seconds; what a browser on a two-core machine needs from the data to the picture
_PAUSED = "attnviz_painted"
_LATER = "attnviz_later"


def begin() -> None:
    """Forget what a run that was broken off has left to be drawn."""
    st.session_state.pop(_LATER, None)


def later(draw: Callable[[], None]) -> None:
    """Draw this here, but after everything else of the page and around it."""
    st.session_state.setdefault(_LATER, []).append((st.container(), draw))


def rest() -> None:
    """Draw what was put off."""
    for place, draw in st.session_state.pop(_LATER, ()):
        with place, problems.guard():
            draw()


def wait() -> None:
    """Wait, the first time in a session that there was a picture; later ones repaint what is there."""
    if _PAUSED not in st.session_state:
        st.session_state[_PAUSED] = True
        time.sleep(PAUSE)
