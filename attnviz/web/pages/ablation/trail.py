"""The trail: what this visitor has tried on the ablation page, each with its numbers, to be opened again or undone.

It lives in the session; what an entry opens is a state, as the address would hold it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import streamlit as st

from attnviz.web.escape import markdown, plain
from attnviz.web.state import session
from attnviz.web.state.address import State

TRIED = "attnviz_tried"
KEPT = 30  # entries


@dataclass(frozen=True)
class Tried:
    """One thing tried: what it was, what became of the result, and the state that shows it again."""

    what: str
    result: str
    state: State


def tried() -> list[Tried]:
    """What was tried so far, in order."""
    return list(st.session_state.get(TRIED, ()))


def note(what: str, result: str, state: State) -> None:
    """Remember what is shown now, once."""
    entries = tried()
    if all(each.state != state for each in entries):
        st.session_state[TRIED] = [*entries, Tried(what, result, state)][-KEPT:]


def show(state: State) -> None:
    """The list, the newest first, with a way back from each."""
    entries = tried()
    if not entries:
        return
    st.subheader("What you tried", anchor=False)
    with st.container(key="tried", gap="small"):
        for n, entry in reversed(list(enumerate(entries))):
            shown = entry.state == state
            st.button(
                f"{markdown(plain(entry.what, 80))}: {markdown(entry.result)}",
                key=f"tried_{n}",
                icon=":material/visibility:" if shown else ":material/history:",
                type="tertiary",
                help="This is shown now" if shown else "Show this again",
                on_click=session.write,
                args=(entry.state,),
            )
    with st.container(horizontal=True):
        st.button("Undo the last one", icon=":material/undo:", on_click=_undo, args=(state,))
        st.button("Clear the list", icon=":material/delete:", on_click=_clear, args=(state,))


def _undo(state: State) -> None:
    """Take the last entry off the list; the one before it, or the unchanged model and text, is shown."""
    entries = tried()[:-1]
    st.session_state[TRIED] = entries
    session.write(entries[-1].state if entries else untouched(state))


def _clear(state: State) -> None:
    st.session_state.pop(TRIED, None)
    session.write(untouched(state))


def untouched(state: State) -> State:
    """The same question with all heads on, no row forced, and the text as it was."""
    return replace(state, off=None, forced=None, changed=None, edits=None)
