"""A check on a model that has forgotten: its upper layers are shuffled, and the same question is explained again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from attnviz.figures.messages.axes import GRANULARITIES
from attnviz.web.pages.attribution import sections
from attnviz.web.pages.attribution.request import Request, remember, remembered
from attnviz.web.shell import components, problems, progress
from attnviz.web.state import session

if TYPE_CHECKING:
    from attnviz.explanation import Sanity

SHUFFLED = "attnviz_shuffled"  # the question that was asked
SEED = "attnviz_shuffled_seed"
UPPER = 0.5  # of the layers
WORDS = "shuffled_words"
NAMES = ("the model as it is", "upper layers shuffled")
WHY = (
    "An explanation of what the model learned has to change when the model forgets it. Many pictures hardly do "
    "(Adebayo et al. 2018): they show the input, or the way the model is built."
)


def draw(request: Request) -> None:
    """The button, and what it found."""
    sections.begin(sections.FORGETS)
    st.markdown(WHY)
    question = (
        request.query,
        request.target.name,
        request.method.name,
        tuple(sorted(request.options.items())),
    )
    seed = st.session_state.get(SEED, 0)
    if not remembered(SHUFFLED, question):
        st.button(
            "Randomise the upper layers",
            key="evaluation_shuffle",
            icon=":material/shuffle:",
            on_click=_shuffle,
            args=(question, 0),
        )
        return
    with problems.guard():
        with progress.loading() as report:
            found = session.runtime().sanity(
                request.query,
                request.target.name,
                request.method.name,
                UPPER,
                seed,
                report,
                **request.options,
            )
        _result(found, request)
        st.button(
            "Shuffle once more, with another seed",
            key="evaluation_reshuffle",
            icon=":material/shuffle:",
            on_click=_shuffle,
            args=(question, seed + 1),
        )


def _shuffle(question: object, seed: int) -> None:
    remember(SHUFFLED, question)
    st.session_state[SEED] = seed


def _result(found: Sanity, request: Request) -> None:
    from attnviz.explanation.evaluation import verdict
    from attnviz.figures import explanation_data

    with st.container(border=True, key="shuffled"):
        st.markdown(f"**{verdict.shuffled(found.correlation)}**")
        if found.pair_correlation is not None:
            st.markdown(f"Second text: {verdict.shuffled(found.pair_correlation)}")
    data = explanation_data(
        found.before,
        beside=found.after,
        names=NAMES,
        granularity=session.choose("unit", session.state().unit, GRANULARITIES, "word"),
        model=session.model_name(request.query.model),
    )
    components.words(data, WORDS)
    st.caption(
        f"{verdict.shuffling(found)} Spearman’s rank correlation of the tokens’ scores, special tokens left out: 1 the "
        "same order, 0 no relation. Both pictures have one scale. One shuffling, and few tokens, are a rough "
        "sample: try another seed."
    )
