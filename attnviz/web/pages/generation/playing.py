"""Play, step, stop and back: tokens are written one by one, each shown as it comes, and what is written stays."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import streamlit as st

from attnviz.web.escape import plain
from attnviz.web.pages.generation import choosing
from attnviz.web.pages.generation.keeping import keep, kept
from attnviz.web.shell import progress
from attnviz.web.state import holding, session
from attnviz.web.state.tree import Tree

if TYPE_CHECKING:
    from attnviz.runtime import Draft, Query, Stage

WANTED = "attnviz_tokens_wanted"  # how many tokens the reader asked for
PENDING = "attnviz_written"  # (whose, tree): written by a run that has not ended yet
COUNTS = (8, 32, 128)


def pending(query: Query) -> Tree | None:
    """What a run for this question had written before it was stopped."""
    whose, tree = st.session_state.pop(PENDING, (None, None))
    return tree if whose == holding.mark(query) else None


def play(query: Query, draft: Draft, tree: Tree) -> Tree:
    """The row of buttons, and the writing that one of them asked for; returns the tree with what was written."""
    # Filled last: the buttons say what can be done with what is there then. Until then the former ones stand.
    buttons = st.container(horizontal=True, vertical_alignment="center", key="writing_controls")
    slot = st.empty()  # in every run, so that what stands below keeps its place
    wanted = st.session_state.pop(WANTED, 0)
    if wanted:
        tree = _write(query, draft, tree, wanted, slot)
    with buttons:
        _controls(draft, tree)
    return tree


def _controls(draft: Draft, tree: Tree) -> None:
    count = st.session_state.get("play_count", COUNTS[1])
    full = tree.room < 1
    st.button(
        f"Play {count} tokens", type="primary", icon=":material/play_arrow:", key="play",
        on_click=_want, args=(count,), disabled=full,
    )  # fmt: skip
    st.button(
        "Step", icon=":material/skip_next:", key="play_one", on_click=_want, args=(1,), disabled=full,
        help="The model writes one token.",
    )  # fmt: skip
    st.button(
        "Back", icon=":material/skip_previous:", key="play_back", on_click=_back, disabled=not tree.path,
        help="One step back; what was written stays until you choose another way.",
    )  # fmt: skip
    st.button("Start over", key="play_over", on_click=_over, disabled=not tree.size)
    st.segmented_control(
        "Tokens to play", COUNTS, key=session.follow("play_count", count), required=True,
        label_visibility="collapsed",
    )  # fmt: skip
    choosing.controls(draft)
    if tree.current:
        st.button("Take this branch away", key="play_prune", on_click=_prune, icon=":material/content_cut:")


def _want(count: int) -> None:
    st.session_state[WANTED] = count


def walk(way: int) -> None:
    """A key in the text: one step, one back, or to play; while tokens come, this has stopped them already."""
    if way < 0:
        _back()
    elif PENDING not in st.session_state:
        _want(1 if way else st.session_state.get("play_count", COUNTS[1]))


def _back() -> None:
    at, tree = session.state().at, kept(session.state())
    place = int(at.split(".")[1]) if at else len(tree.path)
    keep(tree, max(0, min(place, len(tree.path)) - 1))


def _over() -> None:
    session.update(written=None, at=None)


def _prune() -> None:
    tree = kept(session.state())
    keep(tree.without(tree.current), beside=False)


def _write(query: Query, draft: Draft, tree: Tree, count: int, slot: Any) -> Tree:
    """Let the model write, token by token; whoever presses Stop, or anything else, keeps what is there by then."""
    whose = holding.mark(query)
    shown = _Shown(slot, count)
    for n in range(min(count, tree.room)):
        shown.at(n)
        new = session.runtime().write(replace(draft, chosen=tree.path), 1, progress=shown.waiting)
        ids = new.draft.chosen[len(tree.path) :]
        if not ids:
            break
        tree = tree.longer(ids)
        st.session_state[PENDING] = (whose, tree)
        shown.text(new.tokens.text)
        if new.ended or new.full:
            break
    st.session_state.pop(PENDING, None)
    slot.empty()
    keep(tree)
    return tree


class _Shown:
    """What a reader sees while tokens come: the text so far, how many are still to come, and the way to stop."""

    def __init__(self, slot: Any, count: int) -> None:
        self._count, self._n, self._told = count, 0, ""
        if count == 1:
            self._text = self._bar = None
            return
        with slot.container(border=True, key="being_written"):
            self._bar = st.progress(0.0, "Writing…")
            self._text = st.empty()
            st.button("Stop", icon=":material/stop:", key="play_stop")

    def at(self, n: int) -> None:
        """So many tokens are there."""
        self._n = n
        if self._bar is not None:
            self._bar.progress(n / self._count, f"Writing: {n} of {self._count} tokens")

    def text(self, text: str) -> None:
        """All that was written so far."""
        if self._text is not None:
            self._text.text(plain(text[-2_000:]))

    def waiting(self, stage: Stage) -> None:
        """Drawing is where a run whose reader has pressed something ends: also while it waits for its turn."""
        if self._bar is not None and stage.position is not None:
            self._bar.progress(self._n / self._count, progress.sentence(stage))
