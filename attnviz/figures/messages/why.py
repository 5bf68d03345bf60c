"""Packs one attention score for the figure "why": the parts that wrote its query and its key, their pairs, the traces.

Of the table of all pairs the strongest travel; the sums of both streams' parts travel whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from attnviz.figures.messages.axes import shown
from attnviz.figures.wire import pack
from attnviz.text import decimals

if TYPE_CHECKING:
    from attnviz.types import PartTest, ScorePart, ScoreParts, Trace

LINKS = 400  # pairs that travel, the strongest first
NO_LAYER = 9_999  # of what belongs to none: the biases of all layers together
ENDS = {
    "nothing stands out": "further back nothing stands out",
    "depth": "not followed further",
    "links": "not followed further",
}


def why_data(
    parts: ScoreParts,
    trace: Trace | None = None,
    *,
    graph: Mapping[str, Any] | None = None,
    title: str = "",
    note: str = "",
    model: str = "",
) -> bytes:
    """The message of the figure "why".

    Args:
        trace: of the same cell; its root is the head in question. graph: for viewers of circuits, as JSON.
        title: a headline. note: one line under the figure.

    Header: figure, title, note, model, name (of the head), score, reference (what the score counts against, in words),
    streams [{title, token, parts [{name, kind, layer, head}]}], extras [[name, value]] beside both streams, nodes
    [{parent, name, link, told, end, opens, value, share}], graph. Layer -1 stands before the first, head -1 for none.
    Sections: query f32 (A,) and key f32 (B,) the sums of rows and columns, links i32 (N, 2), linkValues f32 (N,).
    """
    order = np.argsort(-np.abs(parts.table), axis=None, kind="stable")[:LINKS]
    links = np.stack(np.unravel_index(order, parts.table.shape), axis=1)
    values = parts.table[tuple(links.T)]
    kept = values != 0
    header = {
        "figure": "why",
        "title": title,
        "note": note,
        "model": model,
        "name": head_name(parts.layer, parts.head),
        "score": parts.score,
        "reference": reference(parts),
        "streams": [_stream(parts, side) for side in ("query", "key")],
        "extras": [["position alone", parts.position]] if parts.position else [],
        "nodes": [_node(*each) for each in steps_of(trace)] if trace is not None else [],
        "graph": graph,
    }
    sections = {
        "query": parts.query_side.astype(np.float32),
        "key": parts.key_side.astype(np.float32),
        "links": links[kept].astype(np.int32),
        "linkValues": values[kept].astype(np.float32),
    }
    return pack(header, sections)


def head_name(layer: int, head: int) -> str:
    """A head as parts are called."""
    return f"head {layer}.{head}"


def reference(parts: ScoreParts) -> str:
    """What the score counts against, in words. It may hold a token."""
    if parts.against is None:
        return "against nothing"
    if parts.against == "mean":
        return "against the mean over the keys of its row"
    return f"against the score of “{token(parts.key_tokens.labels[int(parts.against)])}” ({parts.against})"


def token(label: str) -> str:
    """A token as it can be shown."""
    return shown([label])[0]


def _stream(parts: ScoreParts, side: str) -> dict[str, Any]:
    tokens, at = (parts.query_tokens, parts.query) if side == "query" else (parts.key_tokens, parts.key)
    label = token(tokens.labels[at])
    named = parts.query_parts if side == "query" else parts.key_parts
    return {
        "title": f"{side.capitalize()}: “{label}” ({at})",
        "token": label,
        "parts": [_part(each) for each in named],
    }


def _part(part: ScorePart) -> dict[str, Any]:
    layer = (NO_LAYER if part.kind == "bias" else -1) if part.layer is None else part.layer
    head = -1 if part.head is None else part.head
    return {"name": part.title, "kind": part.kind, "layer": layer, "head": head}


def steps_of(root: Trace) -> list[tuple[Trace, int]]:
    """All steps of the traces, each behind its parent, with its parent's place; -1 of the first."""
    found: list[tuple[Trace, int]] = []

    def add(step: Trace, parent: int) -> None:
        own = len(found)
        found.append((step, parent))
        for child in step.children:
            add(child, own)

    add(root, -1)
    return found


def _node(step: Trace, parent: int) -> dict[str, Any]:
    part = step.part
    link = f"at “{token(step.label)}”"
    if step.key is not None:
        link = f"“{token(step.label)}” → “{token(step.key_label)}”"
        link += "" if step.weight is None else f" {step.weight:.0%}"
    told = [] if parent >= 0 else [f"score {decimals(step.score or 0.0, 2)} against the mean"]
    if parent >= 0:
        told = [f"{step.share:.0%} by its {step.side}".replace("-", "−"), *_tested(step.test)]
    return {
        "parent": parent,
        "name": part.title,
        "link": link,
        "told": " · ".join(told),
        "end": ENDS.get(step.ended, ""),
        "opens": step.key is not None and step.part.head is not None,
        "value": step.value,
        "share": step.share,
    }


def _tested(test: PartTest | None) -> list[str]:
    if test is None:
        return []
    return [f"test {test.ratio:.0%}".replace("-", "−") if np.isfinite(test.ratio) else "untested"]
