"""When what a model would say settles on its way through the layers: a list with one entry for each layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import numpy as np
import numpy.typing as npt

NEAR = 0.1  # of the whole range


def settled_answer(answers: Sequence[str]) -> int:
    """The first place from which every answer is the last one. `answers` is not empty."""
    place = len(answers) - 1
    while place and answers[place - 1] == answers[-1]:
        place -= 1
    return place


def settled_value(values: Annotated[npt.NDArray[np.float64], "P"], near: float = NEAR) -> int:
    """The first place from which every value is within `near`, as a share of the range of all, of the last one."""
    far = np.flatnonzero(np.abs(values - values[-1]) > near * np.ptp(values))
    return int(far[-1]) + 1 if len(far) else 0


def largest_step(values: Annotated[npt.NDArray[np.float64], "P"]) -> int:
    """The place, from 1, that is farthest from the one before it. There are two values or more."""
    return int(np.abs(np.diff(values)).argmax()) + 1
