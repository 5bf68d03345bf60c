"""One vocabulary for torch tensors and numpy arrays: the array API standard, which numpy speaks by itself.

A capture that was just made holds tensors on its device; one that was opened from a file holds numpy arrays, and must
not wait for anything heavier than numpy.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Array = Any  # a torch.Tensor or a numpy.ndarray
STAGE_BYTES = 16 * 2**20


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


def to_numpy(array: Array, wide: bool = False) -> Any:
    """The same numbers as a numpy array on the CPU; torch's other floats become float32, or `wide` ones float64."""
    if not is_torch(array):
        return array
    array = array.detach()
    if wide:
        return array.cpu().double().numpy()  # in this order: Apple's GPUs have no float64
    array = array.float()
    if array.device.type == "cuda" and array.nbytes > STAGE_BYTES:
        return _staged(array.contiguous())
    return array.cpu().numpy()


def _staged(array: Array) -> Any:
    """A large map, copied from a card through two pinned pieces in turn.

    The result itself is not pinned, since it may be kept for long; what is pinned is small, and used again by torch.
    """
    import torch

    result = torch.empty(array.shape, dtype=array.dtype)
    source, target = array.view(-1), result.view(-1)
    step = STAGE_BYTES // 4
    stages = [torch.empty(step, dtype=array.dtype, pin_memory=True) for _ in range(2)]
    events = [torch.cuda.Event() for _ in stages]
    starts = list(range(0, len(source), step))

    def fetch(number: int) -> None:
        part = source[starts[number] : starts[number] + step]
        stages[number % 2][: len(part)].copy_(part, non_blocking=True)
        events[number % 2].record(torch.cuda.current_stream(array.device))

    fetch(0)
    for number, start in enumerate(starts):
        if number + 1 < len(starts):
            fetch(number + 1)
        events[number % 2].synchronize()
        part = target[start : start + step]
        part.copy_(stages[number % 2][: len(part)])
    return result.numpy()


def in_place_exp(array: Array) -> Array:
    """The exponentials, in the memory of the array."""
    return array.exp_() if is_torch(array) else np.exp(array, out=array)


def wide_dtype(like: Array) -> Any:
    """What sums over many rows are kept in: float64, which Apple's GPUs do not have."""
    xp = namespace(like)
    return xp.float32 if is_torch(like) and like.device.type == "mps" else xp.float64
