"""From a text, or two, to `Tokens` and to the lists of numbers that the model is fed.

A transformers tokenizer and texts flow in. What is special is read from the tokenizer's own template, never
from the text: a typed "[SEP]" is text. No length limit applies here.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, pairwise
from typing import TYPE_CHECKING, Annotated

import numpy as np
import regex

from attnviz.errors import InputEmpty
from attnviz.text.characters import Characters
from attnviz.text.labels import Span, clean, labels
from attnviz.text.offsets import find_offsets
from attnviz.text.private import private_copy, special_contents
from attnviz.text.spans import byte_spans, exact_spans
from attnviz.text.words import word_indices
from attnviz.types import IntArray, Tokens

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True)
class Encoded:
    """What a tokenizer says: one entry for each token, and the model's inputs by name."""

    surfaces: list[str]
    offsets: Annotated[IntArray, "T 2"]
    owners: Annotated[IntArray, "T"]  # 0: text, 1: pair, -1: added by the template
    inputs: dict[str, list[int]]


def tokenize(
    tokenizer: PreTrainedTokenizerBase,
    text: str,
    pair: str | None = None,
    add_special_tokens: bool = True,
    target: bool = False,
) -> Tokens:
    """The tokens of a text, or of two. Raises InputEmpty. See `encode`."""
    return encode(tokenizer, text, pair, add_special_tokens, target)[0]


def encode(
    tokenizer: PreTrainedTokenizerBase,
    text: str,
    pair: str | None = None,
    add_special_tokens: bool = True,
    target: bool = False,
) -> tuple[Tokens, dict[str, list[int]]]:
    """The tokens, and the model's inputs as plain lists of length T (no batch axis): input_ids, equal to
    `Tokens.ids`, with token_type_ids and attention_mask where the tokenizer has them.

    Args:
        target: the text is what an encoder-decoder shall produce (transformers' `text_target`).

    Raises InputEmpty where a text is blank, or the tokenizer leaves nothing of it.
    """
    text, pair = clean(text), None if pair is None else clean(pair)
    for name, given in (("text", text), ("second text", pair)):
        if given is not None and not given.strip():
            raise InputEmpty(f"The {name} is empty.", "Type at least one word.")
    private = private_copy(tokenizer, target)
    read = _encode_fast if private.is_fast else _encode_slow
    encoded = read(private, text, pair, add_special_tokens)
    return _tokens(tokenizer, text, pair, encoded), encoded.inputs


def _encode_fast(
    tokenizer: PreTrainedTokenizerBase, text: str, pair: str | None, add_special_tokens: bool
) -> Encoded:
    encoding = tokenizer.backend_tokenizer.encode(text, pair, add_special_tokens=add_special_tokens)
    inputs = {"input_ids": encoding.ids}
    if "token_type_ids" in tokenizer.model_input_names:
        inputs["token_type_ids"] = encoding.type_ids
    if "attention_mask" in tokenizer.model_input_names:
        inputs["attention_mask"] = encoding.attention_mask
    owners = -np.array(encoding.special_tokens_mask, dtype=np.int64)
    if pair is not None:
        sequences = [-1 if sequence is None else sequence for sequence in encoding.sequence_ids]
        owners = np.where(owners < 0, owners, sequences)
    offsets = np.fromiter(chain.from_iterable(encoding.offsets), np.int64, 2 * len(owners)).reshape(-1, 2)
    return Encoded(encoding.tokens, offsets, owners, inputs)


