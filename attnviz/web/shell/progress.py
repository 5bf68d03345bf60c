"""The loading state: each stage of a request as a sentence, with its fraction or place in the queue."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from attnviz.runtime import Progress, Stage


def sentence(stage: Stage) -> str:
    """What a waiting person reads."""
    if stage.position is not None:
        ahead = stage.position
        return f"Waiting for the machine: {ahead} {'request' if ahead == 1 else 'requests'} ahead of yours"
    return stage.name[:1].upper() + stage.name[1:]


@contextmanager
def loading() -> Iterator[Progress]:
    """A callback for the runtime; what it draws goes away when the work is done, or has failed."""
    slot = st.empty()

    def report(stage: Stage) -> None:
        # Drawn at every heartbeat, also unchanged: drawing is where Streamlit stops a script whose
        # visitor has left or has asked for something else, and so leaves the queue.
        with slot.container():
            st.info(sentence(stage) + "…", icon="spinner")
            if stage.fraction is not None:
                st.progress(min(max(stage.fraction, 0.0), 1.0))

    try:
        yield report
    finally:
        slot.empty()
