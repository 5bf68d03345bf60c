"""A look followed back: the part that made it, where the head that wrote it had looked, and so on to the embeddings."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from attnviz import checks
from attnviz.explanation.declarations import Progress
from attnviz.types import Ended, Kind, ScorePart, ScoreParts, Side, Trace

if TYPE_CHECKING:
    from attnviz.capture import Model
    from attnviz.capture.reading import Messages
    from attnviz.explanation.circuits.parts import Vectors
    from attnviz.explanation.circuits.streams import Cell, Streams

STANDS_OUT = 0.2  # of a score: what a part must add to it to be followed
BESIDE_FIRST = 0.1  # weight of a key, from which on the first token is taken for a sink
MOST_CHILDREN = 3
MOST_DEPTH, MOST_LINKS = 10, 60


def traces(
    model: Model,
    text: str | Messages,
    layer: int,
    head: int,
    query: int,
    key: int,
    pair: str | None = None,
    *,
    depth: int = 3,
    links: int = 12,
    kind: Kind | None = None,
    target_text: str | None = None,
    progress: Progress | None = None,
) -> Trace:
    """Follow a look back: which parts made it, and of each that a head wrote, where that head had looked.

    A part is followed where it adds at least a fifth of the score, held against the mean key; at most three of one
    score, those at the key and at the query together. A head is followed to the key that it looks at most; the first
    token, where many heads rest, is left out if another one has a tenth of the weight. Each link has its own test.

    Args:
        model, text, layer, head, query, key, pair, kind, target_text, progress: as in `attnviz.why`.
        depth: how many scores deep. links: the most of the whole tree.

    Raises what `attnviz.why` raises.
    """
    from attnviz.explanation.circuits.streams import read

    report = progress or (lambda fraction: None)
    depth = checks.between("depth", depth, 1, MOST_DEPTH)
    links = checks.between("number of links", links, 1, MOST_LINKS)
    report(0.0)
    streams = read(model, text, pair, target_text)
    cell = streams.cell(streams.kind(kind), layer, head, query, key, "mean")
    tree = _Tree(links, report)
    title = f"head {layer}.{head}" if streams.single else f"{cell.kind} head {layer}.{head}"
    part = ScorePart("head", title, layer, head, cell.kind)
    root = tree.grown(
        Trace(part, query, streams.query_tokens(cell.kind).labels[query], cell.kind), cell, depth
    )
    report(1.0)
    return root


class _Tree:
    """Counts links while a tree grows."""

    def __init__(self, most: int, report: Progress) -> None:
        self.most, self.count, self.report = most, 0, report

    def grown(self, link: Trace, cell: Cell, depth: int) -> Trace:
        """A link with where it looks, and with the parts of that score."""
        parts, at_query, at_key = cell.split()
        labels = cell.streams.key_tokens(cell.kind).labels
        link = replace(link, key=cell.key, key_label=labels[cell.key], weight=parts.weight, score=parts.score)
        found = _standing_out(parts)
        if not found:
            return replace(link, ended="nothing stands out")
        children: list[Trace] = []
        for side, part, value in found:
            if self.count >= self.most:
                return replace(link, children=tuple(children), ended="" if children else "links")
            self.count += 1
            self.report(self.count / (self.most + 1))
            children.append(self._child(cell, parts, side, part, value, at_query, at_key, depth))
        return replace(link, children=tuple(children))

    def _child(
        self,
        cell: Cell,
        parts: ScoreParts,
        side: Side,
        part: ScorePart,
        value: float,
        at_query: Vectors,
        at_key: Vectors,
        depth: int,
    ) -> Trace:
        from attnviz.explanation.circuits.testing import without_part

        streams = cell.streams
        token = cell.query if side == "query" else cell.key
        items = streams.query_tokens(cell.kind) if side == "query" else streams.key_tokens(cell.kind)
        child = Trace(
            part=part, token=token, label=items.labels[token], kind=part.role, side=side, value=value,
            share=value / parts.score,
            test=without_part(cell, side, part, value, at_query if side == "query" else at_key),
        )  # fmt: skip
        if part.kind != "head":
            return replace(child, ended=_leaf(part))
        earlier = _looking(streams, part, token)
        if depth > 1:
            return self.grown(child, earlier, depth - 1)
        labels = streams.key_tokens(earlier.kind).labels
        weight = float(earlier.weights[earlier.key])
        return replace(child, key=earlier.key, key_label=labels[earlier.key], weight=weight, ended="depth")


def _standing_out(parts: ScoreParts) -> list[tuple[Side, ScorePart, float]]:
    """The parts that add a fifth of the score or more, the largest first; none of a score that is not above 0."""
    sides: tuple[Side, ...] = ("key", "query")
    named = [
        (side, part, value)
        for side in sides
        for part, value in parts.strongest(side, len(parts.parts(side)))
        if part.kind != "bias" and parts.score > 0 and value >= STANDS_OUT * parts.score
    ]
    return sorted(named, key=lambda each: -each[2])[:MOST_CHILDREN]


def _leaf(part: ScorePart) -> Ended:
    if part.kind in ("embedding", "position", "segment"):
        return "embedding"
    return "bias" if part.kind == "bias" else "feed-forward"


def _looking(streams: Streams, part: ScorePart, token: int) -> Cell:
    """The cell that a head looks at most from a token."""
    assert part.layer is not None
    assert part.head is not None
    _, look = streams.look(part.role, part.layer)
    _, _, weights = look.row(part.head, token)
    behind = weights.clone()
    behind[0] = 0
    chosen = behind if float(behind.max()) >= BESIDE_FIRST else weights
    return streams.cell(part.role, part.layer, part.head, token, int(chosen.argmax()), "mean")
