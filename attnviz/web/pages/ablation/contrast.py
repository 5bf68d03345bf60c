"""“Attention is not explanation”, as an experiment on the text at hand: two heads, and the result without each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from attnviz.analysis.contrast import RULE, contrast
from attnviz.text import decimals
from attnviz.web.controls import before_after
from attnviz.web.controls.attention import is_causal
from attnviz.web.controls.question import attention_link
from attnviz.web.pages.ablation import heads_off
from attnviz.web.shell import progress
from attnviz.web.shell.page import LOOKED
from attnviz.web.state import session

if TYPE_CHECKING:
    from attnviz.explanation import Ablation
    from attnviz.web.controls.question import Question
    from attnviz.web.share.drawn import Drawn
    from attnviz.web.state.address import Head

STRONG, SPREAD = "Strong attention that hardly matters", "Spread-out attention that matters"
CAVEAT = (
    "This is what one text and one result show. A head that is not needed here may be needed elsewhere, and heads "
    "stand in for each other: taking out one of two that do the same changes nothing."
)


def draw(question: Question) -> Drawn | None:
    """Two heads, each with a sentence, its numbers and the way to its map; None where there is no such pair."""
    importance = heads_off.importance_of(question)
    with progress.loading() as report:
        table = session.runtime().statistics(question.first_alone, question.kind, report)
        info = session.runtime().info(question.first_alone, report)
    causal = is_causal(info.card, question.kind)
    resting = table["first" if causal else "special"]
    pair = contrast(table["entropy"], resting, importance.values)
    if pair is None:
        with st.container(border=True):
            st.subheader("No such pair of heads on this text", anchor=False)
            st.markdown(
                "Try a longer text, another result, or the measured importance under **Switch heads off**."
            )
        return None
    heads = [
        Measured(
            title,
            head,
            _without(question, head),
            float(table["entropy"][head]),
            float(resting[head]),
            "the first token" if causal else "special tokens",
        )
        for title, head in ((STRONG, pair.strong), (SPREAD, pair.spread))
    ]
    headline = _headline(*(abs(each.ablation.change) for each in heads))
    st.markdown(f"**{headline}**")
    for column, each in zip(st.columns(2), heads, strict=True):
        with column:
            _head(question, each)
    st.markdown(f"{LOOKED} {CAVEAT}")
    how = "measured" if importance.exact else "estimated"
    found_by = f"Found by the {how} importance of all heads, the change by switching off these two. {RULE}"
    st.caption(found_by)
    return question.drawn(
        "results",
        lambda: _message(question, heads, headline, found_by),
        "Attention is not explanation",
        settings=tuple((each.title, each.name) for each in heads),
        again=tuple(
            line for each in heads for line in question.again("ablate", heads=[each.head], kind=question.kind)
        ),
    )


@dataclass(frozen=True)
class Measured:
    """One of the two heads: what becomes of the result without it, and how it attends.

    Attributes:
        entropy: of its rows, in nats. resting: the share of its attention that the `place` gets where heads rest.
    """

    title: str
    head: Head
    ablation: Ablation
    entropy: float
    resting: float
    place: str

    @property
    def name(self) -> str:
        return f"layer {self.head[0]} head {self.head[1]}"


def _message(question: Question, heads: list[Measured], headline: str, found_by: str) -> bytes:
    """Both heads as a figure of its own."""
    from attnviz.figures import Results, Table, results_data

    lines = [
        (
            each.title,
            each.name,
            f"{np.exp(each.entropy):.1f}",
            f"{each.resting:.0%}",
            decimals(each.ablation.before),
            decimals(each.ablation.after),
        )
        for each in heads
    ]
    columns = ("", "head", "attention as if over tokens", f"to {heads[0].place}", "all heads", "without it")
    found = Results(
        headline,
        [Table("", columns, lines, f"Result: {question.target.unit}.")],
        f"{LOOKED} {CAVEAT} {found_by}",
    )
    return results_data(found, model=session.model_name(question.query.model))


def _headline(strong: float, spread: float) -> str:
    """What the two changes of the result say."""
    if spread <= strong:
        return "The estimate misled here**: switched off, the first head changes the result as much as the second."
    if strong < spread / 100:
        return (
            "Strong attention that changes next to nothing, and spread-out attention that changes the result."
        )
    return (
        f"Without the head with spread-out attention the result changes {spread / strong:.0f} times as much as "
        "without the one with strong attention."
    )


def _without(question: Question, head: Head) -> Ablation:
    with progress.loading() as report:
        return session.runtime().ablate(
            question.query,
            (head,),
            question.target.name,
            kind=question.kind,
            progress=report,
            **question.decided,
        )


def _head(question: Question, shown: Measured) -> None:
    layer, number = shown.head
    name, found = shown.name, shown.ablation
    with st.container(border=True):
        st.subheader(shown.title, anchor=False)
        st.markdown(
            f"**{name[:1].upper()}{name[1:]}** spreads its attention as if over {np.exp(shown.entropy):.1f} of "
            f"{len(question.answer.tokens)} tokens (entropy {shown.entropy:.2f} nats); {shown.resting:.0%} of it go to "
            f"{shown.place}."
        )
        line = before_after.sentence(f"Without {name}", question.noun, found.before, found.after)
        st.markdown(f"**{line}**")
        before_after.bars(
            [("all heads", found.before), (f"without {name}", found.after)], question.target.unit
        )
        attention_link(question, (shown.head,), f"See the map of {name}")
        st.button(
            "Switch it off in the grid",
            key=f"contrast_{layer}_{number}",
            icon=":material/grid_on:",
            on_click=session.update,
            kwargs={"off": f"{layer}.{number}", "part": None},
        )
