"""Which method explains: the first few of those that fit as buttons, the others folded into a list."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from attnviz.web.state import session

if TYPE_CHECKING:
    from attnviz.explanation import MethodInfo, TargetInfo
    from attnviz.web.state.address import State

FIRST = 3  # methods that are buttons
MORE = "more_methods"


def choose(target: TargetInfo, state: State, model: str) -> MethodInfo:
    """The method of the address, else the default for the kind of model, with the controls to choose another."""
    from attnviz.explanation import methods_for

    card = session.runtime().card(model)
    infos = {info.name: info for info in methods_for(target.name, card.kind if card else None)}
    default = next(iter(infos))
    name = session.choose("method", state.method, tuple(infos), default)
    shown = tuple(infos)[:FIRST]
    shown += () if name in shown else (name,)

    def write(chosen: str | None) -> str | None:
        return None if chosen == default else chosen

    st.segmented_control(
        "Method",
        shown,
        format_func=lambda each: infos[each].title,
        key=session.set_choice("method", name),
        on_change=session.on_change("method", "method", write),
        required=True,
        help="\n\n".join(f"**{info.title}**: {info.description}" for info in infos.values()),
        width="content",
    )
    if len(infos) > len(shown):
        st.selectbox(
            "More methods",
            [each for each in infos if each not in shown],
            format_func=lambda each: infos[each].title,
            key=session.set_choice(MORE, None),
            on_change=session.on_change(MORE, "method", write),
            placeholder="More methods",
            label_visibility="collapsed",
            width=190,
        )
    return infos[name]
