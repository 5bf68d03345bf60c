"""Which device and number format a model runs in: named by the user, or the best that the machine has.

In flow strings; out flow torch.device and torch.dtype, or an error that lists what there is.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from attnviz.errors import AttnVizError, UnknownName
from attnviz.language import say

if TYPE_CHECKING:
    import torch

DEVICES = ("auto", "cuda", "mps", "cpu")
DTYPES = ("auto", "float32", "bfloat16", "float16", "float64")


def check_names(device: str, dtype: str) -> None:
    """Raises UnknownName for a device or dtype that no machine has. Does not import torch."""
    if device.lower() in ("gpu", "nvidia"):  # whose nearest name would be 'cpu'
        raise UnknownName(say("device"), device, [name for name in DEVICES if name != "cpu"])
    if device not in DEVICES and re.fullmatch(r"cuda:\d{1,3}", device) is None:
        raise UnknownName(say("device"), device, DEVICES)
    if dtype not in DTYPES:
        raise UnknownName(say("dtype"), dtype, DTYPES)


def choose(device: str, dtype: str) -> tuple[torch.device, torch.dtype]:
    """The device and dtype for these names: auto is CUDA, then MPS, then CPU; bfloat16 on a GPU that has it.

    Raises: UnknownName; AttnVizError where this machine has no such device.
    """
    import torch

    check_names(device, dtype)
    cuda, mps = (
        torch.cuda.device_count() if torch.cuda.is_available() else 0,
        torch.backends.mps.is_available(),
    )
    if device == "auto":
        device = "cuda" if cuda else "mps" if mps else "cpu"
    chosen = torch.device(device)
    if (chosen.type == "cuda" and (chosen.index or 0) >= cuda) or (chosen.type == "mps" and not mps):
        there = ["cpu", *(f"cuda:{index}" for index in range(cuda)), *(["mps"] if mps else [])]
        raise AttnVizError(
            say("The device {device!r} was asked for, but this machine does not have it.", device=device),
            say("It has: {there}; 'auto' takes the best of them.", there=", ".join(there)),
        )
    if dtype == "auto":
        dtype = "bfloat16" if chosen.type == "cuda" and _has_bfloat16(chosen) else "float32"
    return chosen, getattr(torch, dtype)


def _has_bfloat16(card: torch.device) -> bool:
    """Whether this very card computes in bfloat16 itself; NVIDIA's do from Ampere on, and older ones emulate it."""
    import torch

    return torch.version.hip is not None or torch.cuda.get_device_capability(card) >= (8, 0)


def free_bytes(card: torch.device) -> int:
    """What a CUDA card has free, with what torch holds there and does not use."""
    import torch

    free, _ = torch.cuda.mem_get_info(card)
    return free + torch.cuda.memory_reserved(card) - torch.cuda.memory_allocated(card)
