"""What becomes of a label when some patches of the picture are covered."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from attnviz.checks import index
from attnviz.explanation.pictures.problem import pose
from attnviz.explanation.pictures.results import PictureRemoval

if TYPE_CHECKING:
    from attnviz.capture import Model


def without_patches(
    model: Model,
    image: object,
    cells: Iterable[int],
    label: str | int | None = None,
    baseline: str | None = None,
) -> PictureRemoval:
    """The logit of a label, and all probabilities, with some cells of the picture covered.

    Args:
        cells: counted row after row, of the grid of `explain_picture`. The rest as there, also for its errors.

    Raises UnknownName also where there is no such cell.
    """
    import torch

    problem = pose(model, image, label, baseline)
    rows, columns = problem.grid
    chosen = tuple(sorted({index("cell", cell, rows * columns) for cell in cells}))
    covered = np.zeros(rows * columns, bool)
    covered[list(chosen)] = True
    pixels = problem.covered(covered.reshape(1, rows, columns))
    with torch.no_grad():
        before, after = float(problem.evaluate()[0]), float(problem.evaluate(pixels)[0])
    return PictureRemoval(
        rows, columns, chosen, problem.label, problem.baseline, before, after,
        problem.outcomes(), problem.outcomes(pixels),
    )  # fmt: skip
