"""Beam search for a translation: what it found, and what it gave up on the way, each to be gone on with."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st

from attnviz.web.pages.alignment import changes
from attnviz.web.shell import components, progress
from attnviz.web.state import session

if TYPE_CHECKING:
    from attnviz.explanation.translation.records import BeamTree, Translation
    from attnviz.runtime import Query
    from attnviz.web.state.address import State

NONE = "none"
BEAMS = (NONE, "2", "4", "8")
EXPLAINED = (
    "Greedy decoding takes the likeliest word each time. Beam search goes on with several beginnings at once, and "
    "gives up those that fall behind; what it gave up stays here, to be read on from."
)


def draw(query: Query, state: State, translation: Translation) -> None:
    """How many hypotheses are followed, and the tree of what they became."""
    st.subheader("Beam search", anchor=False)
    st.markdown(EXPLAINED)
    chosen = session.choose("beams", state.beams, BEAMS, NONE)
    st.segmented_control(
        "Hypotheses at a time",
        BEAMS,
        key=session.set_choice("alignment_beams", chosen),
        on_change=session.on_change(
            "alignment_beams", "beams", lambda value: None if value == NONE else value
        ),
        required=True,
    )
    if chosen == NONE:
        return
    prefix = () if query.target_text else changes.read(state).prefix
    with progress.loading() as report:
        tree = session.runtime().beams(replace(query, target_text=None), int(chosen), prefix, report)
    components.beams(_message(query, tree, translation), lambda node: _go_on(tree, node))


def _message(query: Query, tree: BeamTree, translation: Translation) -> bytes:
    from attnviz.figures import beams_data

    given = "".join(translation.target.labels[: len(tree.prefix)])
    note = (
        f"A score is the log-probability divided by length to the power of {tree.length_penalty:g}; {len(tree.ids)} "
        "tokens were weighed."
    )
    return beams_data(tree, prefix=given, note=note, model=session.model_name(query.model))


def _go_on(tree: BeamTree, node: int) -> None:
    """Translate on behind the hypothesis that ends there."""
    if node < len(tree.ids):
        session.update(target_text=None, links=None, prefix=".".join(map(str, tree.path(node))))
