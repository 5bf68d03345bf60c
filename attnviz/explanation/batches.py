"""How many rows go through the model at once: enough to be quick, few enough to fit into the device's memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attnviz.loading.device import free_bytes

if TYPE_CHECKING:
    import torch

    from attnviz.capture import Model
    from attnviz.explanation.problem import Problem
    from attnviz.types import ModelCard

ROWS = 32
TOKENS_FORWARD = 16_384
TOKENS_BACKWARD = 2_048  # every activation is kept for the gradient
CARD_VALUES = 2**24  # of one hidden state: a card is busy with them, and more at once gains nothing
CARD_SHARE = 4  # of a card's free memory a batch takes at most one part in so many


def rows_at_once(problem: Problem, gradients: bool = False) -> int:
    """Rows of the problem's length per pass: see `rows_for`."""
    tokens = problem.inputs["attention_mask"].shape[1]
    return rows_for(problem.model, problem.module, tokens, problem.mask.device, gradients)


def rows_for(
    model: Model, module: torch.nn.Module, tokens: int, device: torch.device, gradients: bool = False
) -> int:
    """Rows of so many tokens per pass: 1 to 32, or on a card as many as keep it busy and fit into its memory."""
    tokens = max(1, tokens)
    if device.type != "cuda":
        budget = TOKENS_BACKWARD if gradients else TOKENS_FORWARD
        return max(1, min(ROWS, budget // tokens))
    busy = CARD_VALUES // (tokens * max(1, model.card.width))
    fit = free_bytes(device) // (CARD_SHARE * tokens * _token_bytes(model.card, module, tokens, gradients))
    return max(1, min(busy, fit))


def _token_bytes(card: ModelCard, module: torch.nn.Module, tokens: int, gradients: bool) -> int:
    """What a pass holds for each token of a row, in float32; of one layer at a time where no gradient is taken.

    A layer's activations: Korthikanti et al. 2022, equation 1, which counts 2 bytes a number; and a head's logits.
    """
    layer = 68 * card.width + 10 * card.heads * tokens
    headless = getattr(module, "base_model", module) is module
    logits = 0 if headless else 12 * getattr(module.config, "vocab_size", 0)
    return max(1, layer * (card.layers if gradients else 1) + logits)
