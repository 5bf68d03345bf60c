"""What each layer of a stack gave in passes of the whole model, so that a shorter stack need not run them again.

A pass is known again by all that its first layer was fed. Where anything of it differs, nothing kept is used.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import torch

EMPTY = "an empty cache"
KEPT_BYTES = 2 << 30  # more than this is not kept: layers then run again


class NotKept(Exception):
    """A pass that is not known: its layers must run."""


class Passes:
    """The passes of a stack of layers; these are hooked while they are kept."""

    def __init__(self, layers: list[torch.nn.Module]) -> None:
        self._layers = layers
        self._passes: list[tuple[Any, list[Any]]] = []  # what the first layer was fed, what each layer gave
        self._nbytes = 0

    @contextlib.contextmanager
    def kept(self) -> Iterator[None]:
        """Within the block, what passes through the layers is kept."""
        first = self._layers[0]
        hooks = [first.register_forward_pre_hook(self._begin, with_kwargs=True)]
        hooks += [each.register_forward_hook(self._gave) for each in self._layers]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()

    def after(self, count: int) -> torch.nn.ModuleList:
        """One layer that gives what layer `count` - 1 gave; in a pass that is not known it raises NotKept."""
        return torch.nn.ModuleList([_Replay(self._layers[0], self, count)])

    def found(self, fed: Any, count: int) -> Any:
        """What layer `count` - 1 gave in the pass whose first layer was fed this. Raises NotKept."""
        asked = _copied(fed)
        for known, given in self._passes:
            if len(given) == len(self._layers) and _same(known, asked):
                return _copied(given[count - 1])
        raise NotKept

    def _begin(self, layer: torch.nn.Module, args: Any, kwargs: Any) -> None:
        self._passes.append((self._counted((args, kwargs)), []))

    def _gave(self, layer: torch.nn.Module, args: Any, output: Any) -> None:
        given = self._passes[-1][1]
        if (
            self._nbytes > KEPT_BYTES
            or len(given) >= len(self._layers)
            or self._layers[len(given)] is not layer
        ):
            given[:] = []  # layers out of turn, or too much to keep: this pass is not known
        else:
            given.append(self._counted(output))

    def _counted(self, value: Any) -> Any:
        copied = _copied(value)
        self._nbytes += sum(each.nbytes for each in _tensors(copied))
        return copied


class _Replay(torch.nn.Module):
    """Stands for the first layers; what else the model asks of a layer, the first one answers."""

    def __init__(self, first: torch.nn.Module, passes: Passes, count: int) -> None:
        super().__init__()
        self.__dict__.update(_first=first, _passes=passes, _count=count)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__dict__["_first"], name)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return self._passes.found((args, kwargs), self._count)


def _copied(value: Any) -> Any:
    """The same with tensors of its own: a later layer may write to what an earlier one gave."""
    if isinstance(value, torch.Tensor):
        return value.detach().clone()
    if isinstance(value, dict) and type(value) is dict:
        return {name: _copied(each) for name, each in value.items()}
    if type(value) in (tuple, list):
        return type(value)(map(_copied, value))
    if hasattr(value, "get_seq_length") and value.get_seq_length() == 0:
        return EMPTY  # a cache, before the first layer has written to it
    return value


def _tensors(value: Any) -> Iterator[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, dict | tuple | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _tensors(each)


def _same(one: Any, other: Any) -> bool:
    """Whether two are alike in all that could change what a layer gives."""
    if isinstance(one, torch.Tensor) and isinstance(other, torch.Tensor):
        return one.dtype == other.dtype and torch.equal(one, other)
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_same(one[name], other[name]) for name in one)
    if isinstance(one, tuple | list):
        return len(one) == len(other) and all(map(_same, one, other))
    if one is None or isinstance(one, bool | int | float | str):
        return bool(one == other)
    return False
