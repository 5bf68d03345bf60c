"""The page "where attention goes": its shares by class, text or distance, and from part to part of the text."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import streamlit as st

from attnviz.web.controls.attention import archive, read_attention
from attnviz.web.pages.allocation import parts
from attnviz.web.share.drawn import Drawn
from attnviz.web.shell import components, links, progress
from attnviz.web.state import session

if TYPE_CHECKING:
    from attnviz.runtime import Query
    from attnviz.runtime.breakdowns import Breakdown
    from attnviz.web.state.address import State

TITLES = {
    "class": "Kind of token",
    "segment": "Same or other text",
    "distance": "Distance",
    "word": "Word to word",
    "sentence": "Sentence to sentence",
    "paragraph": "Paragraph to paragraph",
}
POOLED = ("word", "sentence", "paragraph")
MEANING = {
    "class": "Each token that is looked at belongs to one kind, and a piece of a word to the kind of its word.",
    "segment": "Only tokens of the texts ask here; the tokens that the tokenizer added belong to neither text.",
    "distance": "The distance is counted in tokens; a distance with more tokens gets more attention by itself.",
}
SPREAD = (
    "“Evenly spread” is what the shares would be if every token looked evenly at all that it may look at: a share "
    "means little without it. Shares are means over the tokens that look, and over heads."
)


def draw(query: Query, state: State) -> Drawn:
    """Draw the page for this question."""
    from attnviz.figures import allocation_data

    runtime = session.runtime()
    attention = read_attention(query, state)
    by = _breakdown((*runtime.breakdowns(query, attention.kind), *POOLED), state)
    if by in POOLED:
        return parts.draw(attention, by, state)
    with progress.loading() as report:
        allocation = runtime.allocation(query, cast("Breakdown", by), attention.kind, report)
    model = session.model_name(query.model)
    data = allocation_data(allocation, note=f"{MEANING[by]} {SPREAD}", model=model, text=query.text)
    opened = components.allocation(data)
    if opened is not None:
        links.go("attention", opened)
    return Drawn(
        query,
        state,
        "allocation",
        lambda: data,
        "Where attention goes",
        settings=(("By", TITLES[by]), ("Attention", attention.title)),
        attention=attention,
        arrays=lambda: archive(attention, state),
    )


def _breakdown(valid: tuple[str, ...], state: State) -> str:
    by = session.choose("grouping (by)", state.by, valid, "class")
    st.segmented_control(
        "By",
        valid,
        format_func=TITLES.__getitem__,
        key=session.set_choice("allocation_by", by),
        on_change=session.on_change("allocation_by", "by", lambda value: None if value == "class" else value),
        required=True,
    )
    return by
