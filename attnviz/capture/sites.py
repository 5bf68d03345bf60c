"""Where a model attends, and how to run it with other attention outputs: heads scaled, replaced or probed.

One recorded pass names the attention calls in the order in which they run; in later passes a function gets each
call's output and says what the model goes on with. The module itself is neither switched nor hooked.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from attnviz.capture.recorder import Call, active, record_with
from attnviz.capture.tap import Tap

# (number of the call in its pass, its output, the axis of its heads) -> what the model goes on with; None: the output.
# An output is (B, Q, H, dv); of families that show their weights only it is the weights (B, H, Q, K), before they
# meet the values, so that scaling a head there scales its output.
Change = Callable[[int, torch.Tensor, int], torch.Tensor | None]


@dataclass(frozen=True)
class Sites:
    """The attention calls of one pass, numbered from 0 in the order in which they ran.

    Attributes:
        module: the model.
        calls: what was recorded of each.
        view: the second module over the same weights that is run in the model's place; None: the model itself.
    """

    module: torch.nn.Module
    calls: tuple[Call, ...]
    view: torch.nn.Module | None

    @contextlib.contextmanager
    def changed(self, change: Change) -> Iterator[torch.nn.Module]:
        """Within the block, passes of the yielded module on this thread go on with what `change` returns.

        The yielded module is the model or a view over its weights; whole passes only, each of which makes the
        same calls in the same order.
        """
        changer = _Changer(len(self.calls), change)
        if self.view is not None:
            with active(changer):
                yield self.view
        else:
            with Tap(self.module, changer):
                yield self.module

    def part(self, running: torch.nn.Module, part: torch.nn.Module) -> torch.nn.Module:
        """What stands in the running module where `part` stands in the model."""
        name = next(name for name, each in self.module.named_modules() if each is part)
        return running.get_submodule(name)


def find_sites(module: torch.nn.Module, inputs: Mapping[str, Any]) -> Sites:
    """Run one pass and note its calls. Raises ModelUnsupported where none is seen."""
    _, calls, view = record_with(module, inputs)
    return Sites(module, calls, view)


class _Changer:
    """Hands the outputs to the function, and counts the calls, anew with each pass."""

    def __init__(self, count: int, change: Change) -> None:
        self._count, self._change, self._seen = count, change, 0

    def attention(
        self,
        module: torch.nn.Module,
        q: torch.Tensor,
        k: torch.Tensor,
        v: torch.Tensor,
        out: torch.Tensor,
        **how: Any,
    ) -> torch.Tensor | None:
        return self._change(self._number(), out, 2)

    def weights(self, module: torch.nn.Module | None, weights: torch.Tensor) -> torch.Tensor | None:
        return self._change(self._number(), weights, 1)

    def _number(self) -> int:
        self._seen += 1
        return (self._seen - 1) % self._count
