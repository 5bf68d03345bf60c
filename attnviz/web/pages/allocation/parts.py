"""Where attention goes from part to part of a text: the maps of heads pooled to words, sentences or paragraphs.

Computed from streamed rows, so that a long text's map over tokens is never held or sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from attnviz.figures.messages.axes import Axes
from attnviz.web.controls import head_map
from attnviz.web.controls.attention import archive, chosen_head
from attnviz.web.controls.head_map import HeadMap
from attnviz.web.share.drawn import Drawn
from attnviz.web.shell import components, progress
from attnviz.web.state import session

if TYPE_CHECKING:
    from attnviz.figures import Pool
    from attnviz.web.controls.attention import Attention
    from attnviz.web.state.address import State

MODEL, LAYER, ONE = "model", "layer", "one"
OF = {MODEL: "The whole model", LAYER: "A layer", ONE: "One head"}
FORMS = ("heatmap", "text", "lines")
ONE_HEAD = "Queries and keys belong to tokens: the Attention page takes them apart."
PARAGRAPHS = "Blank lines part paragraphs; in a text without any, line breaks do."


def draw(attention: Attention, unit: str, state: State) -> Drawn:
    """Draw the pooled map of the whole model, a layer or a head; returns what can be taken away of it."""
    from attnviz.figures import Products

    layers, heads = attention.layers, attention.heads
    of = _of(state)
    head = chosen_head(state, layers, heads)
    pool = _pool(of, layers, heads)
    pooled = pool.heads(head[0], heads) if pool is not None else (head,)
    with progress.loading() as report:
        found = session.runtime().pooled(attention.query, pooled, unit, attention.kind, report)
    form = session.choose("form", state.form, (*FORMS, "qk"), FORMS[0])
    hide, keep = head_map.hidden(state)
    shown = HeadMap(attention, head, unit, form=form, hide=hide, keep=keep, pool=pool, held=state.held)
    labels = shown.axes.queries.labels, shown.axes.keys.labels
    data = head_map.message(
        shown,
        found[None],
        [head],
        titles=(f"query {unit}: looks from", f"key {unit}: looked at"),
        note=_note(shown.axes, unit),
        identity=f"pooled {attention.kind}",
        products=Products(*head, 0, *labels, problem=ONE_HEAD) if form == "qk" else None,
    )
    components.heatmap(data, head)
    return Drawn(
        attention.query,
        state,
        "heatmap",
        lambda: data,
        f"Attention from {unit} to {unit}",
        settings=shown.settings(),
        attention=attention,
        arrays=lambda: archive(attention, state),
    )


def _of(state: State) -> str:
    """The control of what is pooled; what another page calls a set of heads is not meant here."""
    of = state.over if state.over in OF else MODEL
    st.segmented_control(
        "Of which heads",
        tuple(OF),
        format_func=OF.__getitem__,
        key=session.set_choice("parts_of", of),
        on_change=session.on_change("parts_of", "over", lambda value: None if value == MODEL else value),
        required=True,
    )
    return of


def _pool(of: str, layers: int, heads: int) -> Pool | None:
    from attnviz.figures import Pool

    if of == ONE:
        return None
    every = tuple((layer, head) for layer in range(layers) for head in range(heads))
    return Pool("mean") if of == LAYER else Pool("mean", every, "*")


def _note(axes: Axes, unit: str) -> str:
    longer = f"A longer {unit} gets more attention by itself."
    return " ".join(filter(None, (axes.note(), longer, PARAGRAPHS if unit == "paragraph" else "")))
