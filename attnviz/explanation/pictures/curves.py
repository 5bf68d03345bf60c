"""How faithful an explanation of a picture is: cover the patches that it puts first, or keep only those.

The curves, and the record, are those of texts (`evaluation/curves.py`), with cells of the picture in place of tokens;
each stands beside random orders, since numbers mean nothing without that reference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from attnviz.checks import between
from attnviz.errors import AttnVizError
from attnviz.explanation.declarations import Progress
from attnviz.explanation.evaluation.curves import MAX_SEEDS, SEEDS, STEPS
from attnviz.explanation.pictures.problem import BASELINES, pose
from attnviz.explanation.pictures.results import PictureAttribution
from attnviz.explanation.results import Faithfulness
from attnviz.language import say
from attnviz.types import BoolArray

if TYPE_CHECKING:
    from attnviz.capture import Model

FIRST = 0.1  # of the cells, that the headline takes away


def picture_faithfulness(
    model: Model,
    image: object,
    attribution: PictureAttribution,
    seeds: int = SEEDS,
    progress: Progress | None = None,
) -> Faithfulness:
    """What covering, or keeping alone, the cells with the largest scores does to the label's logit.

    Args:
        model, image: that the attribution was made of. seeds: how many random orders, 1 to 1000.
        progress: called with a fraction from 0 to 1; what it raises stops the work and reaches the caller.

    Raises:
        AttnVizError: the attribution is of another picture. UnknownName: no such number of seeds.
    """
    problem = pose(model, image, attribution.label, attribution.baseline)
    if problem.patches.digest != attribution.patches.digest or problem.grid != attribution.scores.shape:
        raise AttnVizError(say("The explanation is of another picture."), say("Explain this one first."))
    seeds = between("number of seeds", seeds, 1, MAX_SEEDS)
    rows, columns = problem.grid
    total = rows * columns
    counts = np.unique(np.ceil(total * np.arange(1, STEPS + 1) / STEPS).astype(np.int64))
    first = max(1, round(FIRST * total))
    own = np.argsort(-attribution.scores.reshape(-1), kind="stable")
    orders = [own, *(np.random.default_rng(seed).permutation(total) for seed in range(seeds))]
    covered = np.concatenate([_covered(order, counts, first) for order in orders])
    values = problem.values(covered.reshape(-1, rows, columns), progress or (lambda fraction: None))
    table, steps = values.reshape(len(orders), -1), len(counts)
    removed, kept, without = table[:, :steps], table[:, steps : 2 * steps], table[:, -1]
    value = attribution.value
    chosen = np.sort(own[:first])
    return Faithfulness(
        method=attribution.method,
        target="label",
        side=0,
        operator=attribution.baseline,
        operator_title=f"covered with {BASELINES[attribution.baseline]}",
        value=value,
        counts=counts,
        fractions=counts / total,
        removed=removed[0],
        kept=kept[0],
        comprehensiveness=float((value - removed[0]).mean()),
        sufficiency=float((value - kept[0]).mean()),
        random_removed=removed[1:],
        random_kept=kept[1:],
        random_comprehensiveness=(value - removed[1:]).mean(1),
        random_sufficiency=(value - kept[1:]).mean(1),
        words=tuple(f"{cell // columns}, {cell % columns}" for cell in chosen.tolist()),
        word_tokens=tuple(chosen.tolist()),
        without_words=float(without[0]),
        without_random_words=without[1:],
        seeds=tuple(range(seeds)),
    )


def _covered(
    order: np.ndarray[Any, Any], counts: np.ndarray[Any, Any], first: int
) -> Annotated[BoolArray, "N cells"]:
    """Step by step what is covered: the first of an order, all but the first; and the first few for the headline."""
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    steps = counts[:, None]
    return np.concatenate([place < steps, place >= steps, (place < first)[None]])
