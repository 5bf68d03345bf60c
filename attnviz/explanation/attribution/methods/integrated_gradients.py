"""Integrated Gradients, by captum, over the input embeddings.

captum integrates; what is ours is the path's ends, the number of steps, and the check that the sum is right.
captum's LayerIntegratedGradients would hang a hook on the shared module, which other threads would run into;
IntegratedGradients over embeddings that reach the module by `Problem.evaluate` gives the same numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from attnviz.errors import UnknownName
from attnviz.explanation.records import MethodInfo, Progress, Scores
from attnviz.types import SUM_TOLERANCE

if TYPE_CHECKING:
    import torch

    from attnviz.explanation.problem import Problem

STEPS = (16, 32, 64)
MAX_STEPS = 1024
TOLERANCE = SUM_TOLERANCE
ROUNDING = 2e-6  # of the value: below it, float32 leaves nothing to check
BASELINES = ("pad", "eos", "unk", "mask", "zero")
DEFAULT_BASELINES = ("pad", "eos", "unk", "zero")


class IntegratedGradients:
    info = MethodInfo(
        name="integrated-gradients",
        title="Integrated gradients",
        needs=("gradients",),
        signed=True,
        sums_up=True,
        cost="16 to 112 passes forward and backward, in batches",
        source="Sundararajan, Taly & Yan 2017, equation 1; implementation: captum",
        description="Starts from a text of blanks, turns it into the given text in small steps, and adds up how "
        "much each token moves the result on the way. All scores together are the whole change.",
        positive="The token raises the result, compared with a blank in its place.",
        negative="The token lowers the result, compared with a blank in its place.",
        caveat="The scores depend on what counts as a blank: another baseline can give another picture.",
        options=("steps", "baseline"),
    )

    def attribute(
        self,
        problem: Problem,
        progress: Progress,
        steps: int | None = None,
        baseline: str | None = None,
        **options: Any,
    ) -> Scores:
        """`steps`: as many and no more. `baseline`: one of BASELINES, in place of the first that the model has."""
        import torch

        name, start = blank_text(problem, baseline)
        end = problem.embed()
        with torch.no_grad():
            baseline_value = float(problem.evaluate(embeddings=start))
        change = problem.value - baseline_value
        allowed = max(TOLERANCE * abs(change), ROUNDING * max(1.0, abs(problem.value)))

        schedule = STEPS if steps is None else (_checked(steps),)
        count = _Counter(progress, sum(schedule))
        for used in schedule:
            scores = _integrate(problem, start, end, used, count)
            residual = change - float(scores.sum(dtype=np.float64))
            if abs(residual) <= allowed:
                break
        return Scores(scores, baseline_value, residual, _note(name, used, residual, change, allowed))


def _integrate(
    problem: Problem, start: torch.Tensor, end: torch.Tensor, steps: int, count: _Counter
) -> np.ndarray[Any, np.dtype[np.float32]]:
    """(T,) scores: the sum over the embedding's dimensions of captum's attributions, Gauss-Legendre."""
    import torch
    from captum.attr import IntegratedGradients as Captum

    from attnviz.explanation.batches import rows_at_once

    def forward(embeddings: torch.Tensor) -> torch.Tensor:
        count.add(len(embeddings))
        return problem.evaluate(embeddings=embeddings)

    attributions = Captum(forward).attribute(
        end,
        baselines=start,
        n_steps=steps,
        method="gausslegendre",
        internal_batch_size=rows_at_once(end.shape[1], gradients=True),
    )
    scores: torch.Tensor = attributions[0].detach().sum(-1, dtype=torch.float64)
    return scores.float().cpu().numpy()


def blank_text(problem: Problem, wanted: str | None) -> tuple[str, torch.Tensor]:
    """The path's start (1, T, d): the text with every token but the special ones replaced by a blank."""
    import torch

    if wanted is not None and wanted not in BASELINES:
        raise UnknownName("baseline", wanted, BASELINES)
    tokenizer, found = problem.model.loaded.tokenizer, _blank_ids(problem)
    name = default_baseline(problem) if wanted is None else wanted
    if name != "zero" and name not in found:
        raise UnknownName("baseline", name, (*found, "zero"))
    end = problem.embed()
    fixed = torch.as_tensor(problem.fixed, device=end.device)[None, :, None]
    blank = torch.zeros_like(end)
    if name != "zero":
        blank = problem.embed(torch.full((end.shape[1],), found[name], device=end.device))
    label = "the zero vector" if name == "zero" else str(tokenizer.convert_ids_to_tokens(found[name]))
    return label, torch.where(fixed, end, blank)


def default_baseline(problem: Problem) -> str:
    """The first of DEFAULT_BASELINES that the model has."""
    found = _blank_ids(problem)
    return next(name for name in DEFAULT_BASELINES if name in found or name == "zero")


def other_baseline(problem: Problem) -> str | None:
    """One that the default is not: the mask token, else the zero vector; None where there is no other."""
    others = [name for name in ("mask", "zero") if name in _blank_ids(problem) or name == "zero"]
    return next((name for name in others if name != default_baseline(problem)), None)


def _blank_ids(problem: Problem) -> dict[str, int]:
    """The ids of the tokens that can be blanks, by their names among BASELINES."""
    tokenizer, vocabulary = problem.model.loaded.tokenizer, problem.embed_rows()
    return {
        name: identifier
        for name in BASELINES
        if name != "zero"
        and (identifier := getattr(tokenizer, f"{name}_token_id", None)) is not None
        and identifier < vocabulary  # a padding token may have been added to the tokenizer alone
    }


def _checked(steps: int) -> int:
    if isinstance(steps, bool) or not isinstance(steps, int) or not 1 <= steps <= MAX_STEPS:
        raise UnknownName("number of steps", steps, (f"1 to {MAX_STEPS}",))
    return steps


def _note(baseline: str, steps: int, residual: float, change: float, allowed: float) -> str:
    how = f"Baseline: {baseline} in place of every token but the special ones; {steps} steps."
    if abs(residual) <= allowed:
        return how
    return (
        f"{how} The sum does not check: the scores add up to {change - residual:.4g}, "
        f"the result changes by {change:.4g}."
    )


class _Counter:
    """Turns rows done into a fraction that never falls; the progress callable may raise to stop the work."""

    def __init__(self, progress: Progress, planned: int) -> None:
        self.progress, self.planned, self.done = progress, planned, 0

    def add(self, rows: int) -> None:
        self.progress(min(self.done / self.planned, 1.0))
        self.done += rows
