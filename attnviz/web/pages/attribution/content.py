"""The attribution page: the headline, the coloured words under it, the pairs of two texts, and how far to trust it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from attnviz.errors import InputEmpty, InputInvalid, UnknownName
from attnviz.figures.messages.axes import GRANULARITIES
from attnviz.provenance import Variable, call
from attnviz.web.controls import answers, embedding_limit, targets
from attnviz.web.controls.question import needs_model
from attnviz.web.pages.attribution import evaluation, headline, methods, pairs, sections
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
    row = st.container(horizontal=True, vertical_alignment="bottom", key="attribution_choices")
    target = targets.choose(query, state, row)
    if target is None:
        return None
    options = targets.options(state, target) | embedding_limit.choose(query, state, target)
    with row:
        method = methods.choose(target, state, query.model)
    request = Request(query, target, method, options, evaluation.keeps_first(query, state))
    typed, choice, head = st.container(), st.container(), headline.Headline(target, state)
    try:
        with progress.loading() as report:
            attribution = session.runtime().explain(
                query, target.name, request.method.name, report, **request.options_for(request.method)
            )
    except (InputEmpty, InputInvalid, UnknownName) as error:
        with typed:
            targets.type_options(query, state, target)
        problems.show_error(error)
        targets.back_to_own_choice(state)
        return None
    with typed:
        targets.type_options(query, state, target, targets.decided(attribution, state))
    with choice:
        targets.pick_options(attribution, state, target)
    head.show(attribution)
    unit = session.choose("unit", state.unit, GRANULARITIES, "word")
    data = _picture(attribution, request, unit)
    sections.jump(pairs=attribution.pair_tokens is not None, answers=bool(attribution.outcomes))
    pairs.draw(attribution, request, unit, state)
    answers.table(attribution)
    _meaning(attribution, target, request.method)
    return Drawn(
        query,
        state,
        "words",
        lambda: data,
        f"{target.title}, {request.method.title}",
        settings=(("Scores added up by", unit),),
        explained=evaluation.draw(attribution, request, head),
        again=(_again(attribution, query),),
        of_model=True,
        seed=dict(attribution.method_options).get("seed"),
    )


def _again(attribution: Attribution, query: Query) -> str:
    named = {"target": attribution.target, "pair": query.pair, "method": attribution.method}
    return call("attnviz.explain", Variable("model"), query.text, **named, **dict(attribution.options))


def _picture(attribution: Attribution, request: Request, unit: str) -> bytes:
    from attnviz.figures import explanation_data

    data = explanation_data(
        attribution,
        granularity=unit,
        model=session.model_name(request.query.model),
        choosable=targets.places(attribution.tokens, request.target),
    )
    components.words(data, asked=targets.ask_about)
    return data


def _meaning(attribution: Attribution, target: TargetInfo, method: MethodInfo) -> None:
    """What the colours mean, whether the scores add up, and what they do not show, in sentences."""
    from attnviz.explanation.evaluation import verdict

    sections.begin(sections.READ)
    lines = [verdict.sum_check(attribution)]
    if attribution.signed:
        lines = [f"**Blue, positive**: {target.positive}", f"**Orange, negative**: {target.negative}", *lines]
    else:
        lines = [f"**Stronger colour**: {method.positive} It has no direction: for or against.", *lines]
    lines += [f"**{method.title}**: {method.description}", method.caveat, target.caveat]
    st.markdown("\n".join(f"- {line}" for line in lines if line))
