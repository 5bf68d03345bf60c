"""Packs shares of attention for the figure "allocation": stacked bars over layers or heads, and one class by head."""

from __future__ import annotations

import numpy as np

from attnviz.analysis.allocation import OTHER, SAME, SPECIAL, Allocation
from attnviz.analysis.token_classes import TITLES
from attnviz.figures.wire import pack

# A hue for each group, so that a class keeps its colour from text to text; distances have an order instead.
_HUES = {
    TITLES["first"]: 0, TITLES["special"]: 1, TITLES["punctuation"]: 2, TITLES["function"]: 3, TITLES["content"]: 4,
    TITLES["word"]: 4, SAME: 4, OTHER: 2, SPECIAL: 1,
}  # fmt: skip


def allocation_data(
    allocation: Allocation, *, chosen: int = 0, note: str = "", model: str = "", text: str = ""
) -> bytes:
    """The message of the figure "allocation".

    Args:
        allocation: shares by group of the key token, of every head.
        chosen: the group whose share is shown head by head at first.
        note: one line under the figure. model, text: for descriptions and file names.

    Header: figure, layers, heads, titles, definitions, rows, hues (a number for each group, or null where the groups
    are distances in order), chosen, note, model, text. Sections: shares f32 (L, H, G, C), even f32 (G, C).
    """
    layers, heads = allocation.shares.shape[:2]
    hues = [_HUES.get(title) for title in allocation.titles]
    header = {
        "figure": "allocation",
        "layers": layers,
        "heads": heads,
        "titles": list(allocation.titles),
        "definitions": list(allocation.definitions),
        "rows": list(allocation.rows),
        "hues": None if None in hues else hues,
        "chosen": chosen,
        "note": note,
        "model": model,
        "text": text,
    }
    return pack(
        header,
        {
            "shares": np.asarray(allocation.shares, np.float32),
            "even": np.asarray(allocation.even, np.float32),
        },
    )
