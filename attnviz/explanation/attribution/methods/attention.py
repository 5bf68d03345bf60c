"""Attention read as an explanation: one layer's weights, plain or by the size of the values, and their rollout.

All take their maps from a capture of the plain run, and read the rows that the target reads. In an encoder-decoder
these are the decoder's looks at the text (cross-attention); a decoder's looks at a given continuation are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, overload

import numpy as np

from attnviz.checks import index
from attnviz.explanation.declarations import MethodInfo, Progress, Scores
from attnviz.types import FloatArray, Kind

if TYPE_CHECKING:
    from attnviz.capture import Capture
    from attnviz.explanation.problem import Problem

CAVEAT = "Shows where the model looked, not why it decided."


class Attention:
    info = MethodInfo(
        name="attention",
        title="Attention",
        needs=("attention",),
        signed=False,
        sums_up=False,
        cost="1 pass forward",
        source="Vaswani et al. 2017, equation 1; caveat: Jain & Wallace 2019",
        description="The weight that each token gets in the last layer, averaged over the heads and over the "
        "positions that the result is read from.",
        positive="The more weight, the more the model looked at the token. All weights together are 1.",
        negative="",
        caveat=CAVEAT,
        options=("layer",),
    )

    def attribute(
        self, problem: Problem, progress: Progress, layer: int | str | None = None, **options: Any
    ) -> Scores:
        """`layer`: counts from 0; the last one by default; "mean" for the mean of all layers."""
        capture = problem.capture()
        layers, heads = capture.shape()[:2]
        chosen = list(range(layers)) if layer == "mean" else [_layer(capture, layer)]
        read = np.flatnonzero(problem.query_weights)
        rows = sum(_head_mean(capture, each, read).astype(np.float64) for each in chosen)
        which = f"All {layers} layers" if layer == "mean" else f"Layer {chosen[0]}"
        scores = _shares(problem, problem.query_weights[read] @ rows)
        return Scores(scores, note=f"{which}, mean of {heads} heads.")


class ValueWeighted:
    info = MethodInfo(
        name="value-weighted",
        title="Value-weighted attention",
        needs=("attention",),
        signed=False,
        sums_up=False,
        cost="1 pass forward",
        source="Kobayashi et al. 2020, equation 6, mean over heads",
        description="The attention of the last layer, each weight multiplied by the size of what it brings along: a "
        "token that is looked at, but carries next to nothing, counts for little.",
        positive="The more, the more of the result's vector comes from the token. All shares together are 1.",
        negative="",
        caveat=CAVEAT,
        options=("layer",),
    )

    def attribute(
        self, problem: Problem, progress: Progress, layer: int | None = None, **options: Any
    ) -> Scores:
        """`layer`: counts from 0; the last one by default."""
        capture = problem.capture()
        chosen = _layer(capture, layer)
        norms = capture.value_norms(chosen)  # (H, K)
        read = np.flatnonzero(problem.query_weights)
        scores = np.zeros(norms.shape[1])
        for head, sizes in enumerate(norms):
            rows = capture.attention(chosen, head, rows=read)
            scores += (problem.query_weights[read] @ rows.astype(np.float64)) * sizes
        return Scores(_shares(problem, scores), note=f"Layer {chosen}, mean of {len(norms)} heads.")


class Rollout:
    info = MethodInfo(
        name="rollout",
        title="Attention rollout",
        needs=("attention",),
        signed=False,
        sums_up=False,
        cost="1 pass forward, and a product of maps per layer",
        source="Abnar & Zuidema 2020, section 3",
        description="Follows the attention of all layers down to the tokens, half of the way through the "
        "residual connection at each layer.",
        positive="The more, the more of the token reaches the result along the attention. All together are 1.",
        negative="",
        caveat=f"{CAVEAT} It hardly changes when the upper layers are replaced by random ones.",
        options=("without_first",),
    )

    def attribute(
        self, problem: Problem, progress: Progress, without_first: bool | None = None, **options: Any
    ) -> Scores:
        """`without_first`: whether the first token is left out of every map, and the rest of each row made to sum to 1.

        By default it is in causal models, where many heads park their attention on it and rollout finds nothing else.
        """
        from attnviz.analysis import rollout

        left_out = problem.causal if without_first is None else bool(without_first)
        left_out &= len(problem.tokens) > 1
        capture = problem.capture()
        rows = problem.query_weights[None]
        kind: Kind | None = None
        if (
            "encoder" in capture.kinds
        ):  # the decoder looks at the text once per layer; then the encoder's own layers
            kind, last = "encoder", capture.shape()[0] - 1
            rows = rows @ _head_mean(capture, last, None)
        maps = _HeadMeans(capture, progress, kind, left_out)
        if left_out:
            scores = np.concatenate([[0], rollout(maps, rows=rows[:, 1:])[0]])
        else:
            scores = rollout(maps, rows=rows)[0]
        return Scores(
            _shares(problem, scores),
            note="The first token is left out of every map." if left_out else "",
            options={"without_first": left_out},
        )


class _HeadMeans(Sequence[FloatArray]):
    """The head-averaged map of each layer, made when it is asked for, so that only one is held."""

    def __init__(
        self, capture: Capture, progress: Progress, kind: Kind | None = None, without_first: bool = False
    ) -> None:
        self.capture, self.progress, self.kind, self.without_first = capture, progress, kind, without_first

    def __len__(self) -> int:
        return self.capture.shape(self.kind)[0]

    @overload
    def __getitem__(self, layer: int) -> FloatArray: ...
    @overload
    def __getitem__(self, layer: slice) -> Sequence[FloatArray]: ...
    def __getitem__(self, layer: int | slice) -> FloatArray | Sequence[FloatArray]:
        if isinstance(layer, slice):
            return [self[number] for number in range(*layer.indices(len(self)))]
        self.progress(1 - (layer + 1) / len(self))  # rollout reads from the last layer to the first
        mean = _head_mean(self.capture, layer, None, self.kind)
        if not self.without_first:
            return mean
        from attnviz.analysis import renormalize_without

        first = np.arange(len(mean)) == 0
        return renormalize_without(mean, first, first)


def _layer(capture: Capture, layer: int | str | None) -> int:
    """The layer asked for, the last one by default. Raises UnknownName."""
    layers = capture.shape()[0]
    return layers - 1 if layer is None else index("layer", layer, layers)


def _shares(problem: Problem, scores: np.ndarray[Any, Any]) -> FloatArray:
    """The scores of the text's own tokens, as shares of 1."""
    own = scores[: len(problem.tokens)].astype(np.float64)
    return (own / own.sum()).astype(np.float32)


def _head_mean(
    capture: Capture,
    layer: int,
    rows: np.ndarray[Any, np.dtype[np.intp]] | None,
    kind: Kind | None = None,
) -> Annotated[FloatArray, "R K"]:
    """The mean over heads, one head at a time: a layer's heads together can be more than memory holds."""
    heads = capture.shape(kind)[1]
    total = capture.attention(layer, 0, kind, rows).astype(np.float64)
    for head in range(1, heads):
        total += capture.attention(layer, head, kind, rows)
    return (total / heads).astype(np.float32)
