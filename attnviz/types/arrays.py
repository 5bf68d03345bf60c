"""Arrays as records hold them: their dtypes, and how they are made read-only."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int64]
SecondsArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
ByteArray = npt.NDArray[np.uint8]


def readonly(array: npt.ArrayLike, dtype: npt.DTypeLike | None = None) -> npt.NDArray[Any]:
    """An array that nobody can write to; a view where the input already has the dtype, else a copy."""
    result = np.asarray(array, dtype=dtype).view()
    result.flags.writeable = False
    return result
