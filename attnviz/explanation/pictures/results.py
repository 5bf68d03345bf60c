"""What is found of a classifier's label of a picture: frozen records with read-only arrays.

Axis letters: R rows and C columns of cells. A cell is a patch, or a square of patches where a picture has very many.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from attnviz.types import FloatArray, Patches, Record, readonly, sum_tolerance

Outcomes = tuple[tuple[str, float], ...]


@dataclass(frozen=True, repr=False)
class PictureAttribution(Record):
    """How much each cell of a picture contributed to a label's logit, by one method.

    Attributes:
        patches: of the picture. scores: (R, C) float32, in units of the logit; of shares that sum to 1 where the
            method is not signed.
        method: a name in `METHODS`. label: whose logit is explained. baseline: what stands for "nothing there".
        value: F(x), the logit. baseline_value: F of the baseline alone, residual: F(x) - F(x') - sum of scores, for
            methods whose scores claim to sum up, else None.
        signed: whether a negative score means "speaks against the label".
        outcomes: every label with its probability, the largest first.
        note: what a reader must know; may be empty.
        method_options: those of the method, decided, as (name, value) pairs.
    """

    patches: Patches
    scores: Annotated[FloatArray, "R C"]
    method: str
    label: str
    baseline: str
    value: float
    baseline_value: float | None
    residual: float | None
    signed: bool
    outcomes: Outcomes
    note: str = ""
    method_options: tuple[tuple[str, Any], ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "scores", readonly(self.scores, np.float32))

    @property
    def sum_holds(self) -> bool | None:
        """Whether the scores add up to F(x) - F(x') (see `sum_tolerance`); None: they do not claim to."""
        if self.residual is None:
            return None
        change = self.value - (self.baseline_value or 0.0)
        return abs(self.residual) <= sum_tolerance(self.value, change)

    @property
    def nbytes(self) -> int:
        """Bytes of its array; an outcome counts for 100."""
        return self.scores.nbytes + 100 * len(self.outcomes)


@dataclass(frozen=True, repr=False)
class PictureRemoval(Record):
    """A label's logit and all probabilities of a picture, as it is and with some cells covered.

    Attributes:
        rows, columns: of the grid of cells. cells: those that are covered, counted row after row.
        label, baseline: as in PictureAttribution.
        before, after: F. outcomes_before, outcomes_after: every label with its probability, the largest first.
    """

    rows: int
    columns: int
    cells: tuple[int, ...]
    label: str
    baseline: str
    before: float
    after: float
    outcomes_before: Outcomes
    outcomes_after: Outcomes

    @property
    def nbytes(self) -> int:
        """Bytes, roughly."""
        return 100 * (len(self.outcomes_before) + len(self.outcomes_after)) + 8 * len(self.cells)
