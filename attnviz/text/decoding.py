"""`Tokens` of ids that nobody typed: what a decoder generated, or is made to generate.

The text is what the tokenizer decodes them to, without special tokens; these are known by their ids, since there is no
typed text that could imitate them.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from attnviz.text.characters import Characters
from attnviz.text.labels import Span, clean, labels
from attnviz.text.languages import language_ids
from attnviz.text.spans import BYTE, exact_spans
from attnviz.text.words import word_indices
from attnviz.types import Tokens

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


def tokens_of_ids(
    tokenizer: PreTrainedTokenizerBase, ids: Iterable[int], special_ids: Iterable[int] = ()
) -> Tokens:
    """The tokens of a sequence of ids, for targets and generated texts.

    Special are the tokenizer's own special tokens (start, end, forced language, padding; not the unknown
    token, which stands for text) and `special_ids`, for instance a model's decoder_start_token_id. The labels
    of the others concatenate to `text`. An id outside the vocabulary stands for no text; its piece is "".
    """
    numbers = [int(number) for number in ids]
    marked = textless_ids(tokenizer) | set(special_ids)
    pieces = [piece if piece is not None else "" for piece in tokenizer.convert_ids_to_tokens(numbers)]
    where = [k for k, number in enumerate(numbers) if number not in marked and pieces[k]]
    text, offsets = _decode(tokenizer, [numbers[k] for k in where], [pieces[k] for k in where])
    characters = Characters(clean(text))
    own_spans = exact_spans(characters, [pieces[k] for k in where], np.array(offsets))
    special = np.array([number in marked for number in numbers], dtype=bool)
    shown = [piece if mark else "" for piece, mark in zip(pieces, special, strict=True)]
    for k, label in zip(where, labels(characters, own_spans), strict=True):
        shown[k] = label
    spans, words = np.zeros((len(numbers), 2), np.int64), np.full(len(numbers), -1)
    spans[where], words[where] = own_spans, word_indices(characters, own_spans[:, 0])
    return Tokens(
        text=characters.text, ids=np.array(numbers), pieces=tuple(pieces), labels=tuple(shown),
        spans=spans, special=special, words=words,
        segments=np.zeros(len(numbers), dtype=np.int64),
    )  # fmt: skip


def textless_ids(tokenizer: PreTrainedTokenizerBase) -> set[int]:
    """The ids that stand for no text: the tokenizer's own special tokens and its languages, not the unknown token."""
    names = {"bos_token_id", "eos_token_id", "pad_token_id", "cls_token_id", "sep_token_id", "mask_token_id"}
    roles = {getattr(tokenizer, name, None) for name in names}
    marked = set(tokenizer.all_special_ids) | set(language_ids(tokenizer).values())
    return marked if tokenizer.unk_token_id in roles else marked - {tokenizer.unk_token_id}


def _decode(tokenizer: PreTrainedTokenizerBase, ids: list[int], pieces: list[str]) -> tuple[str, list[Span]]:
    """The decoded text and the offsets of its tokens.

    Where the pieces stand for bytes, by following the bytes; this is used only if it gives the tokenizer's
    own text. Else by decoding step by step and watching the text grow.
    """

    def decode(part: Sequence[int]) -> str:
        return str(
            tokenizer.decode(list(part), skip_special_tokens=False, clean_up_tokenization_spaces=False)
        )

    whole = decode(ids)
    for reading, errors in ((_byte_level, "replace"), (_sentencepiece, "replace"), (_latin, "ignore")):
        text, spans = _follow_bytes(reading(pieces), errors)
        for lead in (0, 1):  # SentencePiece decoders drop the space that the first piece begins with
            if text[lead:] == whole and text[:lead].isspace() == bool(lead):
                return whole, [(max(0, start - lead), max(0, end - lead)) for start, end in spans]
    return _follow_growth(ids, decode)


def _byte_level(pieces: list[str]) -> list[bytes]:
    """Pieces of byte-level BPE, where every character stands for a byte (GPT-2's table)."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    table = {chr(byte): byte for byte in printable} | {chr(256 + k): byte for k, byte in enumerate(others)}
    return [
        bytes(table[character] for character in piece) if all(c in table for c in piece) else piece.encode()
        for piece in pieces
    ]


def _sentencepiece(pieces: list[str]) -> list[bytes]:
    """Pieces with ▁ for a space and <0xNN> for a byte; in a run that is not UTF-8 each byte is U+FFFD."""
    chunks = [piece.replace("▁", " ").encode("utf-8", errors="replace") for piece in pieces]
    found = [BYTE.fullmatch(piece) for piece in pieces]
    k = 0
    while k < len(pieces):
        end = k
        while end < len(pieces) and found[end]:
            end += 1
        run = [bytes([int(match.group(1), 16)]) for match in found[k:end] if match is not None]
        try:
            b"".join(run).decode()
        except UnicodeDecodeError:
            run = ["\ufffd".encode()] * len(run)
        chunks[k:end] = run
        k = max(end, k + 1)
    return chunks


def _latin(pieces: list[str]) -> list[bytes]:
    """Pieces of one character whose code point is a byte (ByT5)."""
    return [
        bytes([ord(piece)]) if len(piece) == 1 and ord(piece) < 256 else piece.encode() for piece in pieces
    ]


def _follow_bytes(chunks: list[bytes], errors: str) -> tuple[str, list[Span]]:
    """Decode as UTF-8, and say for each chunk which characters its bytes became."""
    decoder = codecs.getincrementaldecoder("utf-8")(errors)
    characters: list[str] = []
    place: list[int] = []  # for each byte, the character it is part of; -1 where it was ignored
    data = b"".join(chunks)
    waiting = 0
    for k in range(len(data) + 1):
        out = decoder.decode(data[k : k + 1], final=k == len(data))
        done = waiting + (k < len(data)) - len(decoder.getstate()[0])
        waiting += (k < len(data)) - done
        first = len(characters)
        characters += out
        last = len(characters) - 1
        # Two at once: bytes that make no character, and the byte that showed it.
        place += [first] * (done - 1) + [last] * (done > 0) if out else [-1] * done
    return "".join(characters), _chunk_spans(chunks, place)


def _chunk_spans(chunks: list[bytes], place: list[int]) -> list[Span]:
    spans: list[Span] = []
    position, last = 0, 0
    for chunk in chunks:
        own = [k for k in place[position : position + len(chunk)] if k >= 0]
        position += len(chunk)
        spans.append((own[0], own[-1] + 1) if own else (last, last))
        last = spans[-1][1]
    return spans


def _follow_growth(ids: list[int], decode: Callable[[Sequence[int]], str]) -> tuple[str, list[Span]]:
    """Decode longer and longer parts; what a token adds is its text. Tokens that only together make up a
    character share its span. Each step decodes from the last token that added text, so that the cost stays
    linear and the white space between two words is seen."""
    text = ""
    spans: list[Span] = []
    context, read = 0, 0
    for k in range(len(ids)):
        before, now = decode(ids[context:read]), decode(ids[context : k + 1])
        complete = now.startswith(before) and not (now.endswith("\ufffd") and k + 1 < len(ids))
        if complete or k + 1 == len(ids):
            start = len(text)
            text += now[len(before) :]
            spans += [(start, len(text))] * (k + 1 - read)
            context, read = (read if len(now) > len(before) else context), k + 1
    return text, spans
