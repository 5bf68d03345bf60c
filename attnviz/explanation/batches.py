"""How many rows go through the model at once: enough to be quick, few enough to fit into memory."""

from __future__ import annotations

ROWS = 32
TOKENS_FORWARD = 16_384
TOKENS_BACKWARD = 2_048  # every activation is kept for the gradient


def rows_at_once(tokens: int, gradients: bool = False) -> int:
    """Rows of `tokens` tokens per pass, 1 to 32."""
    budget = TOKENS_BACKWARD if gradients else TOKENS_FORWARD
    return max(1, min(ROWS, budget // max(tokens, 1)))
