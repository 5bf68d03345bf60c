"""Packs two texts' maps for the figure "panes": side by side, each over its own tokens, and their difference.

Maps of both sides, their labels and which positions stand for each other go in; bytes for `browser/` come out.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from attnviz.figures.wire import pack
from attnviz.types import BoolArray, FloatArray, IntArray

Head = tuple[int, int]


@dataclass(frozen=True)
class Pane:
    """One side: some heads' maps (N, Q, K) over its own labels, with flags for its special tokens."""

    title: str
    maps: Annotated[FloatArray, "N Q K"]
    queries: Sequence[str]
    keys: Sequence[str]
    query_special: Annotated[BoolArray, "Q"]
    key_special: Annotated[BoolArray, "K"]


def panes_data(
    first: Pane,
    second: Pane,
    places: Sequence[Head],
    query_pairs: Annotated[IntArray, "P 2"],
    key_pairs: Annotated[IntArray, "P' 2"],
    change: Annotated[FloatArray, "L H"],
    *,
    layer: int,
    head: int,
    unit: str = "token",
    causal: bool = False,
    note: str = "",
    model: str = "",
    identity: str = "",
) -> bytes:
    """The message of the figure "panes".

    Args:
        first, second: the two sides, with the maps of the same N heads.
        places: N pairs (layer, head) that say whose maps they are; N may be 0.
        query_pairs, key_pairs: positions of the first and the second side that stand for each other, in order.
        change: how much each head changed between the sides, 0 to 1; NaN where unknown.
        layer, head: the one to show. Others: as in `heatmap_data`.

    Header: figure, panes [{title, queries, keys, querySpecial, keySpecial}] * 2, at, layers, heads, layer, head, unit,
    causal, note, model, identity. Sections: maps0 f32 (N, Q, K), maps1 f32 (N, Q', K'), queryPairs i32 (P, 2),
    keyPairs i32 (P', 2), change f32 (L, H).

    Raises:
        ValueError: shapes that disagree, or positions or a head out of range.
    """
    layers, heads = change.shape
    for place in (*places, (layer, head)):
        if not (0 <= place[0] < layers and 0 <= place[1] < heads):
            raise ValueError(f"there is no layer {place[0]}, head {place[1]} among {layers} x {heads}")
    sides = [_side(pane, len(places)) for pane in (first, second)]
    for pairs, axis in ((query_pairs, "queries"), (key_pairs, "keys")):
        sizes = [len(side[axis]) for side in sides]
        if pairs.shape[1:] != (2,) or (pairs < 0).any() or (pairs >= sizes).any():
            raise ValueError(f"positions of {axis} that stand for each other must be pairs below {sizes}")
    kept: dict[str, Any] = {"panes": sides, "unit": unit, "causal": causal, "model": model}
    digest = hashlib.blake2b(json.dumps([kept, identity]).encode(), digest_size=12).hexdigest()
    header = {
        "figure": "panes",
        **kept,
        "at": [list(place) for place in places],
        "layers": layers,
        "heads": heads,
        "layer": layer,
        "head": head,
        "note": note,
        "identity": digest,
    }
    return pack(
        header,
        {
            "maps0": np.asarray(first.maps, np.float32),
            "maps1": np.asarray(second.maps, np.float32),
            "queryPairs": np.asarray(query_pairs, np.int32),
            "keyPairs": np.asarray(key_pairs, np.int32),
            "change": np.asarray(change, np.float32),
        },
    )


def _side(pane: Pane, count: int) -> dict[str, Any]:
    from attnviz.text import visible

    shape = (count, len(pane.queries), len(pane.keys))
    if pane.maps.shape != shape:
        raise ValueError(f"maps are {pane.maps.shape}, but heads, queries and keys are {shape}")
    if (len(pane.query_special), len(pane.key_special)) != shape[1:]:
        raise ValueError(f"{len(pane.query_special)} x {len(pane.key_special)} flags for maps of {shape}")
    return {
        "title": visible(pane.title),
        "queries": [visible(label) for label in pane.queries],
        "keys": [visible(label) for label in pane.keys],
        "querySpecial": np.asarray(pane.query_special).astype(int).tolist(),
        "keySpecial": np.asarray(pane.key_special).astype(int).tolist(),
    }
