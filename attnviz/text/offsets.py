"""Offsets of pieces in their text, for tokenizers that report none.

Exact where the pieces spell the text. Where the tokenizer normalized, text and pieces are compared case-folded,
decomposed and without white space; a piece that cannot be found takes what lies between its neighbours.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence, Set

import regex

from attnviz.text.labels import Span

_MARKERS = regex.compile(r"^##|</w>$|@@$|[▁Ġ]")
_DROPPED = ("Mn", "Cc", "Cf")  # categories: accents, controls, invisible format characters
_AHEAD = 3  # pieces that must be found together before an unknown stretch is taken to end there


def find_offsets(text: str, pieces: Sequence[str], unknown: Set[int]) -> list[Span]:
    """The offsets of each piece; `unknown` holds the positions of pieces that stand for anything ([UNK])."""
    if "".join(pieces) == text:
        return _consecutive(pieces)
    kept = set(_decompose("".join(pieces)))
    letters, origin = _folded(text, kept)
    keys = ["" if k in unknown else _fold(_bare(piece), kept) for k, piece in enumerate(pieces)]
    first = _word_firsts(pieces)
    bounds: list[Span] = []  # in letters
    position = k = 0
    while k < len(keys):
        if keys[k] and letters.startswith(keys[k], position):
            bounds.append((position, position + len(keys[k])))
            position += len(keys[k])
            k += 1
        elif not keys[k] and k not in unknown:
            bounds.append((position, position))
            k += 1
        else:
            next_k, start = _resume(text, letters, origin, first, keys, k, position)
            bounds += _divide(text, origin, position, start, next_k - k)
            position, k = start, next_k
    return [(origin[a], origin[b - 1] + 1) if b > a else (_at(origin, a, text),) * 2 for a, b in bounds]


def _consecutive(pieces: Sequence[str]) -> list[Span]:
    spans, position = [], 0
    for piece in pieces:
        spans.append((position, position + len(piece)))
        position += len(piece)
    return spans


def _decompose(text: str) -> str:
    return unicodedata.normalize("NFKD", text.casefold()).casefold()


def _fold(text: str, kept: Set[str]) -> str:
    """Comparable letters: no case, no white space; of what tokenizers like to drop, only what they kept."""
    return "".join(
        c
        for c in _decompose(text)
        if not c.isspace() and (c in kept or (c != "\ufffd" and unicodedata.category(c) not in _DROPPED))
    )


def _folded(text: str, kept: Set[str]) -> tuple[str, list[int]]:
    """The comparable letters of the text, and for each the character that it came from."""
    folded = [_fold(character, kept) for character in text]
    return "".join(folded), [k for k, part in enumerate(folded) for _ in part]


def _bare(piece: str) -> str:
    return _MARKERS.sub("", piece) if len(piece) > 1 or piece in "▁Ġ" else piece


def _at(origin: list[int], letter: int, text: str) -> int:
    return origin[letter] if letter < len(origin) else len(text)


def _resume(
    text: str, letters: str, origin: list[int], first: list[bool], keys: list[str], k: int, position: int
) -> tuple[int, int]:
    """The next piece that can be found again, and where; the end of both where none can."""
    for later in range(k + 1, min(len(keys), k + 64)):
        if not keys[later]:
            continue
        probe = keys[later]
        for following in keys[later + 1 : later + _AHEAD]:
            if not following:
                break
            probe += following
        start = letters.find(probe, position + 1)
        while start >= 0 and first[later] and not _word_start(text, origin[start]):
            start = letters.find(probe, start + 1)
        if start >= 0:
            return later, start
    return len(keys), len(letters)


def _word_firsts(pieces: Sequence[str]) -> list[bool]:
    """Whether each piece is the first of a word, by whichever of the usual marks these pieces have."""
    before = ["", *pieces]
    if any(piece.startswith(("▁", "Ġ")) for piece in pieces):
        return [piece.startswith(("▁", "Ġ")) for piece in pieces]
    if any(piece.endswith("</w>") for piece in pieces):
        return [previous.endswith("</w>") for previous, _ in zip(before, pieces, strict=False)]
    return [
        not piece.startswith("##") and not previous.endswith("@@")
        for previous, piece in zip(before, pieces, strict=False)
    ]


def _word_start(text: str, k: int) -> bool:
    return k == 0 or not (text[k - 1].isalnum() and text[k].isalnum()) or ord(text[k]) > 0x2E7F


def _divide(text: str, origin: list[int], start: int, end: int, parts: int) -> list[Span]:
    """Share a stretch among the pieces that nothing is known of: a word each, or else equal parts."""
    inner = range(start + 1, end)
    cuts = [start, *(k for k in inner if any(c.isspace() for c in text[origin[k - 1] : origin[k]]))]
    if len(cuts) != parts:
        cuts = [start + (end - start) * part // parts for part in range(parts)]
    return list(zip(cuts, [*cuts[1:], end], strict=True))
