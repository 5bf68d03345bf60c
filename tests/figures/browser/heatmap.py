"""What the tests of the figure "heatmap" share: its maps and messages, and what is read off it."""

from __future__ import annotations

import numpy as np

from tests.figures.conftest import HOSTILE
from tests.figures.maps import map_message

SVG = "{http://www.w3.org/2000/svg}"


LAYERS, HEADS = 2, 3


ALL = [(layer, head) for layer in range(LAYERS) for head in range(HEADS)]


def weights(count: int, queries: int, keys: int | None = None, seed: int = 0) -> np.ndarray:
    """Rows that sum to one, with small and large entries."""
    values = np.random.default_rng(seed).random((count, queries, keys or queries)) ** 6
    return (values / values.sum(-1, keepdims=True)).astype(np.float32)


MAPS = weights(6, len(HOSTILE))


def message(maps: np.ndarray = MAPS, heads: list[tuple[int, int]] = ALL, **other: object) -> bytes:
    labels = HOSTILE if maps.shape[1] == len(HOSTILE) else [f"token{n}" for n in range(maps.shape[1])]
    special = np.zeros(len(labels), bool)
    special[[0, -1]] = True
    given = {
        "layers": LAYERS, "heads": HEADS, "layer": 1, "head": 1, "query_special": special, "key_special": special,
        "model": "tiny", **other,
    }  # fmt: skip
    return map_message(maps, heads, labels, labels, **given)  # type: ignore[arg-type]


def index(layer: int, head: int) -> int:
    return ALL.index((layer, head))
