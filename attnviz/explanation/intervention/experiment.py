"""A question to a model, decided once, and the places where the attention that answers it can be changed.

What `ablate` and `head_importance` ask stands here: the target's problems, the attention calls of one kind, the heads
that are chosen; and what the answer is while the outputs of these heads are scaled, frozen or probed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from attnviz.capture.arrays import to_numpy
from attnviz.checks import finite, index
from attnviz.errors import InputEmpty, InputInvalid, ModelUnsupported, UnknownName
from attnviz.explanation.declarations import Progress, Target
from attnviz.language import say
from attnviz.types import Kind, default_kind

if TYPE_CHECKING:
    import torch

    from attnviz.capture import Model
    from attnviz.capture.reading import Messages
    from attnviz.capture.recording.recorder import Call
    from attnviz.capture.recording.sites import Attend, Change, Sites
    from attnviz.explanation.problem import Problem

Head = tuple[int, int]


class Experiment:
    """A question to a model, decided, and the places of one kind of attention where its answer can be changed."""

    def __init__(
        self,
        model: Model,
        text: str | Messages,
        target: str | None,
        pair: str | None,
        options: Mapping[str, Any],
        kind: Kind | None,
    ) -> None:
        from attnviz.explanation.attribution.run import find_target, pose

        self.target: Target = find_target(model, target)
        self.problems: tuple[Problem, ...] = pose(model, self.target, text, pair, options)
        self.model, self.text, self.pair = self.problems[0].model, self.problems[0].tokens.text, pair
        self.sites: Sites = self.problems[0].sites()
        self.kind = _kind(self.sites.calls, kind)
        role = self.sites.calls[0].role if self.kind == "self" else self.kind
        self.numbers = [number for number, call in enumerate(self.sites.calls) if call.role == role]
        self.layers = {number: layer for layer, number in enumerate(self.numbers)}
        self.counts = [self.sites.calls[number].shape[1] for number in self.numbers]

    def chosen(self, heads: Iterable[Head], layers: Iterable[int]) -> tuple[Head, ...]:
        """The heads, and those of whole layers, each once. Raises UnknownName, InputEmpty, InputInvalid."""
        found = []
        for each in heads if isinstance(heads, Iterable) else (heads,):
            if isinstance(each, str) or not hasattr(each, "__len__") or len(each) != 2:
                raise InputInvalid(
                    say("{each!r} is no head: each is a pair of a layer and a head.", each=each),
                    say("Write heads=[(2, 5)]."),
                )
            layer = self._layer(each[0])
            found.append((layer, index("head", each[1], self.counts[layer])))
        for number in map(self._layer, layers):
            found += [(number, head) for head in range(self.counts[number])]
        if not found:
            raise InputEmpty(say("No head is chosen."), say("Name at least one as (layer, head)."))
        return tuple(dict.fromkeys(found))

    def _layer(self, layer: object) -> int:
        return index("layer", layer, len(self.counts))

    def under(self, change: Change) -> tuple[float, tuple[tuple[str, float], ...]]:
        """The same question, asked of the changed model: F, and what it says."""
        from attnviz.capture import Model
        from attnviz.explanation.attribution.run import pose

        with self.sites.changed(change) as running:
            changed = Model(replace(self.model.loaded, module=running))
            problem = pose(changed, self.target, self.text, self.pair, self.problems[0].options)[0]
            return problem.value, problem.outcomes()

    def attending(self, attend: Attend) -> tuple[float, tuple[tuple[str, float], ...]]:
        """The same of the text alone, whose attention goes on as `attend` says; other texts are read as ever."""
        import torch

        first = self.problems[0]
        with torch.no_grad(), self.sites.attending(attend) as running:
            problem = first.within(self.sites.part(running, first.module))
            value = float(problem.evaluate())
            finite(value, "the result with heads forced", self.model.dtype)
            return value, problem.outcomes()

    def places(self, heads: Iterable[Head]) -> dict[int, list[int]]:
        """The heads by the number of their attention call."""
        places: dict[int, list[int]] = {}
        for layer, head in heads:
            places.setdefault(self.numbers[layer], []).append(head)
        return places

    def scaling(self, gates: Mapping[Head, float]) -> Change:
        """Multiplies the outputs of some heads."""
        import torch

        rows: dict[int, list[float]] = {}
        for (layer, head), gate in gates.items():
            rows.setdefault(self.numbers[layer], [1.0] * self.counts[layer])[head] = gate

        def change(number: int, output: torch.Tensor, axis: int) -> torch.Tensor | None:
            if number not in rows:
                return None
            return _times(output, torch.tensor(rows[number], dtype=output.dtype, device=output.device), axis)

        return change

    def freezing(self, heads: tuple[Head, ...], reference: str) -> Change:
        """Puts the mean over a reference text in place of some heads' outputs."""
        from attnviz.explanation.problem import encode

        _, inputs = encode(self.model, self.model.loaded.module, reference)
        own = self.problems[0].inputs
        inputs.update({name: each for name, each in own.items() if name.startswith("decoder")})
        means = [_mean(call) for call in self.model.sites(inputs).calls]
        places = self.places(heads)

        def change(number: int, output: torch.Tensor, axis: int) -> torch.Tensor | None:
            if number not in places:
                return None
            frozen = output.clone()
            for head in places[number]:
                frozen[:, :, head] = means[number][head]
            return frozen

        return change

    def falls(self, report: Progress) -> np.ndarray[Any, np.dtype[np.float64]]:
        """(L, H): F - F without the head, one run for each."""
        values = np.full((len(self.counts), max(self.counts)), np.nan)
        heads = [(layer, head) for layer, count in enumerate(self.counts) for head in range(count)]
        for done, head in enumerate(heads):
            report(done / len(heads))
            values[head] = self.problems[0].value - self.under(self.scaling({head: 0.0}))[0]
        return values

    def slopes(self) -> np.ndarray[Any, np.dtype[np.float64]]:
        """(L, H): dF / dgate at 1. A target of two texts changes through both, so their slopes add up."""
        import torch

        device = self.problems[0].mask.device
        gates = [torch.ones(count, device=device, requires_grad=True) for count in self.counts]

        def change(number: int, output: torch.Tensor, axis: int) -> torch.Tensor | None:
            if number not in self.layers:
                return None
            return _times(output, gates[self.layers[number]].to(output.dtype), axis)

        values = np.full((len(self.counts), max(self.counts)), np.nan)
        with torch.enable_grad(), self.sites.changed(change) as running:
            parts = (each.within(self.sites.part(running, each.module)) for each in self.problems)
            whole = sum(part.evaluate().sum() for part in parts)
        slopes = torch.autograd.grad(whole, gates, materialize_grads=True)  # type: ignore[arg-type]
        for layer, slope in enumerate(slopes):
            finite(slope, f"the slopes of the heads of layer {layer}", self.model.dtype)
            values[layer, : len(slope)] = to_numpy(slope, wide=True)
        return values


def _kind(calls: tuple[Call, ...], kind: Kind | None) -> Kind:
    roles = tuple(dict.fromkeys(call.role for call in calls))
    kinds: tuple[Kind, ...] = roles if len(roles) > 1 else ("self",)
    if kind is None:
        return default_kind(kinds)
    if kind not in kinds:
        raise UnknownName(say("kind of attention"), kind, kinds)
    return kind


def _times(output: torch.Tensor, gates: Annotated[torch.Tensor, "H"], axis: int) -> torch.Tensor:
    shape = [1] * output.dim()
    shape[axis] = len(gates)
    return output * gates.reshape(shape)


def _mean(call: Call) -> Annotated[torch.Tensor, "H dv"]:
    """The mean output of every head over the positions of a text. Raises ModelUnsupported."""
    if call.out is None:
        raise ModelUnsupported(
            say(
                "This family shows its attention weights, but not the heads' outputs, so no mean can "
                "replace them."
            ),
            say("Switch the heads off instead."),
            reason="not-captured",
        )
    return call.out[0].mean(0)
