"""“Attention is not explanation”, as an experiment on the text at hand: two heads, and the result without each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from attnviz.analysis.contrast import RULE, contrast
from attnviz.web.controls import before_after
from attnviz.web.controls.question import attention_link
from attnviz.web.pages.ablation import heads_off
from attnviz.web.shell import page, progress
from attnviz.web.state import session

if TYPE_CHECKING:
    from attnviz.explanation import Ablation
    from attnviz.types import HeadTable
    from attnviz.web.controls.question import Asking
    from attnviz.web.state.address import Head, State

CAVEAT = (
    "This is what one text and one result show. A head that is not needed here may be needed elsewhere, and heads "
    "stand in for each other: taking out one of two that do the same changes nothing."
)


def show(question: Asking, state: State) -> None:
    """Two heads, each with a sentence, its numbers and the way to its map."""
    importance = heads_off.importance_of(question)
    with progress.loading() as report:
        table = session.runtime().statistics(question.first_alone, question.kind, report)
    found = contrast(table["entropy"], table["special"], importance.values)
    how = "the measured importance" if importance.exact else "the estimated importance"
    if found is None:
        with st.container(border=True):
            st.subheader("No such pair of heads on this text", anchor=False)
            st.markdown(
                "Try a longer text, another result, or the measured importance under **Switch heads off**."
            )
        return
    effects = [_without(question, head) for head in (found.strong, found.spread)]
    sizes = [abs(effect.change) for effect in effects]
    count = len(question.answer.tokens)
    st.markdown(_headline(sizes))
    left, right = st.columns(2)
    with left:
        _head(question, state, "Strong attention that hardly matters", found.strong, table, effects[0], count)
    with right:
        _head(question, state, "Spread-out attention that matters", found.spread, table, effects[1], count)
    st.markdown(f"{page.LOOKED} {CAVEAT}")
    st.caption(f"Found by {how} of all heads, the change by switching off these two. {RULE}")


def _headline(sizes: list[float]) -> str:
    strong, spread = sizes
    if spread <= strong:
        return "**The estimate misled here**: switched off, the first head changes the result as much as the second."
    if strong < spread / 100:
        return "**Strong attention that changes next to nothing, and spread-out attention that changes the result.**"
    return (
        f"**Without the head with spread-out attention the result changes {spread / strong:.0f} times as much as "
        "without the one with strong attention.**"
    )


def _without(question: Asking, head: Head) -> Ablation:
    with progress.loading() as report:
        return session.runtime().ablate(
            question.query,
            (head,),
            question.target.name,
            kind=question.kind,
            progress=report,
            **question.decided,
        )


def _head(
    question: Asking, state: State, title: str, head: Head, table: HeadTable, found: Ablation, tokens: int
) -> None:
    layer, number = head
    name = f"layer {layer} head {number}"
    entropy = float(table["entropy"][head])
    with st.container(border=True):
        st.subheader(title, anchor=False)
        st.markdown(
            f"**{name[:1].upper()}{name[1:]}** spreads its attention as if over {np.exp(entropy):.1f} of {tokens} "
            f"tokens (entropy {entropy:.2f} nats); {float(table['special'][head]):.0%} of it go to special tokens."
        )
        line = before_after.sentence(f"Without {name}", question.noun, found.before, found.after)
        st.markdown(f"**{line}**")
        before_after.bars(("all heads", found.before), (f"without {name}", found.after), question.target.unit)
        attention_link(question, (head,), state, f"See the map of {name}")
        st.button(
            "Switch it off in the grid",
            key=f"contrast_{layer}_{number}",
            icon=":material/grid_on:",
            on_click=session.update,
            kwargs={"off": f"{layer}.{number}", "view": None},
        )
