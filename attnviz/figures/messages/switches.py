"""Packs the importance of all heads for the figure "switches", in which each head and layer can be switched off."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import numpy as np

from attnviz.figures.messages.results import Results, results_header
from attnviz.figures.wire import pack
from attnviz.types import FloatArray


def switches_data(
    values: Annotated[FloatArray, "L H"],
    off: Sequence[tuple[int, int]],
    *,
    title: str,
    name: str,
    legend: str,
    unit: str,
    marked: str = "switched off",
    help: str = "Click a head, or the number of a layer, to switch it off or on; arrow keys move, Enter switches.",
    target: str = "",
    model: str = "",
    identity: str = "",
    results: Results | None = None,
) -> bytes:
    """The message of the figure "switches".

    Args:
        values: how far a result falls without each head; NaN where there is no such head.
        off: the heads that are switched off.
        title: above the grid. name: of a value, before the number. legend: what the colours mean. unit: of a value.
        marked: what the heads of `off` are. help: how they are chosen.
        target, model: for file names. identity: of the question; with another one, what the reader has switched
            in the browser a moment ago is forgotten.
        results: what was found without the heads that are off, for a file in which nothing can be switched.

    Header: figure, layers, heads, off [[layer, head]], results or null, and the words. Sections: values f32 (L, H).
    """
    layers, heads = values.shape
    header = {
        "figure": "switches",
        "layers": layers,
        "heads": heads,
        "off": [list(place) for place in off],
        "title": title,
        "name": name,
        "legend": legend,
        "unit": unit,
        "marked": marked,
        "help": help,
        "target": target,
        "model": model,
        "identity": identity,
        "results": results_header(results),
    }
    return pack(header, {"values": np.asarray(values, np.float32)})
