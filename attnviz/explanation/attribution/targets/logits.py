"""What targets share: logits at chosen columns, probabilities in order, tokens and labels by name."""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

from attnviz.checks import text as text_of
from attnviz.checks import whole
from attnviz.errors import InputInvalid, UnknownName
from attnviz.language import say

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
    """The most probable tokens, as a person reads them, with their probabilities.

    Tokens that read alike are told apart by their piece and id.
    """
    import torch

    best = torch.softmax(logits, -1).topk(min(SHOWN, len(logits)))
    ids, texts = best.indices.tolist(), [tokenizer.decode([token]) for token in best.indices.tolist()]
    names = [
        text
        if texts.count(text) == 1
        else f"{text} ({tokenizer.convert_ids_to_tokens(token)}, token {token})"
        for text, token in zip(texts, ids, strict=True)
    ]
    return tuple(zip(names, best.values.tolist(), strict=True))


def token_name(tokenizer: Any, token: int) -> str:
    """A token as a note names it: its text and id, and its piece where the text alone would be another token."""
    text = tokenizer.decode([token])
    own = tokenizer.encode(text, add_special_tokens=False)
    piece = "" if own == [token] else f"{tokenizer.convert_ids_to_tokens(token)!r}, "
    return f"{text!r} ({piece}token {token})"


def token_id(tokenizer: Any, token: str | int, vocabulary: int) -> int:
    """The id of a token given as an id, as a text that is one token, as the tokenizer spells it, or as "#id".

    Raises UnknownName, and InputInvalid for anything but a string or a whole number.
    """
    number = whole(token)
    if number is None:
        given = text_of("token", token)
        ids = tokenizer.encode(given, add_special_tokens=False)
        if len(ids) == 1:
            number = int(ids[0])
        elif (spelled := tokenizer.get_vocab().get(given)) is not None:
            number = int(spelled)
        elif re.fullmatch(r"#\d{1,9}", given):
            number = int(given[1:])
        else:
            parts = [tokenizer.decode([part]) for part in ids]
            raise UnknownName(say("single token"), token, [*parts, f"#0 to #{vocabulary - 1}, its number"])
    if not 0 <= number < vocabulary:
        raise UnknownName(say("token id"), token, (f"0 to {vocabulary - 1}",))
    return number


def place_of(what: str, given: str | int, names: Sequence[str]) -> int:
    """The place of a name, or of a number, in a list of names. Raises UnknownName."""
    number = whole(given)
    if number is not None and 0 <= number < len(names):
        return number
    if given not in names:
        raise UnknownName(what, given, names)
    return list(names).index(str(given))


def two_of(values: Annotated[torch.Tensor, "C"], chosen: int | None, against: int | None) -> tuple[int, int]:
    """Two different places: those that are named, and for the others the largest values that are left.

    Raises InputInvalid where both are the same.
    """
    if chosen is not None and chosen == against:
        raise InputInvalid(
            say("Both are the same: there is no difference to explain."), say("Name two different ones.")
        )
    first, second = values.topk(2).indices.tolist()
    if chosen is None:
        chosen = second if first == against else first
    if against is None:
        against = second if first == chosen else first
    return chosen, against
