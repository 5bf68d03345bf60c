"""Which heads the attention page shows: one, or the mean or maximum of many."""

from __future__ import annotations

from attnviz.analysis import read_heads
from attnviz.figures import Pool
from attnviz.web.state import session
from attnviz.web.state.address import Head, State

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


def as_written_for(part: str, shown: Head, heads: int) -> str | None:
    """What the address holds for one of `SETS`; of chosen heads the one that is shown, and its neighbour."""
    first = f"{shown[0]}.{shown[1]},{shown[0]}.{(shown[1] + 1) % heads}"
    return {LAYER: None, MODEL: MODEL}.get(part, first)


def as_written(text: str) -> str | None:
    """What was typed, without blanks, semicolons read as commas."""
    return "".join(text.split()).replace(";", ",") or None
