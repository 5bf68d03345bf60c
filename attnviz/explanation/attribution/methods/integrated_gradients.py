"""Integrated Gradients, by captum, over the input embeddings.

captum integrates; what is ours is the path's ends, the number of steps, and the check that the sum is right.
captum's LayerIntegratedGradients would hang a hook on the shared module, which other threads would run into;
IntegratedGradients over embeddings that reach the module by `Problem.evaluate` gives the same numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from attnviz.capture.arrays import to_numpy
from attnviz.checks import between
from attnviz.errors import UnknownName
from attnviz.explanation.declarations import MethodInfo, Progress, Scores
from attnviz.language import say
from attnviz.types import sum_tolerance

if TYPE_CHECKING:
    import torch

    from attnviz.explanation.problem import Problem

STEPS = (16, 32, 64)
CAUSAL_STEPS = (64, 128, 256)
MAX_STEPS = 1024
BASELINES = ("pad", "eos", "unk", "mask", "zero")
DEFAULT_BASELINES = ("pad", "eos", "unk", "zero")


class IntegratedGradients:
    info = MethodInfo(
        name="integrated-gradients",
        title="Integrated gradients",
        needs=("gradients",),
        signed=True,
        sums_up=True,
        cost="16 to 112 passes forward and backward, in batches; of a causal model 64 to 448",
        source="Sundararajan, Taly & Yan 2017, equation 1; implementation: captum",
        description="Starts from a text of blanks, turns it into the given text in small steps, and adds up how "
        "much each token moves the result on the way. All scores together are the whole change.",
        positive="The token raises the result, compared with a blank in its place.",
        negative="The token lowers the result, compared with a blank in its place.",
        caveat="The scores depend on what counts as a blank: another baseline can give another picture.",
        options=("steps", "baseline", "keep_first"),
    )

    def attribute(
        self,
        problem: Problem,
        progress: Progress,
        steps: int | None = None,
        baseline: str | None = None,
        keep_first: bool | None = None,
        **options: Any,
    ) -> Scores:
        """`steps`: as many and no more. `baseline`: one of BASELINES, in place of the first that the model has.

        `keep_first`: whether the first token stays in the baseline. By default it does in causal models: their heads
        park attention on it, and without it the path leads through texts that the model cannot read.
        """
        import torch

        first = problem.causal if keep_first is None else bool(keep_first)
        name = default_baseline(problem) if baseline is None else baseline
        label, start = blank_text(problem, name, first)
        end = problem.embed()
        with torch.no_grad():
            baseline_value = float(problem.evaluate(embeddings=start))
        change = problem.value - baseline_value
        allowed = sum_tolerance(problem.value, change)

        schedule = (CAUSAL_STEPS if problem.causal else STEPS) if steps is None else (_checked(steps),)
        count = _Counter(progress, sum(schedule))
        for used in schedule:
            scores = _integrate(problem, start, end, used, count)
            residual = change - float(scores.sum(dtype=np.float64))
            if abs(residual) <= allowed:
                break
        kept = "the special ones" if not first or problem.fixed[0] else "the first and the special ones"
        return Scores(
            scores,
            baseline_value,
            residual,
            _note(f"{label} in place of every token but {kept}", used, residual, change, allowed),
            options={"baseline": name, "keep_first": first, "steps": used},
        )


def _integrate(
    problem: Problem, start: torch.Tensor, end: torch.Tensor, steps: int, count: _Counter
) -> np.ndarray[Any, np.dtype[np.float32]]:
    """(T,) scores: the sum over the embedding's dimensions of captum's attributions, Gauss-Legendre."""
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
        internal_batch_size=rows_at_once(problem, gradients=True),
    )
    scores: np.ndarray[Any, np.dtype[np.float32]] = (
        to_numpy(attributions[0], wide=True).sum(-1).astype(np.float32)
    )
    return scores


def blank_text(problem: Problem, name: str, keep_first: bool) -> tuple[str, torch.Tensor]:
    """What stands for a blank, as the tokenizer spells it, and the path's start (1, T, d).

    The start is the text with a blank in place of every token but the special ones, what the target asks about and,
    with `keep_first`, the first one. Raises UnknownName where the model has no such blank.
    """
    import torch

    tokenizer, found = problem.model.loaded.tokenizer, _blank_ids(problem)
    if name not in BASELINES:
        raise UnknownName(say("baseline"), name, BASELINES)
    if name != "zero" and name not in found:
        raise UnknownName(say("baseline"), name, (*found, "zero"))
    end = problem.embed()
    kept = np.array(problem.unblanked)
    kept[0] |= keep_first
    blank = torch.zeros_like(end)
    if name != "zero":
        blank = problem.embed(torch.full((end.shape[1],), found[name], device=end.device))
    label = "the zero vector" if name == "zero" else str(tokenizer.convert_ids_to_tokens(found[name]))
    return label, torch.where(torch.as_tensor(kept, device=end.device)[None, :, None], end, blank)


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
    return between("number of steps", steps, 1, MAX_STEPS)


def _note(baseline: str, steps: int, residual: float, change: float, allowed: float) -> str:
    how = f"Baseline: {baseline}; {steps} steps."
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
