"""What the model says of the text: its answers with their numbers, as a table with bars."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Protocol

import streamlit as st

from attnviz.web.escape import plain

if TYPE_CHECKING:
    from attnviz.types import Tokens

ANCHOR = "model-says"  # of the heading
SHOWN = 10  # answers in the table


class Answered(Protocol):
    """What an attribution and a plain answer have in common."""

    @property
    def tokens(self) -> Tokens: ...

    @property
    def options(self) -> tuple[tuple[str, object], ...]: ...

    @property
    def outcomes(self) -> tuple[tuple[str, float], ...]: ...

    @property
    def outcome_unit(self) -> str: ...


def table(attribution: Answered) -> None:
    """What the model says of the text: its answers with their numbers, the first ones as a table with bars."""
    if not attribution.outcomes:
        return
    unit = attribution.outcome_unit
    shown = attribution.outcomes[:SHOWN]
    top = max(abs(value) for _, value in attribution.outcomes) or 1.0
    signed = any(value < 0 for _, value in shown)
    rows = "".join(
        _row(name, value, bar(value / top if unit != "probability" else value, signed), unit)
        for name, value in shown
    )
    st.subheader("What the model says", anchor=ANCHOR)
    st.html(
        f'<table class="attnviz-answers"><thead><tr><th scope="col">answer</th><th scope="col"></th>'
        f'<th scope="col">{html.escape(unit)}</th></tr></thead><tbody>{rows}</tbody></table>'
    )
    if len(attribution.outcomes) > SHOWN:
        st.caption(f"The first {SHOWN} of {len(attribution.outcomes)}.")


def bar(share: float, signed: bool) -> str:
    """The cell of a bar, as HTML: `share` of the full length, of either side of zero where some values are negative."""
    width = 100 * min(abs(share), 1.0)
    if not signed:
        return f'<td><span style="width:{width:.1f}%"></span></td>'
    left = 50 - (width / 2 if share < 0 else 0)
    below = ' class="below"' if share < 0 else ""
    return (
        f'<td class="around"><span{below} style="width:{width / 2:.1f}%;margin-left:{left:.1f}%"></span></td>'
    )


def _row(name: str, value: float, drawn: str, unit: str) -> str:
    number = f"{value:.1%}" if unit == "probability" and value >= 0.001 else f"{value:.3g}"
    return f'<tr><th scope="row">{html.escape(plain(str(name), 60)) or "␣"}</th>{drawn}<td>{number}</td></tr>'
