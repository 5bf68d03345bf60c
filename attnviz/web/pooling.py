"""Which heads the attention page shows: one, or the mean or maximum of many. Controls, and what they ask for."""

from __future__ import annotations

import streamlit as st

from attnviz.analysis import read_heads
from attnviz.figures import Pool
from attnviz.web import session
from attnviz.web.url import MAX_NAME, Head, State

ONE = "one"
TITLES = {ONE: "One head", "sum": "Sum of heads", "mean": "Mean of heads", "max": "Maximum of heads"}
LAYER, MODEL, CHOSEN = "layer", "model", "chosen"
SETS = {LAYER: "All heads of the layer", MODEL: "All heads of all layers", CHOSEN: "Chosen heads"}
HOW_TO_WRITE = (
    "Layer and head, counted from 0: `2.5` is layer 2, head 5; `3.*` are all heads of layer 3; `0-2.0` is head 0 "
    "of the layers 0 to 2. Commas part several."
)


def chosen(state: State, pools: tuple[str, ...], layers: int, heads: int) -> Pool | None:
    """The heads that the state combines in one of the ways `pools`, None for one head.

    What cannot be read becomes all heads of the layer.
    """
    if state.pool is None or state.pool not in pools:
        return None
    if state.over in (None, LAYER):
        return Pool(state.pool)
    if state.over == MODEL:
        return Pool(state.pool, read_heads("*", layers, heads), "*")
    try:
        return Pool(state.pool, read_heads(state.over or "", layers, heads), state.over or "")
    except ValueError:
        return Pool(state.pool)


def choose(state: State, pools: tuple[str, ...], layers: int, heads: int, shown: Head) -> Pool | None:
    """The controls; returns the heads that are combined, None for one head."""
    how = session.choose("pool", state.pool, pools, ONE)
    st.segmented_control(
        "Which heads",
        (ONE, *pools),
        format_func=TITLES.__getitem__,
        key=session.follow("pool", how),
        on_change=_set_pool,
        required=True,
    )
    if how == ONE:
        return None
    over = state.over or LAYER
    part = over if over in (LAYER, MODEL) else CHOSEN
    st.selectbox(
        "Of which",
        tuple(SETS),
        format_func=SETS.__getitem__,
        key=session.follow("over", part),
        on_change=_set_chosen,
        args=(shown, heads),
        width=230,
    )
    if part == CHOSEN:
        _typed(over, layers, heads)
    return chosen(state, pools, layers, heads)


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


def _typed(over: str, layers: int, heads: int) -> None:
    st.text_input(
        "Layer.head",
        key=session.follow("heads_typed", over),
        max_chars=MAX_NAME,
        on_change=session.on_change("heads_typed", "over", _as_written),
        help=HOW_TO_WRITE,
        width=230,
    )
    try:
        read_heads(over, layers, heads)
    except ValueError:
        session.notice(
            "The chosen heads are not written like 2.5, 3.* or 0-2.0, or this model does not have them; all heads of "
            "the layer are shown."
        )


def _as_written(text: str) -> str | None:
    """What was typed, without blanks, semicolons read as commas."""
    return "".join(text.split()).replace(";", ",") or None
