"""Loading that leaves the process alone: other threads go on running models while one is loaded.

transformers sets torch's default dtype, which is the whole process's, while it builds a module in another precision.
Within `isolated()` the dtype is given to each tensor that is made by this thread instead.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

_ISOLATED: ContextVar[bool] = ContextVar("isolated", default=False)
# What makes tensors of the default dtype where none is named.
FACTORIES = (
    "arange", "as_tensor", "asarray", "empty", "empty_strided", "eye", "full", "linspace", "logspace", "ones", "rand",
    "randn", "scalar_tensor", "tensor", "zeros",
)  # fmt: skip


@contextlib.contextmanager
def isolated() -> Iterator[None]:
    """What this thread loads with transformers meanwhile leaves torch's default dtype as it is."""
    _install()
    token = _ISOLATED.set(True)
    try:
        yield
    finally:
        _ISOLATED.reset(token)


@functools.cache
def _install() -> None:
    """Put the choice in the place of transformers' own switch, once; outside `isolated` it does what that did."""
    from transformers import modeling_utils

    library: Any = modeling_utils
    switch = library.local_torch_dtype

    def chosen(dtype: torch.dtype, *arguments: Any, **named: Any) -> Any:
        isolate = _ISOLATED.get() and dtype.is_floating_point
        return _dtype_mode()(dtype) if isolate else switch(dtype, *arguments, **named)

    library.local_torch_dtype = chosen


@functools.cache
def _dtype_mode() -> Any:
    """The class of a context in which this thread's new tensors have a dtype."""
    import torch
    from torch.overrides import TorchFunctionMode

    factories = {getattr(torch, name) for name in FACTORIES}

    class DefaultDtype(TorchFunctionMode):
        def __init__(self, dtype: torch.dtype) -> None:
            super().__init__()
            self.dtype = dtype

        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            kwargs = kwargs or {}
            made = func(*args, **kwargs)
            if (
                func not in factories
                or kwargs.get("dtype") is not None
                or made.dtype != torch.get_default_dtype()
            ):
                return made
            given = args[0] if args else None  # an array or tensor keeps its own
            return made if hasattr(given, "dtype") else func(*args, **{**kwargs, "dtype": self.dtype})

    return DefaultDtype
