"""Exact spans from the offsets that a tokenizer reports, which are often nearly right.

Spans are in reading order, without the white space around a piece; a piece of white space has the white space that it
stands for, each byte its whole character, and marks that the normalizer composed away stay in their character.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import numpy as np
import regex

from attnviz.text.characters import Characters
from attnviz.text.labels import Span
from attnviz.text.offsets import find_offsets
from attnviz.types import BoolArray, IntArray

Spans = Annotated[IntArray, "T 2"]

BYTE = regex.compile(r"<0x([0-9A-Fa-f]{2})>")  # how SentencePiece writes a byte
# White space as byte-level BPE (Ġ Ċ ĉ č) and SentencePiece (▁) write it.
_MARKS = {"▁": " ", "Ġ": " ", "Ċ": "\n", "ĉ": "\t", "č": "\r"}
_TABLE = str.maketrans(_MARKS)
_WHITE = "".join([*_MARKS, *(chr(code) for code in range(128) if chr(code).isspace())])


def exact_spans(characters: Characters, pieces: Sequence[str], offsets: Spans) -> Spans:
    """The span of each piece, (T, 2) int64; `offsets` may be off in the ways named above."""
    known = {piece for piece in set(pieces) if not piece.strip(_WHITE) or piece.startswith("<0x")}
    unusual = [k for k, piece in enumerate(pieces) if piece in known] if known else []
    offsets = np.minimum(np.asarray(offsets, np.int64).reshape(-1, 2), len(characters))
    offsets = _spread_bytes(characters.text, pieces, unusual, offsets)
    marks = {piece: blank(piece) for piece in known}
    white = {k: mark for k in unusual if (mark := marks[pieces[k]])}
    spans, placed = _trimmed(characters, pieces, white, offsets)
    _place_blanks(characters.text, white, spans, placed)
    return _with_dropped_marks(characters, spans)


def blank(piece: str) -> str:
    """The white space that a piece stands for, or "" where it stands for something else."""
    byte = BYTE.fullmatch(piece)
    plain = bytes.fromhex(byte.group(1)).decode("ascii", "replace") if byte else piece.translate(_TABLE)
    return plain if plain.isascii() and plain.isspace() else ""


def _trimmed(
    characters: Characters, pieces: Sequence[str], white: dict[int, str], offsets: Spans
) -> tuple[Spans, Annotated[BoolArray, "T"]]:
    """The spans without white space around them, no start before an earlier one; and which of them are known.

    Unknown are pieces of white space that must be placed anew.
    """
    floor = np.zeros(len(offsets), dtype=np.int64)
    while True:
        begins = np.maximum(offsets[:, 0], floor)
        ends = np.maximum(begins, np.minimum(offsets[:, 1], len(characters)))
        written = characters.solid[ends] > characters.solid[begins]
        spans = np.stack(
            [
                np.where(written, characters.next_solid[begins], begins),
                np.where(written, characters.last_solid[ends], ends),
            ],
            axis=1,
        )
        placed = np.ones(len(offsets), dtype=bool)
        for k, mark in white.items():
            covered = characters.text[begins[k] : ends[k]]
            if covered.isspace():  # trimmed offsets can have lost a part of it
                placed[k] = len(covered) >= len(mark)
            else:  # a typed "▁" is no white space
                placed[k] = bool(covered) and set(covered) <= {*pieces[k], " "}
        highest = np.maximum.accumulate(np.where(placed, spans[:, 0], 0))[:-1]
        # What one span raises can raise the next: as a rule nothing does, and one round is enough.
        if (begins[1:] >= highest).all():
            return spans, placed
        floor[1:] = highest


def _place_blanks(text: str, white: dict[int, str], spans: Spans, placed: Annotated[BoolArray, "T"]) -> None:
    """Put pieces of white space, whose offsets say nothing, on the white space between their neighbours."""
    if placed.all():
        return
    starts = np.where(placed, spans[:, 0], -1)
    following = np.where(placed, np.arange(len(spans)), len(spans))
    following = np.append(np.minimum.accumulate(following[::-1])[::-1], len(spans))
    ceilings = np.append(starts, len(text))[following]
    floors = np.concatenate([[0], np.maximum.accumulate(np.where(placed, spans[:, 1], 0))])
    reached = 0
    for k in np.flatnonzero(~placed).tolist():
        floor, ceiling, mark = max(reached, int(floors[k])), int(ceilings[k]), white[k]
        start = text.find(mark, floor, ceiling)
        end = start + len(mark)
        if ceiling < floor:  # made from a character that other pieces were made from too
            start, end = ceiling, floor
        elif start < 0:  # the normalizer rewrote it, or the tokenizer put it in front of the text
            start = next((k for k in range(floor, ceiling) if text[k].isspace()), floor)
            end = start
            while end < min(ceiling, start + len(mark)) and text[end].isspace():
                end += 1
        reached = max(floor, end)
        spans[k] = start, end


def _spread_bytes(text: str, pieces: Sequence[str], unusual: Sequence[int], offsets: Spans) -> Spans:
    """Where a run of unknown characters fell back to bytes, give each byte its own character, not the run."""
    data = {
        k: int(match.group(1), 16)
        for k in unusual
        if pieces[k].startswith("<") and (match := BYTE.fullmatch(pieces[k]))
    }
    if not data:
        return offsets
    result = offsets.copy()
    changes = np.flatnonzero((offsets[1:] != offsets[:-1]).any(axis=1)) + 1
    borders = [0, *changes.tolist(), len(offsets)]
    first = np.searchsorted(borders, list(data), side="right") - 1
    for run in np.unique(first).tolist():
        members = range(borders[run], borders[run + 1])
        start, end = offsets[members[0]].tolist()
        if end - start > 1 and len(members) > 1 and all(k in data for k in members):
            spans = byte_spans(text[start:end], bytes(data[k] for k in members))
            result[members[0] : members[-1] + 1] = np.array(spans) + start
    return result


def byte_spans(text: str, data: bytes) -> list[Span]:
    """The character of `text` that each byte of `data` is part of; `data` may encode a normalized form."""
    decoded = data.decode("utf-8", errors="replace")
    same = decoded == text
    spans = [(k, k + 1) for k in range(len(text))] if same else find_offsets(text, list(decoded), set())
    result = [span for span, character in zip(spans, decoded, strict=True) for _ in character.encode()]
    return result if len(result) == len(data) else [(0, len(text))] * len(data)


def _with_dropped_marks(characters: Characters, spans: Spans) -> Spans:
    """Extend each span over marks that follow in the same grapheme and that no other token claims."""
    if not len(spans) or not len(characters):
        return spans
    starts, ends = spans.T
    runs = np.concatenate([[0], np.cumsum((spans[1:] != spans[:-1]).any(axis=1))])  # of equal spans
    following = np.append(starts[np.flatnonzero(np.diff(runs)) + 1], len(characters))[runs]
    grapheme_ends = characters.graphemes[characters.grapheme_of[np.maximum(ends, 1) - 1] + 1]
    written = characters.solid[ends] > characters.solid[starts]
    extends = written & (ends < following)
    return np.stack([starts, np.where(extends, np.minimum(following, grapheme_ends), ends)], axis=1)
