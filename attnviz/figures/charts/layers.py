"""The chart of a result on its way through the layers: what it would be if the model stopped after each of them.

In flow numbers and names of ours; out flows a plotly figure.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import numpy as np
import numpy.typing as npt

from attnviz.figures.charts.methods import BLUE, GREY, ORANGE

if TYPE_CHECKING:
    import plotly.graph_objects as go

MANY = 16  # layers; above, not every one has its number on the axis


def layers_figure(
    values: Annotated[npt.NDArray[np.float64], "L+1"], names: Sequence[str], title: str, settled: int
) -> go.Figure:
    """The result after each layer as a line; a ring around the place from which it stays.

    Args:
        values: before the first layer, after each.
        names: of these places, as they are read out ("before layer 0").
        title: of the axis of values, with the unit.
        settled: the place that is ringed.
    """
    import plotly.graph_objects as go

    places = np.arange(len(values))
    shown = places[:: 1 + len(values) // MANY]
    figure = go.Figure()
    figure.add_hline(y=float(values[-1]), line={"color": GREY, "dash": "dot", "width": 1})
    figure.add_scatter(
        x=places, y=values, mode="lines+markers", name="result", showlegend=False,
        line={"color": BLUE, "width": 2.5}, marker={"size": 8}, text=[html.escape(name) for name in names],
        hovertemplate="%{text}: %{y:.4f}<extra></extra>",
    )  # fmt: skip
    figure.add_scatter(
        x=[settled], y=[values[settled]], mode="markers", hoverinfo="skip", showlegend=False,
        marker={"symbol": "circle-open", "size": 17, "color": ORANGE, "line": {"width": 3}},
    )  # fmt: skip
    figure.update_layout(
        height=320, margin={"l": 10, "r": 10, "t": 10, "b": 10}, hovermode="closest",
        xaxis={"title": "the model stopped after layer", "tickvals": shown.tolist(), "fixedrange": True,
               "ticktext": ["none" if place == 0 else str(place - 1) for place in shown]},
        yaxis={"title": html.escape(title), "fixedrange": True},
    )  # fmt: skip
    return figure
