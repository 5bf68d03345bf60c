"""Lines over an axis, as a record that `plotly` and `svg` beside this module draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from attnviz.explanation import Faithfulness

Values = Annotated[npt.NDArray[np.float64], "N"]

MANY = 16  # layers; above, not every one has its number on the axis


@dataclass(frozen=True)
class Line:
    """One line.

    Attributes:
        name: in the legend. x, y: (N,) where its points are. texts: of the points, as they are read out before their
            value. low, high: (N,) the edges of the band that it is compared with, if there is one, and band: its name.
    """

    name: str
    x: Values
    y: Values
    texts: Sequence[str]
    low: Values | None = None
    high: Values | None = None
    band: str = ""


@dataclass(frozen=True)
class LineChart:
    """Some lines on the same axes, whose texts may be anybody's.

    Attributes:
        lines: one or two. x_title, y_title: of the axes, with the unit.
        level: a value that is marked across the chart.
        ticks: (place, text) on the x axis; empty: round numbers.
        ring: the place of a point of the first line that is ringed.
        digits: decimals with which a point's value is read out.
        legend: whether there is more than one line to tell apart.
    """

    lines: Sequence[Line]
    x_title: str
    y_title: str
    level: float
    ticks: Sequence[tuple[float, str]] = ()
    ring: int | None = None
    digits: int = 3
    legend: bool = True


def curves_chart(test: Faithfulness, unit: str, noun: str = "word") -> LineChart:
    """The target while ever more words are taken away, or kept alone, over the band of the random orders.

    Args:
        unit: of the target. noun: "word", or "patch" where a picture is explained.
    """
    from attnviz.explanation.evaluation.verdict import chance, spread

    share = np.concatenate([[0.0], test.fractions]) * 100
    whole = np.full((len(test.seeds), 1), test.value)
    many, counted = ("words", "tokens") if noun == "word" else ("patches", "patches")
    parts = (
        (
            f"first {many} taken away",
            share,
            np.append(test.value, test.removed),
            np.hstack([whole, test.random_removed]),
        ),
        (f"only the first {many} kept", share[1:], test.kept, test.random_kept),
    )
    lines = []
    for name, x, own, random in parts:
        low, high = spread(random, test.level)
        texts = [f"{percent:.0f} % of the {counted}" for percent in x]
        lines.append(Line(name, x, own, texts, low, high, f"{name}: {chance(test)}"))
    return LineChart(lines, f"{counted} taken away, or kept, in %", unit, test.value)


def layers_chart(values: Values, names: Sequence[str], title: str, settled: int) -> LineChart:
    """The result after each layer as a line; a ring around the place from which it stays.

    Args:
        values: (L + 1,) before the first layer, after each.
        names: of these places, as they are read out ("before layer 0").
        title: of the axis of values, with the unit.
        settled: the place that is ringed.
    """
    places = np.arange(len(values))
    ticks = [
        (float(place), "none" if place == 0 else str(place - 1))
        for place in places[:: 1 + len(values) // MANY].tolist()
    ]
    line = Line("result", places.astype(np.float64), values, names)
    return LineChart(
        [line],
        "the model stopped after layer",
        title,
        float(values[-1]),
        ticks=ticks,
        ring=settled,
        digits=4,
        legend=False,
    )
