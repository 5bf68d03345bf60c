"""A score's parts and traces as a graph in the form that viewers of circuits read (Neuronpedia, circuit-tracer).

That form is made for features of transcoders: each of our nodes is a head, a feed-forward layer or a token's embedding.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attnviz.figures.messages.why import head_name, steps_of
from attnviz.types import VERSION

if TYPE_CHECKING:
    from attnviz.types import Items, Kind, ScorePart, ScoreParts, Trace

PARTS = 12  # of each side that become nodes, the strongest
SCHEMA = 1
SOURCES = ("embedding", "position", "segment")


def circuit_graph(
    parts: ScoreParts, trace: Trace | None = None, *, model: str = "", text: str = ""
) -> dict[str, Any]:
    """The graph as JSON values: metadata, qParams, nodes, links.

    Args:
        trace: of the same cell; what it goes back to joins the strongest parts.

    A link's weight is what its source adds to the score of its target, against that score's reference.
    """
    tokens = parts.key_tokens
    root = _node_id(_own(parts), parts.query)
    nodes = {root: _node(_own(parts), parts.query, parts.query_tokens, root=parts.weight)}
    links: dict[tuple[str, str], float] = {}
    for side, at, items in (("query", parts.query, parts.query_tokens), ("key", parts.key, tokens)):
        for part, value in parts.strongest(side, PARTS):  # type: ignore[arg-type]
            source = _node_id(part, at)
            nodes.setdefault(source, _node(part, at, items))
            links[source, root] = links.get((source, root), 0.0) + value
    if trace is not None:
        _join(trace, nodes, links, parts)
    slug = f"{head_name(parts.layer, parts.head).replace(' ', '-')}-q{parts.query}-k{parts.key}"
    return {
        "metadata": {
            "slug": slug,
            "scan": model,
            "prompt": text,
            "prompt_tokens": list(tokens.labels),
            "schema_version": SCHEMA,
            "transcoder_list": [],
            "info": {"generator": {"name": "AttnViz", "version": VERSION}},
        },
        "qParams": {
            "linkType": "both",
            "pinnedIds": [*nodes],
            "clickedId": root,
            "supernodes": [],
            "sg_pos": "",
        },
        "nodes": list(nodes.values()),
        "links": [
            {"source": source, "target": target, "weight": weight}
            for (source, target), weight in links.items()
        ],
    }


def _join(
    trace: Trace, nodes: dict[str, dict[str, Any]], links: dict[tuple[str, str], float], parts: ScoreParts
) -> None:
    steps = steps_of(trace)
    ids = [_node_id(step.part, step.token) for step, _ in steps]
    for number, (step, parent) in enumerate(steps):
        if parent < 0:
            continue
        nodes.setdefault(ids[number], _node(step.part, step.token, _items(parts, step.kind)))
        if parent > 0:  # those of the root are there already, of both sides
            links[ids[number], ids[parent]] = links.get((ids[number], ids[parent]), 0.0) + step.value
        else:
            links.setdefault((ids[number], ids[0]), step.value)


def _items(parts: ScoreParts, kind: Kind) -> Items:
    """The tokens that a head of this kind reads at: those of the keys, of an encoder beside a decoder."""
    return parts.key_tokens if kind == "encoder" else parts.query_tokens


def _own(parts: ScoreParts) -> ScorePart:
    from attnviz.types import ScorePart

    return ScorePart("head", head_name(parts.layer, parts.head), parts.layer, parts.head, parts.kind)


def _node_id(part: ScorePart, at: int) -> str:
    if part.kind in SOURCES:
        return f"E_{part.kind}_{at}"
    role = "" if part.role in ("self", "decoder") else f"{part.role}-"
    name = part.kind if part.head is None else f"{role}head-{part.head}"
    return f"{'all' if part.layer is None else part.layer}_{name}_{at}"


def _node(part: ScorePart, at: int, items: Items, root: float | None = None) -> dict[str, Any]:
    """`root`: the attention weight, of the score in question, which stands where these viewers have the output."""
    embedding = part.kind in SOURCES
    return {
        "node_id": _node_id(part, at),
        "feature": at if embedding else (0 if part.head is None else part.head),
        "layer": "E" if embedding else str(0 if part.layer is None else part.layer),
        "ctx_idx": at,
        "feature_type": "logit" if root is not None else "embedding" if embedding else part.kind,
        "token_prob": 0.0 if root is None else root,
        "is_target_logit": root is not None,
        "run_idx": 0,
        "reverse_ctx_idx": 0,
        "jsNodeId": f"{_node_id(part, at)}-0",
        "clerp": f"{part.title} at “{items.labels[at]}”",
    }
