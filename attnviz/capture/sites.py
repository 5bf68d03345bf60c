"""Where a model attends, and how to run it with other attention outputs: heads scaled, replaced or probed.

One recorded pass names the attention calls in the order in which they run; in later passes a function gets each
call's output, or the whole call, and says what the model goes on with. The module itself is neither switched nor
hooked.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from attnviz.capture.interface import Sink
from attnviz.capture.recorder import Call, Recorder, active, record_calls
from attnviz.capture.tap import Tap

# (number of the call in its pass, its output, the axis of its heads) -> what the model goes on with; None: the output.
# An output is (B, Q, H, dv); of families that show their weights only it is the weights (B, H, Q, K), before they
# meet the values, so that scaling a head there scales its output.
Change = Callable[[int, torch.Tensor, int], torch.Tensor | None]
# (number of the call in its pass, the call as it is in this pass) -> the same. Its output is `call.out`; where that is
# None, the weights of its `DenseScores`.
Attend = Callable[[int, Call], torch.Tensor | None]


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

    def changed(self, change: Change) -> contextlib.AbstractContextManager[torch.nn.Module]:
        """Within the block, passes of the yielded module on this thread go on with what `change` returns.

        The yielded module is the model or a view over its weights; whole passes only, each of which makes the
        same calls in the same order.
        """
        return self._running(_Changer(len(self.calls), change))

    def attending(self, attend: Attend) -> contextlib.AbstractContextManager[torch.nn.Module]:
        """As `changed`, with a function that also gets what the output was made of; without gradients."""
        return self._running(_Attender(len(self.calls), attend, self.view or self.module))

    @contextlib.contextmanager
    def _running(self, changer: Sink) -> Iterator[torch.nn.Module]:
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
    calls, view = record_calls(module, inputs)
    return Sites(module, calls, view)


class _Counter:
    """Counts the calls, anew with each pass."""

    def __init__(self, count: int) -> None:
        self._count, self._seen = count, 0

    def number(self) -> int:
        self._seen += 1
        return (self._seen - 1) % self._count


class _Changer(_Counter):
    """Hands the outputs to the function."""

    def __init__(self, count: int, change: Change) -> None:
        super().__init__(count)
        self._change = change

    def attention(
        self,
        module: torch.nn.Module,
        q: torch.Tensor,
        k: torch.Tensor,
        v: torch.Tensor,
        out: torch.Tensor,
        **how: Any,
    ) -> torch.Tensor | None:
        return self._change(self.number(), out, 2)

    def weights(self, module: torch.nn.Module | None, weights: torch.Tensor) -> torch.Tensor | None:
        return self._change(self.number(), weights, 1)


class _Attender(_Counter):
    """Hands whole calls to the function, each as a recorder would have noted it."""

    def __init__(self, count: int, attend: Attend, module: torch.nn.Module) -> None:
        super().__init__(count)
        self._attend, self._recorder = attend, Recorder(module)

    def attention(self, *call: Any, **how: Any) -> torch.Tensor | None:
        self._recorder.attention(*call, **how)
        return self._attend(self.number(), self._recorder.calls()[0])

    def weights(self, module: torch.nn.Module | None, weights: torch.Tensor) -> torch.Tensor | None:
        self._recorder.weights(module, weights)
        return self._attend(self.number(), self._recorder.calls()[0])
