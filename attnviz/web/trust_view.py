"""Beside every explanation, what it is worth: the test in words, badges, curves, and all other methods.

In flow an attribution and its question; what is computed comes from the runtime, with progress.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from attnviz.web import problems, progress, session
from attnviz.web.escape import markdown

if TYPE_CHECKING:
    from attnviz.explain import Faithfulness, MethodInfo, TargetInfo
    from attnviz.runtime import Query
    from attnviz.types import Attribution

COMPARED, TESTED = "attnviz_compared", "attnviz_tested"
LIVE = 160  # tokens; up to here the test runs by itself, in a second or two
SEEDS = 5  # random orders beside each explanation
MOST_WORDS = 40  # on the axis of the methods' picture
SIDES = ("Text", "Second text")
CHART = {"displayModeBar": False}


@dataclass(frozen=True)
class Asked:
    """The question whose explanation is tested."""

    query: Query
    target: TargetInfo
    method: MethodInfo
    options: Mapping[str, Hashable]


def show(attribution: Attribution, asked: Asked) -> None:
    """The whole section, under the explanation."""
    st.subheader("How far to trust this", anchor=False)
    operator, side = _choices(attribution, asked)
    with problems.guard():
        if _wanted(attribution, side, (asked.query, asked.target.name, operator, side)):
            test = _tested(asked, asked.method, operator, side)
            _verdict(test, attribution)
            _curves(test, asked)
    _all_methods(asked, operator)


def _tested(asked: Asked, method: MethodInfo, operator: str, side: int) -> Faithfulness:
    with progress.loading() as report:
        return session.runtime().faithfulness(
            asked.query, asked.target.name, method.name, operator, SEEDS, side, report, **asked.options
        )


def _wanted(attribution: Attribution, side: int, question: tuple[object, ...]) -> bool:
    """Whether to test now: a short text by itself, a long one when the reader asks for it."""
    tokens = attribution.tokens if side == 0 or attribution.pair_tokens is None else attribution.pair_tokens
    if len(tokens) <= LIVE or st.session_state.get(TESTED) == question:
        return True
    st.markdown(
        f"The test reads the text more than a hundred times with words taken away; with {len(tokens)} tokens that "
        "takes a while."
    )
    st.button("Test this explanation", key="trust_test", on_click=_remember, args=(TESTED, question))
    return False


def _choices(attribution: Attribution, asked: Asked) -> tuple[str, int]:
    operators = {each.name: each for each in session.runtime().operators(asked.query.model)}
    both = attribution.pair_tokens is not None
    side = 0
    with st.container(horizontal=True, gap="medium"):
        name = st.selectbox(
            "Words are taken away: they are",
            tuple(operators),
            format_func=lambda each: operators[each].title,
            key="trust_operator",
            help="\n\n".join(f"**{each.title}**: {each.description}" for each in operators.values()),
        )
        if both:
            title = st.segmented_control(
                "Tested text", SIDES, default=SIDES[0], key="trust_side", required=True
            )
            side = SIDES.index(title or SIDES[0])
    return name, side


def _verdict(test: Faithfulness, attribution: Attribution) -> None:
    from attnviz.explain import verdict

    words = ", ".join(f"“{markdown(word, 40)}”" for word in test.words)
    st.markdown(f"**{verdict.headline(test)}**")
    st.caption(f"The words: {words}. {verdict.conditions(test)}")
    found = verdict.badges(test, attribution)
    with st.container(horizontal=True, gap="small"):
        for badge in found:
            icon, color = (":material/check:", "blue") if badge.holds else (":material/close:", "red")
            st.badge(badge.words, icon=icon, color=color)  # type: ignore[arg-type]
    for badge in found:
        if badge.meaning:
            st.markdown(f"The red badge means: {badge.meaning}")


def _curves(test: Faithfulness, asked: Asked) -> None:
    from attnviz.explain import verdict
    from attnviz.figures.trust import curves_figure

    st.plotly_chart(curves_figure(test, asked.target.unit), config=CHART, key="trust_curves")
    st.caption(verdict.curve_numbers(test))
    with st.expander("The curves as numbers"):
        st.dataframe(list(verdict.curve_table(test)), hide_index=True)


def _all_methods(asked: Asked, operator: str) -> None:
    """All methods on the same text: computed when the reader asks for it, since some take many passes."""
    st.subheader("All methods side by side", anchor=False)
    question = (asked.query, asked.target.name, tuple(sorted(asked.options.items())), operator)
    if st.session_state.get(COMPARED) != question:
        st.markdown("Do other methods name the same words? Sampled Shapley values take the longest.")
        st.button("Compare all methods", key="trust_compare", on_click=_remember, args=(COMPARED, question))
        return
    with problems.guard():
        _comparison(asked, operator)


def _remember(key: str, question: tuple[object, ...]) -> None:
    st.session_state[key] = question


def _comparison(asked: Asked, operator: str) -> None:
    from attnviz.analysis.agreement import TOP, agreement
    from attnviz.explain import methods_for
    from attnviz.figures.trust import agreement_figure, methods_figure

    infos = methods_for(asked.target.name)
    found, tests = _by_all_methods(asked, operator, infos)
    scores, words = _by_words(found)
    order = np.sort(np.argsort(-np.abs(scores).sum(0), kind="stable")[:MOST_WORDS])
    titles, left_out = [info.title for info in infos], len(words) - len(order)
    st.plotly_chart(
        methods_figure(scores[:, order], titles, [words[n] for n in order], [info.signed for info in infos]),
        config=CHART,
        key="trust_methods",
    )
    st.caption(
        "Each row is one method: the share of each word in the sum of the sizes of its scores; blue for, orange "
        "against; methods without a sign are blue only. One scale for all."
        + (f" {left_out} words with the smallest scores are left out." if left_out else "")
    )
    _tests_table(titles, tests)
    st.plotly_chart(agreement_figure(agreement(scores), titles), config=CHART, key="trust_agreement")
    st.caption(
        f"Kendall’s tau of each two methods over the {TOP} largest words of either: 1 the same order, 0 no relation, "
        "−1 the opposite order."
    )


def _by_all_methods(
    asked: Asked, operator: str, infos: tuple[MethodInfo, ...]
) -> tuple[list[Attribution], list[Faithfulness]]:
    """Each method's explanation of the question, and its test on the first text."""
    found, tests = [], []
    bar = st.progress(0.0)
    for done, info in enumerate(infos):
        bar.progress(done / len(infos), text=f"{info.title}…")
        with progress.loading() as report:
            found.append(
                session.runtime().explain(asked.query, asked.target.name, info.name, report, **asked.options)
            )
        tests.append(_tested(asked, info, operator, 0))
    bar.empty()
    return found, tests


