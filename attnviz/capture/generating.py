"""Letting a model write: the sequence of ids that it generates for a text, before anything is captured.

A loaded model and the tensors of a text go in, ids come out.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from attnviz.errors import InputEmpty
from attnviz.language import say

if TYPE_CHECKING:
    import torch

    from attnviz.loading import Loaded


def generated(loaded: Loaded, inputs: Mapping[str, torch.Tensor], options: Mapping[str, Any]) -> list[int]:
    """The whole sequence of ids; for an encoder-decoder it begins with the decoder's start token.

    Raises InputEmpty where the model has no head to generate with.
    """
    module: Any = loaded.module
    if not getattr(module, "can_generate", lambda: False)():
        raise InputEmpty(
            say("{name} has no head to generate with, so a target text is needed.", name=loaded.card.name),
            say("Type a target text."),
        )
    settings = {"do_sample": False, "num_beams": 1, **options}
    # Each call gets a config of its own: generate() writes into the one that it is given.
    ids = module.generate(**inputs, **settings)
    return ids[0].tolist()


@contextlib.contextmanager
def seeded(seed: int, device: torch.device) -> Iterator[None]:
    """Draw with a seed, and leave the caller's random state as it was."""
    import torch

    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        yield
