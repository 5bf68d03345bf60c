"""How the text is read: names of special tokens as these tokens, as a message to a chat model, in which languages.

Only a loaded model knows what it could read otherwise, so all of this is drawn when the page has been.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from attnviz.web.escape import markdown, plain
from attnviz.web.shell import first_paint
from attnviz.web.state import session
from attnviz.web.state.session import CHAT, SPECIAL

if TYPE_CHECKING:
    from attnviz.runtime import Query
    from attnviz.runtime.readings import ReadingFacts

NAMED = 5  # names that are told one by one
CHAT_HELP = (
    "The model’s own chat template is put around the text, up to the place where the answer begins. Names of special "
    "tokens in the text are read as these tokens, as the template does."
)
LANGUAGES = {"source_language": "Language of the text", "target_language": "Language of the output"}


def show(query: Query, apart: bool = False) -> None:
    """What the texts hold and how they are read, with switches, where there is something to switch.

    `apart`: whether two texts are read one by one.
    """
    first_paint.later(lambda: _show(query, apart))


def _show(query: Query, apart: bool) -> None:
    facts, names = session.runtime().reading(query.model), session.runtime().special_in(query)
    special = bool(query.special)
    if names:
        st.caption(_told(names, special or query.chat))
    with st.container(horizontal=True, gap="medium"):
        if special or (names and not query.chat):
            _switch("Read them as special tokens", SPECIAL, special)
        if (
            query.chat or facts.chat
        ) and not session.state().mode:  # a mode of Generation says how it is asked
            _switch("As a chat message", CHAT, query.chat, CHAT_HELP)
        _languages(query, facts)
    if query.chat and query.pair and not apart:
        st.caption("The second text plays no part in a chat message.")


def _told(names: tuple[str, ...], read: bool) -> str:
    named = ", ".join(f"“{markdown(name, 40)}”" for name in names[:NAMED])
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    how = "read as such" if read else "read as text"
    if len(names) == 1:
        return f"{named} looks like a special token of this model; it is {how}."
    return f"{named}{more} look like special tokens of this model; they are {how}."


def _switch(label: str, reading: str, on: bool, meaning: str | None = None) -> None:
    key = f"reading_{reading}"

    def changed() -> None:
        session.update(reading=reading if st.session_state[key] else None)

    st.toggle(label, key=session.set_choice(key, on), help=meaning, on_change=changed)


def _languages(query: Query, facts: ReadingFacts) -> None:
    """Both languages of a translator, from the model's own list; the first entry is what it takes if nobody chooses."""
    if not facts.languages:
        return
    for field, label in LANGUAGES.items():
        own, given = getattr(facts, field), getattr(query, field)
        key = f"reading_{field}"
        source = field == "source_language"
        codes = facts.source_languages if source else facts.languages
        encodes = bool(facts.source_languages) and facts.source_language is None  # a text, and writes nothing
        if not codes or (not source and own is None and encodes):
            continue
        nobody = f"the model’s own: {plain(own)}" if own else "as it hears" if query.audio else "choose one"
        titles = {"": nobody, **{code: plain(code) for code in codes}}
        st.selectbox(
            label,
            tuple(titles),
            format_func=titles.__getitem__,
            key=session.set_choice(key, given if given in codes else ""),
            on_change=session.on_change(key, field, lambda code: code or None),
            width=220,
        )
