"""The curves of a faithfulness test as a drawing for a page without plotly: an SVG in the page's own colours.

In flow the test and the unit of its target; out flows markup, its one foreign text escaped.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from attnviz.figures.export import escaped
from attnviz.text import decimals

if TYPE_CHECKING:
    from attnviz.explanation import Faithfulness

WIDTH, HEIGHT = 640, 260
LEFT, RIGHT, TOP, BOTTOM = 56, 12, 12, 40  # what the axes need
TICKS = 4


def curves_svg(test: Faithfulness, unit: str) -> str:
    """The target while ever more words are taken away, or kept alone, over the range of the random orders."""
    share = np.concatenate([[0.0], test.fractions]) * 100
    whole = np.full((len(test.seeds), 1), test.value)
    away = np.concatenate([[test.value], test.removed]), np.hstack([whole, test.random_removed])
    kept = test.kept, test.random_kept
    low = min(0.0, *(float(part.min()) for pair in (away, kept) for part in pair))
    high = max(float(part.max()) for pair in (away, kept) for part in pair)
    high = high if high > low else low + 1.0

    def point(x: float, y: float) -> str:
        across = LEFT + (WIDTH - LEFT - RIGHT) * x / 100
        return f"{across:.1f},{_down(y, low, high):.1f}"

    drawn = [_axes(low, high, unit)]
    for name, xs, (own, random) in (("away", share, away), ("kept", share[1:], kept)):
        band = [*zip(xs, random.max(0), strict=True), *zip(xs[::-1], random.min(0)[::-1], strict=True)]
        drawn.append(f'<polygon class="{name}" points="{" ".join(point(x, y) for x, y in band)}"/>')
        line = zip(xs, own, strict=True)
        drawn.append(f'<polyline class="{name}" points="{" ".join(point(x, y) for x, y in line)}"/>')
    legend = (
        '<p class="small"><span class="key away"></span> first words taken away '
        '<span class="key kept"></span> only the first words kept. Shaded: the range of '
        f"{len(test.seeds)} random orders.</p>"
    )
    return (
        f'<svg class="curves" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="Curves of the test; their numbers '
        f'stand in the table below">{"".join(drawn)}</svg>{legend}'
    )


def _down(value: float, low: float, high: float) -> float:
    return TOP + (HEIGHT - TOP - BOTTOM) * (high - value) / (high - low)


def _axes(low: float, high: float, unit: str) -> str:
    """Grid lines with their numbers, and what the axes are."""
    parts = []
    for value in np.linspace(low, high, TICKS + 1):
        y = _down(float(value), low, high)
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        number = decimals(value, 2)
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{number}</text>')
    for percent in range(0, 101, 20):
        x = LEFT + (WIDTH - LEFT - RIGHT) * percent / 100
        parts.append(f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{percent}</text>')
    middle = LEFT + (WIDTH - LEFT - RIGHT) / 2
    parts.append(
        f'<text x="{middle:.1f}" y="{HEIGHT - 4}" text-anchor="middle">tokens taken away, or kept, in %</text>'
    )
    parts.append(
        f'<text transform="translate(12 {(HEIGHT - BOTTOM) / 2:.0f}) rotate(-90)" text-anchor="middle">'
        f"{escaped(unit)}</text>"
    )
    return "".join(parts)
