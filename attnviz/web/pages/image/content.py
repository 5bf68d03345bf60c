"""The page of pictures: where one patch looks, head by head; and of a classifier, which patches made the label."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from attnviz.web.controls import sidebar
from attnviz.web.escape import markdown, plain
from attnviz.web.pages.image import label, look, shared
from attnviz.web.share import offer
from attnviz.web.shell import progress
from attnviz.web.state import session

if TYPE_CHECKING:
    from attnviz.runtime import Query
    from attnviz.web.share.drawn import Drawn
    from attnviz.web.state.address import State

LOOKS, LABEL = "Where it looks", "What made the label"
PLACE = (
    "The link names the picture by its digest and does not carry it: it opens on this server only, and as long as the "
    "picture is kept here."
)


def draw(query: Query, state: State) -> Drawn | None:
    """Draw the page for this question."""
    from attnviz.types import Patches

    if query.image is None and not session.is_file(query.model):
        _not_a_picture(query.model)
        return None
    with progress.loading() as report:
        info = session.runtime().info(query, report)
    if not isinstance(info.tokens, Patches):
        _not_a_picture(query.model)
        return None
    labels = session.runtime().labels_of(query.model)
    with st.container(horizontal=True, vertical_alignment="center", key="image_choices"):
        shared.samples(query)
        if labels:
            _part(state)
    st.caption(markdown(" ".join((info.tokens.description, *info.tokens.notes))))
    of_label = bool(labels) and state.part == "label"
    drawn = label.draw(query, state, labels) if of_label else look.draw(query, state, info)
    shared.agreement()
    if drawn is not None:
        offer.show(drawn)
    st.caption(PLACE)
    return None


def _part(state: State) -> None:
    st.segmented_control(
        "Show",
        (LOOKS, LABEL),
        key=session.set_choice("image_part", LABEL if state.part == "label" else LOOKS),
        on_change=session.on_change(
            "image_part", "part", lambda chosen: "label" if chosen == LABEL else None
        ),
        required=True,
        label_visibility="collapsed",
    )


def _not_a_picture(model: str) -> None:
    """The model reads no pictures: offer those of the catalogue that do."""
    with st.container(border=True, key="no_picture_model"):
        st.subheader("This model does not look at pictures", anchor=False)
        st.text(plain(session.model_name(model)))
        st.markdown(
            "Choose one that does, or type the name of a ViT, DeiT, BEiT, DINOv2, CLIP or SigLIP model."
        )
        with st.container(horizontal=True):
            for card in session.runtime().catalog():
                if card.modality == "image":
                    st.button(
                        card.title,
                        key=f"look_with_{card.name}",
                        on_click=partial(sidebar.use_model, card.name),
                    )
