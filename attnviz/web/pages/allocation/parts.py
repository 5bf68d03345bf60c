"""Where attention goes from part to part of a text: the maps of heads pooled to words, sentences or paragraphs.

Computed from streamed rows, so that a long text's map over tokens is never held or sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from attnviz.figures.messages import axes as maps
from attnviz.web.pages.attention import view as attention_view
from attnviz.web.share import map_settings
from attnviz.web.share.drawn import Drawn
from attnviz.web.shell import components, progress
from attnviz.web.state import session

if TYPE_CHECKING:
    from attnviz.capture import Capture
    from attnviz.figures import Pool
    from attnviz.runtime import Query
    from attnviz.types import Kind
    from attnviz.web.state.address import State

MODEL, LAYER, ONE = "model", "layer", "one"
OF = {MODEL: "The whole model", LAYER: "A layer", ONE: "One head"}
FORMS = ("heatmap", "text", "lines")
ONE_HEAD = "Queries and keys belong to tokens: the Attention page takes them apart."
PARAGRAPHS = "Blank lines part paragraphs; in a text without any, line breaks do."


def show(query: Query, capture: Capture, kind: Kind, unit: str, state: State) -> Drawn:
    """Draw the pooled map of the whole model, a layer or a head; returns what can be taken away of it."""
    from attnviz.figures import MapView, Products

    layers, heads = capture.shape(kind)[:2]
    of = _of(state)
    shown = attention_view.chosen_head(state, layers, heads)
    pool = _pool(of, layers, heads)
    pooled = pool.heads(shown[0], heads) if pool is not None else (shown,)
    with progress.loading() as report:
        found = session.runtime().pooled(query, pooled, unit, kind, report)
    axes = maps.Axes.of(capture.query_tokens(kind), capture.key_tokens(kind), unit)
    form = session.choose("form", state.form, (*FORMS, "qk"), FORMS[0])
    hide, keep = attention_view.settings(state)
    labels = axes.queries.labels, axes.keys.labels
    data = MapView(
        found[None],
        [shown],
        axes,
        layers,
        heads,
        shown,
        pool=pool,
        causal=attention_view.is_causal(capture, kind),
        titles=(f"query {unit}: looks from", f"key {unit}: looked at"),
        note=_note(axes, unit),
        model=session.model_name(query.model),
        text=query.text,
        identity=f"pooled {kind}",
        form=form,
        products=Products(*shown, 0, *labels, problem=ONE_HEAD) if form == "qk" else None,
        hide=hide,
        keep=keep,
        held=state.held,
    ).message()
    components.heatmap(data, shown)
    texts = " · ".join(filter(None, (query.text, query.pair)))
    made = map_settings.of_map(kind, shown, (layers, heads), pool, unit, form=form, hide=hide, keep=keep)
    return Drawn("heatmap", lambda: data, f"Attention from {unit} to {unit}", texts, settings=made)


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


def _note(axes: maps.Axes, unit: str) -> str:
    longer = f"A longer {unit} gets more attention by itself."
    return " ".join(filter(None, (axes.note(), longer, PARAGRAPHS if unit == "paragraph" else "")))
