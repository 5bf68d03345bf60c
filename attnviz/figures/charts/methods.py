"""Small charts beside an explanation: what taking words away does, and what all methods say of the same words.

In flow results of `attnviz.explain`; out flow plotly figures, whose texts are ours or escaped. Blue and orange, and
dashes beside colours, for readers who see few colours.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from attnviz.explanation import Faithfulness
    from attnviz.types import FloatArray

BLUE, ORANGE, GREY = "#2c74c4", "#d9700f", "#8a939c"
DIVERGING = [[0.0, "#b35806"], [0.25, "#f1a340"], [0.5, "#f7f7f7"], [0.75, "#6baed6"], [1.0, "#08519c"]]
LETTERS = 14  # of a word on an axis


def curves_figure(test: Faithfulness, unit: str) -> go.Figure:
    """The target while ever more words are taken away, or kept alone, over the range of the random orders."""
    import plotly.graph_objects as go

    share = np.concatenate([[0.0], test.fractions]) * 100
    figure = go.Figure()
    for name, own, others, colour, dash, start in (
        ("first words taken away", test.removed, test.random_removed, BLUE, "solid", test.value),
        ("only the first words kept", test.kept, test.random_kept, ORANGE, "dash", None),
    ):
        x, y = (share, np.concatenate([[start], own])) if start is not None else (share[1:], own)
        low, high = others.min(0), others.max(0)
        if start is not None:
            low, high = np.concatenate([[start], low]), np.concatenate([[start], high])
        figure.add_scatter(
            x=[*x, *x[::-1]], y=[*high, *low[::-1]], fill="toself", mode="lines", line={"width": 0},
            fillcolor=_faint(colour), name=f"{name}, {len(others)} random orders", hoverinfo="skip", showlegend=True,
        )  # fmt: skip
        figure.add_scatter(
            x=x, y=y, mode="lines+markers", name=name, line={"color": colour, "dash": dash, "width": 2.5},
            hovertemplate="%{x:.0f} % of the tokens: %{y:.3f}<extra></extra>",
        )  # fmt: skip
    figure.add_hline(y=test.value, line={"color": GREY, "dash": "dot", "width": 1})
    figure.update_layout(
        height=330, margin={"l": 10, "r": 10, "t": 10, "b": 10},
        legend={"orientation": "h", "yanchor": "top", "y": -0.22, "x": 0}, hovermode="closest",
        xaxis={"title": "tokens taken away, or kept, in %", "rangemode": "tozero", "fixedrange": True},
        yaxis={"title": html.escape(unit), "fixedrange": True},
    )  # fmt: skip
    return figure


def methods_figure(
    scores: Annotated[FloatArray, "M W"], titles: Sequence[str], words: Sequence[str], signed: Sequence[bool]
) -> go.Figure:
    """All methods on the same words, a row each: the share of each word in the method's sum of sizes, with its sign.

    Words are told apart by their place: equal words, and hostile ones, are only labels.
    """
    import plotly.graph_objects as go

    shares = shares_of(scores)
    top = float(np.abs(shares).max()) or 1.0
    labels = [_label(word) for word in words]
    figure = go.Figure(
        go.Heatmap(
            z=shares, x=list(range(len(words))), y=list(range(len(titles))), zmin=-top, zmax=top,
            colorscale=DIVERGING, xgap=1, ygap=3, colorbar={"title": "share", "tickformat": ".0%", "thickness": 12},
            text=[[f"{html.escape(title)}: {_label(word)} {value:+.1%}" if sign else
                   f"{html.escape(title)}: {_label(word)} {value:.1%}" for word, value in zip(words, row, strict=True)]
                  for title, row, sign in zip(titles, shares, signed, strict=True)],
            hovertemplate="%{text}<extra></extra>",
        )
    )  # fmt: skip
    figure.update_layout(
        height=90 + 34 * len(titles), margin={"l": 10, "r": 10, "t": 10, "b": 10},
        xaxis={"tickvals": list(range(len(words))), "ticktext": labels, "tickangle": -45, "side": "top",
               "fixedrange": True, "showgrid": False},
        yaxis={"tickvals": list(range(len(titles))), "ticktext": [html.escape(title) for title in titles],
               "autorange": "reversed", "fixedrange": True, "showgrid": False},
    )  # fmt: skip
    return figure


def agreement_figure(taus: Annotated[npt.NDArray[np.float64], "M M"], titles: Sequence[str]) -> go.Figure:
    """How far each two methods agree, from -1 (opposite orders) to 1 (the same order)."""
    import plotly.graph_objects as go

    names = [html.escape(title) for title in titles]
    places = list(range(len(names)))
    figure = go.Figure(
        go.Heatmap(
            z=taus, x=places, y=places, zmin=-1, zmax=1, colorscale=DIVERGING, xgap=1, ygap=1,
            text=[["" if np.isnan(tau) else f"{tau:.2f}" for tau in row] for row in taus], texttemplate="%{text}",
            hoverinfo="skip", colorbar={"title": "tau", "thickness": 12},
        )
    )  # fmt: skip
    axis: dict[str, Any] = {"tickvals": places, "ticktext": names, "fixedrange": True, "showgrid": False}
    figure.update_layout(
        height=150 + 34 * len(names), margin={"l": 10, "r": 10, "t": 10, "b": 10},
        xaxis={**axis, "tickangle": -45, "side": "top"}, yaxis={**axis, "autorange": "reversed"},
    )  # fmt: skip
    return figure


def shares_of(scores: Annotated[FloatArray, "M W"]) -> Annotated[npt.NDArray[np.float64], "M W"]:
    """Each method's scores as shares of the sum of their sizes, so that methods of different units are comparable."""
    values = np.asarray(scores, np.float64)
    total = np.abs(values).sum(1, keepdims=True)
    return np.divide(values, total, out=np.zeros_like(values), where=total > 0)


def _label(word: str) -> str:
    """A word for an axis or a hover: plotly reads markup and formulas there."""
    short = word if len(word) <= LETTERS else word[: LETTERS - 1] + "…"
    return html.escape(short, quote=False).replace("$", "&#36;") or "␣"


def _faint(colour: str) -> str:
    red, green, blue = (int(colour[n : n + 2], 16) for n in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.16)"
