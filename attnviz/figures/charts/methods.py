"""What all methods say of the same words, and how far they agree, drawn with plotly; every text is escaped."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from attnviz.types import FloatArray

# Orange below 0, blue above, equally light; nothing at 0, so that the page itself shows, whatever its colour.
MINUS, PLUS = (197, 109, 0), (70, 136, 217)
UNDER_NUMBERS = 0.55  # how strong colours are on which the text of either theme is read
LETTERS = 14  # of a word on an axis


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
            colorscale=_diverging(1.0), xgap=1, ygap=3,
            colorbar={"title": "share", "tickformat": ".0%", "thickness": 12},
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
            z=taus, x=places, y=places, zmin=-1, zmax=1, colorscale=_diverging(UNDER_NUMBERS), xgap=1, ygap=1,
            hoverinfo="skip", colorbar={"title": "tau", "thickness": 12},
        )
    )  # fmt: skip
    # Numbers of its own, which plotly would write in black or white, as if the ground were white.
    for row, column in np.argwhere(~np.isnan(taus)).tolist():
        figure.add_annotation(x=column, y=row, text=f"{taus[row, column]:.2f}", showarrow=False)
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


def _diverging(strength: float) -> list[list[float | str]]:
    """A scale of plotly's, from orange through nothing to blue."""
    ends = [(0.0, MINUS, strength), (0.5, MINUS, 0), (0.5, PLUS, 0), (1.0, PLUS, strength)]
    return [[place, f"rgba({red},{green},{blue},{alpha})"] for place, (red, green, blue), alpha in ends]


def _label(word: str) -> str:
    """A word for an axis or a hover: plotly reads markup and formulas there."""
    short = word if len(word) <= LETTERS else word[: LETTERS - 1] + "…"
    return html.escape(short, quote=False).replace("$", "&#36;") or "␣"
