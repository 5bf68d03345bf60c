"""Whether what was recorded of a run can be drawn: a map of these tokens for each layer, of every kind that is needed.

Recorded calls and captures go in; a refusal with its reason comes out where a family attends in another way.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from attnviz.errors import ModelUnsupported
from attnviz.types import ModelCard

if TYPE_CHECKING:
    from attnviz.capture.capture import Capture
    from attnviz.capture.recording.recorder import Call, Role


ITEMS = {"token": "tokens", "patch": "patches", "frame": "frames"}


def roles_of(card: ModelCard, calls: Sequence[Call]) -> tuple[Role, ...]:
    """The roles of the attention calls, each once. Raises ModelUnsupported."""
    roles = tuple(dict.fromkeys(call.role for call in calls))
    if len(roles) == 1 and len(calls) > card.layers:
        raise ModelUnsupported(
            f"{card.name} ({card.family}) attends {len(calls)} times in {card.layers} layers.",
            "Families with several attentions in one layer cannot be drawn yet.",
            reason="not-captured",
        )
    if card.kind == "encoder-decoder" and len(roles) < 3:
        raise ModelUnsupported(
            f"Only the {' and '.join(roles)} attention of {card.name} ({card.family}) could be captured.",
            "Its family attends in blocks, which cannot be drawn yet.",
            reason="not-captured",
        )
    return roles


def check_sizes(capture: Capture) -> None:
    """Every layer must be a map of these tokens; models that pool or cut the text into blocks are not."""
    for kind, layers in capture.layers.items():
        expected = (
            1,
            layers[0].scores.shape[1],
            len(capture.query_tokens(kind)),
            len(capture.key_tokens(kind)),
        )
        wrong = next((layer.scores.shape for layer in layers if layer.scores.shape != expected), None)
        if wrong is not None:
            units = [ITEMS[each.unit] for each in (capture.query_tokens(kind), capture.key_tokens(kind))]
            whole = {"token": "text", "patch": "picture", "frame": "sound"}[capture.tokens.unit]
            raise ModelUnsupported(
                f"A layer of {capture.card.name} has attention of size {wrong[1:]}, where {expected[1:]} "
                f"(heads, query {units[0]}, key {units[1]}) was expected.",
                f"Its family ({capture.card.family}) pools the {whole} or attends in blocks, "
                "which cannot be drawn yet.",
                reason="not-captured",
            )
