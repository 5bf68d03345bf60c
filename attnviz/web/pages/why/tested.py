"""The tests of the claim beside the sentence; the slow one, in which everything is computed anew, on demand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from attnviz.web.escape import markdown
from attnviz.web.pages.why import asked, sentences
from attnviz.web.shell import problems

if TYPE_CHECKING:
    from attnviz.types import PartTest, ScoreParts
    from attnviz.web.pages.why.cell import Cell

ANEW = "attnviz_why_anew"  # the cell for which the reader asked to compute everything anew


def draw(parts: ScoreParts, cell: Cell) -> tuple[PartTest, ...]:
    """The tests in words, and the button for the slow one; returns what was tested."""
    asked_for = st.session_state.get(ANEW) == cell.mark
    found = parts.tests
    if asked_for:
        slot = st.empty()
        slot.button("Cancel", key="why_cancel", icon=":material/stop:", on_click=_forget)
        with problems.guard():
            found = asked.parts(cell, anew=True).tests
        slot.empty()
    found = tuple(each for each in found if (each.side, each.part) in sentences.reasons(parts))
    for test in found:
        for line in sentences.tested(test, markdown):
            st.markdown(line)
    if found and not asked_for:
        st.button(
            "Compute everything anew without it",
            key="why_anew",
            icon=":material/science:",
            on_click=_ask,
            args=(cell.mark,),
            help="The part is taken away where it was written, and the model runs again from there.",
        )
    return found


def _ask(mark: str) -> None:
    st.session_state[ANEW] = mark


def _forget() -> None:
    st.session_state.pop(ANEW, None)
