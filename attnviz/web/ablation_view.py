"""The ablation page: heads switched off, the text changed, and what becomes of a result; each as a view of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from attnviz.errors import InputEmpty, TargetUnsupported, UnknownName
from attnviz.web import (
    asked,
    attention_view,
    contrast_view,
    controls,
    edited_view,
    problems,
    progress,
    session,
    switched_view,
    trail,
)
from attnviz.web.asking import Asking
from attnviz.web.escape import markdown

if TYPE_CHECKING:
    from attnviz.runtime import Query
    from attnviz.types import Kind
    from attnviz.web.url import State

VIEWS = {"heads": "Switch heads off", "text": "Change the text", "contrast": "Attention is not explanation"}


def show(query: Query, state: State) -> None:
    """Draw the page for this question."""
    if session.is_file(query.model):
        _file_holds_attention_only()
        return
    view = _view(state)
    question = _question(query, state)
    if question is None:
        return
    if view == "text":
        edited_view.show(question, state)
    elif view == "contrast":
        contrast_view.show(question, state)
    else:
        switched_view.show(question, state)
    if view != "contrast":
        trail.show(state)


def _view(state: State) -> str:
    view = session.choose("view", state.view, tuple(VIEWS), "heads")
    st.segmented_control(
        "What to change",
        tuple(VIEWS),
        format_func=VIEWS.__getitem__,
        key=session.follow("ablation_view", view),
        on_change=session.on_change(
            "ablation_view", "view", lambda value: None if value == "heads" else value
        ),
        required=True,
    )
    return view


def _question(query: Query, state: State) -> Asking | None:
    """Which result, and the answer to it as things are; None where the page has drawn what is missing instead."""
    runtime = session.runtime()
    if runtime.card(query.model) is None:
        with progress.loading() as report:
            runtime.capture(query, report)  # what can be asked is known only of a model that is loaded
    available = runtime.targets(query.model)
    if not available:
        raise TargetUnsupported(f"The model {query.model!r} has no result that can be asked for here.", ())
    target = asked.target(available, state)
    if target.needs_pair and not query.pair:
        asked.second_text_missing(target, available)
        example = runtime.default_pair_query
        shown = next(each for each in runtime.examples() if each.query == example)
        st.button("Take the two example sentences", on_click=controls.show_example, args=(shown,))
        return None
    asked.typed(state, target)
    options = asked.options(state, target)
    choice = st.container()
    try:
        with progress.loading() as report:
            answer = runtime.answer(query, target.name, report, **options)
    except (InputEmpty, UnknownName) as error:
        problems.show_error(error)
        asked.back_to_own_choice(state)
        return None
    with choice:
        asked.picked(answer, state, target)
        if answer.note:
            st.caption(markdown(answer.note))
        kind = _kind(query, state)
    return Asking(query, target, options, kind, answer)


def _kind(query: Query, state: State) -> Kind | None:
    """The kind of attention, chosen where a model has several; None for the only one."""
    card = session.runtime().card(query.model)
    if card is None or card.kind != "encoder-decoder":
        return None
    return attention_view.choose_kind(("encoder", "decoder", "cross"), state)


def _file_holds_attention_only() -> None:
    with st.container(border=True):
        st.subheader("An opened file holds attention only", anchor=False)
        st.markdown("To change something and see, the model itself has to run: choose it under **Model**.")
