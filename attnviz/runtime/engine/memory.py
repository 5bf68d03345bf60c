"""Memory: give back what is unused, keep the garbage collector short, turn exhaustion into a typed error.

A full garbage collection walks every object that torch and transformers created (0.2 s and more, with all
other threads stopped), and Streamlit runs one after every script run. Objects that are there to stay are
therefore frozen.
"""

from __future__ import annotations

import gc
import sys
import traceback
from collections.abc import Callable
from typing import Any, TypeVar

from attnviz.errors import DeviceMemoryExhausted
from attnviz.language import say

T = TypeVar("T")

# Texts of the plain RuntimeErrors that torch raises where memory is at an end and the class does not say it.
EXHAUSTED = (
    "can't allocate memory",
    "not enough memory",
    "out of memory",
    "cannot allocate memory",
    "could not create a memory object",
    "std::bad_alloc",
)


def loaded_torch() -> Any:
    """torch where it has been imported, whole; None before, and while another thread is importing it."""
    module = sys.modules.get("torch")
    return None if module is None or getattr(module.__spec__, "_initializing", False) else module


def settle() -> None:
    """Collect all garbage, then exempt what is left from later collections.

    Unfrozen first: objects of an evicted model sit in reference cycles, which a collection
    does not see as long as they are frozen; the weights would stay for ever.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    release_device_cache()


def release_device_cache() -> None:
    """Give the freed blocks that torch still holds back to the device."""
    torch = loaded_torch()
    if torch is None:
        return
    if torch.cuda.is_available() and torch.cuda.is_initialized():
        torch.cuda.empty_cache()
    if torch.backends.mps.is_available():
        torch.mps.empty_cache()


def is_exhaustion(error: BaseException) -> bool:
    """Whether the error, or the one it stems from, says that memory is at an end."""
    torch = loaded_torch()
    if isinstance(error, MemoryError) or (torch is not None and isinstance(error, torch.OutOfMemoryError)):
        return True
    if isinstance(error, (RuntimeError, OSError)) and any(text in str(error).lower() for text in EXHAUSTED):
        return True
    return error.__cause__ is not None and is_exhaustion(error.__cause__)


def guarded(work: Callable[[], T], free: Callable[[], None], doing: str, remedy: str) -> T:
    """`work()`; where memory ends, `free()` is called and DeviceMemoryExhausted raised.

    The new error is raised after the old one is gone, frames cleared: a traceback that lives on
    (in a log, in a page's error box) would keep the tensors of every frame alive.
    """
    try:
        return work()
    except Exception as error:
        if not is_exhaustion(error):
            raise
        _clear(error)
    free()
    gc.collect()
    release_device_cache()
    raise DeviceMemoryExhausted(say("The device ran out of memory while {doing}.", doing=doing), remedy)


def _clear(error: BaseException | None) -> None:
    while error is not None:
        traceback.clear_frames(error.__traceback__)
        error.__traceback__ = None
        error = error.__cause__ or error.__context__
