"""Beside every explanation, what it is worth: the test in words, badges and curves, all methods, a shuffled model."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import streamlit as st

from attnviz.errors import InputEmpty
from attnviz.web.controls.badges import badges
from attnviz.web.controls.removal_link import removal_link
from attnviz.web.escape import markdown
from attnviz.web.pages.attribution import all_methods, sanity, sections
from attnviz.web.pages.attribution.request import CHART, Request, remember, remembered, tested
from attnviz.web.shell import first_paint, problems, progress
from attnviz.web.state import session

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

    from attnviz.explanation import Agreement, Faithfulness
    from attnviz.figures.report import Explained
    from attnviz.runtime import Query
    from attnviz.types import Attribution
    from attnviz.web.pages.attribution.headline import Headline
    from attnviz.web.state.address import State

TESTED, CHANGED = "attnviz_tested", "attnviz_changed"
SLOW, QUICK = ("shapley",), 32  # methods that take many passes, and tokens up to which that does not matter
LIVE = 160  # tokens; up to here the test runs by itself, in a second or two
SIDES = ("Text", "Second text")
SECOND = "second"  # of the two, in the address
TAKEN = "taken"  # the first token, in the address
FIRST_HELP = (
    "Heads of causal models park attention on the first token, and without it every order of words does harm. By "
    "default it stays: in the test, and in methods that start from a baseline."
)


def draw(attribution: Attribution, request: Request, head: Headline) -> Callable[[], Explained]:
    """The whole section; its numbers go to the headline, too. Returns what makes the test for a pin."""
    sections.begin(sections.TRUST)
    operator, side = _choices(attribution, request)
    first_paint.later(lambda: _tests(attribution, request, operator, side, head))
    return lambda: _explained(attribution, request, operator, side)


def keeps_first(query: Query, state: State) -> bool | None:
    """Whether the first token stays; None, as the library decides, where the reader has not said otherwise."""
    return False if session.choose("first", state.first, (TAKEN,), "") else None


def _explained(attribution: Attribution, request: Request, operator: str, side: int) -> Explained:
    """The explanation with its test, for whoever takes it away; without, where the text is too short for one."""
    from attnviz.figures.report import Explained

    try:
        test = tested(request, request.method, operator, side)
    except InputEmpty:
        return Explained(attribution)
    return Explained(attribution, test, _compared(request, side, _changes(request, _count(attribution))))


def _tests(attribution: Attribution, request: Request, operator: str, side: int, head: Headline) -> None:
    with problems.guard():
        if _wanted(
            attribution, side, (request.query, request.target.name, operator, side, request.keep_first)
        ):
            test = tested(request, request.method, operator, side)
            head.show(attribution, test)
            meanings = _verdict(test, attribution, head)
            _curves(test, request)
            _agreement(request, _count(attribution), side, head.badges, meanings)
    all_methods.draw(request, operator)
    sanity.draw(request)


def _wanted(attribution: Attribution, side: int, question: tuple[object, ...]) -> bool:
    """Whether to test now: a short text by itself, a long one when the reader asks for it."""
    tokens = attribution.side_tokens(side)
    if len(tokens) <= LIVE or remembered(TESTED, question):
        return True
    st.markdown(
        f"The test reads the text more than a hundred times with words taken away; with {len(tokens)} tokens that "
        "takes a while."
    )
    st.button("Test this explanation", key="evaluation_test", on_click=remember, args=(TESTED, question))
    return False


def _count(attribution: Attribution) -> int:
    """The tokens of all explained texts."""
    return len(attribution.tokens) + len(attribution.pair_tokens or ())


def _choices(attribution: Attribution, request: Request) -> tuple[str, int]:
    available = session.runtime().operators(request.query.model)
    if session.state().operator not in (None, *(each.name for each in available)):
        with progress.loading() as report:
            available = session.runtime().operators(request.query.model, report)
    operators = {each.name: each for each in available}
    state, default = session.state(), next(iter(operators))
    name = session.choose("operator", state.operator, tuple(operators), default)
    side = int(attribution.pair_tokens is not None and state.side == SECOND)
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        st.selectbox(
            "Words are taken away: they are",
            tuple(operators),
            format_func=lambda each: operators[each].title,
            key=session.set_choice("evaluation_operator", name),
            on_change=session.on_change(
                "evaluation_operator", "operator", lambda each: None if each == default else each
            ),
            help="\n\n".join(f"**{each.title}**: {each.description}" for each in operators.values()),
        )
        if attribution.pair_tokens is not None:
            st.segmented_control(
                "Tested text",
                SIDES,
                key=session.set_choice("evaluation_side", SIDES[side]),
                on_change=session.on_change(
                    "evaluation_side", "side", lambda title: SECOND if title == SIDES[1] else None
                ),
                required=True,
            )
        card = session.runtime().card(request.query.model)
        if card is not None and card.kind == "decoder":
            st.toggle(
                "The first token stays",
                key=session.set_choice("evaluation_first", request.keep_first is None),
                on_change=session.on_change(
                    "evaluation_first", "first", lambda stays: None if stays else TAKEN
                ),
                help=FIRST_HELP,
            )
    return name, side


def _verdict(test: Faithfulness, attribution: Attribution, head: Headline) -> DeltaGenerator:
    """The test in words, with the first badges beside the headline; returns the place of what they mean."""
    from attnviz.explanation.evaluation import verdict

    words = ", ".join(f"“{markdown(word, 40)}”" for word in test.words)
    st.markdown(f"**{verdict.headline(test)}**")
    st.caption(f"The words: {words}. {verdict.conditions(test)}")
    removal_link(test, attribution.side_tokens(test.side))
    meanings = st.container(key="badge_meanings")
    badges(verdict.badges(test, attribution), head.badges, meanings)
    return meanings


def _agreement(
    request: Request, tokens: int, side: int, row: DeltaGenerator, meanings: DeltaGenerator
) -> None:
    """The badges that need other explanations. They come last: the test is on screen meanwhile."""
    from attnviz.explanation.evaluation import verdict

    with meanings, problems.guard():
        baseline = _changes(request, tokens)
        found = _compared(request, side, baseline)
        if found is not None:
            titles = {info.name: info.title for info in session.runtime().methods()}
            badges(verdict.agreement_badges(found, titles), row, meanings)
            if not baseline:
                st.button(
                    "Test a change of baseline, too: it takes as long as the explanation",
                    key="evaluation_baseline",
                    on_click=remember,
                    args=(CHANGED, _question(request)),
                )


def _question(request: Request) -> tuple[object, ...]:
    return request.query, request.target.name, request.method.name, request.options, request.keep_first


def _changes(request: Request, tokens: int) -> bool:
    """Whether to explain from another baseline, too: not where that takes long, unless the reader asked for it."""
    return request.method.name not in SLOW or tokens <= QUICK or remembered(CHANGED, _question(request))


def _compared(request: Request, side: int, baseline: bool) -> Agreement | None:
    with progress.loading() as report:
        return session.runtime().agreement(
            request.query,
            request.target.name,
            request.method.name,
            side,
            baseline,
            report,
            request.keep_first,
            **request.options,
        )


def _curves(test: Faithfulness, request: Request) -> None:
    from attnviz.explanation.evaluation import verdict
    from attnviz.figures.charts import curves_chart, line_figure

    st.plotly_chart(
        line_figure(curves_chart(test, request.target.unit)), config=CHART, key="evaluation_curves"
    )
    st.caption(verdict.curve_numbers(test))
    with st.expander("The curves as numbers"):
        st.dataframe(list(verdict.curve_table(test)), hide_index=True)
