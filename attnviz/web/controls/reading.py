"""How the text is read: names of special tokens as these tokens, or the whole as a message to a chat model.

Only a loaded model knows what it could read otherwise, so all of this is drawn when the page has been.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from attnviz.runtime.query import CHAT, SPECIAL
from attnviz.web.escape import markdown
from attnviz.web.shell import first_paint
from attnviz.web.state import session

if TYPE_CHECKING:
    from attnviz.runtime import Query

NAMED = 5  # names that are told one by one
CHAT_HELP = (
    "The model’s own chat template is put around the text, up to the place where the answer begins. Names of special "
    "tokens in the text are read as these tokens, as the template does."
)


def show(query: Query, apart: bool = False) -> None:
    """What the texts hold and how they are read, with switches, where there is something to switch.

    `apart`: whether two texts are read one by one.
    """
    first_paint.later(lambda: _show(query, apart))


def _show(query: Query, apart: bool) -> None:
    found = session.runtime().readable(query)
    chat, special = query.reading == CHAT, query.reading == SPECIAL
    if found.names:
        st.caption(_told(found.names, chat, special))
    with st.container(horizontal=True, gap="medium"):
        if special or (found.names and not chat):
            _switch("Read them as special tokens", SPECIAL, special)
        if chat or found.chat:
            _switch("As a chat message", CHAT, chat, CHAT_HELP)
    if chat and query.pair and not apart:
        st.caption("The second text plays no part in a chat message.")


def _told(names: tuple[str, ...], chat: bool, special: bool) -> str:
    named = ", ".join(f"“{markdown(name, 40)}”" for name in names[:NAMED])
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    looks = "looks like a special token" if len(names) == 1 else "look like special tokens"
    read = "read as such" if chat or special else "read as text"
    return f"{named}{more} {looks} of this model; {'it is' if len(names) == 1 else 'they are'} {read}."


def _switch(label: str, reading: str, on: bool, meaning: str | None = None) -> None:
    key = f"reading_{reading}"

    def changed() -> None:
        session.update(reading=reading if st.session_state[key] else None)

    st.toggle(label, key=session.set_choice(key, on), help=meaning, on_change=changed)
