"""The attribution page: what is explained, by which method, the coloured words, and whether the scores add up."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st

from attnviz.errors import InputEmpty, UnknownName
from attnviz.figures.messages.axes import GRANULARITIES
from attnviz.web.controls import question as asking
from attnviz.web.controls import target as asked
from attnviz.web.escape import markdown
from attnviz.web.pages.attribution import evaluation, tested
from attnviz.web.share.drawn import Drawn
from attnviz.web.shell import components, problems, progress
from attnviz.web.state import session

if TYPE_CHECKING:
    from attnviz.explanation import MethodInfo, TargetInfo
    from attnviz.runtime import Query
    from attnviz.types import Attribution
    from attnviz.web.state.address import State

DEFAULT_METHOD = "integrated-gradients"


def show(query: Query, state: State) -> Drawn | None:
    """Draw the page for this question; returns the figure, where there is one."""
    if session.is_file(query.model):
        asking.needs_model("To explain a result")
        return None
    runtime = session.runtime()
    available = asked.available(query)
    target = asked.target(available, state)
    method = _method(target, state)
    if target.needs_pair and not query.pair:
        asked.second_text_missing(target, available)
        return None
    asked.typed(state, target)
    choice = st.container()
    try:
        with progress.loading() as report:
            attribution = runtime.explain(
                query, target.name, method.name, report, **asked.options(state, target)
            )
    except (InputEmpty, UnknownName) as error:
        problems.show_error(error)
        asked.back_to_own_choice(state)
        return None
    with choice:
        asked.picked(attribution, state, target)
    unit = session.choose("view", state.view, GRANULARITIES, "word")
    drawn = _picture(attribution, f"{target.title}, {method.title}", query, unit)
    asked.answers(attribution)
    _meaning(attribution, target, method)
    explained = evaluation.show(
        attribution, tested.Asked(query, target, method, asked.options(state, target))
    )
    return replace(drawn, explained=explained)


def _method(target: TargetInfo, state: State) -> MethodInfo:
    from attnviz.explanation import methods_for

    infos = {info.name: info for info in methods_for(target.name)}
    name = session.choose("method", state.method, tuple(infos), DEFAULT_METHOD)
    st.segmented_control(
        "Method",
        tuple(infos),
        format_func=lambda name: infos[name].title,
        key=session.set_choice("method", name),
        on_change=session.on_change(
            "method", "method", lambda value: None if value == DEFAULT_METHOD else value
        ),
        required=True,
    )
    st.caption(markdown(infos[name].description))
    return infos[name]


def _picture(attribution: Attribution, title: str, query: Query, unit: str) -> Drawn:
    from attnviz.figures import explanation_data

    data = explanation_data(attribution, granularity=unit, model=session.model_name(query.model))
    components.words(data)
    texts = " · ".join(filter(None, (query.text, query.pair)))
    return Drawn("words", lambda: data, title, texts, settings=(("Scores added up by", unit),))


def _meaning(attribution: Attribution, target: TargetInfo, method: MethodInfo) -> None:
    """What the colours mean, whether the scores add up, and what they do not show, in sentences."""
    from attnviz.explanation.evaluation import verdict

    st.subheader("How to read this", anchor=False)
    lines = [verdict.sum_check(attribution)]
    if attribution.signed:
        lines = [f"**Blue, positive**: {target.positive}", f"**Orange, negative**: {target.negative}", *lines]
    else:
        lines = [f"**Stronger colour**: {method.positive} It has no direction: for or against.", *lines]
    lines += [method.caveat, target.caveat]
    st.markdown("\n".join(f"- {line}" for line in lines if line))
