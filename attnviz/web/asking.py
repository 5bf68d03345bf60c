"""The question of the ablation page: which result of which text, decided once, and its answer as things are."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import streamlit as st

from attnviz.web import before_after, url

if TYPE_CHECKING:
    from attnviz.explain import TargetInfo
    from attnviz.explain.evidence import Answer
    from attnviz.runtime import Query
    from attnviz.types import Kind
    from attnviz.web.url import Head, State

ATTENTION = ("pages/look/attention.py", "attention")


@dataclass(frozen=True)
class Asking:
    """One question, with everything that it leaves open decided by the model as it is.

    Attributes:
        query, target, options, kind: what `Runtime.answer`, `ablate` and `head_importance` take.
        answer: of the text as it is, with all heads.
    """

    query: Query
    target: TargetInfo
    options: Mapping[str, Hashable]
    kind: Kind | None
    answer: Answer

    @property
    def decided(self) -> dict[str, Any]:
        """The options with which another text is asked the same."""
        return dict(self.answer.options)

    @property
    def noun(self) -> str:
        """What is measured, as it stands in a sentence. It may hold a label that somebody typed."""
        return before_after.noun(self.target.name, self.decided)

    @property
    def identity(self) -> str:
        """Tells this question from others."""
        return repr((self.query, self.target.name, sorted(self.options.items()), self.kind))

    @property
    def first_alone(self) -> Query:
        """The text as the model reads it for this target: with the second text only where it reads both as one."""
        return self.query if self.target.takes_pair else replace(self.query, pair=None)


def attention_link(question: Asking, head: Head, state: State, label: str) -> None:
    """A link to the map of a head on this text."""
    script, name = ATTENTION
    alone = question.first_alone
    kept = replace(state, view=None, text=alone.text, pair=alone.pair, held=()).on(head)
    st.page_link(
        st.Page(script, url_path=name),
        label=label,
        icon=":material/arrow_forward:",
        query_params=url.encode(kept),
    )
