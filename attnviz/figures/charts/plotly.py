"""Draws a `LineChart` with plotly. Blue and orange, and dashes beside colours, for readers who see few colours."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from attnviz.figures.charts.lines import LineChart

BLUE, ORANGE, GREY = "#2c74c4", "#d9700f", "#8a939c"
STYLES = ((BLUE, "solid"), (ORANGE, "dash"))
HEIGHT = {True: 330, False: 320}  # with a legend, and without


def line_figure(chart: LineChart) -> go.Figure:
    """The chart as a plotly figure; its texts are escaped."""
    import plotly.graph_objects as go

    figure = go.Figure()
    figure.add_hline(y=chart.level, line={"color": GREY, "dash": "dot", "width": 1})
    for line, (colour, dash) in zip(chart.lines, STYLES, strict=False):
        if line.low is not None and line.high is not None:
            figure.add_scatter(
                x=[*line.x, *line.x[::-1]], y=[*line.high, *line.low[::-1]], fill="toself", mode="lines",
                line={"width": 0}, fillcolor=_faint(colour), name=line.band, hoverinfo="skip", showlegend=True,
            )  # fmt: skip
        figure.add_scatter(
            x=line.x, y=line.y, mode="lines+markers", name=line.name, showlegend=chart.legend,
            line={"color": colour, "dash": dash, "width": 2.5}, marker={"size": 6 if chart.legend else 8},
            text=[html.escape(text) for text in line.texts],
            hovertemplate=f"%{{text}}: %{{y:.{chart.digits}f}}<extra></extra>",
        )  # fmt: skip
    if chart.ring is not None:
        first = chart.lines[0]
        figure.add_scatter(
            x=[first.x[chart.ring]], y=[first.y[chart.ring]], mode="markers", hoverinfo="skip", showlegend=False,
            marker={"symbol": "circle-open", "size": 17, "color": ORANGE, "line": {"width": 3}},
        )  # fmt: skip
    x_axis: dict[str, Any] = {"title": html.escape(chart.x_title), "fixedrange": True}
    if chart.ticks:
        places, texts = zip(*chart.ticks, strict=True)
        x_axis |= {"tickvals": places, "ticktext": [html.escape(text) for text in texts]}
    else:
        x_axis["rangemode"] = "tozero"
    figure.update_layout(
        height=HEIGHT[chart.legend], margin={"l": 10, "r": 10, "t": 10, "b": 10}, hovermode="closest",
        legend={"orientation": "h", "yanchor": "top", "y": -0.22, "x": 0},
        xaxis=x_axis, yaxis={"title": html.escape(chart.y_title), "fixedrange": True},
    )  # fmt: skip
    return figure


def _faint(colour: str) -> str:
    red, green, blue = (int(colour[n : n + 2], 16) for n in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.16)"