def _tests_table(titles: list[str], tests: list[Faithfulness]) -> None:
    rows = [
        {
            "method": title,
            "comprehensiveness": test.comprehensiveness,
            "sufficiency": test.sufficiency,
            "beats random": "yes" if test.beats_random else "no",
        }
        for title, test in zip(titles, tests, strict=True)
    ]
    st.dataframe(rows, hide_index=True)
    random = float(tests[0].random_comprehensiveness.mean()), float(tests[0].random_sufficiency.mean())
    st.caption(
        f"Of the first text, words {tests[0].operator_title}. Random orders: comprehensiveness {random[0]:.3f}, "
        f"sufficiency {random[1]:.3f}. Attention shows where the model looked, not why it decided."
    )


def _by_words(found: list[Attribution]) -> tuple[np.ndarray, tuple[str, ...]]:
    """The methods' scores summed over each word of the first text, special tokens left out, and the words."""
    from attnviz.text import groups

    tokens = found[0].tokens
    index, labels = groups(tokens, "word")
    sums = np.stack([np.bincount(index, each.scores, minlength=len(labels)) for each in found])
    kept = np.array([not tokens.special[index == group].all() for group in range(len(labels))])
    return sums[:, kept], tuple(label for label, keep in zip(labels, kept.tolist(), strict=True) if keep)
