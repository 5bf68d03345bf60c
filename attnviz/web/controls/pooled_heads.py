"""Which heads the attention page shows: one, or the mean or maximum of many. Controls, and what they ask for."""

from __future__ import annotations

import streamlit as st

from attnviz.analysis import read_heads
from attnviz.figures import Pool
from attnviz.web.state import session
from attnviz.web.state.address import Head, State
from attnviz.web.state.fields import MAX_NAME

ONE = "one"
TITLES = {ONE: "One head", "sum": "Sum of heads", "mean": "Mean of heads", "max": "Maximum of heads"}
LAYER, MODEL, CHOSEN = "layer", "model", "chosen"
SETS = {LAYER: "All heads of the layer", MODEL: "All heads of all layers", CHOSEN: "Chosen heads"}
HOW_TO_WRITE = (
    "Layer and head, counted from 0: `2.5` is layer 2, head 5; `3.*` are all heads of layer 3; `0-2.0` is head 0 "
    "of the layers 0 to 2. Commas part several."
)
UNREADABLE = (
    "The chosen heads are not written like 2.5, 3.* or 0-2.0, or this model does not have them; all heads of the "
    "layer are shown."
)


def chosen(state: State, pools: tuple[str, ...], layers: int, heads: int) -> Pool | None:
    """The heads that the state combines in one of the ways `pools`, None for one head.

    What cannot be read becomes all heads of the layer, and a notice.
    """
    how = session.choose("pool", state.pool, pools, ONE)
    if how == ONE:
        return None
    over = {None: LAYER, MODEL: "*"}.get(state.over, state.over) or LAYER
    if over == LAYER:
        return Pool(how)
    try:
        return Pool(how, read_heads(over, layers, heads), over)
    except ValueError:
        session.notice(UNREADABLE)
        return Pool(how)


def choose(state: State, pools: tuple[str, ...], layers: int, heads: int, shown: Head) -> None:
    """The controls."""
    how = state.pool if state.pool in pools else ONE
    st.selectbox(
        "Which heads",
        (ONE, *pools),
        format_func=TITLES.__getitem__,
        key=session.set_choice("pool", how),
        on_change=_set_pool,
        width=190,
    )
    if how == ONE:
        return
    over = state.over or LAYER
    part = over if over in (LAYER, MODEL) else CHOSEN
    st.selectbox(
        "Of which",
        tuple(SETS),
        format_func=SETS.__getitem__,
        key=session.set_choice("over", part),
        on_change=_set_chosen,
        args=(shown, heads),
        width=230,
    )
    if part == CHOSEN:
        st.text_input(
            "Layer.head",
            key=session.follow("heads_typed", over),
            max_chars=MAX_NAME,
            on_change=session.on_change("heads_typed", "over", _as_written),
            help=HOW_TO_WRITE,
            width=230,
        )


def _set_pool() -> None:
    if st.session_state["pool"] == ONE:
        session.update(pool=None, over=None)
    else:
        session.update(pool=st.session_state["pool"])


def _set_chosen(shown: Head, heads: int) -> None:
    part = st.session_state["over"]
    # Something to begin with: the head that was shown, and its neighbour.
    first = f"{shown[0]}.{shown[1]},{shown[0]}.{(shown[1] + 1) % heads}"
    session.update(over={LAYER: None, MODEL: MODEL}.get(part, first))


def _as_written(text: str) -> str | None:
    """What was typed, without blanks, semicolons read as commas."""
    return "".join(text.split()).replace(";", ",") or None
