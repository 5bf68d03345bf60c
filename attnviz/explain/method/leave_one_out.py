"""Leave-one-out: the fall of the result when one token, word or sentence is removed by the attention mask.

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
        cost="1 pass forward for each token, word or sentence, in batches of up to 32",
        source="Li, Monroe & Jurafsky 2016, equation 2, on scores; removal by attention mask",
        description="Hides one token after the other from the model and measures how far the result falls.",
        positive="Without the token the result is lower.",
        negative="Without the token the result is higher.",
        caveat="Words that say the same thing hide each other: each can be left out without loss.",
        options=("unit",),
    )

    def attribute(self, problem: Problem, progress: Progress, unit: str = "token", **options: Any) -> Scores:
        """`unit`: "token", "word" or "sentence"; the fall of a unit is shared evenly by its tokens."""
        import torch

        from attnviz.explain.batches import rows_at_once
        from attnviz.text import groups

        index, labels = groups(problem.tokens, unit)
        count = len(labels)
        if count < 2:
            raise InputEmpty(
                f"The text is a single {unit}; without it nothing is left to measure.",
                "Write more, or choose another method.",
            )
        mask = problem.mask
        owners = torch.as_tensor(np.array(index), device=mask.device)
        step = rows_at_once(len(problem.tokens))
        values = []
        with torch.no_grad():
            for first in range(0, count, step):
                progress(first / count)
                left_out = torch.arange(first, min(first + step, count), device=mask.device)
                variants = mask * (owners[None] != left_out[:, None])
                values.append(problem.evaluate(mask=variants))
        falls = problem.value - torch.cat(values).double().cpu().numpy()
        scores = falls[index] / np.bincount(index)[index]
        note = "" if unit == "token" else f"Left out by the {unit}; its tokens share its score."
        return Scores(scores.astype(np.float32), note=note)
