"""All methods side by side on the same words, each with its test, and how far they agree."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from attnviz.web.pages.attribution import sections
from attnviz.web.pages.attribution.request import CHART, Request, remember, remembered, tested
from attnviz.web.shell import problems, progress
from attnviz.web.state import session

if TYPE_CHECKING:
    from attnviz.explanation import Faithfulness, MethodInfo
    from attnviz.types import Attribution

COMPARED = "attnviz_compared"
MOST_WORDS = 40  # on the axis of the methods' picture


def draw(request: Request, operator: str) -> None:
    """All methods on the same text: computed when the reader asks for it, since some take many passes."""
    sections.begin(sections.METHODS)
    question = (
        request.query,
        request.target.name,
        tuple(sorted(request.options.items())),
        operator,
        request.keep_first,
    )
    if not remembered(COMPARED, question):
        st.markdown("Do other methods name the same words? Sampled Shapley values take the longest.")
        st.button(
            "Compare all methods", key="evaluation_compare", on_click=remember, args=(COMPARED, question)
        )
        return
    with problems.guard():
        _comparison(request, operator)


def _comparison(request: Request, operator: str) -> None:
    from attnviz.analysis.rank_correlation import TOP, kendall_taus
    from attnviz.explanation import methods_for
    from attnviz.explanation.evaluation.agreement import word_scores
    from attnviz.figures.charts import agreement_figure, methods_figure

    infos = methods_for(request.target.name)
    found, tests = _by_all_methods(request, operator, infos)
    scores, words = word_scores(found)
    order = np.sort(np.argsort(-np.abs(scores).sum(0), kind="stable")[:MOST_WORDS])
    titles, left_out = [info.title for info in infos], len(words) - len(order)
    st.plotly_chart(
        methods_figure(scores[:, order], titles, [words[n] for n in order], [info.signed for info in infos]),
        config=CHART,
        key="evaluation_methods",
    )
    st.caption(
        "Each row is one method: the share of each word in the sum of the sizes of its scores; blue for, orange "
        "against; methods without a sign are blue only. One scale for all."
        + (f" {left_out} words with the smallest scores are left out." if left_out else "")
    )
    _tests_table(titles, tests)
    st.plotly_chart(agreement_figure(kendall_taus(scores), titles), config=CHART, key="evaluation_agreement")
    st.caption(
        f"Kendall’s tau of each two methods over the {TOP} largest words of either: 1 the same order, 0 no relation, "
        "−1 the opposite order."
    )


def _by_all_methods(
    request: Request, operator: str, infos: tuple[MethodInfo, ...]
) -> tuple[list[Attribution], list[Faithfulness]]:
    """Each method's explanation of the question, and its test on the first text."""
    found, tests = [], []
    bar = st.progress(0.0)
    for done, info in enumerate(infos):
        bar.progress(done / len(infos), text=f"{info.title}…")
        with progress.loading() as report:
            found.append(
                session.runtime().explain(
                    request.query, request.target.name, info.name, report, **request.options_for(info)
                )
            )
        tests.append(tested(request, info, operator, 0))
    bar.empty()
    return found, tests


def _tests_table(titles: list[str], tests: list[Faithfulness]) -> None:
    from attnviz.explanation.evaluation import verdict

    rows = [
        {
            "method": title,
            "comprehensiveness": test.comprehensiveness,
            "sufficiency": test.sufficiency,
            "beats random": {True: "yes", False: "no", None: "cannot be told"}[test.beats_random],
        }
        for title, test in zip(titles, tests, strict=True)
    ]
    st.dataframe(rows, hide_index=True)
    first = tests[0]
    st.caption(
        f"Of the first text, words {first.operator_title}. By chance: comprehensiveness "
        f"{verdict.beside_chance(first.random_comprehensiveness, first)}, sufficiency "
        f"{verdict.beside_chance(first.random_sufficiency, first)}; the mean, and in brackets {verdict.chance(first)}. "
        "Attention shows where the model looked, not why it decided."
    )
