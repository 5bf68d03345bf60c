"""The ablation page: heads switched off, the text changed, rows of attention forced, and what becomes of a result."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st

from attnviz.web.controls.attention import choose_kind
from attnviz.web.controls.question import ask
from attnviz.web.pages.ablation import changed_text, contrast, forced_rows, heads_off, history
from attnviz.web.state import session

if TYPE_CHECKING:
    from attnviz.runtime import Query
    from attnviz.types import Kind
    from attnviz.web.share.drawn import Drawn
    from attnviz.web.state.address import State

TITLES = {
    "heads": "Switch heads off",
    "text": "Change the text",
    "rows": "Force attention",
    "contrast": "Attention is not explanation",
}
CHANGES = ("off", "gate", "forced")  # what is changed inside the model: each part has its own
UNCHANGED: dict[str, None] = dict.fromkeys(CHANGES)
OWN = "attnviz_ablation_parts"  # what each part had when it was left
PARTS = {"heads": heads_off, "text": changed_text, "rows": forced_rows, "contrast": contrast}


def draw(query: Query, state: State) -> Drawn | None:
    """Draw the page for this question; returns the figure, where there is one."""
    part = _part(state)
    question = ask(query, state, "To change something and see")
    if question is None:
        return None
    question = replace(question, kind=_kind(query, state))
    drawn = PARTS[part].draw(question)
    if part != "contrast":
        history.show(state)
    return drawn


def _part(state: State) -> str:
    part = session.choose("part", state.part, tuple(TITLES), "heads")

    def chosen() -> None:
        value = st.session_state["ablation_part"]
        own = st.session_state.setdefault(OWN, {})
        own[part] = {name: getattr(state, name) for name in CHANGES}
        session.update(part=None if value == "heads" else value, **own.get(value, UNCHANGED))

    st.segmented_control(
        "What to change",
        tuple(TITLES),
        format_func=TITLES.__getitem__,
        key=session.set_choice("ablation_part", part),
        on_change=chosen,
        required=True,
    )
    return part


def _kind(query: Query, state: State) -> Kind | None:
    """The kind of attention, chosen where a model has several; None for the only one."""
    card = session.runtime().card(query.model)
    if card is None or card.kind != "encoder-decoder":
        return None
    return choose_kind(("encoder", "decoder", "cross"), state)
