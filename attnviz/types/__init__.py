"""The records that flow from layer to layer: frozen, with read-only arrays, every axis tied to its items.

Nothing here computes or draws. Axis letters: L layers, H heads, T tokens, N items, Q queries, K keys, M metrics.
"""

from attnviz.types.arrays import BoolArray, ByteArray, FloatArray, IntArray, readonly
from attnviz.types.cards import CatalogCard, Estimate, Kind, ModelCard, ModelKind, default_kind
from attnviz.types.circuits import (
    Against,
    Ended,
    LaterEffect,
    PartKind,
    PartTest,
    ScorePart,
    ScoreParts,
    Side,
    Trace,
    Writes,
)
from attnviz.types.gold import GoldAlignment, Links
from attnviz.types.items import Frames, Items, Patches, Tokens
from attnviz.types.record import Record, brief
from attnviz.types.results import (
    SUM_ROUNDING,
    SUM_TOLERANCE,
    Attribution,
    HeadTable,
    Mark,
    Overviews,
    QueryKey,
    sum_tolerance,
)
from attnviz.types.writing import Candidate, WrittenToken

VERSION = "0.1.0"  # of this package

__all__ = [
    "SUM_ROUNDING",
    "SUM_TOLERANCE",
    "VERSION",
    "Against",
    "Attribution",
    "BoolArray",
    "ByteArray",
    "Candidate",
    "CatalogCard",
    "Ended",
    "Estimate",
    "FloatArray",
    "Frames",
    "GoldAlignment",
    "HeadTable",
    "IntArray",
    "Items",
    "Kind",
    "LaterEffect",
    "Links",
    "Mark",
    "ModelCard",
    "ModelKind",
    "Overviews",
    "PartKind",
    "PartTest",
    "Patches",
    "QueryKey",
    "Record",
    "ScorePart",
    "ScoreParts",
    "Side",
    "Tokens",
    "Trace",
    "Writes",
    "WrittenToken",
    "brief",
    "default_kind",
    "readonly",
    "sum_tolerance",
]
