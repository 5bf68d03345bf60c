"""The texts, edited in place at the top of a page: hidden until somebody asks for them, with the keys of `head.js`.

Where the model reads a picture or a sound, its upload stands here instead.
"""

from __future__ import annotations

import streamlit as st

from attnviz.web.controls import media
from attnviz.web.controls.sidebar import MAX_CHARACTERS
from attnviz.web.escape import clean
from attnviz.web.shell import count, first_paint
from attnviz.web.state import address, session

KEY = "entry"  # of the form, and the beginning of its fields' keys
OPEN = "open_entry"  # of the place where there is nothing to look at without it
CLOSED = "text_entry"


def show(state: address.State) -> None:
    """The place of the form; what is in it comes when the picture has gone out."""
    if session.is_file(state.model) and session.medium(state):
        return
    key = OPEN if missing(state) else CLOSED
    with st.container(key=key):
        first_paint.later(lambda: _form(state))


def missing(state: address.State) -> bool:
    """Whether there is nothing to look at yet."""
    if session.is_file(state.model):
        return False
    query = session.query(state)
    return not (query.media or query.text.strip())


def _form(state: address.State) -> None:
    medium = session.medium(state)
    if medium:
        media.form(state, medium, KEY)
        return
    query = session.query(state)
    names = [("text", query.text, "Text"), ("pair", query.pair or "", "Second text (optional)")]
    card = session.runtime().card(query.model)
    if card is not None and card.kind == "encoder-decoder":
        names.append(("target_text", query.target_text or "", "Output text (optional)"))
    with st.form(f"{KEY}_form", border=False):
        with st.container(key="entry_row"):
            fields = st.columns(len(names), gap="small")
        for (name, value, label), field in zip(names, fields, strict=True):
            field.text_area(
                label,
                value,  # also as the default: see `session.set_choice` for what a browser may miss
                key=session.follow(f"{KEY}_{name}", value),
                height=88,
                max_chars=MAX_CHARACTERS,
                placeholder="Type or paste a text" if name == "text" else None,
            )
        st.form_submit_button("Show", type="primary", on_click=_submit, args=([each[0] for each in names],))
    count.show(query, tuple(each[0] for each in names))
    if session.too_long_to_link(state):
        st.caption("This text is too long to travel in the link; it stays in this window.")


def _submit(names: list[str]) -> None:
    values = {name: clean(st.session_state[f"{KEY}_{name}"]) for name in names}
    stored = session.example()
    if values["text"] == stored.text and (values["pair"] or None) == stored.pair:
        session.update(**{**values, "text": None, "pair": None})
    else:
        session.update(**values)
