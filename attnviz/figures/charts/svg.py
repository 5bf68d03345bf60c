"""Draws a `LineChart` as SVG, in the colours of the page that it stands in, for a page without plotly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from attnviz.figures.export import escaped
from attnviz.text import decimals

if TYPE_CHECKING:
    from attnviz.figures.charts.lines import Line, LineChart

WIDTH, HEIGHT = 640, 260
LEFT, RIGHT, TOP, BOTTOM = 56, 12, 12, 40  # what the axes need
TICKS = 4  # steps of the y axis
PERCENT = tuple((float(place), str(place)) for place in range(0, 101, 20))
CLASSES = ("first-line", "second-line")
CURVES = "figures/report/curves.css"  # the style sheet that gives them colours


class _Place:
    """Where values stand on the drawing."""

    def __init__(self, chart: LineChart) -> None:
        every = [
            values for line in chart.lines for values in (line.y, line.low, line.high) if values is not None
        ]
        self.low = min(0.0, *(float(values.min()) for values in every))
        high = max(float(values.max()) for values in every)
        self.high = high if high > self.low else self.low + 1.0
        self.end = (chart.ticks or PERCENT)[-1][0]

    def x(self, value: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * value / (self.end or 1.0)

    def y(self, value: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (self.high - value) / (self.high - self.low)

    def points(self, xs: np.ndarray, ys: np.ndarray) -> str:
        return " ".join(f"{self.x(x):.1f},{self.y(y):.1f}" for x, y in zip(xs, ys, strict=True))


def line_svg(chart: LineChart, label: str) -> str:
    """The chart as an SVG element; its texts are escaped.

    Args:
        label: what it is, for who cannot see it.
    """
    place = _Place(chart)
    drawn = [_axes(chart, place)]
    for line, name in zip(chart.lines, CLASSES, strict=False):
        drawn.append(_line(line, name, place))
    if chart.ring is not None:
        first = chart.lines[0]
        x, y = place.x(float(first.x[chart.ring])), place.y(float(first.y[chart.ring]))
        drawn.append(f'<circle class="{CLASSES[1]}" cx="{x:.1f}" cy="{y:.1f}" r="8"/>')
    return (
        f'<svg class="curves" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escaped(label)}">'
        f"{''.join(drawn)}</svg>"
    )


def key(number: int, text: str) -> str:
    """What a line means, beside a piece of it."""
    return f'<span class="key {CLASSES[number]}"></span> {escaped(text)}'


def _line(line: Line, name: str, place: _Place) -> str:
    band = ""
    if line.low is not None and line.high is not None:
        edge = place.points(
            np.concatenate([line.x, line.x[::-1]]), np.concatenate([line.high, line.low[::-1]])
        )
        band = f'<polygon class="{name}" points="{edge}"/>'
    return f'{band}<polyline class="{name}" points="{place.points(line.x, line.y)}"/>'


def _axes(chart: LineChart, place: _Place) -> str:
    """Grid lines with their numbers, and what the axes are."""
    parts = []
    for value in np.linspace(place.low, place.high, TICKS + 1):
        y = place.y(float(value))
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{decimals(value, 2)}</text>')
    for value, text in chart.ticks or PERCENT:
        x = place.x(value)
        parts.append(
            f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{escaped(text)}</text>'
        )
    middle = LEFT + (WIDTH - LEFT - RIGHT) / 2
    parts.append(
        f'<text x="{middle:.1f}" y="{HEIGHT - 4}" text-anchor="middle">{escaped(chart.x_title)}</text>'
    )
    parts.append(
        f'<text transform="translate(12 {(HEIGHT - BOTTOM) / 2:.0f}) rotate(-90)" text-anchor="middle">'
        f"{escaped(chart.y_title)}</text>"
    )
    return "".join(parts)
