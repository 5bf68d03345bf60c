"""Special and unknown tokens: which of their names a text holds, and which tokens the model has no word for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np

from attnviz.text.labels import clean
from attnviz.text.private import private_copy
from attnviz.types import BoolArray, Tokens

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


UNKNOWN = ("[UNK]", "<unk>", "<UNK>", "[unk]")  # what tokenizers call the token of unknown text


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


def unknown_pieces(tokens: Tokens) -> Annotated[BoolArray, "T"]:
    """The same without the tokenizer, of a saved capture too: by the names that unknown tokens have.

    A name that the text itself spells is read as text, or as a special token.
    """
    named = np.array([piece in UNKNOWN for piece in tokens.pieces], bool)
    return named & ~tokens.special
