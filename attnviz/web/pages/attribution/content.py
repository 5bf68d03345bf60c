"""The attribution page: what is explained, by which method, the coloured words, and whether the scores add up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from attnviz.errors import InputEmpty, UnknownName
from attnviz.figures.messages.axes import GRANULARITIES
from attnviz.web.controls import answers, targets
from attnviz.web.controls.question import needs_model
from attnviz.web.escape import markdown
from attnviz.web.pages.attribution import evaluation
from attnviz.web.pages.attribution.request import Request
from attnviz.web.share.drawn import Drawn
from attnviz.web.shell import components, problems, progress
from attnviz.web.state import session

if TYPE_CHECKING:
    from attnviz.explanation import MethodInfo, TargetInfo
    from attnviz.runtime import Query
    from attnviz.types import Attribution
    from attnviz.web.state.address import State


def draw(query: Query, state: State) -> Drawn | None:
    """Draw the page for this question; returns the figure, where there is one."""
    if session.is_file(query.model):
        needs_model("To explain a result")
        return None
    target = targets.choose(query, state)
    if target is None:
        return None
    request = Request(query, target, _method(target, state, query.model), targets.options(state, target))
    targets.type_options(state, target)
    choice = st.container()
    try:
        with progress.loading() as report:
            attribution = session.runtime().explain(
                query, target.name, request.method.name, report, **request.options
            )
    except (InputEmpty, UnknownName) as error:
        problems.show_error(error)
        targets.back_to_own_choice(state)
        return None
    with choice:
        targets.pick_options(attribution, state, target)
    unit = session.choose("unit", state.unit, GRANULARITIES, "word")
    data = _picture(attribution, query, unit)
    answers.table(attribution)
    _meaning(attribution, target, request.method)
    return Drawn(
        query,
        state,
        "words",
        lambda: data,
        f"{target.title}, {request.method.title}",
        settings=(("Scores added up by", unit),),
        explained=evaluation.draw(attribution, request),
    )


def _method(target: TargetInfo, state: State, model: str) -> MethodInfo:
    from attnviz.explanation import methods_for

    card = session.runtime().card(model)
    infos = {info.name: info for info in methods_for(target.name, card.kind if card else None)}
    default = next(iter(infos))
    name = session.choose("method", state.method, tuple(infos), default)
    st.segmented_control(
        "Method",
        tuple(infos),
        format_func=lambda name: infos[name].title,
        key=session.set_choice("method", name),
        on_change=session.on_change("method", "method", lambda value: None if value == default else value),
        required=True,
    )
    st.caption(markdown(infos[name].description))
    return infos[name]


def _picture(attribution: Attribution, query: Query, unit: str) -> bytes:
    from attnviz.figures import explanation_data

    data = explanation_data(attribution, granularity=unit, model=session.model_name(query.model))
    components.words(data)
    return data


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
