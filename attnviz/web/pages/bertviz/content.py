"""The page "bertviz": BertViz's own two views, of as much as they can draw, and the way to ours for the rest."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st

from attnviz.web.controls.attention import Attention, chosen_head, read_attention
from attnviz.web.share.drawn import Drawn
from attnviz.web.shell import components, links
from attnviz.web.state import session

if TYPE_CHECKING:
    from attnviz.figures.bertviz import Extent, View
    from attnviz.runtime import Query
    from attnviz.web.state.address import Head, State

DOCUMENT = "attnviz_bertviz_document"  # the last one, and what it was asked for
TITLES = {"head": "Head view", "model": "Model view"}
HELP = {
    "head": "One layer, all its heads: click a coloured square to switch that head off or on, double-click it to see "
    "it alone, point at a token to see its lines.",
    "model": "All layers and heads at once: click one to see it larger, and again to close it.",
}
# Where the same is shown without a limit: page, form, label.
OURS = {
    "head": ("attention", "lines", "The same as lines on the Attention page"),
    "model": ("heads", None, "The same on the page of all heads"),
}


def draw(query: Query, state: State) -> Drawn:
    """Draw the page for this question."""
    from attnviz.figures import bertviz, frame_data

    attention = read_attention(query, state)
    view = _choose_view(state)
    shown = chosen_head(state, attention.layers, attention.heads)
    part = bertviz.extent(view, attention.shape, *shown)
    st.caption(HELP[view])
    left_out = missing(part, attention.shape)
    if left_out:
        st.info(left_out, icon=":material/info:")
    page, form, label = OURS[view]
    links.link(page, label, replace(state.elsewhere(), form=form).on(*((shown,) if view == "head" else ())))
    _around(part, attention.shape, shown)
    document = _document(attention, view, shown)
    title = f"BertViz’s {TITLES[view].lower()}"
    data = frame_data(document, title, model=session.model_name(query.model))
    components.frame(data)
    return Drawn(
        query,
        replace(state, heads=(shown,)),
        "frame",
        lambda: data,
        title,
        settings=(
            ("Attention", attention.title),
            ("Around", f"layer {shown[0]}, head {shown[1]}"),
            *((("Left out", left_out),) if left_out else ()),
        ),
        document=lambda: document,
        attention=attention,
    )


def _document(attention: Attention, view: View, shown: Head) -> str:
    """The document of a view; the last one is kept, since every run of the script asks for it."""
    asked = (attention.query, attention.kind, view, shown)
    kept = st.session_state.get(DOCUMENT)
    if kept is None or kept[0] != asked:
        kept = asked, session.runtime().bertviz_document(attention.query, view, *shown, attention.kind)
        st.session_state[DOCUMENT] = kept
    return kept[1]


def _choose_view(state: State) -> View:
    from attnviz.figures import bertviz

    view = session.choose("document", state.document, bertviz.VIEWS, bertviz.VIEWS[0])
    st.segmented_control(
        "View",
        bertviz.VIEWS,
        format_func=TITLES.__getitem__,
        key=session.set_choice("bertviz_document", view),
        on_change=session.on_change(
            "bertviz_document", "document", lambda value: None if value == bertviz.VIEWS[0] else value
        ),
        required=True,
    )
    return view  # type: ignore[return-value]


def missing(part: Extent, shape: tuple[int, int, int, int]) -> str:
    """What the view leaves out, in words; empty where it shows everything."""
    layers, heads, rows, columns = shape
    said = [
        f"{name}{'s' if len(some) > 1 else ''} {_span(some)} of {_span(range(total))}"
        for name, some, total in (("layer", part.layers, layers), ("head", part.heads, heads))
        if len(some) < total
    ]
    if (part.rows, part.columns) != (rows, columns):
        tokens = dict.fromkeys([(part.rows, rows), (part.columns, columns)])
        said.append("the first " + " and ".join(f"{some} of {total:,}" for some, total in tokens) + " tokens")
    if not said:
        return ""
    return (
        f"Shown: {', '.join(said)}. BertViz draws every weight as a line of its own, and with more of them a browser "
        "stands still for seconds. Our own view shows all of it."
    )


def _span(some: range) -> str:
    return f"{some[0]}" if len(some) == 1 else f"{some[0]}–{some[-1]}"


def _around(part: Extent, shape: tuple[int, int, int, int], shown: Head) -> None:
    """Which layers and heads to show, where not all of them fit."""
    places = [
        ("Around layer", 0, shape[0], len(part.layers)),
        ("Around head", 1, shape[1], len(part.heads)),
    ]
    with st.container(horizontal=True):
        for label, at, total, count in places:
            if count == total:
                continue
            key = f"bertviz_around_{at}"
            st.selectbox(
                label,
                range(total),
                key=session.set_choice(key, shown[at]),
                on_change=_move,
                args=(key, at, shown),
                width=140,
            )


def _move(key: str, at: int, shown: Head) -> None:
    value = st.session_state[key]
    session.update(heads=((value, shown[1]) if at == 0 else (shown[0], value),))
