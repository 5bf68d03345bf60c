"""Something to ask while no cell is held: links of which it is known that their reason can be followed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import streamlit as st

from attnviz.web.controls import models
from attnviz.web.shell import links
from attnviz.web.state.address import State

if TYPE_CHECKING:
    from attnviz.web.state.address import Head

HINT = (
    "No cell is held, so the strongest link of this head stands here. Hold a cell of the heatmap, a word of the text "
    "or of the lines on **Attention**, and press **Why?** beside it; or begin with one of these:"
)


class Start(NamedTuple):
    """A link to begin with."""

    title: str
    model: str
    text: str
    head: Head
    query: int
    key: int


TWICE = "The river took the blue boat past seven quiet mills. "
STARTS = (
    Start("Induction: the second “boat” looks at “past”", "smollm2", (TWICE * 2).strip(), (17, 5), 16, 6),
    Start(
        "“it” looks at “animal”", "minilm",
        "The animal didn't cross the street because it was too tired.", (3, 1), 10, 2,
    ),
    Start("“are” looks at “keys”", "minilm", "The keys to the old wooden cabinet are on the table.", (3, 1), 8, 2),
    Start("“not” looks at “good”", "minilm", "The film was not good, but the music was not bad.", (2, 1), 4, 5),
)  # fmt: skip


def draw(model: str) -> None:
    """The links of the models that are at hand, this one's first."""
    st.caption(HINT)
    known = [start for start in STARTS if start.model == model or _at_hand(start.model)]
    with st.container(horizontal=True, key="why_starts"):
        for start in sorted(known, key=lambda start: start.model != model):
            there = State(
                start.model, start.text, heads=(start.head,), held=((0, start.query), (1, start.key))
            )
            links.link("why", start.title, replace(there, pair=""))


def _at_hand(model: str) -> bool:
    card = models.catalogued(model)
    return card is not None and card.at_hand
