"""Why a head looks where it looks, and what it does with it: a score taken apart, followed back, and followed on.

Frozen records with read-only arrays; nothing here computes. Axis letters: A parts at the query, B parts at the key.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt

from attnviz.types.arrays import readonly
from attnviz.types.cards import Kind
from attnviz.types.items import Items
from attnviz.types.record import Record

# What wrote a part of a stream: a table of words, of positions or of segments; a head; an attention block whose heads
# cannot be told apart; a feed-forward layer; the biases of the linear maps and norms on the way, together.
PartKind = Literal["embedding", "position", "segment", "head", "attention", "feed-forward", "bias"]
Side = Literal["query", "key"]
Against = Literal["mean"] | int | None
# Why a trace goes no further: a table of embeddings, a feed-forward layer or bias was reached; no part stands out; the
# depth, or the number of links, that was asked for is reached.
Ended = Literal["", "embedding", "feed-forward", "bias", "nothing stands out", "depth", "links"]
Values = npt.NDArray[np.float64]


@dataclass(frozen=True, repr=False)
class ScorePart(Record):
    """Who wrote a part of a token's stream.

    Attributes:
        kind: see `PartKind`. title: in words, such as "head 16.0", "feed-forward 11", "word embedding", "biases".
        layer: counted from 0 among the layers of its `role`; None for embeddings and biases.
        head: of a head, counted from 0; else None.
        role: the kind of attention that a head or an attention block is of, and the stack that a feed-forward layer
            stands in ("encoder" or "decoder"); "self" where the model has one stack.
    """

    kind: PartKind
    title: str
    layer: int | None = None
    head: int | None = None
    role: Kind = "self"

    def as_json(self) -> dict[str, Any]:
        """Plain values: kind, title, layer, head, role."""
        return {name: getattr(self, name) for name in ("kind", "title", "layer", "head", "role")}


@dataclass(frozen=True, repr=False)
class PartTest(Record):
    """Whether a score falls by what was said when a part is taken away.

    Attributes:
        side, part: which part, taken away at the query token or at the key token. said: its share of the score.
        fell: how far the score falls when the part is taken from this token's stream alone, on its way to this head,
            with norms computed anew and everything else as it was; against the same reference.
        random: (S,) how far it falls with random parts of the same size (norm) in place of this one.
        anew: how far it falls when the part is taken away where it was written, at this token, and all that comes after
            is computed anew; None where that was not asked for.
    """

    side: Side
    part: ScorePart
    said: float
    fell: float
    random: Annotated[Values, "S"]
    anew: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "random", readonly(self.random, np.float64))

    @property
    def ratio(self) -> float:
        """fell / said: about 1 where the claim is true; NaN where nothing was said."""
        return self.fell / self.said if self.said else float("nan")

    @property
    def random_ratio(self) -> float:
        """The mean size of the falls with random parts, as a share of what was said."""
        return float(np.abs(self.random).mean() / abs(self.said)) if self.said else float("nan")

    @property
    def holds(self) -> bool:
        """Whether the score falls by 50 to 200 % of what was said, and further than with every random part."""
        return 0.5 <= self.ratio <= 2 and bool(abs(self.fell) > np.abs(self.random).max(initial=0))

    def as_json(self) -> dict[str, Any]:
        """Plain values: the attributes, `ratio`, `random_ratio` and `holds`."""
        plain = {name: getattr(self, name) for name in ("side", "said", "fell", "anew", "holds")}
        ratios = {"ratio": _number(self.ratio), "random_ratio": _number(self.random_ratio)}
        return {**plain, **ratios, "part": self.part.as_json(), "random": self.random.tolist()}


@dataclass(frozen=True, repr=False)
class ScoreParts(Record):
    """One attention score as a sum over pairs of parts: what wrote the query's stream, and what wrote the key's.

    The score is scale * q . k before soft cap and mask, plus what the position alone adds; given against the mean of
    the keys that the row may look at, against another key, or against none, since a softmax knows differences only.
    Norms are held at the scale that they had, and are linear then.

    Attributes:
        query_tokens, key_tokens: the items that rows and columns of the map belong to.
        layer, head, kind: which head. query, key: which cell.
        against: "mean", the number of another key, or None.
        query_parts, key_parts: who wrote; in the order in which they wrote, biases last.
        table: (A, B) float64; cell (a, b) is what query part a and key part b add to the score together.
        position: what the position alone adds (ALiBi, T5's relative bias), against the same reference; 0 without.
        score: the model's own score against the same reference.
        residual: score - position - sum of the table; see `sum_tolerance`.
        weight: the attention weight of the cell. reference_weight: of the key it is held against, else None.
        softcap: by which the score is bounded afterwards (Gemma 2), or None.
        tests: of the strongest parts, if asked for.
        dtype: that the model runs in; of one in half precision all this is what the same weights give in float32.
    """

    query_tokens: Items
    key_tokens: Items
    layer: int
    head: int
    kind: Kind
    query: int
    key: int
    against: Against
    query_parts: tuple[ScorePart, ...]
    key_parts: tuple[ScorePart, ...]
    table: Annotated[Values, "A B"]
    position: float
    score: float
    weight: float
    reference_weight: float | None = None
    softcap: float | None = None
    tests: tuple[PartTest, ...] = ()
    dtype: str = "float32"

    def __post_init__(self) -> None:
        object.__setattr__(self, "table", readonly(self.table, np.float64))
        if self.table.shape != (len(self.query_parts), len(self.key_parts)):
            raise ValueError(
                f"a table of {self.table.shape} for {len(self.query_parts)} x {len(self.key_parts)} parts"
            )

    @property
    def residual(self) -> float:
        """What the parts do not add up to: score - position - sum of the table."""
        return float(self.score - self.position - self.table.sum())

    @property
    def size(self) -> float:
        """The sum of the absolute cells, and of the position's share: what the residual is measured by."""
        return float(np.abs(self.table).sum() + abs(self.position))

    @property
    def query_side(self) -> Annotated[Values, "A"]:
        """What each part at the query adds, with all parts at the key."""
        return readonly(self.table.sum(1))

    @property
    def key_side(self) -> Annotated[Values, "B"]:
        """What each part at the key adds, with all parts at the query."""
        return readonly(self.table.sum(0))

    def parts(self, side: Side) -> tuple[ScorePart, ...]:
        """The parts of one side."""
        return self.query_parts if side == "query" else self.key_parts

    def strongest(self, side: Side, n: int = 5) -> tuple[tuple[ScorePart, float], ...]:
        """The n parts of one side with the largest absolute shares, the largest first, each with its signed share."""
        values = self.query_side if side == "query" else self.key_side
        order = np.argsort(-np.abs(values), kind="stable")[:n]
        return tuple((self.parts(side)[place], float(values[place])) for place in order)

    def strongest_pairs(self, n: int = 5) -> tuple[tuple[ScorePart, ScorePart, float], ...]:
        """The n cells with the largest absolute values: query part, key part, value."""
        order = np.argsort(-np.abs(self.table), axis=None, kind="stable")[:n]
        rows, columns = np.unravel_index(order, self.table.shape)
        return tuple(
            (self.query_parts[row], self.key_parts[column], float(self.table[row, column]))
            for row, column in zip(rows, columns, strict=True)
        )

    @property
    def nbytes(self) -> int:
        """Bytes, roughly: of the table, and 200 for each token and part."""
        named = len(self.query_tokens) + len(self.key_tokens) + sum(self.table.shape)
        return self.table.nbytes + 200 * named

    def as_json(self) -> dict[str, Any]:
        """Plain values: the attributes without the tokens but their labels, `residual`, and the table as lists."""
        plain = (
            "layer",
            "head",
            "kind",
            "query",
            "key",
            "against",
            "position",
            "score",
            "residual",
            "weight",
        )
        return {
            **{name: getattr(self, name) for name in (*plain, "reference_weight", "softcap")},
            "query_tokens": list(self.query_tokens.labels),
            "key_tokens": list(self.key_tokens.labels),
            "query_parts": [part.as_json() for part in self.query_parts],
            "key_parts": [part.as_json() for part in self.key_parts],
            "table": self.table.tolist(),
            "tests": [test.as_json() for test in self.tests],
        }


@dataclass(frozen=True, repr=False)
class Trace(Record):
    """A link of a tree that leads from a head's look back to what made it: part by part, each written at a token.

    Attributes:
        part: who wrote; of the root, the head that was asked about.
        token: where it wrote: the query of a head. label: that token's text.
        key, key_label, weight: where a head looks most from there (the first token, a sink, left out where it can be),
            and with which weight; None of what is no head, or was not followed.
        kind: the kind of attention of a head; the side of the tokens: queries of that kind.
        side: at which side of its parent's score it was found; "" for the root.
        value: its share of its parent's score, in units of that score. share: value / the parent's score.
        score: of its own link, against the mean key; None where that was not followed.
        test: of its share; None for the root.
        children: the parts of its own score that stand out.
        ended: why it has no children; "" where it has.
    """

    part: ScorePart
    token: int
    label: str
    kind: Kind = "self"
    key: int | None = None
    key_label: str = ""
    weight: float | None = None
    side: Side | Literal[""] = ""
    value: float = 0.0
    share: float = 1.0
    score: float | None = None
    test: PartTest | None = None
    children: tuple[Trace, ...] = ()
    ended: Ended = ""

    @property
    def links(self) -> int:
        """How many links the tree has below this one, itself counted."""
        return 1 + sum(child.links for child in self.children)

    @property
    def nbytes(self) -> int:
        """Bytes, roughly: 500 for each link."""
        return 500 * self.links

    def as_json(self) -> dict[str, Any]:
        """A graph: "nodes", the root first, each with an "id"; "links" from child ("source") to parent ("target")."""
        nodes: list[dict[str, Any]] = []
        links: list[dict[str, Any]] = []
        self._into(nodes, links)
        return {"nodes": nodes, "links": links}

    def _into(self, nodes: list[dict[str, Any]], links: list[dict[str, Any]]) -> int:
        own = len(nodes)
        plain = ("token", "label", "kind", "key", "key_label", "weight", "score", "ended")
        nodes.append(
            {
                "id": own,
                "part": self.part.as_json(),
                **{name: getattr(self, name) for name in plain},
                "test": self.test.as_json() if self.test else None,
            }
        )
        for child in self.children:
            source = child._into(nodes, links)
            links.append(
                {
                    "source": source,
                    "target": own,
                    "side": child.side,
                    "value": child.value,
                    "share": child.share,
                }
            )
        return own


@dataclass(frozen=True, repr=False)
class LaterEffect(Record):
    """What a head's write adds to the score of a later head.

    Attributes:
        layer, head, kind: the later head. side: whether the write is read as query or as key.
        query, key: the cell: of the later head, the one in the write's row or column with the largest weight.
        value: its share of that score, against the mean key. weight: of that cell.
    """

    layer: int
    head: int
    kind: Kind
    side: Side
    query: int
    key: int
    value: float
    weight: float


@dataclass(frozen=True, repr=False)
class Writes(Record):
    """What one head writes at one token, and what becomes of it.

    Attributes:
        tokens: the items whose stream the head writes to. layer, head, kind: which head. query: at which token; None:
            at all tokens (what a whole text becomes).
        norm: the length of what it writes there. layer_norm: of what all heads of its layer write there together.
        target, options: what its share is given of: "logit" (of a word that comes next), "label" or "similarity";
            "" where the model has neither. target_title: in words, such as "logit of ' Paris'".
        value: the target, of the whole model. share: what this head's write at `query` adds to it, with the last norm,
            and what else lies behind, held as it was.
        shares_of_layer: (H,) the same of all heads of this layer, at the same token.
        without: the target with this head switched off at this token and everything after computed anew; None where
            that was not asked for.
        promoted, suppressed: the tokens of the vocabulary whose logits the write raises and lowers most, against the
            mean of all, with the values; empty for models without a head that writes words.
        later: its effect on later heads, the largest first.
        note: what a reader must know; may be empty.
    """

    tokens: Items
    layer: int
    head: int
    kind: Kind
    query: int | None
    norm: float
    layer_norm: float
    target: str = ""
    target_title: str = ""
    options: tuple[tuple[str, Any], ...] = ()
    value: float | None = None
    share: float | None = None
    shares_of_layer: Annotated[Values, "H"] | None = None
    without: float | None = None
    promoted: tuple[tuple[str, float], ...] = ()
    suppressed: tuple[tuple[str, float], ...] = ()
    later: tuple[LaterEffect, ...] = ()
    note: str = ""

    def __post_init__(self) -> None:
        if self.shares_of_layer is not None:
            object.__setattr__(self, "shares_of_layer", readonly(self.shares_of_layer, np.float64))

    @property
    def nbytes(self) -> int:
        """Bytes, roughly: 200 for each token, named word and effect."""
        return 200 * (len(self.tokens) + len(self.promoted) + len(self.suppressed) + len(self.later))

    def as_json(self) -> dict[str, Any]:
        """Plain values: the attributes, of the tokens the labels."""
        plain = ("layer", "head", "kind", "query", "norm", "layer_norm", "target", "target_title", "value")
        shares = None if self.shares_of_layer is None else self.shares_of_layer.tolist()
        return {
            **{name: getattr(self, name) for name in (*plain, "share", "without", "note")},
            "tokens": list(self.tokens.labels),
            "options": dict(self.options),
            "shares_of_layer": shares,
            "promoted": [list(each) for each in self.promoted],
            "suppressed": [list(each) for each in self.suppressed],
            "later": [vars(each) for each in self.later],
        }


def _number(value: float) -> float | None:
    """JSON knows no NaN."""
    return value if np.isfinite(value) else None
