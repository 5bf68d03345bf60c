"""How far explanations of one text agree on which words matter: rank correlations of their scores."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import numpy.typing as npt

from attnviz.types import FloatArray

TOP = 10  # words


def kendall_taus(
    scores: Annotated[FloatArray, "M W"], top: int = TOP
) -> Annotated[npt.NDArray[np.float64], "M M"]:
    """Kendall's tau-b of each two methods' sizes of scores, over the `top` largest words of either; -1 to 1.

    Sizes, since some methods have no sign. NaN where one of the two gives all those words the same score.
    Kendall 1945, "The treatment of ties in ranking problems".
    """
    from scipy.stats import kendalltau

    sizes = np.abs(np.asarray(scores, np.float64))
    count = len(sizes)
    first = np.argsort(-sizes, axis=1, kind="stable")[:, :top]
    result = np.eye(count)
    for i in range(count):
        for j in range(i + 1, count):
            words = np.union1d(first[i], first[j])
            result[i, j] = result[j, i] = kendalltau(sizes[i, words], sizes[j, words]).statistic
    return result


def spearman(one: Annotated[FloatArray, "W"], other: Annotated[FloatArray, "W"]) -> float:
    """The rank correlation of two lists of scores, with their signs; -1 to 1, NaN where one does not vary."""
    from scipy.stats import rankdata

    first, second = rankdata(one), rankdata(other)
    if len(first) < 2 or first.std() == 0 or second.std() == 0:
        return float("nan")
    return float(np.corrcoef(first, second)[0, 1])
