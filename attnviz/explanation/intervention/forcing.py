"""Rows of attention set by hand: all tokens alike, one token only, or some token out of sight; and what then follows.

What a forced row gives is its weights times the values of that pass; other rows and heads stay bit for bit. A token is
kept out of sight before the softmax, whose rules (caps, biases, sinks) are those of `capture/recompute/scores.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from attnviz import checks
from attnviz.checks import index
from attnviz.errors import InputEmpty, UnknownName
from attnviz.explanation.intervention.experiment import Experiment, Head
from attnviz.explanation.results import Forced
from attnviz.language import say
from attnviz.types import FloatArray, Kind, Tokens, readonly

if TYPE_CHECKING:
    import torch

    from attnviz.capture import Model
    from attnviz.capture.reading import Messages
    from attnviz.capture.recompute.scores import Scores
    from attnviz.capture.recording.recorder import Call

# What a row can be forced to, in words that go on a sentence about heads.
FORCES = {
    "uniform": "made to look at all tokens alike",
    "previous": "made to look at the token before only",
    "first": "made to look at the first token only",
    "self": "made to look at the token itself only",
    "block": "kept from looking at",
}
ALONG_ONE_TEXT = ("previous", "self")  # rows and columns have to be the same tokens


@dataclass(frozen=True)
class Attended:
    """Where some heads look, and the tokens that can be named where their rows are forced.

    Attributes:
        kind: of attention. query_tokens, key_tokens: of its rows and columns.
        weights: (Q, K) float32, the mean over the heads.
    """

    kind: Kind
    query_tokens: Tokens
    key_tokens: Tokens
    weights: Annotated[FloatArray, "Q K"]

    def __post_init__(self) -> None:
        object.__setattr__(self, "weights", readonly(self.weights, np.float32))

    @property
    def nbytes(self) -> int:
        """Bytes, roughly: a token counts for 200."""
        return self.weights.nbytes + 200 * (len(self.query_tokens) + len(self.key_tokens))


def attended(
    model: Model,
    text: str | Messages,
    heads: Iterable[Head] = (),
    target: str | None = None,
    pair: str | None = None,
    *,
    layers: Iterable[int] = (),
    kind: Kind | None = None,
    **options: Any,
) -> Attended:
    """Where heads look in the pass that a target reads: what `ablate` can force, with its tokens.

    The arguments are those of `attnviz.ablate`, and so is what it raises; without heads and layers, all heads.
    """
    experiment = Experiment(model, text, target, pair, options, kind)
    heads, layers = tuple(heads), tuple(layers)
    chosen = experiment.chosen(heads, layers if heads or layers else range(len(experiment.counts)))
    capture = experiment.problems[0].capture()
    total = np.zeros(
        (len(capture.query_tokens(experiment.kind)), len(capture.key_tokens(experiment.kind))), np.float32
    )
    for layer, head in chosen:
        total += capture.attention(layer, head, experiment.kind)
    queries, keys = capture.query_tokens(experiment.kind), capture.key_tokens(experiment.kind)
    return Attended(
        experiment.kind,
        checks.tokens("Forcing a row", queries),
        checks.tokens("Forcing a row", keys),
        total / np.float32(len(chosen)),
    )


class Forcing:
    """An `Attend` that sets rows of some heads, and remembers what they were set to."""

    def __init__(
        self,
        calls: tuple[Call, ...],
        places: Mapping[int, list[int]],
        force: str,
        queries: Iterable[int] | None = None,
        keys: Iterable[int] | None = None,
    ) -> None:
        """Raises UnknownName, InputEmpty.

        Args:
            calls: of the pass as it is. places: the heads by the number of their call.
            force, queries, keys: as in `attnviz.ablate`.
        """
        self.calls, self.places = calls, places
        first = calls[min(places)]
        _, _, rows, columns = first.shape
        square = first.role != "cross" and rows == columns
        valid = tuple(name for name in FORCES if square or name not in ALONG_ONE_TEXT)
        if force not in valid:
            raise UnknownName(say("way to force rows of {role} attention", role=first.role), force, valid)
        if keys is not None and force != "block":
            raise UnknownName(say("option of force={force!r}", force=force), "keys", ("queries",))
        self.force = force
        self.queries = None if queries is None else _positions("query", queries, rows)
        self.keys = _positions("key", keys or (), columns)
        if self.queries == () or (force == "block" and not self.keys):
            which = "query" if self.queries == () else "key"
            raise InputEmpty(
                say("No {which} is chosen.", which=which),
                say("Name a token as {which}, counted from 0.", which=which),
            )
        self.left: set[int] = set()
        self._after: list[np.ndarray[Any, Any]] = []

    def __call__(self, number: int, call: Call) -> torch.Tensor | None:
        if number not in self.places:
            return None
        scores = self._scores(call)
        changed = shown_output(call).clone()
        for batch in range(call.shape[0]):
            for head in self.places[number]:
                rows, weights = self._rows(call, scores, head, batch)
                if call.v is None:
                    changed[batch, head, rows] = weights.to(changed.dtype)
                else:
                    values = call.v[batch % len(call.v), head * call.v.shape[1] // call.shape[1]]
                    changed[batch, rows, head] = (weights @ values.to(weights.dtype)).to(changed.dtype)
        return changed

    def how(self) -> str:
        """What was done, in words."""
        seen = f" {_named(self.keys)}" if self.keys else ""
        rows = "every token" if self.queries is None else _named(self.queries)
        return f"{FORCES[self.force]}{seen}, from {rows}"

    def record(self) -> Forced:
        """What was forced; after a pass."""
        before = [
            self._own(self.calls[number], head, 0).mean(0).cpu().numpy()
            for number, heads in self.places.items()
            for head in heads
        ]
        means = np.mean(before, 0), np.mean(self._after, 0)
        return Forced(self.force, self.queries, self.keys, tuple(sorted(self.left)), *means)

    def _scores(self, call: Call) -> Scores:
        """Of the call, with the blocked cells masked."""
        if self.force != "block":
            return call.scores
        import torch

        _, _, rows, columns = call.shape
        cut = torch.zeros(rows, columns, dtype=torch.bool, device=shown_output(call).device)
        for key in self.keys:
            cut[self._numbers(call), key] = True
        return call.scores.without(cut)

    def _rows(
        self, call: Call, scores: Scores, head: int, batch: int
    ) -> tuple[Annotated[torch.Tensor, "R"], Annotated[torch.Tensor, "R K"]]:
        """The rows that change, and their weights."""
        import torch

        rows, one = self._numbers(call), slice(head, head + 1)
        own = self._own(call, head, batch)
        allowed = scores.allowed(one, rows, batch)[0]
        if self.force == "uniform":
            weights = allowed.to(own.dtype) / allowed.sum(-1, keepdim=True).clamp(min=1)
        elif self.force == "block":
            weights = scores.weights_block(one, rows, batch, dtype=own.dtype)[0]
        else:
            key = {"previous": (rows - 1).clamp(min=0), "first": torch.zeros_like(rows), "self": rows}
            weights = torch.nn.functional.one_hot(key[self.force], own.shape[1]).to(own)
        stay = self._unseeing(allowed, scores)
        weights = torch.where(stay[:, None], own, weights)
        self._after.append(weights.mean(0).cpu().numpy())
        return rows[~stay], weights[~stay]

    def _unseeing(self, allowed: torch.Tensor, scores: Scores) -> Annotated[torch.Tensor, "R"]:
        """Which rows have nothing left to look at, and so stay. Raises InputEmpty where one of them was named."""
        stay = ~allowed.any(-1)
        if self.force != "block" or getattr(scores, "sinks", None) is not None:
            return stay & False  # a sink takes what no key gets
        found = stay.nonzero()[:, 0].tolist()
        if found and self.queries is not None:
            raise InputEmpty(
                say("Token {queries} would have nothing left to look at.", queries=self.queries[found[0]]),
                say("Leave it another token, or another query."),
            )
        self.left.update(found)
        return stay

    def _own(self, call: Call, head: int, batch: int) -> Annotated[torch.Tensor, "R K"]:
        import torch

        dtype = torch.promote_types(shown_output(call).dtype, torch.float32)
        return call.weights(head, self._numbers(call), batch, dtype)

    def _numbers(self, call: Call) -> Annotated[torch.Tensor, "R"]:
        import torch

        rows = range(call.shape[2]) if self.queries is None else self.queries
        return torch.tensor(list(rows), device=shown_output(call).device)


def shown_output(call: Call) -> torch.Tensor:
    """What the model goes on with: the output, or the weights where a family shows no more."""
    return call.scores.weights if call.out is None else call.out  # type: ignore[union-attr]


def _positions(what: str, given: Iterable[int], count: int) -> tuple[int, ...]:
    """Positions, each once. Raises UnknownName."""
    return tuple(dict.fromkeys(index(what, position, count) for position in given))


def _named(positions: tuple[int, ...]) -> str:
    return f"token{'s' if len(positions) > 1 else ''} {', '.join(map(str, positions))}"
