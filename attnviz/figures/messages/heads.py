"""Packs all heads for the figure "heads": thumbnails, as the square root of the weights in bytes, and statistics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

import numpy as np

from attnviz.figures.messages.details import Details
from attnviz.figures.wire import pack
from attnviz.types import FloatArray, HeadTable

Head = tuple[int, int]


def heads_data(
    overviews: Annotated[FloatArray, "L H q k"],
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
        overviews: (L, H, q, k) float32, each at most about 64 x 64; sent as bytes.
        table: statistics of the same L x H heads; NaN where undefined.
        queries, keys: how many tokens the overviews stand for. pooled: how they were made smaller.
        chosen: heads that are marked for comparison, at most four.
        details: the head that is opened in place, and maps for it; without, none can be opened.
        order_by, colour_by: a metric of the table to begin with, or "".
        descriptions: a sentence for each metric, shown beside its name.

    Header: figure, layers, heads, queries, keys, metrics [{name, unit, description}], chosen, detail, orderBy,
    colourBy, causal, pooled, note, model, text. Sections: thumbs u8 (L, H, q, k), scales f32 (L, H): the
    maximum of each head, so that value = (byte / 255)^2 * scale; table f32 (M, L, H), and with details
    f32 (N, Q, K).

    Raises:
        ValueError: shapes that disagree, or more than four chosen heads. UnknownName: an unknown metric.
    """
    overviews = np.asarray(overviews, np.float32)
    if overviews.ndim != 4 or overviews.shape[:2] != table.values.shape[1:]:
        raise ValueError(f"overviews are {overviews.shape}, the statistics {table.values.shape}")
    if len(chosen) > 4:
        raise ValueError(f"{len(chosen)} heads are chosen; four can be compared")
    for metric in filter(None, (order_by, colour_by)):
        table[metric]
    layers, heads = overviews.shape[:2]
    scales = overviews.max(axis=(2, 3), initial=0.0)
    share = np.clip(overviews / np.where(scales > 0, scales, 1)[..., None, None], 0, 1)
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
    thumbs = np.rint(np.sqrt(share) * 255).astype(np.uint8)
    sections = {"thumbs": thumbs, "scales": scales, "table": table.values}
    if details:
        sections["details"] = np.asarray(details.maps, np.float32)
    return pack(header, sections)
