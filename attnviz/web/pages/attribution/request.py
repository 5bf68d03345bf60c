"""What the tests of an explanation share: what is explained, the test itself, and what a reader wants computed."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from attnviz.web.shell import progress
from attnviz.web.state import holding, session

if TYPE_CHECKING:
    from attnviz.explanation import Faithfulness, MethodInfo, TargetInfo
    from attnviz.runtime import Query

CHART = {"displayModeBar": False}


@dataclass(frozen=True)
class Request:
    """What is explained, and by which method: what `Runtime.explain` takes."""

    query: Query
    target: TargetInfo
    method: MethodInfo
    options: Mapping[str, Hashable]


def tested(request: Request, method: MethodInfo, operator: str, side: int) -> Faithfulness:
    """What taking away the words that a method puts first does to the result, beside random words."""
    from attnviz.explanation import SEEDS

    with progress.loading() as report:
        return session.runtime().faithfulness(
            request.query,
            request.target.name,
            method.name,
            operator,
            SEEDS,
            side,
            report,
            **request.options,
        )


def remember(key: str, question: object) -> None:
    """The reader has asked for what costs time; a callback of buttons. The last question counts."""
    st.session_state[key] = holding.mark(question)


def remembered(key: str, question: object) -> bool:
    """Whether the reader has asked for this."""
    return bool(st.session_state.get(key) == holding.mark(question))
