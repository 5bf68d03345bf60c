"""Links that a reader moves: what a click in the figure changes, both translations, and each change with a way back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from attnviz.web.escape import markdown, plain
from attnviz.web.pages.alignment import changes as changed
from attnviz.web.pages.alignment.view import View, turn, view_of
from attnviz.web.shell import components, progress
from attnviz.web.state import session

if TYPE_CHECKING:
    from attnviz.runtime import Query
    from attnviz.web.pages.alignment.changes import Changes
    from attnviz.web.state.address import State

AFTER = "alignment_after"


def before_and_after(query: Query, state: State, before: View, edits: Changes) -> View:
    """Both translations, with the choice of the heads in which links are forced."""
    undo(before, edits)
    written = replace(query, target_text=None)  # the model goes on by itself behind the first moved link
    start = tuple(before.translation.target.ids[: min(each.first for each in edits.links)].tolist())
    prefix = start if query.target_text else edits.prefix
    heads = edits.heads(before.translation.attention.shape, before.place)
    with progress.loading() as report:
        found = session.runtime().translate(written, prefix, tuple(map(tuple, edits.links)), heads, report)  # type: ignore[arg-type]
    after = view_of(written, state, found)
    with st.container(border=True, key="translation_changed"):
        same = found.target.text == before.translation.target.text
        st.markdown(
            "**The translation stays as it was:**" if same else "**With the links moved, it becomes:**"
        )
        st.text(plain(found.target.text))
    components.alignment(after.message("After"), AFTER, **listeners(after, edits))
    components.alignment(before.message("Before", editable=False), shown=turn)
    return after


def listeners(view: View, edits: Changes) -> dict[str, Callable[[tuple[int, int]], None]]:
    """What a click in the figure changes."""
    words, ids = view.words, view.translation.target.ids.tolist()

    def linked(pair: tuple[int, int]) -> None:
        from attnviz.explanation.translation.records import Link

        target, source = pair
        if target < len(words.targets) and source < len(words.sources):
            link = Link(*words.target_tokens[target].tolist(), *words.source_tokens[source].tolist())
            session.update(**edits.linked(link).fields())

    def instead(pair: tuple[int, int]) -> None:
        place, number = pair
        if place < len(ids):
            session.update(target_text=None, **edits.continued(ids[:place], number).fields())

    return {"shown": turn, "linked": linked, "instead": instead}


def undo(view: View, edits: Changes) -> None:
    """What was changed, each change with a way back."""
    if not edits.prefix and not edits.links:
        return
    words = view.words
    with st.container(horizontal=True, vertical_alignment="center", key="translation_changes"):
        for link in edits.links:
            label = f"{_named(words.targets, words.target_tokens, link.first)} ← " + _named(
                words.sources, words.source_tokens, link.key
            )
            others = replace(edits, links=tuple(each for each in edits.links if each != link))
            st.button(
                f"{markdown(label, 60)} ✕",
                key=f"unlink_{'_'.join(map(str, link))}",
                help="Put this link back",
                on_click=partial(session.update, **others.fields()),
            )
        st.button(
            "Undo all changes",
            key="undo_translation",
            on_click=partial(session.update, prefix=None, links=None),
        )
    if edits.links:
        st.segmented_control(
            "A moved link is forced in",
            tuple(changed.SCOPES),
            format_func=changed.SCOPES.__getitem__,
            key=session.set_choice("alignment_scope", edits.scope),
            on_change=session.on_change(
                "alignment_scope", "scope", lambda value: None if value == "every" else value
            ),
            required=True,
        )


def _named(labels: tuple[str, ...], tokens: object, place: int) -> str:
    """The word that a token belongs to, else its place."""
    for label, (first, end) in zip(labels, tokens.tolist(), strict=True):  # type: ignore[attr-defined]
        if first <= place < end:
            return label
    return f"place {place}"
