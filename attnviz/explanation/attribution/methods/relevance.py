"""Attention weighted by its gradient, followed through all layers (Chefer, Gur & Wolf 2021, ICCV).

The gradient of a weight needs no eager pass: an attention's output is O = A V, hence dF/dA = dF/dO V^T. A zero is
added to every output of one fast pass, and its gradient is dF/dO.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from attnviz.explanation.declarations import MethodInfo, Progress, Scores
from attnviz.types import FloatArray

if TYPE_CHECKING:
    import torch

    from attnviz.capture.recording.recorder import Call
    from attnviz.explanation.pictures.problem import PictureProblem
    from attnviz.explanation.problem import Problem


class Relevance:
    info = MethodInfo(
        name="attention-relevance",
        title="Gradient-weighted attention",
        needs=("attention", "gradients"),
        signed=False,
        sums_up=False,
        cost="3 passes forward and 1 backward",
        source="Chefer, Gur & Wolf 2021 (ICCV), equations 5 to 10",
        description="Follows the attention of all layers down to the tokens, and counts each weight by how much it "
        "raises the result: attention that the result does not need drops out.",
        positive="The more, the more of the token reaches the result along attention that raises it. All shares "
        "together are 1.",
        negative="",
        caveat="What lowers the result is left out, and so is what does not travel along attention.",
    )

    def attribute(self, problem: Problem, progress: Progress, **options: Any) -> Scores:
        from attnviz.analysis import relevance

        calls, gradients = output_gradients(problem)
        progress(0.5)
        maps: dict[str, list[FloatArray]] = {"encoder": [], "decoder": [], "cross": []}
        for call, gradient in zip(calls, gradients, strict=True):
            maps[call.role].append(weighted(call, gradient))
        if maps["cross"]:
            whole = relevance.of_encoder_decoder(maps["encoder"], maps["decoder"], maps["cross"])
        else:
            own = relevance.of_layers(maps["encoder"] or maps["decoder"])
            whole = own - np.eye(len(own))  # what a token is by itself is no answer to where it came from
        scores = (problem.query_weights.astype(np.float64) @ whole)[: len(problem.tokens)]
        if not scores.sum() > 0:
            count = len(problem.tokens)
            return Scores(
                np.full(count, 1 / count, np.float32),
                note="No attention raises the result: all count the same.",
            )
        return Scores((scores / scores.sum()).astype(np.float32))


def output_gradients(problem: Problem | PictureProblem) -> tuple[tuple[Call, ...], tuple[torch.Tensor, ...]]:
    """The attention calls of the text, and dF/dO of each (B, Q, H, dv); dF/dA where only weights are shown."""
    from dataclasses import replace

    import torch

    sites = problem.sites()
    zeros: list[torch.Tensor] = []

    def probe(number: int, output: torch.Tensor, axis: int) -> torch.Tensor:
        zeros.append(torch.zeros_like(output, requires_grad=True))
        return output + zeros[-1]

    with torch.enable_grad(), sites.changed(probe) as running:
        value = replace(problem, module=sites.part(running, problem.module)).evaluate()
    gradients = torch.autograd.grad(value.sum(), zeros, materialize_grads=True)
    return sites.calls, gradients


def attention_gradient(call: Call, gradient: torch.Tensor, head: int) -> Annotated[torch.Tensor, "Q K"]:
    """dF/dA of one head, float32."""
    if call.v is None:
        return gradient[0, head].float()
    values = call.v[0, head // (gradient.shape[2] // call.v.shape[1])].float()
    return gradient[0, :, head].float() @ values.T


def weighted(call: Call, gradient: torch.Tensor) -> Annotated[FloatArray, "Q K"]:
    """The mean over heads of the positive part of dF/dA * A (equation 5), one head at a time."""
    heads = call.shape[1]
    total = sum((attention_gradient(call, gradient, n) * call.weights(n)).clamp_min(0) for n in range(heads))
    mean: FloatArray = (total / heads).detach().cpu().numpy()  # type: ignore[union-attr]
    return mean
