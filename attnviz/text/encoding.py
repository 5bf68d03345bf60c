"""From a text, or two, to `Tokens` and to the lists of numbers that the model is fed.

The one path by which texts enter: what is no text, is empty, or stands outside the model's vocabulary is refused here.
What the template adds is known from the tokenizer itself, never from the text: a typed "[SEP]" is text unless the
caller wants it read as the special token. No length limit applies here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import TYPE_CHECKING, Annotated

import numpy as np

from attnviz.errors import InputEmpty, InputInvalid, UnknownWords
from attnviz.language import say
from attnviz.text.characters import Characters
from attnviz.text.labels import Span, clean, labels
from attnviz.text.languages import tag_ids
from attnviz.text.offsets import find_offsets
from attnviz.text.private import PrivateCopy, private_copy
from attnviz.text.recent import Inputs, Recent
from attnviz.text.spans import byte_spans, exact_spans
from attnviz.text.words import word_indices
from attnviz.types import BoolArray, IntArray, Tokens

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_recent = Recent(limit=16 << 20)  # bytes: about 100,000 tokens


@dataclass(frozen=True)
class Encoded:
    """What a tokenizer says: one entry for each token, and the model's inputs by name."""

    surfaces: list[str]
    offsets: Annotated[IntArray, "T 2"]
    owners: Annotated[IntArray, "T"]  # 0: text, 1: pair, -1: added by the template
    inputs: Inputs


def tokenize(
    tokenizer: PreTrainedTokenizerBase,
    text: str,
    pair: str | None = None,
    add_special_tokens: bool = True,
    target: bool = False,
    special: bool = False,
    vocabulary: int = 0,
    language: str | None = None,
) -> Tokens:
    """The tokens of a text, or of two. Raises InputInvalid, InputEmpty. See `encode`."""
    return encode(tokenizer, text, pair, add_special_tokens, target, special, vocabulary, language)[0]


def encode(
    tokenizer: PreTrainedTokenizerBase,
    text: str,
    pair: str | None = None,
    add_special_tokens: bool = True,
    target: bool = False,
    special: bool = False,
    vocabulary: int = 0,
    language: str | None = None,
) -> tuple[Tokens, Inputs]:
    """The tokens, and the model's inputs as plain lists of length T (no batch axis): input_ids, equal to
    `Tokens.ids`, with token_type_ids and attention_mask where the tokenizer has them.

    What was encoded lately is kept, in a bounded number of bytes, and costs nothing the second time.

    Args:
        target: the text is what an encoder-decoder shall produce (transformers' `text_target`).
        special: names of special tokens in the text ("[MASK]") are those tokens; else they are text like any other.
        vocabulary: rows of the embedding that the ids shall index; 0 checks nothing.
        language: of the text, one of `attnviz.text.languages`; None for the tokenizer's own. Where sources begin with a
            tag, the language that is asked for.

    Raises:
        InputInvalid: a text is no string, or has a token that the embedding lacks.
        UnknownWords: words that the vocabulary lacks, where the tokenizer's settings say `refuse_unknown`.
        InputEmpty: a text is blank, or the tokenizer leaves nothing of it.
    """
    text, pair = (
        checked_text(text, "target text" if target else "text"),
        None if pair is None else checked_text(pair, "second text"),
    )
    tags = tag_ids(tokenizer)
    private = private_copy(tokenizer, target, special, None if tags else language)
    named = target or not add_special_tokens or (special and text.lstrip().startswith(">>"))
    tag = None if named or language is None else tags.get(language)
    key = private.number, text, pair, add_special_tokens, tag
    found = _recent.get(key)
    if found is None:
        found = _encoded(private, text, pair, add_special_tokens, special, tag)
        _recent.put(key, *found)
    check_vocabulary(tokenizer, found[0].ids, vocabulary)
    if tokenizer.init_kwargs.get("refuse_unknown"):
        _check_words(found[0], tokenizer.unk_token_id)
    return found


def checked_text(text: object, name: str) -> str:
    """A text as it can be tokenized (see `clean`). Raises InputInvalid for what is no string, InputEmpty if blank."""
    if not isinstance(text, str):
        raise InputInvalid(
            say("The {name} is not a string but {kind}.", name=name, kind=type(text).__name__),
            say("Give it as a string."),
        )
    if not text.strip():
        raise InputEmpty(say("The {name} is empty.", name=name), say("Type at least one word."))
    return clean(text)


def check_vocabulary(
    tokenizer: PreTrainedTokenizerBase, ids: Sequence[int] | IntArray, vocabulary: int
) -> None:
    """Raises InputInvalid where an id lies beyond the rows of the embedding: on CUDA it would end the process."""
    highest = int(np.max(np.asarray(ids), initial=0))
    if vocabulary and highest >= vocabulary:
        raise InputInvalid(
            say(
                "The tokenizer gives the token {convert_ids_to_tokens!r} the id {highest}, but the "
                "model's vocabulary ends at {vocabulary}.",
                convert_ids_to_tokens=tokenizer.convert_ids_to_tokens(highest),
                highest=highest,
                vocabulary=vocabulary - 1,
            ),
            say("Leave it out, or resize the model's embedding to its tokenizer (resize_token_embeddings)."),
        )


