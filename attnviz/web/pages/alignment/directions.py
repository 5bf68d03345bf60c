"""Both directions of one model side by side: what a head does for either task."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from attnviz.web.pages.alignment.translators import named, opposite
from attnviz.web.pages.alignment.view import turn, view_of
from attnviz.web.shell import components, progress
from attnviz.web.state import session

if TYPE_CHECKING:
    from attnviz.web.pages.alignment.view import View
    from attnviz.web.state.address import State

PART = "directions"
EXPLAINED = (
    "One model, two tasks, the same weights: the sentence is translated, and its translation is read back with the "
    "sentence as its target. Turn to another head in either, and both follow."
)


def draw(view: View, state: State) -> None:
    """Nothing for a model that does not translate both ways."""
    other = opposite(view.query)
    if other is None:
        return
    st.subheader("The same head in both directions", anchor=False)
    st.markdown(EXPLAINED)
    shown = state.part == PART
    st.button(
        "Hide the directions" if shown else "Show both directions",
        key="both_directions",
        on_click=partial(session.update, part=None if shown else PART),
    )
    if not shown:
        return
    source, target = view.query.text, view.translation.target.text
    query = replace(view.query, text=target, target_text=source, target_language=other)
    with progress.loading() as report:
        found = session.runtime().translate(query, (), (), None, report)
    back = view_of(query, state, found)
    own = next(code for code in session.runtime().reading(view.query.model).languages if code != other)
    for column, each, language in zip(st.columns(2), (view, back), (own, other), strict=True):
        with column:
            components.alignment(
                each.message(f"To {named(language)}", editable=False), f"direction_{language}", shown=turn
            )
