"""Packs all heads for the figure "heads": thumbnails in bytes, and statistics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt

from attnviz.figures.messages.details import Details
from attnviz.figures.wire import pack
from attnviz.types import ByteArray, HeadTable, Overviews

Head = tuple[int, int]


def heads_data(
    overviews: Overviews,
    table: HeadTable,
    *,
    queries: int,
    keys: int,
    chosen: Sequence[Head] = (),
    details: Details | None = None,
    order_by: str = "",
    colour_by: str = "",
    descriptions: Mapping[str, str] | None = None,
    causal: bool = False,
    pooled: str = "max",
    note: str = "",
    model: str = "",
    text: str = "",
) -> bytes:
    """The message of the figure "heads": a thumbnail of every head and its statistics.

    Args:
        overviews: of L x H heads, each at most about 64 x 64 cells.
        table: statistics of the same L x H heads; NaN where undefined.
        queries, keys: how many tokens the overviews stand for. pooled: how they were made smaller.
        chosen: heads that are marked for comparison, at most four.
        details: the head that is opened in place, and maps for it; without, none can be opened.
        order_by, colour_by: a metric of the table to begin with, or "".
        descriptions: a sentence for each metric, shown beside its name.

    Header: figure, layers, heads, queries, keys, metrics [{name, unit, description}], chosen, detail, orderBy,
    colourBy, causal, pooled, note, model, text. Sections: thumbs u8 (L, H, q, k), or, where all
    that lies above the diagonals is 0, (L, H, q (q + 1) / 2), the rest row after row; scales f32 (L, H) as in
    `Overviews`; table f32 (M, L, H), and with details f32 (N, Q, K).

    Raises:
        ValueError: shapes that disagree, or more than four chosen heads. UnknownName: an unknown metric.
    """
    layers, heads = overviews.scales.shape
    if (layers, heads) != table.values.shape[1:]:
        raise ValueError(f"overviews are {overviews.cells.shape}, the statistics {table.values.shape}")
    if len(chosen) > 4:
        raise ValueError(f"{len(chosen)} heads are chosen; four can be compared")
    for metric in filter(None, (order_by, colour_by)):
        table[metric]
    header = {
        "figure": "heads",
        "layers": layers,
        "heads": heads,
        "queries": queries,
        "keys": keys,
        "metrics": [
            {"name": name, "unit": unit, "description": (descriptions or {}).get(name, "")}
            for name, unit in zip(table.metrics, table.units, strict=True)
        ],
        "chosen": [list(place) for place in chosen],
        "detail": details.header() if details else None,
        "orderBy": order_by,
        "colourBy": colour_by,
        "causal": causal,
        "pooled": pooled,
        "note": note,
        "model": model,
        "text": text,
    }
    sections: dict[str, npt.NDArray[Any]] = {
        "thumbs": _lean(overviews.cells),
        "scales": overviews.scales,
        "table": table.values,
    }
    if details:
        sections["details"] = np.asarray(details.maps, np.float32)
    return pack(header, sections)


def _lean(cells: Annotated[ByteArray, "L H q k"]) -> Annotated[ByteArray, "L H *"]:
    """The maps without the half above their diagonals, where nothing stands in it: heads that never look ahead."""
    rows, columns = cells.shape[2:]
    below = np.tril_indices(rows)
    if rows != columns or rows < 2 or np.triu(cells, 1).any():
        return cells
    return cells[:, :, *below]
