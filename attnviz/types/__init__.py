"""The records that flow from layer to layer: frozen, with read-only arrays, every axis tied to its items.

Nothing here computes or draws. Axis letters: L layers, H heads, T tokens, N items, Q queries, K keys, M metrics.
"""

from attnviz.types.arrays import BoolArray, FloatArray, IntArray, readonly
from attnviz.types.cards import Kind, ModelCard, ModelKind, default_kind
from attnviz.types.items import Frames, Items, Patches, Tokens
from attnviz.types.results import (
    SUM_ROUNDING,
    SUM_TOLERANCE,
    Attribution,
    HeadTable,
    Mark,
    QueryKey,
    sum_tolerance,
)

VERSION = "0.1.0"  # of this package

__all__ = [
    "SUM_ROUNDING",
    "SUM_TOLERANCE",
    "VERSION",
    "Attribution",
    "BoolArray",
    "FloatArray",
    "Frames",
    "HeadTable",
    "IntArray",
    "Items",
    "Kind",
    "Mark",
    "ModelCard",
    "ModelKind",
    "Patches",
    "QueryKey",
    "Tokens",
    "default_kind",
    "readonly",
    "sum_tolerance",
]
