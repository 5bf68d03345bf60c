"""Statistics of heads: the value of each, and where it stands among all heads; the glossary says what they measure."""

from __future__ import annotations

import html

import numpy as np
import streamlit as st

from attnviz.types import HeadTable
from attnviz.web import glossary
from attnviz.web.state.address import Head


def of_head(table: HeadTable, head: Head) -> None:
    """The statistics of one head, each with its rank among all heads."""
    count = table.values.shape[1] * table.values.shape[2]
    st.subheader(f"Layer {head[0]}, head {head[1]}", anchor=False)
    rows = [
        _row(metric, _number(float(table[metric][head]), unit), _rank(table[metric], head))
        for metric, unit in zip(table.metrics, table.units, strict=True)
    ]
    st.html(f'<table class="attnviz-statistics"><tbody>{"".join(rows)}</tbody></table>')
    st.caption(f"#1 is the highest of all {count} heads. Tap a name for its meaning.")


def of_heads(table: HeadTable, heads: tuple[Head, ...], name: str) -> None:
    """The statistics of many heads: the mean of each."""
    st.subheader(name[:1].upper() + name[1:], anchor=False)
    places = tuple(np.array(heads).T)
    rows = []
    for metric, unit in zip(table.metrics, table.units, strict=True):
        values = table[metric][places]
        known = values[~np.isnan(values)]
        rows.append(_row(metric, _number(float(known.mean()) if len(known) else np.nan, unit), ""))
    st.html(f'<table class="attnviz-statistics"><tbody>{"".join(rows)}</tbody></table>')
    st.caption("The mean over these heads, each measured on its own map.")


def _row(metric: str, value: str, rank: str) -> str:
    title, value, rank = glossary.button(metric), html.escape(value), html.escape(rank)
    return f"<tr><th>{title}</th><td>{value}</td><td>{rank}</td></tr>"


def _number(value: float, unit: str) -> str:
    if np.isnan(value):
        return "–"
    return f"{value:.0%}" if unit == "share" else f"{value:.2f} {unit}"


def _rank(values: np.ndarray, head: Head) -> str:
    value = values[head]
    return "–" if np.isnan(value) else f"#{1 + int(np.sum(values > value))}"
