"""The attention page: one layer and head as a heatmap, a text, lines or vectors, and its statistics beside it."""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from attnviz.errors import ModelUnsupported
from attnviz.figures import FORMS, QUANTITIES
from attnviz.figures.messages import axes as maps
from attnviz.provenance import call
from attnviz.web.controls import examples, head_map, head_statistics, pooled_heads, reading
from attnviz.web.controls.attention import SEND_ALL, Attention, chosen_head, read_attention
from attnviz.web.controls.head_map import QUANTITY, HeadMap
from attnviz.web.escape import markdown
from attnviz.web.pages.attention import options, said, same_link
from attnviz.web.share.drawn import Drawn
from attnviz.web.shell import components, first_paint, problems, progress
from attnviz.web.state import holding, session
from attnviz.web.state.address import Head, Place, State

if TYPE_CHECKING:
    from attnviz.figures import Products
    from attnviz.runtime import Progress, Query
    from attnviz.types import HeadTable

SEND_AHEAD = (
    1_100_000  # bytes: up to here the next head's map (512 tokens) or layer's maps (for lines) go along
)
SEND_LAYER = 16_000_000  # bytes: at most this much of a layer's heads travels for the lines


def draw(query: Query, state: State) -> Drawn:
    """Draw the page for this question."""
    reading.show(query)
    attention = read_attention(query, state)
    shown = _resolved(attention, state)
    with problems.guard():
        try:
            _picture(shown, state)
        except ModelUnsupported as error:
            # The model can be shown; this of it cannot.
            problems.show_error(error, f"The {QUANTITIES[shown.quantity].title} of this model is not known")
            back = functools.partial(session.update, quantity=None, pool=None)
            st.button("Show attention weights", on_click=back)
    first_paint.wait()
    said.show(attention)
    example = examples.of(query)
    if example is not None and example.page == "attention":
        st.caption(markdown(example.look))
    with st.container(key="below"):
        what, who = st.columns(2, gap="large")
        with what, progress.loading() as report:
            table = _statistics(shown, report)
            if shown.pool is None:
                head_statistics.of_head(table, shown.head)
            else:
                heads = shown.pool.heads(shown.head[0], attention.heads)
                head_statistics.of_heads(table, heads, shown.name)
        with who:
            same_link.show(shown, state)
    return _drawn(shown, state)


def _resolved(attention: Attention, state: State) -> HeadMap:
    """Every choice that the address makes; what is not one of them falls back, with a notice."""
    layers, heads = attention.layers, attention.heads
    head = chosen_head(state, layers, heads)
    units = maps.units(attention.queries, attention.keys)
    unit = session.choose("unit", state.unit, units, units[0])
    quantity = session.choose("quantity", state.quantity, tuple(QUANTITIES), QUANTITY)
    pool = pooled_heads.chosen(state, QUANTITIES[quantity].pools, layers, heads)
    form = session.choose("form", state.form, FORMS, FORMS[0])
    hide, keep = head_map.hidden(state)
    if (state.hide and not hide) or (state.keep and keep is None):
        session.notice("What the link hides or keeps is not one of the choices here; everything is shown.")
    held = state.held or _first_held(attention, head, state)
    return HeadMap(attention, head, unit, quantity, form, hide, keep, pool, held)


def _first_held(attention: Attention, head: Head, state: State) -> tuple[Place, ...]:
    """The word that the stored example is about, where nothing else is asked for."""
    asked = replace(attention.query, target_text=None)
    example = examples.of(asked)
    if example is None or asked != example.query or example.place != head or state.unit or state.pool:
        return ()
    return example.held


def _drawn(shown: HeadMap, state: State) -> Drawn:
    """What can be taken away: nothing but the capture where the model does not have the quantity."""
    from attnviz.figures import export
    from attnviz.figures.report import PIN_BYTES

    attention, quantity = shown.attention, QUANTITIES[shown.quantity]
    known = quantity.method in attention.quantities

    def message(most: int) -> bytes:
        return session.runtime().heatmap_message(
            attention.query,
            *shown.head,
            kind=attention.kind,
            granularity=shown.unit,
            quantity=shown.quantity,
            form=shown.form,
            hide=shown.hide,
            keep=shown.keep,
            held=shown.held,
            pool=shown.pool,
            most=most,
        )

    def arrays() -> bytes:
        return session.runtime().archive(
            attention.query, *shown.head, attention.kind, shown.quantity, shown.pool
        )

    return Drawn(
        attention.query,
        replace(state, heads=(shown.head,)),
        "heatmap" if known else "",
        lambda: message(export.PAGE_BYTES),
        f"{quantity.title.capitalize()}: {shown.name}",
        light=lambda: message(PIN_BYTES),
        settings=shown.settings(),
        file_title=f"Attention of {attention.info.card.name}",
        attention=attention,
        arrays=arrays if known else None,
        again=_again(shown) if known else (),
    )