def _encode_slow(
    tokenizer: PreTrainedTokenizerBase, text: str, pair: str | None, add_special_tokens: bool
) -> Encoded:
    surfaces = [_slow_pieces(tokenizer, part) for part in ((text,) if pair is None else (text, pair))]
    # Stand-ins for the user's tokens show which positions are theirs, whatever the template adds.
    stand_ins = [[-1 - k] * len(part) for k, part in enumerate(surfaces)]
    inputs: dict[str, list[int]] = dict(
        tokenizer.prepare_for_model(*stand_ins, add_special_tokens=add_special_tokens, verbose=False)
    )
    owners = [-1 - number if number < 0 else None for number in inputs["input_ids"]]
    ids = [iter(_ids(tokenizer, part)) for part in surfaces]
    spans = [iter(_slow_spans(tokenizer, *both)) for both in zip((text, pair or ""), surfaces, strict=False)]
    pieces = [iter(part) for part in surfaces]
    inputs["input_ids"] = [
        number if owner is None else next(ids[owner])
        for number, owner in zip(inputs["input_ids"], owners, strict=True)
    ]
    return Encoded(
        ["" if owner is None else next(pieces[owner]) for owner in owners],
        np.array([(0, 0) if owner is None else next(spans[owner]) for owner in owners]).reshape(-1, 2),
        np.array([-1 if owner is None else owner for owner in owners]),
        inputs,
    )


def _slow_pieces(tokenizer: PreTrainedTokenizerBase, text: str) -> list[str]:
    """The pieces of a text in which the names of special tokens are cut, so that they are read as text."""
    contents = special_contents(tokenizer)
    if not contents:
        return list(tokenizer.tokenize(text))
    pattern = regex.compile("|".join(regex.escape(content) for content in contents))
    cuts = [0, *(match.start() + 1 for match in pattern.finditer(text, overlapped=True)), len(text)]
    return [
        piece for start, end in pairwise(cuts) if end > start for piece in tokenizer.tokenize(text[start:end])
    ]


def _slow_spans(tokenizer: PreTrainedTokenizerBase, text: str, pieces: list[str]) -> list[Span]:
    """Spans of pieces without offsets: by bytes where every piece is one byte, else by search."""
    if pieces != list(text) and all(len(piece) == 1 and ord(piece) < 256 for piece in pieces):
        data = bytes(map(ord, pieces))
        if data == text.encode():
            return byte_spans(text, data)
    unknown = {k for k, piece in enumerate(pieces) if piece == tokenizer.unk_token}
    return find_offsets(text, pieces, unknown)


def _ids(tokenizer: PreTrainedTokenizerBase, pieces: list[str]) -> list[int]:
    return [int(number) for number in np.atleast_1d(tokenizer.convert_tokens_to_ids(pieces))]


def _tokens(tokenizer: PreTrainedTokenizerBase, text: str, pair: str | None, encoded: Encoded) -> Tokens:
    ids = encoded.inputs["input_ids"]
    pieces = tuple(tokenizer.convert_ids_to_tokens(ids))
    shown, spans = list(pieces), np.zeros((len(ids), 2), np.int64)
    words, first_word = np.full(len(ids), -1), 0
    for segment, own in enumerate((text,) if pair is None else (text, pair)):
        characters, where = Characters(own), np.flatnonzero(encoded.owners == segment)
        places = where.tolist()
        part = exact_spans(characters, [encoded.surfaces[k] for k in places], encoded.offsets[where])
        if not (part[:, 0] < part[:, 1]).any():
            name = "second text" if segment else "text"
            raise InputEmpty(
                f"The tokenizer leaves nothing of the {name} {own[:40]!r}.", "Type at least one word."
            )
        for k, label in zip(places, labels(characters, part), strict=True):
            shown[k] = label
        spans[where], words[where] = part, first_word + word_indices(characters, part[:, 0])
        first_word = int(words.max()) + 1
    return Tokens(
        text=text, ids=np.array(ids), pieces=pieces, labels=tuple(shown), spans=spans,
        special=encoded.owners < 0, words=words, segments=_segments(encoded.owners), pair=pair,
    )  # fmt: skip


def _segments(owners: IntArray) -> IntArray:
    """Special tokens belong to the text before them."""
    last = np.maximum.accumulate(np.where(owners >= 0, np.arange(len(owners)), 0))
    return np.maximum(owners[last], 0)
