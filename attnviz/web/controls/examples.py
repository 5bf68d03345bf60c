"""Examples as cards: a text, what is to be seen in it, and a link that opens its page at its head, its word held."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st

from attnviz.web.controls import models
from attnviz.web.escape import markdown, plain
from attnviz.web.shell import links
from attnviz.web.state import address, session

if TYPE_CHECKING:
    from attnviz.runtime import Example, Query

COLUMNS = 2
COMPARE = "compare"


@st.dialog("Examples", width="large")
def dialog() -> None:
    """The cards, over the page."""
    columns = st.columns(COLUMNS, gap="small")
    for index, example in enumerate(of_model()):
        with columns[index % COLUMNS], st.container(border=True, gap="small", key=f"example_{example.name}"):
            card(example)


def card(example: Example) -> None:
    """One example: its link, its text, what to look at."""
    links.link(example.page, example.title, view_of(example))
    st.text(plain(example.text))
    if example.pair:
        st.text(plain(example.pair))
    st.caption(markdown(example.look))


def of_model() -> list[Example]:
    """The gallery's entries for the chosen model, else the catalogue's, else those of the model that comes along."""
    from attnviz.runtime import Example, Query

    known = session.runtime().examples()
    model = session.state().model or session.default_model()
    info = models.catalogued(model)
    texts = info.examples if info is not None and info.modality == "text" else ()
    return (
        [each for each in known if each.model == model]
        or [
            Example(f"{model}-{number}", plain(text, 60), Query(model, text), "")
            for number, text in enumerate(texts)
        ]
        or [each for each in known if each.model == known[0].model]
    )


def view_of(example: Example) -> address.State:
    """The state that shows what the example is for: its head and words where it was found in the chosen model."""
    chosen = session.state().model
    model = None if session.is_file(chosen) else chosen
    state = address.State(model)
    if example.page != COMPARE:  # which compares the stored texts by itself
        state = replace(state, text=example.text, pair=example.pair)
    if example.model != (model or session.default_model()):
        return state
    return replace(state, heads=(example.place,) if example.place else (), held=example.held)


def show(example: Example) -> None:
    """Take the texts of an example, and the head that shows it, where the model is the one that it was found in."""
    own = example.model == (session.state().model or session.default_model())
    heads = {"heads": (example.place,)} if own and example.place else {}
    session.update(text=example.text, pair=example.pair, target_text=None, **heads)


def of(query: Query) -> Example | None:
    """The gallery's entry with these texts, for this model."""
    same = (query.model, query.text, query.pair)
    return next(
        (each for each in session.runtime().examples() if (each.model, each.text, each.pair) == same), None
    )
