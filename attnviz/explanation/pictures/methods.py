"""The methods that say how much each cell of a picture made a label, each with what it measures; and `explain_picture`.

Integrated gradients run from a plain colour to the picture, over pixels, by captum; occlusion covers one cell after the
other; gradient-weighted attention is that of texts (`attribution/methods/relevance.py`), over the same calls.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import torch

from attnviz import checks
from attnviz.errors import UnknownName
from attnviz.explanation.declarations import MethodInfo, Progress
from attnviz.explanation.pictures.problem import BASELINES, PictureProblem, pose
from attnviz.explanation.pictures.results import PictureAttribution
from attnviz.language import say
from attnviz.types import FloatArray, sum_tolerance

if TYPE_CHECKING:
    from attnviz.capture import Model

STEPS = (32, 64, 128)
MAX_STEPS = 1024


@dataclass(frozen=True)
class Found:
    """The scores of one method; fields as in PictureAttribution."""

    scores: Annotated[FloatArray, "R C"]
    baseline_value: float | None = None
    residual: float | None = None
    note: str = ""
    options: dict[str, Any] = field(default_factory=dict)


def integrated_gradients(problem: PictureProblem, progress: Progress, steps: int | None = None) -> Found:
    """`steps`: as many and no more; else more of them until the sum checks (Sundararajan et al. 2017, equation 1)."""
    from captum.attr import IntegratedGradients

    start = problem.blank.float().expand_as(problem.pixels).contiguous()
    end = problem.pixels.float()
    with torch.no_grad():
        baseline_value = float(problem.evaluate(start)[0])
    change = float(problem.evaluate().detach()[0]) - baseline_value
    schedule = STEPS if steps is None else (checks.between("number of steps", steps, 1, MAX_STEPS),)
    for place, used in enumerate(schedule):
        progress(place / len(schedule))
        found = IntegratedGradients(problem.evaluate).attribute(
            end,
            baselines=start,
            n_steps=used,
            method="gausslegendre",
            internal_batch_size=problem.rows_at_once(gradients=True),
        )
        scores = problem.gathered(found[0].detach().double().sum(0))
        residual = change - float(scores.sum(dtype=np.float64))
        if abs(residual) <= sum_tolerance(baseline_value + change, change):
            break
    return Found(scores, baseline_value, residual, f"{used} steps.", {"steps": used})


def occlusion(problem: PictureProblem, progress: Progress) -> Found:
    """F of the picture less F with a cell covered (Zeiler & Fergus 2014, section 4.2)."""
    rows, columns = problem.grid
    each = np.eye(rows * columns, dtype=bool).reshape(-1, rows, columns)
    whole = float(problem.evaluate().detach()[0])
    scores = whole - problem.values(each, progress)
    return Found(scores.reshape(rows, columns).astype(np.float32))


def relevance(problem: PictureProblem, progress: Progress) -> Found:
    """Shares that sum to 1, over patches alone: what reaches the head from [CLS] and registers stands for no place."""
    from attnviz.analysis import relevance as rules
    from attnviz.explanation.attribution.methods.relevance import output_gradients, weighted

    problem.capture()  # refuses where the maps are not those of the patches, as in windows
    calls, gradients = output_gradients(problem)
    progress(0.5)
    maps = [weighted(call, gradient) for call, gradient in zip(calls, gradients, strict=True)]
    reached = rules.of_layers(maps) - np.eye(len(problem.patches))
    shares = (problem.query_weights.astype(np.float64) @ reached)[~np.asarray(problem.patches.special)]
    note = ""
    if not shares.sum() > 0:
        shares, note = np.ones_like(shares), "No attention raises the label: all patches count the same."
    return Found(_cells(problem, shares / shares.sum()), note=note)


def _cells(
    problem: PictureProblem, patches: Annotated[np.ndarray[Any, Any], "P"]
) -> Annotated[FloatArray, "R C"]:
    """Values of patches, summed over cells."""
    rows, columns = problem.grid
    down, across = np.divmod(np.arange(len(patches)), problem.patches.columns)
    sums = np.zeros((rows, columns))
    np.add.at(sums, (down // problem.side, across // problem.side), patches)
    return sums.astype(np.float32)


Compute = Callable[..., Found]
METHODS: dict[str, tuple[MethodInfo, Compute]] = {
    info.name: (info, compute)
    for info, compute in (
        (
            MethodInfo(
                name="integrated-gradients",
                title="Integrated gradients",
                needs=("gradients",),
                signed=True,
                sums_up=True,
                cost="32 to 224 passes forward and backward, in batches",
                source="Sundararajan, Taly & Yan 2017, equation 1; implementation: captum",
                description="Starts from a plain colour, turns it into the picture in small steps, and adds up how "
                "much each pixel moves the label’s logit on the way; a patch is the sum of its pixels.",
                positive="Above zero: the patch raises the label’s logit, compared with the plain colour.",
                negative="Below zero: it lowers it.",
                caveat="The scores depend on the colour that it starts from: another one can give another picture.",
                options=("steps",),
            ),
            integrated_gradients,
        ),
        (
            MethodInfo(
                name="occlusion",
                title="Patch occlusion",
                needs=("forward passes",),
                signed=True,
                sums_up=False,
                cost="a pass forward for each patch",
                source="Zeiler & Fergus 2014, section 4.2",
                description="Covers one patch after the other with a plain colour, and reads how far the label’s "
                "logit falls.",
                positive="Above zero: without the patch the logit of the label falls.",
                negative="Below zero: without it, it rises.",
                caveat="What two patches say alike counts for neither: covering one leaves the other.",
            ),
            occlusion,
        ),
        (
            MethodInfo(
                name="attention-relevance",
                title="Gradient-weighted attention",
                needs=("attention", "gradients"),
                signed=False,
                sums_up=False,
                cost="3 passes forward and 1 backward",
                source="Chefer, Gur & Wolf 2021 (ICCV), equations 5 to 10",
                description="Follows the attention of all layers down to the patches, and counts each weight by how "
                "much it raises the label’s logit.",
                positive="The more, the more of the patch reaches the label along attention that raises it. All "
                "shares together are 1.",
                negative="",
                caveat="What lowers the logit is left out, and so is what does not travel along attention.",
            ),
            relevance,
        ),
    )
}


def explain_picture(
    model: Model,
    image: object,
    label: str | int | None = None,
    method: str = "integrated-gradients",
    baseline: str | None = None,
    progress: Progress | None = None,
    **options: Any,
) -> PictureAttribution:
    """How much each patch of a picture made a label.

    Args:
        model: a classifier of pictures; it is only read. image: as for `Model.capture`.
        label: a name or number of its labels; the predicted one by default. method: a name in METHODS.
        baseline: one of `BASELINES`, the colour that stands for nothing; the picture's mean colour by default.
        progress: called with a fraction from 0 to 1; what it raises stops the work and reaches the caller.
        **options: those that the method's info names.

    Raises:
        UnknownName: no such method, label, baseline or option. NumbersInvalid: NaN or infinity.
        ModelUnsupported: no classifier of pictures; or the method needs maps of all patches, and the model (Swin) looks
            through windows. InputInvalid, InputEmpty: no picture that can be read.
    """
    if method not in METHODS:
        raise UnknownName(say("attribution method"), method, tuple(METHODS))
    info, compute = METHODS[method]
    if unknown := sorted(set(options) - set(info.options)):
        raise UnknownName(say("option of {method!r}", method=method), unknown[0], info.options)
    report = progress or (lambda fraction: None)
    report(0.0)
    problem = pose(model, image, label, baseline)
    found = compute(problem, report, **options)
    checks.finite(found.scores, f"the scores of {method!r}", model.dtype)
    report(1.0)
    with torch.no_grad():
        value = float(problem.evaluate()[0])
    blocks = f"Patches are taken together {problem.side} by {problem.side}. " * (problem.side > 1)
    against = "" if method == "attention-relevance" else f"Against {BASELINES[problem.baseline]}. "
    return PictureAttribution(
        patches=problem.patches,
        scores=found.scores,
        method=method,
        label=problem.label,
        baseline=problem.baseline,
        value=value,
        baseline_value=found.baseline_value,
        residual=found.residual,
        signed=info.signed,
        outcomes=problem.outcomes(),
        note=f"{against}{blocks}{found.note}".strip(),
        method_options=tuple(sorted(found.options.items())),
    )
