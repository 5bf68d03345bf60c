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
    """What is explained, and by which method: what `Runtime.explain` takes.

    Attributes:
        options: of the target. keep_first: whether the first token is never taken away or blanked; None for the
            default of the model.
    """

    query: Query
    target: TargetInfo
    method: MethodInfo
    options: Mapping[str, Hashable]
    keep_first: bool | None = None

    def options_for(self, method: MethodInfo) -> dict[str, Hashable]:
        """The options of the target, and those of a method that the reader has chosen."""
        keeps = self.keep_first is not None and "keep_first" in method.options
        return {**self.options, **({"keep_first": self.keep_first} if keeps else {})}


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
            request.keep_first,
            **request.options,
        )


def remember(key: str, question: object) -> None:
    """The reader has asked for what costs time; a callback of buttons. The last question counts."""
    st.session_state[key] = holding.mark(question)


def remembered(key: str, question: object) -> bool:
    """Whether the reader has asked for this."""
    return bool(st.session_state.get(key) == holding.mark(question))
