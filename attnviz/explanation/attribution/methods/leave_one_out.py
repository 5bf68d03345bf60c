"""Leave-one-out: the fall of the result when one token, word or sentence is removed by the attention mask.

The position of every other token stays as it is. Many variants go through the model at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from attnviz.capture.arrays import to_numpy
from attnviz.errors import InputEmpty
from attnviz.explanation.declarations import MethodInfo, Progress, Scores
from attnviz.explanation.removal import OPERATORS, operator_of, values_of
from attnviz.language import say
from attnviz.types import BoolArray

if TYPE_CHECKING:
    from attnviz.explanation.problem import Problem


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
        options=("unit", "operator"),
    )

    def attribute(
        self,
        problem: Problem,
        progress: Progress,
        unit: str = "token",
        operator: str = OPERATORS[0].name,
        **options: Any,
    ) -> Scores:
        """`unit`: "token", "word" or "sentence"; the fall of a unit is shared evenly by its tokens.

        `operator`: how a unit is taken away, one of `operators_for` the model. By others than the attention mask,
        special tokens stay, and their scores are 0.
        """
        from attnviz.text import groups

        index, labels = groups(problem.tokens, unit)
        count = len(labels)
        if count < 2:
            raise InputEmpty(
                say("The text is a single {unit}; without it nothing is left to measure.", unit=unit),
                say("Write more, or choose another method."),
            )
        way = operator_of(problem.model, operator)
        kept = np.array(index)[None] != np.arange(count)[:, None]
        if way is OPERATORS[0]:
            values = _hidden(problem, kept, progress)
        else:
            kept |= problem.fixed
            values = values_of(problem, kept, way.name, progress)
        falls = np.where(kept.all(1), 0.0, problem.value - values)
        scores = falls[index] / np.bincount(index)[index]
        notes = [] if unit == "token" else [f"Left out by the {unit}; its tokens share its score."]
        if way is not OPERATORS[0]:
            notes.append(f"What is left out is {way.title}.")
        return Scores(scores.astype(np.float32), note=" ".join(notes))


def _hidden(
    problem: Problem, kept: Annotated[BoolArray, "N T"], progress: Progress
) -> np.ndarray[Any, np.dtype[np.float64]]:
    """(N,) F of the text with tokens hidden by the attention mask, special ones like all others."""
    import torch

    from attnviz.explanation.batches import rows_at_once

    step, values = rows_at_once(problem), []
    with torch.no_grad():
        for first in range(0, len(kept), step):
            progress(first / len(kept))
            there = torch.from_numpy(kept[first : first + step]).to(problem.mask.device, non_blocking=True)
            values.append(problem.evaluate(mask=problem.mask * there))
    return to_numpy(torch.cat(values), wide=True)
