"""The cell whose score is explained: which head, from which token to which, against what; and the choice of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from attnviz.text import visible
from attnviz.web.controls import examples
from attnviz.web.controls.attention import chosen_head
from attnviz.web.escape import plain
from attnviz.web.state import holding, session

if TYPE_CHECKING:
    from attnviz.runtime import Query
    from attnviz.types import Against, Items, Kind
    from attnviz.web.controls.attention import Attention
    from attnviz.web.state.address import Head, State

MEAN, NONE = "mean", "none"
AGAINST = {MEAN: "the mean over its row", NONE: "nothing"}
UNFIT = "The cell in the link is not one of this map; the strongest link of the head is shown."
UNKNOWN = "The token in the link that the score is held against is not one of this row; the mean is taken."


@dataclass(frozen=True)
class Cell:
    """What is asked: why this head looks from this query at this key, held against the mean, another key or none.

    `given`: whether the reader chose the cell; otherwise it is something to begin with.
    """

    attention: Attention
    head: Head
    query: int
    key: int
    against: Against
    given: bool

    @property
    def question(self) -> Query:
        return self.attention.query

    @property
    def kind(self) -> Kind:
        return self.attention.kind

    @property
    def mark(self) -> str:
        """Tells this question from others."""
        return holding.mark((self.question, self.kind, self.head, self.query, self.key, self.against))

    @property
    def keys(self) -> int:
        """How many keys the query may look at."""
        return keys_of(self.attention, self.query)


def keys_of(attention: Attention, query: int) -> int:
    """How many keys a query may look at."""
    count = len(attention.keys)
    return min(count, query + 1) if attention.causal else count


def chosen(attention: Attention, state: State) -> Cell:
    """The cell that the address names; else that of the example, else the strongest link of the head."""
    example = examples.of(attention.query)
    head, held = chosen_head(state, attention.layers, attention.heads), state.held
    if example is not None and example.page == "attention" and state.heads in ((), (example.place,)):
        head, held = example.place or head, held or example.held
    query = next((index for side, index in held if side == 0), None)
    key = next((index for side, index in held if side == 1), None)
    if query is None or query >= len(attention.queries) or (key or 0) >= keys_of(attention, query):
        if state.held:
            session.notice(UNFIT)
        query, key = session.runtime().strongest(attention.query, *head, attention.kind)
    elif key is None:
        key = looked_at(attention, head, attention.kind, query)
    return Cell(
        attention, head, query, key, _against(state, keys_of(attention, query), key), bool(state.held)
    )


def _against(state: State, keys: int, key: int) -> Against:
    if state.against is None:
        return "mean"
    if state.against == NONE:
        return None
    other = int(state.against[1:])
    if other < keys and other != key:
        return other
    session.notice(UNKNOWN)
    return "mean"


def looked_at(attention: Attention, head: Head, kind: Kind, query: int) -> int:
    """Where a head looks most from a token, special tokens and the first (on which heads rest) aside."""
    row = session.runtime().attention(attention.query, *head, kind)[query].copy()
    known = attention.info.kinds[kind].keys
    open_ = row > 0
    other = open_ & ~np.asarray(known.special)
    if kind in ("self", "decoder") and attention.info.card.kind != "encoder":
        other[0] = False
    allowed = other if other.any() else open_
    return int(np.argmax(np.where(allowed, row, -1.0)))


def choose(cell: Cell) -> None:
    """The controls: each writes the address."""
    attention = cell.attention
    with st.container(horizontal=True, vertical_alignment="bottom", key="why_cell"):
        for name, at, count in zip(("Layer", "Head"), cell.head, attention.shape[:2], strict=True):
            key = f"why_{name.lower()}"
            st.selectbox(
                name, range(count), key=session.set_choice(key, at), width=90,
                on_change=_moved, args=(cell,),
            )  # fmt: skip
        _token(
            "Why does this token",
            attention.queries,
            range(len(attention.queries)),
            "why_query",
            cell.query,
            cell,
        )
        _token("look at this one?", attention.keys, range(cell.keys), "why_key", cell.key, cell)
        _choose_against(cell)


def _token(label: str, items: Items, places: range, key: str, at: int, cell: Cell) -> None:
    st.selectbox(
        label, places, format_func=lambda place: _named(items, place), key=session.set_choice(key, at), width=190,
        on_change=_moved, args=(cell,),
    )  # fmt: skip


def _named(items: Items, place: int) -> str:
    return f"{plain(visible(items.labels[place], 40))} ({place})"


def named_against(cell: Cell) -> str:
    """What the score is held against, in words."""
    if isinstance(cell.against, int):
        return f"“{visible(cell.attention.keys.labels[cell.against], 40)}” ({cell.against})"
    return AGAINST[NONE if cell.against is None else MEAN]


def _choose_against(cell: Cell) -> None:
    keys = cell.attention.keys
    others = [f"k{place}" for place in range(cell.keys) if place != cell.key]
    value = cell.against if isinstance(cell.against, int) else None
    shown = NONE if cell.against is None else MEAN if value is None else f"k{value}"
    st.selectbox(
        "Held against",
        (*AGAINST, *others),
        format_func=lambda name: AGAINST.get(name) or _named(keys, int(name[1:])),
        key=session.set_choice("why_against", shown),
        on_change=session.on_change("why_against", "against", lambda name: None if name == MEAN else name),
        width=210,
        help=(
            "A softmax knows differences only: what all keys of the row share changes nothing. Held against another "
            "key, the parts say why here and not there."
        ),
    )


def _moved(cell: Cell) -> None:
    """The reader chose another head or token; a key that the new query cannot see gives way to one that it can."""
    values = [st.session_state[name] for name in ("why_layer", "why_head", "why_query", "why_key")]
    if not all(isinstance(value, int) for value in values):
        return  # a browser that still has the lists of another text names an entry that is none of these
    layer, head, query, key = values
    if key >= keys_of(cell.attention, query):
        key = query
    session.update(heads=((layer, head),), held=((0, query), (1, key)))
