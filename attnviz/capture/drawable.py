"""Whether what was recorded of a run can be drawn: numbers, and a map of these tokens for each layer of every kind.

Recorded calls and captures go in; a refusal with its reason comes out where a family attends in another way.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from attnviz.capture.recompute.scores import QueryKeyScores
from attnviz.errors import ModelUnsupported, NumbersInvalid
from attnviz.language import say
from attnviz.types import ModelCard

if TYPE_CHECKING:
    import torch

    from attnviz.capture.capture import Capture
    from attnviz.capture.recording.recorder import Call, Role

# Encoder-decoders whose decoder does not attend to itself.
WITHOUT_DECODER = frozenset({"marian_ssru"})


ITEMS = {"token": "tokens", "patch": "patches", "frame": "frames"}


def roles_of(card: ModelCard, calls: Sequence[Call]) -> tuple[Role, ...]:
    """The roles of the attention calls, each once. Raises ModelUnsupported."""
    roles = tuple(dict.fromkeys(call.role for call in calls))
    if len(roles) == 1 and len(calls) > card.layers:
        raise ModelUnsupported(
            say(
                "{name} ({family}) attends {calls} times in {layers} layers.",
                name=card.name,
                family=card.family,
                calls=len(calls),
                layers=card.layers,
            ),
            say("Families with several attentions in one layer cannot be drawn yet."),
            reason="not-captured",
        )
    if card.kind == "encoder-decoder" and len(roles) < (2 if card.family in WITHOUT_DECODER else 3):
        raise ModelUnsupported(
            say(
                "Only the {roles} attention of {name} ({family}) could be captured.",
                roles=" and ".join(roles),
                name=card.name,
                family=card.family,
            ),
            say("Its family attends in blocks, which cannot be drawn yet."),
            reason="not-captured",
        )
    return roles


def check_numbers(card: ModelCard, calls: Sequence[Call]) -> None:
    """Nothing of NaN or infinity is kept. Raises NumbersInvalid, with the layer after which it first is there.

    What is no number anywhere is none in all later layers, and so in the last one of each role: one flag of those is
    looked at, once, so that a device is not waited for layer by layer.
    """
    import torch

    last = {call.role: call for call in calls}
    sums = [_written(call).sum(dtype=torch.float32) for call in last.values()]
    if bool(torch.stack(sums).isfinite().all()):
        return
    for call in calls:
        if all(not bool(each.isfinite().all()) for each in _read(call)):
            raise _no_numbers(card, call, call.layer - 1 if call.layer else None)
        if not all(bool(each.isfinite().all()) for each in (*_read(call), _written(call))):
            raise _no_numbers(card, call, call.layer)


def _read(call: Call) -> list[torch.Tensor]:
    """What comes from the layer before, all of it no number where that one's output is none."""
    if isinstance(call.scores, QueryKeyScores) and call.v is not None:
        return [call.scores.q, call.scores.k, call.v]
    return [_written(call)]


def _written(call: Call) -> torch.Tensor:
    return call.scores.weights if call.out is None else call.out  # type: ignore[union-attr]


def _no_numbers(card: ModelCard, call: Call, layer: int | None) -> NumbersInvalid:
    kind = "" if call.role == "encoder" and card.kind == "encoder" else f"{call.role} "
    dtype = str(_written(call).dtype).removeprefix("torch.")
    return NumbersInvalid(say("the {kind}attention of {name}", kind=kind, name=card.name), dtype, layer)


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
                say(
                    "A layer of {name} has attention of size {wrong}, where {expected} (heads, query "
                    "{query_unit}, key {key_unit}) was expected.",
                    name=capture.card.name,
                    wrong=wrong[1:],
                    expected=expected[1:],
                    query_unit=units[0],
                    key_unit=units[1],
                ),
                say(
                    "Its family ({family}) pools the {whole} or attends in blocks, which cannot be drawn yet.",
                    family=capture.card.family,
                    whole=whole,
                ),
                reason="not-captured",
            )
