"""One vocabulary for torch tensors and numpy arrays: the array API standard, which numpy speaks by itself.

A capture that was just made holds tensors on its device; one that was opened from a file holds numpy arrays, and must
not wait for anything heavier than numpy.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Array = Any  # a torch.Tensor or a numpy.ndarray


def is_torch(array: Array) -> bool:
    """Whether the array is a torch tensor."""
    return not isinstance(array, np.ndarray)


def namespace(array: Array) -> Any:
    """The functions of the array API standard for this kind of array."""
    if not is_torch(array):
        return np
    import array_api_compat.torch

    return array_api_compat.torch


def device_of(array: Array) -> Any:
    """Where the array lives, in the form that its own functions take."""
    return array.device


def to_numpy(array: Array) -> Any:
    """The same numbers as a numpy array on the CPU; torch's half precision becomes float32."""
    return array.detach().float().cpu().numpy() if is_torch(array) else array
