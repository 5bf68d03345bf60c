"""Special and unknown tokens: which of their names a text holds, and which tokens the model has no word for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np

from attnviz.text.labels import clean
from attnviz.text.private import private_copy
from attnviz.types import BoolArray, Tokens

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


def special_names(tokenizer: PreTrainedTokenizerBase, text: str) -> tuple[str, ...]:
    """Names of the tokenizer's special tokens that stand in the text ("[MASK]"), each once, in order.

    `encode` reads them as text, unless it is called with special=True. Names of a single character are not found.
    """
    names = private_copy(tokenizer).names
    return tuple(dict.fromkeys(match.group() for match in names.finditer(clean(text)))) if names else ()


def unknown_tokens(tokenizer: PreTrainedTokenizerBase, tokens: Tokens) -> Annotated[BoolArray, "T"]:
    """Which tokens stand for text that the vocabulary cannot spell: the model sees the same id for all of them."""
    number = tokenizer.unk_token_id
    if number is None:
        return np.zeros(len(tokens), dtype=bool)
    return (tokens.ids == number) & ~tokens.special
