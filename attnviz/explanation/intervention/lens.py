"""Layer by layer: what the model would say if it stopped after each of its layers.

For a model with a head this is the logit lens (nostalgebraist 2020): the states after layer l go through the final
norm and the head. For an embedding model it is how the similarity forms. Done by leaving out the later layers, so
that whatever a family puts behind its layers is applied as ever, once. The earlier ones run once for all places.
"""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from attnviz.errors import ModelUnsupported
from attnviz.explanation.declarations import Progress, Target
from attnviz.explanation.evaluation.sanity import layer_names
from attnviz.explanation.results import LayerByLayer
from attnviz.language import say

if TYPE_CHECKING:
    import torch

    from attnviz.capture import Model
    from attnviz.capture.reading import Messages
    from attnviz.explanation.problem import Outcomes


def layer_by_layer(
    model: Model,
    text: str | Messages,
    target: str | None = None,
    pair: str | None = None,
    *,
    progress: Progress | None = None,
    **options: Any,
) -> LayerByLayer:
    """The target and the predictions after each layer.

    Args:
        model: a loaded model; it stays as it is.
        text, target, pair, **options: as in `attnviz.explain`; what the options leave open is decided with all
            layers. Of an encoder-decoder the decoder is cut short.
        progress: called with a fraction from 0 to 1; what it raises stops the work and reaches the caller.

    Raises what `attnviz.explain` raises, and ModelUnsupported where the layers cannot be left out.
    """
    from attnviz.explanation.attribution.run import find_target, pose

    report = progress or (lambda fraction: None)
    report(0.0)
    chosen = find_target(model, target)
    whole = pose(model, chosen, text, pair, options)[0]
    read = whole.tokens.text
    shorter = _Shorter(model, layer_names(whole.model, read[:200] if read[:200].strip() else read))
    places: dict[int, tuple[float, Outcomes]] = {}
    for done, count in enumerate((shorter.count, *range(shorter.count))):  # first all layers, which are kept
        report(done / (shorter.count + 1))
        places[count] = shorter.asked(count, model, chosen, read, pair, whole.options)
    values, outcomes = zip(*(places[count] for count in sorted(places)), strict=True)
    report(1.0)
    return LayerByLayer(
        values=np.array(values),
        outcomes=outcomes,
        outcome_unit=whole.outcome_unit,
        target=chosen.info.name,
        options=tuple(sorted(whole.options.items())),
    )


class _Shorter:
    """A second module over the same weights, which can be cut to its first layers."""

    def __init__(self, model: Model, names: list[str]) -> None:
        from attnviz.explanation.intervention.kept_layers import Passes

        self.parent, _, _ = names[-1].rpartition(".")  # the list that the last layers stand in
        memo: dict[int, Any] = {
            id(tensor): tensor
            for tensor in (*model.loaded.module.parameters(), *model.loaded.module.buffers())
        }
        self.module = copy.deepcopy(model.loaded.module, memo)
        found: Any = self.module.get_submodule(self.parent)
        self.layers, self.count = found, len(list(found.children()))
        if self.count != sum(name.startswith(f"{self.parent}.") for name in names):
            raise ModelUnsupported(
                say(
                    "The layers of {name} ({family}) cannot be left out one by one.",
                    name=model.card.name,
                    family=model.card.family,
                ),
                say("Choose a model whose layers stand in one list."),
                reason="not-captured",
            )
        self.passes = Passes(list(found))

    def asked(
        self,
        count: int,
        model: Model,
        target: Target,
        text: str,
        pair: str | None,
        options: Mapping[str, Any],
    ) -> tuple[float, Outcomes]:
        """F and what the model says after its first layers: by what they gave in the whole model, else anew."""
        from attnviz.capture import Model
        from attnviz.explanation.attribution.run import pose
        from attnviz.explanation.intervention.kept_layers import NotKept

        def ask(layers: torch.nn.Module) -> tuple[float, Outcomes]:
            cut = Model(replace(model.loaded, module=self._with(layers)))
            problem = pose(cut, target, text, pair, options)[0]
            return problem.value, problem.outcomes()

        if count == self.count:
            with self.passes.kept():
                return ask(self.layers)
        if count:
            with contextlib.suppress(NotKept):
                return ask(self.passes.after(count))
        return ask(self.layers[:count])

    def _with(self, layers: torch.nn.Module) -> torch.nn.Module:
        owner, _, name = self.parent.rpartition(".")
        setattr(self.module.get_submodule(owner), name, layers)
        return self.module
