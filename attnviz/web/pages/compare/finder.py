"""The finder: the heads in which one token looks at another, ranked over all layers, each a link to its map."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from attnviz.web.escape import plain
from attnviz.web.pages.attention import view as attention_view
from attnviz.web.share import take_away
from attnviz.web.shell import progress
from attnviz.web.state import address as url
from attnviz.web.state import session

if TYPE_CHECKING:
    from attnviz.runtime import Query
    from attnviz.types import IntArray, Kind, Tokens
    from attnviz.web.state.address import State

FOUND = 12  # heads listed
FROM, TO = "find_from", "find_to"
ATTENTION = ("pages/look/attention.py", "attention")


def show(query: Query, state: State) -> None:
    """Two tokens to choose, and the heads that look from the first to the second."""
    runtime = session.runtime()
    with progress.loading() as report:
        capture = runtime.capture(query, report)
    kind = attention_view.choose_kind(capture.kinds, state)
    rows, keys = capture.query_tokens(kind), capture.key_tokens(kind)
    row, key = _chosen(state, len(rows), len(keys)) or _start(query, kind, rows, keys)
    st.markdown("In which heads does")
    looking, seen = st.columns(2)
    with looking:
        _token("this token", rows, row, FROM)
    with seen:
        _token("look at this one?", keys, key, TO)
    with progress.loading() as report:
        weights = runtime.links(query, (row,), (key,), kind, report)
    _found(weights, query, (row, key))
    here = replace(state, held=((0, row), (1, key)))
    take_away.table(
        session.query(state), here, lambda: table(weights, rows, keys, (row, key)), "heads-that-look"
    )


def ranked(weights: np.ndarray) -> IntArray:
    """All heads as (layer, head), the one with the largest weight first; ties by layer and head."""
    order = np.argsort(-weights, axis=None, kind="stable")
    return np.stack(np.unravel_index(order, weights.shape), axis=1)


def table(weights: np.ndarray, rows: Tokens, keys: Tokens, link: tuple[int, int]) -> list[list[str | float]]:
    """All heads, ranked, as the rows of a table."""
    ends = [plain(rows.labels[link[0]]), link[0], plain(keys.labels[link[1]]), link[1]]
    head = ["from", "position", "to", "position", "layer", "head", "attention weight"]
    found = ranked(weights).tolist()
    return [head, *([*ends, *place, float(weights[tuple(place)])] for place in found)]


def _chosen(state: State, rows: int, keys: int) -> tuple[int, int] | None:
    """The two tokens that the address names, where both exist."""
    row = [index for side, index in state.held if side == 0 and index < rows]
    key = [index for side, index in state.held if side == 1 and index < keys]
    return (row[0], key[0]) if row and key else None


def _choose() -> None:
    session.update(held=((0, st.session_state[FROM]), (1, st.session_state[TO])))


def _token(label: str, tokens: Tokens, at: int, key: str) -> None:
    st.selectbox(
        label,
        range(len(tokens)),
        format_func=lambda at: f"{plain(tokens.labels[at].strip() or tokens.labels[at], 40)} ({at})",
        key=session.set_choice(key, at),
        on_change=_choose,
    )


def _start(query: Query, kind: Kind, rows: Tokens, keys: Tokens) -> tuple[int, int]:
    """Something to begin with: the strongest link between two different words in the head that is shown first."""
    layers, heads, _, _ = session.runtime().capture(query).shape(kind)
    layer, head = attention_view.START
    place = (layer, head) if layer < layers and head < heads else (0, 0)
    weights = np.array(session.runtime().attention(query, *place, kind))
    weights[rows.special] = -1
    weights[:, keys.special] = -1
    if rows is keys:
        np.fill_diagonal(weights, -1)
    row, key = np.unravel_index(int(weights.argmax()), weights.shape)
    return int(row), int(key)


def _found(weights: np.ndarray, query: Query, link: tuple[int, int]) -> None:
    places = ranked(weights)[:FOUND].tolist()
    script, name = ATTENTION
    # Each opens the map with this cell held.
    held = ((0, link[0]), (1, link[1]))
    text = query.text if session.state().text else None
    kept = replace(session.state(), view=None, pair=None, text=text, held=held)
    st.markdown(
        f"The first {len(places)} of {weights.size} heads, with the share of the first token’s attention:"
    )
    with st.container(key="found", gap="small"):
        for layer, head in places:
            st.page_link(
                st.Page(script, url_path=name),
                label=f"Layer {layer}, head {head}: {weights[layer, head]:.1%}",
                icon=":material/arrow_forward:",
                query_params=url.encode(kept.on((layer, head))),
            )
    st.caption(f"Mean over all heads: {weights.mean():.1%}. Each opens the map of its head, at this cell.")
