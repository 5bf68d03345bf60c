"""What the tests of an explanation share: the question, the test itself, and what a reader has asked to be computed."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from attnviz.web.shell import progress
from attnviz.web.state import session

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

    from attnviz.explanation import Faithfulness, MethodInfo, TargetInfo
    from attnviz.explanation.evaluation.verdict import Badge
    from attnviz.runtime import Query

SEEDS = 5  # random orders beside each explanation
CHART = {"displayModeBar": False}


@dataclass(frozen=True)
class Asked:
    """The question whose explanation is tested."""

    query: Query
    target: TargetInfo
    method: MethodInfo
    options: Mapping[str, Hashable]


def tested(asked: Asked, method: MethodInfo, operator: str, side: int) -> Faithfulness:
    """What taking away the words that a method puts first does to the result, beside random words."""
    with progress.loading() as report:
        return session.runtime().faithfulness(
            asked.query, asked.target.name, method.name, operator, SEEDS, side, report, **asked.options
        )


def remember(key: str, question: object) -> None:
    """The reader has asked for what costs time; a callback of buttons. The last question counts."""
    st.session_state[key] = question


def remembered(key: str, question: object) -> bool:
    """Whether the reader has asked for this."""
    return bool(st.session_state.get(key) == question)


def badges(found: tuple[Badge, ...], row: DeltaGenerator, meanings: DeltaGenerator) -> None:
    """Badges in one place, and in another what the red ones mean, and the numbers of the others."""
    for badge in found:
        icon, color = (":material/check:", "blue") if badge.holds else (":material/close:", "red")
        row.badge(badge.words, icon=icon, color=color)  # type: ignore[arg-type]
        if badge.meaning:
            meanings.markdown(f"The red badge “{badge.words}” means: {badge.meaning}")
        elif badge.note:
            meanings.caption(badge.note)