def _again(shown: HeadMap) -> tuple[str, ...]:
    """The map of tokens; of many heads, those that are combined."""
    method, kind = QUANTITIES[shown.quantity].method, shown.attention.kind
    if shown.pool is None:
        return (call(f"capture.{method}", *shown.head, kind=kind),)
    heads = shown.pool.heads(shown.head[0], shown.attention.heads)
    return (f"maps = [capture.{method}(layer, head, kind={kind!r}) for layer, head in {heads}]",)


def _statistics(shown: HeadMap, report: Progress) -> HeadTable:
    """The statistics of all heads; what they contribute to the output, where that is what is looked at."""
    from attnviz.types import HeadTable

    runtime, query, kind = session.runtime(), shown.attention.query, shown.attention.kind
    table = runtime.statistics(query, kind, report)
    if not QUANTITIES[shown.quantity].signed:
        return table
    try:
        shares = runtime.output_shares(query, kind, report)
    except ModelUnsupported:  # the picture has said so
        return table
    return HeadTable(
        ("output", *table.metrics), ("share", *table.units), np.concatenate([shares[None], table.values])
    )


def _picture(shown: HeadMap, state: State) -> None:
    places = _places(shown)
    products = _products(shown) if shown.form == "qk" else None
    found = head_map.grouped(shown, places)
    data = head_map.message(shown, found, places, products=products, options=options.offered(shown, state))
    components.heatmap(data, shown.head, lambda name, value: options.changed(shown, state, name, value))


def _products(shown: HeadMap) -> Products:
    """The vectors behind one row of the head, of the first query that is held, else of the first real one."""
    from attnviz.figures import Products

    attention = shown.attention
    queries, keys = attention.queries, attention.keys
    held = [index for side, index in shown.held if side == 0 and index < len(queries)]
    row = held[0] if held else int(np.argmin(queries.special))
    if shown.pool is not None:
        problem = "Queries and keys belong to one head: choose “One head” to take it apart."
        return Products(*shown.head, row, queries.labels, keys.labels, problem=problem)
    try:
        record = session.runtime().query_key(attention.query, *shown.head, row, attention.kind)
    except ModelUnsupported as error:
        return Products(*shown.head, row, queries.labels, keys.labels, problem=str(error.message))
    unknown = maps.axis(queries, queries.unit).unknown, maps.axis(keys, keys.unit).unknown
    return Products(*shown.head, row, queries.labels, keys.labels, record, unknown=unknown)


def _places(shown: HeadMap) -> list[Head]:
    """The heads whose maps travel: all of a short text the first time, then only the one that is shown.

    Of a longer text the next head goes along: who steps through the heads finds it in the browser. Lines are drawn
    of all heads of the layer, so these travel together, as many as fit, and the next layer's where they are small.
    """
    attention, (layer, head) = shown.attention, shown.head
    layers, heads = attention.layers, attention.heads
    size = 4 * shown.axes.cells  # bytes of a map
    every = [(row, column) for row in range(layers) for column in range(heads)]
    if shown.pool is not None:
        every = [shown.head] if shown.pool.chosen is not None else [(row, head) for row in range(layers)]
    if len(every) * size <= SEND_ALL:
        everything = holding.mark((attention.query, attention.kind, shown.unit, shown.quantity, shown.pool))
        if st.session_state.get(session.SENT) == everything:
            return [shown.head]
        st.session_state[session.SENT] = everything
        return every
    if shown.pool is not None:
        return [shown.head]
    if shown.form != "lines":
        ahead = head + 1 < heads and size <= SEND_AHEAD
        return [shown.head, (layer, head + 1)] if ahead else [shown.head]
    others = [(layer, column) for column in range(heads) if column != head]
    sent = [shown.head, *others[: max(0, SEND_LAYER // size - 1)]]
    if layer + 1 < layers and heads * size <= SEND_AHEAD:
        sent += [(layer + 1, column) for column in range(heads)]
    return sent
