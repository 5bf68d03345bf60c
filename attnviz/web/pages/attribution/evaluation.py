"""Beside every explanation, what it is worth: the test in words, badges and curves, all methods, a shuffled model.

In flow an attribution and its question; what is computed comes from the runtime, with progress.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import streamlit as st

from attnviz.errors import InputEmpty
from attnviz.web.escape import markdown
from attnviz.web.pages.ablation import words as words_view
from attnviz.web.pages.attribution import methods as methods_view
from attnviz.web.pages.attribution import sanity
from attnviz.web.pages.attribution.tested import CHART, Asked, badges, remember, remembered, tested
from attnviz.web.shell import first_paint, problems, progress
from attnviz.web.state import session

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

    from attnviz.explanation import Agreement, Faithfulness
    from attnviz.figures.report import Explained
    from attnviz.types import Attribution

TESTED, CHANGED = "attnviz_tested", "attnviz_changed"
SLOW, QUICK = ("shapley",), 32  # methods that take many passes, and tokens up to which that does not matter
LIVE = 160  # tokens; up to here the test runs by itself, in a second or two
SIDES = ("Text", "Second text")
SECOND = "second"  # of the two, in the address


def show(attribution: Attribution, asked: Asked) -> Callable[[], Explained]:
    """The whole section, under the explanation; returns what gives its test, made then where it was not yet."""
    st.subheader("How far to trust this", anchor=False)
    operator, side = _choices(attribution, asked)
    first_paint.later(lambda: _tests(attribution, asked, operator, side))
    return lambda: _explained(attribution, asked, operator, side)


def _explained(attribution: Attribution, asked: Asked, operator: str, side: int) -> Explained:
    """The explanation with its test, for whoever takes it away; without, where the text is too short for one."""
    from attnviz.figures.report import Explained

    try:
        test = tested(asked, asked.method, operator, side)
    except InputEmpty:
        return Explained(attribution)
    return Explained(attribution, test, _compared(asked, side, _changes(asked, _count(attribution))))


def _tests(attribution: Attribution, asked: Asked, operator: str, side: int) -> None:
    with problems.guard():
        if _wanted(attribution, side, (asked.query, asked.target.name, operator, side)):
            test = tested(asked, asked.method, operator, side)
            places = _verdict(test, attribution)
            _curves(test, asked)
            _agreement(asked, _count(attribution), side, *places)
    methods_view.show(asked, operator)
    sanity.show(asked)


def _wanted(attribution: Attribution, side: int, question: tuple[object, ...]) -> bool:
    """Whether to test now: a short text by itself, a long one when the reader asks for it."""
    tokens = attribution.tokens if side == 0 or attribution.pair_tokens is None else attribution.pair_tokens
    if len(tokens) <= LIVE or remembered(TESTED, question):
        return True
    st.markdown(
        f"The test reads the text more than a hundred times with words taken away; with {len(tokens)} tokens that "
        "takes a while."
    )
    st.button("Test this explanation", key="trust_test", on_click=remember, args=(TESTED, question))
    return False


def _count(attribution: Attribution) -> int:
    """The tokens of all explained texts."""
    return len(attribution.tokens) + len(attribution.pair_tokens or ())


def _choices(attribution: Attribution, asked: Asked) -> tuple[str, int]:
    available = session.runtime().operators(asked.query.model)
    if session.state().operator not in (None, *(each.name for each in available)):
        with progress.loading() as report:
            available = session.runtime().operators(asked.query.model, report)
    operators = {each.name: each for each in available}
    state, default = session.state(), next(iter(operators))
    name = session.choose("operator", state.operator, tuple(operators), default)
    side = int(attribution.pair_tokens is not None and state.side == SECOND)
    with st.container(horizontal=True, gap="medium"):
        st.selectbox(
            "Words are taken away: they are",
            tuple(operators),
            format_func=lambda each: operators[each].title,
            key=session.set_choice("trust_operator", name),
            on_change=session.on_change(
                "trust_operator", "operator", lambda each: None if each == default else each
            ),
            help="\n\n".join(f"**{each.title}**: {each.description}" for each in operators.values()),
        )
        if attribution.pair_tokens is not None:
            st.segmented_control(
                "Tested text",
                SIDES,
                key=session.set_choice("trust_side", SIDES[side]),
                on_change=session.on_change(
                    "trust_side", "side", lambda title: SECOND if title == SIDES[1] else None
                ),
                required=True,
            )
    return name, side


def _verdict(test: Faithfulness, attribution: Attribution) -> tuple[DeltaGenerator, DeltaGenerator]:
    """The headline and the first badges; returns the places of badges and of what they mean."""
    from attnviz.explanation.evaluation import verdict

    words = ", ".join(f"“{markdown(word, 40)}”" for word in test.words)
    st.markdown(f"**{verdict.headline(test)}**")
    st.caption(f"The words: {words}. {verdict.conditions(test)}")
    other = attribution.pair_tokens if test.side == 1 else None
    words_view.proof_link(test, other or attribution.tokens)
    places = st.container(horizontal=True, gap="small", key="badges"), st.container(key="badge_meanings")
    badges(verdict.badges(test, attribution), *places)
    return places


def _agreement(asked: Asked, tokens: int, side: int, row: DeltaGenerator, meanings: DeltaGenerator) -> None:
    """The badges that need other explanations. They come last: the test is on screen meanwhile."""
    from attnviz.explanation.evaluation import verdict

    with meanings, problems.guard():
        baseline = _changes(asked, tokens)
        found = _compared(asked, side, baseline)
        if found is not None:
            titles = {info.name: info.title for info in session.runtime().methods()}
            badges(verdict.agreement_badges(found, titles), row, meanings)
            if not baseline:
                st.button(
                    "Test a change of baseline, too: it takes as long as the explanation",
                    key="trust_baseline",
                    on_click=remember,
                    args=(CHANGED, _question(asked)),
                )


def _question(asked: Asked) -> tuple[object, ...]:
    return asked.query, asked.target.name, asked.method.name, asked.options


def _changes(asked: Asked, tokens: int) -> bool:
    """Whether to explain from another baseline, too: not where that takes long, unless the reader asked for it."""
    return asked.method.name not in SLOW or tokens <= QUICK or remembered(CHANGED, _question(asked))


def _compared(asked: Asked, side: int, baseline: bool) -> Agreement | None:
    with progress.loading() as report:
        return session.runtime().agreement(
            asked.query, asked.target.name, asked.method.name, side, baseline, report, **asked.options
        )


def _curves(test: Faithfulness, asked: Asked) -> None:
    from attnviz.explanation.evaluation import verdict
    from attnviz.figures.charts import curves_chart, line_figure

    st.plotly_chart(line_figure(curves_chart(test, asked.target.unit)), config=CHART, key="trust_curves")
    st.caption(verdict.curve_numbers(test))
    with st.expander("The curves as numbers"):
        st.dataframe(list(verdict.curve_table(test)), hide_index=True)
