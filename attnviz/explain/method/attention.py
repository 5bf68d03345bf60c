"""Attention read as an explanation: the last layer's weights, and their rollout through all layers.

Both take their maps from a capture of the plain run, and read the rows that the target reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, overload

import numpy as np

from attnviz.errors import UnknownName
from attnviz.explain.records import MethodInfo, Progress, Scores
from attnviz.types import FloatArray

if TYPE_CHECKING:
    from attnviz.capture import Capture
    from attnviz.explain.problem import Problem

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
        self, problem: Problem, progress: Progress, layer: int | None = None, **options: Any
    ) -> Scores:
        """`layer`: counts from 0; the last one by default."""
        capture = problem.capture()
        layers = capture.shape()[0]
        if layer is not None and (not isinstance(layer, int) or not 0 <= layer < layers):
            raise UnknownName("layer", layer, [str(number) for number in range(layers)])
        chosen = layers - 1 if layer is None else layer
        read = np.flatnonzero(problem.query_weights)
        rows = _head_mean(capture, chosen, read)
        scores = problem.query_weights[read].astype(np.float64) @ rows
        return Scores(scores.astype(np.float32), note=f"Layer {chosen}, mean of {capture.shape()[1]} heads.")


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
    )

    def attribute(self, problem: Problem, progress: Progress, **options: Any) -> Scores:
        from attnviz.analysis import rollout

        maps = _HeadMeans(problem.capture(), progress)
        return Scores(rollout(maps, rows=problem.query_weights[None])[0])


class _HeadMeans(Sequence[FloatArray]):
    """The head-averaged map of each layer, made when it is asked for, so that only one is held."""

    def __init__(self, capture: Capture, progress: Progress) -> None:
        self.capture, self.progress = capture, progress

    def __len__(self) -> int:
        return self.capture.shape()[0]

    @overload
    def __getitem__(self, layer: int) -> FloatArray: ...
    @overload
    def __getitem__(self, layer: slice) -> Sequence[FloatArray]: ...
    def __getitem__(self, layer: int | slice) -> FloatArray | Sequence[FloatArray]:
        if isinstance(layer, slice):
            return [self[number] for number in range(*layer.indices(len(self)))]
        self.progress(1 - (layer + 1) / len(self))  # rollout reads from the last layer to the first
        return _head_mean(self.capture, layer, None)


def _head_mean(
    capture: Capture, layer: int, rows: np.ndarray[Any, np.dtype[np.intp]] | None
) -> Annotated[FloatArray, "R K"]:
    """The mean over heads, one head at a time: a layer's heads together can be more than memory holds."""
    heads = capture.shape()[1]
    total = capture.attention(layer, 0, rows=rows).astype(np.float64)
    for head in range(1, heads):
        total += capture.attention(layer, head, rows=rows)
    return (total / heads).astype(np.float32)
