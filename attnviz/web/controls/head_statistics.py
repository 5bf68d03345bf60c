"""Statistics of heads in words: what each measures, its value, and where it stands among all heads."""

from __future__ import annotations

import html
from dataclasses import dataclass

import numpy as np
import streamlit as st

from attnviz.types import HeadTable
from attnviz.web.state.address import Head


@dataclass(frozen=True)
class Description:
    """A name for a statistic and one sentence that explains it."""

    title: str
    meaning: str


DESCRIPTIONS: dict[str, Description] = {
    "output": Description(
        "Part of the output",
        "What the head contributes to what its attention block writes, mean over the tokens; all heads of a layer and "
        "the bias of W_O add up to 100%.",
    ),
    "entropy": Description(
        "Entropy",
        "How widely tokens spread their attention: 0 when each looks at one token only, ln n when evenly at n tokens.",
    ),
    "distance": Description("Distance", "How many tokens away the attention goes, on average."),
    "first": Description("To first token", "Share of attention on the first token, often a resting place."),
    "self": Description("To itself", "Share of attention that tokens pay to themselves."),
    "previous": Description("To previous token", "Share of attention on the token just before."),
    "next": Description("To next token", "Share of attention on the token just after."),
    "induction": Description("Induction", "Share on the token that followed an earlier copy of this one."),
    "special": Description("To special tokens", "Share of attention on tokens that the tokenizer added."),
}


def description(metric: str) -> Description:
    """The description of a metric; its own name where there is none."""
    return DESCRIPTIONS.get(metric, Description(metric.replace("_", " ").capitalize(), ""))


def of_head(table: HeadTable, head: Head) -> None:
    """The statistics of one head, each with its rank among all heads."""
    count = table.values.shape[1] * table.values.shape[2]
    st.subheader(f"Layer {head[0]}, head {head[1]}", anchor=False)
    rows = [
        _row(description(metric), _number(float(table[metric][head]), unit), _rank(table[metric], head))
        for metric, unit in zip(table.metrics, table.units, strict=True)
    ]
    st.html(f'<table class="attnviz-statistics"><tbody>{"".join(rows)}</tbody></table>')
    st.caption(f"#1 has the highest value of all {count} heads.")
    if st.button("What these mean", key="statistics_meaning"):
        _meaning(table.metrics)


@st.dialog("What these mean")
def _meaning(metrics: tuple[str, ...]) -> None:
    """Each statistic in a sentence; sent when it is asked for, not with every run."""
    st.markdown("\n".join(f"- **{description(m).title}**: {description(m).meaning}" for m in metrics))


def of_heads(table: HeadTable, heads: tuple[Head, ...], name: str) -> None:
    """The statistics of many heads: the mean of each."""
    st.subheader(name[:1].upper() + name[1:], anchor=False)
    places = tuple(np.array(heads).T)
    rows = []
    for metric, unit in zip(table.metrics, table.units, strict=True):
        values = table[metric][places]
        known = values[~np.isnan(values)]
        rows.append(
            _row(description(metric), _number(float(known.mean()) if len(known) else np.nan, unit), "")
        )
    st.html(f'<table class="attnviz-statistics"><tbody>{"".join(rows)}</tbody></table>')
    st.caption("The mean of each statistic over these heads, each measured on its own map.")


def _row(about: Description, value: str, rank: str) -> str:
    title, value, rank = (html.escape(cell) for cell in (about.title, value, rank))
    return f'<tr><th scope="row">{title}</th><td>{value}</td><td>{rank}</td></tr>'


def _number(value: float, unit: str) -> str:
    if np.isnan(value):
        return "–"
    return f"{value:.0%}" if unit == "share" else f"{value:.2f} {unit}"


def _rank(values: np.ndarray, head: Head) -> str:
    value = values[head]
    return "–" if np.isnan(value) else f"#{1 + int(np.sum(values > value))}"
