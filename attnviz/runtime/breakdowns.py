"""What the attention of a text is broken down by: the class, the segment or the distance of the key token.

A capture goes in, the shares of every head come out, beside those that even attention would give.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from attnviz import checks
from attnviz.types import Kind, Patches, Tokens

if TYPE_CHECKING:
    from attnviz.analysis.allocation import Allocation
    from attnviz.capture import Capture

Breakdown = Literal["class", "segment", "distance"]


def breakdowns(capture: Capture, kind: Kind | None) -> tuple[Breakdown, ...]:
    """Those that make sense: classes need tokens, segments a pair, distances one axis that is no picture's."""
    sides = capture.query_tokens(kind), capture.key_tokens(kind)
    if any(isinstance(each, Patches) for each in sides):
        return ()
    names: list[Breakdown] = ["class"] if all(isinstance(each, Tokens) for each in sides) else []
    keys = sides[1]
    if isinstance(keys, Tokens) and len(set(keys.segments.tolist())) > 1 and _one_axis(capture, kind):
        names.append("segment")
    return (*names, "distance") if _one_axis(capture, kind) else tuple(names)


def causal(capture: Capture, kind: Kind | None) -> bool:
    """Whether no token can look at a later one."""
    return kind == "decoder" or (capture.card.kind == "decoder" and _one_axis(capture, kind))


def _one_axis(capture: Capture, kind: Kind | None) -> bool:
    return capture.query_tokens(kind) is capture.key_tokens(kind)


def _by_class(capture: Capture, kind: Kind | None) -> Allocation:
    from attnviz.analysis import allocation
    from attnviz.capture.recompute import shares

    rows, keys = (
        allocation.class_groups(checks.tokens("A breakdown by class", each))
        for each in (capture.query_tokens(kind), capture.key_tokens(kind))
    )
    values = shares.by_group(capture, rows.index, keys.index, kind)
    even = allocation.even_shares(
        rows.index, keys.index, causal(capture, kind), (len(rows.titles), len(keys.titles))
    )
    return allocation.Allocation(
        keys.titles,
        keys.definitions,
        (allocation.ALL, *rows.titles),
        allocation.with_all(values, rows.index),
        allocation.with_all(even, rows.index),
    )


def _by_segment(capture: Capture, kind: Kind | None) -> Allocation:
    """Queries are the tokens of the texts; special tokens belong to neither text and do not ask here."""
    from attnviz.analysis import allocation
    from attnviz.capture.recompute import shares

    groups = allocation.segment_groups(checks.tokens("A breakdown by text", capture.key_tokens(kind)))
    index = groups.index
    texts = index[index < 2]
    values = allocation.same_and_other(shares.by_group(capture, index, index, kind))
    even = allocation.same_and_other(allocation.even_shares(index, index, causal(capture, kind), (3, 3)))
    return allocation.Allocation(
        (allocation.SAME, allocation.OTHER, allocation.SPECIAL),
        (
            "Tokens of the text that the looking token stands in.",
            "Tokens of the other text.",
            groups.definitions[2],
        ),
        ("tokens of both texts", *groups.titles[:2]),
        allocation.with_all(values, texts),
        allocation.with_all(even, texts),
    )


def _by_distance(capture: Capture, kind: Kind | None) -> Allocation:
    from attnviz.analysis import allocation
    from attnviz.capture.recompute import shares

    one_way, tokens = causal(capture, kind), len(capture.key_tokens(kind))
    edges = allocation.distance_edges(tokens, one_way)
    values = shares.by_distance(capture, edges, kind)
    even = allocation.even_by_distance(tokens, edges, one_way)
    titles = allocation.distance_titles(edges)
    return allocation.Allocation(
        titles, ("",) * len(titles), (allocation.ALL,), values[:, :, None], even[None]
    )


ALLOCATE = {"class": _by_class, "segment": _by_segment, "distance": _by_distance}
