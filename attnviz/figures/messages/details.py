"""What the grid of all heads shows of an opened head: its map over labelled tokens, in place among the thumbnails."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from attnviz.types import BoolArray, FloatArray

Head = tuple[int, int]


@dataclass(frozen=True)
class Details:
    """Maps of some heads, and which head is open.

    Attributes:
        maps: (N, Q, K) exact weights of the N heads `places`.
        query_labels, key_labels, query_special, key_special: of their rows and columns; `unit`: what these are.
        opened: the head that is open, or None. identity: whatever else tells two messages' maps apart.
    """

    maps: Annotated[FloatArray, "N Q K"]
    places: Sequence[Head]
    query_labels: Sequence[str]
    key_labels: Sequence[str]
    query_special: Annotated[BoolArray, "Q"]
    key_special: Annotated[BoolArray, "K"]
    unit: str = "token"
    opened: Head | None = None
    identity: str = ""

    def header(self) -> dict[str, Any]:
        """at, queries, keys, querySpecial, keySpecial, unit, opened, identity."""
        from attnviz.text import visible

        shape = (len(self.places), len(self.query_labels), len(self.key_labels))
        if np.shape(self.maps) != shape:
            raise ValueError(f"maps are {np.shape(self.maps)}, but heads, queries and keys are {shape}")
        return {
            "at": [list(place) for place in self.places],
            "queries": [visible(label) for label in self.query_labels],
            "keys": [visible(label) for label in self.key_labels],
            "querySpecial": np.asarray(self.query_special).astype(int).tolist(),
            "keySpecial": np.asarray(self.key_special).astype(int).tolist(),
            "unit": self.unit,
            "opened": list(self.opened) if self.opened else None,
            "identity": hashlib.blake2b(self.identity.encode(), digest_size=12).hexdigest(),
        }
