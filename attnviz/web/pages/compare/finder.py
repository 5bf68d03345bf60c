"""The finder: the heads in which one token looks at another, ranked over all layers, each a link to its map."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from attnviz.text import visible
from attnviz.web.controls.attention import first_head, read_attention
from attnviz.web.escape import plain
from attnviz.web.share.drawn import Drawn, file_stem
from attnviz.web.shell import links, progress
from attnviz.web.state import session

if TYPE_CHECKING:
    from attnviz.runtime import Query
    from attnviz.types import IntArray, Items
    from attnviz.web.controls.attention import Attention
    from attnviz.web.state.address import State

FOUND = 12  # heads listed
FROM, TO = "find_from", "find_to"


def draw(query: Query, state: State) -> Drawn:
    """Two tokens to choose, and the heads that look from the first to the second."""
    attention = read_attention(query, state)
    rows, keys = attention.queries, attention.keys
    row, key = _chosen(state, len(rows), len(keys)) or _strongest(attention)
    st.markdown("In which heads does")
    looking, seen = st.columns(2)
    with looking:
        _token("this token", rows, row, FROM)
    with seen:
        _token("look at this one?", keys, key, TO)
    with progress.loading() as report:
        weights = session.runtime().links(query, (row,), (key,), attention.kind, report)
    _found(weights, query, (row, key))
    return Drawn(
        query,
        replace(state, held=((0, row), (1, key))),
        "results",
        lambda: _message(weights, attention, (row, key)),
        f"Heads that look from {_name(rows, row)} to {_name(keys, key)}",
        settings=(("Attention", attention.title),),
        texts=(("Text", query.text),),
        file_name=f"heads-that-look-{file_stem(session.model_name(query.model), query.text)}",
        table=lambda: table(weights, rows, keys, (row, key)),
    )


def _message(weights: np.ndarray, attention: Attention, link: tuple[int, int]) -> bytes:
    """The first heads as a figure of its own."""
    from attnviz.figures import Results, Table, results_data

    places = ranked(weights)[:FOUND].tolist()
    lines = [(f"layer {layer}, head {head}", f"{weights[layer, head]:.1%}") for layer, head in places]
    names = _name(attention.queries, link[0]), _name(attention.keys, link[1])
    layer, head = places[0]
    sentence = (
        f"Layer {layer}, head {head} looks most from {names[0]} to {names[1]}: with {weights[layer, head]:.1%} of "
        "the first token’s attention."
    )
    note = f"{_mean(weights)} The first {len(places)} of {weights.size} heads."
    found = Results(sentence, [Table("", ("head", "attention weight"), lines)], note)
    return results_data(found, model=session.model_name(attention.query.model))


def _name(tokens: Items, at: int) -> str:
    return f"“{plain(visible(tokens.labels[at], 40))}” (token {at})"


def ranked(weights: np.ndarray) -> IntArray:
    """All heads as (layer, head), the one with the largest weight first; ties by layer and head."""
    order = np.argsort(-weights, axis=None, kind="stable")
    return np.stack(np.unravel_index(order, weights.shape), axis=1)


def table(weights: np.ndarray, rows: Items, keys: Items, link: tuple[int, int]) -> list[list[str | float]]:
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


def _token(label: str, tokens: Items, at: int, key: str) -> None:
    st.selectbox(
        label,
        range(len(tokens)),
        format_func=lambda at: f"{plain(tokens.labels[at].strip() or tokens.labels[at], 40)} ({at})",
        key=session.set_choice(key, at),
        on_change=_choose,
    )


def _strongest(attention: Attention) -> tuple[int, int]:
    """Something to begin with: the strongest link between two different words in the head that is shown first."""
    place = first_head(attention.layers, attention.heads)
    return session.runtime().strongest(attention.query, *place, attention.kind)


def _found(weights: np.ndarray, query: Query, link: tuple[int, int]) -> None:
    places = ranked(weights)[:FOUND].tolist()
    # Each opens the map with this cell held.
    held = ((0, link[0]), (1, link[1]))
    text = query.text if session.state().text else None
    kept = replace(session.state().elsewhere(), pair=None, text=text, held=held)
    st.markdown(
        f"The first {len(places)} of {weights.size} heads, with the share of the first token’s attention:"
    )
    with st.container(key="found", gap="small"):
        for layer, head in places:
            label = f"Layer {layer}, head {head}: {weights[layer, head]:.1%}"
            links.link("attention", label, kept.on((layer, head)))
    st.caption(f"{_mean(weights)} Each opens the map of its head, at this cell.")


def _mean(weights: np.ndarray) -> str:
    return f"Mean over all heads: {weights.mean():.1%}."
