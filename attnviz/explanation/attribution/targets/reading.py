"""What targets share: logits at chosen columns, probabilities in order, tokens and labels by name."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

from attnviz.errors import UnknownName

if TYPE_CHECKING:
    import torch

    from attnviz.explanation.problem import Outcomes, Run

SHOWN = 10  # outcomes


def logits_at(
    module: torch.nn.Module, run: Run, columns: Annotated[torch.Tensor, "N m"]
) -> Annotated[torch.Tensor, "N m V"]:
    """The logits of a language model at m columns of each row, in float32.

    Only the columns that some row asks for go through the head: with a large vocabulary the logits of all
    columns would be most of the memory.
    """
    import torch

    accepted = inspect.signature(module.forward).parameters
    extra: dict[str, Any] = {"use_cache": False} if "use_cache" in accepted else {}
    if "logits_to_keep" in accepted:
        extra["logits_to_keep"], columns = torch.unique(columns, return_inverse=True)
    logits = run(**extra).logits
    return logits[torch.arange(len(logits), device=logits.device)[:, None], columns].float()


def logits_after(
    module: torch.nn.Module, run: Run, mask: Annotated[torch.Tensor, "N T"]
) -> Annotated[torch.Tensor, "N V"]:
    """The logits after the last token that is not masked."""
    from attnviz.explanation.pooling import last_position

    return logits_at(module, run, last_position(mask)[:, None])[:, 0]


def likeliest(tokenizer: Any, logits: Annotated[torch.Tensor, "V"]) -> Outcomes:
    """The most probable tokens, as a person reads them, with their probabilities."""
    import torch

    best = torch.softmax(logits, -1).topk(min(SHOWN, len(logits)))
    pairs = zip(best.indices.tolist(), best.values.tolist(), strict=True)
    return tuple((tokenizer.decode([token]), probability) for token, probability in pairs)


def token_id(tokenizer: Any, token: str | int, vocabulary: int) -> int:
    """The id of a token given as an id, as a text that is one token, or as the tokenizer spells it."""
    if isinstance(token, int):
        if isinstance(token, bool) or not 0 <= token < vocabulary:
            raise UnknownName("token id", token, (f"0 to {vocabulary - 1}",))
        return token
    ids = tokenizer.encode(token, add_special_tokens=False)
    if len(ids) == 1:
        return int(ids[0])
    spelled = tokenizer.get_vocab().get(token)
    if spelled is None:
        raise UnknownName("single token", token, [tokenizer.decode([part]) for part in ids])
    return int(spelled)


def place_of(what: str, given: str | int, names: Sequence[str]) -> int:
    """The place of a name, or of a number, in a list of names. Raises UnknownName."""
    if isinstance(given, int) and not isinstance(given, bool) and 0 <= given < len(names):
        return given
    if given not in names:
        raise UnknownName(what, given, names)
    return list(names).index(str(given))


def best_two(values: Annotated[torch.Tensor, "C"]) -> tuple[int, int]:
    """The places of the largest value and of the runner-up."""
    first, second = values.topk(2).indices.tolist()
    return first, second


def rival(values: Annotated[torch.Tensor, "C"], chosen: int) -> int:
    """The place of the largest value but for one."""
    first, second = best_two(values)
    return second if first == chosen else first
