"""The pairs of two texts, drawn: both facing each other, a line for each pair of words by its exact share."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st

from attnviz.errors import InputEmpty, ModelUnsupported
from attnviz.provenance import Variable, call
from attnviz.web.pages.attribution import sections
from attnviz.web.pages.attribution.request import Request, tested
from attnviz.web.share import offer
from attnviz.web.share.drawn import Drawn
from attnviz.web.shell import components, problems, progress
from attnviz.web.state import session

if TYPE_CHECKING:
    from attnviz.figures.report import Explained
    from attnviz.types import Attribution
    from attnviz.web.state.address import State

METHOD = "token-pairs"
MEANS = (
    "The similarity multiplied out: every pair of words, one of each text, has its share, and all shares together are "
    "the similarity. It is exact, but it divides up the vectors of the last layer, which have already taken in the "
    "words around them."
)


def draw(attribution: Attribution, request: Request, unit: str, state: State) -> None:
    """The section, where two texts are compared by their vectors; its figure can be taken away by itself."""
    if attribution.pair_tokens is None:
        return
    sections.begin(sections.PAIRS)
    with problems.guard():
        found = _found(attribution, request)
        if found is None:
            st.caption(
                "The vector of a text by this model is no sum of its tokens' vectors: there are no pairs to draw."
            )
            return
        from attnviz.figures import pairs_data

        message = pairs_data(found, granularity=unit, model=session.model_name(request.query.model))
        components.pairs(message)
        st.caption(MEANS)
        offer.show(_drawn(found, request, message, unit, state), key=METHOD, noun="the pairs")


def _found(attribution: Attribution, request: Request) -> Attribution | None:
    """The shares of all pairs; None where the model's vectors do not come apart."""
    if attribution.matrix is not None:
        return attribution
    try:
        with progress.loading() as report:
            return session.runtime().explain(
                request.query, request.target.name, METHOD, report, **request.options
            )
    except ModelUnsupported:
        return None


def _drawn(found: Attribution, request: Request, message: bytes, unit: str, state: State) -> Drawn:
    query = request.query
    named = {"target": found.target, "pair": query.pair, "method": METHOD}
    return Drawn(
        query,
        replace(state, method=METHOD),
        "pairs",
        lambda: message,
        f"{request.target.title}, word by word",
        settings=(("Scores added up by", unit),),
        explained=lambda: _explained(found, request),
        again=(call("attnviz.explain", Variable("model"), query.text, **named, **dict(found.options)),),
        of_model=True,
    )


def _explained(found: Attribution, request: Request) -> Explained:
    """The pairs with the test of their words, for a report; without, where the text is too short for one."""
    from attnviz.figures.report import Explained

    infos = {info.name: info for info in session.runtime().methods(found.target)}
    operator = session.runtime().operators(request.query.model)[0].name
    try:
        return Explained(found, tested(request, infos[METHOD], operator, 0))
    except InputEmpty:
        return Explained(found)
