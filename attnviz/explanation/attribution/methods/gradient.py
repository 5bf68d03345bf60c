"""The gradient at the text itself, by captum: how strongly the result reacts to each token's embedding.

captum computes; the embeddings reach the module by `Problem.evaluate`, so that no hook is hung on it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from attnviz.capture.arrays import to_numpy
from attnviz.explanation.declarations import MethodInfo, Progress, Scores

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch

    from attnviz.explanation.problem import Problem


class GradientNorm:
    info = MethodInfo(
        name="gradient-norm",
        title="Gradient norm",
        needs=("gradients",),
        signed=False,
        sums_up=False,
        cost="1 pass forward and backward",
        source="Simonyan et al. 2014, section 3; Euclidean norm over the embedding; implementation: captum",
        description="How strongly the result reacts to a very small change of each token.",
        positive="The stronger, the more the result depends on the token as it is. All shares together are 1.",
        negative="",
        caveat="It tells where the model is sensitive, not in which direction, and only for tiny changes.",
    )

    def attribute(self, problem: Problem, progress: Progress, **options: Any) -> Scores:
        from captum.attr import Saliency

        start = problem.embed().requires_grad_()
        gradients = Saliency(_function(problem, progress)).attribute(start, abs=False)
        norms = np.linalg.norm(to_numpy(gradients[0], wide=True), axis=-1)
        total = norms.sum()
        shares = norms / total if total > 0 else np.full(len(norms), 1 / len(norms))
        return Scores(shares.astype(np.float32))


class GradientTimesInput:
    info = MethodInfo(
        name="gradient-times-input",
        title="Gradient × input",
        needs=("gradients",),
        signed=True,
        sums_up=False,
        cost="1 pass forward and backward",
        source="Shrikumar et al. 2016; implementation: captum",
        description="The gradient at each token's embedding times the embedding: what a model that were a straight "
        "line would owe to the token.",
        positive="Along the gradient, the token raises the result.",
        negative="Along the gradient, the token lowers the result.",
        caveat="A Transformer is no straight line: of all methods here this one finds the words that matter worst.",
    )

    def attribute(self, problem: Problem, progress: Progress, **options: Any) -> Scores:
        from captum.attr import InputXGradient

        products = InputXGradient(_function(problem, progress)).attribute(problem.embed().requires_grad_())
        return Scores(to_numpy(products[0], wide=True).sum(-1).astype(np.float32))


def _function(problem: Problem, progress: Progress) -> Callable[[torch.Tensor], torch.Tensor]:
    def forward(embeddings: torch.Tensor) -> torch.Tensor:
        progress(0.1)
        return problem.evaluate(embeddings=embeddings)

    return forward
