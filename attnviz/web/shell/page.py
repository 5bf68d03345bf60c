"""One run of a page of the site map: heading, question, what the page draws, and what a reader can take away of it.

What differs from page to page is the function `draw` of its room in `web/pages/`.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING

import streamlit as st

from attnviz.errors import InputTooLong
from attnviz.web.controls import beginning, examples, media, models, reading, sidebar, two_texts, uploads
from attnviz.web.escape import plain
from attnviz.web.share import offer
from attnviz.web.shell import head, problems, site
from attnviz.web.state import address, holding, session

if TYPE_CHECKING:
    from attnviz.runtime import Query
    from attnviz.web.share.drawn import Drawn
    from attnviz.web.state.address import State

DRAWN = "attnviz_drawn"
FLUSH = 0.05  # seconds; Streamlit sends what it has every 10 ms
LOOKED = "Attention shows where the model looked, not why it decided."


def run(name: str) -> None:
    """Draw the page of this name."""
    entry = site.entry(name)
    head.show(entry)
    state = session.state()
    medium = session.medium(state)
    if medium and not entry.media and entry.figure:
        media.not_here(entry.title, medium)
        return
    if entry.kinds and not models.fits(entry.kinds, state.model or session.default_model()):
        models.others(entry.kinds, entry.title)
        return
    try:
        drawn = _drawn(entry, state)
    except InputTooLong as error:
        problems.show_error(error)
        beginning.offer(session.query(state))
        return
    if drawn is not None:
        offer.show(drawn)
    if entry.section == site.ATTENTION:
        st.caption(LOOKED)


def _drawn(entry: site.Entry, state: State) -> Drawn | None:
    """What the page has drawn, by its own function."""
    draw = import_module(f"attnviz.web.pages.{entry.name}.content").draw
    if not entry.asks:
        return draw(state)
    shown_by = site.SHOWS_PICTURE if session.medium(state) else site.READS_ITSELF  # the figure itself
    query = question(state, show_text=entry.figure != shown_by)
    if query is None:
        return None
    if entry.together:
        query = two_texts.choose(query, state)
    with body(query):
        return draw(query, state)


def question(state: State, show_text: bool = True) -> Query | None:
    """What to ask the runtime; None where the page has drawn what is missing instead."""
    query = session.query(state)
    if session.is_file(query.model):
        if session.opened(query.model) is None:
            _closed(uploads.name_of(query.model))
            return None
        if show_text:
            shown_text(query)
        return query
    medium = session.medium(state)
    if medium and models.missing(query.model):
        return None
    if medium and (not query.media or not session.runtime().holds(query)):
        media.missing(state, medium)
        return None
    if not medium and not query.text.strip():
        _empty()
        return None
    if not trusted(query.model):
        confirm(query.model)
        return None
    if not session.runtime().ready(query) and models.missing(query.model):
        return None
    if show_text:
        shown_text(query)
    return replace(query, pair=None) if query.chat else query  # a message stands alone


def trusted(model: str) -> bool:
    """Whether this model may be loaded: of the catalogue, the default, a file, or one that this visitor asked for."""
    known = {card.name for card in session.runtime().catalog()} | {session.default_model()}
    return model in known or session.is_file(model) or session.typed_model(model)


@contextmanager
def body(query: Query) -> Iterator[None]:
    """What the page draws for a question; the picture of the question before goes away while this one is computed.

    For the same question the place is kept as it is, so that a step to another head repaints and does not rebuild.
    """
    drawn = holding.mark((st.session_state.get(session.PAGE), query))
    if st.session_state.get(DRAWN) == drawn or session.runtime().ready(query):
        place = st.container()
    else:
        slot = st.empty()
        time.sleep(FLUSH)  # an emptied place that is filled at once would never have been sent empty
        place = slot.container()
    with place:
        yield
    st.session_state[DRAWN] = drawn


def shown_text(query: Query) -> None:
    """The text that the page is about."""
    if query.media or not query.text:
        _shown_picture(query)
        if query.audio:
            reading.show(query)
        return
    with st.container(key="shown_text", gap="small"):
        st.text(plain(query.text))
        st.text(plain(query.pair)) if query.pair else st.empty()
        reading.show(query)


def _shown_picture(query: Query) -> None:
    """A small copy of the picture; of a sound, and of a file without its picture, nothing."""
    thumbnail = session.runtime().thumbnail(query)
    if thumbnail is not None:
        with st.container(border=True, key="shown_picture"):
            st.image(thumbnail, caption="The picture that the model reads.")


def _closed(name: str) -> None:
    """The address names a file that is not open here; `name`: what it was called, where this visitor opened it."""
    with st.container(border=True):
        if name:
            st.subheader("Your file had to make room", anchor=False)
            st.text(name)
        else:
            st.subheader("This file is not open here", anchor=False)
        st.markdown(
            "Others needed the memory of this server. Open the file again under **Open a saved file**, or start anew."
            if name
            else "The address names a file that somebody opened; this server does not have it, or keeps it no longer. "
            "Open the file itself under **Open a saved file**, or start anew."
        )
        st.button("Start anew", on_click=session.write, args=(address.State(),))


def _empty() -> None:
    """The empty state: there is no text."""
    with st.container(border=True):
        st.subheader("There is no text yet", anchor=False)
        st.markdown(
            "Type one above and press Enter: if you followed a link, it was sent without its text. Or "
            "start from one of these:"
        )
        with st.container(horizontal=True):
            for example in examples.of_model()[:4]:
                st.button(
                    example.title,
                    key=f"empty_{example.name}",
                    on_click=examples.show,
                    args=(example,),
                )


def confirm(model: str, otherwise: Callable[[], None] | None = None) -> None:
    """A model that is not in the catalogue: nothing of it is loaded before the visitor agrees."""
    typed = session.asked_for() == model
    with st.container(border=True):
        title = (
            "This model is not on this machine"
            if typed
            else "This link asks for a model that is not in the catalogue"
        )
        st.subheader(title, anchor=False)
        st.text(plain(model))
        st.markdown(
            "It is fetched from the Hugging Face Hub, once."
            if typed
            else "It may have to be downloaded. Load it only if you trust whoever sent the link."
        )
        models.size_before_loading(model)
        with st.container(horizontal=True):
            st.button("Load this model", type="primary", on_click=session.trust_model, args=(model,))
            default = functools.partial(sidebar.use_model, "")
            st.button("Use the default model", on_click=otherwise or default)
