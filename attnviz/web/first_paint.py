"""The first picture of a visit is painted before the controls around it arrive.

A browser that receives picture and controls in one breath builds all of them before it paints any: a quarter of a
second, in which nothing is seen. So the server waits once, after the picture has gone out, and then sends the rest.
"""

from __future__ import annotations

import time

import streamlit as st

PAUSE = 0.25  # seconds; what a browser on a two-core machine needs from the data to the picture
_PAUSED = "attnviz_painted"


def wait() -> None:
    """Wait, the first time in a session that there was a picture; later ones repaint what is there."""
    if _PAUSED not in st.session_state:
        st.session_state[_PAUSED] = True
        time.sleep(PAUSE)
