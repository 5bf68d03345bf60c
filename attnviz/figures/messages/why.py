"""Packs one attention score for the figure "why": the parts that wrote its query and its key, their pairs, the traces.

Of the table of all pairs the strongest travel; the sums of both streams' parts travel whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from attnviz.figures.wire import pack

if TYPE_CHECKING:
    from attnviz.types import FloatArray

LINKS = 400  # pairs that travel, the strongest first


@dataclass(frozen=True)
class Stream:
    """The parts that wrote the query's or the key's stream.

    Attributes:
        title: which stream, and where. token: its token, as it can be shown.
        parts: (name, kind, layer, head) of each; layer -1 before the first, head -1 where it is no head.
    """

    title: str
    token: str
    parts: tuple[tuple[str, str, int, int], ...]


@dataclass(frozen=True)
class Step:
    """A step of the traces: a head that looked somewhere, or what is not followed further.

    Attributes:
        parent: the place of the step that it explains, -1 of the first.
        link: who looks at whom. told: its share, and the test of it.
        cell: (layer, head, query, key) of a head.
        value: what it adds to the score of its parent. share: of that score.
    """

    parent: int
    name: str
    link: str = ""
    told: str = ""
    cell: tuple[int, int, int, int] | None = None
    value: float = 0.0
    share: float = 1.0


def why_data(
    streams: tuple[Stream, Stream],
    table: FloatArray,
    steps: Sequence[Step] = (),
    *,
    name: str,
    score: float,
    reference: str,
    extras: Sequence[tuple[str, float]] = (),
    graph: Mapping[str, Any] | None = None,
    title: str = "",
    note: str = "",
    model: str = "",
) -> bytes:
    """The message of the figure "why".

    Args:
        streams: of the query and of the key, with P and S parts.
        table: (P, S) what each pair of parts adds to the score.
        steps: of the traces, each behind its parent.
        name: the head. score: in which all adds up. reference: what it counts against, in words.
        extras: (name, value) of what counts beside both streams. graph: for viewers of circuits.
        title: a headline. note: one line under the figure.

    Header: figure, title, note, model, name, score, reference, streams [{title, token, parts [{name, kind, layer,
    head}]}], extras, nodes [{parent, name, link, told, cell, value, share}], graph. Sections: query f32 (P,) and
    key f32 (S,) the sums of rows and columns, links i32 (N, 2), linkValues f32 (N,).
    """
    whole = np.asarray(table, np.float64)
    order = np.argsort(-np.abs(whole), axis=None, kind="stable")[:LINKS]
    links = np.stack(np.unravel_index(order, whole.shape), axis=1)
    values = whole[tuple(links.T)]
    kept = values != 0
    header = {
        "figure": "why",
        "title": title,
        "note": note,
        "model": model,
        "name": name,
        "score": score,
        "reference": reference,
        "streams": [_stream(each) for each in streams],
        "extras": [list(each) for each in extras],
        "nodes": [_node(each) for each in steps],
        "graph": graph,
    }
    sections = {
        "query": whole.sum(1).astype(np.float32),
        "key": whole.sum(0).astype(np.float32),
        "links": links[kept].astype(np.int32),
        "linkValues": values[kept].astype(np.float32),
    }
    return pack(header, sections)


def _stream(stream: Stream) -> dict[str, Any]:
    fields = ("name", "kind", "layer", "head")
    parts = [dict(zip(fields, part, strict=True)) for part in stream.parts]
    return {"title": stream.title, "token": stream.token, "parts": parts}


def _node(step: Step) -> dict[str, Any]:
    return {
        "parent": step.parent,
        "name": step.name,
        "link": step.link,
        "told": step.told,
        "cell": list(step.cell) if step.cell is not None else None,
        "value": step.value,
        "share": step.share,
    }