def _check_words(tokens: Tokens, unknown: int) -> None:
    """Raises UnknownWords where a token stands for a word that the vocabulary lacks."""
    texts = (tokens.text, tokens.pair or "")
    words = [
        texts[tokens.segments[k]][slice(*tokens.spans[k])]
        for k in np.flatnonzero((tokens.ids == unknown) & ~tokens.special).tolist()
    ]
    if words:
        raise UnknownWords(dict.fromkeys(words))


def _encoded(
    private: PrivateCopy,
    text: str,
    pair: str | None,
    add_special_tokens: bool,
    special: bool,
    tag: int | None,
) -> tuple[Tokens, Inputs]:
    if private.tokenizer.is_fast:
        encoded = _encode_fast(private.tokenizer, text, pair, add_special_tokens)
    else:
        encoded = _encode_slow(private, text, pair, add_special_tokens, special)
    if tag is not None:
        encoded = _tagged(encoded, tag)
    return _tokens(private, text, pair, encoded, special), encoded.inputs


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


def _tagged(encoded: Encoded, tag: int) -> Encoded:
    """With the tag of a language before everything else."""
    first = {"input_ids": tag, "attention_mask": 1, "token_type_ids": 0}
    inputs = {name: [first[name], *values] for name, values in encoded.inputs.items()}
    offsets = np.concatenate([np.zeros((1, 2), np.int64), encoded.offsets])
    return Encoded(["", *encoded.surfaces], offsets, np.concatenate([[-1], encoded.owners]), inputs)


def _encode_slow(
    private: PrivateCopy, text: str, pair: str | None, add_special_tokens: bool, special: bool
) -> Encoded:
    tokenizer, parts = private.tokenizer, (text,) if pair is None else (text, pair)
    surfaces = [list(tokenizer.tokenize(part)) if special else _slow_pieces(private, part) for part in parts]
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


def _slow_pieces(private: PrivateCopy, text: str) -> list[str]:
    """The pieces of a text in which the names of special tokens are cut, so that they are read as text."""
    found = private.names.finditer(text, overlapped=True) if private.names else ()
    cuts = [0, *(match.start() + 1 for match in found), len(text)]
    return [
        piece
        for start, end in pairwise(cuts)
        if end > start
        for piece in private.tokenizer.tokenize(text[start:end])
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


def _tokens(private: PrivateCopy, text: str, pair: str | None, encoded: Encoded, special: bool) -> Tokens:
    ids = encoded.inputs["input_ids"]
    pieces = tuple([private.pieces[number] for number in ids])
    marked = encoded.owners < 0
    shown, spans = list(pieces), np.zeros((len(ids), 2), np.int64)
    words, first_word = np.full(len(ids), -1), 0
    for segment, own in enumerate((text,) if pair is None else (text, pair)):
        characters, where = Characters(own), np.flatnonzero(encoded.owners == segment)
        places = where.tolist()
        part = exact_spans(characters, [encoded.surfaces[k] for k in places], encoded.offsets[where])
        if not (part[:, 0] < part[:, 1]).any():
            name = "second text" if segment else "text"
            raise InputEmpty(
                say("The tokenizer leaves nothing of the {name} {own!r}.", name=name, own=own[:40]),
                say("Type at least one word."),
            )
        for k, label in zip(places, labels(characters, part), strict=True):
            shown[k] = label
        spans[where] = part
        if special:
            marked[where] = _named(private, own, encoded, where, part)
        where = where[~marked[where]]
        words[where] = first_word + word_indices(characters, spans[where, 0])
        first_word = int(words.max()) + 1
    return Tokens(
        text=text, ids=np.array(ids), pieces=pieces, labels=tuple(shown), spans=spans,
        special=marked, words=words, segments=_segments(encoded.owners), pair=pair,
    )  # fmt: skip


def _named(
    private: PrivateCopy, text: str, encoded: Encoded, where: IntArray, spans: Annotated[IntArray, "t 2"]
) -> Annotated[BoolArray, "t"]:
    """Which tokens of a text are special tokens that it names; an unknown word has the id of "[UNK]", but no name."""
    ids = encoded.inputs["input_ids"]
    names = [private.special.get(ids[k]) for k in where.tolist()]
    return np.array(
        [
            name is not None and text[start:end].strip() == name.strip()
            for name, (start, end) in zip(names, spans.tolist(), strict=True)
        ],
        dtype=bool,
    )


def _segments(owners: IntArray) -> IntArray:
    """Special tokens belong to the text before them."""
    last = np.maximum.accumulate(np.where(owners >= 0, np.arange(len(owners)), 0))
    return np.maximum(owners[last], 0)
