"""Packs two to four panes for the figure "panes": maps side by side, each over its own tokens, and a difference.

A source is the maps of one model on one text; a pane shows a head of one; matchings say which tokens of two sources
stand for each other.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from attnviz.analysis.alignment import Matching
from attnviz.figures.wire import pack
from attnviz.types import BoolArray, FloatArray

Head = tuple[int, int]
PANES = (2, 4)


@dataclass(frozen=True)
class Source:
    """Some heads' maps (N, Q, K) of one model on one text, whose heads (`places`) they are, and how many it has.

    `identity`: equal ones have interchangeable maps, so that a browser may keep those that it was sent.
    """

    maps: Annotated[FloatArray, "N Q K"]
    places: Sequence[Head]
    queries: Sequence[str]
    keys: Sequence[str]
    query_special: Annotated[BoolArray, "Q"]
    key_special: Annotated[BoolArray, "K"]
    layers: int
    heads: int
    causal: bool = False
    identity: str = ""


@dataclass(frozen=True)
class Pane:
    """One head of a source. `name`: short, for sentences ("A"); `title`: what sets it apart from the other panes."""

    name: str
    title: str
    source: int
    head: Head


def panes_data(
    sources: Sequence[Source],
    panes: Sequence[Pane],
    matchings: Mapping[tuple[int, int], tuple[Matching, Matching]],
    *,
    change: Annotated[FloatArray, "L H"] | None = None,
    fixed: bool = False,
    unit: str = "token",
    note: str = "",
    model: str = "",
) -> bytes:
    """The message of the figure "panes".

    Args:
        sources: whose maps there are; a source may hold the maps of none of the shown heads (they then come later).
        panes: two to four.
        matchings: for each pair (s, t), s < t, of sources: which queries, and which keys, stand for each other.
        change: how much each head changed from the first pane's source to the second's, 0 to 1; NaN where unknown.
        fixed: whether the heads of the panes can not be stepped through.
        unit: what a label is. note: one line under the figure. model: for file names.

    Header: figure, sources [{at, layers, heads, queries, keys, querySpecial, keySpecial, causal, identity}], panes
    [{name, title, source, layer, head}], matchings [{sources, queries, keys}], fixed, unit, note, model. Sections:
    maps{s} f32 (N, Q, K); for matching m: queries{m}a, queries{m}b, keys{m}a, keys{m}b i32, the unit of each
    position or -1; change f32 (L, H) where it is known.

    Raises:
        ValueError: shapes that disagree, panes of heads that there are not, or a pair of sources without matching.
    """
    if not PANES[0] <= len(panes) <= PANES[1]:
        raise ValueError(f"two to four panes are shown, not {len(panes)}")
    for pane in panes:
        source = sources[pane.source]
        for place in (*source.places, pane.head):
            if not (0 <= place[0] < source.layers and 0 <= place[1] < source.heads):
                raise ValueError(
                    f"there is no layer {place[0]}, head {place[1]} among {source.layers} x {source.heads}"
                )
    pairs = [(s, t) for t in range(len(sources)) for s in range(t)]
    if set(pairs) != set(matchings):
        raise ValueError(f"matchings of {sorted(matchings)}, not of {pairs}")
    header = {
        "figure": "panes",
        "sources": [_source(source) for source in sources],
        "panes": [_pane(pane) for pane in panes],
        "matchings": [_matching(pair, matchings[pair], sources) for pair in pairs],
        "fixed": fixed,
        "unit": unit,
        "note": note,
        "model": model,
    }
    sections = {f"maps{s}": np.asarray(source.maps, np.float32) for s, source in enumerate(sources)}
    for m, pair in enumerate(pairs):
        for axis, matching in zip(("queries", "keys"), matchings[pair], strict=True):
            sections[f"{axis}{m}a"] = np.asarray(matching.first, np.int32)
            sections[f"{axis}{m}b"] = np.asarray(matching.second, np.int32)
    if change is not None:
        first = sources[panes[0].source]
        if change.shape != (first.layers, first.heads):
            raise ValueError(f"changes of {change.shape} heads for {first.layers} x {first.heads}")
        sections["change"] = np.asarray(change, np.float32)
    return pack(header, sections)


def _pane(pane: Pane) -> dict[str, Any]:
    from attnviz.text import visible

    layer, head = pane.head
    return {
        "name": visible(pane.name),
        "title": visible(pane.title) if pane.title else "",
        "source": pane.source,
        "layer": layer,
        "head": head,
    }


def _source(source: Source) -> dict[str, Any]:
    from attnviz.text import visible

    shape = (len(source.places), len(source.queries), len(source.keys))
    if source.maps.shape != shape:
        raise ValueError(f"maps are {source.maps.shape}, but heads, queries and keys are {shape}")
    if (len(source.query_special), len(source.key_special)) != shape[1:]:
        raise ValueError(f"{len(source.query_special)} x {len(source.key_special)} flags for maps of {shape}")
    kept: dict[str, Any] = {
        "layers": source.layers,
        "heads": source.heads,
        "queries": [visible(label) for label in source.queries],
        "keys": [visible(label) for label in source.keys],
        "querySpecial": np.asarray(source.query_special).astype(int).tolist(),
        "keySpecial": np.asarray(source.key_special).astype(int).tolist(),
        "causal": source.causal,
    }
    digest = hashlib.blake2b(json.dumps([kept, source.identity]).encode(), digest_size=12).hexdigest()
    return {**kept, "at": [list(place) for place in source.places], "identity": digest}


def _matching(
    pair: tuple[int, int], matchings: tuple[Matching, Matching], sources: Sequence[Source]
) -> dict[str, Any]:
    from attnviz.text import visible

    for matching, axis in zip(matchings, ("queries", "keys"), strict=True):
        sizes = [len(getattr(sources[s], axis)) for s in pair]
        if [len(matching.first), len(matching.second)] != sizes:
            raise ValueError(
                f"{len(matching.first)} and {len(matching.second)} {axis} are matched, not {sizes[0]} and {sizes[1]}"
            )
    queries, keys = ([visible(label) for label in each.labels] for each in matchings)
    return {"sources": list(pair), "queries": queries, "keys": keys}
