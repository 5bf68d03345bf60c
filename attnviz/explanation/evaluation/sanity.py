"""A sanity check: does the explanation change when the upper layers of the model forget what they learned?

Adebayo et al. 2018, "Sanity Checks for Saliency Maps". The upper half of the layers gets its own weights, shuffled; a
picture that stays as it was did not depend on what those layers had learned.
"""

from __future__ import annotations

import copy
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from attnviz.capture.reading import READING
from attnviz.errors import ModelUnsupported, UnknownName
from attnviz.explanation.declarations import Progress
from attnviz.explanation.results import Sanity
from attnviz.language import say
from attnviz.types import Attribution, FloatArray, Tokens

if TYPE_CHECKING:
    import torch

    from attnviz.capture import Model


def sanity(
    model: Model,
    attribution: Attribution,
    *,
    fraction: float = 0.5,
    seed: int = 0,
    progress: Progress | None = None,
) -> Sanity:
    """The same explanation of the same question, by a copy of the model whose upper layers are shuffled.

    Args:
        model: that the attribution was made with; it stays as it is.
        attribution: of `attnviz.explain`, with the options that the method has by default.
        fraction: of the layers, from the last one down, more than 0 and at most 1.
        seed: of the shuffling.
        progress: called with a fraction from 0 to 1; what it raises stops the work and reaches the caller.

    Raises:
        UnknownName: no such fraction. InputInvalid: no model.
        ModelUnsupported: the family's layers cannot be told apart.
    """
    from attnviz.capture import Model
    from attnviz.explanation.attribution.run import check_model, explain

    check_model(model)
    if not 0 < fraction <= 1:
        raise UnknownName(say("fraction of the layers"), fraction, ("more than 0 and at most 1",))
    first = attribution.tokens
    pair = attribution.second_text
    how = {name: value for name, value in attribution.options if name in READING}
    names = layer_names(model.reads(**how), first.text)
    chosen = names[-max(1, round(fraction * len(names))) :]
    module = _shuffled(model.loaded.module, chosen, seed)
    changed = explain(
        Model(replace(model.loaded, module=module)),
        first.text,
        attribution.target,
        pair,
        attribution.method,
        progress,
        **dict(attribution.options),
    )
    second, old, new = attribution.pair_tokens, attribution.pair_scores, changed.pair_scores
    pair_correlation = None
    if second is not None and old is not None and new is not None:
        pair_correlation = _correlation(second, old, new)
    return Sanity(
        before=attribution,
        after=changed,
        layers=tuple(range(len(names) - len(chosen), len(names))),
        correlation=_correlation(first, attribution.scores, changed.scores),
        pair_correlation=pair_correlation,
        seed=seed,
    )


def _correlation(tokens: Tokens, one: FloatArray, other: FloatArray) -> float:
    """Of the ranks of all tokens but the special ones."""
    from attnviz.analysis.rank_correlation import spearman

    own = ~np.array(tokens.special)
    return spearman(one[own], other[own])


def layer_names(model: Model, text: str) -> list[str]:
    """The names of the parts that are the layers, first to last; of an encoder-decoder the decoder's after all."""
    from attnviz.explanation.problem import encode

    module: Any = model.loaded.module
    _, inputs = encode(model, module, text)
    if model.card.kind == "encoder-decoder" and not model.echoes:
        inputs["decoder_input_ids"] = inputs["input_ids"][:, :1]
    found = [re.match(r"(.*?\.\d+)(\.|$)", call.name) for call in model.sites(inputs).calls]
    names = list(dict.fromkeys(match.group(1) for match in found if match))
    if len(names) < 2:
        raise ModelUnsupported(
            say(
                "The layers of {name} ({family}) cannot be told apart.",
                name=model.card.name,
                family=model.card.family,
            ),
            say("Choose a model whose layers have weights of their own."),
            reason="not-captured",
        )
    return names


def _shuffled(module: torch.nn.Module, layers: list[str], seed: int) -> torch.nn.Module:
    """A second module that shares all weights but those of some layers; each of these is shuffled within itself."""
    import torch

    memo = {id(tensor): tensor for tensor in (*module.parameters(), *module.buffers())}
    random = torch.Generator().manual_seed(seed)
    for name, weight in module.named_parameters():
        if any(name.startswith(f"{layer}.") for layer in layers):
            order = torch.randperm(weight.numel(), generator=random).to(weight.device)
            mixed = weight.detach().flatten()[order].reshape(weight.shape)
            memo[id(weight)] = torch.nn.Parameter(mixed, requires_grad=False)
    return copy.deepcopy(module, memo)
