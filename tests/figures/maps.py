"""Messages of the figure "heatmap" from plain arrays and labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from attnviz.figures import MapView
from attnviz.figures.messages.axes import Axes, labelled
from attnviz.figures.messages.quantities import Quantity

TITLES = ("query token: looks from", "key token: looked at")


def map_message(
    maps: np.ndarray,
    places: Sequence[tuple[int, int]],
    query_labels: Sequence[str],
    key_labels: Sequence[str],
    *,
    layer: int,
    head: int,
    query_special: np.ndarray | None = None,
    key_special: np.ndarray | None = None,
    query_title: str = TITLES[0],
    key_title: str = TITLES[1],
    unit: str = "token",
    quantity: str = "attention weight",
    rows_sum_to_one: bool = True,
    signed: bool = False,
    proses: Sequence = (),
    first: str = "",
    note: str = "",
    **view: Any,
) -> bytes:
    """`view`: the other fields of `MapView`."""
    rows, columns = (
        labelled(labels, special, unit)
        for labels, special in ((query_labels, query_special), (key_labels, key_special))
    )
    axes = Axes(rows, columns, proses, first)
    what = Quantity(quantity, "", rows_sum_to_one, signed)
    titles = query_title, key_title
    return MapView(
        maps, places, axes, shown=(layer, head), quantity=what, titles=titles, note=note, **view
    ).message()
