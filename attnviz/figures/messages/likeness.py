"""Packs how alike all heads are for the figure "likeness": a clustered matrix, a map, and the heads by what they do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import numpy as np

from attnviz.analysis.head_kinds import KINDS
from attnviz.figures.wire import pack
from attnviz.types import FloatArray, IntArray


def likeness_data(
    distances: Annotated[FloatArray, "N N"],
    order: Annotated[IntArray, "N"],
    points: Annotated[FloatArray, "N 2"],
    kinds: Annotated[IntArray, "L H"],
    shares: Mapping[str, Annotated[FloatArray, "L H"]],
    *,
    note: str = "",
    model: str = "",
) -> bytes:
    """The message of the figure "likeness".

    Args:
        distances: of N = L * H heads, layer after layer, 0 to 1. order: in which they stand in the matrix.
        points: their places on the map. kinds: what each does, places in `KINDS`; shares: by name in `KINDS`.
        note: one line under the figure. model: for file names.

    Header: figure, layers, heads, kinds [{name, title, definition}], shares [names], note, model. Sections: distances
    f32 (N, N), order i32 (N,), points f32 (N, 2), kindOf i32 (N,), shares f32 (S, N).

    Raises:
        ValueError: shapes that disagree.
    """
    layers, heads = kinds.shape
    count = layers * heads
    if distances.shape != (count, count) or order.shape != (count,) or points.shape != (count, 2):
        raise ValueError(
            f"{count} heads, but distances {distances.shape}, order {order.shape}, points {points.shape}"
        )
    header = {
        "figure": "likeness",
        "layers": layers,
        "heads": heads,
        "kinds": [
            {"name": name, "title": title, "definition": text} for name, (title, text) in KINDS.items()
        ],
        "shares": [KINDS[name][0] for name in shares],
        "note": note,
        "model": model,
    }
    table = np.stack([np.asarray(values, np.float32).reshape(-1) for values in shares.values()])
    return pack(
        header,
        {
            "distances": np.asarray(distances, np.float32),
            "order": np.asarray(order, np.int32),
            "points": np.asarray(points, np.float32),
            "kindOf": np.asarray(kinds, np.int32).reshape(-1),
            "shares": table,
        },
    )
