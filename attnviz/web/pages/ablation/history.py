"""What this visitor has tried on the ablation page, each with its result, to be opened again or undone.

What an entry opens is a state, as the address would hold it.
"""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from attnviz.errors import AttnVizError
from attnviz.web.escape import markdown, plain
from attnviz.web.state import holding, session
from attnviz.web.state.address import State

KIND = "changes"  # of what is held
TRIED = "attnviz_tried"  # whether there is anything in the list
KEPT = 30  # entries
DROPPED = "What you tried before had to make room on this server. The browser's back button still leads to each of it."


@dataclass(frozen=True)
class Change:
    """A change: what it was, what became of the result, and the state that shows it again."""

    what: str
    result: str
    state: State


def changes() -> list[Change]:
    """What was tried so far, in order."""
    return list(holding.get(KIND) or ())


def add(what: str, result: str, state: State) -> None:
    """Remember what is shown now, once."""
    entries = changes()
    if all(each.state != state for each in entries):
        _keep([*entries, Change(what, result, state)][-KEPT:])


def _keep(entries: list[Change]) -> None:
    st.session_state[TRIED] = bool(entries)
    try:
        holding.put(KIND, tuple(entries))
    except AttnVizError:
        holding.drop(KIND)  # larger than what one visitor may hold: said as what had to make room


def show(state: State) -> None:
    """The list, the newest first, with a way back from each."""
    entries = changes()
    if not entries:
        if st.session_state.get(TRIED):
            st.caption(DROPPED)
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
    entries = changes()[:-1]
    _keep(entries)
    session.write(entries[-1].state if entries else state.unchanged())


def _clear(state: State) -> None:
    _keep([])
    session.write(state.unchanged())
