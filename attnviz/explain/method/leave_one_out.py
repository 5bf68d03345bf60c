"""Leave-one-out: the fall of the result when one token is removed by the attention mask.

The position of every other token stays as it is. Many variants go through the model at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from attnviz.errors import InputEmpty
from attnviz.explain.records import MethodInfo, Progress, Scores

if TYPE_CHECKING:
    from attnviz.explain.problem import Problem


class LeaveOneOut:
    info = MethodInfo(
        name="leave-one-out",
        title="Leave one out",
        needs=("forward passes",),
        signed=True,
        sums_up=False,
        cost="T passes forward, in batches of up to 32",
        source="Li, Monroe & Jurafsky 2016, equation 2, on scores; removal by attention mask",
        description="Hides one token after the other from the model and measures how far the result falls.",
        positive="Without the token the result is lower.",
        negative="Without the token the result is higher.",
        caveat="Words that say the same thing hide each other: each can be left out without loss.",
    )

    def attribute(self, problem: Problem, progress: Progress, **options: Any) -> Scores:
        import torch

        from attnviz.explain.batches import rows_at_once

        count = len(problem.tokens)
        if count < 2:
            raise InputEmpty(
                "The text is a single token; without it nothing is left to measure.",
                "Write more, or choose another method.",
            )
        mask = problem.inputs["attention_mask"]
        step = rows_at_once(count)
        values = []
        with torch.no_grad():
            for first in range(0, count, step):
                progress(first / count)
                left_out = torch.arange(first, min(first + step, count), device=mask.device)
                variants = mask.repeat(len(left_out), 1)
                variants[torch.arange(len(left_out), device=mask.device), left_out] = 0
                values.append(problem.evaluate(mask=variants))
        scores = problem.value - torch.cat(values).double().cpu().numpy()
        return Scores(scores.astype(np.float32))
