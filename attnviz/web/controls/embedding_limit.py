"""A text that is longer than what an embedding model reads elsewhere: that is said, and both are offered."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING

import streamlit as st

from attnviz.web.shell import progress
from attnviz.web.state import session

if TYPE_CHECKING:
    from attnviz.explanation import TargetInfo
    from attnviz.runtime import Query
    from attnviz.web.state.address import State

SHORT = 100  # characters: no model's limit is below so many tokens, so that none is loaded to ask
CUT = "cut"
WHOLE = "whole"


def choose(query: Query, state: State, target: TargetInfo) -> dict[str, Hashable]:
    """The target's option `length`, as the reader chooses and this explains; none where there is nothing to choose."""
    if "length" not in target.options:
        return {}
    short = max(len(query.text), len(query.pair or "")) <= SHORT
    with progress.loading() as report:
        found = session.runtime().embedded(query, None if short else report)
    if found is None:
        return {}
    counts = " and ".join(f"{count:,}" for count in found.tokens)
    st.caption(
        f"sentence-transformers reads at most {found.limit:,} tokens of a text with this model and cuts off the rest; "
        f"{'this text has' if len(found.tokens) == 1 else 'these texts have'} {counts}. Its numbers are of the cut."
    )
    chosen = session.choose("longer", state.longer, (CUT, WHOLE), WHOLE)
    titles = {WHOLE: "all tokens", CUT: f"the first {found.limit:,} tokens"}
    st.segmented_control(
        "What is read",
        tuple(titles),
        format_func=titles.__getitem__,
        key=session.set_choice("longer", chosen),
        on_change=session.on_change("longer", "longer", lambda value: None if value == WHOLE else value),
        required=True,
    )
    if chosen == WHOLE:
        return {}
    session.read_only(found.limit, max(found.tokens))
    return {"length": "own"}
