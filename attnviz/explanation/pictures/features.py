"""Which patches are like one of them: the cosine of their hidden states, layer by layer."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from attnviz.checks import index
from attnviz.errors import ModelUnsupported
from attnviz.language import say
from attnviz.types import FloatArray

if TYPE_CHECKING:
    from attnviz.capture import Model


def feature_similarity(model: Model, image: object, item: int) -> Annotated[FloatArray, "L+1 T"]:
    """The cosine of the hidden state of one item with those of all, from -1 to 1.

    Args:
        image: as for `Model.capture`. item: counted as in `Patches`: what stands before the grid comes first.

    Returns:
        float32 (L + 1, T): of what enters the first layer, then of what leaves each.

    Raises:
        UnknownName: no such item. ModelUnsupported: the model does not show one state for each item and layer.
    """
    import torch

    from attnviz.capture.pictures import read_image

    patches, inputs = read_image(model.loaded, image)
    index("patch", item, len(patches))
    module: Any = model.loaded.module
    # A copy over the same weights: transformers leaves a hook on a module that it has asked for its hidden states.
    shared: dict[int, Any] = {id(tensor): tensor for tensor in (*module.parameters(), *module.buffers())}
    with torch.no_grad():
        output = copy.deepcopy(module, shared)(**inputs, output_hidden_states=True)
    states = getattr(output, "hidden_states", None) or ()
    if not states or any(state.dim() != 3 or state.shape[1] != len(patches) for state in states):
        raise ModelUnsupported(
            say(
                "{name} ({family}) does not show a state for every patch and layer.",
                name=model.card.name,
                family=model.card.family,
            ),
            say("Choose a plain vision transformer (ViT, DeiT, BEiT, DINOv2, CLIP, SigLIP)."),
            reason="not-captured",
        )
    rows = []
    for state in states:
        vectors = torch.nn.functional.normalize(state[0].float(), dim=-1)
        rows.append((vectors @ vectors[item]).cpu().numpy())
    found: FloatArray = np.stack(rows).astype(np.float32)
    return found
