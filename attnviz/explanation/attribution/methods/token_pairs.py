"""The similarity of two texts as a sum over pairs of their tokens.

A pooled vector is a sum of token vectors, so the cosine of two of them is a sum of products: exact, no estimate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from attnviz.capture.arrays import to_numpy
from attnviz.errors import ModelUnsupported
from attnviz.explanation.declarations import MethodInfo, Progress, Scores
from attnviz.language import say

if TYPE_CHECKING:
    from attnviz.explanation.problem import Problem


class TokenPairs:
    info = MethodInfo(
        name="token-pairs",
        title="Token pairs",
        needs=("forward passes",),
        signed=True,
        sums_up=True,
        cost="1 pass forward",
        source="the cosine of pooled vectors, multiplied out; compare Vasileiou & Eberle 2024",
        description="Multiplies the cosine out: every pair of tokens, one of each text, has its share, and all "
        "shares together are the similarity. A token's score is the sum of its pairs.",
        positive="The token's vector points towards the other text.",
        negative="The token's vector points away from the other text.",
        caveat="It divides up the vectors of the last layer, which have already taken in the words around them.",
        targets=("similarity",),
    )

    def attribute(self, problem: Problem, progress: Progress, **options: Any) -> Scores:
        progress(0.1)
        if problem.vectors is None:
            raise ModelUnsupported(
                say(
                    "The vector of a text by {name} is no sum of its tokens' vectors.",
                    name=problem.model.card.name,
                ),
                say("Choose another method."),
                reason="not-captured",
            )
        own, other = (to_numpy(shares, wide=True) for shares in problem.vectors())
        matrix = own @ other.T
        scores = matrix.sum(1).astype(np.float32)
        residual = problem.value - float(scores.sum(dtype=np.float64))
        return Scores(scores, 0.0, residual, matrix=matrix.astype(np.float32))
